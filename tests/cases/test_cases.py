"""Every form in which people hold pages of the archive gives what it holds, or says why not."""

import re
from collections.abc import Callable
from functools import cache

import pytest

from tests.cases.trying import CASES, Outcome, expectations, try_case

EXPECTED = expectations()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcome]:
    """What each case gives, tried once."""
    return cache(lambda name: try_case(EXPECTED[name]["sources"], tmp_path_factory.mktemp("case") / "warehouse"))


@pytest.fixture
def outcome(case: str, outcomes: Callable[[str], Outcome]) -> Outcome:
    return outcomes(case)


@pytest.mark.parametrize("case", EXPECTED)
def test_a_case_gives_all_that_it_holds(outcome: Outcome, case: str) -> None:
    expected = EXPECTED[case]
    assert outcome.collections == expected.get("collections", {}), outcome.messages
    assert outcome.exits == expected.get("exits", [0] * len(expected["sources"])), outcome.messages
    assert outcome.issues == expected.get("issues", {}), outcome.messages
    for name in ("titles", "urls", "captured"):
        assert getattr(outcome, name) == expected.get(name, getattr(outcome, name))
    for words in expected.get("says", ()):
        assert words in outcome.messages


@pytest.mark.parametrize("case", EXPECTED)
def test_no_case_is_read_in_part_in_silence(outcome: Outcome, case: str) -> None:
    is_silent = outcome.exits[-1] == 0 and not outcome.issues
    assert len(outcome.titles) == EXPECTED[case]["holds"] if is_silent else outcome.messages


def test_every_input_belongs_to_a_case() -> None:
    files = {path.relative_to(CASES).as_posix() for path in CASES.rglob("*") if path.is_file()}
    inputs = {name for name in files if "/" in name and "__pycache__" not in name}
    sources = tuple(source for case in EXPECTED.values() for source in case["sources"])
    assert {name for name in inputs if not name.startswith(sources)} == set()


def test_the_table_of_cases_names_each() -> None:
    named = set(re.findall(r"^\| ([a-z0-9-]+) \|", (CASES / "README.md").read_text(), re.MULTILINE))
    assert named - {"folder"} == {path.name for path in CASES.iterdir() if path.is_dir() and "_" not in path.name}
