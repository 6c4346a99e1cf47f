"""The command line as a whole: quick help, and every command and option described in it and in the docs."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from flows.cli import app
from flows.help_text import help_text
from flows.settings import MEANT
from flows.start import HELP
from tests.conftest import REPOSITORY, WCDA, Command

COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
HEAVY = {"prefect", "pandas", "pyarrow", "pydantic", "rich", "fastwarc", "httpx"}


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, flows.cli; print(*{name.partition('.')[0] for name in sys.modules})"

    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert HEAVY.isdisjoint(imported.split())
    assert "flows" in imported.split()


def test_the_list_of_commands_is_shown_without_what_makes_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", WCDA, "--help"], capture_output=True, text=True, check=True, cwd=tmp_path
    )

    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "flows.start" in imported
    assert {"typer", "flows.cli", "schemas", "dataclasses"}.isdisjoint(imported)


def test_the_list_of_commands_is_what_the_commands_say() -> None:
    assert Path(HELP).read_text(encoding="utf-8") == help_text(), "make dictionary writes it"


@pytest.mark.parametrize("asked", [(), ("-h",), ("--help",), ("help",)])
def test_the_list_of_commands_is_the_same_at_any_width_from_80_columns(asked: tuple[str, ...], wcda: Command) -> None:
    assert wcda(*asked, COLUMNS="200").stdout == wcda(*asked, COLUMNS="80").stdout == help_text()


def test_the_list_of_commands_fits_into_a_narrow_terminal(wcda: Command) -> None:
    shown = wcda("--help", COLUMNS="60").stdout

    assert max(map(len, shown.splitlines())) <= 60
    assert shown.split() != help_text().split()  # summaries are cut


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_and_stands_in_the_docs(command: str, wcda: Command) -> None:
    done = wcda(command, "--help")

    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 4
    assert f"wcda {command}" in (REPOSITORY / "docs" / "commands.md").read_text()


def test_without_a_command_help_is_shown(wcda: Command) -> None:
    assert wcda().stdout == wcda("--help").stdout


@pytest.mark.parametrize("asked", [(), ("find",), ("harvest",)])
def test_help_is_a_command_too(asked: tuple[str, ...], wcda_here: Command) -> None:
    done = wcda_here("help", *asked)

    assert (done.returncode, done.stdout) == (0, wcda_here(*asked, "--help").stdout)


def test_help_cuts_no_summary_at_80_columns(wcda: Command) -> None:
    _, commands = wcda("--help", COLUMNS="80").stdout.split("Commands:")

    assert "..." not in commands


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        (["search", "mao"], "wcda find WORDS"),
        (["cite", "df6f"], "wcda explain DOCUMENT --cite"),
        (["list"], "wcda status"),
        (["show", "df6f"], "wcda explain DOCUMENT"),
    ],
)
def test_a_command_of_other_programs_is_answered_with_what_to_type(
    typed: list[str], command: str, wcda_here: Command
) -> None:
    done = wcda_here(*typed)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"there is no command {typed[0]}; type {command} (see" in done.stderr


@pytest.mark.parametrize(
    ("typed", "help_"),
    [
        (["export", "--to", "pdf", "--output", "x"], "wcda export --help"),
        (["find"], "wcda find --help"),
        (["explain", "a", "b"], "wcda explain --help"),
        (["harvest", "--form", "samples"], "wcda harvest --help"),
        (["--form"], "wcda --help"),
        (["hrvest"], "wcda --help"),
    ],
)
def test_a_mistake_names_the_help_of_its_command(typed: list[str], help_: str, wcda_here: Command) -> None:
    done = wcda_here(*typed)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.endswith(f"(see '{help_}')\n")


def test_every_command_that_is_advised_for_another_word_is_one() -> None:
    names = {command.callback.__name__ for command in app.registered_commands if command.callback}

    assert {meant.split()[0] for meant in MEANT.values()} <= names
    assert names.isdisjoint(MEANT)


def test_a_document_is_explained_whole_with_the_names_of_its_collections(
    harvested_samples: Path, wcda_here: Command
) -> None:
    done = wcda_here("explain", "df6f201d3c74f16a", "--warehouse", harvested_samples)

    assert "China has its own path of development." in done.stdout
    assert "  Sample: Soviet foreign policy (004_483692c85964be7d), place 32; rule" in done.stdout


def test_too_few_characters_of_an_id_are_answered_with_how_many_it_takes(
    harvested_samples: Path, wcda_here: Command
) -> None:
    short = wcda_here("explain", "df6", "--warehouse", harvested_samples)
    word = wcda_here("explain", "mao", "--warehouse", harvested_samples)

    assert (short.returncode, "give at least 4 characters of an id" in short.stderr) == (2, True)
    assert (word.returncode, "wcda find looks for words" in word.stderr) == (2, True)
