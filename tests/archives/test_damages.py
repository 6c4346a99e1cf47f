"""Damaged and harmful archives: what can be read is read, the rest is said, and nothing else is touched."""

from pathlib import Path

import pytest

from tests.archives.damages import DAMAGES, ROWS, Damage, make_former, meet


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_former(tmp_path_factory.mktemp("former"))


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_of_each_damage_the_rest_is_read_and_it_is_said_and_the_former_tables_stay(
    damage: Damage, former: Path, tmp_path: Path
) -> None:
    met = meet(damage, former, tmp_path)

    assert met.done.returncode == damage.exit_code, met.done.stdout + met.done.stderr
    assert met.strays == ()
    assert met.added == 0
    assert met.is_former_whole
    assert met.check.returncode == 0, met.check.stdout
    if damage.refused is not None:
        assert len(met.done.stderr.splitlines()) == 1, met.done.stderr
        assert met.done.stderr.startswith("wcda: ")
        assert damage.refused in met.done.stderr
        assert met.is_unpublished
        return
    assert met.done.stderr == ""
    assert (met.pages, met.documents) == (damage.pages, damage.pages * ROWS)
    assert sorted(kind for kind, _ in met.issues) == sorted(kind for kind, *_ in damage.said)
    for kind, *words in damage.said:
        told = [text for each, text in met.issues if each == kind]
        assert any(all(word in text for word in words) for text in told), told
