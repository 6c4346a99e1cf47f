"""The old site's layout: its HTML and both frames of text say the same, and no other page is taken for one of it."""

import json
from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extractors.parsing import decode
from extractors.wilson_center.layouts import LAYOUTS, old_site, read_text
from schemas.listings import Entry, listing_entries
from schemas.records import ParsedPage
from tests.extractors.test_layouts import DATES, FIRST_PARAGRAPHS, FOLDERS, LETTERS, MANY, assert_is_sound, errors

OLD_FOLDERS = [folder for folder in FOLDERS if folder.parent.name == "old-site"]
OTHER_FOLDERS = [folder for folder in FOLDERS if folder.parent.name != "old-site"]

Record = tuple[str | None, str, tuple[str, ...]]


def page_text(folder: Path) -> str | None:
    (page,) = folder.glob("page.*")
    return decode(page.read_bytes())[0]


def fixture(name: str) -> ParsedPage:
    (folder,) = (folder for folder in OLD_FOLDERS if folder.name == name)
    return read_text(page_text(folder) or "")


def parts(entry: Entry) -> tuple[str | None, str | None, str | None]:
    return entry.date_text, entry.title, entry.summary


# Recognition


@pytest.mark.parametrize("folder", OLD_FOLDERS, ids=lambda folder: folder.name)
def test_a_page_of_the_old_site_is_recognised_by_its_layout(folder: Path) -> None:
    assert old_site.recognises(page_text(folder) or "")


def test_no_page_of_another_layout_is_taken_for_one_of_the_old_site() -> None:
    assert [folder.name for folder in OTHER_FOLDERS if old_site.recognises(page_text(folder) or "")] == []


def test_the_old_site_is_asked_first_since_others_would_take_its_pages_for_theirs() -> None:
    folder = next(folder for folder in OLD_FOLDERS if folder.name == "range-like-words-in-a-summary")
    text = page_text(folder) or ""
    assert [layout.NAME for layout in LAYOUTS["listing"] if layout.recognises(text)] == ["old-site", "drupal-listing"]
    assert read_text(text).layout == "old-site"


@pytest.mark.parametrize(
    "text",
    [
        "<html><body><div class='search-results'><ul><li><a href=/document/a>A</a></li></ul></div></body></html>",
        "<html><body><ul id=search-res><li><a class=lnk-res href=/document/a>A</a></li></ul></body></html>",
        "<html><body><p>.search-res li .lnk-res</p></body></html>",
        "<html><style>.search-res{}</style><body><table class='table table-hover table-striped'></table></body></html>",
        "<html class=search-res><body><table class='table table-hover table-striped'><tr></table></body></html>",
        "Search in\n\nthe archive of something else\n",
        "Skip to content\n\nPopular Documents\n\nMay 10, 1943\n\nLetter\n\nKarpov writes.\n",
        "  • China\n\n  • Cuba\n\n  • 1893-1976\n",
        "-\nChina\n-\nCuba\n",
        "-\n-\n-\n",
        "1 - 1 of 1\n\nMay 10, 1943\n\nLetter\n\n  • May 11, 1943\n\n    Reply\n",
        "1 - 1 of 1\n\nMay 10, 1943\n\nLetter\n-\nMay 11, 1943\nReply\n",
    ],
)
def test_what_only_resembles_a_page_of_the_old_site_is_none(text: str) -> None:
    assert not old_site.recognises(text)


# HTML and text


def as_html(records: list[Record]) -> str:
    rows = [
        f'<li><a class="lnk-res" href="/document/{number}"><span class="itm-date">{escape(date or "")}</span>'
        f'<h3 class="itm-title">{escape(title)}</h3></a>{"".join(f"<p>{escape(part)}</p>" for part in summary)}</li>'
        for number, (date, title, summary) in enumerate(records, 1)
    ]
    return f'<html><body><ul class="search-res">{"".join(rows)}</ul></body></html>'


def lines_of(record: Record) -> list[str]:
    date, title, summary = record
    return [*([date] if date else []), title, *summary]


def as_bullets(records: list[Record]) -> str:
    items = ["  • " + "\n\n    ".join(lines_of(record)) for record in records]
    return "Search in\n\nDigital Archive International History Declassified\n\n\n" + "\n\n".join(items) + "\n"


def as_dashes(records: list[Record]) -> str:
    return "\nGrain and Peace\nDocuments on both.\n" + "".join(
        "-\n" + "".join(line + "\n" for line in lines_of(record)) for record in records
    )


TITLES = st.lists(LETTERS, max_size=5).map(lambda words: " ".join(["Letter", *words, "report"]))
RECORDS = st.lists(
    st.tuples(DATES, TITLES, st.lists(FIRST_PARAGRAPHS, max_size=2).map(tuple))
    | st.tuples(st.none(), TITLES, st.lists(FIRST_PARAGRAPHS, min_size=1, max_size=2).map(tuple)),
    min_size=1,
    max_size=6,
)


@given(RECORDS.filter(lambda records: 2 * sum(record[0] is not None for record in records) >= len(records)))
@example([("1972", "Letter", ())])
def test_html_and_both_frames_of_text_give_the_same_entries(records: list[Record]) -> None:
    truth = [(date, title, "\n\n".join(summary) or None) for date, title, summary in records]
    if not any(date is not None and old_site.is_listing_date(date) for date, _, _ in records):
        records, truth = [("1972", "Letter", ()), *records], [("1972", "Letter", None), *truth]
    renditions: list[Callable[[list[Record]], str]] = [as_html, as_bullets]
    if old_site.recognises(as_dashes(records)):  # needs dates in half of the records
        renditions.append(as_dashes)
    for rendition in renditions:
        page = read_text(rendition(records))
        assert (page.layout, page.outcome) == ("old-site", "listing")
        assert [parts(entry) for entry in listing_entries(page)] == truth
        assert [issue.kind for issue in page.issues] == ["total-unknown"]


def test_the_fixtures_of_one_page_in_html_and_in_text_give_the_same_entries() -> None:
    pages = [fixture(name) for name in ("rows", "bullets", "dashes", "bullets-below-a-search-filter")]
    assert len(listing_entries(pages[0])) == 4
    assert len({tuple(map(parts, listing_entries(page))) for page in pages}) == 1


# Cut pages

SHOWN: list[Record] = [
    ("August 04, 1961", "Telegram from Karpov", ("Karpov reports.", "Editor's note: a copy.")),
    ("June, 1962", "Report of the Mission", ()),
    (None, "Notes by Sorokin", ("Sorokin notes what he was told.",)),
    ("1963", "Memorandum of the Council", ("The Council met.",)),
]


def test_html_that_is_cut_anywhere_yields_true_entries_and_an_error() -> None:
    text = as_html(SHOWN)
    truth = [parts(entry) for entry in listing_entries(read_text(text))]
    for size in range(text.index("</body"), 0, -1):
        page = read_text(text[:size])
        assert [parts(entry) for entry in listing_entries(page)] == truth[: len(listing_entries(page))], size
        assert errors(page), size


@pytest.mark.parametrize("rendition", [as_bullets, as_dashes])
def test_text_that_is_cut_within_a_line_yields_true_entries(rendition: Callable[[list[Record]], str]) -> None:
    text = rendition(SHOWN)
    truth = [parts(entry) for entry in listing_entries(read_text(text))]
    assert len(truth) == len(SHOWN)
    for size in range(len(text)):
        page = read_text(text[:size])
        assert_is_sound(page)
        found = [parts(entry) for entry in listing_entries(page)]
        if found and text[:size].rstrip(" ")[-1] in ".\n":  # nothing tells that there was more of the last
            last, true = found.pop(), truth[len(found)]
            assert last[:2] == true[:2]
            assert (true[2] or "").startswith(last[2] or "")
        assert found == truth[: len(found)], size


# Hostile pages

MUCH = 50_000

TAGS = st.sampled_from(
    [
        *["<ul class=search-res>", "<div class='a search-res'>", "</ul>", "</div>", "<li>", "</li>", "<p>", "</p>"],
        *["<a class=lnk-res href=/document/1>", "<a class=lnk-res>", "</a>", "<h3 class=itm-title>", "</h3>", "<br>"],
        *["May 10, 1943", "1 - 1 of 1", "No results", "Letter", "\ud800", "&#6;", "\x06", "<!--", "-->", "<template>"],
    ]
)
LINES = st.sampled_from(
    [
        *["Search in", "Digital Archive International History Declassified", "", "", "-", "-", "  •", "    • grain"],
        *["  • May 10, 1943", "  • Letter", "• 1972", "    Letter", "    Karpov writes.", "May 10, 1943", "Letter"],
        *["1 - 1 of 1", "No results", "\u2028", "\ud800", "  • Next", "1 2 3"],
    ]
)


@given(
    st.lists(TAGS, max_size=30).map(lambda tags: "".join(["<html><ul class=search-res>", *tags]))
    | st.lists(LINES, max_size=20).map("\n".join)
)
def test_no_text_makes_the_layout_raise_or_lose_entries_in_silence(text: str) -> None:
    assert_is_sound(read_text(text))


@given(st.lists(LINES.filter(lambda line: " of " not in line), max_size=20), st.sampled_from(["", "\n"]))
def test_every_word_behind_the_first_bullet_is_in_an_entry_or_in_an_issue(lines: list[str], end: str) -> None:
    body = "\n".join(["  • May 10, 1943", "", "    Letter", "", *lines]) + end
    if "\n-\n" in body:
        return
    page = read_text(as_bullets([]) + body)
    texts = [text for entry in listing_entries(page) for text in parts(entry)]
    texts += [
        issue.found for issue in page.issues if issue.kind not in {"total-unknown", "titles-missing", "rows-missing"}
    ]
    assert sorted(" ".join(text or "" for text in texts).replace("•", "").split()) == sorted(
        body.replace("•", "").split()
    )


@pytest.mark.parametrize(
    "text",
    [
        "<html><ul class=search-res>" + "<div>" * MUCH,
        "<html>" + "<p class='" + "search-re " * MUCH,
        "<html>" + " class=" * MUCH,
        "<html>" + " class=<search-res" * MUCH,
        "Search in\n" * MUCH,
        " " * 10 * MUCH + "•",
        "  • May 10, 1943\n\n    Letter\n" + "    word\n" * MUCH,
        "-\nMay 10, 1943\nLetter\n" * MUCH,
        "  • 1 2 3 first last " * MUCH,
    ],
    ids=["nested", "names", "classes", "classes and names", "heads", "blanks", "lines", "dashes", "bullets"],
)
def test_a_hostile_page_is_read_before_it_takes_its_time(text: str) -> None:
    assert_is_sound(read_text(text))


def test_a_page_that_nests_too_deeply_is_unknown() -> None:
    page = read_text("<html><ul class=search-res><li><a class=lnk-res href=/document/1>A</a>" + "<div>" * MANY)
    assert (page.layout, page.outcome, errors(page)) == ("old-site", "unknown", ["nested-too-deeply"])


def test_every_fixture_says_as_an_issue_that_nothing_tells_how_many_entries_there_must_be_or_has_a_range() -> None:
    for folder in OLD_FOLDERS:
        page = json.loads((folder / "expected.json").read_text("utf-8"))
        untold = any(issue["kind"] == "total-unknown" for issue in page["issues"])
        assert page["outcome"] != "listing" or (page["range"] is None) == untold, folder.name
