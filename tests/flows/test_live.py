"""The live site: everything of it, and whatever goes wrong ends in whole tables or a clear report."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.flows.live import (
    frame,
    published_documents,
    published_memberships,
    run_here,
    true_documents,
    true_memberships,
    write_catalog_for,
)
from tests.replica import ReplicaSite, replica

DOCUMENTS = 120


@pytest.fixture(scope="module")
def running() -> Iterator[ReplicaSite]:
    """A small archive that gives ten entries a page, whatever is asked for."""
    with replica(documents=DOCUMENTS, collections=3, items_per_page_ignored=True) as site:
        yield site


@pytest.fixture
def site(running: ReplicaSite) -> ReplicaSite:
    """The same as at its start."""
    running.restore()
    return running


@pytest.fixture
def catalog(site: ReplicaSite, tmp_path: Path) -> Path:
    """All collections of the archive, at full speed."""
    return write_catalog_for(site, tmp_path / "catalog.toml")


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


def assert_is_whole(site: ReplicaSite, warehouse: Path) -> None:
    """The tables are what the archive holds now."""
    truth = site.truth
    assert published_memberships(warehouse) == true_memberships(truth)
    assert published_documents(warehouse) >= true_documents(truth)
    collections = frame(warehouse, "collections")
    assert set(collections["coverage"]) == {1.0}
    assert set(collections["complete"]) == {True}


def requests_for_pages(site: ReplicaSite) -> list[dict[str, Any]]:
    return [entry for entry in site.log() if entry["path"].startswith("/search")]


@dataclass(frozen=True)
class Fault:
    """A fault, and what a harvest that meets it comes to.

    Attributes:
        said: What the person is told, on standard error if nothing was published, else on standard output.
        whole: Whether the tables are all that the archive holds.
    """

    name: str
    parameters: dict[str, Any]
    exit_code: int
    said: str = ""
    whole: bool = False


def passing(name: str, **parameters: Any) -> Fault:
    """A fault that is over before patience is."""
    return Fault(name, parameters, 0, whole=True)


ONE_PAGE = r"^/search\?page=4$"
FAULTS = {
    "reset, then well": passing("reset", times=2, match=ONE_PAGE),
    "reset within a body, then well": passing("reset", part=0.5, times=2, match=ONE_PAGE),
    "reset always": Fault("reset", {}, 1, "the connection was"),
    "reset on one page": Fault("reset", {"match": ONE_PAGE}, 3, "page 4"),
    "stall, then well": passing("stall", times=1, match=ONE_PAGE),
    "stall within a body on one page": Fault("stall", {"part": 0.5, "match": ONE_PAGE}, 3, "no answer within 1 s"),
    "cut body, then well": passing("cut-body", times=2, match=ONE_PAGE),
    "cut body of an honest length, then well": passing("cut-body", honest=True, times=2, match=ONE_PAGE),
    "cut body on one page": Fault("cut-body", {"match": ONE_PAGE}, 3, "ended early"),
    "429 that says when": passing("http-429", retry_after=1, times=2),
    "429 that says a date": passing("http-429", retry_after_date=1, times=1),
    "429 that does not say when": passing("http-429", times=2),
    "429 that asks for an hour": Fault("http-429", {"retry_after": 3600}, 1, "3600"),
    "429 that asks for an hour in mid-run": Fault("http-429", {"retry_after": 3600, "after": 6}, 3, "3600"),
    "500, then well": passing("http-500", times=2, match=ONE_PAGE),
    "500 on one page": Fault("http-500", {"match": ONE_PAGE}, 3, "HTTP 500"),
    "502, then well": passing("http-502", times=2, match=ONE_PAGE),
    "503 that says when": passing("http-503", retry_after=1, times=1),
    "503 always": Fault("http-503", {}, 1, "HTTP 503"),
    "challenge with 200": Fault("challenge-200", {}, 1, "use web archives"),
    "challenge with 403": Fault("challenge-403", {}, 1, "use web archives"),
    "challenge with 200 in mid-run": Fault("challenge-200", {"after": 6}, 3, "use web archives"),
    "challenge with 403 in mid-run": Fault("challenge-403", {"after": 6}, 3, "use web archives"),
    "maintenance with 200": Fault("maintenance", {}, 1, "under maintenance"),
    "maintenance with 200 in mid-run": Fault("maintenance", {"after": 6}, 3, "under maintenance"),
    "maintenance with 503": Fault("maintenance", {"status": 503}, 1, "HTTP 503"),
    "redirect loop on one page": Fault("redirect-loop", {"match": ONE_PAGE}, 3, "circle"),
    "redirect off the host on one page": Fault("redirect-off-host", {"match": ONE_PAGE}, 3, "elsewhere.invalid"),
    "200 MB on one page": Fault("huge-body", {"match": ONE_PAGE}, 3, "more than 8 MiB"),
    "200 MB of no declared length on one page": Fault(
        "huge-body", {"declared": False, "match": ONE_PAGE}, 3, "more than 8 MiB"
    ),
    "gzip bomb on one page": Fault("gzip-bomb", {"megabytes": 200, "match": ONE_PAGE}, 3, "page 4"),
    "wrong charset in the header": passing("wrong-charset"),
    "wrong charset in header and page": passing("wrong-charset", in_header=False),
    "empty table on one page": Fault("empty-table", {"match": ONE_PAGE}, 3, "none can be read"),
    "nine rows where the range says ten": Fault("missing-row", {"match": ONE_PAGE}, 3, "9"),
    "nine rows once": passing("missing-row", match=ONE_PAGE, times=1),
    "changed layout": Fault("changed-layout", {}, 1, "layout"),
    "total that grows in mid-crawl": passing("growing-total", after=5, times=1),
    "total that shrinks in mid-crawl": passing("shrinking-total", after=5, times=1),
    "total that grows all the time": Fault("growing-total", {}, 3, "the total kept changing"),
    "the same page for every page=": Fault("same-page", {}, 3, "shows 1 - 10 where"),
    "the same page under another range line": Fault(
        "same-page", {"lying_range": True}, 3, "the same entries as page 0"
    ),
    "a facet that shows nothing": passing("vanished-facet", shows="nothing"),
    "a facet that shows everything": Fault(
        "vanished-facet", {"shows": "everything"}, 3, "as many documents as the whole"
    ),
    "a facet that is not found": Fault("vanished-facet", {"shows": "not-found"}, 3, "HTTP 404"),
    "robots.txt that forbids": Fault("robots-forbids", {}, 1, "robots.txt forbids"),
    "robots.txt that delays": passing("robots-delays", seconds=0.05),
    "robots.txt that is missing": passing("robots-missing"),
    "robots.txt that is broken": passing("robots-broken"),
    "robots.txt that fails": Fault("robots-500", {}, 1, "robots.txt"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_each_fault_ends_in_whole_tables_or_a_clear_report(
    fault: Fault, site: ReplicaSite, catalog: Path, warehouse: Path
) -> None:
    site.set_fault(fault.name, **fault.parameters)

    done = run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct")

    assert done.returncode == fault.exit_code, done.stdout + done.stderr
    assert [each["struck"] for each in site.faults()] > [0]
    if fault.exit_code == 1:
        assert len(done.stderr.splitlines()) == 1
        assert fault.said in done.stderr
        assert not (warehouse / "current").exists()
    else:
        assert fault.said in done.stdout
        assert run_here("check", "--warehouse", warehouse).returncode == 0
    if fault.whole and fault.name != "vanished-facet":
        assert_is_whole(site, warehouse)
    if fault.exit_code == 3:
        assert False in set(frame(warehouse, "collections")["complete"])
        assert frame(warehouse, "readings")["reason"].notna().any()
        assert frame(warehouse, "runs")["outcome"].tolist() == ["short"]
