"""What is said of the project in more than one file agrees."""

import re
import tomllib

from tests.conftest import REPOSITORY


def test_the_citation_names_the_version_and_licence_of_the_package() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    citation = (REPOSITORY / "CITATION.cff").read_text("utf-8")

    assert re.findall(r"^(version|license): (.+)$", citation, flags=re.MULTILINE) == [
        ("version", project["version"]),
        ("license", project["license"]),
    ]


def test_the_changelog_has_what_comes_next_and_the_version_of_the_package() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    changelog = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")

    versions = re.findall(r"^## \[?([\w.]+)", changelog, flags=re.MULTILINE)
    assert versions[:2] == ["Unreleased", project["version"]]


def test_hooks_run_every_check_of_make_test() -> None:
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    (recipe,) = re.findall(r"^test:.*\n((?:\t.+\n)+)", makefile, flags=re.MULTILINE)
    checks = [line.strip().replace("$(BIN)", ".venv/bin").removesuffix(" .") for line in recipe.splitlines()]
    hooks = (REPOSITORY / ".pre-commit-config.yaml").read_text("utf-8")
    entries = re.findall(r"^ +entry: (.+)$", hooks, flags=re.MULTILINE)

    # Ruff is handed the files that changed, where `make test` names the folder.
    assert entries == checks


def test_every_test_that_the_page_on_security_names_is_there() -> None:
    named = re.findall(r"`(tests/[^`]+)`", (REPOSITORY / "SECURITY.md").read_text("utf-8"))

    assert len(named) > 10
    assert [name for name in named if "def test_" not in (REPOSITORY / name).read_text("utf-8")] == []
