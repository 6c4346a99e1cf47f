"""A real Prefect server on the loopback, for tests and benchmarks, and what they ask of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from tests.conftest import Done, bare_environment

T = TypeVar("T")

PREFECT = Path(sys.executable).with_name("prefect")
START_SECONDS = 120
RUN_SECONDS = 600
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def until(condition: Callable[[], T], seconds: float = RUN_SECONDS) -> T:
    """Wait until a condition holds; gives what it gave then."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{condition} does not hold after {seconds} seconds")
        time.sleep(0.2)
    return found


@dataclass
class PrefectServer:
    """A server with a home of its own; it can be stopped and started again on the same state.

    Attributes:
        home: Home of those who speak to it, and folder of its SQLite file.
        database: URL of a PostgreSQL that holds its state instead of that file.
    """

    home: Path
    database: str | None = None
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """Where its API is."""
        return f"{self.url}/api"

    @property
    def environment(self) -> dict[str, str]:
        """Of those who are to use it."""
        return {
            **bare_environment(self.home),
            "PREFECT_HOME": os.fspath(self.home / "prefect"),
            "PREFECT_API_URL": self.api,
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    def start(self) -> None:
        """Start it, and wait until it answers."""
        environment = {**self.environment, "PREFECT_UI_API_URL": self.api}  # its pages would ask port 4200
        del environment["PREFECT_API_URL"]
        if self.database is not None:
            environment["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = self.database
        self.process = subprocess.Popen(
            [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(self.port)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers, START_SECONDS)

    def stop(self) -> None:
        """Stop it; its state stays."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)

    def call(self, path: str, body: Any = None) -> Any:
        """One call of its API; made again while the server's database is busy with others, which can take minutes.

        Prefect's SQLite file is at times held by one of the server's own requests until its timeouts have passed.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.api + path, data, {"Content-Type": "application/json"})
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=30) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > end:
                    raise
                error.close()
            except TimeoutError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.5)

    def delete(self, path: str) -> None:
        """Delete something by its API."""
        request = urllib.request.Request(self.api + path, method="DELETE")
        urllib.request.urlopen(request, timeout=30).close()

    def prefect(self, *arguments: str | Path, cwd: Path | None = None) -> Done:
        """Run `prefect` as an operator would."""
        return subprocess.run(
            [PREFECT, *arguments],
            cwd=cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )

    @contextmanager
    def worker(self, pool: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A worker of a pool, while the block lasts; it leads a process group, with the runs that it starts."""
        with subprocess.Popen(
            [PREFECT, "worker", "start", "--pool", pool, "--limit", "1"],
            env={**self.environment, "PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:  # it waits for a run that does not end
                    os.killpg(process.pid, signal.SIGKILL)

    def trigger(self, deployment: str, **parameters: Any) -> str:
        """Create a run of a deployment, named `flow/deployment`; gives its id."""
        deployment_id = self.call(f"/deployments/name/{deployment}")["id"]
        run = self.call(f"/deployments/{deployment_id}/create_flow_run", {"parameters": parameters})
        return str(run["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        """A flow run."""
        found: dict[str, Any] = self.call(f"/flow_runs/{run_id}")
        return found

    def final(self, run_id: str) -> dict[str, Any]:
        """Wait for the end of a flow run; gives its final state."""
        until(lambda: self.run(run_id)["state_type"] in FINAL)
        state: dict[str, Any] = self.run(run_id)["state"]
        return state

    def runs_named(self, name: str) -> list[dict[str, Any]]:
        """The flow runs of a name."""
        runs: list[dict[str, Any]] = self.call("/flow_runs/filter", {"flow_runs": {"name": {"any_": [name]}}})
        return runs

    def logs(self, run_id: str) -> list[dict[str, Any]]:
        """What was logged for a flow run, in order."""
        logs: list[dict[str, Any]] = self.call(
            "/logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_ASC"}
        )
        return logs

    def artifacts(self, run_id: str) -> dict[str, dict[str, Any]]:
        """The artifacts of a flow run, by key."""
        found = self.call("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run_id]}}})
        return {artifact["key"]: artifact for artifact in found}

    def events(self, prefix: str) -> list[dict[str, Any]]:
        """Events whose names begin so, the newest first."""
        events: list[dict[str, Any]] = self.call("/events/filter", {"filter": {"event": {"prefix": [prefix]}}})[
            "events"
        ]
        return events

    def _answers(self) -> bool:
        try:
            self.call("/health")
        except (urllib.error.URLError, OSError):
            return False
        return True


@contextmanager
def prefect_server(home: Path, database: str | None = None) -> Iterator[PrefectServer]:
    """A running server, while the block lasts."""
    server = PrefectServer(home, database)
    try:
        server.start()
        yield server
    finally:
        server.stop()
