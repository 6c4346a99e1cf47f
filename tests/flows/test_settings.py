"""Settings: one precedence for every option, mistakes in one line, and no password shown."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperOption

from flows.cli import app
from flows.settings import TYPED_ONLY, key_of, settable_options, variable
from flows.settings_reference import settings_reference
from tests.conftest import REPOSITORY, Command
from tests.flows.test_bad_input import assert_one_line

GROUP: Any = typer.main.get_command(app)
SETTABLE = [(command, key, option) for command, key, option in settable_options(GROUP)]


def write(text: str) -> Path:
    """The settings file in the user's configuration folder, which is the test's own."""
    path = Path(os.environ["XDG_CONFIG_HOME"], "wcda", "wcda.toml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def shown(wcda_here: Command, *arguments: str | Path) -> dict[str, dict[str, Any]]:
    """The settings by name, as `wcda status --settings` shows them."""
    done = wcda_here(*arguments, "status", "--settings", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return {setting["name"]: setting for setting in json.loads(done.stdout)}


def value_and_source(setting: dict[str, Any]) -> tuple[Any, str, str | None]:
    return setting["value"], setting["source"], setting["place"]


def test_the_command_line_comes_before_the_environment_the_file_and_the_default(
    wcda_here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [shown(wcda_here)["warehouse"]]
    path = write('warehouse = "of-the-file"')
    found.append(shown(wcda_here)["warehouse"])
    monkeypatch.setenv("WCDA_WAREHOUSE", "of-the-environment")
    found.append(shown(wcda_here)["warehouse"])
    typed = wcda_here("status", "--settings", "--json", "--warehouse", "typed")
    by_name = {setting["name"]: setting for setting in json.loads(typed.stdout)}
    found += [by_name["status.warehouse"], by_name["check.warehouse"]]

    assert [value_and_source(setting) for setting in found] == [
        ("warehouse/data", "default", None),
        ("of-the-file", "file", str(path)),
        ("of-the-environment", "environment", "WCDA_WAREHOUSE"),
        ("typed", "command line", "--warehouse"),
        ("of-the-environment", "environment", "WCDA_WAREHOUSE"),
    ]


def test_commands_do_what_the_settings_say(
    harvested_samples: Path, wcda_here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(f'warehouse = "nowhere"\n[check]\nwarehouse = "{harvested_samples}"\njson = true\n')

    assert_one_line(wcda_here("status"), 2, "nowhere: there is no warehouse here")
    assert json.loads(wcda_here("check").stdout)["problems"] == []
    assert "sound" in wcda_here("check", "--no-json").stdout
    monkeypatch.setenv("WCDA_WAREHOUSE", "not-there")
    assert_one_line(wcda_here("check"), 2, "not-there: there is no warehouse here")
    assert wcda_here("check", "--warehouse", harvested_samples).returncode == 0


def test_the_table_of_a_command_comes_before_the_top_for_it_alone(wcda_here: Command) -> None:
    write('warehouse = "of-all"\n[rebuild]\nwarehouse = "of-one"\nprocesses = 3\n')

    found = shown(wcda_here)

    assert found["rebuild.warehouse"]["value"] == "of-one"
    assert found["check.warehouse"]["value"] == "of-all"
    assert found["processes"]["value"] == 3


def test_another_file_can_be_named(wcda_here: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write('contact = "default"')
    Path("night.toml").write_text('contact = "named"')

    assert shown(wcda_here)["contact"]["value"] == "default"
    assert shown(wcda_here, "--settings-file", "night.toml")["contact"]["place"] == "night.toml"
    monkeypatch.setenv("WCDA_SETTINGS_FILE", "night.toml")
    assert shown(wcda_here)["contact"]["value"] == "named"
    assert shown(wcda_here, "--settings-file", path)["contact"]["value"] == "default"


def test_a_file_in_the_working_directory_is_reported_and_not_read(
    wcda_here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("wcda.toml").write_text('warehouse = "of-a-stranger"\nkeep = 2\naddress = "tcp://198.51.100.1:8786"\n')

    done = wcda_here("status", "--settings", "--json")
    values = {setting["value"] for setting in json.loads(done.stdout)}

    assert done.stderr == ("wcda: wcda.toml in the working directory is not read; --settings-file wcda.toml names it\n")
    assert values.isdisjoint({"of-a-stranger", 2, "tcp://198.51.100.1:8786"})
    monkeypatch.setenv("WCDA_SETTINGS_FILE", "wcda.toml")
    assert shown(wcda_here)["address"]["value"] == "tcp://198.51.100.1:8786"


def test_an_empty_variable_counts_as_none(wcda_here: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    write('contact = "of-the-file"')
    monkeypatch.setenv("WCDA_CONTACT", "")

    assert shown(wcda_here)["contact"]["source"] == "file"


def test_a_person_sees_the_same_as_a_machine(wcda_here: Command) -> None:
    write("[rebuild]\nprocesses = 3\n")

    lines = [re.split(r"  +", line.strip()) for line in wcda_here("status", "--settings").stdout.splitlines()]

    assert lines[0] == ["setting", "value", "from"]
    assert ["processes", "3"] in [line[:2] for line in lines]
    assert ["captures", "latest", "default"] in lines


MISTAKES = {
    "wareHouse = 'x'": "wcda.toml: wareHouse: no such setting; the nearest is warehouse",
    "[harvest]\nprocesses = 2": "wcda.toml: harvest.processes: no such setting; the nearest is",
    "[harvset]\ncaptures = 'all'": "wcda.toml: harvset.captures: no such setting; the nearest is harvest.captures",
    "harvest = 'x'": "wcda.toml: harvest: no such setting",
    "[warehouse]\npath = 'x'": "wcda.toml: warehouse.path: no such setting",
    "accept_loss = true": "wcda.toml: accept_loss: can only be typed, for one call",
    "[harvest]\ndry_run = true": "wcda.toml: harvest.dry_run: can only be typed, for one call",
    "[changes]\nsince = 'x'": "wcda.toml: changes.since: can only be typed, for one call",
    "[rebuild]\nprocesses = 'many'": "wcda.toml: rebuild.processes: 'many' is not a whole number",
    "processes = true": "wcda.toml: processes: True is not a whole number",
    "processes = 0": "wcda.toml: processes: ",
    "direct = 'yes'": "wcda.toml: direct: 'yes' is not true or false",
    "warehouse = 1": "wcda.toml: warehouse: 1 is not a text in quotes",
    "collection = 'a'": "wcda.toml: collection: 'a' is not a list of texts",
    "captures = 'some'": "wcda.toml: captures: ",
    "since = 'yesterday'": "wcda.toml: since: ",
    "archive = 'https://me:secret@example.org'": "wcda.toml: archive: no option takes a user and a password",
    "warehouse = ": "wcda.toml: not TOML: ",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_the_file_is_one_line_with_file_and_key(text: str, wcda_here: Command) -> None:
    write(text)

    done = wcda_here("status", "--settings")

    assert_one_line(done, 2, MISTAKES[text])
    assert "secret" not in done.stderr


def test_a_file_that_cannot_be_read_is_one_line(wcda_here: Command) -> None:
    assert_one_line(wcda_here("--settings-file", "none.toml", "status"), 2, "none.toml: No such file or directory")
    path = write("")
    path.unlink()
    path.mkdir()
    assert_one_line(wcda_here("status"), 2, "wcda.toml: Is a directory")
    Path("latin.toml").write_bytes(b'contact = "\xe9"')
    assert_one_line(wcda_here("--settings-file", "latin.toml", "status"), 2, "latin.toml: not TOML")


def test_a_wrong_value_in_the_environment_is_one_line_with_the_variable(
    wcda_here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WCDA_PROCESSES", "many")

    assert_one_line(wcda_here("rebuild"), 2, "WCDA_PROCESSES")


def test_what_is_meant_for_one_call_is_not_taken_from_the_environment(
    warehouse: Path, wcda_here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in TYPED_ONLY - {"changes.since"}:
        monkeypatch.setenv(variable(key), "1")

    assert "snapshot" in wcda_here("status", "--warehouse", warehouse).stdout
    assert "19 documents" in wcda_here("harvest", "--from", "samples", "--direct", "--warehouse", warehouse).stdout
    monkeypatch.setenv("WCDA_SINCE", "2020-01-01")
    assert wcda_here("changes", "--warehouse", warehouse).returncode == 0


@pytest.mark.parametrize("place", ["environment", "command line"])
def test_no_password_is_shown(place: str, wcda_here: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "https://me:secret@example.org"
    if place == "environment":
        monkeypatch.setenv("WCDA_ARCHIVE", address)
    typed = ["--archive", address] if place == "command line" else []
    said = [
        wcda_here("status", "--settings"),
        wcda_here("status", "--settings", "--json"),
        wcda_here("harvest", "--help"),
        wcda_here("harvest", "--dry-run", *typed),
    ]

    assert "https://***@example.org" in "".join(done.stdout + done.stderr for done in said)
    assert all("secret" not in done.stdout + done.stderr for done in said)


def test_every_option_can_be_set_but_those_that_are_named() -> None:
    typed = {
        key_of(option)
        for command in GROUP.commands.values()
        for option in command.params
        if isinstance(option, TyperOption) and not option.envvar
    }

    assert typed == {key.rpartition(".")[2] for key in TYPED_ONLY} - {"help"}


def test_a_switch_that_can_be_set_can_be_unset_on_the_command_line() -> None:
    assert [option.opts for _, _, option in SETTABLE if option.is_flag and not option.secondary_opts] == []


def test_no_key_is_the_name_of_a_command() -> None:
    assert {key for _, key, _ in SETTABLE}.isdisjoint(GROUP.commands)


def test_the_reference_is_that_of_the_code() -> None:
    assert (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8") == settings_reference()


def test_the_file_shown_in_the_reference_is_one(wcda_here: Command) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", settings_reference(), flags=re.MULTILINE | re.DOTALL)
    write(text)

    found = shown(wcda_here)

    assert found["contact"]["value"] == tomllib.loads(text)["contact"]
    assert found["harvest.catalog"]["value"] == tomllib.loads(text)["harvest"]["catalog"]
