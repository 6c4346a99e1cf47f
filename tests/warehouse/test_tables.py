"""The building of tables: what was landed, in whatever pieces and order, becomes the same sound rows."""

import datetime as dt
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.dates import read_date
from schemas.errors import WarehouseError
from schemas.identifiers import stable_id
from schemas.issues import Issue
from schemas.parsed import PARSED_TABLES
from schemas.records import Alias, Collection
from schemas.tables import TABLES
from tests.warehouse.conftest import Tables
from warehouse.building import build_tables
from warehouse.checks import table_problems

DOUBT = Issue("warning", "doubt", "a doubt")
FAULT = Issue("error", "fault", "a fault")


def at(day: int) -> dt.datetime:
    return dt.datetime(2025, 1, day, tzinfo=dt.UTC)


# A small model of what a run lands


@dataclass(frozen=True)
class Block:
    """An entry; a letter says which wording, so that equal letters are equal blocks."""

    title: str | None
    date: str | None = None
    summary: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Seen:
    """One capture of one page."""

    blocks: tuple[Block, ...] = ()
    total: int | None = None
    collection: str | None = "x"
    first: int | None = 1
    last: int | None = None
    at: dt.datetime | None = None
    outcome: str = "listing"
    issues: tuple[Issue, ...] = ()
    file: str | None = None

    @property
    def url(self) -> str:
        return f"urn:wcda:file:{self.file or f'of-{self.collection}'}"

    @property
    def page_id(self) -> str:
        return stable_id(self.collection or self.url, repr(replace(self, at=None, file=None)))


@dataclass(frozen=True)
class Run:
    """What one run landed; of a live one the captures of a collection are one reading, whenever they were made."""

    name: str
    seen: tuple[Seen, ...] = ()
    ended: bool = True
    issues: tuple[Issue, ...] = ()
    collections: tuple[Collection, ...] = ()
    started: dt.datetime = field(default=at(20))
    live: bool = True
    aliases: tuple[Alias, ...] = ()


def listing(letters: str, total: int | None = None, **rest: Any) -> Seen:
    """A page with one entry for each letter, whose range line says so."""
    if "last" not in rest:
        rest["last"] = rest.get("first", 1) + len(letters) - 1
    return Seen(tuple(map(Block, letters)), len(letters) if total is None else total, **rest)


def unreadable(**rest: Any) -> Seen:
    return Seen(first=None, outcome="unknown", issues=(FAULT,), **rest)


def segments(run: Run, cuts: Iterable[int] = ()) -> list[dict[str, pa.Table]]:
    """The parsed segments of a run, its captures cut where it is said."""
    bounds = [0, *sorted(cut for cut in cuts if 0 < cut < len(run.seen)), len(run.seen)]
    parts = list(pairwise(bounds))
    return [_segment(run, number, *part, last=number == len(parts) - 1) for number, part in enumerate(parts)]


def _segment(run: Run, number: int, start: int, stop: int, *, last: bool) -> dict[str, pa.Table]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in PARSED_TABLES}
    if number == 0:
        plan = {"run_id": run.name, "event": "plan", "at": run.started, "source": "saved:pages", "live": run.live}
        rows["events"].append(plan)
        rows["aliases"] = [{"run_id": run.name, **asdict(alias)} for alias in run.aliases]
        rows["collections"] = [
            {"run_id": run.name, "collection_id": c.collection_id, "kind": c.kind, "name": c.name}
            for c in run.collections
        ]
    pages = set()
    for place in range(start, stop):
        seen = run.seen[place]
        rows["captures"].append(_capture(run, number, place))
        if seen.page_id not in pages:  # as the extractors do: each page once, with the first capture's address
            pages.add(seen.page_id)
            rows["listings"].append(_listing(seen))
            rows["entries"] += [_entry(seen, position) for position in range(1, len(seen.blocks) + 1)]
            where = {"url": seen.url, "collection_id": seen.collection, "page_id": seen.page_id}
            rows["issues"] += [_issue(run, issue, **where) for issue in seen.issues]
    if last and run.ended:
        rows["events"].append({"run_id": run.name, "event": "end", "at": run.started + dt.timedelta(hours=1)})
        rows["issues"] += [_issue(run, issue) for issue in run.issues]
    return {name: pa.Table.from_pylist(rows[name], table.arrow_schema()) for name, table in PARSED_TABLES.items()}


def _capture(run: Run, number: int, place: int) -> dict[str, Any]:
    seen = run.seen[place]
    return {
        "capture_id": stable_id(run.name, str(place)),
        "page_id": seen.page_id,
        "run_id": run.name,
        "url": seen.url,
        "captured_at": seen.at,
        "http_status": None,
        "warc_file": f"{run.name}-{number:05d}.warc.gz",
        "warc_offset": 100 * place,
        "collection_id": seen.collection,
        "layout": "plain-text" if seen.outcome in {"listing", "empty"} else None,
        "outcome": seen.outcome,
    }


def _listing(seen: Seen) -> dict[str, Any]:
    frame = {"range_first": seen.first, "range_last": seen.last, "range_total": seen.total}
    return {"page_id": seen.page_id, **frame, "entry_count": len(seen.blocks)}


def _entry(seen: Seen, position: int) -> dict[str, Any]:
    block = seen.blocks[position - 1]
    reading = read_date(block.date) if block.date else None
    return {
        "page_id": seen.page_id,
        "position": position,
        "date_text": block.date,
        "date_edtf": reading.edtf if reading else None,
        "title": block.title,
        "summary": block.summary,
        "url": block.url,
    }


def _issue(run: Run, issue: Issue, **place: str | None) -> dict[str, Any]:
    return {
        "level": issue.level,
        "kind": issue.kind,
        "message": issue.message,
        "expected": issue.expected,
        "found": issue.found,
        "run_id": run.name,
        **place,
    }


def build(*runs: Run | Sequence[Seen]) -> Tables:
    """The tables of runs, each in one segment; plain captures are a run of their own."""
    named = [run if isinstance(run, Run) else Run(f"r{number}", tuple(run)) for number, run in enumerate(runs, 1)]
    tables = build_tables([segment for run in named for segment in segments(run)])
    assert table_problems(tables) == []
    return tables


def rows(tables: Tables, name: str) -> list[dict[str, Any]]:
    return tables[name].to_pylist()


def titles(tables: Tables) -> dict[str, str]:
    """Title of each document."""
    return {row["document_id"]: row["title"] for row in rows(tables, "documents")}


def members(tables: Tables, collection: str = "x") -> str:
    """Titles of the members of a collection, by rank."""
    names = titles(tables)
    return "".join(
        names[row["document_id"]] for row in rows(tables, "memberships") if row["collection_id"] == collection
    )


def documents(tables: Tables) -> str:
    return "".join(sorted(titles(tables).values()))


def the_collection(tables: Tables, collection: str = "x") -> dict[str, Any]:
    (row,) = (row for row in rows(tables, "collections") if row["collection_id"] == collection)
    return row


# Order


def without_places(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """All rows but where a capture lies in the raw zone, which the segments say."""
    places = {"warc_file", "warc_offset"}
    return {
        name: [{column: value for column, value in row.items() if column not in places} for row in table.to_pylist()]
        for name, table in tables.items()
    }


blocks = st.builds(
    Block,
    st.sampled_from([None, *"abc"]),
    st.sampled_from([None, "1958", "May 1960"]),
    st.sampled_from([None, "S."]),
    st.sampled_from([None, None, "https://digitalarchive.wilsoncenter.org/document/1", "https://a/document/two"]),
)
pages = st.builds(
    Seen,
    st.lists(blocks, max_size=3).map(tuple),
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from(["x", "y", None]),
    st.sampled_from([1, 4]),
    st.sampled_from([1, 2, 3, 5, 6]),
    st.sampled_from([None, at(1), at(2), at(3)]),
    st.just("listing"),
    st.sampled_from([(), (DOUBT,), (DOUBT, FAULT)]),
)
refusals = st.builds(unreadable, collection=st.sampled_from(["x", "z", None]), at=st.sampled_from([None, at(2)]))
runs = st.builds(
    Run,
    st.just(""),
    st.lists(st.one_of(pages, pages, pages, refusals), max_size=4).map(tuple),
    st.booleans(),
    st.sampled_from([(), (FAULT,)]),
    st.sampled_from([(), (Collection("x", "topics", "X"),), (Collection("y", "people", "Y"),)]),
)
histories = st.lists(runs, min_size=1, max_size=3).map(
    lambda found: [replace(run, name=f"r{number}") for number, run in enumerate(found, 1)]
)


def assert_pieces_in_any_order_give_the_same(history: list[Run], cuts: list[int], shuffling: random.Random) -> None:
    whole = build_tables([segment for run in history for segment in segments(run)])
    pieces = [segment for run in history for segment in segments(run, cuts)]
    shuffling.shuffle(pieces)

    cut = build_tables(pieces)

    assert without_places(cut) == without_places(whole)
    assert table_problems(cut) == []


def assert_nothing_leaves(history: list[Run], later: Run) -> None:
    later = replace(later, name="r9")
    before = build_tables([segment for run in history for segment in segments(run)])
    after = build_tables([segment for run in [*history, later] for segment in segments(run)])

    def wordings(tables: Tables) -> set[tuple[str, ...]]:
        return {
            tuple(row[name] for name in ("date_text", "title", "summary", "url")) for row in rows(tables, "revisions")
        }

    assert wordings(before) <= wordings(after)
    assert {row["key"] for row in rows(before, "document_keys")} <= {row["key"] for row in rows(after, "document_keys")}


FEW = settings(max_examples=5, deadline=None)  # one building costs a third of a second, however few the rows
MANY = settings(max_examples=150, deadline=None)
in_pieces = given(histories, st.lists(st.integers(1, 3), max_size=3), st.randoms(use_true_random=False))


@FEW
@in_pieces
@example([Run("r1", (listing("abc"), listing("ab"), listing("abc")))], [1, 2], random.Random(1))
def test_rows_and_their_order_depend_on_no_order_and_no_cutting_of_segments(
    history: list[Run], cuts: list[int], shuffling: random.Random
) -> None:
    assert_pieces_in_any_order_give_the_same(history, cuts, shuffling)


@FEW
@given(histories, runs)
def test_documents_and_their_wordings_never_leave(history: list[Run], later: Run) -> None:
    assert_nothing_leaves(history, later)


@pytest.mark.accept
@MANY
@in_pieces
def test_many_histories_in_pieces_in_any_order_give_the_same_rows(
    history: list[Run], cuts: list[int], shuffling: random.Random
) -> None:
    assert_pieces_in_any_order_give_the_same(history, cuts, shuffling)


@pytest.mark.accept
@MANY
@given(histories, runs)
def test_in_many_histories_documents_and_their_wordings_never_leave(history: list[Run], later: Run) -> None:
    assert_nothing_leaves(history, later)


def test_rows_are_sorted_as_their_table_says() -> None:
    dated = tuple(Block(title, date) for title, date in [("c", "1960"), ("b", "1958"), ("a", "1958"), ("d", None)])
    tables = build([Seen(dated, 4, last=4), listing("ba", collection="w")], [listing("ef", collection="y")])

    assert [row["title"] for row in rows(tables, "documents")] == ["a", "b", "c", "a", "b", "d", "e", "f"]
    assert [(row["collection_id"], row["rank"]) for row in rows(tables, "memberships")] == [
        *(("w", rank) for rank in (1, 2)),
        *(("x", rank) for rank in (1, 2, 3, 4)),
        *(("y", rank) for rank in (1, 2)),
    ]
    for name, table in TABLES.items():
        keys = [
            [(row[column] is None, row[column]) for column in (*table.order, *table.key)] for row in rows(tables, name)
        ]
        assert keys == sorted(keys, key=lambda key: [(missing, "" if missing else value) for missing, value in key])


def test_no_segments_are_tables_without_rows() -> None:
    tables = build_tables([])

    assert {name: table.num_rows for name, table in tables.items()} == dict.fromkeys(TABLES, 0)
    assert table_problems(tables) == []


def test_a_run_that_was_killed_before_its_first_capture_has_only_its_row() -> None:
    tables = build(Run("r1", ended=False))

    assert {name for name, table in tables.items() if table.num_rows} == {"runs"}


def test_a_run_without_its_first_segment_is_refused_by_name() -> None:
    run = Run("r1", (listing("a"), listing("b")))

    with pytest.raises(WarehouseError, match="lacks the first segment of run r1"):
        build_tables(segments(run, [1])[1:])


# Memberships


def test_a_membership_ends_when_a_complete_reading_lacks_it_and_the_document_stays() -> None:
    tables = build([listing("abc", at=at(1))], [listing("ab", at=at(2))])

    assert members(tables) == "ab"
    assert documents(tables) == "abc"
    assert {row["title"]: row["collection_count"] for row in rows(tables, "documents")} == {"a": 1, "b": 1, "c": 0}
    collection = the_collection(tables)
    assert (collection["reported_total"], collection["observed_total"], collection["coverage"]) == (2, 2, 1.0)
    assert collection["complete"]


LATER = {
    "not all were seen": [listing("ab", total=3, at=at(2))],
    "the totals differ": [listing("ab", at=at(2)), listing("b", total=3, first=3, at=at(3))],
    "a page could not be read": [listing("ab", at=at(2)), unreadable(collection="x", at=at(2))],
    "no page says a total": [Seen((Block("a"), Block("b")), at=at(2), first=1, last=2)],
}


@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
def test_an_incomplete_reading_ends_no_membership(later: list[Seen]) -> None:
    tables = build([listing("abc", at=at(1))], later)

    assert sorted(members(tables)) == ["a", "b", "c"]
    assert not the_collection(tables)["complete"]


def test_an_incomplete_reading_adds_to_the_complete_one_before_it() -> None:
    tables = build([listing("abc", at=at(1))], [listing("ad", total=4, at=at(2))])

    assert sorted(members(tables)) == ["a", "b", "c", "d"]
    assert the_collection(tables)["coverage"] == 1.0


def test_incomplete_readings_add_up_where_none_is_complete() -> None:
    tables = build([listing("ab", total=4)], [listing("c", total=4, first=3)])

    assert members(tables) == "abc"
    assert the_collection(tables)["coverage"] == 0.75


def test_a_complete_reading_of_one_collection_ends_nothing_in_another() -> None:
    tables = build([listing("abc"), listing("abc", collection="y")], [listing("ab")])

    assert (members(tables), members(tables, "y")) == ("ab", "abc")


def test_the_latest_reading_is_that_of_the_latest_capture_and_not_of_the_latest_run() -> None:
    tables = build([listing("abc", at=at(2))], [listing("abd", at=at(1))])

    assert members(tables) == "abc"
    assert documents(tables) == "abcd"


def test_where_no_timestamp_is_known_the_latest_run_counts() -> None:
    assert members(build([listing("abc")], [listing("abd")])) == "abd"


def test_a_capture_without_an_instant_counts_as_older_than_those_with_one() -> None:
    assert members(build([listing("abc", at=at(1))], [listing("abd")])) == "abc"


def test_a_complete_reading_of_nothing_ends_every_membership() -> None:
    empty = Seen(total=0, first=0, last=0, at=at(2), outcome="empty")
    tables = build([listing("abc", at=at(1))], [empty])

    assert (members(tables), documents(tables)) == ("", "abc")
    collection = the_collection(tables)
    assert (collection["reported_total"], collection["observed_total"], collection["coverage"]) == (0, 0, 1.0)
    assert collection["complete"]


def test_a_document_that_comes_back_is_a_member_again() -> None:
    tables = build([listing("abc", at=at(1))], [listing("ab", at=at(2))], [listing("abc", at=at(3))])

    assert members(tables) == "abc"
    assert documents(tables) == "abc"


def test_a_document_in_two_collections_is_counted_in_both() -> None:
    tables = build([listing("ab"), listing("bc", collection="y")])

    assert {row["title"]: row["collection_count"] for row in rows(tables, "documents")} == {"a": 1, "b": 2, "c": 1}


def test_rank_is_the_place_in_the_whole_listing() -> None:
    tables = build([listing("cd", total=4, first=3), listing("ab", total=4)])

    assert [row["rank"] for row in rows(tables, "memberships")] == [1, 2, 3, 4]
    assert members(tables) == "abcd"


@pytest.mark.parametrize(("first", "last"), [(1, 3), (1, 1), (11, 20)])
def test_rank_is_null_where_the_page_does_not_yield_what_its_range_line_says(first: int, last: int) -> None:
    tables = build([listing("ab", first=first, last=last, total=20)])

    assert [row["rank"] for row in rows(tables, "memberships")] == [None, None]


def test_rank_is_null_where_the_page_has_no_range_line() -> None:
    tables = build([Seen((Block("a"), Block("b")), first=None)])

    assert [row["rank"] for row in rows(tables, "memberships")] == [None, None]


def test_rank_is_that_of_the_latest_capture() -> None:
    tables = build([listing("abc", at=at(1))], [listing("cab", at=at(2))])

    assert members(tables) == "cab"


# Readings


REASONS = {
    "complete": ([listing("ab")], (2, 2, None)),
    "complete over pages": ([listing("ab", total=3), listing("c", total=3, first=3)], (3, 3, None)),
    "a page twice": ([listing("ab"), listing("ab")], (2, 2, None)),
    "fewer": ([listing("ab", total=3)], (3, 2, "2 of 3 documents were seen")),
    "more": ([listing("abc", total=2)], (2, 3, "3 of 2 documents were seen")),
    "totals differ": (
        [listing("ab"), listing("c", total=3, first=3)],
        (3, 3, "the reported total changed within the reading"),
    ),
    "unread page": ([listing("ab"), unreadable(collection="x")], (2, 2, "1 pages could not be read")),
    "no total": ([Seen((Block("a"),), last=1)], (None, 1, "no page said a total")),
}


@pytest.mark.parametrize(("seen", "wanted"), REASONS.values(), ids=REASONS)
def test_a_reading_is_complete_or_says_why_not(seen: list[Seen], wanted: tuple[int | None, int, str | None]) -> None:
    (reading,) = rows(build(seen), "readings")

    assert (reading["reported_total"], reading["observed_total"], reading["reason"]) == wanted
    assert reading["complete"] == (wanted[2] is None)


def test_there_is_a_reading_for_each_collection_of_each_run() -> None:
    tables = build([listing("a", at=at(2)), listing("b", collection="y"), listing("c", at=at(1))], [listing("a")])

    assert [
        (row["run_id"], row["collection_id"], row["started_at"], row["ended_at"]) for row in rows(tables, "readings")
    ] == [("r1", "x", at(1), at(2)), ("r1", "y", None, None), ("r2", "x", None, None)]


# Runs


OUTCOMES = {
    "complete": (Run("r1", (listing("ab"),)), "complete", (1, 2, 0)),
    "with a doubt": (Run("r1", (listing("ab", issues=(DOUBT,)),)), "complete", (1, 2, 1)),
    "with an error on a page": (Run("r1", (listing("ab", issues=(DOUBT, FAULT)),)), "short", (1, 2, 2)),
    "with an error of its own": (Run("r1", (listing("ab"),), issues=(FAULT,)), "short", (1, 2, 1)),
    "with an unread page": (Run("r1", (listing("ab"), unreadable())), "short", (2, 2, 1)),
    "nothing usable": (Run("r1", (unreadable(),)), "failed", (1, 0, 1)),
    "no captures": (Run("r1", issues=(FAULT,)), "failed", (0, 0, 1)),
    "killed": (Run("r1", (listing("ab"),), ended=False), "interrupted", (1, 2, 0)),
    "killed, with an error": (Run("r1", (listing("ab", issues=(FAULT,)),), ended=False), "interrupted", (1, 2, 1)),
    "a page twice": (Run("r1", (listing("ab", issues=(DOUBT,)),) * 2), "complete", (2, 4, 1)),
    "only an empty result": (
        Run("r1", (Seen(total=0, first=0, last=0, outcome="empty"),)),
        "complete",
        (1, 0, 0),
    ),
}


@pytest.mark.parametrize(("run", "outcome", "counts"), OUTCOMES.values(), ids=OUTCOMES)
def test_a_run_says_how_it_went(run: Run, outcome: str, counts: tuple[int, int, int]) -> None:
    (row,) = rows(build(run), "runs")

    assert row["outcome"] == outcome
    assert (row["capture_count"], row["entry_count"], row["issue_count"]) == counts
    assert row["started_at"] == run.started
    assert row["ended_at"] == (run.started + dt.timedelta(hours=1) if run.ended else None)


def but_runs(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    return {name: table.to_pylist() for name, table in tables.items() if name != "runs"}


GOOD = Run("r1", (listing("ab", issues=(DOUBT,)),), collections=(Collection("x", "topics", "X"),))


def test_a_failed_run_leaves_only_its_row_in_runs() -> None:
    failed = Run("r2", (unreadable(), unreadable(collection=None), unreadable(collection="new")))

    tables = build(GOOD, failed)

    assert but_runs(tables) == but_runs(build(GOOD))
    assert [(row["run_id"], row["outcome"]) for row in rows(tables, "runs")] == [("r1", "complete"), ("r2", "failed")]


@pytest.mark.parametrize(
    "failed",
    [
        Run("r2", (unreadable(),), issues=(FAULT,)),
        Run("r2", (unreadable(),), collections=(Collection("new", "people", "New"),)),
        Run("r2", (unreadable(),), collections=(Collection("x", "people", "Other name"),)),
    ],
    ids=["issue of its own", "new collection in its catalog", "other name in its catalog"],
)
def test_a_failed_run_leaves_neither_issues_nor_collections(failed: Run) -> None:
    assert but_runs(build(GOOD, failed)) == but_runs(build(GOOD))


def test_the_pages_of_a_killed_run_count() -> None:
    tables = build([listing("ab", at=at(1))], Run("r2", (listing("abc", at=at(2)),), ended=False))

    assert members(tables) == "abc"
    assert [row["outcome"] for row in rows(tables, "runs")] == ["complete", "interrupted"]


# Issues


def kinds(tables: Tables) -> list[tuple[str, str | None, str]]:
    return sorted((row["kind"], row["collection_id"], row["run_id"]) for row in rows(tables, "issues"))


def test_the_issues_of_a_page_stand_with_its_place() -> None:
    issue = Issue("warning", "doubt", "a doubt", expected="this", found="that")
    seen = listing("ab", issues=(issue,), file="a.txt")

    (row,) = rows(build([seen]), "issues")

    assert (row["level"], row["kind"], row["message"]) == ("warning", "doubt", "a doubt")
    assert (row["expected"], row["found"]) == ("this", "that")
    assert (row["url"], row["collection_id"], row["page_id"], row["run_id"]) == (seen.url, "x", seen.page_id, "r1")


def test_the_same_issue_seen_again_is_one_with_the_last_run() -> None:
    once, twice = build([listing("ab", issues=(DOUBT,))]), build(*[[listing("ab", issues=(DOUBT,))]] * 2)

    assert kinds(twice) == [("doubt", "x", "r2")]
    assert [row["issue_id"] for row in rows(once, "issues")] == [row["issue_id"] for row in rows(twice, "issues")]


def test_issues_of_pages_that_a_complete_reading_replaced_are_gone() -> None:
    assert kinds(build([listing("ab", issues=(DOUBT,), at=at(1))], [listing("ab", at=at(2))])) == []
    assert kinds(build([listing("ab", issues=(DOUBT,), at=at(1))], [listing("a", total=2, at=at(2))])) == [
        ("doubt", "x", "r1")
    ]


def test_the_run_s_own_issues_are_those_of_the_last_run() -> None:
    assert kinds(build(Run("r1", (listing("a"),), issues=(FAULT,)))) == [("fault", None, "r1")]
    assert kinds(build(Run("r1", (listing("a"),), issues=(FAULT,)), [listing("a")])) == []


def test_a_page_that_could_not_be_read_belongs_to_a_collection_only_if_there_is_one() -> None:
    known, unknown = unreadable(collection="x"), unreadable(collection="new")

    tables = build([listing("a"), known, unknown])

    assert {row["page_id"]: row["collection_id"] for row in rows(tables, "pages") if row["outcome"] == "unknown"} == {
        known.page_id: "x",
        unknown.page_id: None,
    }
    assert {row["collection_id"] for row in rows(tables, "issues")} == {"x", None}
    assert [row["collection_id"] for row in rows(tables, "collections")] == ["x"]


def test_issues_do_not_depend_on_where_a_segment_ends() -> None:
    run = Run("r1", (listing("ab", issues=(DOUBT,), file="a.txt"), listing("ab", issues=(DOUBT,), file="b.txt")))

    whole, cut = build_tables(segments(run)), build_tables(segments(run, [1]))

    assert rows(whole, "issues") == rows(cut, "issues")


# Documents and their wordings


def seen_span(tables: Tables, table: str = "documents") -> dict[str, tuple[dt.datetime | None, dt.datetime | None]]:
    names = titles(tables)
    return {names[row["document_id"]]: (row["first_seen_at"], row["last_seen_at"]) for row in rows(tables, table)}


@pytest.mark.parametrize("table", ["documents", "memberships", "revisions"])
def test_first_and_last_sight_are_instants_of_captures(table: str) -> None:
    tables = build(
        [listing("ab", total=9, at=at(2)), listing("c", total=9)],
        [listing("a", total=9, at=at(1)), listing("b", total=9)],
    )

    assert seen_span(tables, table) == {"a": (at(1), at(2)), "b": (at(2), at(2)), "c": (None, None)}


def test_a_page_seen_again_is_one_page_with_another_capture() -> None:
    tables = build([listing("ab", at=at(1))], [listing("ab", at=at(2))])

    counts = {name: tables[name].num_rows for name in ("pages", "captures", "entries", "documents", "revisions")}
    assert counts == {"pages": 1, "captures": 2, "entries": 2, "documents": 2, "revisions": 2}


def test_entries_are_those_of_the_latest_complete_reading_and_after_it() -> None:
    old, complete, later = listing("ab", at=at(1)), listing("abc", at=at(2)), listing("d", total=4, at=at(3))

    tables = build([old], [complete], [later])

    assert {row["page_id"] for row in rows(tables, "entries")} == {complete.page_id, later.page_id}
    assert {row["page_id"] for row in rows(tables, "pages")} == {old.page_id, complete.page_id, later.page_id}


def test_two_equal_blocks_of_one_page_are_two_documents() -> None:
    tables = build([listing("aab")])

    assert documents(tables) == "aab"
    assert len({row["document_id"] for row in rows(tables, "entries")}) == 3
    assert the_collection(tables)["complete"]


def test_the_same_block_on_two_pages_is_one_document() -> None:
    tables = build([listing("ab", total=3), listing("bc", total=3, first=2), listing("b", collection="y")])

    assert documents(tables) == "abc"
    assert [row["title"] for row in rows(tables, "documents") if row["collection_count"] == 2] == ["b"]


ADDRESS = "https://digitalarchive.wilsoncenter.org/document/one"


def wording(title: str, day: int | None, **rest: Any) -> Seen:
    block = Block(title, url=ADDRESS, **rest)
    return Seen((block,), 1, last=1, at=day and at(day))


def test_an_address_joins_wordings_and_the_latest_capture_s_stands() -> None:
    tables = build([wording("New", 3)], [wording("Old", 1)])

    (document,) = rows(tables, "documents")
    assert (document["title"], document["url"]) == ("New", ADDRESS)
    assert (document["first_seen_at"], document["last_seen_at"], document["last_changed_at"]) == (at(1), at(3), at(3))


def test_wordings_are_numbered_from_1_in_order_of_first_sight() -> None:
    tables = build([wording("B", 2)], [wording("A", 1)], [wording("C", 3)], [wording("A", 4)])

    assert [
        (row["revision"], row["title"], row["first_seen_at"], row["last_seen_at"]) for row in rows(tables, "revisions")
    ] == [(1, "A", at(1), at(4)), (2, "B", at(2), at(2)), (3, "C", at(3), at(3))]
    assert [row["title"] for row in rows(tables, "documents")] == ["A"]


def test_where_no_timestamp_is_known_the_order_of_runs_does_not_choose_the_wording() -> None:
    titles = [
        rows(build([wording(first, None)], [wording(second, None)]), "documents")[0]["title"]
        for first, second in (("Z", "A"), ("A", "Z"))
    ]

    assert titles[0] == titles[1]


def test_of_wordings_seen_at_one_instant_in_one_run_the_fuller_stands() -> None:
    tables = build([wording("Z", 1), wording("A", 1, summary="More."), wording("B", 1)])

    assert [row["title"] for row in rows(tables, "documents")] == ["A"]


def test_what_is_absent_stays_absent() -> None:
    (document,) = rows(build([Seen((Block(None, None, "Only a summary."),), 1, last=1)]), "documents")

    assert [document[name] for name in ("title", "date_text", "date_edtf", "url", "first_seen_at")] == [None] * 5
    assert document["summary"] == "Only a summary."


DATES = {
    "May 10, 1943": ("1943-05-10", "1943-05-10", "1943-05-10", "day", False),
    "May 1943": ("1943-05", "1943-05-01", "1943-05-31", "month", False),
    "1943": ("1943", "1943-01-01", "1943-12-31", "year", False),
    "circa 1943": ("1943~", "1943-01-01", "1943-12-31", "year", True),
    "February 30, 1958": (None, None, None, "unknown", False),
    None: (None, None, None, "unknown", False),
}


def test_a_date_is_read_into_its_own_columns_and_keeps_its_text() -> None:
    tables = build([Seen(tuple(Block("t", text) for text in DATES), len(DATES), last=len(DATES))])

    def day(instant: dt.datetime | None) -> str | None:
        return f"{instant:%Y-%m-%d}" if instant else None

    assert {
        row["date_text"]: (
            row["date_edtf"],
            day(row["date_start"]),
            day(row["date_end"]),
            row["date_precision"],
            row["date_approximate"],
        )
        for row in rows(tables, "documents")
    } == DATES


def test_a_date_in_the_title_never_fills_the_date() -> None:
    title = "Conversation with Mao Zedong on 5 April 1958"
    tables = build([Seen((Block(title), Block(title, "April 19, 1958")), 2, last=2)])

    assert [(row["date_edtf"], row["title_date_edtf"]) for row in rows(tables, "documents")] == [
        ("1958-04-19", "1958-04-05"),
        (None, "1958-04-05"),
    ]


# Collections


def test_a_collection_is_named_by_the_latest_plan() -> None:
    def run(name: str, kind: str) -> Run:
        return Run(name, (listing("a"),), collections=(Collection("x", kind, f"{kind} of {name}"),))

    tables = build(run("r1", "topics"), run("r2", "people"))

    assert [(row["kind"], row["name"]) for row in rows(tables, "collections")] == [("people", "people of r2")]


def test_a_collection_that_no_catalog_names_has_only_its_id() -> None:
    assert [
        (row["kind"], row["name"], row["query"], row["url"]) for row in rows(build([listing("a")]), "collections")
    ] == [("unknown", None, None, None)]


def test_a_collection_of_which_nothing_was_seen_is_there_and_empty() -> None:
    tables = build(Run("r1", (listing("a"),), collections=(Collection("new"),)))

    collection = the_collection(tables, "new")
    assert (collection["observed_total"], collection["reported_total"], collection["coverage"]) == (0, None, None)
    assert collection["complete"] is False


def test_a_page_of_no_collection_has_documents_and_no_memberships() -> None:
    tables = build([listing("ab", collection=None)])

    assert documents(tables) == "ab"
    assert {name: tables[name].num_rows for name in ("memberships", "readings", "collections")} == {
        "memberships": 0,
        "readings": 0,
        "collections": 0,
    }


def test_captures_say_where_they_came_from_and_where_they_lie() -> None:
    (row,) = rows(build([listing("a", at=at(1), file="a.txt")]), "captures")

    assert (row["source"], row["url"], row["captured_at"]) == ("saved:pages", "urn:wcda:file:a.txt", at(1))
    assert (row["warc_file"], row["warc_offset"]) == ("r1-00000.warc.gz", 0)


def test_every_key_leads_to_its_document() -> None:
    tables = build([Seen((Block("a"), Block("b", url=ADDRESS)), 2, last=2)])

    by_title = {title: identifier for identifier, title in titles(tables).items()}
    keys = {(row["key"], row["kind"]): row["document_id"] for row in rows(tables, "document_keys")}
    assert keys[f"address:{ADDRESS}", "address"] == by_title["b"]
    for identifier in by_title.values():
        assert keys[f"id:{identifier}", "id"] == identifier
    assert {identifier for (_, kind), identifier in keys.items() if kind == "content"} >= {by_title["a"]}
