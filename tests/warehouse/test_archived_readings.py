"""What the tables say of a collection that others captured over the years: a story, told by landing.

In March 2015 the old site lists four documents by their numbers, on two pages. In May 2024 the present site lists four
by slugs: one of those has left, one has come, one has another title, one another summary, and one is as it was.
"""

import datetime as dt
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.landing import Landing
from extractors.parsed_cache import ParsedCache
from extractors.parsing import parse_segment
from extractors.raw_zone import RawZone
from extractors.wilson_center import ARCHIVE
from schemas.identifiers import stable_id
from schemas.records import Alias, ArchivedPage, Capture, Collection, Exchange, FetchedPage, Item, Plan, RunEnd
from tests.warehouse import test_tables as model
from tests.warehouse.conftest import Tables
from warehouse.building import build_tables
from warehouse.building.readings import WINDOW
from warehouse.checks import table_problems
from warehouse.explanation import RULE_MEANINGS, explain
from warehouse.folder import WarehouseFolder
from warehouse.publishing import publish
from wcda.changes import Change, find_changes
from wcda.snapshots import Snapshot

SITE = "https://digitalarchive.wilsoncenter.org"
STAGING = "https://wilson-center.drivingcreative.com"
COLLECTION = Collection("grain-and-salt", "topics", "Grain and Salt")
HARVESTED = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Listed:
    """A document as a listing has it; `name` is the last part of its address."""

    name: str
    date: str
    title: str
    summary: str

    @property
    def address(self) -> str:
        return f"{SITE}/document/{self.name}"

    @property
    def document_id(self) -> str:
        return stable_id(f"address:{self.address}")


GRAIN_2015 = Listed(
    "110001", "August 04, 1961", "Telegram from Karpov on Grain", "Karpov asks for more grain this year."
)
NETS_2015 = Listed("110002", "May 10, 1962", "Report on Nets and Fisheries", "The nets are old, and new ones are late.")
RAILS_2015 = Listed("110003", "June 1, 1963", "Notes on the Railways", "A note.")
SALT_2015 = Listed("110004", "July 2, 1964", "Memorandum on Salt", "Salt is dear in the northern ports.")
GRAIN = replace(
    GRAIN_2015, name="karpov-on-grain", date="August 4, 1961", title="Ambassador Karpov's Request for Grain"
)
NETS = replace(NETS_2015, name="nets-and-fisheries")
RAILS = replace(RAILS_2015, name="railways", summary="Sokolov describes the state of the railways in the east.")
ORE = Listed("uranium-ore", "March 3, 1965", "Telegram on Uranium Ore", "Ore is to be sent by sea in the spring.")
ALIASES = (
    Alias(GRAIN_2015.address, GRAIN.address, "redirect"),
    Alias(RAILS.address, RAILS_2015.address, "citation"),
    Alias(f"{SITE}/document/119999", ORE.address, "redirect"),
)


def at(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, 12, tzinfo=dt.UTC)


SPRING, MAY = at(2015, 3, 1), at(2024, 5, 1)
DAY = dt.timedelta(days=1)


def old_listing(listed: Sequence[Listed], first: int, total: int) -> str:
    """A page of the old site."""
    rows = "".join(
        f'<li><a class="lnk-res" href="/document/{each.name}"><p class="itm-date">{each.date}</p>'
        f'<h3 class="itm-title">{each.title}</h3></a><p>{each.summary}</p></li>\n'
        for each in listed
    )
    shown = f"<p>Results <b>{first}</b> - <b>{first + len(listed) - 1}</b> of <b>{total}</b></p>"
    return f'<!DOCTYPE html><html><body>\n{shown}\n<ul class="search-res">\n{rows}</ul></body></html>'


def listing(listed: Sequence[Listed], first: int, total: int) -> str:
    """A page of the present site."""
    rows = "".join(
        f'<tr><td class="document contextual-region"><div class="date">{each.date}</div>'
        f'<h3 class="title"><a href="/document/{each.name}"><span>{each.title}</span></a></h3>'
        f'<div class="text-block"><p>{each.summary}</p></div></td></tr>\n'
        for each in listed
    )
    shown = f"<p>Results: <strong>{first} - {first + len(listed) - 1} of {total}</strong> Documents</p>"
    table = f'<table class="table table-hover table-striped"><tbody>\n{rows}</tbody></table>'
    return f"<!DOCTYPE html><html><body><main>{shown}\n{table}</main></body></html>"


def page(
    number: int, *listed: Listed, at: dt.datetime, total: int = 4, size: int = 2, host: str = SITE, old: bool = False
) -> ArchivedPage:
    """A capture of a page, from 0, of the collection."""
    url = f"{host}/collection/31/grain/{number + 1}" if old else f"{host}/search?f[0]=topics:31&page={number}"
    html = (old_listing if old else listing)(listed, number * size + 1, total)
    return archived(url, html, at)


def archived(url: str, html: str, at: dt.datetime, status: int = 200) -> ArchivedPage:
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    capture = Capture(url, html.encode(), "text/html", COLLECTION.collection_id, at, status, headers)
    return ArchivedPage(capture, COLLECTION)


OF_2015 = (
    page(0, GRAIN_2015, NETS_2015, at=SPRING, old=True),
    page(1, RAILS_2015, SALT_2015, at=SPRING + DAY, old=True),
)
OF_2024 = (page(0, GRAIN, NETS, at=MAY), page(1, RAILS, ORE, at=MAY + 2 * DAY), *ALIASES)
UNREADABLE = "<!DOCTYPE html><html><body><h1>503 Service Unavailable</h1></body></html>"


class Warehouse:
    """A warehouse into which archives are harvested, one run after the other."""

    def __init__(self, path: Path) -> None:
        self.folder = WarehouseFolder(path)
        self.raw_zone = RawZone(self.folder.raw)
        self.runs = 0

    def harvest(self, *items: Item) -> None:
        """Land what an archive has."""
        with self._landing(live=False) as landing:
            for item in items:
                landing.land(item)

    def ask_the_site(self, *pages: ArchivedPage) -> None:
        """Land the same pages as a live site would give them."""
        with self._landing(live=True) as landing:
            for each in pages:
                capture = each.capture
                assert capture.captured_at is not None
                exchange = Exchange(capture.url, (), 200, "OK", capture.headers, capture.body, capture.captured_at)
                landing.land(FetchedPage(exchange, COLLECTION.collection_id, capture.body))

    def _landing(self, *, live: bool) -> "_Run":
        self.runs += 1
        return _Run(self, f"r{self.runs}", live=live)

    def tables(self) -> Tables:
        tables = build_tables(map(parse_segment, self.raw_zone.segments()))
        assert table_problems(tables) == []
        return tables

    def publish(self) -> Snapshot:
        with self.folder.locked():
            return publish(self.folder, self.tables(), {}, archive=ARCHIVE)


class _Run:
    """The landing of one run, from its plan to its end."""

    def __init__(self, warehouse: Warehouse, run_id: str, *, live: bool) -> None:
        self.landing = Landing(warehouse.raw_zone, ParsedCache(warehouse.folder.parsed), run_id)
        self.batch = self.landing.batch()
        self.plan = Plan(run_id, "an archive", HARVESTED, (), live=live)

    def __enter__(self) -> Landing:
        self.batch.__enter__()
        self.landing.land_plan(self.plan, None)
        return self.landing

    def __exit__(self, *raised: Any) -> None:
        if raised[0] is None:
            self.landing.land_end(RunEnd(HARVESTED + DAY))
        self.batch.__exit__(*raised)
        self.landing.finish()


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


def harvested(path: Path, *archives: Iterable[Item]) -> Tables:
    """The tables of archives that were harvested in this order, each in a run of its own."""
    made = Warehouse(path)
    for archive in archives:
        made.harvest(*archive)
    return made.tables()


def rows(tables: Tables, name: str) -> list[dict[str, Any]]:
    return tables[name].to_pylist()


def members(tables: Tables) -> list[tuple[str, int | None]]:
    """Title and rank of each member of the collection, by rank."""
    titles = {row["document_id"]: row["title"] for row in rows(tables, "documents")}
    return [(titles[row["document_id"]], row["rank"]) for row in rows(tables, "memberships")]


def readings(tables: Tables) -> list[tuple[dt.datetime | None, int | None, int, bool]]:
    """When each reading began, what it says that there is, what was seen, and whether that is all; by time."""
    found = [
        (row["started_at"], row["reported_total"], row["observed_total"], row["complete"])
        for row in rows(tables, "readings")
    ]
    return sorted(found, key=lambda reading: reading[0] or HARVESTED)


def the_collection(tables: Tables) -> tuple[int | None, int, float | None, bool]:
    (row,) = rows(tables, "collections")
    return row["reported_total"], row["observed_total"], row["coverage"], row["complete"]


BOOKKEEPING = {
    "runs": None,  # left out
    "captures": ("capture_id", "run_id", "warc_file", "warc_offset"),
    "readings": ("run_id",),
    "issues": ("run_id",),
}


def story(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """All rows but for what tells of the harvesting alone; captures that were landed again once."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in tables:
        left_out = BOOKKEEPING.get(name, ())
        if left_out is not None:
            plain = [{key: value for key, value in row.items() if key not in left_out} for row in rows(tables, name)]
            distinct = {repr(row): row for row in plain} if name == "captures" else dict(enumerate(plain))
            found[name] = sorted(distinct.values(), key=repr)
    return found


# The story


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The archive of 2015, then that of 2024."""
    return harvested(tmp_path_factory.mktemp("both"), OF_2015, OF_2024)


def test_documents_are_as_the_latest_capture_shows_them_and_were_seen_from_the_first_to_the_last(both: Tables) -> None:
    assert {
        (row["title"], row["url"], row["collection_count"], row["first_seen_at"], row["last_seen_at"])
        for row in rows(both, "documents")
    } == {
        (GRAIN.title, GRAIN.address, 1, SPRING, MAY),
        (NETS.title, NETS.address, 1, SPRING, MAY),
        (RAILS.title, RAILS.address, 1, SPRING + DAY, MAY + 2 * DAY),
        (SALT_2015.title, SALT_2015.address, 0, SPRING + DAY, SPRING + DAY),
        (ORE.title, ORE.address, 1, MAY + 2 * DAY, MAY + 2 * DAY),
    }
    assert {row["document_id"] for row in rows(both, "documents")} == {
        each.document_id for each in (GRAIN, NETS, RAILS, SALT_2015, ORE)
    }


def test_memberships_are_those_of_the_latest_complete_reading_with_the_instants_of_all(both: Tables) -> None:
    assert members(both) == [(GRAIN.title, 1), (NETS.title, 2), (RAILS.title, 3), (ORE.title, 4)]
    assert [(row["first_seen_at"], row["last_seen_at"]) for row in rows(both, "memberships")] == [
        (SPRING, MAY),
        (SPRING, MAY),
        (SPRING + DAY, MAY + 2 * DAY),
        (MAY + 2 * DAY, MAY + 2 * DAY),
    ]


def test_revisions_have_each_wording_with_the_years_in_which_it_was_seen(both: Tables) -> None:
    titles = {row["document_id"]: row["title"] for row in rows(both, "documents")}

    assert {
        (titles[row["document_id"]], row["revision"], row["title"], row["summary"], row["first_seen_at"].year)
        for row in rows(both, "revisions")
    } == {
        (GRAIN.title, 1, GRAIN_2015.title, GRAIN_2015.summary, 2015),
        (GRAIN.title, 2, GRAIN.title, GRAIN.summary, 2024),
        (NETS.title, 1, NETS.title, NETS.summary, 2015),
        (NETS.title, 2, NETS.title, NETS.summary, 2024),  # its address is another
        (RAILS.title, 1, RAILS.title, RAILS_2015.summary, 2015),
        (RAILS.title, 2, RAILS.title, RAILS.summary, 2024),
        (SALT_2015.title, 1, SALT_2015.title, SALT_2015.summary, 2015),
        (ORE.title, 1, ORE.title, ORE.summary, 2024),
    }


def test_readings_are_two_and_the_collection_is_as_the_later_one_says(both: Tables) -> None:
    assert readings(both) == [(SPRING, 4, 4, True), (MAY, 4, 4, True)]
    assert [row["ended_at"] for row in rows(both, "readings")] == [SPRING + DAY, MAY + 2 * DAY]
    assert the_collection(both) == (4, 4, 1.0, True)
    assert [row["outcome"] for row in rows(both, "runs")] == ["complete", "complete"]


def test_every_address_that_the_archive_ever_gave_leads_to_its_document(both: Tables) -> None:
    found = {row["key"]: row["document_id"] for row in rows(both, "document_keys")}

    for old, new in ((GRAIN_2015, GRAIN), (NETS_2015, NETS), (RAILS_2015, RAILS), (SALT_2015, SALT_2015), (ORE, ORE)):
        for each in (old, new):
            assert found[f"address:{each.address}"] == new.document_id
            assert found[f"id:{each.document_id}"] == new.document_id
    assert found[f"address:{SITE}/document/119999"] == ORE.document_id  # of which no listing was captured


def test_changes_tell_what_came_what_left_and_what_is_known_by_a_better_name(warehouse: Warehouse) -> None:
    warehouse.harvest(*OF_2015)
    former = warehouse.publish()
    warehouse.harvest(*OF_2024)
    found = list(find_changes(former, warehouse.publish()))

    documents = [change for change in found if change.table == "documents"]
    assert {(change.change, change.key, change.present) for change in documents if change.change == "merged"} == {
        ("merged", old.document_id, new.document_id)
        for old, new in ((GRAIN_2015, GRAIN), (NETS_2015, NETS), (RAILS_2015, RAILS))
    }
    assert {change.key for change in documents if change.change == "added"} == {
        each.document_id for each in (GRAIN, NETS, RAILS, ORE)
    }
    assert Change("documents", "changed", SALT_2015.document_id, "collection_count", 1, 0) in found
    left = Change("memberships", "removed", f"{SALT_2015.document_id}/{COLLECTION.collection_id}")
    came = Change("memberships", "added", f"{ORE.document_id}/{COLLECTION.collection_id}")
    assert left in found
    assert came in found


def test_what_is_retitled_without_an_alias_is_left_to_the_other_rules(tmp_path: Path) -> None:
    tables = harvested(tmp_path, OF_2015, OF_2024[:2])

    assert {row["title"] for row in rows(tables, "documents")} == {
        each.title for each in (GRAIN_2015, GRAIN, NETS, RAILS, SALT_2015, ORE)
    }
    assert len(rows(tables, "documents")) == 7  # nothing says that the two with the title of the railways are one
    assert len(members(tables)) == 4


# Whatever was harvested when


def test_archives_harvested_in_reverse_order_tell_the_same(both: Tables, tmp_path: Path) -> None:
    assert story(harvested(tmp_path, OF_2024, OF_2015)) == story(both)


def test_archives_in_one_run_or_page_by_page_tell_the_same(both: Tables, tmp_path: Path) -> None:
    items = [*OF_2024, *OF_2015]

    assert story(harvested(tmp_path / "one", items)) == story(both)
    assert story(harvested(tmp_path / "many", *([item] for item in items))) == story(both)


def test_the_same_archive_again_changes_nothing_but_the_bookkeeping(both: Tables, tmp_path: Path) -> None:
    again = harvested(tmp_path, OF_2015, OF_2024, OF_2015, OF_2024)

    assert story(again) == story(both)
    assert again["captures"].num_rows == 2 * both["captures"].num_rows
    assert again["readings"].equals(both["readings"])
    assert [row["capture_count"] for row in rows(again, "runs")] == [2, 2, 2, 2]


def test_aliases_that_are_harvested_alone_count(both: Tables, tmp_path: Path) -> None:
    tables = harvested(tmp_path, OF_2015, OF_2024[:2], ALIASES)

    assert story(tables) == story(both)
    assert [row["outcome"] for row in rows(tables, "runs")] == ["complete"] * 3


def test_a_live_harvest_after_the_archives_is_what_is_there_now(warehouse: Warehouse) -> None:
    warehouse.harvest(*OF_2015)
    warehouse.harvest(*OF_2024)
    # The archives stop in May; in June the site has one document less, and ten months pass within one reading of it.
    now = at(2024, 6, 1)
    warehouse.ask_the_site(page(0, GRAIN, NETS, at=now, total=3), page(1, ORE, at=now + 300 * DAY, total=3))
    tables = warehouse.tables()

    assert readings(tables) == [(SPRING, 4, 4, True), (MAY, 4, 4, True), (now, 3, 3, True)]
    assert [title for title, _ in members(tables)] == [GRAIN.title, NETS.title, ORE.title]
    assert the_collection(tables) == (3, 3, 1.0, True)


def test_an_archive_that_is_harvested_after_a_later_look_at_the_site_ends_no_membership(warehouse: Warehouse) -> None:
    warehouse.ask_the_site(*(each for each in OF_2024 if isinstance(each, ArchivedPage)))
    before = members(warehouse.tables())
    warehouse.harvest(*OF_2015)

    assert members(warehouse.tables()) == before
    assert the_collection(warehouse.tables()) == (4, 4, 1.0, True)


def test_a_run_that_gave_nothing_takes_nothing_from_the_archives(both: Tables, tmp_path: Path) -> None:
    refused = archived(f"{SITE}/search?f[0]=topics:31&page=1", UNREADABLE, MAY + 3 * DAY)
    tables = harvested(tmp_path, OF_2015, [refused], OF_2024, [replace(refused, capture=OF_2024[1].capture)])

    assert story(tables) == story(both)
    assert [row["outcome"] for row in rows(tables, "runs")] == ["complete", "failed", "complete", "complete"]


some_captures = st.builds(
    lambda letters, total, file, day: model.listing(letters, total=total, file=file, at=SPRING + day * DAY),
    st.sampled_from(["a", "ab", "bc", "c"]),
    st.sampled_from([2, 3]),
    st.sampled_from(["one", "two"]),
    st.sampled_from([0, 0, 1, 29, 31, 62, 90]),
)
refusals = st.builds(
    lambda collection, day: model.unreadable(collection=collection, file="one", at=SPRING + day * DAY),
    st.sampled_from(["x", None]),
    st.sampled_from([0, 1, 30, 70]),
)
ANY = Alias(GRAIN.address, GRAIN_2015.address, "redirect")


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.one_of(some_captures, some_captures, refusals), min_size=1, max_size=6, unique=True),
    st.lists(st.sets(st.integers(0, 2), min_size=1), min_size=6, max_size=6),
    st.randoms(use_true_random=False),
)
def test_captures_of_others_over_any_runs_in_any_order_and_again_tell_the_same(
    captures: list[model.Seen], which_runs: list[set[int]], shuffling: random.Random
) -> None:
    at_once = model.Run("r1", tuple(captures), live=False, aliases=(ANY,))
    runs = []
    for number in range(3):
        taken = [each for each, places in zip(captures, which_runs, strict=False) if number in places]
        shuffling.shuffle(taken)
        runs.append(model.Run(f"r{number}", tuple(taken), live=False, aliases=(ANY,)))

    in_pieces = build_tables([piece for run in runs for piece in model.segments(run)])

    assert table_problems(in_pieces) == []
    assert story(in_pieces) == story(build_tables(model.segments(at_once)))


# Archives that hold only a part


def test_half_of_the_later_archive_adds_what_it_shows_and_removes_nothing(tmp_path: Path) -> None:
    tables = harvested(tmp_path, OF_2015, OF_2024[1:])

    assert readings(tables) == [(SPRING, 4, 4, True), (MAY + 2 * DAY, 4, 2, False)]
    assert {title for title, _ in members(tables)} == {
        GRAIN_2015.title,
        NETS.title,
        RAILS.title,
        SALT_2015.title,
        ORE.title,
    }
    assert the_collection(tables) == (4, 5, 1.25, False)  # one of them must have left, and nobody saw which
    assert [row["outcome"] for row in rows(tables, "runs")] == ["complete", "complete"]
    assert [row["reason"] for row in rows(tables, "readings")] == [None, "2 of 4 documents were seen"]


def test_halves_of_both_archives_are_put_together(tmp_path: Path) -> None:
    tables = harvested(tmp_path, OF_2015[:1], OF_2024[1:])

    assert readings(tables) == [(SPRING, 4, 2, False), (MAY + 2 * DAY, 4, 2, False)]
    assert {title for title, _ in members(tables)} == {GRAIN_2015.title, NETS.title, RAILS.title, ORE.title}
    assert the_collection(tables) == (4, 4, 1.0, False)


def test_half_of_the_earlier_archive_leaves_the_later_one_as_it_is(both: Tables, tmp_path: Path) -> None:
    tables = harvested(tmp_path, OF_2015[:1], OF_2024)

    assert rows(tables, "entries") == rows(both, "entries")
    assert [title for title, _ in members(tables)] == [title for title, _ in members(both)]
    assert readings(tables) == [(SPRING, 4, 2, False), (MAY, 4, 4, True)]


def test_a_document_that_only_an_alias_joined_is_explained_so(warehouse: Warehouse) -> None:
    warehouse.harvest(*OF_2015[:1], *OF_2024[1:])
    found = explain(warehouse.publish(), GRAIN_2015.address)

    assert found.document_id == GRAIN.document_id
    ((rule, because),) = ((entry.rule, entry.because) for entry in found.entries)
    assert (rule, because) == ("alias", RULE_MEANINGS["alias"])
    assert "redirect" in because
    assert set(found.keys) >= {f"address:{GRAIN_2015.address}", f"address:{GRAIN.address}"}


# Windows


def test_captures_up_to_thirty_days_from_the_first_are_one_reading(tmp_path: Path) -> None:
    last = page(1, RAILS, ORE, at=MAY + WINDOW)
    one = harvested(tmp_path / "one", OF_2024[:1], [last])
    later = page(1, RAILS, ORE, at=MAY + WINDOW + dt.timedelta(microseconds=1000))
    two = harvested(tmp_path / "two", OF_2024[:1], [later])

    assert WINDOW == 30 * DAY
    assert readings(one) == [(MAY, 4, 4, True)]
    assert [reading[1:] for reading in readings(two)] == [(4, 2, False), (4, 2, False)]
    assert len(members(two)) == 4


def test_another_total_is_another_reading_though_it_was_seen_the_next_day(tmp_path: Path) -> None:
    tables = harvested(
        tmp_path,
        [page(0, GRAIN, NETS, at=MAY), page(1, RAILS, ORE, at=MAY + DAY)],
        [page(0, GRAIN, NETS, at=MAY + 2 * DAY, total=3), page(1, RAILS, at=MAY + 3 * DAY, total=3)],
    )

    assert readings(tables) == [(MAY, 4, 4, True), (MAY + 2 * DAY, 3, 3, True)]
    assert [title for title, _ in members(tables)] == [GRAIN.title, NETS.title, RAILS.title]


def test_two_archives_that_overlap_in_time_are_one_reading_and_the_last_capture_of_a_page_counts(
    tmp_path: Path,
) -> None:
    retitled = replace(GRAIN, title="Ambassador Karpov Asks for Grain")
    ours = [page(0, GRAIN, NETS, at=MAY), page(1, RAILS, ORE, at=MAY + 3 * DAY)]
    theirs = [page(0, retitled, NETS, at=MAY + DAY), page(1, RAILS, ORE, at=MAY + 2 * DAY)]
    tables = harvested(tmp_path / "a", ours, theirs)

    assert readings(tables) == [(MAY + DAY, 4, 4, True)]
    assert [title for title, _ in members(tables)] == [retitled.title, NETS.title, RAILS.title, ORE.title]
    assert len(rows(tables, "revisions")) == 5
    assert story(harvested(tmp_path / "b", theirs, ours)) == story(tables)


def test_a_copy_of_the_site_under_another_name_is_another_reading(tmp_path: Path) -> None:
    tables = harvested(tmp_path, [page(0, GRAIN, NETS, at=MAY), page(1, RAILS, SALT_2015, at=MAY + DAY, host=STAGING)])

    assert [reading[1:] for reading in readings(tables)] == [(4, 2, False), (4, 2, False)]
    assert len(members(tables)) == 4


def test_pages_that_say_no_total_belong_to_the_reading_in_which_they_fall(tmp_path: Path) -> None:
    early = archived(f"{SITE}/search?f[0]=topics:31&page=7", UNREADABLE, MAY - DAY)
    tables = harvested(tmp_path, [early, *OF_2024[:2]])

    (reading,) = rows(tables, "readings")
    assert (reading["reported_total"], reading["observed_total"]) == (4, 4)
    assert reading["reason"] == "1 pages could not be read"


def test_a_capture_that_cannot_be_read_takes_nothing_from_an_earlier_one_of_its_page_and_is_told(
    tmp_path: Path,
) -> None:
    refused = archived(f"{SITE}/search?f[0]=topics:31&page=0", UNREADABLE, MAY + DAY, status=503)
    tables = harvested(tmp_path / "a", [*OF_2024[:2], refused])

    assert readings(tables) == [(MAY, 4, 4, True)]
    assert len(members(tables)) == 4
    (issue,) = rows(tables, "issues")
    assert (issue["level"], issue["kind"], issue["url"]) == ("error", "unknown-page", refused.capture.url)
    assert [row["outcome"] for row in rows(tables, "runs")] == ["short"]
    again = harvested(tmp_path / "b", [*OF_2024[:2], refused], [*OF_2024[:2], refused])
    assert story(again) == story(tables)
    assert [row["outcome"] for row in rows(again, "runs")] == ["short", "short"]


def test_a_page_of_the_past_that_could_not_be_read_is_told_though_a_complete_reading_came_after_it(
    tmp_path: Path,
) -> None:
    lost = archived(f"{SITE}/collection/31/grain/2", UNREADABLE, SPRING + DAY)
    tables = harvested(tmp_path, [OF_2015[0], lost], OF_2024)

    assert readings(tables) == [(SPRING, 4, 2, False), (MAY, 4, 4, True)]
    assert [row["kind"] for row in rows(tables, "issues")] == ["unknown-page"]


def test_saved_pages_whose_instant_is_not_known_are_a_reading_of_their_run(tmp_path: Path) -> None:
    saved = [
        replace(each, capture=replace(each.capture, captured_at=None, http_status=None, headers=()))
        for each in OF_2024
        if isinstance(each, ArchivedPage)
    ]
    tables = harvested(tmp_path, saved[:1], saved[1:], saved)

    assert [(row["run_id"], row["complete"]) for row in rows(tables, "readings")] == [
        ("r1", False),
        ("r2", False),
        ("r3", True),
    ]


def test_the_reading_is_of_the_last_run_that_gave_something_new(tmp_path: Path) -> None:
    tables = harvested(tmp_path, OF_2024[1:2], OF_2024[:1], OF_2024)

    assert [row["run_id"] for row in rows(tables, "readings")] == ["r2"]


def test_a_page_that_shows_another_range_does_not_make_a_reading_complete(warehouse: Warehouse) -> None:
    at_another_place = archived(f"{SITE}/search?f[0]=topics:31&page=1", listing((RAILS, ORE), 1, 4), MAY)
    warehouse.harvest(page(0, GRAIN, NETS, at=MAY), at_another_place)

    (reading,) = rows(warehouse.tables(), "readings")

    assert (reading["observed_total"], reading["complete"]) == (4, False)
    assert reading["reason"] == "3 - 4 of 4 are on no page"
