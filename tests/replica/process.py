"""A replica for a test: started in a process of its own, spoken to over HTTP, and surely stopped."""

import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import IO, Any

from tests.replica.records import Truth

_ROOT = Path(__file__).resolve().parents[2]
_SECONDS_TO_START = 120
_SECONDS_TO_STOP = 5


class ReplicaError(RuntimeError):
    """The replica did not start, or did not take an order."""


class ReplicaSite:
    """A running replica."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def truth(self) -> Truth:
        """What a complete harvest finds now; fetched anew each time, since a fault can change it."""
        return Truth.from_json(self._call("GET", "truth"))

    def set_fault(self, fault: str, **parameters: Any) -> None:
        """Switch a fault on; faults.py says which there are, and what can be set."""
        self._call("POST", "faults", {"fault": fault, **parameters})

    def clear_faults(self) -> None:
        """Switch all faults off; what they did to the records stays."""
        self._call("DELETE", "faults")

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are on, and how often each has struck."""
        return list(self._call("GET", "faults"))

    def log(self) -> list[dict[str, Any]]:
        """The requests so far, in order, without those of this class."""
        return list(self._call("GET", "log"))

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self._call("POST", "reset")

    def restore(self) -> None:
        """As if just started: no faults, no log, and the records of the start."""
        self._call("POST", "restore")

    def _call(self, method: str, control: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/__replica__/{control}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise ReplicaError(f"{method} {control}: {error.read().decode()}") from error


@contextmanager
def replica(**options: Any) -> Iterator[ReplicaSite]:
    """Run a replica; options are those of the command line, such as `documents=200, items_per_page_ignored=True`."""
    command = [sys.executable, "-m", "tests.replica", "--port", "0", "--until-stdin-closes"]
    # Complaints go to a file: a pipe that nobody reads would fill up and hold the replica.
    with tempfile.TemporaryFile() as complaints:
        # Its standard input is the leash: should this process be killed, the pipe closes, and the replica ends.
        process = subprocess.Popen(
            [*command, *_arguments(options)],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        try:
            yield ReplicaSite(_announced_url(process, complaints))
        finally:
            _stop(process)


def _arguments(options: dict[str, Any]) -> list[str]:
    arguments: list[str] = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            arguments.append(flag)
        elif value is not False:
            arguments += [flag, str(value)]
    return arguments


def _announced_url(process: "subprocess.Popen[bytes]", complaints: IO[bytes]) -> str:
    if process.stdout is None:
        raise ReplicaError("the replica has no standard output")
    ready, _, _ = select([process.stdout], [], [], _SECONDS_TO_START)
    line = process.stdout.readline() if ready else b""
    if not line:
        complaints.seek(0)
        raise ReplicaError(f"the replica did not start: {complaints.read().decode()}")
    return str(json.loads(line)["url"])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.communicate(timeout=_SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
