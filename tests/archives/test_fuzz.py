"""The fuzz of all that is read from outside, for a few seconds; `make fuzz` runs it for an hour."""

from pathlib import Path

import pytest

from tests.archives.fuzz import make_kinds, problem_of, run

FOUND = Path(__file__).parent / "found"


def test_mutated_inputs_of_every_kind_neither_hang_nor_fail(tmp_path: Path) -> None:
    outcome = run(seconds=3, seed=7, keep=tmp_path)

    assert outcome.found == []
    assert outcome.counts.keys() == make_kinds(tmp_path).keys()


@pytest.mark.parametrize("name", [path.name for path in sorted(FOUND.iterdir())])
def test_what_the_fuzz_found_is_read_at_once(name: str, tmp_path: Path) -> None:
    kind = make_kinds(tmp_path)[name.rpartition(".")[2]]

    assert problem_of(kind, (FOUND / name).read_bytes()) is None
