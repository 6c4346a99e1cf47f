"""The command line as a whole: quick help, and every command and option described in it and in the docs."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from flows.cli import app
from flows.help_text import help_text
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
