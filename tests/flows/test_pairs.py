"""Near-duplicates: listed for a person, decided, applied by a rebuild, and explained."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from flows.harvest import harvest
from flows.inspection import decide, explain_document, list_changes, list_pairs
from flows.request import HarvestRequest
from flows.terminal import visible
from tests.conftest import Command
from tests.flows.test_bad_input import assert_one_line

SUMMARY = "Sorokin and Karpov discuss the northern canal, and the letter that was received from the Water Board."
LIKE = SUMMARY.replace("the northern canal", "the southern canal")
TITLE = "Conversation between Sorokin and Karpov"
CANAL = ("July 9, 1956", TITLE, SUMMARY)
OTHER_CANAL = ("July 9, 1956", TITLE, LIKE)
LETTER = (
    "1959",
    "Letter from the Water Board",
    "The board asks for a map of the locks, and for a loan of two dredgers.",
)
LETTER_AGAIN = ("1959", "Letter from the Water-Board", LETTER[2].replace("two", "ten").replace("a map", "maps"))
HERRING = ("1961", "Report on Herring", "A report on quotas and nets, on salt, and on the price of barrels.")
PAGES = {"first.txt": (CANAL, LETTER), "second.txt": (OTHER_CANAL, HERRING), "third.txt": (LETTER_AGAIN, CANAL)}


def save(folder: Path) -> None:
    folder.mkdir()
    for name, records in PAGES.items():
        blocks = "\n\n".join(part for record in records for part in record)
        text = f"Skip to content\n\n\n1 - {len(records)} of {len(records)}\n\n\n{blocks}\n"
        (folder / name).write_text(text)


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pairs of near-duplicates, one more similar than the other. Not to be written to."""
    place = tmp_path_factory.mktemp("pairs")
    save(place / "pages")
    harvest(HarvestRequest(str(place / "pages"), place / "tables"))
    return place / "tables"


@pytest.fixture
def tables(landed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(landed, tmp_path / "tables", symlinks=True))


def test_a_pair_is_listed_decided_applied_and_explained(tables: Path, wcda: Command) -> None:
    listed = wcda("pairs", "--warehouse", tables).stdout
    first, second = json.loads(wcda("pairs", "--json", "--warehouse", tables).stdout)
    assert first["score"] > second["score"]
    assert {first["left"]["title"], first["right"]["title"]} == {TITLE}
    assert listed.index(first["left_id"]) < listed.index(second["left_id"])
    assert listed.splitlines()[-1].startswith("2 open pairs")

    different, why = (first["left_id"], first["right_id"]), 'not the same canal, "southern"'
    done = wcda("pairs", *different, "--different", "--why", why, "--who", "anna", "--warehouse", tables)
    assert (done.returncode, done.stderr) == (0, "")
    (row,) = csv.DictReader((tables / "decisions.csv").read_text().splitlines())
    assert (row["decision"], row["who"], row["why"]) == ("different", "anna", why)
    same = second["left_id"], second["right_id"]
    decide(tables, *same, "same", "anna", "one letter")
    assert len(list_pairs(tables)) == 2  # only a rebuild applies it

    rebuilt = json.loads(wcda("rebuild", "--direct", "--json", "--warehouse", tables).stdout)
    assert (rebuilt["changes"]["merged"], rebuilt["changes"]["split"]) == (1, 0)
    assert list_pairs(tables) == []
    (merged,) = (change for change in list_changes(tables, None).changes if change.change == "merged")
    assert (merged.key, merged.present) in (same, same[::-1])

    (former,) = explain_document(tables, same[0]).former_ids
    assert former in same
    explained = wcda("explain", former, "--warehouse", tables).stdout
    assert "rule decision: a person decided so" in explained
    assert f"ids that lead here:\n  {former}\n" in explained
    apart = explain_document(tables, different[0])
    assert [other for other, _ in apart.pairs] == [different[1]]
    assert {entry.rule for entry in apart.entries} == {"content"}


WRONG = [
    (["pairs", "left", "right"], "LEFT, RIGHT, and --same or --different"),
    (["pairs", "address:a", "address:b", "--same", "--different"], "--same and --different contradict each other"),
    (["pairs", "address:a", "address:b", "--different", "--same"], "--same and --different contradict each other"),
    (["pairs", "--same"], "LEFT, RIGHT, and --same or --different"),
    (["pairs", "0123456789abcdef", "f", "--same"], "0123456789abcdef: no document has this id, URL or key"),
    (["explain", "nothing"], "nothing: no document has this id, URL or key"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=[" ".join(case[0]) for case in WRONG])
def test_a_wrong_use_is_one_line(arguments: list[str], words: str, tables: Path, wcda: Command) -> None:
    assert_one_line(wcda(*arguments, WCDA_WAREHOUSE=str(tables)), 2, words)
    assert not (tables / "decisions.csv").exists()


def test_malformed_decisions_stop_a_harvest_and_a_rebuild_and_leave_the_former_tables(
    tables: Path, wcda: Command
) -> None:
    (tables / "decisions.csv").write_text("left,right,decision,who,when,why\naddress:a,address:b,perhaps,me,2025,\n")
    before = (tables / "current").resolve(), sorted((tables / "raw").iterdir())

    harvested = wcda("harvest", "--from", "samples", "--direct", "--warehouse", tables)
    rebuilt = wcda("rebuild", "--direct", "--warehouse", tables)

    for done in (harvested, rebuilt):
        assert_one_line(done, 2, "decisions.csv, line 2: the decision must be `same` or `different`, not 'perhaps'")
    assert ((tables / "current").resolve(), sorted((tables / "raw").iterdir())) == before


def test_a_decision_about_a_key_that_no_document_has_is_refused(tables: Path, wcda: Command) -> None:
    done = wcda("pairs", "address:a", "address:b", "--same", "--warehouse", tables)

    assert_one_line(done, 2, "address:a")


def test_a_decision_for_both_is_a_usage_error(tables: Path, wcda: Command) -> None:
    pair = json.loads(wcda("pairs", "--json", "--warehouse", tables).stdout)[0]

    done = wcda("pairs", pair["left_id"], pair["right_id"], "--same", "--different", "--warehouse", tables)

    assert_one_line(done, 2, "--same and --different")
    assert not (tables / "decisions.csv").exists()


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\u202eb", "=1+1", "a\nb", "[/x]", "a\udcffb"], ids=ascii)
def test_a_reason_in_any_characters_is_recorded_and_applied(text: str, tables: Path, wcda_here: Command) -> None:
    pair = list_pairs(tables)[0]
    ids = pair["left_id"], pair["right_id"]

    done = wcda_here("pairs", *ids, "--different", "--who", text, "--why", text, "--warehouse", tables)

    assert (done.returncode, done.stderr) == (0, "")
    with (tables / "decisions.csv").open(encoding="utf-8", newline="") as file:
        assert [row["why"] for row in csv.DictReader(file)] == [visible(text)]
    assert wcda_here("rebuild", "--direct", "--warehouse", tables).returncode == 0
    assert len(list_pairs(tables)) == 1
