"""A warehouse that somebody sent: what is no file in it is neither waited for, followed nor written through."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.files import write_text
from tests.conftest import Command

PLACES = [
    ".lock",
    "decisions.csv",
    "decisions.csv.part",
    "raw/SEGMENT",
    "raw/SEGMENT.sha256",
    "raw/SEGMENT.sha256.part",
    "raw/20200101T000000.000000Z-0000-00000.warc.gz.open",
    "snapshots/20200101T000000.000000Z",
    "snapshots/SNAPSHOT/snapshot.json",
    "snapshots/SNAPSHOT/documents.parquet",
    "snapshots/SNAPSHOT/datapackage.json",
    "snapshots/SNAPSHOT/report.html.part",
]


def make_pipe(path: Path, _mine: Path) -> None:
    os.mkfifo(path)


def make_link(path: Path, mine: Path) -> None:
    path.symlink_to(mine)


@pytest.mark.parametrize("put", [make_pipe, make_link])
@pytest.mark.parametrize("place", PLACES)
def test_a_pipe_or_a_link_in_a_warehouse_is_reported_and_nothing_else_happens(
    place: str, put: Callable[[Path, Path], None], warehouse: Path, tmp_path: Path, wcda_here: Command
) -> None:
    segment = next(warehouse.glob("raw/*.warc.gz")).name
    path = warehouse / place.replace("SEGMENT", segment).replace("SNAPSHOT", (warehouse / "current").readlink().name)
    path.unlink(missing_ok=True)
    mine = tmp_path / "mine"
    mine.write_text("mine")
    put(path, mine)

    for command in (["status"], ["rebuild", "--direct"]):
        done = wcda_here(*command, "--warehouse", warehouse)

        assert done.returncode == 1
        assert f"{path}: is a" in done.stderr
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["changes"],
        ["report"],
        ["export", "--to", "csv", "--output", "tables"],
        ["harvest", "--from", "samples", "--direct"],
        ["harvest", "--dry-run"],
    ],
)
def test_every_command_looks_for_pipes_first(command: list[str], warehouse: Path, wcda_here: Command) -> None:
    manifest = warehouse / "current" / "snapshot.json"
    manifest.unlink()
    os.mkfifo(manifest)

    done = wcda_here(*command, "--warehouse", warehouse)

    assert done.returncode == 1
    assert "snapshot.json: is a pipe or a device" in done.stderr


@pytest.mark.parametrize("put", [make_pipe, make_link])
def test_a_cache_that_is_no_folder_is_made_anew(
    put: Callable[[Path, Path], None], warehouse: Path, tmp_path: Path, wcda_here: Command
) -> None:
    shutil.rmtree(warehouse / "parsed")
    put(warehouse / "parsed", tmp_path / "mine")

    if put is make_pipe:
        assert wcda_here("rebuild", "--direct", "--warehouse", warehouse).returncode == 0
        assert (warehouse / "parsed").is_dir()
    else:  # the command says what to do with a link, since a person may have made it
        assert "parsed: must be a folder" in wcda_here("rebuild", "--direct", "--warehouse", warehouse).stderr


def test_a_segment_that_stands_twice_costs_no_more_than_its_repeated_rows(warehouse: Path, wcda_here: Command) -> None:
    segment = next(warehouse.glob("raw/*.warc.gz"))
    shutil.copy(segment, warehouse / "raw" / "29991231T000000.000000Z-0000-00000.warc.gz")

    done = wcda_here("rebuild", "--direct", "--warehouse", warehouse)

    assert done.returncode in (0, 3), done.stderr
    assert "19 documents" in done.stdout
    assert "a row of the table captures was set aside" in done.stdout + done.stderr


def test_a_file_is_not_written_through_a_link_beside_it(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (tmp_path / "catalog.toml.part").symlink_to(mine)

    write_text(tmp_path / "catalog.toml", "text")

    assert (mine.read_text(), (tmp_path / "catalog.toml").read_text()) == ("mine", "text")


def test_an_export_or_a_report_deletes_and_overwrites_nothing_behind_a_link(
    warehouse: Path, tmp_path: Path, wcda_here: Command
) -> None:
    mine = tmp_path / "mine"
    (mine / "new").mkdir(parents=True)
    (mine / "new" / "file").write_text("mine")
    Path(".tables.wcda-part").symlink_to(mine)
    Path("report.html.part").symlink_to(mine / "new" / "file")

    exported = wcda_here("export", "--to", "csv", "--output", "tables", "--warehouse", warehouse)
    reported = wcda_here("report", "--no-open", "--output", "report.html", "--warehouse", warehouse)

    assert exported.returncode == 2
    assert "is in the way" in exported.stderr
    assert reported.returncode == 0, reported.stderr
    assert (mine / "new" / "file").read_text() == "mine"
