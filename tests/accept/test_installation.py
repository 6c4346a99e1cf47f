"""What is installed elsewhere: the wheel has the rooms and no data, and runs without what only we need.

Built and installed from what `make` has installed already: no network. Tried on Linux alone.
"""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, bare_environment
from tests.flows.test_readme import install_commands

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution, built where a run has left its data."""
    tree = tmp_path_factory.mktemp("tree")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes((REPOSITORY / name).read_bytes())
    data = tree / "warehouse" / "data" / "raw" / "run-00000.warc.gz"
    data.parent.mkdir(parents=True)
    data.write_bytes(b"somebody's data")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", tree / "dist"], cwd=tree, check=True)
    return tree / "dist"


def test_wheel_and_source_hold_the_rooms_and_no_data(built: Path) -> None:
    wheel = set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        source = {name.partition("/")[2] for name in archive.getnames()}

    for names in (wheel, source):
        assert {
            "extractors/wilson_center/samples/000_56f256ad2640980a.txt",
            "wcda/py.typed",
            "wcda/schema.json",
        } <= names
        assert {f"{room}/__init__.py" for room in ("flows", "extractors", "schemas", "warehouse", "wcda")} <= names
        assert [name for name in names if name.startswith("warehouse/data")] == []
    assert [name for name in wheel if name.startswith("tests")] == []


@pytest.mark.parametrize("command", install_commands(), ids=lambda command: re.findall(r"uvx|pipx|pip", command)[0])
def test_each_line_of_the_readme_installs_the_wheel_with_all_that_it_needs(
    command: str, built: Path, tmp_path: Path
) -> None:
    """With the real resolvers, from the wheels that `make accept` keeps in place of an index."""
    (tmp_path / next(built.glob("*.whl")).name).symlink_to(next(built.glob("*.whl")))
    wheels = os.fspath(Path(sys.prefix) / "wheels")
    environment = {
        **bare_environment(tmp_path),
        "PATH": os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ["PATH"]]),
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": wheels,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheels,
    }

    def run(line: str) -> str:
        done = subprocess.run(
            ["sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout

    printed = run(command)
    if "harvest" not in command:
        (wcda,) = (
            path for path in (tmp_path / ".local" / "bin" / "wcda", tmp_path / "env" / "bin" / "wcda") if path.exists()
        )
        printed = run(f"{wcda} harvest --from samples --direct")

    assert "19 documents" in printed
    assert (tmp_path / "warehouse" / "data" / "samples" / "current" / "documents.parquet").is_file()


def test_the_wheel_runs_without_the_tools_that_only_we_need(built: Path, tmp_path: Path) -> None:
    python, installed = install(built, tmp_path)

    done = subprocess.run(
        [python.with_name("wcda"), "harvest", "--from", "samples", "--direct"],
        cwd=tmp_path,
        env=bare_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "19 documents" in done.stdout
    assert not (installed / "pytest").exists()


def test_analysts_folders_of_the_names_of_our_rooms_are_in_nobodys_way(
    built: Path, tmp_path: Path, harvested_samples: Path
) -> None:
    python, _ = install(built, tmp_path)
    for room in ("flows", "extractors", "schemas", "warehouse"):
        (tmp_path / "work" / room).mkdir(parents=True)
        (tmp_path / "work" / room / "__init__.py").write_text("raise SystemExit('the folder of the analyst')\n")
    code = f"import wcda; print(len(wcda.open_warehouse({str(harvested_samples)!r}).documents), wcda.__file__)"

    done = subprocess.run(
        [python, "-c", code],
        cwd=tmp_path / "work",
        env=bare_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"19 {tmp_path / 'venv'}")


def install(built: Path, folder: Path) -> tuple[Path, Path]:
    """Install the wheel into a fresh environment; gives its Python and the folder of its packages."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    installed = folder / "venv" / "lib" / Path(sysconfig.get_path("purelib")).parent.name / "site-packages"
    for name in re.findall(r"^([\w.-]+)==", (REPOSITORY / "requirements" / "run.txt").read_text(), flags=re.MULTILINE):
        lend(name, installed)
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", next(built.glob("*.whl"))], check=True
    )
    return python, installed


def lend(name: str, installed: Path) -> None:
    """Link a package of this environment into another."""
    try:
        files = distribution(name).files or []
    except ModuleNotFoundError:  # of another platform
        return
    for entry in {file.parts[0] for file in files} - {"..", "__pycache__"}:
        if not (installed / entry).exists():
            (installed / entry).symlink_to(Path(sysconfig.get_path("purelib")) / entry)
