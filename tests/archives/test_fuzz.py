"""The fuzz of archives, for a few seconds; `python -m tests.archives.fuzz` runs it for longer."""

from pathlib import Path

from tests.archives.fuzz import run


def test_mutated_archives_neither_hang_nor_fail(tmp_path: Path) -> None:
    counts, found = run(seconds=2, seed=7, keep=tmp_path)

    assert found == []
    assert counts.total() > 0
