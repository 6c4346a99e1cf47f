"""The live site: everything of it, and whatever goes wrong ends in whole tables or a clear report."""

import json
import os
import resource
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from extractors.wilson_center.catalog import parse_catalog
from extractors.wilson_center.result_sets import ARCHIVE_DOCUMENTS
from schemas.records import Progress
from tests.conftest import run_here
from tests.flows.faults import DOCUMENTS, FAULTS, QUICK, SITE, Fault
from tests.flows.live import (
    frame,
    published_documents,
    published_memberships,
    true_documents,
    true_memberships,
    write_catalog_for,
)
from tests.flows.test_main_job import lasting, read_tables
from tests.replica import ReplicaSite, replica


@pytest.fixture(scope="module")
def running() -> Iterator[ReplicaSite]:
    with replica(**SITE) as site:
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


@pytest.mark.parametrize(
    "fault",
    [pytest.param(fault, id=name, marks=() if name in QUICK else pytest.mark.accept) for name, fault in FAULTS.items()],
)
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


# What a harvest does when nothing goes wrong


@pytest.fixture(scope="module")
def generous() -> Iterator[ReplicaSite]:
    """An archive that gives a hundred entries a page where it is asked to."""
    with replica(documents=1250, collections=12) as site:
        yield site


def test_everything_is_there_at_a_hundred_a_page(generous: ReplicaSite, tmp_path: Path, warehouse: Path) -> None:
    catalog = write_catalog_for(generous, tmp_path / "catalog.toml")
    generous.clear_log()

    done = run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct")

    assert done.returncode == 0, done.stdout
    assert_is_whole(generous, warehouse)
    assert frame(warehouse, "issues").empty
    sizes = [len(one.addresses) for one in generous.truth.collections] + [1250]
    assert len(requests_for_pages(generous)) == sum(-(-size // 100) for size in sizes)


def test_everything_is_there_at_ten_a_page_and_no_page_is_asked_for_twice(
    site: ReplicaSite, catalog: Path, warehouse: Path
) -> None:
    done = run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct")

    assert done.returncode == 0, done.stdout
    assert_is_whole(site, warehouse)
    sizes = [len(one.addresses) for one in site.truth.collections] + [DOCUMENTS]
    assert len(requests_for_pages(site)) == sum(-(-size // 10) for size in sizes)


def test_the_site_gets_the_contact_and_robots_txt_comes_first(
    site: ReplicaSite, catalog: Path, warehouse: Path
) -> None:
    run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct")

    log = [entry for entry in site.log() if not entry["path"].startswith("/__replica__/")]
    assert log[0]["path"] == "/robots.txt"
    assert {entry["user-agent"].split("/")[0] for entry in log} == {"wcda"}
    assert all(entry["user-agent"].endswith("(+tests@example.org)") for entry in log)


def test_the_password_of_a_proxy_that_does_not_answer_is_shown_nowhere(
    catalog: Path, warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://jane:p@ssw0rd@127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    done = run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct")

    assert done.returncode == 1
    assert "does not answer (connection refused)" in done.stderr
    output = (
        done.stdout
        + done.stderr
        + "".join(path.read_text(errors="replace") for path in warehouse.rglob("*") if path.is_file())
    )
    assert "jane" not in output
    assert "ssw0rd" not in output


def test_a_site_is_not_asked_without_a_contact(site: ReplicaSite, tmp_path: Path, warehouse: Path) -> None:
    catalog = write_catalog_for(site, tmp_path / "catalog.toml", contact=None)

    done = run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct")

    assert done.returncode == 2
    assert "--contact" in done.stderr
    assert requests_for_pages(site) == []


def test_only_the_collections_that_were_asked_for_are_read(site: ReplicaSite, catalog: Path, warehouse: Path) -> None:
    one = next(each for each in site.truth.collections if each.kind != "text")

    done = run_here("harvest", one.collection_id, "--catalog", catalog, "--warehouse", warehouse, "--direct")

    assert done.returncode == 0
    memberships = published_memberships(warehouse)
    assert memberships == {one.collection_id: true_memberships(site.truth)[one.collection_id]}
    unknown = run_here("harvest", "topics-0", "--catalog", catalog, "--warehouse", warehouse, "--direct")
    assert (unknown.returncode, len(unknown.stderr.splitlines())) == (2, 1)


def test_a_site_that_does_not_answer_is_reported_in_one_line(tmp_path: Path, warehouse: Path) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(
        '[archive]\nurl = "http://127.0.0.1:1"\n[politeness]\ncontact = "a@example.org"\n'
        "backoff_seconds = 0.01\nrequests_per_second = inf\n"
    )

    done = run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct")

    assert done.returncode == 1
    assert "127.0.0.1:1 does not answer (connection refused)" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (warehouse / "current").exists()


# Again


def harvest(catalog: Path, warehouse: Path) -> None:
    done = run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_repeat_with_nothing_changed_transfers_no_page_and_changes_nothing(
    site: ReplicaSite, catalog: Path, warehouse: Path
) -> None:
    harvest(catalog, warehouse)
    first = lasting(read_tables(warehouse))
    asked = len(requests_for_pages(site))
    site.clear_log()

    harvest(catalog, warehouse)

    again = requests_for_pages(site)
    assert (len(again), {entry["status"] for entry in again}, {entry["bytes"] for entry in again}) == (
        asked,
        {304},
        {0},
    )
    assert lasting(read_tables(warehouse)) == first
    assert "no changes" in run_here("changes", "--warehouse", warehouse).stdout
    assert run_here("rebuild", "--warehouse", warehouse, "--direct").returncode == 0
    assert lasting(read_tables(warehouse)) == first


def test_a_third_run_asks_about_the_pages_that_the_first_landed(
    site: ReplicaSite, catalog: Path, warehouse: Path
) -> None:
    for _ in range(3):
        site.clear_log()
        harvest(catalog, warehouse)

    assert {entry["status"] for entry in requests_for_pages(site)} == {304}
    assert_is_whole(site, warehouse)


def test_what_was_added_and_removed_since_is_what_changes(site: ReplicaSite, catalog: Path, warehouse: Path) -> None:
    harvest(catalog, warehouse)
    before = site.truth
    site.set_fault("growing-total", times=1, match=r"^/search")

    harvest(catalog, warehouse)

    assert_is_whole(site, warehouse)
    (new,) = true_documents(site.truth) - true_documents(before)
    assert len(frame(warehouse, "documents")) == DOCUMENTS + 1
    assert "added: 1 document\n" in run_here("changes", "--warehouse", warehouse).stdout
    assert new in published_documents(warehouse)


def test_revisits_of_captures_that_are_gone_never_become_no_records(catalog: Path, warehouse: Path) -> None:
    harvest(catalog, warehouse)
    harvest(catalog, warehouse)
    before = lasting(read_tables(warehouse))
    for segment in sorted((warehouse / "raw").iterdir())[:2]:  # of the first run, with its digest
        segment.unlink()

    done = run_here("rebuild", "--warehouse", warehouse, "--direct")

    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert lasting(read_tables(warehouse)) == before


def test_much_of_a_collection_does_not_leave_unless_a_person_accepts_it(
    site: ReplicaSite, catalog: Path, warehouse: Path
) -> None:
    harvest(catalog, warehouse)
    before = lasting(read_tables(warehouse))
    site.set_fault("vanished-facet", shows="nothing")

    refused = run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct")

    assert refused.returncode == 1
    assert "would leave the collection" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert lasting(read_tables(warehouse)) == before
    accepted = run_here("rebuild", "--accept-loss", "--warehouse", warehouse, "--direct")
    assert accepted.returncode == 0
    assert {name for name in published_memberships(warehouse) if not name.startswith("text-")} == {"all"}


# Killed


def test_an_interrupted_run_goes_on_where_it_was(site: ReplicaSite, catalog: Path, warehouse: Path) -> None:
    undisturbed = warehouse.with_name("undisturbed")
    harvest(catalog, undisturbed)
    all_pages = {entry["path"] for entry in requests_for_pages(site)}
    site.clear_log()
    kill_before_the_end(catalog, warehouse, pages=7)
    site.clear_log()

    harvest(catalog, warehouse)

    again = [entry["path"] for entry in requests_for_pages(site)]
    assert len(again) == len(set(again)) <= len(all_pages) - 7
    assert len(frame(warehouse, "runs")) == 1
    assert lasting(read_tables(warehouse)) == lasting(read_tables(undisturbed))


def kill_before_the_end(catalog: Path, warehouse: Path, pages: int) -> None:
    """A harvest that is broken off when it has landed so many pages, as by a kill: it lands no end."""
    from flows.harvest import harvest as harvest_plainly
    from flows.request import HarvestRequest

    def break_off(progress: Progress) -> None:
        if progress.pages == pages:
            raise EOFError

    with pytest.raises(EOFError):
        harvest_plainly(HarvestRequest("site", warehouse, catalog), watch=break_off)


def test_a_run_that_was_broken_off_with_another_catalog_is_not_gone_on_with(
    site: ReplicaSite, catalog: Path, warehouse: Path, tmp_path: Path
) -> None:
    kill_before_the_end(catalog, warehouse, pages=7)
    other = write_catalog_for(site, tmp_path / "other.toml", site.truth.collections[:1])
    site.clear_log()

    harvest(other, warehouse)

    assert sorted(frame(warehouse, "runs")["outcome"]) == ["complete", "interrupted"]


# Before anything is asked


def test_a_dry_run_says_requests_and_hours_and_asks_nobody(site: ReplicaSite, tmp_path: Path, warehouse: Path) -> None:
    catalog = write_catalog_for(site, tmp_path / "catalog.toml", requests_per_second=2.0)
    site.clear_log()

    done = run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--dry-run", "--json")

    found = json.loads(done.stdout)
    assert site.log() == []
    assert (found["collections"], found["unknown"], found["assumed"]) == (4, 3, ARCHIVE_DOCUMENTS)
    assert found["requests"] == 1 + 3 + ARCHIVE_DOCUMENTS // 100
    harvest(write_catalog_for(site, tmp_path / "quick.toml"), warehouse)
    sizes = [len(one.addresses) for one in site.truth.collections] + [DOCUMENTS]
    known = json.loads(
        run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--dry-run", "--json").stdout
    )
    assert (known["unknown"], known["assumed"]) == (0, 0)
    assert known["most_requests"] == 1 + sum(-(-size // 10) for size in sizes)
    assert known["most_hours"] == known["most_requests"] / 2 / 3600
    assert not (tmp_path / "other").exists()


def test_discover_writes_a_catalog_that_harvests_everything(site: ReplicaSite, tmp_path: Path, warehouse: Path) -> None:
    start, found = (tmp_path / name for name in ("start.toml", "found.toml"))
    write_catalog_for(site, start, [])

    done = run_here("discover", "--catalog", start, "--output", found)

    assert done.returncode == 0, done.stderr
    facets = [one for one in site.truth.collections if one.kind != "text"]
    catalog = parse_catalog(found.read_text(), "found")
    assert {(e.name, e.count) for e in catalog.collections if e.facets} == {(c.name, len(c.addresses)) for c in facets}
    harvest(found, warehouse)
    assert published_memberships(warehouse) == true_memberships(site.truth, facets)


def test_discover_replaces_a_file_only_when_told_to(site: ReplicaSite, tmp_path: Path) -> None:
    start = write_catalog_for(site, tmp_path / "start.toml", [])
    before = start.read_text()
    site.clear_log()

    refused = run_here("discover", "--catalog", start, "--output", start)

    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "start.toml: exists; choose another --output, or replace it with --overwrite" in refused.stderr
    assert start.read_text() == before
    assert [entry for entry in site.log() if not entry["path"].startswith("/__replica__/")] == []
    assert run_here("discover", "--catalog", start, "--output", start, "--overwrite").returncode == 0
    assert parse_catalog(start.read_text(), "start").collections


def test_a_harvest_works_in_a_process_that_has_more_than_1023_files_open(
    site: ReplicaSite, tmp_path: Path, warehouse: Path
) -> None:
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most), most))
    with ExitStack() as files:
        for _ in range(1100):
            files.enter_context(Path(os.devnull).open())
        harvest(write_catalog_for(site, tmp_path / "catalog.toml"), warehouse)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))

    assert len(read_tables(warehouse)["documents"]) == DOCUMENTS


@pytest.mark.parametrize("fault", ["challenge-200", "maintenance", "changed-layout", "http-503", "robots-forbids"])
def test_discover_writes_no_catalog_from_a_page_that_is_no_listing(
    fault: str, site: ReplicaSite, catalog: Path, tmp_path: Path
) -> None:
    site.set_fault(fault)

    done = run_here("discover", "--catalog", catalog, "--output", tmp_path / "found.toml")

    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert not (tmp_path / "found.toml").exists()
