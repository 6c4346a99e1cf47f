"""Why a document is what it is: its entries, the rule that joined each, and why its values are those."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from schemas.identifiers import stable_id
from warehouse.building.wordings import PARTS, find_wordings, page_spans, preferred_wordings, read_whole
from wcda.finding import collection_names, find_document
from wcda.snapshots import Snapshot

RULE_MEANINGS = {
    "address": "it has the document's URL",
    "alias": "the archive itself says that its URL is the document's, by a redirect or by the URL for citation",
    "content": "date, title and summary are equal to the letter",
    "normalised": "equal but for case, quotes, dashes, white space or the way in which the date is written",
    "similar": "it differs only as slips of the pen do, or lacks the date",
    "decision": "a person decided so",
}


@dataclass(frozen=True, slots=True)
class ExplainedEntry:
    """One entry of a document, and where it stands.

    Attributes:
        collection: Its name, if it has one.
        place: Place in the collection's listing, if known.
        differs: Parts in which it differs from the document, with what it says.
    """

    collection_id: str | None
    collection: str | None
    place: int | None
    rule: str
    because: str
    differs: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that led to one document.

    Attributes:
        keys: Its natural keys.
        former_ids: Ids that it had or could have had, which still resolve.
        wordings: How many there are.
        because: Why the wording that stands does.
        pairs: Near-duplicates that were not merged, with the evidence.
    """

    document_id: str
    values: dict[str, str | None]
    wordings: int
    because: str
    entries: tuple[ExplainedEntry, ...]
    keys: tuple[str, ...]
    former_ids: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]


def natural_key(snapshot: Snapshot, name: str) -> str:
    """The natural key that gives a document its id; a natural key stays as it is.

    Raises:
        UsageError: No document, or several, have it.
    """
    document = find_document(snapshot, name)
    if name.startswith(("address:", "content:")):
        return name
    keys = snapshot.read("document_keys").to_pandas()
    own = keys.loc[(keys["document_id"] == document) & (keys["kind"] != "id"), "key"]
    return next(str(key) for key in own if stable_id(key) == document)


def explain(snapshot: Snapshot, name: str) -> Explanation:
    """Explain a document.

    Raises:
        UsageError: No document, or several, have this id, URL or key.
    """
    document_id = find_document(snapshot, name)
    tables = {
        table: snapshot.read(table).to_pandas(types_mapper=pd.ArrowDtype)
        for table in ("documents", "entries", "pages", "captures", "document_keys", "candidate_pairs", "revisions")
    }
    document = _of(tables["documents"], document_id).iloc[0]
    entries = _of(tables["entries"], document_id).merge(tables["pages"], on="page_id")
    entries["whole"] = read_whole(entries)
    entries["place"] = (entries["range_first"] + entries["position"] - 1).where(entries["whole"])
    sightings = entries.merge(page_spans(tables["captures"]), on="page_id")
    keys = _of(tables["document_keys"], document_id)
    chosen = preferred_wordings(find_wordings(sightings)) if len(sightings) else None
    names = collection_names(snapshot)
    return Explanation(
        document_id=document_id,
        values={part: _text(document[part]) for part in PARTS},
        wordings=len(_of(tables["revisions"], document_id)),
        because=_because(document, chosen),
        entries=tuple(_entry(row, document, names) for row in entries.to_dict("records")),
        keys=tuple(keys.loc[keys["kind"] != "id", "key"]),
        former_ids=tuple(
            key.removeprefix("id:") for key in keys.loc[keys["kind"] == "id", "key"] if key != f"id:{document_id}"
        ),
        pairs=tuple(_pairs(tables["candidate_pairs"], document_id)),
    )


def _because(document: "pd.Series[Any]", chosen: pd.DataFrame | None) -> str:
    """Why the document's wording stands, given what its present entries alone would choose."""
    if chosen is None:
        return "no collection lists it now; it is as it was seen last"
    if any(_text(document[part]) != _text(chosen[part].iloc[0]) for part in PARTS):
        return "it comes from a listing that has gone since"
    return str(chosen["reason"].iloc[0])


def _of(frame: pd.DataFrame, document_id: str) -> pd.DataFrame:
    rows: pd.DataFrame = frame[frame["document_id"] == document_id]
    return rows


def _entry(row: dict[Hashable, Any], document: "pd.Series[Any]", names: dict[str, str | None]) -> ExplainedEntry:
    collection_id = _text(row["collection_id"])
    return ExplainedEntry(
        collection_id=collection_id,
        collection=names.get(collection_id) if collection_id else None,
        place=row["place"] if isinstance(row["place"], int) else None,
        rule=row["rule"],
        because=RULE_MEANINGS[row["rule"]],
        differs={part: _text(row[part]) for part in PARTS if _text(row[part]) != _text(document[part])},
    )


def _pairs(pairs: pd.DataFrame, document_id: str) -> list[tuple[str, str]]:
    sides = (("left_id", "right_id"), ("right_id", "left_id"))
    return [
        (str(row[other]), str(row["evidence"]))
        for own, other in sides
        for row in pairs[pairs[own] == document_id].to_dict("records")
    ]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
