"""What a harvest will take: said before it honestly, and shown while it runs from the first page on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from extractors.wilson_center.catalog import parse_catalog
from extractors.wilson_center.result_sets import ARCHIVE_DOCUMENTS
from flows.estimate import estimate
from flows.harvest import harvest
from flows.request import HarvestRequest
from schemas.records import Progress
from tests.conftest import Command, run_here
from tests.flows.live import write_catalog_for
from tests.replica import ReplicaSite, replica


@pytest.fixture(scope="module", params=[False, True], ids=["a hundred a page", "ten a page"])
def site(request: pytest.FixtureRequest) -> Iterator[ReplicaSite]:
    with replica(documents=230, collections=3, items_per_page_ignored=request.param) as site:
        yield site


@pytest.fixture
def discovered(site: ReplicaSite, tmp_path: Path) -> Path:
    """The catalog that discover writes."""
    start = write_catalog_for(site, tmp_path / "start.toml", [])
    text = start.read_text()
    start.write_text(text[: text.index("[[collections]]")])
    done = run_here("discover", "--catalog", start, "--output", tmp_path / "found.toml")
    assert done.returncode == 0, done.stderr
    return tmp_path / "found.toml"


def asked(site: ReplicaSite) -> int:
    return len([each for each in site.log() if not each["path"].startswith("/__replica__/")])


def test_a_dry_run_of_the_whole_archive_takes_it_for_as_large_as_it_is(tmp_path: Path, wcda_here: Command) -> None:
    found = estimate(HarvestRequest("site", tmp_path / "w"))
    done = wcda_here("harvest", "--dry-run")

    assert (found.requests, found.most_requests) == (1 + ARCHIVE_DOCUMENTS // 100, 1 + ARCHIVE_DOCUMENTS // 10)
    assert (found.unknown, found.assumed) == (0, ARCHIVE_DOCUMENTS)
    assert "171 requests" in done.stdout
    assert "it is taken to have some 17,000 documents; wcda discover" in done.stdout


def test_discover_writes_the_count_of_the_whole_archive(discovered: Path) -> None:
    entries = parse_catalog(discovered.read_text(), "found").collections

    assert [entry.count for entry in entries if entry.address == "/search"] == [230]


def test_as_many_requests_are_made_as_a_dry_run_foresees(site: ReplicaSite, discovered: Path, tmp_path: Path) -> None:
    request = HarvestRequest("site", tmp_path / "w", discovered)
    found = estimate(request)
    site.clear_log()

    harvest(request)

    assert asked(site) in (found.requests, found.most_requests)


def test_the_pages_that_are_expected_are_the_same_from_the_first_page_to_the_last(
    discovered: Path, tmp_path: Path
) -> None:
    seen: list[Progress] = []

    harvest(HarvestRequest("site", tmp_path / "w", discovered), watch=seen.append)

    shown = [each for each in seen if each.pages]
    assert {each.expected_pages for each in shown} == {shown[-1].pages}


def test_pages_of_documents_are_expected_too(discovered: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []

    harvest(HarvestRequest("site", tmp_path / "w", discovered, documents=True), watch=seen.append)

    last = seen[-1]
    assert last.pages == last.expected_pages
    assert all(each.pages <= (each.expected_pages or 0) for each in seen)
