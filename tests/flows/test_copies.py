"""Warehouses that were copied, and sources that lie in a warehouse: reported before anything is fetched."""

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.flows.test_bad_input import assert_one_line


@pytest.fixture
def copied(harvested_samples: Path, tmp_path: Path) -> Path:
    """A warehouse that was copied with links followed, as `cp -rL` and zip do."""
    return Path(shutil.copytree(harvested_samples, tmp_path / "copied", symlinks=False))


@pytest.mark.parametrize("command", [("harvest", "--from", "samples", "--direct"), ("rebuild", "--direct"), ("check",)])
def test_a_copy_without_links_is_reported_and_nothing_is_landed_or_left(
    command: tuple[str, ...], copied: Path, wcda: Command
) -> None:
    before = sorted(path.name for folder in ("raw", "snapshots") for path in (copied / folder).iterdir())

    done = wcda(*command, "--warehouse", copied)

    assert_one_line(done, 1, "ln -s snapshots/ID current")
    assert before == sorted(path.name for folder in ("raw", "snapshots") for path in (copied / folder).iterdir())


def test_a_copy_without_links_is_mended_as_the_message_says(copied: Path, wcda: Command) -> None:
    identifier = json.loads((copied / "current" / "snapshot.json").read_text())["snapshot_id"]
    shutil.rmtree(copied / "current")
    (copied / "current").symlink_to(Path("snapshots") / identifier)

    assert wcda("check", "--warehouse", copied).returncode == 0
    assert wcda("harvest", "--from", "samples", "--direct", "--warehouse", copied).returncode == 0


@pytest.mark.parametrize("way", ["raw", "segment", "link"])
def test_a_raw_zone_is_not_harvested_into_itself(
    way: str, harvested_samples: Path, tmp_path: Path, wcda: Command
) -> None:
    tables = Path(shutil.copytree(harvested_samples, tmp_path / "tables", symlinks=True))
    (tmp_path / "link").symlink_to(tables / "raw")
    (segment,) = (tables / "raw").glob("*.warc.gz")
    source = {"raw": tables / "raw", "segment": segment, "link": tmp_path / "link"}[way]

    done = wcda("harvest", "--from", source, "--direct", "--warehouse", tables)

    assert_one_line(done, 2, "raw zone of the warehouse")
    assert list((tables / "raw").glob("*.warc.gz")) == [segment]
