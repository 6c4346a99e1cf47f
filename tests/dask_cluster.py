"""A Dask cluster on the loopback, for tests and benchmarks: a scheduler and workers, each a process of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.conftest import bare_environment

DASK = Path(sys.executable).with_name("dask")
_SECONDS_TO_START = 120


class DaskCluster:
    """A running scheduler, and the workers that are started.

    Args:
        place: Folder for what they say and need.
        stack: Ends what is started.
    """

    def __init__(self, place: Path, stack: ExitStack) -> None:
        self._place = place
        self._stack = stack
        self._started = 0
        self.scheduler, log = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        line = _wait_for(log, "Scheduler at:")
        self.address = line.split()[-1]

    def start_worker(self, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a worker with one thread, which nobody starts again if it dies, and wait until it is known."""
        worker, log = self._start(
            "worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", **environment
        )
        _wait_for(log, "Registered to:")
        return worker

    def _start(self, kind: str, *arguments: str, **environment: str) -> tuple["subprocess.Popen[bytes]", Path]:
        self._started += 1
        log = self._place / f"{self._started}-{kind}.log"
        home = self._place / f"{self._started}-home"
        home.mkdir()
        process = subprocess.Popen(
            [DASK, kind, *arguments],
            cwd=home,
            env={**bare_environment(home), **environment},
            stdout=subprocess.DEVNULL,
            stderr=self._stack.enter_context(log.open("wb")),
            start_new_session=True,  # Linux shares a busy machine among sessions
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process, log


@contextmanager
def dask_cluster(place: Path, workers: int) -> Iterator[DaskCluster]:
    """Run a scheduler with so many workers."""
    with ExitStack() as stack:
        cluster = DaskCluster(place, stack)
        for _ in range(workers):
            cluster.start_worker()
        yield cluster


def _wait_for(log: Path, words: str) -> str:
    """The first line of a log that has the words."""
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end:
        for line in log.read_text(errors="replace").splitlines():
            if words in line:
                return line
        time.sleep(0.1)
    raise RuntimeError(f"no {words!r} after {_SECONDS_TO_START} seconds: {log.read_text(errors='replace')}")
