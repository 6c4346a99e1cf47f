"""The same evidence gives the same documents: in any order, cut anyhow over runs and segments, and seen once more."""

import datetime as dt
import random
from dataclasses import replace

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from schemas.records import Alias
from tests.identity.test_rules import (
    DATE,
    SITE,
    SUMMARY,
    TITLE,
    Content,
    Resolved,
    Row,
    alias,
    identify,
    linked,
    rows_of,
)
from tests.warehouse.conftest import Tables
from tests.warehouse.test_tables import Block, Run, Seen, segments
from warehouse.building import build_tables

SLIP = SUMMARY.replace("received", "recieved")
contents: st.SearchStrategy[Content] = st.tuples(
    st.sampled_from([DATE, DATE, "April 19, 1958 ", "April 21, 1958", None]),
    st.sampled_from([TITLE, TITLE, TITLE.upper(), TITLE.replace("on the", "on thee"), "Letter", None]),
    st.sampled_from([SUMMARY, SUMMARY, SLIP, SUMMARY.replace("discuss", "disscuss"), None]),
    st.sampled_from([None, None, None, *(SITE + name for name in ("a", "b", "1", "2"))]),
)
some_pages = st.lists(st.lists(contents, min_size=1, max_size=4), min_size=1, max_size=6)
some_aliases = st.lists(
    st.builds(alias, *[st.sampled_from(["a", "b", "1", "2", "x", "9"])] * 2, st.sampled_from(["redirect", "citation"])),
    max_size=4,
)
shuffles = st.randoms(use_true_random=False)


def by_place(found: Resolved) -> dict[tuple[object, object], tuple[object, object]]:
    """Document and rule of each entry, by page and position."""
    return {(entry["page_id"], entry["position"]): (entry["document_id"], entry["rule"]) for entry in found.entries}


TWO_ADDRESSES_AND_FOUR_BLOCKS = [[linked("a"), linked("b")], [(DATE, TITLE, SUMMARY, None)] * 4]


@settings(max_examples=40, deadline=None)
@given(some_pages, some_aliases, shuffles)
@example(TWO_ADDRESSES_AND_FOUR_BLOCKS, [], random.Random(0))
@example(TWO_ADDRESSES_AND_FOUR_BLOCKS, [], random.Random(1))
@example(TWO_ADDRESSES_AND_FOUR_BLOCKS, [], random.Random(2))
def test_entries_and_aliases_in_any_order_are_the_same_documents_by_the_same_rules(
    pages: list[list[Content]], aliases: list[Alias], shuffling: random.Random
) -> None:
    rows = rows_of(*pages)
    shuffled = list(rows)
    shuffling.shuffle(shuffled)
    turned = [Alias(each.other_url, each.url, each.evidence) for each in aliases]
    shuffling.shuffle(turned)

    found, other = identify(rows, (), aliases), identify(shuffled, (), [*turned, *aliases[:1]])

    assert by_place(other) == by_place(found)
    assert other.keys == found.keys
    assert other.pairs == found.pairs


def test_many_addresses_with_one_content_give_the_same_pairs_in_any_order() -> None:
    rows: list[Row] = [(f"page-{name}", 1, *linked(name)) for name in "abcdefghij"]
    shuffling = random.Random(4)
    found = identify(rows).pairs

    for _ in range(5):
        shuffling.shuffle(rows)
        assert identify(rows).pairs == found


@settings(max_examples=40, deadline=None)
@given(some_pages, some_aliases, st.data())
def test_the_same_listing_on_new_pages_changes_no_document_and_no_rule(
    pages: list[list[Content]], aliases: list[Alias], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(pages), min_size=1, max_size=3))
    found = identify(rows_of(*pages), (), aliases)

    for more in (again, pages):
        grown = identify(rows_of(*pages, *more), (), aliases)
        kept = {place: value for place, value in by_place(grown).items() if place in by_place(found)}
        assert kept == by_place(found)
        assert (grown.keys, grown.pairs) == (found.keys, found.pairs)


@settings(max_examples=40, deadline=None)
@given(some_pages)
def test_no_rule_breaks_a_promise(pages: list[list[Content]]) -> None:
    """No two blocks of a page, no two present-day addresses and no two dates in one document by rules alone."""
    found = identify(rows_of(*pages))

    blocks = [(entry["page_id"], entry["document_id"]) for entry in found.entries if entry["url"] is None]
    assert len(blocks) == len(set(blocks))
    slugs: dict[object, set[object]] = {}
    dates: dict[object, set[object]] = {}
    dated_alike_by_address = {
        url
        for url in {entry["url"] for entry in found.entries}
        if len({str(e["date_text"]).strip() for e in found.entries if e["url"] == url and e["date_text"]}) == 1
    }
    for entry in found.entries:
        url, document = entry["url"], entry["document_id"]
        if url is not None and not str(url)[-1].isdigit():
            slugs.setdefault(document, set()).add(url)
        if entry["date_text"] and (url is None or url in dated_alike_by_address):
            dates.setdefault(document, set()).add(str(entry["date_text"]).strip())
    assert {len(found) for found in slugs.values()} <= {1}
    assert {len(found) for found in dates.values()} <= {1}
    assert all(pair["left_id"] < pair["right_id"] for pair in found.pairs)


# Through the tables


NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # one building costs a third of a second
TABLES = ("documents", "revisions", "document_keys", "candidate_pairs")


def built(runs: list[Run], cuts: list[int], shuffling: random.Random | None) -> dict[str, list[dict[str, object]]]:
    pieces = [segment for run in runs for segment in segments(run, cuts)]
    if shuffling:
        shuffling.shuffle(pieces)
    tables: Tables = build_tables(pieces)
    return {name: tables[name].to_pylist() for name in TABLES}


def seen(page: list[Content], number: int, instant: dt.datetime | None) -> Seen:
    blocks = tuple(Block(title, date, summary, url) for date, title, summary, url in page)
    # One collection each: which reading is complete, and so which run counts, is not what is asked here.
    return Seen(blocks, len(page), f"collection-{number}", 1, len(page), instant)


@pytest.mark.parametrize("known", [True, False], ids=["known instants", "unknown instants"])
@settings(max_examples=4, deadline=None, phases=NO_SHRINKING)
@given(
    some_pages, st.lists(st.integers(0, 2), min_size=6, max_size=6), st.lists(st.integers(1, 5), max_size=3), shuffles
)
def test_captures_over_any_runs_and_segments_in_any_order_give_the_same_tables(
    known: bool, pages: list[list[Content]], which_run: list[int], cuts: list[int], shuffling: random.Random
) -> None:
    start = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    step = dt.timedelta(hours=shuffling.choice([1, 7, 30]))
    captures = [seen(page, number, start + number * step if known else None) for number, page in enumerate(pages)]
    shuffled = list(captures)
    shuffling.shuffle(shuffled)
    runs = [
        Run(f"r{number}", tuple(capture for capture, run in zip(shuffled, which_run, strict=False) if run == number))
        for number in range(3)
    ]

    at_once = built([Run("r0", tuple(captures))], [], None)
    in_pieces = built([run for run in runs if run.seen], cuts, shuffling)

    assert in_pieces == at_once


@settings(max_examples=3, deadline=None, phases=NO_SHRINKING)
@given(some_pages, st.integers(1, 9))
def test_the_same_captures_in_a_later_run_change_no_document(pages: list[list[Content]], days: int) -> None:
    start = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    run = Run("r0", tuple(seen(page, number, start) for number, page in enumerate(pages)))
    later = Run("r1", tuple(replace(capture, at=start + dt.timedelta(days=days)) for capture in run.seen))

    once, twice = built([run], [], None), built([run, later], [], None)

    for rows in (*once.values(), *twice.values()):
        for row in rows:
            for column in ("first_seen_at", "last_seen_at", "last_changed_at"):
                row.pop(column, None)
    assert twice == once
