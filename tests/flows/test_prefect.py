"""The main job as a Prefect flow, on Prefect's embedded API: real runs, and nothing of them in a person's way."""

import ast
import sqlite3
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from schemas.tables import TABLES
from tests.conftest import REPOSITORY, Command, Done, run_wcda


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture(scope="module")
def done(place: Path) -> Done:
    """One harvest of the samples on the embedded API."""
    return run_wcda(place, "harvest", "--from", "samples", "--warehouse", place / "warehouse")


def test_a_person_sees_the_same_as_without_prefect(done: Done, place: Path, harvested_samples: Path) -> None:
    direct = run_wcda(place, "status", "--warehouse", harvested_samples)

    assert done.returncode == 0
    assert "19 documents" in done.stdout
    assert done.stdout.splitlines()[:3] == direct.stdout.splitlines()[1:4]
    assert done.stderr == "wcda: starting Prefect's embedded API, which takes some seconds (--direct runs without)\n"


def test_the_tables_are_those_of_a_run_without_prefect(done: Done, place: Path, harvested_samples: Path) -> None:
    assert done.returncode == 0
    for name, table in TABLES.items():
        if not table.volatile:
            columns = list(table.lasting_columns)
            ours, theirs = (
                pq.read_table(warehouse / "current" / f"{name}.parquet", columns=columns)
                for warehouse in (place / "warehouse", harvested_samples)
            )
            assert ours.equals(theirs), name


def test_the_api_s_state_is_kept_in_the_warehouse_and_not_in_the_home(done: Done, place: Path) -> None:
    assert done.returncode == 0
    assert list((place / "home").iterdir()) == []
    with sqlite3.connect(place / "warehouse" / "prefect" / "prefect.db") as database:
        runs = database.execute("select name, state_type from flow_run").fetchall()
        tasks = database.execute("select count(*) from task_run where state_type = 'COMPLETED'").fetchone()
    assert runs == [("harvest from samples", "COMPLETED")]
    assert tasks == (4,)  # begin, land, end, publish


def test_prefect_is_imported_by_the_flows_alone_and_never_for_help() -> None:
    importing = {
        path.relative_to(REPOSITORY).as_posix()
        for room in ("flows", "extractors", "schemas", "warehouse")
        for path in (REPOSITORY / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "prefect"
    }

    assert importing == {"flows/prefect_flows.py"}


def test_an_api_that_does_not_answer_is_one_line(wcda: Command) -> None:
    done = wcda("harvest", "--from", "samples", PREFECT_API_URL="http://127.0.0.1:9/api")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Prefect's API at http://127.0.0.1:9/api does not answer" in done.stderr


def test_the_api_that_the_user_s_profile_names_is_used(tmp_path: Path, wcda: Command) -> None:
    profiles = tmp_path / "home" / ".prefect" / "profiles.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text('active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "http://127.0.0.1:11/api"\n')

    done = wcda("harvest", "--from", "samples")

    assert "Prefect's API at http://127.0.0.1:11/api does not answer" in done.stderr
