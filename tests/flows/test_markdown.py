"""What Prefect shows as Markdown: names and messages from outside are text in it, and nothing else."""

import re

import pytest

from flows.artifacts import report_text
from flows.markdown import as_code, as_markdown
from schemas.records import Receipt
from schemas.tables import TABLES

HOSTILE = [
    "![](https://evil.example/pixel.png)",
    "[click](javascript:alert(1))",
    "<img src=https://evil.example/p.png>",
    "<https://evil.example>",
    "a\n\n# Heading",
    "`code` | cell | ~~gone~~ **bold** _it_ &amp; \\![](x)",
    "\x1b[2J\u202egpj.exe",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_has_no_mark_in_markdown_that_is_not_escaped(text: str) -> None:
    written = as_markdown(text)

    assert not re.search(r"[\\`*_{}\[\]<>()#!|&~]", re.sub(r"\\[!-/:-@\[-`{-~]", "", written))
    assert written.isprintable()


def test_code_ends_at_no_backtick_of_its_text() -> None:
    assert as_code("a/b") == "`a/b`"
    assert as_code("a`b``c") == "``` a`b``c ```"


@pytest.mark.parametrize("text", HOSTILE)
def test_the_report_of_a_run_shows_examples_and_paths_as_they_are(text: str) -> None:
    counts = dict.fromkeys(TABLES, 1)
    receipt = Receipt("run", "complete", "snapshot", f"/data/{text}", counts, issue_examples=(text,), notes=(text,))

    report = report_text(receipt)

    assert f"- {as_markdown(text)}\n" in report
    assert "![" not in re.sub(r"`+[^`]*`+", "", report)
    assert not re.search(r"(?<!\\)<img", re.sub(r"(`+).*?\1", "", report))
