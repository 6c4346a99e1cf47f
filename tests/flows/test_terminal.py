"""What comes from outside is data on a terminal: no markup, no escape sequence, no character that stops the output."""

import subprocess
from pathlib import Path

import pytest

from flows.printing import print_settings
from flows.terminal import visible
from tests.conftest import WCDA, Command, bare_environment

CATALOG = """
[[collections]]
id = "drafts"
name = "Mao [draft] [/x] :smile:"
files = ["page.txt"]
"""
TITLE = "Telegram \x1b]0;owned\x07\x1b[2J from [bold]Karpov[/bold] \u202egnihton"
PAGE = f"1 - 1 of 1\n\nMay 1, 1950\n\n{TITLE}\n\nHe writes on \u03bb.\n"


@pytest.fixture
def drafts(tmp_path: Path, wcda: Command) -> Path:
    """A warehouse with hostile names and titles."""
    (tmp_path / "catalog.toml").write_text(CATALOG)
    (tmp_path / "page.txt").write_text(PAGE)
    done = wcda(
        "harvest",
        *("--from", tmp_path / "page.txt", "--catalog", tmp_path / "catalog.toml"),
        *("--direct", "--warehouse", tmp_path / "warehouse"),
    )
    assert done.returncode == 0, done.stderr
    assert "Mao [draft] [/x] :smile:" in done.stdout
    return tmp_path / "warehouse"


def test_no_command_interprets_what_a_page_or_a_name_holds(drafts: Path, wcda: Command) -> None:
    shown = [
        wcda("status", "--warehouse", drafts),
        wcda("changes", "--warehouse", drafts),
        wcda("changes", "--json", "--warehouse", drafts),
        wcda("explain", "--json", "--warehouse", drafts, document_of(wcda, drafts)),
        wcda("explain", "--warehouse", drafts, document_of(wcda, drafts)),
        wcda("read", drafts.parent / "page.txt"),
    ]

    for done in shown:
        assert done.returncode == 0, done.stderr
        assert not set("\x1b\x07\u202e") & set(done.stdout + done.stderr), done.args
    assert "Mao [draft] [/x] :smile:" in shown[0].stdout
    assert "[bold]Karpov[/bold]" in shown[-1].stdout
    assert "\\u001b]0;owned" in shown[-1].stdout


def test_a_table_without_rows_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_settings([])

    assert capsys.readouterr().out.split() == ["setting", "value", "from", "none"]


def document_of(wcda: Command, warehouse: Path) -> str:
    listed = wcda("export", "--to", "jsonl", "--output", warehouse.parent / "out", "--warehouse", warehouse)
    assert listed.returncode == 0, listed.stderr
    text = (warehouse.parent / "out" / "documents.jsonl").read_text()
    return text.split('"document_id":', 1)[1].split('"')[1]


def test_a_letter_that_the_output_lacks_is_an_escape_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(PAGE)
    done = subprocess.run(
        [WCDA, "read", tmp_path / "page.txt"],
        env={**bare_environment(tmp_path), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"He writes on \\u03bb" in done.stdout


def test_plain_text_stays_as_it_is() -> None:
    assert visible("Мао Цзэдун — “Notes”\n\t[draft]") == "Мао Цзэдун — “Notes”\n\t[draft]"
