"""The warehouse as a folder: one writer at a time, and a clear line where it cannot be written."""

import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from schemas.errors import UsageError, WarehouseError, WarehouseLockedError
from warehouse.folder import MIN_FREE_BYTES, WarehouseFolder

TRY = """
import sys
from pathlib import Path
from warehouse.folder import WarehouseFolder
try:
    with WarehouseFolder(Path(sys.argv[1])).locked():
        print("held", flush=True)
        if len(sys.argv) > 2:
            sys.stdin.read()
except Exception as error:
    print(type(error).__name__, error)
"""


def try_elsewhere(path: Path) -> str:
    """What another process gets that wants to write."""
    done = subprocess.run([sys.executable, "-c", TRY, path], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_another_process_cannot_write_while_one_does(tmp_path: Path) -> None:
    with WarehouseFolder(tmp_path).locked():
        refused = try_elsewhere(tmp_path)

    assert refused.startswith(f"WarehouseLockedError {tmp_path}: another run is writing")
    assert len(refused.splitlines()) == 1
    assert try_elsewhere(tmp_path) == "held"


def test_a_writer_that_is_killed_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TRY, tmp_path, "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(WarehouseLockedError), WarehouseFolder(tmp_path).locked():
            pass
        other.kill()

    with WarehouseFolder(tmp_path).locked():
        pass


def test_one_process_can_hold_it_again_and_keeps_it_until_the_last_lets_go(tmp_path: Path) -> None:
    with WarehouseFolder(tmp_path).locked():
        with WarehouseFolder(tmp_path).locked():
            pass
        assert try_elsewhere(tmp_path).startswith("WarehouseLockedError")

    assert try_elsewhere(tmp_path) == "held"


def test_it_is_let_go_when_the_run_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), WarehouseFolder(tmp_path).locked():
        raise KeyError

    assert try_elsewhere(tmp_path) == "held"


def test_the_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    with WarehouseFolder(tmp_path / "a" / "b").locked():
        assert (tmp_path / "a" / "b").is_dir()


def test_everything_lies_below_the_warehouse() -> None:
    folder = WarehouseFolder(Path("w"))

    paths = [folder.raw, folder.parsed, folder.snapshots, folder.current]
    assert [str(path) for path in paths] == ["w/raw", "w/parsed", "w/snapshots", "w/current"]


def test_a_file_is_no_warehouse_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(UsageError, match="must be a folder"), WarehouseFolder(tmp_path / "file").locked():
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_a_path_below_a_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    for path in (tmp_path / "file" / "w", tmp_path / "file" / "a" / "w"):
        with pytest.raises(UsageError, match="a part of this path is a file"), WarehouseFolder(path).locked():
            pass


UNWRITABLE = ["/proc/wcda", "/proc/self/wcda/a", "/sys/wcda"]  # where not even root can make a folder


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("path", UNWRITABLE)
def test_a_place_where_no_folder_can_be_made_is_refused(path: str) -> None:
    with (
        pytest.raises(WarehouseError, match=f"{path}: cannot be written") as caught,
        WarehouseFolder(Path(path)).locked(),
    ):
        pass
    assert caught.value.exit_code == 1
    assert len(str(caught.value).splitlines()) == 1


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(WarehouseError, match="no permission"), WarehouseFolder(tmp_path).locked():
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError), WarehouseFolder(tmp_path / ("a" * 300)).locked():
        pass


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(("free", "enough"), [(0, False), (MIN_FREE_BYTES - 1, False), (MIN_FREE_BYTES, True)])
def test_a_full_disk_is_refused_before_anything_is_written(
    free: int, enough: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, free))

    if enough:
        with WarehouseFolder(tmp_path).locked():
            pass
    else:
        with pytest.raises(WarehouseError, match="the disk is full"), WarehouseFolder(tmp_path).locked():
            pass
        assert list(tmp_path.iterdir()) == []


def test_there_must_be_a_folder_to_read_from(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "warehouse" / "raw").mkdir(parents=True)
    WarehouseFolder(tmp_path / "warehouse").require_existing()

    for path in (tmp_path / "none", tmp_path / "file", tmp_path):
        with pytest.raises(UsageError, match="there is no warehouse here"):
            WarehouseFolder(path).require_existing()
