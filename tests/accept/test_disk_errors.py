"""Commands on a disk that fails, fills up or becomes read-only, one change to a file after the other."""

from pathlib import Path

import pytest

from tests.disturbances.disk_errors import run

pytestmark = pytest.mark.accept

EVERY = 250
"""One of so many changes fails in each kind; `make disk-report` lets all fail."""


def test_a_disk_that_fails_leaves_what_was_published_and_the_same_command_succeeds_when_it_works_again(
    tmp_path: Path,
) -> None:
    found = run(tmp_path, EVERY)

    assert {name: each.problems for name, each in found.items() if each.problems} == {}
    assert all(each.trials for each in found.values())
