"""The main job on a real Prefect server: named by the environment, and by the user's profile."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import WCDA, run_wcda
from tests.prefect_server import PrefectServer, until

pytestmark = pytest.mark.accept

NAME = "harvest every collection from samples"


def test_a_server_that_the_environment_names_records_the_run(server: PrefectServer, tmp_path: Path) -> None:
    before = len(server.runs_named(NAME))

    done = run_wcda(
        tmp_path, "harvest", "--from", "samples", "--warehouse", tmp_path / "warehouse", PREFECT_API_URL=server.api
    )

    runs = server.runs_named(NAME)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(runs) == before + 1
    assert {run["state_name"] for run in runs} == {"Complete"}
    assert not (tmp_path / "warehouse" / "prefect" / "prefect.db").exists()


def test_a_server_that_the_profile_names_records_the_run(server: PrefectServer, tmp_path: Path) -> None:
    before = len(server.runs_named(NAME))
    profiles = tmp_path / "home" / ".prefect" / "profiles.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text(f'active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "{server.api}"\n')

    done = run_wcda(tmp_path, "harvest", "--from", "samples", "--warehouse", tmp_path / "warehouse")

    assert (done.returncode, done.stderr) == (0, "")
    assert len(server.runs_named(NAME)) == before + 1


def test_a_run_that_gives_nothing_usable_is_a_failed_run_there(server: PrefectServer, tmp_path: Path) -> None:
    page = tmp_path / "no-page.txt"
    page.write_text("no listing at all\n")

    done = run_wcda(
        tmp_path, "harvest", "--from", page, "--warehouse", tmp_path / "warehouse", PREFECT_API_URL=server.api
    )

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    (run,) = server.runs_named("harvest every collection from no-page.txt")
    assert (run["state_type"], f"wcda: {run['state']['message']}\n") == ("FAILED", done.stderr)


@pytest.mark.parametrize("seconds", [0.0, 1.0, 10.0])
def test_serving_is_ended_by_sigterm_without_a_warning(seconds: float, server: PrefectServer, tmp_path: Path) -> None:
    name = f"ended-after-{seconds}"
    command = ["serve", "--from", "samples", "--cron", "0 3 1 1 *", "--name", name, "--warehouse", "w"]
    process = subprocess.Popen(
        [WCDA, *command],
        env=server.environment,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: name in {each["name"] for each in server.call("/deployments/filter", {})})
    time.sleep(seconds)

    process.terminate()

    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode in (0, -15)
