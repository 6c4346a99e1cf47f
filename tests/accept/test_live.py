"""The live site at full size, on Prefect, and killed at any moment."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.harvest import BATCH_PAGES
from tests.accept.conftest import Harvested, harvest_everything
from tests.conftest import WCDA, bare_environment, run_wcda
from tests.flows.document_truth import WAYS, harvest_documents
from tests.flows.live import (
    frame,
    published_documents,
    published_memberships,
    true_documents,
    true_memberships,
    write_catalog_for,
)
from tests.flows.test_main_job import lasting, read_tables
from tests.flows.test_readme import live_commands
from tests.flows.true_tables import assert_true
from tests.replica import ReplicaSite, replica

pytestmark = pytest.mark.accept

KILLS = 20


def assert_is_whole(harvested: Harvested) -> None:
    """What is published is what the generator of the full archive made."""
    warehouse, truth = harvested.warehouse, harvested.truth
    assert (len(truth.documents), len(truth.collections)) == (16_750, 200)
    assert published_documents(warehouse) == true_documents(truth)
    assert published_memberships(warehouse) == true_memberships(truth)
    assert set(frame(warehouse, "collections")["coverage"]) == {1.0}
    assert frame(warehouse, "issues").empty


def test_a_harvest_of_the_full_archive_is_what_its_generator_made(everything: Harvested) -> None:
    assert_is_whole(everything)


def test_the_same_where_the_site_gives_ten_a_page_whatever_it_is_asked_for(tmp_path: Path) -> None:
    assert_is_whole(harvest_everything(tmp_path, items_per_page_ignored=True))


@pytest.mark.parametrize("way", WAYS)
def test_pages_of_a_twentieth_of_the_documents_are_what_their_generator_made(way: str, tmp_path: Path) -> None:
    warehouse, truth = harvest_documents(way, 840, tmp_path)
    assert_true(warehouse, truth, are_listed=way == "site")
    assert frame(warehouse, "issues").empty


@pytest.fixture(scope="module")
def site() -> Iterator[ReplicaSite]:
    with replica(documents=1200, collections=5, items_per_page_ignored=True, warm=True) as site:
        yield site


@pytest.fixture(scope="module")
def undisturbed(site: ReplicaSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("undisturbed")
    catalog = write_catalog_for(site, place / "catalog.toml")
    assert run_wcda(place, "harvest", "--catalog", catalog, "--warehouse", place / "w", "--direct").returncode == 0
    return place


def test_a_run_that_is_killed_at_any_instant_goes_on_and_ends_as_if_undisturbed(
    site: ReplicaSite, undisturbed: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    catalog = undisturbed / "catalog.toml"
    expected = lasting(read_tables(undisturbed / "w"))
    seed = random.SystemRandom().randrange(10**6)
    record_property("seed", seed)
    moments = random.Random(seed)
    duration = 0.0
    for number in range(KILLS):
        warehouse = tmp_path / f"w{number}"
        command = [WCDA, "harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct"]
        site.clear_log()
        begun = time.monotonic()
        if number == 0:  # how long it takes here and now
            assert subprocess.run(command, env=bare_environment(tmp_path), check=False).returncode == 0
            duration = time.monotonic() - begun
        else:
            process = subprocess.Popen(command, env=bare_environment(tmp_path), stderr=subprocess.DEVNULL)
            try:
                process.wait(moments.uniform(0.1, 1) * duration)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
        again = run_wcda(tmp_path, "harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct")
        assert again.returncode == 0, f"kill {number} of seed {seed}: {again.stderr}"
        assert lasting(read_tables(warehouse)) == expected, f"kill {number} of seed {seed}"
        fetched = [
            entry["path"] for entry in site.log() if entry["path"].startswith("/search") and entry["status"] == 200
        ]
        assert len(fetched) - len(set(fetched)) <= BATCH_PAGES, f"kill {number} of seed {seed}"
        assert run_wcda(tmp_path, "check", "--warehouse", warehouse).returncode == 0


def test_the_commands_of_the_readme_for_the_live_site_do_what_it_says(tmp_path: Path) -> None:
    with replica(documents=150, collections=3) as site:
        (tmp_path / ".venv" / "bin").mkdir(parents=True)
        (tmp_path / ".venv" / "bin" / "wcda").symlink_to(WCDA)
        environment = {**bare_environment(tmp_path), "WCDA_ARCHIVE": site.url}
        for command in live_commands():
            done = subprocess.run(
                command.split(), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}: {done.stderr}"
        assert published_documents(tmp_path / "warehouse" / "data") == true_documents(site.truth)
