"""Where Prefect is, and which API is used. Real runs on the embedded one and on a server: tests/accept."""

import ast
from pathlib import Path

from tests.conftest import REPOSITORY, Command


def test_prefect_is_imported_by_the_flows_alone_and_never_for_help() -> None:
    importing = {
        path.relative_to(REPOSITORY).as_posix()
        for room in ("flows", "extractors", "schemas", "warehouse")
        for path in (REPOSITORY / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "prefect"
    }

    assert importing == {"flows/prefect_flows.py"}


def test_an_api_that_does_not_answer_is_one_line(wcda: Command) -> None:
    done = wcda("harvest", "--from", "samples", PREFECT_API_URL="http://127.0.0.1:9/api")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Prefect's API at http://127.0.0.1:9/api does not answer" in done.stderr


def test_the_api_that_the_user_s_profile_names_is_used(tmp_path: Path, wcda: Command) -> None:
    profiles = tmp_path / "home" / ".prefect" / "profiles.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text('active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "http://127.0.0.1:11/api"\n')

    done = wcda("harvest", "--from", "samples")

    assert "Prefect's API at http://127.0.0.1:11/api does not answer" in done.stderr
