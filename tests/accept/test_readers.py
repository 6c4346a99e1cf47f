"""Readers of a warehouse in which another process publishes and deletes all the time."""

from pathlib import Path

import pytest

from tests.warehouse.readers import run

pytestmark = pytest.mark.accept


def test_no_reader_misses_a_file_or_mixes_two_snapshots_while_another_process_publishes(tmp_path: Path) -> None:
    seen = run(tmp_path, 30)

    assert seen.keys() == {"whole"}
    assert seen["whole"] > 10
