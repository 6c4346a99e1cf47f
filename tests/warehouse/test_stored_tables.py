"""Tables wait in files: what comes back is what was put there, and what is in use stays as it is."""

import random
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from schemas.tables import TABLES
from warehouse.building.finishing import finish
from warehouse.folder import WarehouseFolder
from warehouse.stored_tables import StoredTables

ROWS = pa.table(
    {"id": ["a", None, "c"], "parts": [["x"], [], None], "kind": pa.array(["k", "l", "k"]).dictionary_encode()}
)


@pytest.mark.parametrize("table", [ROWS, ROWS.slice(0, 0), pa.concat_tables([ROWS, ROWS.slice(1)])])
def test_a_table_comes_back_as_it_was(table: pa.Table, tmp_path: Path) -> None:
    stored = StoredTables(tmp_path / "tables")

    stored["some"] = table

    assert dict(stored) == {"some": table}
    assert stored["some"].schema == table.schema


def test_a_table_in_use_stays_readable_when_another_takes_its_place_or_it_is_taken_out(tmp_path: Path) -> None:
    stored = StoredTables(tmp_path / "tables")
    stored["some"] = ROWS
    former = stored["some"]

    stored["some"] = former.slice(1)
    later = stored.pop("some")

    assert (former, later) == (ROWS, ROWS.slice(1))
    assert "some" not in stored
    assert list((tmp_path / "tables").iterdir()) == []


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    stored = StoredTables(tmp_path / "tables")
    (tmp_path / "tables").rmdir()

    with pytest.raises(OSError, match="No such file") as caught:
        stored["some"] = ROWS
    assert str(caught.value.filename).startswith(str(tmp_path / "tables" / "some"))


def test_many_rows_are_made_in_the_order_of_their_table() -> None:
    ids = [f"{number:05}" for number in range(3000)]
    rows = pd.DataFrame({"left_id": ids, "right_id": ids, "score": 0.5, "evidence": "equal", "decision": None})
    shuffled = rows.sample(frac=1, random_state=random.Random(1).randrange(2**32))
    schema = TABLES["candidate_pairs"].arrow_schema()

    made = pa.Table.from_batches(finish("candidate_pairs", shuffled.astype({"left_id": "category"})), schema)

    assert made["left_id"].to_pylist() == ids
    assert made.schema == schema


def test_the_room_for_building_is_empty_and_gone_in_the_end(tmp_path: Path) -> None:
    folder = WarehouseFolder(tmp_path)
    with folder.locked():
        (folder.building / "tables").mkdir(parents=True)  # a run that was killed left it

        with folder.room_for_building() as room:
            assert list(room.iterdir()) == []
            (room / "some").touch()

        assert not folder.building.exists()
