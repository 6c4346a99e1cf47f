"""The fuzz of all that is read from outside, for a few seconds; `make fuzz` runs it for an hour."""

from pathlib import Path

from tests.archives.fuzz import make_kinds, run


def test_mutated_inputs_of_every_kind_neither_hang_nor_fail(tmp_path: Path) -> None:
    outcome = run(seconds=3, seed=7, keep=tmp_path)

    assert outcome.found == []
    assert outcome.counts.keys() == make_kinds(tmp_path).keys()
