"""What the commands that write nothing do: status, check, changes, and the reading of one saved page."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from extractors.parsing import read_page
from extractors.raw_zone import RawZone
from extractors.saved_forms import UnreadableFormError, pages_in
from extractors.sources.saved import check_path, origin_of, read_page_file
from extractors.wilson_center import ARCHIVE_URL
from extractors.wilson_center.layouts.plain_text import page_starts
from flows.harvest import accept_command
from flows.terminal import visible
from flows.withdrawals import interrupted_rollback
from schemas.document_records import document_values
from schemas.errors import RawZoneError, SourceError, UsageError, WarehouseError
from schemas.issues import SECOND_RANGE_LINE
from schemas.listings import listing_entries, listing_range
from schemas.records import ParsedPage, Receipt
from schemas.tables import TABLES
from warehouse.changes import ChangeSummary
from warehouse.checks import snapshot_problems
from warehouse.deciding import add_decision, undecided_pairs
from warehouse.explanation import Explanation, explain, natural_key
from warehouse.folder import WarehouseFolder
from warehouse.identity.decisions import Decision, Verdict
from warehouse.products.citation import STYLE, cite
from warehouse.receipts import describe
from wcda.changes import Change, find_changes
from wcda.finding import find_collection, find_document
from wcda.query import read_query
from wcda.search import Searched, search, searched
from wcda.snapshots import (
    Snapshot,
    current_snapshot,
    find_snapshot,
    list_snapshots,
    open_snapshot,
    snapshot_before,
    version_note,
)

LAST_RUNS = 5


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.

    Attributes:
        snapshot: Id of the current snapshot; `None` if nothing was ever published.
        summary: One line on what was looked at.
    """

    snapshot: str | None
    problems: list[str]
    summary: str

    def require_sound(self) -> None:
        """Stop if there are problems.

        Raises:
            WarehouseError: There are.
        """
        if self.problems:
            raise WarehouseError(f"{len(self.problems)} problems: " + "; ".join(self.problems))


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """What differs between two snapshots.

    Attributes:
        since: Id of the former snapshot; `None` if there is none, so that every row is added.
        names: Titles of documents and names of collections, by id: as they are, else as they were.
        version_notes: A line for each of the snapshots that has another version of the schema.
    """

    since: str | None
    snapshot: str
    changes: list[Change]
    names: dict[str, str | None]
    version_notes: list[str]


def describe_current(warehouse: Path) -> Receipt:
    """The current snapshot as a receipt.

    Raises:
        UsageError: There is no warehouse.
        WarehouseError: Nothing was ever published.
    """
    folder, snapshot = _current(warehouse)
    tables = {name: snapshot.read(name) for name in TABLES}
    outcome = tables["runs"]["outcome"].to_pylist()[-1]
    return describe(
        str(folder.path),
        snapshot.manifest.snapshot_id,
        tables,
        tables["runs"]["run_id"].to_pylist()[-1],
        outcome,
        ChangeSummary(Counter()),
        snapshot.manifest.former,
    )


def current_version_note(warehouse: Path) -> str | None:
    """A line on the current snapshot, if it is of another version of the schema than this code."""
    _, snapshot = _current(warehouse)
    return version_note(snapshot)


def last_runs(warehouse: Path) -> list[dict[str, Any]]:
    """Rows of the last runs, newest first."""
    _, snapshot = _current(warehouse)
    rows: list[dict[str, Any]] = snapshot.read("runs").to_pylist()
    return rows[: -LAST_RUNS - 1 : -1]


def kept_snapshots(warehouse: Path) -> list[dict[str, Any]]:
    """Id and number of documents of each snapshot that is kept, newest first."""
    return [
        {"snapshot_id": snapshot.manifest.snapshot_id, "documents": snapshot.note("documents").rows}
        for snapshot in reversed(list_snapshots(WarehouseFolder(warehouse)))
    ]


def check_warehouse(warehouse: Path, snapshot_id: str | None = None) -> CheckReport:
    """Check a snapshot, all of the raw zone, and that it has the segments that the snapshot was made from.

    Args:
        warehouse: Its folder.
        snapshot_id: `None` for the current one.

    Raises:
        UsageError: There is no warehouse.
    """
    folder = WarehouseFolder(warehouse)
    folder.require_existing()
    raw_zone = RawZone(folder.raw)
    segments = {path.name for path in raw_zone.all_segments()}
    problems = raw_zone.problems()
    try:
        snapshot = find_snapshot(folder, snapshot_id) if snapshot_id else current_snapshot(folder)
    except WarehouseError as error:
        return CheckReport(None, [*problems, str(error)], "")
    if snapshot is None:
        if any(each.manifest.former for each in list_snapshots(folder)):
            problems.append(f"{folder.current} is missing; wcda rebuild or the next harvest makes it again")
        return CheckReport(None, problems, f"{folder.path}: sound; nothing has been published yet")
    problems += snapshot_problems(snapshot)
    problems += [
        f"{note.name}: the segment is missing from the raw zone"
        for note in snapshot.manifest.segments
        if note.name not in segments
    ]
    rows = sum(note.rows or 0 for note in snapshot.manifest.tables)
    summary = (
        f"{folder.path}: sound; snapshot {snapshot.manifest.snapshot_id}, {len(snapshot.manifest.tables)} tables, "
        f"{rows} rows, {len(segments)} segments of the raw zone"
    )
    if not snapshot_id and not problems and (target := interrupted_rollback(folder, raw_zone, snapshot)):
        summary += f"; a rollback was interrupted before it published: wcda rollback {target} completes it"
    if not problems and (line := _refusal_line(folder, raw_zone)):
        summary += f"; {line}"
    if note := version_note(snapshot):
        summary += f"; {note}: its digests were proved, the rules of its schema were not"
    return CheckReport(snapshot.manifest.snapshot_id, problems, summary)


def refusal_line(warehouse: Path) -> str | None:
    """A line on what the loss guard set aside, and how to accept it; `None` if there is nothing."""
    folder = WarehouseFolder(warehouse)
    with suppress(RawZoneError):  # which `check` reports
        return _refusal_line(folder, RawZone(folder.raw))
    return None


def _refusal_line(folder: WarehouseFolder, raw_zone: RawZone) -> str | None:
    refused = raw_zone.refused()
    if not refused:
        return None
    runs = sorted({name.rpartition("-")[0] for name in refused})
    return f"set aside since too much would have disappeared: {', '.join(runs)}; {accept_command(folder)} publishes it"


def list_changes(warehouse: Path, since: str | None) -> ChangeReport:
    """The changes from a snapshot (by default the one before) to the current one.

    Raises:
        UsageError: There is no warehouse.
        WarehouseError: Nothing was ever published, there is no such snapshot, or it is of another major version.
    """
    folder, present = _current(warehouse)
    former = snapshot_before(folder, present, since)
    compared = [former, present] if former else [present]
    return ChangeReport(
        since=former.manifest.snapshot_id if former else None,
        snapshot=present.manifest.snapshot_id,
        changes=list(find_changes(former, present)),
        names={key: name for snapshot in compared for key, name in _names(snapshot)},
        version_notes=[note for snapshot in compared if (note := version_note(snapshot))],
    )


def collection_ids(warehouse: Path, snapshot_id: str | None, names: Iterable[str]) -> tuple[str, ...]:
    """The ids of collections of a snapshot, by id or by name in any case.

    Raises:
        UsageError: There is no warehouse; or no collection, or several, have a name.
        WarehouseError: There is no such snapshot.
    """
    snapshot = open_snapshot(WarehouseFolder(warehouse), snapshot_id)
    return tuple(find_collection(snapshot, name) for name in names)


def _names(snapshot: Snapshot) -> Iterator[tuple[str, str | None]]:
    """Ids with titles of documents, and with names of collections."""
    for table, key, name in (("documents", "document_id", "title"), ("collections", "collection_id", "name")):
        rows = snapshot.read(table, [key, name])
        yield from zip(rows[key].to_pylist(), rows[name].to_pylist(), strict=True)


def explain_document(warehouse: Path, name: str) -> Explanation:
    """Why a document is what it is; by its id, a former id, a URL or a natural key.

    Raises:
        UsageError: There is no warehouse, or no such document.
        WarehouseError: Nothing was ever published.
    """
    _, snapshot = _current(warehouse)
    return explain(snapshot, name)


@dataclass(frozen=True, slots=True)
class Citation:
    """How to cite a document.

    Attributes:
        citation: One line, which names the snapshot.
        style: Of the citation.
    """

    document_id: str
    snapshot: str
    style: str
    citation: str


def cite_document(warehouse: Path, name: str) -> Citation:
    """The citation of a document; by its id, a former id, a URL or a natural key.

    Raises:
        UsageError: There is no warehouse, or no such document.
        WarehouseError: Nothing was ever published.
    """
    _, snapshot = _current(warehouse)
    document_id = find_document(snapshot, name)
    return Citation(document_id, snapshot.manifest.snapshot_id, STYLE, cite(snapshot, document_id))


@dataclass(frozen=True, slots=True)
class FoundDocuments:
    """What a search found.

    Attributes:
        query: As it was understood: words, phrases in quotes, what must not be there behind a minus.
        years: What the dates must share a day with; `None` for any date or none.
        count: Of all documents that were found.
        documents: The first of them, with `found_in` (fields), and `passages` (by field, what stands around the words).
        without: Where none was found: what was left out of the question, and how many documents are found then.
        searched: In what was looked.
    """

    snapshot: str
    query: str
    years: str | None
    count: int
    documents: list[dict[str, Any]]
    without: dict[str, int]
    searched: Searched


def find_documents(warehouse: Path, words: Iterable[str], limit: int, years: str | None = None) -> FoundDocuments:
    """The documents that have all that is asked for.

    Args:
        warehouse: Its folder.
        words: As they were typed; one with a blank in it, which a shell took out of quotes, is a phrase.
        limit: How many documents are given.
        years: What the dates must share a day with; `None` for any date or none.

    Raises:
        UsageError: There is no warehouse, or nothing to look for, or the years are none.
        WarehouseError: Nothing was ever published.
    """
    query = " ".join(map(_as_part, words))
    _, snapshot = _current(warehouse)
    found = search(snapshot, query, years)
    documents = [
        {
            **{name: each.document[name] for name in ("document_id", "date_text", "date_edtf", "title", "url")},
            "collections": each.collections,
            "found_in": list(each.passages),
            "passages": each.passages,
        }
        for each in found[:limit]
    ]
    without = {} if found else _found_with_less(snapshot, query, years)
    snapshot_id = snapshot.manifest.snapshot_id
    return FoundDocuments(snapshot_id, query, years, len(found), documents, without, searched(snapshot))


def _found_with_less(snapshot: Snapshot, query: str, years: str | None) -> dict[str, int]:
    """What would be found without years, quotes, or what must not be there, and by each word alone."""
    parts = read_query(query)
    wanted = [part for part in parts if not part.is_unwanted]
    counts = {}
    if years is not None:
        counts["without --years"] = len(search(snapshot, query, years=None))
    if wanted and len(wanted) < len(parts):
        counts["without what must not be there"] = len(search(snapshot, " ".join(map(str, wanted)), years))
    if any(part.is_phrase and " " in part.text for part in wanted):
        words = " ".join(part.text if part.is_phrase and not part.is_unwanted else str(part) for part in parts)
        loose = len(search(snapshot, words, years))
        counts |= {"without quotes": loose} if loose else {}
    if len(wanted) > 1:
        counts |= {f"{part} alone": len(search(snapshot, str(part), years)) for part in wanted}
    return counts


def _as_part(word: str) -> str:
    """A word of the command line as a part of a query."""
    if '"' in word or len(word.split()) < 2:
        return word
    return f'-"{word[1:]}"' if word.startswith("-") else f'"{word}"'


def list_pairs(warehouse: Path) -> list[dict[str, Any]]:
    """Candidate pairs that nobody has decided, the most similar first, with dates and titles of both documents."""
    _, snapshot = _current(warehouse)
    return undecided_pairs(snapshot.read("candidate_pairs"), snapshot.read("documents"))


def decide(warehouse: Path, left: str, right: str, verdict: Verdict, who: str, why: str) -> Decision:
    """Record that two documents are the same, or are not; a rebuild applies it.

    Args:
        warehouse: Its folder.
        left: Id, former id, URL or natural key of a document.
        right: The same of another.
        verdict: `same` or `different`.
        who: Who decides.
        why: For those who read it later.

    Raises:
        UsageError: There is no such document, both are one, or the decision contradicts others.
        WarehouseLockedError: Another run holds the warehouse.
    """
    folder, snapshot = _current(warehouse)
    keys = [natural_key(snapshot, name) for name in (left, right)]
    if keys[0] == keys[1]:
        raise UsageError(f"{left} and {right} are one document already")
    when = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    decision = Decision(keys[0], keys[1], verdict, visible(who), when, visible(why))
    add_decision(folder, decision)
    return decision


def read_saved_page(path: Path) -> ParsedPage:
    """What one saved page holds.

    Raises:
        UsageError: There is no such file.
        SourceError: It cannot be opened, is too large to be a page, or is a file of another kind, such as a PDF.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    check_path(path)
    body = read_page_file(path)
    try:
        first, *others = pages_in(body, page_starts)
    except UnreadableFormError as error:
        raise SourceError(f"{path.name}: {error}") from error
    page = read_page(first.body, url=first.url and origin_of(first.url, ARCHIVE_URL).url)
    if not others:
        return page
    message = f"the file holds {len(others) + 1} pages, of which the first is shown; a harvest reads all"
    return replace(page, issues=(*page.issues, SECOND_RANGE_LINE.issue(message)))


_OF_A_PAGE = ("level", "kind", "message", "expected", "found")
"""What an issue says of the page on which it was found."""


def page_to_dict(page: ParsedPage) -> dict[str, Any]:
    """A page as plain values, for JSON: its kind, layout, outcome and issues, and what a page of its kind holds."""
    known = {"kind": page.kind, "layout": page.layout, "outcome": page.outcome}
    issues = [{name: getattr(issue, name) for name in _OF_A_PAGE} for issue in page.issues]
    if page.outcome in ("document", "term"):
        return {**known, **document_values(page), "issues": issues}
    held = listing_range(page)
    return {
        **known,
        "range": asdict(held) if held else None,
        "entries": [entry.values for entry in listing_entries(page)],
        "issues": issues,
    }


def _current(warehouse: Path) -> tuple[WarehouseFolder, Snapshot]:
    folder = WarehouseFolder(warehouse)
    return folder, open_snapshot(folder)
