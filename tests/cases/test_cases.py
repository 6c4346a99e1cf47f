"""Every form in which people hold pages of the archive gives what it holds, or says why not."""

from pathlib import Path

import pytest

from tests.cases.trying import Outcome, expectations, try_case

EXPECTED = expectations()


@pytest.fixture
def outcome(request: pytest.FixtureRequest, tmp_path: Path) -> Outcome:
    return try_case(EXPECTED[request.param]["sources"], tmp_path / "warehouse")


@pytest.mark.parametrize(("outcome", "case"), [(name, name) for name in EXPECTED], indirect=["outcome"], ids=EXPECTED)
def test_a_case_gives_all_that_it_holds(outcome: Outcome, case: str) -> None:
    expected = EXPECTED[case]
    assert outcome.collections == expected.get("collections", {}), outcome.messages
    assert outcome.exits == expected.get("exits", [0] * len(expected["sources"])), outcome.messages
    assert outcome.issues == expected.get("issues", {}), outcome.messages
    for name in ("titles", "urls", "captured"):
        assert getattr(outcome, name) == expected.get(name, getattr(outcome, name))
    for words in expected.get("says", ()):
        assert words in outcome.messages
