"""`wcda init` and the completion of shells: what a person starts with."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from extractors.wilson_center import CATALOG_TEMPLATE
from extractors.wilson_center.catalog import Archive, CatalogEntry, Politeness, Wayback, parse_catalog
from flows.settings import FILE_NAME
from tests.conftest import WCDA, Command, bare_environment

COMMENTED = re.compile(r"^#(?=[a-z_]+ = |\[)", re.MULTILINE)


def test_init_writes_a_catalog_and_settings_that_change_nothing_yet(wcda_here: Command) -> None:
    done = wcda_here("init")

    assert (done.returncode, done.stderr) == (0, "")
    assert "catalog.toml: written" in done.stdout
    assert f"WCDA_SETTINGS_FILE={Path('wcda.toml').absolute()}" in done.stdout
    assert parse_catalog(Path("catalog.toml").read_text(), "c") == parse_catalog("", "empty")
    assert tomllib.loads(Path(FILE_NAME).read_text()) == {}
    assert wcda_here("harvest", "--catalog", "catalog.toml", "--dry-run").returncode == 0


def test_what_init_writes_is_not_reported_before_it_sets_something(wcda_here: Command) -> None:
    assert wcda_here("init").returncode == 0
    assert "is not read" not in wcda_here("status", "--settings").stderr

    with Path("wcda.toml").open("a") as settings:
        settings.write("\nkeep = 7\n")

    assert wcda_here("status", "--settings").stderr.count("is not read") == 1


def test_every_line_of_the_settings_can_be_taken_as_it_is(wcda_here: Command) -> None:
    wcda_here("init", "mine")
    text = Path("mine", FILE_NAME).read_text()
    Path("all.toml").write_text(COMMENTED.sub("", text))

    done = wcda_here("--settings-file", "all.toml", "status", "--settings")

    assert (done.returncode, done.stderr) == (0, "")
    assert {"warehouse", "cron", "captures", "limit"} <= tomllib.loads(Path("all.toml").read_text()).keys()


def test_every_key_of_the_catalog_is_explained_and_can_be_taken_as_it_is() -> None:
    text = COMMENTED.sub("", CATALOG_TEMPLATE.read_text())
    tables = tomllib.loads(text)

    parse_catalog(text, "template")
    for name, model in {"archive": Archive, "politeness": Politeness, "wayback": Wayback}.items():
        assert tables[name].keys() == model.model_fields.keys() - {"cdx_url"}
    named = {key for entry in tables["collections"] for key in entry}
    assert named == CatalogEntry.model_fields.keys() - {"count", "kind"}


def test_the_defaults_shown_are_those_of_the_code() -> None:
    tables = tomllib.loads(COMMENTED.sub("", CATALOG_TEMPLATE.read_text()))

    assert tables["politeness"] | {"contact": None} == Politeness().model_dump()
    assert tables["wayback"] == Wayback().model_dump(exclude={"cdx_url"})
    assert tables["archive"] == Archive().model_dump()


def test_a_contact_is_filled_in_and_checked(wcda_here: Command) -> None:
    assert wcda_here("init", "good", "--contact", "me@example.org").returncode == 0
    wrong = wcda_here("init", "bad", "--contact", "me at home")

    assert parse_catalog(Path("good/catalog.toml").read_text(), "c").politeness.contact == "me@example.org"
    assert (wrong.returncode, Path("bad").exists()) == (2, False)


def test_init_never_replaces_a_file(wcda_here: Command) -> None:
    Path("catalog.toml").write_text("# mine\n")

    one = wcda_here("init")
    both = wcda_here("init")

    assert one.returncode == 0
    assert "catalog.toml: there already, and stays as it is" in one.stdout
    assert both.returncode == 2
    assert "name another folder" in both.stderr
    assert Path("catalog.toml").read_text() == "# mine\n"
    assert sorted(path.name for path in Path().iterdir()) == ["catalog.toml", FILE_NAME]


def test_a_link_that_leads_nowhere_is_not_replaced_either(wcda_here: Command) -> None:
    Path("catalog.toml").symlink_to("elsewhere.toml")

    assert wcda_here("init").returncode == 0
    assert Path("catalog.toml").is_symlink()
    assert not Path("elsewhere.toml").exists()


def test_a_folder_that_is_a_file_is_a_usage_error(wcda_here: Command) -> None:
    Path("file").touch()

    done = wcda_here("init", "file")

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


# Completion


def completed(place: Path, words: str) -> list[str]:
    """What bash is offered behind some words, the last of them unfinished."""
    environment = {
        **bare_environment(place),
        "_WCDA_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run([WCDA], env=environment, capture_output=True, text=True, check=False)
    return done.stdout.split()


def test_commands_and_options_are_completed(tmp_path: Path) -> None:
    assert completed(tmp_path, "wcda fi") == ["find"]
    assert completed(tmp_path, "wcda ex") == ["export", "explain"]
    assert "--captures" in completed(tmp_path, "wcda harvest --cap")
    assert completed(tmp_path, "wcda harvest --captures ") == ["earliest", "latest", "all"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_shown(shell: str, tmp_path: Path) -> None:
    # Else the shell is the one that runs the tests, whatever is asked for.
    environment = {**bare_environment(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}

    done = subprocess.run(
        [WCDA, "--show-completion", shell], env=environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, "_WCDA_COMPLETE" in done.stdout) == (0, True), done.stderr
