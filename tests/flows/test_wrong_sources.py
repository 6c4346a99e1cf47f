"""What is no source: each thing that people give by mistake is named, with what to do instead."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from flows.harvest import harvest
from flows.request import HarvestRequest
from tests.conftest import REPOSITORY, Command, Done
from tests.extractors.foreign import response
from tests.flows.live import frame
from tests.flows.test_refusals import listing


def assert_refused(done: Done, exit_code: int, *words: str) -> None:
    assert done.returncode == exit_code, done.stderr
    assert len(done.stderr.splitlines()) == 1
    for each in words:
        assert each in done.stderr


KINDS = {
    "scan.pdf": (b"%PDF-1.7\n%\xe2\xe3", "this is a PDF"),
    "page.txt": (b"%PDF-1.4\n", "this is a PDF"),
    "documents.parquet": (b"PAR1\x15\x04", "this is a Parquet file"),
    "tables.sqlite": (b"SQLite format 3\x00", "this is a SQLite database"),
    "scan.jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "this is a picture"),
    "notes.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1", "this is a document of Microsoft Office"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_that_can_be_no_page_is_named_with_what_to_do(name: str, tmp_path: Path, wcda_here: Command) -> None:
    body, words = KINDS[name]
    (tmp_path / name).write_bytes(body)

    assert_refused(wcda_here("harvest", "--from", tmp_path / name, "--direct"), 1, words, "save the page")
    assert_refused(wcda_here("read", tmp_path / name), 1, words)


def test_a_slip_in_the_name_of_a_source_or_a_file_is_answered_with_near_ones(wcda_here: Command) -> None:
    assert_refused(wcda_here("harvest", "--from", "waybak", "--direct"), 2, "did you mean 'wayback'?")
    assert_refused(wcda_here("harvest", "--from", "sample", "--direct"), 2, "did you mean 'samples'")
    Path("crawl-2019.warc.gz").touch()
    assert_refused(wcda_here("harvest", "--from", "crawl-2018.warc.gz"), 2, "did you mean 'crawl-2019.warc.gz'?")


def test_a_url_is_no_path(wcda_here: Command) -> None:
    done = wcda_here("harvest", "--from", "https://digitalarchive.wilsoncenter.org/search", "--direct")

    assert_refused(done, 2, "https://digitalarchive.wilsoncenter.org/search: ", "--archive URL")


@pytest.mark.parametrize("part", ["", "current", "current/documents.parquet", "snapshots"])
def test_a_warehouse_is_no_source(part: str, harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("harvest", "--from", harvested_samples / part, "--direct", "--warehouse", "other")

    assert_refused(done, 2, "this is a warehouse of wcda, or a part of one", "wcda rebuild --warehouse")


@pytest.mark.parametrize("pattern", ["raw", "raw/*.warc.gz"])
def test_the_raw_zone_of_another_warehouse_is_said_to_be_one(
    pattern: str, harvested_samples: Path, wcda_here: Command
) -> None:
    source = next(harvested_samples.glob(pattern))

    done = wcda_here("harvest", "--from", source, "--direct", "--warehouse", "other")

    assert_refused(done, 2, "it is in the raw zone of another warehouse", "wcda rebuild --warehouse")


def test_days_that_leave_nothing_are_said(tmp_path: Path, wcda_here: Command) -> None:
    (tmp_path / "a.warc").write_bytes(listing(3, day=2))

    late = wcda_here("harvest", "--from", tmp_path / "a.warc", "--since", "2999-01-01", "--direct")
    undated = wcda_here("harvest", "--from", "samples", "--since", "2020-01-01", "--until", "2021-01-01", "--direct")

    assert_refused(late, 1, "--since 2999-01-01 leaves nothing of the source: 1 captured at another time")
    assert_refused(undated, 1, "--since 2020-01-01 and --until 2021-01-01 leaves nothing", "2 with no known time")


# Without a catalog


def test_an_archive_gives_what_it_holds_without_a_catalog(tmp_path: Path) -> None:
    warc = tmp_path / "crawl.warc"
    document = response("https://digitalarchive.wilsoncenter.org/document/31-1", b"<html></html>")
    warc.write_bytes(listing(3, day=2) + listing(4, day=3, facet="topics:32") + document)

    harvest(HarvestRequest(str(warc), tmp_path / "w"))

    assert sorted(frame(tmp_path / "w", "collections")["collection_id"]) == ["topics-31", "topics-32"]


def test_the_backfill_needs_no_catalog() -> None:
    deployments = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text())["deployments"]

    (backfill,) = (each["parameters"] for each in deployments if each["name"] == "backfill")
    assert "catalog" not in backfill


@pytest.fixture
def ours() -> Iterator[None]:
    """Our own logger, which sends nothing to runs any more afterwards."""
    logger = logging.getLogger("flows")
    former = logger.level, list(logger.handlers)
    yield
    logger.setLevel(former[0])
    logger.handlers[:] = former[1]


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("name", ["prefect.engine", "prefect.flow_runs"])
def test_a_known_error_is_one_line_in_the_log_of_a_worker(name: str) -> None:
    from flows.run_states import log_to_runs
    from schemas.errors import UsageError

    log_to_runs()
    logger = logging.getLogger(name)
    try:
        raise UsageError("catalog nowhere.toml: No such file or directory")
    except UsageError:
        record = logger.makeRecord(name, logging.ERROR, __file__, 1, "Engine execution ended", (), sys.exc_info())

    assert logger.filter(record)
    assert record.exc_info is None
    assert record.getMessage() == "Engine execution ended: catalog nowhere.toml: No such file or directory"
