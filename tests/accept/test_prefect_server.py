"""The main job on a real Prefect server: named by the environment, and by the user's profile."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import bare_environment, run_wcda

pytestmark = pytest.mark.accept

START_SECONDS = 120


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def call(api: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One call of the server's API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(api + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API of a Prefect server that runs on the loopback."""
    home = tmp_path_factory.mktemp("server")
    port = free_port()
    address = f"http://127.0.0.1:{port}/api"
    prefect = Path(sys.executable).with_name("prefect")
    with subprocess.Popen(
        [prefect, "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"],
        env={**bare_environment(home), "PREFECT_HOME": os.fspath(home / "prefect")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            wait_for(address)
            yield address
        finally:
            server.terminate()


def wait_for(api: str) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            call(api, "/health")
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"no server at {api} after {START_SECONDS} seconds")


def runs_named(api: str, name: str) -> list[dict[str, Any]]:
    """The server's flow runs of a name."""
    runs: list[dict[str, Any]] = call(api, "/flow_runs/filter", {"flow_runs": {"name": {"any_": [name]}}})
    return runs


def test_a_server_that_the_environment_names_records_the_run(api: str, tmp_path: Path) -> None:
    before = len(runs_named(api, "harvest from samples"))

    done = run_wcda(
        tmp_path, "harvest", "--from", "samples", "--warehouse", tmp_path / "warehouse", PREFECT_API_URL=api
    )

    runs = runs_named(api, "harvest from samples")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(runs) == before + 1
    assert {run["state_type"] for run in runs} == {"COMPLETED"}
    assert not (tmp_path / "warehouse" / "prefect" / "prefect.db").exists()


def test_a_server_that_the_profile_names_records_the_run(api: str, tmp_path: Path) -> None:
    before = len(runs_named(api, "harvest from samples"))
    profiles = tmp_path / "home" / ".prefect" / "profiles.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text(f'active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "{api}"\n')

    done = run_wcda(tmp_path, "harvest", "--from", "samples", "--warehouse", tmp_path / "warehouse")

    assert (done.returncode, done.stderr) == (0, "")
    assert len(runs_named(api, "harvest from samples")) == before + 1


def test_a_run_that_gives_nothing_usable_is_a_failed_run_there(api: str, tmp_path: Path) -> None:
    page = tmp_path / "no-page.txt"
    page.write_text("no listing at all\n")

    done = run_wcda(tmp_path, "harvest", "--from", page, "--warehouse", tmp_path / "warehouse", PREFECT_API_URL=api)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert {run["state_type"] for run in runs_named(api, f"harvest from {page}")} == {"FAILED"}
