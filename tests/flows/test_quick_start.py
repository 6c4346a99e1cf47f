"""The first steps: every command shows what was harvested from the samples, under names that a person can read."""

from pathlib import Path

import pytest

from tests.conftest import Command
from wcda import open_warehouse

NAMES = ["Sample: Soviet foreign policy", "Sample: conversations with Mao Zedong"]


def test_the_samples_have_names_and_keep_their_ids(harvested_samples: Path) -> None:
    collections = open_warehouse(harvested_samples).collections

    assert sorted(collections["name"]) == NAMES
    assert sorted(collections["collection_id"]) == ["000_56f256ad2640980a", "004_483692c85964be7d"]


@pytest.mark.parametrize("command", ["status", "check", "changes", "pairs", "report --no-open"])
@pytest.mark.usefixtures("beside_the_samples")
def test_after_the_quick_start_a_command_without_a_warehouse_means_the_samples(
    command: str, wcda: Command, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "warehouse").symlink_to(tmp_path / "warehouse")

    done = wcda(*command.split())

    assert done.returncode == 0, done.stderr
    assert "nothing but the samples was published here yet; this is warehouse/data/samples" in done.stderr


def test_a_warehouse_of_ones_own_comes_before_the_samples(wcda: Command, tmp_path: Path) -> None:
    assert wcda("harvest", "--from", "samples", "--direct").returncode == 0
    page = tmp_path / "one.txt"
    page.write_text("1 - 1 of 1\n\nMay 1, 1950\n\nTelegram\n\nA summary.\n")
    assert wcda("harvest", "--from", page, "--direct").returncode == 0

    done = wcda("status")

    assert done.stderr == ""
    assert "of warehouse/data\n" in done.stdout
    assert "one" in done.stdout


def test_a_first_harvest_that_fails_hides_the_samples_from_no_one(wcda: Command, tmp_path: Path) -> None:
    assert wcda("harvest", "--from", "samples", "--direct").returncode == 0
    (tmp_path / "notes.txt").write_text("Nothing that is a page.\n")
    assert wcda("harvest", "--from", tmp_path / "notes.txt", "--direct").returncode == 1

    done = wcda("find", "mao")

    assert (done.returncode, "documents for mao" in done.stdout) == (0, True)
    assert "this is warehouse/data/samples" in done.stderr


def test_the_samples_can_be_made_again_without_naming_their_warehouse(wcda: Command) -> None:
    assert wcda("harvest", "--from", "samples", "--direct").returncode == 0

    done = wcda("rebuild", "--direct")

    assert (done.returncode, "samples" in done.stderr) == (0, True)
    assert NAMES[0] in done.stdout


def test_a_catalog_that_is_given_names_the_samples_instead(wcda: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[[collections]]\nid = "mine"\nname = "Mine"\nfiles = ["*"]\n')

    done = wcda("harvest", "--from", "samples", "--catalog", tmp_path / "mine.toml", "--direct")

    assert "Mine" in done.stdout
    assert NAMES[0] not in done.stdout
