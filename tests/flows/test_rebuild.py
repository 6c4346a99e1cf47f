"""Where a rebuild parses: what can be said before anything is started, and what one may rely on wherever it is."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import feather

from extractors.reparsing import batches
from extractors.wilson_center import SAMPLES
from schemas.identifiers import file_sha256
from schemas.parsed import PARSED_TABLES
from tests.conftest import REPOSITORY, WCDA, Command, bare_environment
from tests.flows.test_bad_input import assert_one_line
from tests.flows.test_main_job import lasting, read_tables

USAGE = {
    ("--runner", "dask"): "--runner dask needs the --address",
    ("--runner", "dask", "--address", "tcp://127.0.0.1:8786", "--direct"): "--direct runs without Prefect",
    ("--runner", "dask", "--address", "127.0.0.1:8786"): "is not a Dask scheduler URL",
    ("--runner", "dask", "--address", "tcp://127.0.0.1"): "is not a Dask scheduler URL",
    ("--runner", "dask", "--address", "tcp://127.0.0.1:many"): "is not a Dask scheduler URL",
    (
        "--runner",
        "dask",
        "--address",
        "tcp://me:secret@127.0.0.1:8786",
    ): "tcp://***@127.0.0.1:8786 is not a Dask scheduler URL",
    ("--runner", "threads"): "--runner",
    ("--processes", "0"): "--processes",
}


@pytest.mark.parametrize("options", USAGE, ids=" ".join)
def test_what_does_not_go_together_is_a_usage_error(
    options: tuple[str, ...], warehouse: Path, wcda_here: Command
) -> None:
    assert_one_line(wcda_here("rebuild", "--warehouse", warehouse, *options), 2, USAGE[options])


def test_an_extra_that_is_not_installed_is_named(
    warehouse: Path, wcda_here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prefect_dask", None)

    done = wcda_here("rebuild", "--warehouse", warehouse, "--runner", "dask", "--address", "tcp://127.0.0.1:8786")

    assert_one_line(done, 2, "pip install 'wcda[dask]'")


def test_what_was_parsed_before_does_not_count(warehouse: Path, wcda_here: Command) -> None:
    before = read_tables(warehouse)
    (place,) = {file.parent for file in (warehouse / "parsed").glob("*/entries.arrow")}
    entries = feather.read_table(place / "entries.arrow")
    feather.write_feather(entries.slice(0, 5), place / "entries.arrow", compression="zstd")
    digests = [file_sha256(place / f"{name}.arrow") for name in PARSED_TABLES]
    (place / "sha256").write_text("\n".join(digests))  # so that it passes for what was kept

    done = wcda_here("rebuild", "--direct", "--warehouse", warehouse)

    assert done.returncode == 0
    assert read_tables(warehouse) == before


def documented(words: str) -> str:
    """The block of commands in docs/scaling.md that has the words."""
    text = (REPOSITORY / "docs" / "scaling.md").read_text()
    (block,) = (block for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL) if words in block)
    return block


def run_documented(words: str, place: Path) -> None:
    """Run a block of commands of docs/scaling.md."""
    (place / ".venv" / "bin").mkdir(parents=True)
    (place / ".venv" / "bin" / "wcda").symlink_to(WCDA)
    subprocess.run(["bash", "-e", "-c", documented(words)], cwd=place, env=bare_environment(place), check=True)


def test_raw_zones_of_several_warehouses_can_be_put_together(wcda_here: Command, tmp_path: Path) -> None:
    for page, name in zip(sorted(SAMPLES.glob("*.txt")), ("one", "two"), strict=True):
        wcda_here("harvest", "--from", page, "--direct", "--warehouse", tmp_path / name)
        wcda_here("harvest", "--from", page, "--direct", "--warehouse", tmp_path / "both")

    run_documented("cp one/raw", tmp_path)

    assert lasting(read_tables(tmp_path / "all")) == lasting(read_tables(tmp_path / "both"))
    assert len(read_tables(tmp_path / "all")["runs"]) == 2


def test_the_documented_rebuild_in_processes_gives_the_same_rows(harvested_samples: Path, tmp_path: Path) -> None:
    tables = tmp_path / "warehouse" / "data" / "samples"
    shutil.copytree(harvested_samples, tables, symlinks=True)

    run_documented("--processes 2", tmp_path)

    assert read_tables(tables) == read_tables(harvested_samples)


def test_batches_hold_every_segment_once_in_order_and_about_as_many_bytes(tmp_path: Path) -> None:
    sizes = [5, 1, 1, 1, 40, 1, 1, 10, 10, 10, 1, 1, 1, 1]
    segments = [tmp_path / f"{number:02d}" for number in range(len(sizes))]
    for segment, size in zip(segments, sizes, strict=True):
        segment.write_bytes(b"x" * size)

    for count in (1, 2, 4, 8, 100):
        found = batches(segments, count)
        assert [segment for batch in found for segment in batch] == segments
        assert len(found) <= count
        assert all(batch for batch in found)
        limit = sum(sizes) / count + max(sizes)
        assert all(sum(segment.stat().st_size for segment in batch) <= limit for batch in found)
    for segment in segments:
        segment.write_bytes(b"x" * 10)
    assert [len(batch) for batch in batches(segments, 7)] == [2] * 7
