"""What people read: sizes, places, and tables that are as wide as the terminal."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from flows.printing import MAX_SHOWN, in_order, print_receipt
from flows.terminal import lasting_path
from schemas.records import CollectionReceipt, Receipt
from schemas.sizes import shown_size
from schemas.tables import TABLES
from tests.conftest import REPOSITORY, WCDA, Command, bare_environment
from warehouse.receipts import why_failed
from wcda import open_warehouse

MAO = "Sample: conversations with Mao Zedong"


SIZES = {0: "0 bytes", 1: "1 byte", 11: "11 bytes", 1536: "1.5 KB", 16 << 20: "16 MB", (1 << 20) - 1: "1.0 MB"}


@pytest.mark.parametrize("count", SIZES)
def test_sizes_are_rounded(count: int) -> None:
    assert shown_size(count) == SIZES[count]


PLACES = {
    "w/snapshots/20260101T000000.000000Z.part/documents.parquet": "w/snapshots",
    "w/snapshots/x.part/texts.abc.part/0.parquet": "w/snapshots",
    "out/.tables.wcda-part/new/a.csv": "out",
    "w/parsed/parsed.key.0123.part": "w/parsed",
    "w/building.part/tables/documents.part": "w",
    "catalog.toml.part": ".",
    "w/raw/a.warc.gz": "w/raw/a.warc.gz",
    "parts/part.txt": "parts/part.txt",
}


@pytest.mark.parametrize("path", PLACES)
def test_of_a_temporary_file_the_folder_that_lasts_is_named(path: str) -> None:
    assert lasting_path(path) == PLACES[path]


def on_terminal(place: Path, columns: int, *arguments: str | Path) -> list[str]:
    """Lines of a command on a terminal that is so wide."""
    reader, writer = pty.openpty()
    environment = {**bare_environment(place), "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": str(columns)}
    done = subprocess.Popen([WCDA, *arguments], stdout=writer, stderr=subprocess.DEVNULL, env=environment)
    os.close(writer)
    shown = b""
    while True:
        try:
            part = os.read(reader, 4096)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
    assert done.wait() == 0
    os.close(reader)
    return shown.decode().replace("\r", "").splitlines()


def test_status_at_40_columns_keeps_what_tells_rows_apart(harvested_samples: Path, tmp_path: Path) -> None:
    lines = on_terminal(tmp_path, 40, "status", "--warehouse", harvested_samples)

    assert MAO in lines
    assert "  000_56f256ad2640980a" in lines
    assert "  89 reported, 10 seen, 11.2%" in lines


def test_found_titles_use_the_width(harvested_samples: Path, tmp_path: Path) -> None:
    command = ("find", "27cc303d", "--warehouse", harvested_samples)

    wide, narrow = (on_terminal(tmp_path, columns, *command)[1] for columns in (160, 60))

    assert wide.endswith("Zhou Enlai on 9 December 1949")
    assert narrow.endswith("…")


def rows(*shares: float) -> tuple[CollectionReceipt, ...]:
    return tuple(
        CollectionReceipt(f"topics-{number}", f"Topic {number:03}", 100, int(share * 100), share, share == 1.0)
        for number, share in enumerate(shares)
    )


def receipt(*shares: float) -> Receipt:
    counts = dict.fromkeys(TABLES, 0)
    return Receipt("run", "short", "snapshot", "w", counts, collections=rows(*shares))


def test_incomplete_collections_come_first_the_least_covered_before() -> None:
    assert [row.collection_id for row in in_order(rows(1.0, 0.5, 1.0, 0.1))] == [
        "topics-3",
        "topics-1",
        "topics-0",
        "topics-2",
    ]


def test_a_harvest_of_many_collections_lists_the_short_ones_and_counts_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_receipt(receipt(*[1.0] * 400, 0.5, 0.1))

    shown = capsys.readouterr().out
    assert shown.index("Topic 401") < shown.index("Topic 400")
    assert "400 collections are complete; wcda status lists all" in shown
    assert "Topic 399" not in shown


def test_so_many_short_ones_are_not_all_listed(capsys: pytest.CaptureFixture[str]) -> None:
    print_receipt(receipt(*[0.5] * (MAX_SHOWN + 7)))

    assert "7 more are not complete; wcda status lists all" in capsys.readouterr().out


def test_a_harvest_names_the_report_and_what_to_type_next(wcda_here: Command) -> None:
    done = wcda_here("harvest", "--from", "samples", "--direct", "--warehouse", "w")

    assert "report: w/current/report.html" in done.stdout
    assert Path("w/current/report.html").is_file()
    assert "wcda report --warehouse w" in done.stdout.split("next:")[1]


def test_an_overview_fits_a_screen_and_changes_no_option(harvested_samples: Path) -> None:
    before = pd.get_option("display.width"), pd.get_option("display.max_columns")

    shown = open_warehouse(harvested_samples).overview()

    assert list(shown.columns) == ["date", "title", "listings"]
    assert "..." not in str(shown.head()).splitlines()[0]
    assert max(map(len, str(shown.head()).splitlines())) <= 80
    assert shown["date"].dropna().is_monotonic_increasing
    assert before == (pd.get_option("display.width"), pd.get_option("display.max_columns"))


def test_a_moved_checkout_makes_its_environment_again(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "run").touch()
    (tmp_path / ".venv" / "bin" / "pip").write_text("#!/elsewhere/.venv/bin/python3\n")

    done = subprocess.run(["make", "-n", "clean"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert ".venv was made in another folder" in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_an_environment_that_was_not_moved_is_kept(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "pip").write_text(f"#!/bin/sh\n'''exec' {tmp_path}/.venv/bin/python3 \"$0\"\n")

    subprocess.run(["make", "-n", "clean"], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert (tmp_path / ".venv" / "bin" / "pip").exists()


def test_an_issue_of_a_collection_names_it_and_the_page() -> None:
    row = {"run_id": "r", "level": "error", "kind": "incomplete-reading", "url": None, "collection_id": "topics-1"}
    issues = [{**row, "message": "page 0 shows 20 of 21 entries", "found": None}]
    collections = [{"collection_id": "topics-1", "name": "China"}]

    said = why_failed([{"issues": pa.Table.from_pylist(issues), "collections": pa.Table.from_pylist(collections)}], "r")

    assert said.endswith("China (topics-1): page 0 shows 20 of 21 entries")
