"""What all tests share: the installed command, run as a person would, with nothing of the machine's settings."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import settings

from flows.cli import main

settings.register_profile("untimed", deadline=None)  # how fast a machine is, is no property of the code
settings.load_profile("untimed")

os.environ["DO_NOT_TRACK"] = "1"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"

WCDA = Path(sys.executable).with_name("wcda")
REPOSITORY = Path(__file__).parent.parent

Done = subprocess.CompletedProcess[str]
Command = Callable[..., Done]


def bare_environment(home: Path) -> dict[str, str]:
    """An environment with a home of its own, and no setting of ours, of Prefect's or of a terminal's."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "TMPDIR"}}
    return {**kept, "HOME": str(home), "DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}


def run_wcda(place: Path, *arguments: str | Path, **environment: str) -> Done:
    """Run `wcda` with `place`/home as home and `place`/work as working directory."""
    for folder in ("home", "work"):
        (place / folder).mkdir(exist_ok=True)
    return subprocess.run(
        [WCDA, *arguments],
        cwd=place / "work",
        env={**bare_environment(place / "home"), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def wcda(tmp_path: Path) -> Command:
    """Run `wcda` in an empty working directory; further environment by keyword."""
    return partial(run_wcda, tmp_path)


def run_here(*arguments: str | Path) -> Done:
    """Run `wcda` in this process, which spares a second of imports each time."""
    out, err = StringIO(), StringIO()
    command = [str(WCDA), *map(str, arguments)]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as caught:
            main()
    return Done(command, int(caught.value.code or 0), out.getvalue(), err.getvalue())


@pytest.fixture
def wcda_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `wcda` in this process, in an empty working directory, with an empty configuration folder."""
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path / "work")
    return run_here


@pytest.fixture(scope="session")
def harvested_samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that holds one harvest of the samples. Not to be written to: see `warehouse`."""
    place = tmp_path_factory.mktemp("samples")
    done = run_wcda(place, "harvest", "--from", "samples", "--direct", "--warehouse", place / "warehouse")
    assert (done.returncode, done.stderr) == (0, "")
    return place / "warehouse"


@pytest.fixture
def warehouse(harvested_samples: Path, tmp_path: Path) -> Path:
    """A warehouse that holds one harvest of the samples, for one test to use as it likes."""
    return Path(shutil.copytree(harvested_samples, tmp_path / "warehouse", symlinks=True))


@pytest.fixture
def beside_the_samples(harvested_samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where `make run` has left the samples, as the docs have it."""
    (tmp_path / "warehouse" / "data").mkdir(parents=True)
    (tmp_path / "warehouse" / "data" / "samples").symlink_to(harvested_samples)
    monkeypatch.chdir(tmp_path)


@contextmanager
def long_csv_fields() -> Iterator[None]:
    """For the time of the block, fields of CSV may be as long as texts are; the limit is the process's."""
    former = csv.field_size_limit(2**24)
    try:
        yield
    finally:
        csv.field_size_limit(former)
