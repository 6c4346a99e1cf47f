"""Sources: a harvest treats all alike, a new one is one module, and what the raw zone has is not asked for again."""

import sys
from pathlib import Path

import pytest

from extractors.sources.registry import SOURCES
from extractors.wilson_center import SAMPLES
from flows.harvest import harvest
from flows.request import HarvestRequest
from schemas.records import Progress, Receipt
from tests.extractors.test_wayback import CHINA, IN_APRIL, IN_MARCH, IN_MAY, Captured, Store, having
from tests.flows.live import frame
from tests.flows.test_main_job import lasting, read_tables

LISTING = sorted(SAMPLES.iterdir())[0].read_bytes()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


def captured(timestamp: str, number: int = 0) -> Captured:
    """A capture of a page with a body of its own."""
    return Captured(f"{CHINA}&page={number}", timestamp, LISTING + b"\n" * number)


def request_to(store: Store, warehouse: Path) -> HarvestRequest:
    catalog = warehouse.with_name("catalog.toml")
    catalog.write_text(
        f'[politeness]\ncontact = "tests@example.org"\n[wayback]\nurl = "{store.url}"\n'
        "pages_per_second = inf\nqueries_per_second = inf\n"
    )
    return HarvestRequest("wayback", warehouse, catalog, captures="all")


def harvest_all(store: Store, warehouse: Path) -> Receipt:
    store.asked.clear()
    return harvest(request_to(store, warehouse))


# A web archive is asked for what the raw zone does not have


def test_a_second_run_asks_the_web_archive_for_no_capture_and_gives_the_same_tables(warehouse: Path) -> None:
    with having(captured(IN_MARCH), captured(IN_APRIL, number=1)) as store:
        harvest_all(store, warehouse)
        assert len(store.played) == 2
        first = lasting(read_tables(warehouse))

        again = harvest_all(store, warehouse)

    assert (again.outcome, store.played) == ("complete", [])
    assert lasting(read_tables(warehouse)) == first
    assert frame(warehouse, "runs")["capture_count"].tolist() == [2, 2]


def test_only_a_capture_that_is_new_is_asked_for(warehouse: Path) -> None:
    with having(captured(IN_MARCH)) as store:
        harvest_all(store, warehouse)
        new = captured(IN_MAY, number=1)
        store.captures.append(new)

        harvest_all(store, warehouse)

    assert store.played == [f"/web/{IN_MAY}id_/{new.url}"]


def test_a_capture_that_was_landed_as_a_reference_is_not_asked_for_either(warehouse: Path) -> None:
    with having(Captured(CHINA, IN_MARCH, LISTING), Captured(CHINA, IN_APRIL, LISTING)) as store:
        harvest_all(store, warehouse)
        del store.captures[0]

        harvest_all(store, warehouse)

    assert store.played == []


def test_a_run_that_was_killed_is_taken_up_without_asking_for_what_it_had_landed(warehouse: Path) -> None:
    def break_off(progress: Progress) -> None:
        if progress.pages == 35:
            raise EOFError

    with having(*(captured(IN_MARCH, number) for number in range(40))) as store:
        undisturbed = warehouse.with_name("undisturbed")
        harvest_all(store, undisturbed)
        with pytest.raises(EOFError):
            harvest(request_to(store, warehouse), watch=break_off)

        receipt = harvest_all(store, warehouse)

    assert (receipt.outcome, len(store.played)) == ("complete", 5)
    assert sorted(frame(warehouse, "runs")["outcome"]) == ["complete", "interrupted"]
    assert lasting(read_tables(warehouse)) == lasting(read_tables(undisturbed))


# A new source


NEW_SOURCE = f"""
from extractors.sources.captured import CapturedSource
from extractors.sources.registry import SOURCES
from schemas.records import ArchivedPage, Capture, Collection


class Shelf(CapturedSource):
    def __init__(self, request):
        super().__init__(request, "shelf")

    def check(self):
        pass

    def _read(self, known):
        yield ArchivedPage(Capture("urn:wcda:file:shelf", {LISTING!r}, "text/plain", "shelf"), Collection("shelf"))


SOURCES["shelf"] = f"{{__name__}}:Shelf"
"""


def test_a_new_source_is_one_module(tmp_path: Path, warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shelf_source.py").write_text(NEW_SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("extractors.sources.registry.SOURCES", SOURCES.copy())
    __import__("shelf_source")

    receipt = harvest(HarvestRequest("shelf", warehouse))

    assert receipt.outcome == "complete"
    assert frame(warehouse, "runs")["source"].tolist() == ["shelf"]
    assert [collection.collection_id for collection in receipt.collections] == ["shelf"]
    assert receipt.counts["documents"] == 10
    del sys.modules["shelf_source"]
