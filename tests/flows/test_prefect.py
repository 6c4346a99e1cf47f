"""Where Prefect is, and which API is used. Real runs on the embedded one and on a server: tests/accept."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from flows.cli import app
from tests.conftest import REPOSITORY, Command


def test_prefect_is_imported_by_the_flows_alone_and_never_for_help() -> None:
    importing = {
        path.relative_to(REPOSITORY).as_posix()
        for room in ("flows", "extractors", "schemas", "warehouse")
        for path in (REPOSITORY / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "prefect"
    }

    modules = ("artifacts", "prefect_flows", "prefect_runners", "run_states", "serving")
    assert importing == {f"flows/{name}.py" for name in modules}


def test_an_api_that_does_not_answer_is_one_line(wcda: Command) -> None:
    done = wcda("harvest", "--from", "samples", PREFECT_API_URL="http://127.0.0.1:9/api")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Prefect's API at http://127.0.0.1:9/api does not answer" in done.stderr


NOWHERE = "http://127.0.0.1:9/api"


@pytest.mark.parametrize(
    "command",
    [
        ("harvest", "--from", "samples"),
        ("rebuild",),
        ("serve", "--from", "samples", "--cron", "0 3 * * *"),
        ("serve", "--from", "samples", "--cron", "0 3 * * *", "--timezone", "Moon"),
        ("harvest",),
        ("serve", "--cron", "0 3 * * *"),
        ("discover", "--output", "c.toml"),
        ("discover", "--output", "c.toml", "--contact", "a@example.org", "--archive", "nowhere"),
        ("serve", "--cron", "0 3 * * *", "--from", "https://example.org/"),
    ],
)
def test_a_message_names_no_option_that_the_command_lacks(
    command: tuple[str, ...], warehouse: Path, wcda: Command
) -> None:
    done = wcda(*command, PREFECT_API_URL=NOWHERE, WCDA_WAREHOUSE=str(warehouse))

    assert done.returncode in (1, 2)
    assert len(done.stderr.splitlines()) == 1, done.stderr
    (message,) = done.stderr.splitlines()
    own = {name for option in get_command(app).commands[command[0]].params for name in option.opts}  # type: ignore[attr-defined]
    others = re.sub(r"'wcda [^']*'", "", message)  # a whole command that is named has options of its own
    assert {*re.findall(r"--[a-z][a-z-]+", others)} <= own, message


def test_serve_says_what_to_do_where_the_server_does_not_answer(wcda: Command) -> None:
    done = wcda("serve", "--from", "samples", "--cron", "0 3 * * *", PREFECT_API_URL=NOWHERE)

    assert f"Prefect's API at {NOWHERE} does not answer" in done.stderr
    assert "start the server with 'prefect server start'" in done.stderr
    assert "let cron run 'wcda harvest --direct'" in done.stderr


def test_the_api_that_the_user_s_profile_names_is_used(tmp_path: Path, wcda: Command) -> None:
    profiles = tmp_path / "home" / ".prefect" / "profiles.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text('active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "http://127.0.0.1:11/api"\n')

    done = wcda("harvest", "--from", "samples")

    assert "Prefect's API at http://127.0.0.1:11/api does not answer" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cron", "at night"], "--cron: Invalid cron string"),
        (["--cron", "0 3 * * *", "--timezone", "Moon"], '--timezone: Invalid timezone: "Moon"'),
        (["--cron", "0 3 * * *"], "a schedule needs a Prefect server: start one with 'prefect server start'"),
        (["--cron", "0 3 * * *"], "without a server, let cron run 'wcda harvest --direct'"),
        (["--cron", "0 3 * * *", "--from", "nowhere"], "nowhere"),
    ],
    ids=["no schedule", "no time zone", "no server", "the way without one", "no source"],
)
def test_a_mistake_in_what_is_to_be_served_is_one_line(arguments: list[str], said: str, wcda: Command) -> None:
    done = wcda("serve", "--from", "samples", *arguments)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert said in done.stderr


def test_the_automations_know_every_state_in_which_a_run_can_end() -> None:
    docs = (REPOSITORY / "docs" / "operations.md").read_text()
    states = re.findall(r"^\| (\w+) \| (?:completed|failed) \|", docs, flags=re.MULTILINE)
    source = (REPOSITORY / "flows" / "run_states.py").read_text()
    (silent, _) = yaml.safe_load((REPOSITORY / "docs" / "automations.yaml").read_text())["automations"]

    assert set(states) == {*re.findall(r'name="(\w+)"', source), "Failed"}
    assert {f"prefect.flow-run.{state}" for state in [*states, "Crashed", "Cancelled"]} < set(
        silent["trigger"]["expect"]
    )
