"""Bad input gets one clear line, the exit code of its kind, and leaves the former tables whole."""

import os
import subprocess
from pathlib import Path

import pytest

from extractors.wilson_center import SAMPLES
from tests.conftest import WCDA, Command, Done
from warehouse.folder import WarehouseFolder

CAPTURE = SAMPLES / "000_56f256ad2640980a.txt"
TEXT = CAPTURE.read_text()
NINE = TEXT[: TEXT.index("December 9, 1949")] + TEXT[TEXT.index("October 20, 1949") :]

FILES = {
    "empty.txt": b"",
    "binary.txt": bytes(range(256)) * 8,
    "cut.txt": TEXT.encode()[:2100],
    "no-range.txt": TEXT[TEXT.index("April 19") :].encode(),
    "nine.txt": NINE.encode(),
    "unknown-key.toml": b'[[collections]]\nid = "a"\ncolour = "red"\n',
    "repeated-id.toml": b'[[collections]]\nid = "a"\n[[collections]]\nid = "a"\n',
    "no-toml.toml": b"collections = [",
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the bad files, a folder without pages, and the tables of a good run."""
    for name, body in FILES.items():
        (tmp_path / name).write_bytes(body)
    (tmp_path / "no-pages").mkdir()
    return tmp_path


UNUSABLE = [
    ("missing.txt", 2, "no such file or folder"),
    ("no-pages", 1, "holds no pages"),
    ("empty.txt", 1, "the page is empty"),
    ("binary.txt", 1, "the page is no text"),
    ("no-range.txt", 1, "no listing that is known"),
]


@pytest.mark.parametrize(("source", "exit_code", "words"), UNUSABLE, ids=[case[0] for case in UNUSABLE])
def test_an_unusable_source_publishes_nothing(
    source: str, exit_code: int, words: str, place: Path, warehouse: Path, wcda_here: Command
) -> None:
    before = (warehouse / "current").resolve()

    done = wcda_here("harvest", "--from", place / source, "--direct", "--warehouse", warehouse)

    assert_one_line(done, exit_code, words)
    assert (warehouse / "current").resolve() == before
    assert wcda_here("check", "--warehouse", warehouse).returncode == 0


def test_an_unusable_run_leaves_no_trace_in_later_tables_but_its_row_in_runs(
    place: Path, warehouse: Path, wcda_here: Command
) -> None:
    wcda_here("harvest", "--from", place / "binary.txt", "--direct", "--warehouse", warehouse)

    wcda_here("harvest", "--from", "samples", "--direct", "--warehouse", warehouse)

    status = wcda_here("status", "--warehouse", warehouse).stdout
    assert "binary.txt: failed" in status
    assert "2 collections" in status
    assert "0 issues" in status


PARTLY_READABLE = [("cut.txt", 5), ("nine.txt", 9)]


@pytest.mark.parametrize(("source", "entries"), PARTLY_READABLE, ids=[case[0] for case in PARTLY_READABLE])
def test_a_partly_readable_page_is_published_with_issues_and_exit_3(
    source: str, entries: int, place: Path, wcda_here: Command
) -> None:
    done = wcda_here("harvest", "--from", place / source, "--direct", "--warehouse", place / "fresh")

    assert done.returncode == 3
    assert done.stderr == ""
    assert f"{entries} entries" in done.stdout
    assert "does not yield as many entries as its range line says" in done.stdout


PAGES = [("missing.txt", 2), ("no-pages", 2), ("empty.txt", 1), ("binary.txt", 1), ("no-range.txt", 1)]


@pytest.mark.parametrize(("page", "exit_code"), PAGES, ids=[case[0] for case in PAGES])
def test_reading_an_unusable_page_is_one_line(page: str, exit_code: int, place: Path, wcda_here: Command) -> None:
    assert_one_line(wcda_here("read", place / page), exit_code, page)


@pytest.mark.parametrize("page", ["cut.txt", "nine.txt"])
def test_reading_a_partly_readable_page_exits_3(page: str, place: Path, wcda_here: Command) -> None:
    assert wcda_here("read", place / page).returncode == 3


CATALOGS = [
    ("unknown-key.toml", "unknown key 'collections.1.colour'"),
    ("repeated-id.toml", "the id 'a' is used more than once"),
    ("no-toml.toml", "not TOML"),
    ("missing.toml", "No such file"),
]


@pytest.mark.parametrize(("catalog", "words"), CATALOGS, ids=[case[0] for case in CATALOGS])
def test_a_bad_catalog_is_a_usage_error(catalog: str, words: str, place: Path, wcda_here: Command) -> None:
    done = wcda_here("harvest", "--from", "samples", "--catalog", place / catalog, "--direct")

    assert_one_line(done, 2, words)


OPTIONS = [
    (["harvest"], "--contact"),
    (["harvest", "--from", "samples", "--bogus"], "--bogus"),
    (["harvest", "--from", "samples", "--direct", "--captures", "some"], "--captures"),
    (["harvest", "--from", "samples", "--direct", "--since", "yesterday"], "--since"),
    (["harvest", "--from", "wayback", "--direct"], "--contact"),
    (["harvest", "--from", "wayback", "--contact", "a@b.c", "--wayback", "nowhere", "--direct"], "nowhere"),
    (["frobnicate"], "frobnicate"),
    (["read"], "'PAGE'"),
]


@pytest.mark.parametrize(("arguments", "words"), OPTIONS, ids=[" ".join(case[0]) for case in OPTIONS])
def test_a_wrong_option_is_a_usage_error(arguments: list[str], words: str, wcda_here: Command) -> None:
    assert_one_line(wcda_here(*arguments), 2, words)


WORDS = [
    (["rebuild", "--processes", "many"], "'--processes' (env var: 'WCDA_PROCESSES'): must be a whole number"),
    (["rebuild", "--processes", "0"], "must be 1 or more"),
    (["harvest", "--since", "yesterday"], "'yesterday' is not a day such as 2020-12-31"),
    (["harvest", "--captures", "last"], ": 'last' is not one of 'earliest', 'latest', 'all'"),
]


@pytest.mark.parametrize(("arguments", "words"), WORDS, ids=[" ".join(case[0]) for case in WORDS])
def test_a_wrong_value_is_explained_without_the_words_of_a_library(
    arguments: list[str], words: str, wcda_here: Command
) -> None:
    assert_one_line(wcda_here(*arguments), 2, words)


@pytest.mark.parametrize("arguments", [("harvest", "--from"), ("read",)], ids=["harvest", "read"])
def test_a_pipe_is_refused_and_not_waited_for(arguments: tuple[str, ...], tmp_path: Path, wcda: Command) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = wcda(*arguments, tmp_path / "pipe")
    assert (done.returncode, "pipe" in done.stderr, done.stderr.count("\n")) == (2, True, 1)


def test_what_the_kernel_makes_as_it_is_read_is_no_page(wcda: Command) -> None:
    done = wcda("harvest", "--from", "/proc/self/environ", "--warehouse", "w", "--direct")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "environ: the page is empty" in done.stderr


def test_a_pipe_among_the_files_of_a_warehouse_is_named(tmp_path: Path, wcda: Command) -> None:
    (tmp_path / "w").mkdir()
    os.mkfifo(tmp_path / "w" / "decisions.csv")
    done = wcda("harvest", "--from", "samples", "--warehouse", tmp_path / "w", "--direct")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "decisions.csv: is a pipe or a device" in done.stderr


def test_a_collection_that_the_source_does_not_have_is_said(wcda_here: Command) -> None:
    done = wcda_here("harvest", "--from", "samples", "--direct", "no-such-collection")

    assert_one_line(done, 1, "the source has no page of no-such-collection")


def test_a_warehouse_that_is_a_file_is_a_usage_error(place: Path, wcda_here: Command) -> None:
    done = wcda_here("harvest", "--from", "samples", "--direct", "--warehouse", place / "cut.txt")

    assert_one_line(done, 2, "the warehouse must be a folder")


def test_a_warehouse_that_cannot_be_written_is_refused(wcda_here: Command) -> None:
    done = wcda_here("harvest", "--from", "samples", "--direct", "--warehouse", "/proc/wcda")

    assert_one_line(done, 1, "cannot be written")


def test_a_disk_that_fills_up_while_writing_leaves_the_former_tables(warehouse: Path, wcda: Command) -> None:
    before = (warehouse / "current").resolve()
    prefix = ["bash", "-c", 'ulimit -f 8; exec "$@"', "-"]  # no file may grow past 8 KiB

    done = subprocess.run(
        [*prefix, WCDA, "harvest", "--from", "samples", "--direct", "--warehouse", warehouse],
        capture_output=True,
        text=True,
        check=False,
    )

    assert_one_line(done, 1, "File too large")
    assert (warehouse / "current").resolve() == before
    assert wcda("check", "--warehouse", warehouse).returncode == 0


def test_a_warehouse_that_another_run_holds_is_refused_and_can_still_be_read(warehouse: Path, wcda: Command) -> None:
    with WarehouseFolder(warehouse).locked():
        plain = wcda("harvest", "--from", "samples", "--direct", "--warehouse", warehouse)
        on_prefect = wcda("harvest", "--from", "samples", "--warehouse", warehouse)
        status = wcda("status", "--warehouse", warehouse)

    assert_one_line(plain, 1, "another run is writing")
    assert_one_line(on_prefect, 1, "another run is writing")
    assert status.returncode == 0


@pytest.mark.parametrize("command", ["status", "check", "changes", "rebuild"])
def test_a_warehouse_that_is_not_there_is_a_usage_error(command: str, wcda_here: Command) -> None:
    assert_one_line(wcda_here(command, "--warehouse", "nowhere"), 2, "there is no warehouse here")
    Path("other", "texts").mkdir(parents=True)  # a folder of something else
    assert_one_line(wcda_here(command, "--warehouse", "other"), 2, "other: there is no warehouse here")


def test_an_unknown_snapshot_is_named(warehouse: Path, wcda_here: Command) -> None:
    assert_one_line(wcda_here("changes", "--since", "yesterday", "--warehouse", warehouse), 1, "yesterday")


def assert_one_line(done: Done, exit_code: int, words: str) -> None:
    """The command stopped as it should, and said why in one line."""
    assert done.returncode == exit_code
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("wcda: ")
    assert words in done.stderr


def test_an_empty_link_on_a_page_stops_no_harvest(tmp_path: Path, wcda: Command) -> None:
    rows = "".join(
        f'<tr><td class="date"><p>May {day}, 1950</p></td><td class="document"><a href="{href}">'
        f'<h3 class="sub-title"><span>Telegram {day}</span></h3><div class="text"><p>Text.</p></div></a></td></tr>'
        for day, href in ((1, "/document/a-telegram"), (2, ""))
    )
    table = f'<table class="table table-hover table-striped"><tbody>{rows}</tbody></table>'
    (tmp_path / "page.html").write_text(f"<html><body>1 - 2 of 2{table}</body></html>")

    done = wcda("harvest", "--from", tmp_path / "page.html", "--direct", "--warehouse", tmp_path / "warehouse")

    assert "2 documents" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("check",),
        ("changes",),
        ("pairs",),
        ("find", "Mao"),
        ("explain", "df6f201d3c74f16a"),
        ("report", "--no-open"),
        ("rollback", "20250101T000000.000000Z"),
        ("rebuild", "--direct"),
        ("harvest", "--from", "samples", "--direct"),
        ("export", "--to", "csv", "--output", "tables"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_warehouse_whose_path_is_not_in_utf_8_is_refused_before_anything_is_written(
    arguments: tuple[str, ...], tmp_path: Path, wcda_here: Command
) -> None:
    place = tmp_path / os.fsdecode(b"w\xff")

    done = wcda_here(*arguments, "--warehouse", place)

    assert_one_line(done, 2, "not in UTF-8")
    assert not place.exists()


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "sqlite", "datasette", "bundle", "csl", "ris"])
def test_an_export_to_a_path_that_is_not_in_utf_8_is_refused(kind: str, warehouse: Path, wcda_here: Command) -> None:
    done = wcda_here("export", "--to", kind, "--output", os.fsdecode(b"e\xff"), "--warehouse", warehouse)

    assert_one_line(done, 2, "not in UTF-8")


NEAR = {
    "data/current": "data",
    "data/current/documents.parquet": "data",
    "data/snapshots": "data",
    "data/nothing": "data",
    ".": "data",
}


@pytest.mark.parametrize("named", NEAR)
@pytest.mark.parametrize("command", ["status", "check", "changes"])
def test_a_folder_near_a_warehouse_is_answered_with_the_warehouse(
    command: str, named: str, harvested_samples: Path, wcda_here: Command
) -> None:
    Path("data").symlink_to(harvested_samples)

    assert_one_line(wcda_here(command, "--warehouse", named), 2, f"did you mean {NEAR[named]}?")


def test_nothing_is_harvested_into_a_snapshot(warehouse: Path, wcda_here: Command) -> None:
    done = wcda_here("harvest", "--from", "samples", "--direct", "--warehouse", warehouse / "current")

    assert_one_line(done, 2, f"current: this is a snapshot, and no warehouse; did you mean {warehouse}?")
    assert not (warehouse / "current" / "raw").exists()


@pytest.mark.parametrize("arguments", [("explain",), ("pairs", "--same", "df6f201d3c74f16a")], ids=["explain", "pairs"])
def test_a_document_named_in_another_encoding_is_not_found(
    arguments: tuple[str, ...], warehouse: Path, wcda_here: Command
) -> None:
    done = wcda_here(*arguments, os.fsdecode(b"\xff\xfe"), "--warehouse", warehouse)

    assert_one_line(done, 2, "no document has this id, URL or key")
