"""The file of decisions: added to as a whole or not at all, and of effect on the tables and on what changed."""

import csv
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.harvest import harvest, rebuild
from flows.request import HarvestRequest
from schemas.errors import UsageError, WarehouseLockedError
from schemas.identifiers import stable_id
from tests.identity.test_decisions import different, said, same
from tests.identity.test_rules import content_key
from tests.warehouse.test_tables import Block, Run, Seen, listing, rows, segments, unreadable
from warehouse.building import build_tables
from warehouse.checks import snapshot_problems, table_problems
from warehouse.deciding import add_decision, read_decisions
from warehouse.folder import WarehouseFolder
from warehouse.identity.decisions import COLUMNS, Decision
from wcda.changes import Change, find_changes
from wcda.snapshots import Snapshot, current_snapshot

A, B, C = (f"address:https://a/document/{name}" for name in "abc")


@pytest.fixture
def place(tmp_path: Path) -> WarehouseFolder:
    """A warehouse without anything."""
    return WarehouseFolder(tmp_path / "tables")


# The file


def test_without_a_file_there_are_no_decisions(place: WarehouseFolder) -> None:
    assert read_decisions(place) == ()


def test_decisions_are_added_in_their_order_and_nothing_else_is_left_behind(place: WarehouseFolder) -> None:
    decisions = [said(A, B, "same", 'because of "this",\nand that — schön'), different(A, C)]

    for decision in decisions:
        add_decision(place, decision)

    assert read_decisions(place) == tuple(decisions)
    assert {path.name for path in place.path.iterdir()} - {".lock"} == {"decisions.csv"}


@pytest.mark.parametrize("turned", [False, True], ids=["as before", "the other way round"])
def test_a_decision_takes_the_place_of_the_earlier_one_on_the_same_pair(place: WarehouseFolder, turned: bool) -> None:
    add_decision(place, same(A, B))
    add_decision(place, same(B, C))

    new = different(B, A) if turned else different(A, B)
    add_decision(place, new)

    assert read_decisions(place) == (same(B, C), new)


CONTRADICTIONS = {
    "through another": ([same(A, B), same(B, C)], different(A, C)),
    "through another, the other way": ([same(A, B), different(A, C)], same(C, B)),
    "no natural key": ([same(A, B)], same(A, "id:b")),
    "one key": ([same(A, B)], different(C, C)),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_what_contradicts_or_is_malformed_is_refused_and_the_file_stays_as_it_was(
    case: str, place: WarehouseFolder
) -> None:
    decisions, wrong = CONTRADICTIONS[case]
    for decision in decisions:
        add_decision(place, decision)
    before = place.decisions.read_bytes(), place.decisions.stat().st_mtime_ns

    with pytest.raises(UsageError) as caught:
        add_decision(place, wrong)

    assert len(str(caught.value).splitlines()) == 1
    assert (place.decisions.read_bytes(), place.decisions.stat().st_mtime_ns) == before
    assert {path.name for path in place.path.iterdir()} - {".lock"} == {"decisions.csv"}


def test_a_broken_file_is_not_written_over(place: WarehouseFolder) -> None:
    place.path.mkdir()
    place.decisions.write_text("left,right\n")

    with pytest.raises(UsageError, match="'decision' is missing"):
        add_decision(place, same(A, B))

    assert place.decisions.read_text() == "left,right\n"


def test_a_file_that_is_not_utf_8_is_a_usage_error(place: WarehouseFolder) -> None:
    place.path.mkdir()
    place.decisions.write_bytes(b"left,right,decision,who,when,why\n\xff\xfe")

    with pytest.raises(UsageError, match="not UTF-8"):
        read_decisions(place)


def test_a_folder_in_place_of_the_file_is_a_usage_error(place: WarehouseFolder) -> None:
    place.decisions.mkdir(parents=True)

    with pytest.raises(UsageError, match=r"decisions\.csv"):
        read_decisions(place)


def test_what_fails_while_writing_leaves_the_former_decisions(
    place: WarehouseFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_decision(place, same(A, B))

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        add_decision(place, same(B, C))

    assert read_decisions(place) == (same(A, B),)


@contextmanager
def held_by_another_process(folder: WarehouseFolder) -> Iterator[None]:
    code = (
        "import sys, pathlib; from warehouse.folder import WarehouseFolder\n"
        "with WarehouseFolder(pathlib.Path(sys.argv[1])).locked(): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(folder.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield
        process.communicate("")


def test_while_another_process_writes_nothing_is_decided(place: WarehouseFolder) -> None:
    add_decision(place, same(A, B))

    with held_by_another_process(place), pytest.raises(WarehouseLockedError):
        add_decision(place, same(B, C))

    assert read_decisions(place) == (same(A, B),)
    add_decision(place, same(B, C))
    assert read_decisions(place) == (same(A, B), same(B, C))


# Tables


def test_a_decision_about_an_unknown_key_is_a_warning_among_the_issues() -> None:
    tables = build_tables(segments(Run("r1", (listing("ab"),))), [same(A, content_key((None, "a", None, None)))])

    assert table_problems(tables) == []
    (issue,) = rows(tables, "issues")
    assert (issue["level"], issue["kind"]) == ("warning", "unknown-key")
    assert A in issue["found"]
    assert (issue["page_id"], issue["collection_id"], issue["run_id"]) == (None, None, "r1")
    assert len(rows(tables, "documents")) == 2


def test_a_decision_about_known_keys_is_no_issue() -> None:
    decision = same(*(content_key((None, letter, None, None)) for letter in "ab"))

    tables = build_tables(segments(Run("r1", (listing("ab"),))), [decision])

    assert rows(tables, "issues") == []
    assert len(rows(tables, "documents")) == 1


@pytest.mark.parametrize("seen", [None, (unreadable(collection=None),)], ids=["no run", "a run that failed"])
def test_decisions_do_no_harm_where_nothing_usable_was_landed(seen: tuple[Seen, ...] | None) -> None:
    tables = build_tables([] if seen is None else segments(Run("r1", seen)), [same(A, B)])

    assert table_problems(tables) == []


def test_two_entries_of_a_page_that_are_declared_the_same_are_one_member_of_the_collection() -> None:
    page = (Block("Letter", "1958", "A."), Block("Letter", "1959", "B."))
    run = Run("r1", (listing("ab", total=2),))
    run = Run("r1", (run.seen[0].__class__(page, 2, last=2),))
    keys = [content_key((block.date, block.title, block.summary, None)) for block in page]

    tables = build_tables(segments(run), [same(*keys)])

    assert table_problems(tables) == []
    assert len(rows(tables, "memberships")) == len(rows(tables, "documents")) == 1
    assert len(rows(tables, "entries")) == 2


# What changed


ONE, TWO, THREE, FOUR = (
    ("July 9, 1956", "Letter from Sorokin", "Sorokin asks for news of the canal and for a map of its locks."),
    ("1959", "Report on Herring", "The board reports on quotas, nets and the price of salt in the north."),
    ("July 09, 1956", "LETTER FROM SOROKIN", "Sorokin asks for news of the canal and for a map of its locks."),
    ("1960", "Minutes of the Water Board", "The board hears the engineers and puts off the vote on the second dam."),
)
KEYS = [content_key((*each, None)) for each in (ONE, TWO, THREE, FOUR)]


def save(folder: Path, name: str, *records: tuple[str, str, str]) -> None:
    blocks = "\n\n".join(part for record in records for part in record)
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"Skip to content\n\n\n1 - {len(records)} of {len(records)}\n\n\n{blocks}\n")


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three documents: a letter that is listed twice, not alike, a report, and minutes. Not to be written to."""
    place = tmp_path_factory.mktemp("landed")
    save(place / "pages", "first.txt", ONE, TWO, FOUR)
    save(place / "pages", "second.txt", THREE)
    harvest(HarvestRequest(str(place / "pages"), place / "tables"))
    return place / "tables"


@pytest.fixture
def letters(landed: Path, tmp_path: Path) -> WarehouseFolder:
    import shutil

    return WarehouseFolder(Path(shutil.copytree(landed, tmp_path / "tables", symlinks=True)))


def current(folder: WarehouseFolder) -> Snapshot:
    snapshot = current_snapshot(folder)
    assert snapshot
    return snapshot


def ids(snapshot: Snapshot) -> set[str]:
    return set(snapshot.read("documents")["document_id"].to_pylist())


def decided(folder: WarehouseFolder, decision: Decision) -> list[Change]:
    """The changes of documents that a decision and a rebuild make; checks that no id disappears unreported."""
    former = current(folder)
    add_decision(folder, decision)
    receipt = rebuild(folder.path)
    present = current(folder)
    assert snapshot_problems(present) == []
    changes = [change for change in find_changes(former, present) if change.table == "documents"]
    reported = {
        each.key
        for each in changes
        if each.change in {"merged", "removed"} or (each.change == "split" and each.present)
    }
    assert reported == ids(former) - ids(present)
    assert {each.key for each in changes if each.change == "added" or each.former} >= ids(present) - ids(former)
    resolves = {*present.read("document_keys")["key"].to_pylist()}
    assert {f"id:{each}" for each in ids(former)} <= resolves
    assert receipt.changes["merged"] == sum(each.change == "merged" for each in changes)
    assert receipt.changes["split"] == sum(each.change == "split" for each in changes)
    return [each for each in changes if each.change != "changed"]


def test_documents_declared_the_same_are_told_as_merged_and_then_different_as_split(letters: WarehouseFolder) -> None:
    before = ids(current(letters))
    assert len(before) == 3

    merged = decided(letters, same(KEYS[1], KEYS[3]))

    after = ids(current(letters))
    (gone,) = before - after
    (kept,) = {stable_id(KEYS[1]), stable_id(KEYS[3])} - {gone}
    assert after == before - {gone}
    assert merged == [Change("documents", "merged", gone, None, None, kept)]

    split = decided(letters, different(KEYS[1], KEYS[3]))

    assert ids(current(letters)) == before
    assert split == [Change("documents", "split", gone, None, kept, None)]


def test_a_decision_takes_no_entry_from_a_document(letters: WarehouseFolder) -> None:
    decided(letters, same(KEYS[0], KEYS[1]))

    assert len(ids(current(letters))) == 2


def test_what_a_rule_joined_is_told_as_split_and_then_as_merged(letters: WarehouseFolder) -> None:
    before = ids(current(letters))

    split = decided(letters, different(KEYS[0], KEYS[2]))

    after = ids(current(letters))
    (new,) = after - before
    (origin,) = {stable_id(KEYS[0]), stable_id(KEYS[2])} & before
    assert len(after) == 4
    assert split == [Change("documents", "split", new, None, origin, None)]

    letters.decisions.unlink()
    assert decided(letters, same(KEYS[1], "address:https://a/nowhere")) == [
        Change("documents", "merged", new, None, None, origin)
    ]
    assert ids(current(letters)) == before


def test_a_document_that_moves_to_another_leaves_no_id_untold(letters: WarehouseFolder) -> None:
    decided(letters, different(KEYS[0], KEYS[2]))
    decided(letters, same(KEYS[2], KEYS[1]))
    decided(letters, different(KEYS[2], KEYS[1]))

    assert len(ids(current(letters))) == 4


def test_a_rebuild_without_a_new_decision_changes_nothing(letters: WarehouseFolder) -> None:
    decided(letters, different(KEYS[0], KEYS[2]))
    former = current(letters)

    rebuild(letters.path)

    assert list(find_changes(former, current(letters))) == []
    assert current(letters).read("candidate_pairs")["decision"].to_pylist() == ["different"]


def test_columns_that_a_person_added_stay_when_a_decision_is_recorded(place: WarehouseFolder) -> None:
    place.path.mkdir()
    place.decisions.write_text(
        f"left,right,decision,who,when,why,seen in\n{A},{B},same,me,2025-01-31,known,box 4\n", encoding="utf-8"
    )

    add_decision(place, same(B, C))
    add_decision(place, same(A, B))

    header, *rows = csv.reader(place.decisions.read_text(encoding="utf-8").splitlines())
    assert header == [*COLUMNS, "seen in"]
    assert {(left, right): seen for left, right, *_, seen in rows} == {(B, C): "", (A, B): "box 4"}


def test_a_value_beyond_the_columns_is_reported_and_not_dropped(place: WarehouseFolder) -> None:
    place.path.mkdir()
    place.decisions.write_text(f"{','.join(COLUMNS)}\n{A},{B},same,me,2025-01-31,known,box 4\n", encoding="utf-8")

    with pytest.raises(UsageError, match="line 2: more values than columns"):
        read_decisions(place)
