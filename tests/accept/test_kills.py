"""A run that is killed at any moment leaves a warehouse that is whole, and the next run goes on from it."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import WCDA, bare_environment, run_wcda
from tests.disturbances.kills import run
from tests.flows.test_main_job import lasting, read_tables

pytestmark = pytest.mark.accept

KILLS = 100
KILLS_ON_PREFECT = 3


def start(place: Path, warehouse: Path) -> "subprocess.Popen[bytes]":
    """Start a harvest of the samples in a process group of its own."""
    return subprocess.Popen(
        [WCDA, "harvest", "--from", "samples", "--warehouse", warehouse],
        cwd=place,
        env=bare_environment(place),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def seconds_of_a_run(place: Path, warehouse: Path) -> float:
    """How long an undisturbed run takes here and now."""
    begun = time.monotonic()
    assert start(place, warehouse).wait() == 0
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


def test_a_hundred_kills_of_all_commands_that_write_leave_whole_tables_and_the_same_command_completes_them(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    record_property("seed", seed)

    found = run(tmp_path, KILLS, seed)

    assert sum(each.kills for each in found.values()) == KILLS
    assert {name: each.problems for name, each in found.items() if each.problems} == {}


def test_the_warehouse_is_sound_after_kills_of_a_harvest_with_the_api_that_it_started(
    warehouse: Path, tmp_path: Path
) -> None:
    undisturbed = lasting(read_tables(warehouse))
    duration = seconds_of_a_run(tmp_path, warehouse)
    killed = 0
    while killed < KILLS_ON_PREFECT:
        begun = time.monotonic()
        if not kill_after(start(tmp_path, warehouse), random.uniform(0, duration)):
            duration = time.monotonic() - begun  # it was quicker than those before: the next is killed within this
            continue
        killed += 1
        check = run_wcda(tmp_path, "check", "--warehouse", warehouse)
        assert check.returncode == 0, check.stderr
        assert lasting(read_tables(warehouse)) == undisturbed
    assert run_wcda(tmp_path, "harvest", "--from", "samples", "--direct", "--warehouse", warehouse).returncode == 0
    assert lasting(read_tables(warehouse)) == undisturbed
    assert {run["outcome"] for run in read_tables(warehouse)["runs"]} <= {"complete", "interrupted"}
