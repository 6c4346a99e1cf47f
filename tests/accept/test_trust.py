"""The embedded API and a served deployment, started among files of a stranger: nothing of them is run or obeyed."""

from pathlib import Path

import pytest

from tests.conftest import Command
from tests.flows.test_trust import hostile_files, write

pytestmark = pytest.mark.accept


def test_the_embedded_api_obeys_no_file_of_a_warehouse_or_a_working_directory(tmp_path: Path, wcda: Command) -> None:
    marks, warehouse = tmp_path / "marks", tmp_path / "warehouse"
    marks.mkdir()
    for folder in (tmp_path / "work", warehouse, warehouse / "prefect"):
        for name, text in hostile_files(folder, marks).items():
            write(folder / name, text)

    harvested = wcda("harvest", "--from", "samples", "--warehouse", warehouse)
    rebuilt = wcda("rebuild", "--warehouse", warehouse)

    assert (harvested.returncode, rebuilt.returncode) == (0, 0), harvested.stderr + rebuilt.stderr
    assert "19 documents" in harvested.stdout
    assert list(marks.iterdir()) == []
    assert list((tmp_path / "home" / ".local" / "state" / "wcda").rglob("prefect.db")) != []
    assert list(warehouse.rglob("*.db")) == []
