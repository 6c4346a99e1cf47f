"""Collections by name: commands take what `status` shows, say what a name may mean, and what a catalog asks in vain."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command, run_here
from tests.flows.live import frame, write_catalog_for
from tests.replica import ReplicaSite, replica
from wcda import open_warehouse
from wcda.errors import UsageError
from wcda.naming import find_named

MAO = "Sample: conversations with Mao Zedong"
MAO_ID = "000_56f256ad2640980a"

NAMES = {"topics-1": "China", "topics-2": "CHINA", "topics-3": "Cuban Missile Crisis", "all": None}


@pytest.mark.parametrize("wanted", ["topics-3", "TOPICS-3", "cuban  missile crisis", "Cuban Missile Crisis"])
def test_a_collection_is_found_by_id_and_by_name_in_any_case(wanted: str) -> None:
    assert find_named(wanted, NAMES, "there is none") == "topics-3"


def test_a_name_that_is_written_so_comes_before_those_in_another_case() -> None:
    assert find_named("CHINA", NAMES, "there is none") == "topics-2"


def test_a_name_of_several_says_their_ids() -> None:
    with pytest.raises(UsageError, match="china: 2 have this name; give the id of one: topics-1, topics-2"):
        find_named("china", NAMES, "there is none")


@pytest.mark.parametrize("wanted", ["Cuban Missle Crisis", "topics-33", "missile"])
def test_near_names_are_suggested(wanted: str) -> None:
    with pytest.raises(UsageError, match=r"there is none; did you mean .*'Cuban Missile Crisis' \(topics-3\)"):
        find_named(wanted, NAMES, "there is none")


def test_status_shows_the_ids_and_names_that_commands_take(warehouse: Path, wcda_here: Command, tmp_path: Path) -> None:
    status = wcda_here("status", "--warehouse", warehouse).stdout
    assert MAO in status
    assert MAO_ID in status

    for name in (MAO, MAO.upper(), MAO_ID):
        done = wcda_here(
            *("export", "--to", "csl", "--output", tmp_path / f"{len(name)}.json"),
            *("--collection", name, "--warehouse", warehouse),
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "10 rows" in done.stdout


def test_an_export_of_a_mistyped_collection_suggests_the_right_one(warehouse: Path, wcda_here: Command) -> None:
    done = wcda_here("export", "--to", "ris", "--output", "x", "--collection", "mao zedon", "--warehouse", warehouse)

    assert done.returncode == 2
    assert f"did you mean '{MAO}' ({MAO_ID})?" in done.stderr


def test_the_samples_can_be_harvested_by_name(tmp_path: Path, wcda_here: Command) -> None:
    done = wcda_here("harvest", "--from", "samples", MAO.lower(), "--direct", "--warehouse", tmp_path / "w")

    assert done.returncode == 0, done.stderr
    assert frame(tmp_path / "w", "collections")["collection_id"].tolist() == [MAO_ID]


def test_documents_of_a_collection_are_found_by_its_name(harvested_samples: Path) -> None:
    w = open_warehouse(harvested_samples)

    assert w.documents_of(MAO).equals(w.documents_of(MAO_ID))


# What a catalog asks for in vain


def test_a_pattern_that_matches_no_file_is_said(tmp_path: Path, wcda_here: Command) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "one.txt").write_text("1 - 1 of 1\n\nMay 1, 1950\n\nTelegram\n\nA summary.\n")
    catalog = tmp_path / "c.toml"
    catalog.write_text(
        '[[collections]]\nid = "a"\nfiles = ["one.*", "tow.*"]\n[[collections]]\nid = "b"\nfiles = ["x"]'
    )

    done = wcda_here("harvest", "--from", folder, "--catalog", catalog, "--direct", "--warehouse", tmp_path / "w")

    assert done.returncode == 0, done.stderr
    assert "the pattern 'tow.*' under files of the collection a matches no file" in done.stdout
    assert "the pattern 'x' under files of the collection b" in done.stdout
    assert "one.*" not in done.stdout
    issues = frame(tmp_path / "w", "issues")
    assert issues[["kind", "level"]].drop_duplicates().to_numpy().tolist() == [["unmatched-files", "warning"]]


@pytest.fixture(scope="module")
def site() -> Iterator[ReplicaSite]:
    with replica(documents=60, collections=2) as site:
        yield site


def test_a_facet_that_matches_nothing_is_said_and_names_are_taken(site: ReplicaSite, tmp_path: Path) -> None:
    catalog = write_catalog_for(site, tmp_path / "catalog.toml")
    with catalog.open("a") as file:
        file.write('\n[[collections]]\nname = "Nothing"\nfacets = ["topics:999999"]\n')

    done = run_here("harvest", "nothing", "--catalog", catalog, "--warehouse", tmp_path / "w", "--direct")
    near = run_here("harvest", "nothin", "--catalog", catalog, "--warehouse", tmp_path / "w", "--direct")

    assert done.returncode == 0, done.stderr
    assert "the site has no document for topics:999999 (Nothing)" in done.stdout
    assert near.returncode == 2
    assert "did you mean 'Nothing' (topics-999999)?" in near.stderr
