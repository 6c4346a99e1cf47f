"""Pages of documents from the site: asked for after the listings, each once, and as the generator has them."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

import wcda
from extractors.document_planning import due_documents
from flows.estimate import estimate
from flows.harvest import harvest, rebuild
from flows.request import HarvestRequest
from tests.archives.playing import playing
from tests.extractors.foreign import response
from tests.flows.live import write_catalog_for
from tests.replica import ReplicaSite, Truth, replica
from tests.replica.pages import Appearance, Renderer
from tests.replica.records import document_details, file_body, generate

SITE = "https://digitalarchive.wilsoncenter.org"
SITE = "https://digitalarchive.wilsoncenter.org"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def texts(warehouse: Path) -> dict[tuple[str, str], str]:
    """Each text by the record id and author of its document."""
    w = wcda.open_warehouse(warehouse)
    named = w.texts.merge(w.documents[["document_id", "record_id"]], on="document_id")
    authors = w.document_terms[w.document_terms["role"] == "author"].merge(w.terms[["term_id", "name"]], on="term_id")
    rows = named.merge(authors[["document_id", "name"]], on="document_id")
    return {(row["record_id"], row["name"]): row["text"] for row in rows.to_dict("records")}


def true_texts(site: ReplicaSite) -> dict[tuple[str, str], str]:
    return texts_of(site.truth)


def texts_of(truth: Truth) -> dict[tuple[str, str], str]:
    details = [(document, document_details(document)) for document in truth.documents]
    return {(str(document.record_id), own.author): own.text for document, own in details}


def test_pages_of_documents_never_captured_come_first_then_the_oldest() -> None:
    days = {"a": 400, "b": 10, "d": 300}
    known: dict[str, dt.datetime | None] = {name: NOW - dt.timedelta(days=age) for name, age in days.items()}

    assert due_documents({**known, "c": None}, NOW, dt.timedelta(days=180)) == ["c", "a", "d"]


def test_every_document_and_text_of_the_site_is_as_the_generator_made_it(tmp_path: Path) -> None:
    with replica(documents=60, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        request = HarvestRequest("site", tmp_path / "w", catalog, documents=True)
        receipt = harvest(request)
        assert receipt.outcome == "complete"
        truth = true_texts(site)
        assert texts(tmp_path / "w") == truth
        w = wcda.open_warehouse(tmp_path / "w")
        assert len(w.documents) == 60
        assert w.documents["page_captured_at"].notna().all()
        assert w.issues.empty
        asked = len(w.captures)

        harvest(request)  # no page is due: the listings alone are asked for again
        again = wcda.open_warehouse(tmp_path / "w").captures
        assert not again["url"].iloc[asked:].str.contains("/document/").any()
    rebuild(tmp_path / "w")
    assert texts(tmp_path / "w") == truth


def test_files_of_documents_are_fetched_once_and_within_a_limit(tmp_path: Path) -> None:
    with replica(documents=30, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        request = HarvestRequest("site", tmp_path / "w", catalog, documents=True, files=True, file_mebibytes=1)
        harvest(request)
        harvest(request)
        details = [document_details(document).file for document in site.truth.documents]
    small = {name for name in details if len(file_body(name)) <= 1024**2}
    assert 0 < len(small) < len(details)

    w = wcda.open_warehouse(tmp_path / "w")
    files = w.captures.merge(w.pages[w.pages["outcome"] == "file"][["page_id"]], on="page_id")
    assert set(w.files["url"]) == {f"{SITE}{name}" for name in details}
    assert sorted(files["url"]) == sorted(f"{site.url}{name}" for name in small)
    for file in files.to_dict("records"):
        with (tmp_path / "w" / "raw" / file["warc_file"]).open("rb") as segment:
            segment.seek(file["warc_offset"])
            record = next(iter(ArchiveIterator(segment)))
            assert record.content_stream().read() == file_body(file["url"].removeprefix(site.url))
    refused = w.issues[w.issues["kind"] == "fetch-failed"]
    assert set(refused["message"]) == {"the body has more than 1 MiB"}
    assert set(refused["url"]) == {f"{SITE}{name}" for name in details if name not in small}


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


@pytest.mark.accept
def test_a_harvest_of_documents_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    with replica(documents=150, collections=1) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml", requests_per_second=60.0)
        options = ["--catalog", str(catalog), "--warehouse", str(tmp_path / "w"), "--documents", "--direct"]
        command = [sys.executable, "-m", "flows.cli", "harvest", *options]
        wcda_command = [str(Path(sys.executable).with_name("wcda")), *command[3:]]
        for seconds in (3.0, 4.0):
            process = subprocess.Popen(wcda_command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
            process.wait()
        done = subprocess.run(wcda_command, capture_output=True, text=True, check=False, env=dict(os.environ))
        assert done.returncode == 0, done.stderr
        assert texts(tmp_path / "w") == true_texts(site)
        captures = wcda.open_warehouse(tmp_path / "w").captures
        pages = captures[captures["url"].str.contains("/document/")]
        # What was under way or not yet on disk when it was killed is asked for again.
        assert len(pages) <= 150 + 2 * 100


def crawl_of(truth: Truth, path: Path) -> Path:
    """The pages of all documents as a crawler captured them."""
    render = Renderer(Appearance()).document
    records = (response(f"{SITE}{one.address}", render(one).encode(), packed=True) for one in truth.documents)
    path.write_bytes(b"".join(records))
    return path


@pytest.mark.parametrize("way", ["WARC", pytest.param("Wayback by pywb", marks=pytest.mark.accept)])
def test_every_document_and_text_of_an_archive_is_as_the_generator_made_it(way: str, tmp_path: Path) -> None:
    truth = generate(documents=40, collections=1)
    crawl = crawl_of(truth, tmp_path / "crawl.warc.gz")
    if way == "WARC":
        harvest(HarvestRequest(str(crawl), tmp_path / "w"))
    else:
        with playing([crawl], tmp_path / "pywb") as player:
            request = HarvestRequest("wayback", tmp_path / "w", wayback=player.url, contact="a@example.org")
            harvest(request)
    assert texts(tmp_path / "w") == texts_of(truth)
    documents = wcda.open_warehouse(tmp_path / "w").documents
    assert set(documents["url"]) == {f"{SITE}{one.address}" for one in truth.documents}
    rebuild(tmp_path / "w")
    assert texts(tmp_path / "w") == texts_of(truth)
