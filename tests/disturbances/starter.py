"""Starts commands as forks of a process that has imported everything, which takes milliseconds; or on a broken disk.

Run as a module it is that process: it reads a JSON line for each command, and writes its process id and exit code.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.conftest import bare_environment

_CHANGES = "changes"

_SAID = "said"


@dataclass(frozen=True)
class Watched:
    """What is done to the changes of a command to files in its place.

    Attributes:
        log: File for notes of all changes; `None` for none.
        fail_at: Which change fails, from 1; 0 for none.
        error: With which `errno`.
        fails_on: Whether all later ones fail too.
    """

    log: Path | None = None
    fail_at: int = 0
    error: int = 0
    fails_on: bool = False


def said(place: Path) -> str:
    """What the last command in a place printed, on standard output and error."""
    return place.with_name(_SAID).read_text(errors="replace")


class Starter:
    """Starts one command at a time.

    Args:
        process: This module, run as a process.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._pid = 0

    def start(self, place: Path, arguments: Sequence[str], watched: Watched | None = None) -> None:
        """Start `wcda` with arguments, in a process group of its own; `said` is what it prints."""
        log = watched and watched.log and str(watched.log)
        watch = watched and [log, watched.fail_at, watched.error, watched.fails_on]
        self._lines(1).write(json.dumps({"place": str(place), "arguments": arguments, "watch": watch}) + "\n")
        self._lines(1).flush()
        self._pid = int(self._lines(0).readline())

    def kill(self) -> None:
        """Kill it with all that it started; nothing if it has ended."""
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code, when it has ended; negative for a signal."""
        return int(self._lines(0).readline())

    def run(self, place: Path, arguments: Sequence[str], watched: Watched | None = None) -> int:
        """Start it and wait."""
        self.start(place, arguments, watched)
        return self.wait()

    @staticmethod
    def changes(place: Path) -> int:
        """How many changes to files in its place the last command made that was watched."""
        return int(place.with_name(_CHANGES).read_text())

    def _lines(self, which: int) -> IO[str]:
        stream = self._process.stdin if which else self._process.stdout
        assert stream is not None
        return stream


@contextmanager
def starter(place: Path) -> Iterator[Starter]:
    """A process that starts commands, with a home in `place`."""
    library = place / "disk.so"
    source = Path(__file__).with_name("disk.c")
    subprocess.run(["cc", "-O1", "-w", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True)
    environment = {**bare_environment(place / "home"), "LD_PRELOAD": str(library)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.disturbances.starter"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Starter(process)
        finally:
            process.kill()


def main() -> None:
    """Start what is asked for, until nobody asks any more."""
    import_everything()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become(**order)
        with suppress(OSError):  # as the child does: whoever is first
            os.setpgid(pid, pid)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def import_everything() -> None:
    """Import what the commands import when they are called."""
    import warehouse.products.exports  # noqa: F401


def become(place: str, arguments: list[str], watch: list[object] | None) -> None:
    """Be the command; does not return."""
    from flows.cli import main as command_line

    os.setpgid(0, 0)
    os.chdir(place)
    said = os.open(Path(place).with_name(_SAID), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.argv = ["wcda", *arguments]
    library = ctypes.CDLL(None)
    if watch is not None:
        log, fail_at, error, fails_on = watch
        log = log.encode() if isinstance(log, str) else None
        library.watch(place.encode(), log, ctypes.c_long(fail_at), error, int(bool(fails_on)))  # type: ignore[arg-type]
    code = 70
    try:
        command_line()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
        if watch is not None:
            Path(place).with_name(_CHANGES).write_text(str(library.changes()))
        os._exit(code)


if __name__ == "__main__":
    main()
