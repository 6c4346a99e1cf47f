"""The live site as a source: its pages come one after the other, whatever is done between them."""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from extractors.known_pages import KnownPages
from extractors.sources import Choice, SourceRequest
from extractors.sources.live import LiveSite
from extractors.wilson_center.catalog import Catalog
from schemas.errors import UsageError
from schemas.listings import listing_entries
from schemas.records import FetchedPage, Item
from tests.flows.live import QUICK
from tests.replica import ReplicaSite, replica

NOTHING_KNOWN = KnownPages([])
PAGES = 12


@pytest.fixture
def site() -> Iterator[ReplicaSite]:
    with replica(documents=PAGES * 10, collections=0, items_per_page_ignored=True) as site:
        yield site


def source_of(site: ReplicaSite, *collections: str, contact: str | None = QUICK["contact"]) -> LiveSite:
    catalog = Catalog.model_validate({"archive": {"url": site.url}, "politeness": {**QUICK, "contact": contact}})
    return LiveSite(SourceRequest("site", catalog, Path("warehouse"), Choice(collections=collections)))


def pages(items: list[Item]) -> list[FetchedPage]:
    return [item for item in items if isinstance(item, FetchedPage) and item.collection_id is not None]


def test_robots_txt_comes_first_and_then_each_page_once_as_it_was_read(site: ReplicaSite) -> None:
    source = source_of(site)

    items = list(source.items(NOTHING_KNOWN))

    assert isinstance(items[0], FetchedPage)
    assert items[0].exchange.url == f"{site.url}/robots.txt"
    assert len(items) == 1 + PAGES
    assert [len(listing_entries(each.page)) for each in pages(items) if each.page] == [10] * PAGES
    assert len({each.exchange.url for each in pages(items)}) == PAGES
    assert source.issues() == []
    assert (source.progress.pages, source.progress.expected_pages, source.progress.failed) == (PAGES, PAGES, 0)


def test_no_request_times_out_for_what_is_done_between_two_pages(site: ReplicaSite) -> None:
    site.set_fault("slow", seconds=0.3, match=r"page=[2-9]")
    items: list[Item] = []
    with closing(source_of(site).items(NOTHING_KNOWN)) as coming:
        for item in coming:
            items.append(item)
            if len(items) == 5:  # those that come at once; the others are under way
                time.sleep(2 * QUICK["timeout_seconds"])

    assert len(pages(items)) == len(items) - 1 == PAGES
    assert len([each for each in site.log() if each["path"].startswith("/search")]) == PAGES


def test_who_stops_early_leaves_nothing_open(site: ReplicaSite) -> None:
    source = source_of(site)
    with closing(source.items(NOTHING_KNOWN)) as items:
        assert [next(items), next(items)]

    assert source.progress.pages == 1


def test_mistakes_are_found_before_anything_is_asked(site: ReplicaSite) -> None:
    with pytest.raises(UsageError, match="topics-0: the catalog has no such collection"):
        source_of(site, "topics-0")
    with pytest.raises(UsageError, match="--contact"):
        source_of(site, contact=None).check()
    catalog = Catalog.model_validate({"archive": {"url": site.url}, "politeness": QUICK})
    for days in ({"since": dt.date(2025, 3, 1)}, {"until": dt.date(2025, 3, 1)}):
        with pytest.raises(UsageError, match="a site has only the pages of today"):
            LiveSite(SourceRequest("site", catalog, Path("warehouse"), Choice(**days))).check()

    assert [each for each in site.log() if not each["path"].startswith("/__replica__/")] == []
