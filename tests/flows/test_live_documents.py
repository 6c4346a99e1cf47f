"""Pages of documents from the site: asked for after the listings, each once, and as the generator has them."""

import datetime as dt
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

import wcda
from extractors.document_planning import (
    Absence,
    DocumentPlan,
    addresses_of_pages,
    captures_of,
    due_documents,
    known_absences,
    known_documents,
)
from extractors.parsing import SegmentParser
from extractors.planning import MAX_IN_A_ROW
from extractors.warc.landed import LandedCapture, LandedIssue
from flows.estimate import estimate
from flows.harvest import BATCH_PAGES, harvest, rebuild
from flows.request import HarvestRequest
from schemas.issues import GONE, LASTING
from schemas.records import Capture, Plan
from tests.conftest import WCDA, bare_environment, run_here, run_wcda
from tests.extractors.test_document_pages import page
from tests.flows.document_truth import harvest_documents
from tests.flows.faults import ON_DOCUMENTS, PAGES, QUICK_ON_DOCUMENTS, Fault
from tests.flows.live import frame, published_documents, true_documents, write_catalog_for
from tests.flows.test_main_job import lasting, read_tables
from tests.flows.true_tables import assert_true
from tests.replica import ReplicaSite, replica
from tests.replica.details import document_details
from tests.replica.records import file_body

SITE = "https://digitalarchive.wilsoncenter.org"
KILLS = 10
RELATED = '<table><tr><td class="document"><a href="/document/a"><h3>A Talk</h3></a></td></tr></table>'
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def texts(warehouse: Path) -> dict[tuple[str, int], str]:
    """Each text by the record id of its document, and its place on the page."""
    w = wcda.open_warehouse(warehouse)
    named = w.texts.merge(w.documents[["document_id", "record_id"]], on="document_id")
    return {(row["record_id"], row["position"]): row["text"] for row in named.to_dict("records")}


def true_texts(site: ReplicaSite) -> dict[tuple[str, int], str]:
    """What `texts` must be."""
    own = {str(one.record_id): document_details(one).texts for one in site.truth.documents}
    return {(number, place): text.text for number, each in own.items() for place, text in enumerate(each, 1)}


def paths_of_files(site: ReplicaSite) -> list[str]:
    """The files that the pages of a site's documents show."""
    return [file.path for document in site.truth.documents for file in document_details(document).files]


def test_pages_of_documents_never_captured_come_first_then_the_oldest() -> None:
    days = {"a": 400, "b": 10, "d": 300}
    known: dict[str, dt.datetime | None] = {name: NOW - dt.timedelta(days=age) for name, age in days.items()}

    assert due_documents({**known, "c": None}, NOW, dt.timedelta(days=180)) == ["c", "a", "d"]


def test_a_page_that_came_of_no_use_is_asked_for_again_behind_the_others_and_not_for_ever() -> None:
    plan = DocumentPlan(["a", "b"])
    asked = []
    while (url := plan.next()) is not None:
        asked.append(url)
        plan.observe(url, is_useful=url == "b")

    assert asked == ["a", "b", "a", "a"]
    assert plan.end() == "1 of 2 pages of documents did not come whole; ask again for the rest"


def test_a_site_that_sends_nothing_of_use_is_left_alone() -> None:
    plan = DocumentPlan([str(number) for number in range(500)])
    asked = 0
    while (url := plan.next()) is not None:
        asked += 1
        plan.observe(url, is_useful=False)

    assert asked == MAX_IN_A_ROW
    assert plan.end() is not None


def test_what_a_site_does_not_have_is_believed_once_it_sent_something_else() -> None:
    plan = DocumentPlan(["a", "b", "c"], {"c": Absence(GONE.name, NOW)})
    plan.observe_absence("a", "HTTP 404")
    assert plan.absences.take() == []
    plan.observe("b", is_useful=True)
    plan.observe_absence("c", "HTTP 404")
    assert [(issue.kind, issue.level, issue.url) for issue in plan.absences.take()] == [
        ("gone", "error", "a"),
        ("gone", "info", "c"),
    ]
    assert plan.end() is None


def test_a_site_that_has_nothing_for_many_documents_in_a_row_is_not_believed() -> None:
    plan = DocumentPlan([str(number) for number in range(500)])
    while (url := plan.next()) is not None:
        plan.observe_absence(url, "HTTP 404")

    assert plan.end() is not None
    assert {issue.kind for issue in plan.absences.take()} == {"fetch-failed"}


def test_a_page_counts_as_captured_if_it_is_whole_and_that_of_its_document() -> None:
    pages = {
        "whole": page(canonical="/document/whole", cited=f"{SITE}/document/1", record="1"),
        "cut": page(canonical="/document/cut", cited=f"{SITE}/document/2", record="2", end=""),
        "other": page(canonical="/document/whole-2", cited=f"{SITE}/document/3", record="3"),
    }
    parser = SegmentParser()
    for slug, html in pages.items():
        capture = Capture(f"{SITE}/document/{slug}", html.encode(), "text/html", captured_at=NOW, http_status=200)
        parser.add(LandedCapture(f"urn:uuid:{slug}", "run", "a.warc.gz", 0, capture))

    segments = [parser.tables()]
    known = known_documents(segments, known_absences(segments), addresses_of_pages(segments), captures_of(segments))

    assert {url for url, at in known.items() if at is not None} == {f"{SITE}/document/whole", f"{SITE}/document/1"}


def test_every_document_term_text_and_file_of_the_site_is_as_the_generator_made_it(tmp_path: Path) -> None:
    with replica(documents=60, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        request = HarvestRequest("site", tmp_path / "w", catalog, documents=True)
        receipt = harvest(request)
        assert receipt.outcome == "complete"
        truth = site.truth
        assert_true(tmp_path / "w", truth, are_listed=True)
        w = wcda.open_warehouse(tmp_path / "w")
        assert len(w.documents) == 60
        assert w.documents["page_captured_at"].notna().all()
        assert w.issues.empty
        asked = len(w.captures)

        harvest(request)  # no page is due: the listings alone are asked for again
        again = wcda.open_warehouse(tmp_path / "w").captures
        assert not again["url"].iloc[asked:].str.contains("/document/").any()
    rebuild(tmp_path / "w")
    assert_true(tmp_path / "w", truth, are_listed=True)


def test_pages_that_are_due_again_are_asked_for_once_each_and_send_no_body_unless_they_changed(tmp_path: Path) -> None:
    with replica(documents=40, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        request = HarvestRequest("site", tmp_path / "w", catalog, documents=True, document_days=0)
        harvest(request)
        before = read_tables(tmp_path / "w")
        site.clear_log()
        harvest(request)
        asked = [entry for entry in site.log() if entry["path"].startswith("/document/")]
        addresses = [one.address for one in site.truth.documents]
    after = read_tables(tmp_path / "w")
    assert sorted(entry["path"] for entry in asked) == sorted(addresses)
    assert {(entry["status"], entry["bytes"]) for entry in asked} == {(304, 0)}
    assert after["texts"] == before["texts"]


def test_files_of_documents_are_fetched_once_and_within_a_limit(tmp_path: Path) -> None:
    with replica(documents=30, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        request = HarvestRequest("site", tmp_path / "w", catalog, documents=True, files=True, file_mebibytes=1)
        harvest(request)
        harvest(request)
        paths = paths_of_files(site)
    small = {name for name in paths if len(file_body(name)) <= 1024**2}
    assert 0 < len(small) < len(paths)

    w = wcda.open_warehouse(tmp_path / "w")
    files = w.captures.merge(w.pages[w.pages["outcome"] == "file"][["page_id"]], on="page_id")
    assert set(w.files["url"]) == {f"{SITE}{name}" for name in paths}
    assert sorted(files["url"]) == sorted(f"{site.url}{name}" for name in small)
    for file in files.to_dict("records"):
        with (tmp_path / "w" / "raw" / file["warc_file"]).open("rb") as segment:
            segment.seek(file["warc_offset"])
            record = next(iter(ArchiveIterator(segment)))
            assert record.content_stream().read() == file_body(file["url"].removeprefix(site.url))
    refused = w.issues[w.issues["kind"] == "too-large-to-fetch"]
    assert set(refused["message"]) == {"the body has more than 1 MiB; a larger --file-mebibytes fetches it"}
    assert set(refused["url"]) == {f"{SITE}{name}" for name in paths if name not in small}
    assert len(w.issues) == len(refused)


def test_a_file_above_the_limit_is_reported_once_and_fetched_once_the_limit_is_raised(tmp_path: Path) -> None:
    with replica(documents=30, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        request = HarvestRequest("site", tmp_path / "w", catalog, documents=True, files=True, file_mebibytes=1)
        large = {path for path in paths_of_files(site) if len(file_body(path)) > 1024**2}
        assert harvest(request).outcome == "short"
        site.clear_log()
        assert harvest(request).outcome == "complete"
        assert large.isdisjoint(entry["path"] for entry in site.log())
        raised = replace(request, file_mebibytes=2)
        assert (estimate(request).files, estimate(raised).files) == (0, len(large))
        kinds = [wcda.open_warehouse(tmp_path / "w").issues["kind"].tolist()]
        assert harvest(raised).outcome == "complete"
    kinds.append(wcda.open_warehouse(tmp_path / "w").issues["kind"].tolist())
    assert kinds == [["too-large-to-fetch"] * len(large), []]


@pytest.mark.parametrize("begin", ["/document/", "/sites/"], ids=["documents", "files"])
def test_what_robots_txt_forbids_is_reported_once_and_fetched_once_it_is_allowed(begin: str, tmp_path: Path) -> None:
    with replica(documents=30, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        request = HarvestRequest("site", tmp_path / "w", catalog, documents=True, files=True)
        paths = paths_of_files(site) if begin == "/sites/" else [one.address for one in site.truth.documents]
        site.set_fault("robots-forbids", path=begin)
        outcomes = [harvest(request).outcome for _ in range(2)]
        issues = wcda.open_warehouse(tmp_path / "w").issues
        assert not any(entry["path"].startswith(begin) for entry in site.log())
        site.restore()
        outcomes.append(harvest(request).outcome)
        assert_true(tmp_path / "w", site.truth, are_listed=True)
    assert outcomes == ["short", "complete", "complete"]
    assert set(issues["kind"]) == {"forbidden"}
    assert sorted(issues["url"]) == sorted(SITE + path for path in paths)
    assert wcda.open_warehouse(tmp_path / "w").issues.empty


@pytest.mark.parametrize("way", ["answers", "redirects"])
@pytest.mark.parametrize("begin", ["/document/", "/sites/"], ids=["document", "file"])
def test_what_was_gone_and_answers_or_redirects_later_is_no_longer_gone(way: str, begin: str, tmp_path: Path) -> None:
    with replica(documents=30, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        request = HarvestRequest("site", tmp_path / "w", catalog, documents=True, files=True, document_days=0)
        documents = [one for one in site.truth.documents if document_details(one).files]
        path, other = (
            one.address if begin == "/document/" else document_details(one).files[0].path for one in documents[:2]
        )
        site.set_fault("not-found", match=f"^{path}$")
        harvest(request)
        site.restore()
        if way == "redirects":
            site.set_fault("redirect-off-host", match=f"^{path}$", location=other)
        harvest(request)
        site.clear_log()
        harvest(replace(request, document_days=180))
        asked = [entry["path"] for entry in site.log()]
    issues = wcda.open_warehouse(tmp_path / "w").issues
    issues = issues[issues["kind"].isin(LASTING)]
    found = [*zip(issues["kind"], issues["level"], issues["url"], strict=True)]
    assert found == ([("moved", "info", SITE + path)] if way == "redirects" else [])
    assert path not in asked


def test_a_page_that_comes_for_a_file_is_reported_once(tmp_path: Path) -> None:
    with replica(documents=30, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        request = HarvestRequest("site", tmp_path / "w", catalog, documents=True, files=True)
        path = paths_of_files(site)[3]
        site.set_fault("front-page", match=f"^{path}$")
        outcomes = [harvest(request).outcome for _ in range(2)]
    issues = wcda.open_warehouse(tmp_path / "w").issues
    assert outcomes == ["short", "complete"]
    assert ("gone", SITE + path) in [*zip(issues["kind"], issues["url"], strict=True)]


@pytest.mark.parametrize("begin", ["/document/", "/sites/"], ids=["document", "file"])
def test_what_the_site_no_longer_has_is_said_once_and_does_not_make_each_later_run_short(
    begin: str, tmp_path: Path
) -> None:
    with replica(documents=30, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        request = HarvestRequest("site", tmp_path / "w", catalog, documents=True, files=True)
        document = site.truth.documents[7]
        path = document.address if begin == "/document/" else document_details(document).files[0].path
        site.set_fault("not-found", match=f"^{path}$")
        outcomes = []
        for _ in range(2):
            site.clear_log()
            outcomes.append(harvest(request).outcome)
        asked = [entry["path"] for entry in site.log()]
        found = estimate(request)
        site.restore()
    assert outcomes == ["short", "complete"]
    assert path not in asked
    w = wcda.open_warehouse(tmp_path / "w")
    gone = w.issues[w.issues["kind"] == "gone"]
    assert [*zip(gone["level"], gone["url"], gone["message"], strict=True)] == [
        ("error", SITE + path, "the site has nothing here: HTTP 404")
    ]
    assert w.issues["kind"].tolist() == ["gone"]
    assert (found.documents, found.files) == (0, 0)


def test_a_document_that_is_gone_is_asked_for_again_as_late_as_one_that_came() -> None:
    parser = SegmentParser()
    parser.add(Plan("run", "site", NOW, (), live=True))
    parser.add(LandedIssue("run", GONE.issue("the site has nothing here: HTTP 404", url=f"{SITE}/document/a")))
    html = page(canonical="/document/b", more=RELATED)
    capture = Capture(f"{SITE}/document/b", html.encode(), "text/html", captured_at=NOW, http_status=200)
    parser.add(LandedCapture("urn:uuid:b", "run", "a.warc.gz", 0, capture))
    segments = [parser.tables()]
    known = known_documents(segments, known_absences(segments), addresses_of_pages(segments), captures_of(segments))
    assert known[f"{SITE}/document/a"] == NOW
    days = dt.timedelta(days=180)
    assert f"{SITE}/document/a" not in due_documents(known, NOW + days / 2, days)
    assert f"{SITE}/document/a" in due_documents(known, NOW + days, days)


def test_a_dry_run_counts_the_files_that_are_known_and_were_never_captured(tmp_path: Path) -> None:
    with replica(documents=30, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        documents = HarvestRequest("site", tmp_path / "w", catalog, documents=True)
        both = replace(documents, files=True)
        harvest(documents)
        before, without = estimate(both), estimate(documents)
        harvest(both)
        after = estimate(both)
        count = len(paths_of_files(site))
    assert (before.files, without.files, after.files) == (count, 0, 0)
    assert before.requests == without.requests + count


def test_no_file_is_fetched_unless_it_is_asked_for(tmp_path: Path) -> None:
    with replica(documents=10, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        harvest(HarvestRequest("site", tmp_path / "w", catalog, documents=True))
        assert "file" not in set(wcda.open_warehouse(tmp_path / "w").pages["outcome"])


def test_a_dry_run_counts_the_pages_of_documents(tmp_path: Path) -> None:
    with replica(documents=60, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        harvest(HarvestRequest("site", tmp_path / "w", catalog))
        found = estimate(HarvestRequest("site", tmp_path / "w", catalog, documents=True))
    assert found.documents == 60
    assert found.requests >= 61


@pytest.fixture(scope="module")
def running() -> Iterator[ReplicaSite]:
    with replica(documents=PAGES, collections=1) as site:
        yield site


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=name, marks=() if name in QUICK_ON_DOCUMENTS else pytest.mark.accept)
        for name, fault in ON_DOCUMENTS.items()
    ],
)
def test_each_fault_of_document_pages_ends_in_whole_tables_or_a_clear_report(
    fault: Fault, running: ReplicaSite, tmp_path: Path
) -> None:
    running.restore()
    warehouse = tmp_path / "w"
    catalog = write_catalog_for(running, tmp_path / "catalog.toml")
    struck = {} if fault.name.startswith("robots") else {"match": "^/document/"}
    running.set_fault(fault.name, **struck, **fault.parameters)

    done = run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct", "--documents")

    assert done.returncode == fault.exit_code, done.stdout + done.stderr
    assert [each["struck"] for each in running.faults()] > [0]
    assert "Traceback" not in done.stdout + done.stderr
    assert published_documents(warehouse) == true_documents(running.truth)
    found, true = texts(warehouse), true_texts(running)
    # A page that ends behind its texts and before its record id gives the texts, and they are true.
    assert {key: text for key, text in found.items() if isinstance(key[0], str)}.items() <= true.items()
    assert set(found.values()) <= set(true.values())
    if fault.whole:
        assert texts(warehouse) == true_texts(running)
    messages = " ".join(frame(warehouse, "issues")["message"])
    assert fault.said in messages
    missing = int(frame(warehouse, "documents")["page_captured_at"].isna().sum())
    assert missing == 0 or "pages of documents did not come whole" in messages or fault.is_lasting
    asked = Counter(entry["path"] for entry in running.log() if entry["path"].startswith("/document/"))
    assert not asked or max(asked.values()) <= 3
    assert run_here("check", "--warehouse", warehouse).returncode == 0


@pytest.mark.accept
def test_a_harvest_of_documents_that_is_killed_at_any_moment_ends_in_the_same_tables(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    record_property("seed", seed)
    moments = random.Random(seed)
    with replica(documents=250, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        harvest(HarvestRequest("site", tmp_path / "undisturbed", catalog, documents=True))
        expected = lasting(read_tables(tmp_path / "undisturbed"))
        duration = 0.0
        for number in range(KILLS + 1):
            warehouse = tmp_path / f"w{number}"
            command = [WCDA, "harvest", "--catalog", catalog, "--warehouse", warehouse, "--documents", "--direct"]
            site.clear_log()
            begun = time.monotonic()
            process = subprocess.Popen(command, env=bare_environment(tmp_path), stderr=subprocess.DEVNULL)
            try:
                process.wait(moments.uniform(0.1, 1) * duration if number else None)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            duration = duration or time.monotonic() - begun  # of the first, which nothing disturbed
            again = run_wcda(tmp_path, *command[1:])
            assert again.returncode == 0, f"kill {number} of seed {seed}: {again.stderr}"
            assert lasting(read_tables(warehouse)) == expected, f"kill {number} of seed {seed}"
            fetched = [entry["path"] for entry in site.log() if entry["path"].startswith("/document/")]
            assert set(fetched) == {one.address for one in site.truth.documents}
            assert len(fetched) - len(set(fetched)) <= BATCH_PAGES, f"kill {number} of seed {seed}"


@pytest.mark.parametrize("way", ["WARC", pytest.param("Wayback by pywb", marks=pytest.mark.accept)])
def test_every_document_term_text_and_file_of_an_archive_is_as_the_generator_made_it(way: str, tmp_path: Path) -> None:
    warehouse, truth = harvest_documents(way, 40, tmp_path)
    assert_true(warehouse, truth, are_listed=False)
    rebuild(warehouse)
    assert_true(warehouse, truth, are_listed=False)
