"""A citation of one document: Chicago's, with the day of access and the snapshot, and nothing that is not so."""

import json
from pathlib import Path
from typing import Any

import pytest

import wcda
from tests.conftest import run_here
from warehouse.products.citation import citation
from warehouse.products.references import Names, csl_item, ris_fields

REPEATED = "df6f201d3c74f16a"
ARCHIVE = "Wilson Center Digital Archive"
ROW: dict[str, Any] = {
    "document_id": REPEATED,
    "title": "A letter.",
    "date_text": "May 1, 1962",
    "date_edtf": "1962-05-01",
    "summary": None,
    "source": None,
    "url": "https://example.org/1",
    "page_captured_at": "2025-01-02T03:04:05Z",
    "last_seen_at": "2025-02-02T03:04:05Z",
}


def test_explain_cites_a_document_in_one_line_that_names_the_style_beside_it(harvested_samples: Path) -> None:
    done = run_here("explain", REPEATED[:4], "--cite", "--warehouse", harvested_samples)

    snapshot = wcda.open_warehouse(harvested_samples).snapshot_id
    title = "Notes by Anastas Mikoyan ahead of Meetings with Mao Zedong"
    assert done.stdout == f"“{title},” January 31, 1949, {ARCHIVE} (wcda snapshot {snapshot}).\n"
    assert "Chicago" in done.stderr


def test_a_citation_as_json_has_the_style_and_the_snapshot(harvested_samples: Path) -> None:
    done = run_here("explain", REPEATED, "--cite", "--json", "--warehouse", harvested_samples)

    found = json.loads(done.stdout)
    assert (found["document_id"], found["style"]) == (REPEATED, "Chicago")
    assert found["snapshot"] in found["citation"]


CITATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "whole": (
        {},
        f"“A letter,” May 1, 1962, {ARCHIVE}, accessed January 2, 2025, https://example.org/1 (wcda snapshot S).",
    ),
    "seen in a listing alone": (
        {"page_captured_at": None},
        f"“A letter,” May 1, 1962, {ARCHIVE}, accessed February 2, 2025, https://example.org/1 (wcda snapshot S).",
    ),
    "no day": (
        {"page_captured_at": None, "last_seen_at": None},
        f"“A letter,” May 1, 1962, {ARCHIVE}, https://example.org/1 (wcda snapshot S).",
    ),
    "no URL": ({"url": None}, f"“A letter,” May 1, 1962, {ARCHIVE} (wcda snapshot S)."),
    "nothing known": (
        {"url": None, "title": None, "date_text": None},
        f"“Untitled document,” undated, {ARCHIVE} (wcda snapshot S).",
    ),
    "quotes and a question": (
        {"url": None, "title": 'Who said "Yes"?', "source": "Fond 7."},
        f"“Who said 'Yes'?” May 1, 1962, Fond 7, {ARCHIVE} (wcda snapshot S).",
    ),
}


@pytest.mark.parametrize("case", CITATIONS)
def test_a_citation_has_what_is_known_and_no_more(case: str) -> None:
    values, expected = CITATIONS[case]

    assert citation({**ROW, **values}, ARCHIVE, "S") == expected


def test_a_document_without_a_url_has_no_day_of_access_in_ris_and_csl() -> None:
    row = {**ROW, "url": None}

    assert {"Y2", "UR"}.isdisjoint(dict(ris_fields(row, ARCHIVE, Names())))
    assert {"accessed", "URL"}.isdisjoint(csl_item(row, ARCHIVE, Names()))
    assert dict(ris_fields(ROW, ARCHIVE, Names()))["Y2"] == "2025/01/02/"
