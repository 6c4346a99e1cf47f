"""Ctrl-C on a terminal, and a kill: a run on the embedded API ends soon, says one line, and leaves no process."""

import os
import pty
import re
import select
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import WCDA, bare_environment, run_wcda
from tests.flows.live import write_catalog_for
from tests.replica import ReplicaSite, replica

pytestmark = pytest.mark.accept

STARTING = "wcda: starting Prefect's embedded API, which takes some seconds (--direct runs without)"
INTERRUPTED = "wcda: interrupted; what was published before is unchanged"
PROMISED_SECONDS = 3
STEP_SECONDS = 120


@pytest.fixture
def site() -> Iterator[ReplicaSite]:
    with replica(documents=500, collections=2, items_per_page_ignored=True) as running:
        yield running


@dataclass
class Terminal:
    """A harvest on a terminal of its own, which sends Ctrl-C to its whole process group."""

    pid: int
    descriptor: int
    shown: str = ""

    def is_running(self) -> bool:
        """Take up what it has printed meanwhile, and whether it goes on."""
        if select.select([self.descriptor], [], [], 0.01)[0]:
            try:
                self.shown += os.read(self.descriptor, 65536).decode()
            except OSError:  # nobody has the other end open
                return False
        return True

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for something that happens while it runs."""
        deadline = time.monotonic() + STEP_SECONDS
        while not condition():
            assert self.is_running(), self.shown
            assert time.monotonic() < deadline, self.shown

    def press_ctrl_c(self) -> None:
        os.write(self.descriptor, b"\x03")

    def exit_code(self, seconds: float) -> int:
        """How it ends, within some seconds."""
        deadline = time.monotonic() + seconds
        while self.is_running():
            assert time.monotonic() < deadline, self.shown
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    @property
    def lines(self) -> list[str]:
        """What is left on the terminal, without the echo of Ctrl-C, erased progress and control sequences."""
        printed = [re.split(r"\x1b\[2?K", line)[-1] for line in self.shown.replace("^C", "").splitlines()]
        return [line for line in (re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", each).strip() for each in printed) if line]

    def embedded_api(self) -> list[int]:
        """Process of the embedded API that it started, if there is one."""
        return self.started(b"flows.embedded_api")

    def started(self, command: bytes) -> list[int]:
        """Processes that it started, by a part of their command line."""
        children = " ".join(path.read_text() for path in Path(f"/proc/{self.pid}/task").glob("*/children"))
        return [int(child) for child in children.split() if command in Path(f"/proc/{child}/cmdline").read_bytes()]


def begin(place: Path, *arguments: str | Path) -> Terminal:
    pid, descriptor = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # pytest may run where it is ignored
        os.chdir(place)
        os.execve(WCDA, [str(WCDA), *map(str, arguments)], bare_environment(place))
    return Terminal(pid, descriptor)


def harvest_slowly(place: Path, site: ReplicaSite) -> Terminal:
    catalog = write_catalog_for(site, place / "catalog.toml", requests_per_second=5.0)
    return begin(place, "harvest", "--catalog", catalog, "--warehouse", place / "warehouse")


def require_gone(process: int) -> None:
    deadline = time.monotonic() + STEP_SECONDS
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline, f"process {process} goes on"
        time.sleep(0.05)


def test_ctrl_c_while_the_api_starts(tmp_path: Path) -> None:
    run = begin(tmp_path, "harvest", "--from", "samples", "--warehouse", tmp_path / "warehouse")
    run.until(run.embedded_api)
    (api,) = run.embedded_api()
    run.press_ctrl_c()

    assert run.exit_code(PROMISED_SECONDS) == 130
    assert run.lines == [STARTING, INTERRUPTED]
    require_gone(api)


def test_ctrl_c_while_pages_are_fetched(tmp_path: Path, site: ReplicaSite) -> None:
    run = harvest_slowly(tmp_path, site)
    run.until(lambda: len(site.log()) > 5)
    (api,) = run.embedded_api()
    run.press_ctrl_c()

    assert run.exit_code(PROMISED_SECONDS) == 130
    assert (run.lines[0], run.lines[-1]) == (STARTING, INTERRUPTED)
    assert "Traceback" not in run.shown
    require_gone(api)
    (database,) = (tmp_path / ".local" / "state" / "wcda" / "prefect").glob("*/prefect.db")
    with sqlite3.connect(database) as state:
        assert state.execute("select state_type from flow_run").fetchall() == [("CRASHED",)]


def test_ctrl_c_while_tables_are_published(tmp_path: Path, site: ReplicaSite) -> None:
    catalog = write_catalog_for(site, tmp_path / "catalog.toml")
    run = begin(tmp_path, "harvest", "--catalog", catalog, "--warehouse", tmp_path / "warehouse")
    run.until(lambda: list((tmp_path / "warehouse" / "raw").glob("*.warc.gz")))  # the finished segment
    run.press_ctrl_c()

    assert run.exit_code(PROMISED_SECONDS) == 130
    assert run.lines[-1] == INTERRUPTED
    assert "Traceback" not in run.shown
    assert run_wcda(tmp_path, "check", "--warehouse", tmp_path / "warehouse").returncode == 0


@pytest.mark.parametrize("options", [["--direct"], []], ids=["direct", "on-prefect"])
def test_ctrl_c_while_processes_that_parse_start(options: list[str], tmp_path: Path, warehouse: Path) -> None:
    again = run_wcda(tmp_path, "harvest", "--from", "samples", "--direct", "--warehouse", warehouse)
    assert again.returncode == 0  # a segment for each process
    run = begin(tmp_path, "rebuild", "--processes", "2", "--warehouse", warehouse, *options)
    run.until(lambda: run.started(b"spawn_main"))
    parsing = run.started(b"spawn_main")
    run.press_ctrl_c()

    assert run.exit_code(PROMISED_SECONDS) == 130
    assert run.lines == [*([] if options else [STARTING]), INTERRUPTED]
    for process in parsing:
        require_gone(process)


@pytest.mark.parametrize(("presses", "seconds"), [(1, PROMISED_SECONDS), (2, 1)])
def test_ctrl_c_does_not_wait_for_an_api_that_no_longer_answers(
    presses: int, seconds: float, tmp_path: Path, site: ReplicaSite
) -> None:
    run = harvest_slowly(tmp_path, site)
    run.until(lambda: len(site.log()) > 5)
    (api,) = run.embedded_api()
    os.kill(api, signal.SIGSTOP)
    try:
        for _ in range(presses):
            run.press_ctrl_c()
            time.sleep(0.2)

        assert run.exit_code(seconds) == 130
        assert run.lines[-1] == INTERRUPTED
    finally:
        os.kill(api, signal.SIGCONT)
    require_gone(api)


def test_a_run_that_is_killed_while_the_api_starts_leaves_no_api(tmp_path: Path) -> None:
    run = begin(tmp_path, "harvest", "--from", "samples", "--warehouse", tmp_path / "warehouse")
    run.until(run.embedded_api)
    (api,) = run.embedded_api()
    os.kill(run.pid, signal.SIGKILL)  # it alone, and not what it started

    assert run.exit_code(STEP_SECONDS) == -signal.SIGKILL
    require_gone(api)
