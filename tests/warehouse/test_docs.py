"""What the docs show to analysts and to datasets downstream is so: each block is run."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from flows.harvest import harvest, rebuild
from flows.request import HarvestRequest
from schemas.identifiers import stable_id
from tests.code_blocks import code_blocks, run_python
from tests.conftest import REPOSITORY, bare_environment
from tests.postgresql import PASSWORD, SUPERUSER, running_postgresql
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


@contextmanager
def connected(kind: str, path: Path) -> Iterator[Any]:
    """A connection to a new database."""
    if kind == "SQLite":
        with closing(sqlite3.connect(path)) as database:
            yield database
    elif kind == "DuckDB":
        import duckdb  # only where the slow tests are run

        with closing(duckdb.connect(path)) as database:
            yield database
    else:
        import psycopg  # likewise

        with running_postgresql() as server:
            server.administer("createdb", "archive")
            address = f"host=127.0.0.1 port={server.port} dbname=archive user={SUPERUSER}"
            with psycopg.connect(address, password=PASSWORD, autocommit=True) as database:
                yield database


DATABASES = [
    "SQLite",
    pytest.param("DuckDB", marks=pytest.mark.accept),
    pytest.param("PostgreSQL", marks=pytest.mark.operations),
]
MARKS = {"SQLite": "?", "DuckDB": "?", "PostgreSQL": "%s"}


def copied(database: Any, columns: str = "*", table: str = "documents") -> list[tuple[Any, ...]]:
    return sorted(database.cursor().execute(f"SELECT {columns} FROM {table}").fetchall())


FOLLOWED = {
    "documents": ["document_id", "title", "collection_count"],
    "collections": ["collection_id", "kind", "name", "url", "reported_total", "observed_total"],
    "memberships": ["document_id", "collection_id", "rank"],
}


def differences(database: Any, folder: WarehouseFolder) -> list[str]:
    """The tables that a database has otherwise than the warehouse."""
    w = open_warehouse(folder.path)
    found = []
    for table, columns in FOLLOWED.items():
        frame = getattr(w, table)[columns].astype(object)
        published = sorted(map(tuple, frame.where(frame.notna(), None).values.tolist()), key=repr)
        if sorted(copied(database, ", ".join(columns), table), key=repr) != published:
            found.append(table)
    return found


@pytest.mark.parametrize("kind", DATABASES)
def test_the_script_that_is_shown_keeps_a_database_up_to_date_through_merges_and_new_documents(
    kind: str, place: WarehouseFolder, shown: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    with connected(kind, tmp_path / "copy.db") as database:
        shown["follow_into"](database, place.path, MARKS[kind])
        assert differences(database, place) == []
        assert dict(copied(database, "document_id, title")) == titles(place)
        assert copied(database, table="changes") == []
        assert len(copied(database, table="memberships")) == 4
        first = open_warehouse(place.path).snapshot_id

        decide(place, same(KEYS[1], KEYS[3]))
        save(tmp_path / "more", "third.txt", ("May 10, 1943", "A title", "A summary."))
        harvest(HarvestRequest(str(tmp_path / "more"), place.path))
        shown["follow_into"](database, place.path, MARKS[kind])
        shown["follow_into"](database, place.path, MARKS[kind])  # nothing is new
        snapshot = open_warehouse(place.path).snapshot_id
        assert differences(database, place) == []
        assert {row[0] for row in copied(database, "change", "changes")} >= {"added", "merged"}
        assert {row[0] for row in copied(database, "table_name", "changes")} == set(FOLLOWED)
        assert len(copied(database, table="changes")) == len(open_warehouse(place.path).changes(since=first))
        assert copied(database, table="seen") == [(snapshot,)]

        database.cursor().execute("UPDATE seen SET snapshot = '20000101T000000.000000Z'")
        database.cursor().execute("INSERT INTO documents (document_id) VALUES ('gone')")
        database.cursor().execute("INSERT INTO memberships VALUES ('gone', 'here', 1)")
        database.cursor().execute("UPDATE collections SET name = 'Another'")
        database.commit()
        shown["follow_into"](database, place.path, MARKS[kind])
        assert differences(database, place) == []
        assert copied(database, table="seen") == [(snapshot,)]


@pytest.mark.parametrize("kind", DATABASES)
def test_what_left_a_collection_leaves_the_database_and_the_document_stays(
    kind: str, place: WarehouseFolder, shown: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    with connected(kind, tmp_path / "copy.db") as database:
        shown["follow_into"](database, place.path, MARKS[kind])
        before = copied(database, "document_id, collection_id", "memberships")
        save(tmp_path / "pages", "second.txt", ("May 10, 1943", "A title", "A summary."))
        harvest(HarvestRequest(str(tmp_path / "pages"), place.path, accept_loss=True))
        shown["follow_into"](database, place.path, MARKS[kind])

        assert differences(database, place) == []
        after = copied(database, "document_id, collection_id", "memberships")
        assert set(before) - set(after)
        assert {row[0] for row in before} <= {row[0] for row in copied(database, "document_id")}


def test_a_database_that_an_earlier_script_filled_gets_the_tables_that_it_lacks(
    place: WarehouseFolder, shown: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "copy.db")) as database:
        shown["follow_into"](database, place.path)
        database.execute("DROP TABLE memberships")
        database.execute("DROP TABLE collections")
        shown["follow_into"](database, place.path)

        assert differences(database, place) == []


@pytest.mark.parametrize("kind", DATABASES)
def test_the_question_that_is_shown_is_answered_by_the_database(
    kind: str, harvested_samples: Path, shown: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    (question,) = (code for language, code in code_blocks((DOCS / "downstream.md").read_text()) if language == "sql")
    with connected(kind, tmp_path / "copy.db") as database:
        shown["follow_into"](database, harvested_samples, MARKS[kind])
        found = database.cursor().execute(question).fetchall()

    w = open_warehouse(harvested_samples).find("castro", "1962")
    assert len(found) == w["collections"].map(len).sum() > 0
    assert {row[1] for row in found} == set(w["title"])


@pytest.mark.parametrize("kind", DATABASES)
def test_a_run_that_fails_halfway_leaves_the_database_as_it_was(
    kind: str, place: WarehouseFolder, shown: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    with connected(kind, tmp_path / "copy.db") as database:
        shown["follow_into"](database, place.path, MARKS[kind])
        cursor = database.cursor()
        cursor.execute("DROP TABLE seen")
        first = open_warehouse(place.path).snapshot_id
        cursor.execute(f"CREATE TABLE seen (snapshot TEXT CHECK (snapshot = '{first}'))")  # which is written last
        cursor.execute(f"INSERT INTO seen VALUES ('{first}')")
        database.commit()
        tables = [*FOLLOWED, "changes", "seen"]
        before = [copied(database, table=table) for table in tables]
        decide(place, same(KEYS[1], KEYS[3]))
        with pytest.raises(Exception, match=r"(?i)check"):
            shown["follow_into"](database, place.path, MARKS[kind])

        assert [copied(database, table=table) for table in tables] == before


@pytest.fixture
def nightly(tmp_path: Path) -> Callable[[], "subprocess.CompletedProcess[str]"]:
    """Runs the script of the page in an empty folder."""
    page = (DOCS / "downstream.md").read_text()
    (script,) = (code for language, code in code_blocks(page) if language == "python" and "__main__" in code)
    (tmp_path / "follow_every_night.py").write_text(script)

    def run() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "follow_every_night.py"],
            cwd=tmp_path,
            env=bare_environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def refused(done: "subprocess.CompletedProcess[str]", *words: str) -> bool:
    """It ended with one line that has the words."""
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert done.stderr.startswith("follow_every_night.py: the database stays as it was: ")
    return all(word in done.stderr for word in words)


def test_the_nightly_script_without_a_warehouse_makes_no_database(
    nightly: Callable[[], "subprocess.CompletedProcess[str]"], tmp_path: Path
) -> None:
    assert refused(nightly(), "warehouse/data: there is no warehouse here", "wcda harvest")
    (tmp_path / "warehouse" / "data" / "raw").mkdir(parents=True)
    assert refused(nightly(), "nothing has been published yet", "wcda harvest")

    assert not (tmp_path / "archive.db").exists()


def test_the_nightly_script_leaves_the_database_where_the_warehouse_was_moved_away(
    nightly: Callable[[], "subprocess.CompletedProcess[str]"], place: WarehouseFolder, tmp_path: Path
) -> None:
    (tmp_path / "warehouse").mkdir()
    place.path.rename(tmp_path / "warehouse" / "data")
    done = nightly()
    snapshot = open_warehouse(tmp_path / "warehouse" / "data").snapshot_id
    assert done.stdout == f"follow_every_night.py: 0 changes; the database is up to snapshot {snapshot}\n"
    before = (tmp_path / "archive.db").read_bytes()

    (tmp_path / "warehouse" / "data").rename(tmp_path / "elsewhere")

    assert refused(nightly(), "there is no warehouse here")
    assert (tmp_path / "archive.db").read_bytes() == before


@pytest.mark.parametrize("state", ["locked", "no database", "a folder", "another table"])
def test_the_nightly_script_says_in_one_line_what_is_wrong_with_the_database(
    state: str, nightly: Callable[[], "subprocess.CompletedProcess[str]"], place: WarehouseFolder, tmp_path: Path
) -> None:
    (tmp_path / "warehouse").mkdir()
    place.path.rename(tmp_path / "warehouse" / "data")
    path = tmp_path / "archive.db"
    if state == "no database":
        path.write_text("A letter, and no database. " * 100)
        assert refused(nightly(), "file is not a database")
        assert path.read_text().startswith("A letter")
    elif state == "a folder":
        path.mkdir()
        assert refused(nightly(), "unable to open database file")
    elif state == "another table":
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE documents (mine TEXT)")
        assert refused(nightly(), "no such column")
    else:
        with closing(sqlite3.connect(path)) as database:
            database.execute("BEGIN EXCLUSIVE")
            assert refused(nightly(), "database is locked")


def test_the_line_for_cron_harvests_and_fills_the_database(tmp_path: Path) -> None:
    page = (DOCS / "downstream.md").read_text()
    (line,) = (code for language, code in code_blocks(page) if language == "crontab")
    (script,) = (code for language, code in code_blocks(page) if language == "python" and "__main__" in code)
    (tmp_path / "follow_every_night.py").write_text(script)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    command = line.split(maxsplit=5)[5].replace("/srv/archive", str(tmp_path))
    usual = {"WCDA_FROM": "samples", "WCDA_WAREHOUSE": "warehouse/data"}  # cron would ask the site

    done = subprocess.run(["/bin/sh", "-c", command], env={**bare_environment(tmp_path), **usual}, check=False)

    assert (done.returncode, line.split()[:5]) == (0, ["0", "3", "*", "*", "*"]), (tmp_path / "nightly.log").read_text()
    with closing(sqlite3.connect(tmp_path / "archive.db")) as database:
        assert len(copied(database)) == 19
        assert len(copied(database, table="memberships")) == 20


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
