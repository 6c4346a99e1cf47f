"""The tables for pandas: one snapshot, typed, with the joins that people ask for."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pyarrow as pa

from wcda.changes import COMPARED, Change, find_changes
from wcda.errors import UsageError, short_traceback
from wcda.finding import find_collection, find_document
from wcda.folder import PublishedFolder
from wcda.manifest import ChangeKind
from wcda.naming import plain
from wcda.overlaps import find_overlaps, theme_memberships
from wcda.schema import TABLES
from wcda.search import search
from wcda.snapshots import Snapshot, open_snapshot, snapshot_before

_BATCH_ROWS = 256  # texts in memory at once
_PASSAGE_OF = ("document_id", "position", "kind", "language")
_PASSAGES = pa.schema(
    [
        ("document_id", pa.string()),
        ("position", pa.int64()),
        ("kind", pa.string()),
        ("language", pa.string()),
        ("passage", pa.string()),
    ]
)
_FOUND = [
    *((name, pa.string()) for name in ("document_id", "date_text", "date_edtf", "title", "url")),
    ("collections", pa.list_(pa.string())),
    ("found_in", pa.list_(pa.string())),
    ("passage", pa.string()),
]
_ROOM_BESIDE_TITLE = 32  # characters that pandas prints of an id and a number, and between columns
_MIN_TITLE = 20
_AROUND = 60  # characters of a passage on each side
CHANGE_COLUMNS = ("table", "change", "key", "document_id", "collection_id", "column", "former", "present")


class Warehouse:
    """The tables of one snapshot as frames: texts, dates and numbers of Arrow, categories where few values are allowed.

    Each table is read when it is first asked for, from files that are open from the beginning: the snapshot can be
    deleted meanwhile. What is absent is `<NA>`.

    Args:
        snapshot: Published; `open_warehouse` opens that of a folder.

    Raises:
        UsageError: It is something else, such as a path.
    """

    @short_traceback
    def __init__(self, snapshot: Snapshot) -> None:
        if not isinstance(snapshot, Snapshot):
            raise UsageError(f"Warehouse takes an open snapshot; wcda.open_warehouse({snapshot!r}) opens a folder")
        self._snapshot = snapshot.held()
        self._frames: dict[str, pd.DataFrame] = {}

    @property
    def snapshot_id(self) -> str:
        """Id of the snapshot, by which it can be opened again."""
        return self._snapshot.manifest.snapshot_id

    @property
    def documents(self) -> pd.DataFrame:
        """One row for each document of the archive, however many collections list it."""
        return self._table("documents")

    def overview(self) -> pd.DataFrame:
        """The documents for eyes: date, title and number of listings by id, in the order of their dates.

        Titles are cut to what pandas prints in one line (its options `display.width` and `display.max_colwidth`);
        `documents` has all.
        """
        found = self.documents.sort_values(["date_start", "document_id"]).set_index("document_id")
        title, dates = found["title"].fillna("(no title)"), found["date_edtf"].str.len()
        date = 0 if dates.isna().all() else int(dates.max())
        room = pd.get_option("display.width") - _ROOM_BESIDE_TITLE - date
        room = max(min(room, (pd.get_option("display.max_colwidth") or room) - 1), _MIN_TITLE)
        cut = title.where(title.str.len() <= room, title.str.slice(0, room - 1) + "…")
        return pd.DataFrame({"date": found["date_edtf"], "title": cut, "listings": found["collection_count"]})

    @property
    def collections(self) -> pd.DataFrame:
        """One row for each result set of the archive's listing."""
        return self._table("collections")

    @property
    def memberships(self) -> pd.DataFrame:
        """Which document is listed in which collection now. Departures are in the changes between snapshots."""
        return self._table("memberships")

    @property
    def entries(self) -> pd.DataFrame:
        """Each block of date, title and summary as it stands on one page."""
        return self._table("entries")

    @property
    def pages(self) -> pd.DataFrame:
        """Each distinct page, with its range line and layout."""
        return self._table("pages")

    @property
    def captures(self) -> pd.DataFrame:
        """Each time that a page was captured, and where its WARC record is."""
        return self._table("captures")

    @property
    def readings(self) -> pd.DataFrame:
        """The pages of one collection that were captured together."""
        return self._table("readings")

    @property
    def document_keys(self) -> pd.DataFrame:
        """Every natural key of a document, and each id that it ever had."""
        return self._table("document_keys")

    @property
    def candidate_pairs(self) -> pd.DataFrame:
        """Near-duplicates that were not merged."""
        return self._table("candidate_pairs")

    @property
    def revisions(self) -> pd.DataFrame:
        """Each wording that a document had."""
        return self._table("revisions")

    @property
    def issues(self) -> pd.DataFrame:
        """What could not be read, or is doubtful: where, and why."""
        return self._table("issues")

    @property
    def runs(self) -> pd.DataFrame:
        """Each run of the pipeline."""
        return self._table("runs")

    @property
    def terms(self) -> pd.DataFrame:
        """Each person, place, topic, subject, donor, archive and language that pages of documents name."""
        return self._table("terms")

    @property
    def document_terms(self) -> pd.DataFrame:
        """Which term is what to which document."""
        return self._table("document_terms")

    @property
    def texts(self) -> pd.DataFrame:
        """The full texts of documents; all of them come into memory. `find_text` reads them in batches."""
        return self._table("texts")

    @property
    def files(self) -> pd.DataFrame:
        """Files that pages of documents show: scans, and transcripts and translations in PDF."""
        return self._table("files")

    @property
    def relations(self) -> pd.DataFrame:
        """Documents that the page of another names as related."""
        return self._table("relations")

    @short_traceback
    def of_person(self, name: str) -> pd.DataFrame:
        """The documents that name a person or organization, with what they are to each (`role`), the earliest first.

        Args:
            name: Id of the term (`people/zhou-enlai`), or its name, in any case and with or without composed letters.

        Raises:
            UsageError: No person has it.
        """
        people = self.terms
        people = people[people["kind"] == "people"]
        wanted = plain(name)
        is_meant = [
            term == name or (not pd.isna(printed) and plain(printed) == wanted)
            for term, printed in zip(people["term_id"], people["name"], strict=True)
        ]
        if not any(is_meant):
            raise UsageError(f"{name}: no person or organization has this name; `terms` has all names")
        own = self.document_terms.merge(people.loc[is_meant, ["term_id", "name"]], on="term_id")
        found: pd.DataFrame = own[["document_id", "role", "name"]].merge(self.documents, on="document_id")
        return found.sort_values(["date_start", "document_id", "role"]).reset_index(drop=True)

    @short_traceback
    def find(self, query: str, years: str | None = None) -> pd.DataFrame:
        """The documents that have what is asked for, as `wcda find` finds them: the best first, then the newest.

        Columns: document_id, date_text, date_edtf, title, url, collections (names), found_in (fields: id, title, date,
        summary, collection, term, text), passage (what stands around the words, a line for each of these fields).

        Args:
            query: Words from their beginning, phrases in quotes, `-word` for what must not be there; a date (`1962`,
                `1962-1965`, `1960s`, `1962-10`, EDTF) or the beginning of an id is found as such too.
            years: Only documents whose date shares a day with it, written as these; `None` for any date or none.

        Raises:
            UsageError: There is nothing to look for, or the years are none.
        """
        columns = [name for name, _ in _FOUND[:5]]
        rows = [
            {
                **{name: each.document[name] for name in columns},
                "collections": each.collections,
                "found_in": list(each.passages),
                "passage": "\n".join(each.passages.values()),
            }
            for each in search(self._snapshot, query, years)
        ]
        found: pd.DataFrame = pa.Table.from_pylist(rows, pa.schema(_FOUND)).to_pandas(types_mapper=pd.ArrowDtype)
        return found

    @short_traceback
    def find_text(self, phrase: str) -> pd.DataFrame:
        """The texts that hold a phrase, in any case: of each the passage around its first place, and the title.

        Columns: document_id, position, kind, language, passage, title, date_text. Texts are read in batches.

        Args:
            phrase: As it stands in the text; any white space stands for any other.
        """
        pattern = re.compile(r"\s+".join(map(re.escape, phrase.split())), re.IGNORECASE)
        rows = [
            {**{name: row[name] for name in _PASSAGE_OF}, "passage": _passage(row["text"], match)}
            for batch in self._snapshot.batches("texts", _BATCH_ROWS)
            for row in batch.select([*_PASSAGE_OF, "text"]).to_pylist()
            if (match := pattern.search(row["text"]))
        ]
        table = pa.Table.from_pylist(rows, _PASSAGES)
        found: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        return found.merge(self.documents[["document_id", "title", "date_text"]], on="document_id")

    @short_traceback
    def documents_of(self, collection: str) -> pd.DataFrame:
        """The documents of a collection with their rank, in the order of the listing; those without one come last.

        Args:
            collection: Id, or name in any case.

        Raises:
            UsageError: No collection, or several, have it.
        """
        collection_id = find_collection(self._snapshot, collection)
        members = self.memberships
        ranks = members.loc[members["collection_id"] == collection_id, ["document_id", "rank"]]
        found: pd.DataFrame = ranks.merge(self.documents, on="document_id").sort_values(["rank", "document_id"])
        return found.reset_index(drop=True)

    @short_traceback
    def collections_of(self, document: str) -> pd.DataFrame:
        """The collections that list a document, with its rank in each.

        Args:
            document: Id, former id, URL or natural key.

        Raises:
            UsageError: No document, or several, have it.
        """
        members = self.memberships
        own = members.loc[members["document_id"] == find_document(self._snapshot, document), ["collection_id", "rank"]]
        found: pd.DataFrame = own.merge(self.collections, on="collection_id").sort_values("collection_id")
        return found.reset_index(drop=True)

    def overlaps(self) -> pd.DataFrame:
        """Pairs of collections that share documents, the largest overlap first.

        Without the collection that lists the whole archive (`kind` is `all`), which overlaps with each.

        Columns: left_id, right_id; shared (documents in both); left_total and right_total (documents in each);
        jaccard (shared by those in either, from 0 to 1).
        """
        members = self._snapshot.read("memberships", ["document_id", "collection_id"])
        themes = theme_memberships(members, self._snapshot.read("collections", ["collection_id", "kind"]))
        found: pd.DataFrame = find_overlaps(themes).to_pandas(types_mapper=pd.ArrowDtype)
        return found

    def provenance(self) -> pd.DataFrame:
        """Each entry with each capture of its page: its collection, timestamp, and WARC record in the raw zone."""
        entries, captures = self.entries, self.captures
        pages = self.pages[["page_id", "collection_id"]]
        columns = ["page_id", "capture_id", "run_id", "url", "captured_at", "warc_file", "warc_offset"]
        of_captures = captures[columns].rename(columns={"url": "page_url"})
        found: pd.DataFrame = entries.merge(pages, on="page_id").merge(of_captures, on="page_id")
        return found

    @short_traceback
    def changes(self, since: str | None = None) -> pd.DataFrame:
        """What was added, changed, removed, merged and split since a former snapshot, of what people ask for.

        Columns: table, change (categories); key (values of the table's key, joined by `/`); document_id, collection_id
        (those of the key; `<NA>` where it has none); column, former, present (as `wcda changes --json` has them, as
        texts: days as YYYY-MM-DD, numbers and truth values as in JSON).

        Args:
            since: Id of a snapshot; `None` for the one that this one followed. Against none every row is added.

        Raises:
            WarehouseError: There is no such snapshot, or it is of another major version of the schema.
        """
        former = snapshot_before(PublishedFolder(self._snapshot.path.parents[1]), self._snapshot, since)
        rows = [_change_row(change) for change in find_changes(former, self._snapshot)]
        table = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in CHANGE_COLUMNS]))
        kinds = {"table": pd.CategoricalDtype([table.name for table in COMPARED])}
        kinds["change"] = pd.CategoricalDtype(list(get_args(ChangeKind)))
        found: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype).astype(kinds)
        return found

    def _table(self, name: str) -> pd.DataFrame:
        """A table; a copy of one's own, as far as pandas writes to it."""
        if name not in self._frames:
            self._frames[name] = self._read(name)
        return self._frames[name].copy(deep=False)

    def _read(self, name: str) -> pd.DataFrame:
        frame = self._snapshot.read(name, list(TABLES[name].column_names)).to_pandas(types_mapper=pd.ArrowDtype)
        categories = {
            column.name: pd.CategoricalDtype(list(column.allowed)) for column in TABLES[name].columns if column.allowed
        }
        typed: pd.DataFrame = frame.astype(categories)
        return typed


@short_traceback
def open_warehouse(path: str | Path, snapshot_id: str | None = None) -> Warehouse:
    """The tables of one snapshot of a warehouse, which stay the same whatever is published or deleted meanwhile.

    Args:
        path: Folder of the warehouse.
        snapshot_id: `None` for the current one.

    Raises:
        UsageError: There is no warehouse.
        WarehouseError: Nothing was published yet, or the snapshot is not there or cannot be read.
    """
    return Warehouse(open_snapshot(PublishedFolder(Path(path)), snapshot_id))


def _passage(text: str, match: re.Match[str]) -> str:
    """What stands around a match, in one line."""
    return " ".join(text[max(0, match.start() - _AROUND) : match.end() + _AROUND].split())


def _change_row(change: Change) -> dict[str, str | None]:
    names = TABLES[change.table].key
    # An id of a document has no slash, and one of a collection can have.
    keys = dict(zip(names, change.key.split("/", len(names) - 1), strict=True))
    values = {"former": _text(change.former), "present": _text(change.present)}
    return {
        **keys,
        "table": change.table,
        "change": change.change,
        "key": change.key,
        "column": change.column,
        **values,
    }


def _text(value: Any) -> str | None:  # noqa: ANN401 (a value of any column)
    if value is None or isinstance(value, str):
        return value
    return value.date().isoformat() if isinstance(value, dt.datetime) else json.dumps(value)
