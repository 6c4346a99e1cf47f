"""Each kind of issue is stated once, used, and listed in the docs."""

import re

from schemas.dictionary import data_dictionary
from schemas.issues import ISSUE_KINDS
from schemas.listings import Entry
from tests.conftest import REPOSITORY

CODE = "\n".join(
    path.read_text("utf-8")
    for room in ("extractors", "flows", "warehouse", "schemas")
    for path in sorted((REPOSITORY / room).rglob("*.py"))
    if path.name != "issues.py" or path.parent.name != "schemas"
)


def test_every_kind_that_is_stated_is_used() -> None:
    statement = (REPOSITORY / "schemas" / "issues.py").read_text("utf-8")
    constants = re.findall(r"^([A-Z_]+) = IssueKind\(", statement, flags=re.MULTILINE)

    assert len(constants) == len(ISSUE_KINDS)
    # A refusal is looked up by the outcome that it has.
    unused = {name for name in constants if not re.search(rf"\b{name}\b", CODE)} - {"CHALLENGE", "MAINTENANCE"}
    assert unused == set()


def test_no_issue_is_made_without_its_kind() -> None:
    assert re.findall(r"\bIssue\(\s*[\"']", CODE) == []
    assert [name for name in ISSUE_KINDS if f'kind="{name}"' in CODE or f'"kind": "{name}"' in CODE] == []


def test_the_docs_list_every_kind_with_its_level() -> None:
    for kind in ISSUE_KINDS.values():
        assert f"| `{kind.name}` | {kind.level} | {kind.meaning} |" in data_dictionary()


def test_an_empty_text_of_a_page_is_none_in_an_issue_and_an_entry() -> None:
    issue = ISSUE_KINDS["link-is-no-document"].issue("the title does not link to a document", found="", url="")
    entry = Entry(1, "", "Telegram", "", "")

    assert (issue.found, issue.url) == (None, None)
    assert (entry.date_text, entry.title, entry.summary, entry.url) == (None, "Telegram", None, None)
