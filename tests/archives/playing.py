"""WARC files played by pywb, a standard player, in a process of its own, and surely stopped.

pywb lives in an environment of its own, `.venv/pywb`, which `make accept` sets up.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.conftest import bare_environment

COLLECTION = "played"

_PROGRAMS = Path(sys.prefix) / "pywb" / "bin"
_SECONDS_TO_START = 60
# Standard input is the leash: should this process be killed, the pipe closes, and the player ends.
_LEASHED = ["sh", "-c", '"$@" & cat; kill $!; wait', "sh"]


@dataclass(frozen=True, slots=True)
class Played:
    """A capture as the player gives it, in the content-encoding in which it was captured."""

    status: int
    headers: httpx.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Player:
    """A running player.

    Attributes:
        url: Of the collection, as `[wayback] url` in a catalog.
    """

    url: str

    def captures(self, url: str) -> list[dict[str, str]]:
        """The lines of the index for all addresses that begin with `url`."""
        answer = _get(f"{self.url}/cdx", params={"url": url, "matchType": "prefix", "output": "json"})
        return [httpx.Response(200, content=line).json() for line in answer.body.splitlines()]

    def capture(self, timestamp: str, url: str) -> Played:
        """The capture of an address at an instant of the index, unrewritten."""
        return _get(f"{self.url}/{timestamp}id_/{url}")


@contextmanager
def playing(warcs: Iterable[Path], place: Path) -> Iterator[Player]:
    """Play WARC files; what the player needs is kept in the empty folder `place`."""
    if not (_PROGRAMS / "wayback").exists():
        raise FileNotFoundError(f"{_PROGRAMS}: pywb is not there; `make accept` installs it")
    place.mkdir(exist_ok=True)
    for command in (["init", COLLECTION], ["add", COLLECTION, *map(str, warcs)]):
        subprocess.run(
            [_PROGRAMS / "wb-manager", *command],
            cwd=place,
            env=bare_environment(place),
            capture_output=True,
            check=True,
        )
    port = _free_port()
    command = [*_LEASHED, _PROGRAMS / "wayback", "--bind", "127.0.0.1", "--port", str(port)]
    with (place / "player.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=place, env=bare_environment(place), stdin=subprocess.PIPE, stdout=log, stderr=log
        )
        try:
            _wait_for(port, place / "player.log")
            yield Player(f"http://127.0.0.1:{port}/{COLLECTION}")
        finally:
            process.communicate()  # closes its standard input


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline:
        try:
            _get(f"http://127.0.0.1:{port}/")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the player did not start: {log.read_text()}")


def _get(url: str, params: dict[str, str] | None = None) -> Played:
    with httpx.Client(trust_env=False, timeout=60) as client, client.stream("GET", url, params=params) as answer:
        return Played(answer.status_code, answer.headers, b"".join(answer.iter_raw()))


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
