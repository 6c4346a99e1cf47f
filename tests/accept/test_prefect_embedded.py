"""The main job as a Prefect flow on Prefect's embedded API: a real run, and nothing of it in a person's way."""

import sqlite3
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from schemas.tables import TABLES
from tests.conftest import Done, run_wcda

pytestmark = pytest.mark.accept


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


def state_of(home: Path) -> Path:
    """Folder of the embedded API's database, of which there is one for each warehouse."""
    (database,) = (home / ".local" / "state" / "wcda" / "prefect").glob("*/prefect.db")
    return database.parent


def test_the_api_s_state_is_kept_in_the_state_folder_and_not_in_the_warehouse(done: Done, place: Path) -> None:
    assert done.returncode == 0
    assert not (place / "warehouse" / "prefect").exists()
    with sqlite3.connect(state_of(place / "home") / "prefect.db") as database:
        runs = database.execute("select name, state_type from flow_run").fetchall()
        tasks = database.execute("select count(*) from task_run where state_type = 'COMPLETED'").fetchone()
    assert runs == [("harvest every collection from samples", "COMPLETED")]
    assert tasks == (5,)  # begin, land, end, publish, report assets


def test_a_proxy_is_asked_for_the_site_and_not_for_the_api_and_its_password_is_not_kept(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(
        '[archive]\nurl = "http://archive.invalid"\n[politeness]\ncontact = "me@example.org"\nattempts = 1\n'
    )
    proxy = "http://jane:p@ssw0rd@127.0.0.1:1"
    arguments = ("harvest", "--catalog", catalog, "--warehouse", tmp_path / "warehouse")
    done = run_wcda(tmp_path, *arguments, http_proxy=proxy, HTTP_PROXY=proxy)

    assert done.returncode == 1
    assert "does not answer (connection refused)" in done.stderr
    kept = b"".join(path.read_bytes() for path in state_of(tmp_path / "home").rglob("*") if path.is_file())
    assert b"does not answer" in kept
    for secret in (b"jane", b"ssw0rd"):
        assert secret not in kept + (done.stdout + done.stderr).encode()
