"""A loss of power at moments of all commands that write: what was reported is there, and the same command goes on."""

from pathlib import Path

import pytest

from tests.disturbances.power import run

pytestmark = pytest.mark.accept

POINTS = 9
"""`make power-report` loses it at two hundred."""


def test_what_a_command_reported_outlasts_a_loss_of_power_and_the_same_command_completes_what_was_not(
    tmp_path: Path,
) -> None:
    found = run(tmp_path, POINTS)

    assert {name: each.problems for name, each in found.items() if each.problems} == {}
    assert sum(each.points for each in found.values()) >= POINTS
