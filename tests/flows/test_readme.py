"""The README and the docs: commands run, snippets work, and what they name is there."""

import os
import re
import shlex
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from extractors.wilson_center.catalog import parse_catalog
from flows.cli import app
from schemas.tables import TABLES
from tests.code_blocks import code_blocks
from tests.conftest import REPOSITORY, WCDA, bare_environment, run_wcda

README = (REPOSITORY / "README.md").read_text()
COMMANDS = (REPOSITORY / "docs" / "commands.md").read_text()
# CI runs the make targets; a harvest on Prefect is slow, and is run by tests/accept.
RUN_ELSEWHERE = {"make run", "make test", ".venv/bin/wcda harvest --from samples"}


def blocks(language: str, text: str = README) -> list[str]:
    """The code blocks of one language."""
    return [code for kind, code in code_blocks(text) if kind == language]


def commands(block: str) -> list[str]:
    """The lines of a shell block, without their comments."""
    lines = [line.partition("#")[0].strip() for line in block.splitlines()]
    return [line for line in lines if line]


def live_commands() -> list[str]:
    """Those that request pages of the live site; tests/accept runs them against the replica."""
    (block,) = (block for block in blocks("sh") if "discover" in block)
    return commands(block)


def archive_commands() -> list[str]:
    """Those that read web archives; tests/accept makes the archives."""
    (block,) = (block for block in blocks("sh") if "wayback" in block)
    return commands(block)


def install_commands() -> list[str]:
    """Those that install the wheel; tests/accept builds it."""
    (block,) = (block for block in blocks("sh") if ".whl" in block)
    return commands(block)


@pytest.fixture(scope="module")
def place(harvested_samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory as `make run` leaves it."""
    work = tmp_path_factory.mktemp("readme")
    tables = work / "warehouse" / "data" / "samples"
    tables.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", harvested_samples, tables], check=True)
    (work / ".venv" / "bin").mkdir(parents=True)
    (work / ".venv" / "bin" / "wcda").symlink_to(WCDA)
    (work / "extractors").symlink_to(REPOSITORY / "extractors")
    return work


ALL = {*commands("".join([*blocks("sh"), *blocks("sh", COMMANDS)]))}
RUN_HERE = ALL - RUN_ELSEWHERE - {*live_commands(), *archive_commands(), *install_commands()}


@pytest.mark.parametrize("command", sorted(RUN_HERE))
def test_each_command_runs(command: str, place: Path) -> None:
    done = subprocess.run(
        shlex.split(command), cwd=place, env=bare_environment(place), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_two_commands_set_everything_up_and_are_in_the_makefile() -> None:
    targets = re.findall(r"^(\w+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE)

    assert blocks("sh")[0].split("\n")[:-1] == ["make run", "make test"]
    assert {"run", "test"} <= set(targets)


@pytest.mark.parametrize("snippet", blocks("python"), ids=["first analysis"])
def test_each_python_snippet_works(snippet: str, place: Path) -> None:
    done = subprocess.run([sys.executable, "-c", snippet], cwd=place, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "Ciphered Telegram from Ambassador to Cuba" in done.stdout
    assert "Sample: Soviet foreign policy" in done.stdout


def test_the_rows_shown_are_rows_of_the_samples(harvested_samples: Path) -> None:
    (table,) = re.findall(r"^\| date_text .*\n(?:\|.*\n)+", README, flags=re.MULTILINE)
    columns, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
    documents = pd.read_parquet(harvested_samples / "current" / "documents.parquet")

    assert len(rows) > 1
    assert {tuple(row) for row in rows} <= {*documents[columns].astype(str).itertuples(index=False, name=None)}


def test_the_file_that_is_shown_as_plain_parquet_is_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = re.findall(r'pd\.read_parquet\("(.+)"\)', README)
    monkeypatch.chdir(place)

    assert len(pd.read_parquet(path)) == 19


def test_the_picture_of_the_report_is_small() -> None:
    (name,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)

    assert 0 < (REPOSITORY / name).stat().st_size < 200_000


@pytest.mark.parametrize("catalog", blocks("toml", (REPOSITORY / "docs" / "sources.md").read_text()), ids=["catalog"])
def test_the_catalog_shown_is_one(catalog: str) -> None:
    assert parse_catalog(catalog, "docs").collections[0].id == tomllib.loads(catalog)["collections"][0]["id"]


def test_the_settings_shown_are_settings(tmp_path: Path) -> None:
    (settings,) = blocks("toml", (REPOSITORY / "docs" / "settings.md").read_text())
    (tmp_path / "settings.toml").write_text(settings)

    done = run_wcda(tmp_path, "--settings-file", tmp_path / "settings.toml", "status", "--settings")

    assert done.returncode == 0, done.stderr
    assert "/srv/wcda.toml" in done.stdout


def test_the_full_text_search_shown_for_sqlite_finds_what_the_tables_hold(place: Path) -> None:
    shown = blocks("sh", (REPOSITORY / "docs" / "analysis.md").read_text())
    (search,) = (block for block in shown if "texts_fts" in block)
    program, database, query = shlex.split(search)
    export = ["export", "--warehouse", "warehouse/data/samples", "--to", "sqlite", "--output", database]
    subprocess.run([WCDA, *export], cwd=place, env=bare_environment(place), capture_output=True, check=True)

    assert program == "sqlite3"
    with closing(sqlite3.connect(place / database)) as connection:
        assert connection.execute(query).fetchall() == []  # the samples have no texts


RUNS = {
    ("README.md", "sh"): "tests/flows/test_readme.py",
    ("README.md", "python"): "tests/flows/test_readme.py",
    ("docs/analysis.md", "python"): "tests/warehouse/test_docs.py",
    ("docs/analysis.md", "sql"): "tests/accept/test_analysis.py",
    ("docs/analysis.md", "py"): "tests/accept/test_analysis.py",
    ("docs/analysis.md", "sh"): "tests/flows/test_readme.py",
    ("docs/commands.md", "sh"): "tests/flows/test_readme.py",
    ("docs/downstream.md", "python"): "tests/warehouse/test_docs.py",
    ("docs/downstream.md", "sql"): "tests/warehouse/test_docs.py",
    ("docs/downstream.md", "crontab"): "tests/warehouse/test_docs.py",
    ("docs/operations.md", "sh"): "tests/accept/test_deployments.py",
    ("docs/operations.md", "python"): "tests/accept/test_deployments.py",
    ("docs/scaling.md", "sh"): "tests/flows/test_rebuild.py",
    ("docs/settings.md", "toml"): "tests/flows/test_readme.py",
    ("docs/sources.md", "toml"): "tests/flows/test_readme.py",
}
"""The test that runs the snippets of a language on a page; what names machines is run with those of the test."""


def test_every_snippet_of_the_docs_is_run_by_a_test() -> None:
    pages = ["README.md", *(f"docs/{path.name}" for path in (REPOSITORY / "docs").glob("*.md"))]
    found = {(page, language) for page in pages for language, _ in code_blocks((REPOSITORY / page).read_text())}

    assert found == set(RUNS)
    for (page, _), test in RUNS.items():
        assert Path(page).name in (REPOSITORY / test).read_text(), (page, test)


def test_every_command_is_described() -> None:
    rows = re.findall(r"^\| `wcda (\w+)", COMMANDS, flags=re.MULTILINE)

    assert sorted(rows) == sorted(command.callback.__name__ for command in app.registered_commands if command.callback)


def test_the_tables_listed_are_those_that_there_are() -> None:
    section = COMMANDS.split("## Its tables")[1].split("\n## ")[0]

    assert re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE) == list(TABLES)


def test_every_library_that_is_installed_earns_its_line() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    named = [re.split(r"[<>=]", requirement)[0] for requirement in project["project"]["dependencies"]]
    section = (REPOSITORY / "CONTRIBUTING.md").read_text().split("## Libraries")[1].split("\n## ")[0]

    assert [name for name in named if name not in section] == []


DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(f"docs/{path.name}" for path in (REPOSITORY / "docs").glob("*.md")),
)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_every_link_within_the_repository_leads_to_a_file_and_a_heading(name: str) -> None:
    document = REPOSITORY / name
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path) if path else document
        assert linked.exists(), target
        headings = re.findall(r"^#+ (.+)$", linked.read_text(), flags=re.MULTILINE) if anchor else []
        assert not anchor or anchor in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}, (
            target
        )


def test_the_citation_names_the_version_of_the_package() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    citation = (REPOSITORY / "CITATION.cff").read_text()

    assert re.findall(r"^version: (.+)$", citation, flags=re.MULTILINE) == [project["version"]]


def test_the_public_text_speaks_of_no_machine() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    texts = {name: (REPOSITORY / name).read_bytes() for name in tracked.split() if (REPOSITORY / name).is_file()}
    words = [os.fsencode(word) for word in ("/wor" + "k/", "/roo" + "t/", "pypi.o" + "rg", "pythonhos" + "ted")]

    assert [(name, word) for name, text in texts.items() for word in words if word in text] == []
