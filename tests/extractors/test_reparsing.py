"""Parsing the raw zone again with several processes: the same tables, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from extractors.parsed_cache import ParsedCache, code_version
from extractors.raw_zone import RawZone
from extractors.reparsing import parse_in_processes, parse_segments, processes_that_pay
from schemas.errors import RawZoneError
from tests.extractors.test_parsing import LISTING, OTHER_LISTING, capture, land

SEGMENTS = 5


@pytest.fixture
def zone(tmp_path: Path) -> RawZone:
    raw_zone = RawZone(tmp_path / "raw")
    for number in range(SEGMENTS):
        land(raw_zone, f"run-{number}", capture(f"{number}.txt", LISTING), capture("b.txt", OTHER_LISTING))
    return raw_zone


@pytest.mark.parametrize("processes", [2, 3])
def test_several_processes_give_what_one_gives(zone: RawZone, processes: int, tmp_path: Path) -> None:
    one, several = ParsedCache(tmp_path / "one"), ParsedCache(tmp_path / "several")

    parse_in_processes(zone.segments(), one.folder, 1)
    parse_in_processes(zone.segments(), several.folder, processes)

    for segment in zone.segments():
        expected = one.parse(zone, segment)
        assert all(table.equals(expected[name]) for name, table in several.parse(zone, segment).items())
        assert expected["entries"].num_rows > 0
    assert len(list((tmp_path / "several").iterdir())) == SEGMENTS


@pytest.mark.parametrize("processes", [1, 2])
def test_a_segment_that_cannot_be_read_stops_the_work(zone: RawZone, processes: int, tmp_path: Path) -> None:
    damaged = zone.segments()[3]
    damaged.write_bytes(damaged.read_bytes()[:-100])

    with pytest.raises(RawZoneError, match="not what it was when it was finished"):
        parse_in_processes(zone.segments(), tmp_path / "parsed", processes)


def test_there_are_as_many_processes_as_cores_where_that_pays(zone: RawZone) -> None:
    segments = zone.segments()
    size = sum(segment.stat().st_size for segment in segments)

    assert processes_that_pay(segments) == 1
    assert processes_that_pay(segments, size + 1) == 1
    assert processes_that_pay(segments, size) == len(os.sched_getaffinity(0))


def test_parsing_twice_changes_nothing(zone: RawZone, tmp_path: Path) -> None:
    parse_segments(zone.segments(), tmp_path / "parsed", code_version())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "parsed").rglob("*")}

    parse_segments(zone.segments()[1:], tmp_path / "parsed", code_version())

    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "parsed").rglob("*")} == before


def test_other_code_parses_nothing(zone: RawZone, tmp_path: Path) -> None:
    with pytest.raises(RawZoneError, match="another release of wcda, Python or a library"):
        parse_segments(zone.segments(), tmp_path / "parsed", "other")

    assert not (tmp_path / "parsed").exists()


HOLDING = """
import sys, time
from pathlib import Path
from extractors import parsed_cache
from extractors.raw_zone import RawZone
from extractors.reparsing import parse_in_processes

held = Path(__file__).with_name("held")
parse = parsed_cache.parse_segment

def hold(_segment):
    held.touch()
    while True:
        time.sleep(0.01)

def wait_for_helper(segment):
    while not held.exists():
        time.sleep(0.01)
    return parse(segment)

is_helper = __name__ != "__main__"
parsed_cache.parse_segment = hold if is_helper or sys.argv[3] == "all" else wait_for_helper
if not is_helper:
    parse_in_processes(RawZone(Path(sys.argv[1])).segments(), Path(sys.argv[2]), 2)
"""


@contextmanager
def parsing(zone: RawZone, place: Path, who_holds: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process that parses with a helper and does not get on; and the helper."""
    script = place / "hold.py"
    script.write_text(HOLDING)
    command = [sys.executable, str(script), str(zone.folder), str(place / "parsed"), who_holds]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: spawned_by(process.pid) != [])
            wait_until((place / "held").exists)
            yield process, spawned_by(process.pid)
        finally:
            process.kill()


def test_a_helper_ends_with_the_process_that_began_it(zone: RawZone, tmp_path: Path) -> None:
    with parsing(zone, tmp_path, "all") as (process, helpers):
        process.kill()
        process.wait()
        wait_until(lambda: not any(Path(f"/proc/{helper}/stat").exists() for helper in helpers))


def test_a_helper_that_is_killed_is_said(zone: RawZone, tmp_path: Path) -> None:
    with parsing(zone, tmp_path, "helpers") as (process, helpers):
        for helper in helpers:
            os.kill(helper, signal.SIGKILL)
        said = process.communicate(timeout=60)[1]
    assert "RawZoneError: a process that parsed segments was ended from outside" in said


def spawned_by(pid: int) -> list[int]:
    """Processes that a process began to help it: not the one that watches over its shared memory."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            command = stat.with_name("cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if parent == pid and b"spawn_main" in command:
            found.append(int(stat.parent.name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
