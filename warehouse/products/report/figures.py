"""The figures that the report shows, gathered from the tables as small plain records. Says nothing in words."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import pyarrow as pa
import pyarrow.compute as pc

from schemas.dates import DateReading, Precision, find_date
from schemas.issues import FAILED_CAPTURE, Level
from warehouse.changes import ChangeSummary
from warehouse.receipts import have_page
from warehouse.themes import theme_counts
from wcda.manifest import ChangeKind
from wcda.overlaps import find_overlaps, theme_memberships

PAIRS = 20
"""Pairs of collections that are shown, of what can be many thousand."""
MIN_SHARED = 5
"""Of the pairs that share more than chance would have it, those that share fewer documents come last."""
ISSUE_EXAMPLES = 3
YEAR_BARS = 100
"""At most so many bars: more years than that are put together."""

_EXAMPLE = ["message", "expected", "found", "url"]
_SPANS = (1, 2, 5, 10, 20, 50, 100, 200)  # years from 1 to 9999


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a collection was seen.

    Attributes:
        share: Seen against reported, 1.0 is all; `None` if no page reported a total.
        reason: Why its last reading is not complete; `None` if it is.
    """

    name: str
    url: str | None
    reported: int | None
    seen: int
    share: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Years:
    """Documents of a year, or of several that are put together: those dated to the day, and the others."""

    first: int
    last: int
    exact: int
    others: int


@dataclass(frozen=True, slots=True)
class PrecisionCount:
    """Documents whose dates are that precise, and a date as it is printed for one of them."""

    precision: Precision
    documents: int
    example: str | None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two collections that share documents.

    Attributes:
        left: Its name; right: that of the other.
        share: Of the smaller one, from 0 to 1.
        by_chance: Documents that they would share if each were drawn from all documents without regard to the other;
            `None` if one of them was not read whole.
        times: Shared against `by_chance`.
    """

    left_id: str
    right_id: str
    left: str
    right: str
    shared: int
    left_total: int
    right_total: int
    share: float
    by_chance: float | None
    times: float | None


@dataclass(frozen=True, slots=True)
class ChangeExample:
    """One change of a document or a collection, with the name that a person knows it by."""

    name: str
    change: ChangeKind
    column: str | None
    former: str | None
    present: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed: counts of each kind by table, and some of it by name."""

    counts: Mapping[str, Mapping[ChangeKind, int]]
    examples: tuple[ChangeExample, ...]


@dataclass(frozen=True, slots=True)
class IssueExample:
    """One issue; the columns of the table `issues`."""

    message: str
    expected: str | None
    found: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class IssueKind:
    """The issues of one kind."""

    level: Level
    kind: str
    count: int
    examples: tuple[IssueExample, ...]


@dataclass(frozen=True, slots=True)
class PageCoverage:
    """How many documents have their own page here.

    Attributes:
        listed: Documents that a listing shows.
        captured: Documents with their own page.
        absent: Documents without, known from listings alone.
        failed: Those of them whose page was asked for, and did not come or could not be read.
    """

    listed: int
    captured: int
    absent: int
    failed: int


@dataclass(frozen=True, slots=True)
class Figures:
    """All that the report shows beside the list of documents.

    Attributes:
        first_captured_at: Of the pages; `None` if no timestamp is known.
        coverage: The incomplete first, and of these the least covered; then by name.
        years: In order, without gaps.
        undated: Documents without a year.
        approximate: Documents whose date is qualified.
        title_dates: Documents whose title has a date that cannot be the document's; one that is only more precise can.
        sharing: How many documents stand in how many collections, beside those that list the whole archive.
        overlaps: Those that are most beyond chance; without collections that list every document, which overlap with
            all.
        overlap_count: Of how many.
        changes: Null if the snapshot before is not there any more.
    """

    documents: int
    first_captured_at: dt.datetime | None
    last_captured_at: dt.datetime | None
    coverage: tuple[Coverage, ...]
    pages: PageCoverage
    years: tuple[Years, ...]
    undated: int
    precision: tuple[PrecisionCount, ...]
    approximate: int
    title_dates: int
    sharing: Mapping[int, int]
    overlaps: tuple[Overlap, ...]
    overlap_count: int
    changes: Changes | None
    issues: tuple[IssueKind, ...]


def gather_figures(tables: Mapping[str, pa.Table], changes: ChangeSummary | None) -> Figures:
    """The figures of a snapshot.

    Args:
        tables: All of `schemas.tables.TABLES`, by name.
        changes: Against the snapshot before; `None` if that is not there any more.
    """
    documents = tables["documents"]
    captured = pc.min_max(tables["captures"]["captured_at"]).as_py()
    overlaps, overlap_count = _overlaps(tables)
    years, undated = _years(documents)
    return Figures(
        documents=documents.num_rows,
        first_captured_at=captured["min"],
        last_captured_at=captured["max"],
        coverage=_coverage(tables["collections"], tables["readings"]),
        pages=_pages(tables),
        years=years,
        undated=undated,
        precision=_precision(documents),
        approximate=_count(documents["date_approximate"]),
        title_dates=_contradicting_titles(documents),
        sharing=_sharing(tables),
        overlaps=overlaps,
        overlap_count=overlap_count,
        changes=None if changes is None else _changes(changes, tables),
        issues=_issues(tables["issues"]),
    )


def collection_names(collections: pa.Table) -> dict[str, str]:
    """What people call each collection, by id: its name, or else its id."""
    ids = collections["collection_id"]
    return dict(zip(ids.to_pylist(), pc.coalesce(collections["name"], ids).to_pylist(), strict=True))


def _coverage(collections: pa.Table, readings: pa.Table) -> tuple[Coverage, ...]:
    order = [("started_at", "ascending", "at_start"), ("run_id", "ascending", "at_start")]
    latest = readings.take(pc.sort_indices(readings, sort_keys=order))
    reasons = dict(zip(latest["collection_id"].to_pylist(), latest["reason"].to_pylist(), strict=True))
    names = collection_names(collections)
    columns = ("collection_id", "url", "reported_total", "observed_total", "coverage", "complete")
    rows = [
        Coverage(names[key], url, reported, seen, share, None if complete else reasons.get(key) or "no page was read")
        for key, url, reported, seen, share, complete in zip(
            *(collections[name].to_pylist() for name in columns), strict=True
        )
    ]
    return tuple(sorted(rows, key=lambda row: (row.reason is None, row.share or 0, row.name)))


def _pages(tables: Mapping[str, pa.Table]) -> PageCoverage:
    documents, issues = tables["documents"], tables["issues"]
    captured = have_page(documents)
    is_failure = pc.or_(pc.equal(issues["level"], "error"), pc.equal(issues["kind"], FAILED_CAPTURE.name))
    failed = pc.is_in(documents["url"], value_set=issues["url"].filter(is_failure).drop_null().combine_chunks())
    return PageCoverage(
        listed=_count(pc.greater(documents["collection_count"], 0)),
        captured=_count(captured),
        absent=_count(pc.invert(captured)),
        failed=_count(pc.and_not(failed, captured)),
    )


def _years(documents: pa.Table) -> tuple[tuple[Years, ...], int]:
    """Documents by the first year that their date can mean, and how many have none."""
    year = pc.year(pc.coalesce(documents["date_start"], documents["date_end"]))
    exact = pc.equal(documents["date_precision"], "day")
    dated = pa.table({"year": year, "exact": exact}).filter(pc.is_valid(year))
    if not dated.num_rows:
        return (), documents.num_rows
    ends = pc.min_max(dated["year"]).as_py()
    span = next(each for each in _SPANS if ends["max"] // each - ends["min"] // each < YEAR_BARS)
    start = pc.multiply(pc.divide(dated["year"], span), span)
    counts = (
        pa.table({"start": start, "exact": dated["exact"]}).group_by(["start", "exact"]).aggregate([([], "count_all")])
    )
    found = {(row["start"], row["exact"]): row["count_all"] for row in counts.to_pylist()}
    starts = range(ends["min"] // span * span, ends["max"] + 1, span)
    years = (Years(at, at + span - 1, found.get((at, True), 0), found.get((at, False), 0)) for at in starts)
    return tuple(years), documents.num_rows - dated.num_rows


def _precision(documents: pa.Table) -> tuple[PrecisionCount, ...]:
    precisions = documents["date_precision"]
    counts = _counts(precisions)
    found = []
    for precision in get_args(Precision):
        example = None
        if precision in counts:
            of_kind = documents["date_text"].filter(pc.equal(precisions, precision)).drop_null()
            example = of_kind[0].as_py() if len(of_kind) else None
        found.append(PrecisionCount(precision, counts.get(precision, 0), example))
    return tuple(found)


def _contradicting_titles(documents: pa.Table) -> int:
    """Documents of which the date in the title and the date of the record have no day in common."""
    differs = pc.not_equal(documents["title_date_edtf"], documents["date_edtf"])
    rows = documents.filter(differs).select(["title", "date_start", "date_end"]).drop_null().to_pylist()
    return sum(_is_apart(find_date(row["title"]), row["date_start"].date(), row["date_end"].date()) for row in rows)


def _is_apart(reading: DateReading | None, start: dt.date, end: dt.date) -> bool:
    """Whether a date lies wholly before or after a span of days."""
    if reading is None or reading.start is None or reading.end is None:
        return False
    return reading.end < start or reading.start > end


def _sharing(tables: Mapping[str, pa.Table]) -> dict[int, int]:
    """How many documents stand in how many collections, in order of the latter."""
    counts = _counts(theme_counts(tables))
    without = tables["documents"].num_rows - sum(counts.values())
    return dict(sorted((counts | {0: without} if without else counts).items()))


def _overlaps(tables: Mapping[str, pa.Table]) -> tuple[tuple[Overlap, ...], int]:
    found = find_overlaps(theme_memberships(tables["memberships"], tables["collections"]))
    larger = pc.max_element_wise(found["left_total"], found["right_total"])
    found = found.filter(pc.less(larger, tables["documents"].num_rows))
    names = collection_names(tables["collections"])
    ranked = _beyond_chance(found, tables)
    rows = [
        Overlap(
            row["left_id"],
            row["right_id"],
            names[row["left_id"]],
            names[row["right_id"]],
            row["shared"],
            row["left_total"],
            row["right_total"],
            row["shared"] / min(row["left_total"], row["right_total"]),
            row["by_chance"],
            row["times"],
        )
        for row in ranked.slice(0, PAIRS).to_pylist()
    ]
    return tuple(rows), found.num_rows


def _beyond_chance(found: pa.Table, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Overlaps with `by_chance` and `times`: those that are most beyond chance first.

    Of these, those that share `MIN_SHARED` documents or more come before the others. Then come those that are no more
    than chance, and last those of which one collection was not read whole, the largest first.
    """
    collections = tables["collections"]
    whole = collections["collection_id"].filter(collections["complete"]).combine_chunks()
    known = pc.and_(*(pc.is_in(found[side], value_set=whole) for side in ("left_id", "right_id")))
    drawn = pc.multiply(found["left_total"], found["right_total"])
    by_chance = pc.divide(pc.cast(drawn, pa.float64()), float(tables["documents"].num_rows))
    by_chance = pc.if_else(known, by_chance, None)
    measured = found.append_column("by_chance", by_chance)
    measured = measured.append_column("times", pc.divide(measured["shared"], by_chance))
    is_beyond = pc.greater(measured["times"], 1)
    rank = pc.case_when(
        pc.make_struct(pc.is_null(is_beyond), pc.invert(is_beyond), pc.less(found["shared"], MIN_SHARED)), 3, 2, 1, 0
    )
    order = [("rank", "ascending"), ("times", "descending"), ("shared", "descending")]
    ranked = measured.append_column("rank", rank)
    return ranked.sort_by([*order, ("left_id", "ascending"), ("right_id", "ascending")])


def _changes(summary: ChangeSummary, tables: Mapping[str, pa.Table]) -> Changes:
    counts: dict[str, dict[ChangeKind, int]] = {}
    for (table, kind), number in summary.counts.items():
        counts.setdefault(table, {})[kind] = number
    names = {"collections": collection_names(tables["collections"]), "documents": _titles(summary, tables["documents"])}
    examples = (
        ChangeExample(
            name=names[change.table].get(change.key, change.key),
            change=change.change,
            column=change.column,
            former=_text(change.former, names[change.table]),
            present=_text(change.present, names[change.table]),
        )
        for change in summary.examples
        if change.table in names
    )
    return Changes(counts, tuple(examples))


def _titles(summary: ChangeSummary, documents: pa.Table) -> dict[str, str]:
    """Titles of the documents that examples name."""
    wanted = {str(each) for change in summary.examples for each in (change.key, change.former, change.present)}
    rows = documents.filter(pc.is_in(documents["document_id"], value_set=pa.array(sorted(wanted), pa.string())))
    titles = zip(rows["document_id"].to_pylist(), rows["title"].to_pylist(), strict=True)
    return {key: title for key, title in titles if title is not None}


def _text(value: Any, names: Mapping[str, str]) -> str | None:  # noqa: ANN401 (a value of any column)
    return None if value is None else names.get(str(value), str(value))


def _issues(issues: pa.Table) -> tuple[IssueKind, ...]:
    kinds = issues.group_by(["level", "kind"]).aggregate([([], "count_all")]).to_pylist()
    gravity = get_args(Level)
    kinds.sort(key=lambda row: (gravity.index(row["level"]), -row["count_all"], row["kind"]))
    found = []
    for kind in kinds:
        mask = pc.and_(pc.equal(issues["level"], kind["level"]), pc.equal(issues["kind"], kind["kind"]))
        rows = issues.filter(mask).select(_EXAMPLE).slice(0, ISSUE_EXAMPLES).to_pylist()
        examples = tuple(IssueExample(**row) for row in rows)
        found.append(IssueKind(kind["level"], kind["kind"], kind["count_all"], examples))
    return tuple(found)


def _count(mask: pa.ChunkedArray) -> int:
    """How many are true."""
    total: int | None = pc.sum(mask).as_py()
    return total or 0


def _counts(values: pa.ChunkedArray) -> dict[Any, int]:
    return {row["values"]: row["counts"] for row in pc.value_counts(values).to_pylist()}
