"""What the docs show to analysts and to datasets downstream is so: each block is run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.harvest import harvest, rebuild
from flows.request import HarvestRequest
from schemas.identifiers import stable_id
from tests.code_blocks import run_python
from tests.conftest import REPOSITORY
from tests.warehouse.test_deciding import FOUR, KEYS, ONE, THREE, TWO, different, same, save
from warehouse.deciding import add_decision
from warehouse.folder import WarehouseFolder
from warehouse.identity.decisions import Decision
from wcda import open_warehouse

DOCS = REPOSITORY / "docs"


@pytest.mark.usefixtures("beside_the_samples")
def test_the_joins_of_the_analysis_page_give_what_the_samples_hold() -> None:
    shown, _ = run_python((DOCS / "analysis.md").read_text())

    assert [len(frame) for frame in shown.values()] == [5, 2, 10, 2, 1, 1, 14, 3, 2, 41, 0, 0, 0]


@pytest.fixture
def place(tmp_path: Path) -> WarehouseFolder:
    """A letter that is listed twice, not alike, a report, and minutes."""
    save(tmp_path / "pages", "first.txt", ONE, TWO, FOUR)
    save(tmp_path / "pages", "second.txt", THREE)
    harvest(HarvestRequest(str(tmp_path / "pages"), tmp_path / "tables"))
    return WarehouseFolder(tmp_path / "tables")


@pytest.fixture(scope="module")
def shown() -> dict[str, Callable[..., Any]]:
    """The functions that the page for those who follow shows."""
    return run_python((DOCS / "downstream.md").read_text())[1]


def titles(folder: WarehouseFolder) -> dict[str, str]:
    return dict(open_warehouse(folder.path).documents.set_index("document_id")["title"].to_dict())


def decide(folder: WarehouseFolder, decision: Decision) -> None:
    add_decision(folder, decision)
    rebuild(folder.path)


def test_the_loop_that_is_shown_keeps_a_copy_and_its_remarks_through_merges_and_splits(
    place: WarehouseFolder, shown: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    copy: dict[str, str] = {}
    report, minutes = stable_id(KEYS[1]), stable_id(KEYS[3])
    remarks = {report: ["salt"], minutes: ["dams"]}
    seen = shown["follow"](place.path, copy, remarks)
    assert copy == titles(place)
    assert len(copy) == 3

    decide(place, same(KEYS[1], KEYS[3]))
    seen = shown["follow"](place.path, copy, remarks, seen)
    assert copy == titles(place)
    ((kept, remarked),) = remarks.items()
    assert (kept in copy, sorted(remarked), len(copy)) == (True, ["dams", "salt"], 2)

    decide(place, different(KEYS[1], KEYS[3]))  # two snapshots, and a new document, before it follows again
    save(tmp_path / "more", "third.txt", ("May 10, 1943", "A title", "A summary."))
    harvest(HarvestRequest(str(tmp_path / "more"), place.path))
    seen = shown["follow"](place.path, copy, remarks, seen)
    assert copy == titles(place)
    assert (list(remarks), len(copy)) == ([kept], 4)

    copy["gone"] = "A document of a snapshot that is no longer kept"
    assert shown["follow"](place.path, copy, remarks, "20000101T000000.000000Z") == seen
    assert copy == titles(place)


def test_an_id_leads_where_the_page_says(place: WarehouseFolder, shown: dict[str, Callable[..., Any]]) -> None:
    before = set(titles(place))
    resolve = shown["resolve"]
    assert [resolve(open_warehouse(place.path), each) for each in before] == [[each] for each in before]

    decide(place, different(KEYS[0], KEYS[2]))
    (part,) = set(titles(place)) - before
    (origin,) = {stable_id(KEYS[0]), stable_id(KEYS[2])} & before
    assert resolve(open_warehouse(place.path), origin) == sorted([origin, part])

    decide(place, same(KEYS[2], KEYS[1]))
    w = open_warehouse(place.path)
    (gone,) = (before | {part}) - set(titles(place))
    assert set(resolve(w, gone)) <= set(titles(place))
    assert resolve(w, "0000000000000000") == []
