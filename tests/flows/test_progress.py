"""How far a run is: plain lines where nobody watches, a bar on a terminal."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.progress import SECONDS_BETWEEN_LINES, describe, plain_lines
from schemas.records import Progress
from tests.conftest import WCDA, bare_environment
from tests.flows.live import write_catalog_for
from tests.replica import ReplicaSite, replica


def test_a_line_says_pages_rate_failures_and_what_is_left() -> None:
    assert describe(Progress(pages=1500, expected_pages=4500, failed=2), seconds=1500) == (
        "1,500 of 4,500 pages, 1.0 a second, 2 failed, 50 min 00 s left"
    )


def test_pages_that_were_landed_before_the_run_was_killed_do_not_count_as_fast() -> None:
    assert describe(Progress(pages=900, expected_pages=1000, failed=0, resumed=890), seconds=10) == (
        "900 of 1,000 pages, 1.0 a second, 0 failed, 1 min 40 s left"
    )


def test_nothing_is_foreseen_before_the_first_page_of_a_resumed_run() -> None:
    assert describe(Progress(pages=890, expected_pages=1000, failed=0, resumed=890), seconds=10) == (
        "890 of 1,000 pages, 0.0 a second, 0 failed"
    )


def test_a_line_foresees_nothing_once_more_pages_came_than_were_expected() -> None:
    assert describe(Progress(pages=1001, expected_pages=607, failed=0), seconds=1001) == (
        "1,001 pages, 1.0 a second, 0 failed"
    )


def test_plain_lines_come_now_and_then_and_not_for_each_page() -> None:
    times = iter([0.0, 1.0, 9.9, 10.0, 15.0, 20.0])
    lines: list[str] = []
    watch = plain_lines(lines.append, lambda: next(times))

    for pages in range(1, 6):
        watch(Progress(pages, 10, 0))

    assert SECONDS_BETWEEN_LINES == 10.0
    assert [line.split(" of ")[0] for line in lines] == ["3", "5"]


@pytest.fixture(scope="module")
def site() -> Iterator[ReplicaSite]:
    with replica(documents=60, collections=2) as site:
        yield site


def test_a_bar_is_drawn_on_a_terminal(site: ReplicaSite, tmp_path: Path) -> None:
    catalog = write_catalog_for(site, tmp_path / "catalog.toml")
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [WCDA, "harvest", "--catalog", catalog, "--warehouse", tmp_path / "w", "--direct"],
        stdout=subprocess.DEVNULL,
        stderr=writer,
        env={**bare_environment(tmp_path), "TERM": "xterm-256color"},
    )
    os.close(writer)

    said = _read_all(reader, process)

    assert process.returncode == 0
    assert "3/3" in said
    assert "0 failed" in said


def _read_all(reader: int, process: "subprocess.Popen[bytes]") -> str:
    said = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([reader], [], [], 0.1)[0]:
            try:
                said += os.read(reader, 4096)
            except OSError:  # the other side is closed
                break
        elif process.poll() is not None:
            break
    process.wait()
    os.close(reader)
    return said.decode()
