"""Rolling back: what was harvested after a snapshot is withdrawn, by a record in the raw zone, and can come back."""

import json
import shutil
from pathlib import Path

import pytest

from extractors.raw_zone import RawZone
from flows.harvest import harvest, rebuild
from flows.inspection import check_warehouse
from flows.request import HarvestRequest
from flows.rollback import roll_back
from schemas.errors import UsageError, WarehouseError
from schemas.records import Withdrawal
from tests.conftest import Command
from tests.flows.test_bad_input import assert_one_line
from tests.flows.test_main_job import lasting, read_tables
from tests.flows.test_pairs import HERRING, LETTER, save
from warehouse.folder import WarehouseFolder
from warehouse.publishing import forget_old
from wcda.snapshots import current_snapshot, list_snapshots

PAGE = "Skip to content\n\n\n1 - 1 of 1\n\n\n{}\n"


def harvest_page(tables: Path, *record: str) -> str:
    """Harvest a folder with one saved page that shows one record; the snapshot's id."""
    pages = tables.parent / "pages"
    pages.mkdir(exist_ok=True)
    (pages / "page.txt").write_text(PAGE.format("\n\n".join(record)))
    receipt = harvest(HarvestRequest(str(pages), tables))
    assert receipt.snapshot is not None
    return receipt.snapshot


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    return tmp_path / "tables"


def titles(tables: Path) -> set[object]:
    return {row["title"] for row in read_tables(tables)["documents"]}


def test_what_was_harvested_later_is_withdrawn_and_nothing_is_deleted(tables: Path) -> None:
    first = harvest_page(tables, *LETTER)
    before = read_tables(tables)
    harvest_page(tables, *HERRING)
    landed = RawZone(tables / "raw").all_segments()

    done = roll_back(tables, first)

    assert (done.to, done.withdrawn, done.differences) == (first, 1, 0)
    assert read_tables(tables) == before
    assert done.receipt.changes["removed"] > 0
    assert RawZone(tables / "raw").all_segments() == landed
    assert check_warehouse(tables).problems == []


def test_a_rebuild_after_a_rollback_gives_the_same_tables(tables: Path) -> None:
    first = harvest_page(tables, *LETTER)
    harvest_page(tables, *HERRING)
    roll_back(tables, first)
    returned = read_tables(tables)

    rebuild(tables)

    assert read_tables(tables) == returned


def test_what_is_harvested_after_a_rollback_counts(tables: Path) -> None:
    first = harvest_page(tables, *LETTER)
    harvest_page(tables, *HERRING)
    roll_back(tables, first)

    harvest_page(tables, *HERRING)

    assert titles(tables) == {LETTER[1], HERRING[1]}
    assert len(read_tables(tables)["runs"]) == 2


def test_a_rollback_to_the_later_snapshot_brings_back_what_was_withdrawn(tables: Path) -> None:
    first = harvest_page(tables, *LETTER)
    second = harvest_page(tables, *HERRING)
    both = read_tables(tables)
    roll_back(tables, first)

    done = roll_back(tables, second)

    assert (done.withdrawn, done.differences) == (0, 0)
    assert read_tables(tables) == both


def test_decisions_stand_and_it_is_said_that_the_tables_differ_for_them(tmp_path: Path, wcda: Command) -> None:
    save(tmp_path / "pages")
    tables = tmp_path / "tables"
    first = harvest(HarvestRequest(str(tmp_path / "pages"), tables)).snapshot
    assert first is not None
    harvest_page(tables.parent / "tables", *HERRING)
    left, right = (
        json.loads(wcda("pairs", "--json", "--warehouse", tables).stdout)[0][f"{side}_id"] for side in ("left", "right")
    )
    assert wcda("pairs", left, right, "--same", "--warehouse", tables).returncode == 0

    done = wcda("rollback", first, "--warehouse", tables)

    assert done.returncode == 0
    assert "differ from it: decisions.csv or wcda itself is not what it was then" in done.stdout


def test_a_snapshot_from_which_nothing_was_harvested_since_is_a_usage_error(tables: Path) -> None:
    only = harvest_page(tables, *LETTER)

    with pytest.raises(UsageError, match="nothing was harvested since"):
        roll_back(tables, only)
    assert list(tables.glob("raw/*rollback*")) == []


@pytest.mark.parametrize("snapshot", ["20200101T000000.000000Z", "../raw", "nonsense"])
def test_a_snapshot_that_is_not_there_changes_nothing(snapshot: str, tables: Path, wcda: Command) -> None:
    harvest_page(tables, *LETTER)
    before = read_tables(tables)

    done = wcda("rollback", snapshot, "--warehouse", tables)

    assert_one_line(done, 1, "there is no such snapshot")
    assert read_tables(tables) == before


def test_a_raw_zone_that_lacks_what_the_snapshot_was_made_from_changes_nothing(tables: Path) -> None:
    first = harvest_page(tables, *LETTER)
    harvest_page(tables, *HERRING)
    before = read_tables(tables)
    missing = RawZone(tables / "raw").all_segments()[0]
    missing.unlink()

    with pytest.raises(WarehouseError, match=f"does not have {missing.name}"):
        roll_back(tables, first)
    assert read_tables(tables) == before
    assert list(tables.glob("raw/*rollback*")) == []


def test_a_rollback_that_was_killed_after_it_landed_holds_in_the_next_run(tables: Path) -> None:
    harvest_page(tables, *LETTER)
    harvest_page(tables, *HERRING)
    raw_zone = RawZone(tables / "raw")
    second = raw_zone.all_segments()[1].name
    at = list_snapshots(WarehouseFolder(tables))[0].manifest.created_at
    raw_zone.withdraw("20991231T000000.000000Z-abcd", Withdrawal("first", at, (second,)))

    rebuild(tables)

    assert titles(tables) == {LETTER[1]}


def test_check_proves_the_record_of_a_rollback_too(tables: Path) -> None:
    first = harvest_page(tables, *LETTER)
    harvest_page(tables, *HERRING)
    roll_back(tables, first)
    (record,) = tables.glob("raw/*rollback*.warc.gz")
    record.write_bytes(record.read_bytes()[:-1])

    assert any(record.name in problem for problem in check_warehouse(tables).problems)


# What is kept


def test_only_the_last_snapshots_are_kept(tables: Path) -> None:
    pages = tables.parent / "pages"
    harvest_page(tables, *LETTER)
    made = [harvest(HarvestRequest(str(pages), tables, keep=3)).snapshot for _ in range(4)]

    assert [each.name for each in sorted((tables / "snapshots").iterdir())] == made[-3:]
    assert (tables / "current").resolve().name == made[-1]


def test_fewer_than_two_are_never_kept(tables: Path) -> None:
    harvest_page(tables, *LETTER)
    second = harvest_page(tables, *HERRING)
    third = harvest_page(tables, *LETTER)

    forget_old(WarehouseFolder(tables), 0)

    assert [each.manifest.snapshot_id for each in list_snapshots(WarehouseFolder(tables))] == [second, third]


def test_status_lists_the_snapshots_that_are_kept_the_newest_first(tables: Path, wcda: Command) -> None:
    first = harvest_page(tables, *LETTER)
    second = harvest_page(tables, *HERRING)

    listed = json.loads(wcda("status", "--json", "--warehouse", tables).stdout)["snapshots"]

    assert listed == [{"snapshot_id": second, "documents": 2}, {"snapshot_id": first, "documents": 1}]
    assert f"kept: {first}, 1 document\n" in wcda("status", "--warehouse", tables).stdout


def test_a_snapshot_that_is_not_current_is_proved_by_its_id(tables: Path, wcda: Command) -> None:
    first = harvest_page(tables, *LETTER)
    harvest_page(tables, *HERRING)
    assert wcda("check", "--snapshot", first, "--warehouse", tables).returncode == 0

    (tables / "snapshots" / first / "documents.parquet").write_bytes(b"")

    assert wcda("check", "--warehouse", tables).returncode == 0
    assert_one_line(wcda("check", "--snapshot", first, "--warehouse", tables), 1, "documents.parquet")


def test_keep_of_less_than_two_is_a_usage_error(tables: Path, wcda: Command) -> None:
    done = wcda("harvest", "--from", "samples", "--keep", "1", "--direct", "--warehouse", tables)

    assert_one_line(done, 2, "--keep")
    assert not tables.exists()


def test_the_lasting_tables_of_a_first_snapshot_outlive_many_runs(harvested_samples: Path, tmp_path: Path) -> None:
    tables = Path(shutil.copytree(harvested_samples, tmp_path / "tables", symlinks=True))
    snapshot = current_snapshot(WarehouseFolder(tables))
    assert snapshot is not None
    before = lasting(read_tables(tables))
    for _ in range(3):
        harvest(HarvestRequest("samples", tables))

    done = roll_back(tables, snapshot.manifest.snapshot_id)

    assert done.withdrawn == 3
    assert lasting(read_tables(tables)) == before


# What interrupts a rollback


def interrupt(tables: Path, snapshot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Roll back, on a disk that is full when the tables are to be published."""

    def fail(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("flows.rollback.publish_tables", fail)
        with pytest.raises(OSError, match="No space left"):
            roll_back(tables, snapshot)


def test_a_rollback_that_was_interrupted_is_reported_and_completed_by_the_same_command(
    tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = harvest_page(tables, *LETTER)
    before = read_tables(tables)
    harvest_page(tables, *HERRING)
    interrupt(tables, first, monkeypatch)
    assert f"wcda rollback {first}" in check_warehouse(tables).summary

    done = roll_back(tables, first)

    assert (done.withdrawn, done.differences) == (1, 0)
    assert read_tables(tables) == before
    assert len(list(tables.glob("raw/*-rollback-*.warc.gz"))) == 1
    assert "interrupted" not in check_warehouse(tables).summary
    with pytest.raises(UsageError, match="nothing was harvested since"):
        roll_back(tables, first)


def test_a_return_to_the_later_snapshot_that_was_interrupted_is_completed(
    tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = harvest_page(tables, *LETTER)
    second = harvest_page(tables, *HERRING)
    both = read_tables(tables)
    roll_back(tables, first)
    interrupt(tables, second, monkeypatch)
    assert f"wcda rollback {second}" in check_warehouse(tables).summary

    roll_back(tables, second)

    assert read_tables(tables) == both


def test_a_harvest_that_completes_an_interrupted_rollback_says_so_in_a_line(
    tables: Path, monkeypatch: pytest.MonkeyPatch, wcda: Command
) -> None:
    first = harvest_page(tables, *LETTER)
    harvest_page(tables, *HERRING)
    interrupt(tables, first, monkeypatch)

    done = wcda("rebuild", "--direct", "--warehouse", tables)
    again = wcda("rebuild", "--direct", "--warehouse", tables)

    line = f"a rollback to {first} had been interrupted before it published, and is complete with this snapshot\n"
    assert line in done.stdout
    assert "interrupted" not in again.stdout
    assert titles(tables) == {LETTER[1]}


def test_a_rollback_is_not_said_to_complete_itself(tables: Path, wcda: Command) -> None:
    first = harvest_page(tables, *LETTER)
    harvest_page(tables, *HERRING)

    assert "interrupted" not in wcda("rollback", first, "--warehouse", tables).stdout


def many(count: int) -> str:
    """A saved page of records."""
    records = [f"January {day + 1}, 1950\n\nLetter Number {day}\n\nA summary." for day in range(count)]
    return f"Skip to content\n\n\n1 - {count} of {count}\n\n\n" + "\n\n".join(records) + "\n"


def test_documents_are_guarded_though_the_current_snapshot_is_gone(tmp_path: Path, wcda: Command) -> None:
    pages, tables = tmp_path / "pages", tmp_path / "tables"
    pages.mkdir()
    (pages / "page.txt").write_text(many(25))
    harvest(HarvestRequest(str(pages), tables))
    harvest(HarvestRequest(str(pages), tables))
    shutil.rmtree((tables / "current").resolve())
    for segment in (tables / "raw").glob("*.warc.gz*"):
        segment.unlink()
    (pages / "page.txt").write_text(many(20))

    assert_one_line(wcda("check", "--warehouse", tables), 1, "there is no such snapshot")
    refused = wcda("harvest", "--from", pages, "--direct", "--warehouse", tables)
    accepted = wcda("rebuild", "--accept-loss", "--direct", "--warehouse", tables)

    assert_one_line(refused, 1, "documents would leave the collection")
    assert accepted.returncode == 0
    assert "the snapshot before could not be read" in accepted.stdout
    assert wcda("check", "--warehouse", tables).returncode == 0


def test_check_reports_a_link_that_is_missing(tables: Path, wcda: Command) -> None:
    harvest_page(tables, *LETTER)
    harvest_page(tables, *HERRING)
    (tables / "current").unlink()

    assert_one_line(wcda("check", "--warehouse", tables), 1, "current is missing")
    harvest_page(tables, *HERRING)
    assert wcda("check", "--warehouse", tables).returncode == 0


def test_rollbacks_hold_in_their_order_after_the_clock_was_set_back(
    tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = harvest_page(tables, *LETTER)
    second = harvest_page(tables, *HERRING)
    monkeypatch.setattr("flows.rollback.new_run_id", lambda: "20990101T000000.000000Z-abcd")
    roll_back(tables, first)
    monkeypatch.setattr("flows.rollback.new_run_id", lambda: "20010101T000000.000000Z-abcd")

    roll_back(tables, second)

    assert titles(tables) == {LETTER[1], HERRING[1]}
