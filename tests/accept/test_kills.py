"""A run that is killed at any moment leaves a warehouse that is whole, and the next run goes on from it."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import WCDA, bare_environment, run_wcda
from tests.flows.test_main_job import lasting, read_tables

pytestmark = pytest.mark.accept

KILLS = 50
KILLS_ON_PREFECT = 3


def start(place: Path, warehouse: Path, *options: str) -> "subprocess.Popen[bytes]":
    """Start a harvest of the samples in a process group of its own."""
    return subprocess.Popen(
        [WCDA, "harvest", "--from", "samples", "--warehouse", warehouse, *options],
        cwd=place,
        env=bare_environment(place),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def seconds_of_a_run(place: Path, warehouse: Path, *options: str) -> float:
    """How long an undisturbed run takes here and now."""
    begun = time.monotonic()
    assert start(place, warehouse, *options).wait() == 0
    return time.monotonic() - begun


def kill_after(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Kill the process and all that it started; whether it was still running."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


@pytest.mark.parametrize(
    ("options", "kills"), [(["--direct"], KILLS), ([], KILLS_ON_PREFECT)], ids=["direct", "on-prefect"]
)
def test_the_warehouse_is_sound_after_every_kill(
    options: list[str], kills: int, warehouse: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    undisturbed = lasting(read_tables(warehouse))
    duration = seconds_of_a_run(tmp_path, warehouse, *options)
    seed = random.SystemRandom().randrange(10**6)
    record_property("seed", seed)
    moments = random.Random(seed)
    killed = 0
    while killed < kills:
        begun = time.monotonic()
        if not kill_after(start(tmp_path, warehouse, *options), moments.uniform(0, duration)):
            duration = time.monotonic() - begun  # it was quicker than those before: the next is killed within this
            continue
        killed += 1
        check = run_wcda(tmp_path, "check", "--warehouse", warehouse)
        assert check.returncode == 0, f"kill {killed} of seed {seed}: {check.stderr}"
        assert lasting(read_tables(warehouse)) == undisturbed
    assert run_wcda(tmp_path, "harvest", "--from", "samples", "--direct", "--warehouse", warehouse).returncode == 0
    assert lasting(read_tables(warehouse)) == undisturbed
    outcomes = {run["outcome"] for run in read_tables(warehouse)["runs"]}
    assert outcomes <= {"complete", "interrupted"}


def test_a_first_run_that_is_killed_leaves_nothing_half_published(tmp_path: Path) -> None:
    duration = seconds_of_a_run(tmp_path, tmp_path / "other", "--direct")
    for share in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9):
        warehouse = tmp_path / f"warehouse-{share}"
        warehouse.mkdir()
        kill_after(start(tmp_path, warehouse, "--direct"), duration * share)

        check = run_wcda(tmp_path, "check", "--json", "--warehouse", warehouse)

        assert check.returncode == 0, check.stderr
        assert (json.loads(check.stdout)["snapshot"] is None) == (not (warehouse / "current").exists())
