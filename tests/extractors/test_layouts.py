"""What the layouts read: a folder for each peculiarity of a page, the two real captures, and pages by Hypothesis."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.parsing import read_page
from extractors.wilson_center.layouts import LAYOUTS, read_text
from flows.inspection import page_to_dict
from schemas.listings import Entry, Range, listing_entries, listing_range
from schemas.records import Outcome, PageKind, ParsedPage
from tests.replica.pages import BROKEN, LINKS, MARKUPS, Appearance, Renderer
from tests.replica.records import Document, generate
from tests.replica.results import Listing, Query, Sidebar

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "tests" / "pages"
FOLDERS = sorted(folder for folder in PAGES.glob("*/*") if folder.is_dir())
CAPTURES = sorted((ROOT / "extractors" / "wilson_center" / "samples").glob("*.txt"))

Parts = tuple[str | None, str | None, str | None]


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def parts(entry: Entry) -> Parts:
    return entry.date_text, entry.title, entry.summary


def errors(page: ParsedPage) -> list[str]:
    return [issue.kind for issue in page.issues if issue.level == "error"]


# The folders


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_a_page_is_read_as_its_folder_expects(folder: Path) -> None:
    (page,) = folder.glob("page.*")
    found = page_to_dict(read_page(page.read_bytes()))
    expectation = folder / "expected.json"
    if not expectation.exists():
        expectation.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
        pytest.fail(
            f"{expectation.relative_to(ROOT)} was missing and has been made from what the code reads now. "
            "Read it, correct what is wrong, and run the test again. To make it anew, delete it."
        )
    assert found == json.loads(expectation.read_text("utf-8"))


@pytest.mark.parametrize("name", [layout.NAME for layouts in LAYOUTS.values() for layout in layouts])
def test_every_layout_has_a_folder_with_a_page_that_it_reads(name: str) -> None:
    pages = [json.loads(path.read_text("utf-8")) for path in PAGES.glob(f"{name}/*/expected.json")]
    read = [page for page in pages if page["layout"] == name and page["outcome"] in get_args(PageKind)]
    assert any(page["outcome"] != "listing" or page["entries"] for page in read)


def test_every_outcome_has_a_folder() -> None:
    outcomes = {json.loads(path.read_text("utf-8"))["outcome"] for path in PAGES.glob("*/*/expected.json")}
    unread = set(get_args(PageKind)) - LAYOUTS.keys()
    assert outcomes == set(get_args(Outcome)) - unread


# The real captures


def split_capture(path: Path) -> list[Parts]:
    """The records of a capture without any trap in it: blocks between empty lines, three to a record."""
    blocks = path.read_text("utf-8").strip().split("\n\n")[2:]
    blocks = [block.strip().replace("\n", " ") for block in blocks]
    return list(zip(blocks[::3], blocks[1::3], blocks[2::3], strict=True))


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_a_real_capture_yields_what_a_trivial_splitter_finds(capture: Path) -> None:
    page = read_page(capture.read_bytes())
    assert len(listing_entries(page)) == 10
    assert [parts(entry) for entry in listing_entries(page)] == split_capture(capture)
    assert page.issues == ()


@settings(max_examples=300)
@given(st.sampled_from(CAPTURES), st.integers(0, 5_000))
def test_a_capture_cut_at_any_byte_yields_true_entries_and_says_what_is_missing(capture: Path, size: int) -> None:
    body = capture.read_bytes()[:size]
    truth = split_capture(capture)
    page = read_page(body)
    found = [parts(entry) for entry in listing_entries(page)]
    assert len(found) == len(truth) or errors(page)
    if found and found[-1] != truth[len(found) - 1]:
        assert_cut_cannot_be_seen(body.decode("utf-8", "ignore"), found.pop(), truth[len(found)])
    assert found == truth[: len(found)]


def assert_cut_cannot_be_seen(text: str, found: Parts, true: Parts) -> None:
    """A cut behind a sentence, or behind the line of the page's last title, leaves what could be a whole page."""
    assert found[:2] == true[:2]
    assert (true[2] or "").startswith(found[2] or "")
    if found[2] is None:
        assert text.endswith("\n")
        assert text.rstrip("\n").endswith(true[1] or "")
    else:
        assert re.search(r"[.!?…][\"'”’»)]*\s*$", text)


# Pages by Hypothesis

WORDS = st.sampled_from(
    [
        "Moscow’s",
        "envoy",
        "Zhou",
        "“peace”",
        "of",
        "the",
        "to",
        "No.",
        "12",
        "1956",
        "(Excerpt)",
        "T.",
        "V.",
        "trade,",
        "–",
    ]
)
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October"]
DATES = st.one_of(
    st.builds("{} {}, {}".format, st.sampled_from(MONTHS), st.integers(1, 28), st.integers(1935, 2008)),
    st.builds("{} {:02}, {}".format, st.sampled_from(MONTHS), st.integers(1, 28), st.integers(1935, 2008)),
    st.builds("{}{} {}".format, st.sampled_from(MONTHS), st.sampled_from(["", ","]), st.integers(1935, 2008)),
    st.builds("{}{}".format, st.sampled_from(["", "circa ", "Spring "]), st.integers(1935, 2008)),
)


def prose(begin: str, end: str) -> st.SearchStrategy[str]:
    return st.lists(WORDS, max_size=12).map(lambda words: " ".join([begin, *words, "report" + end]))


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a summary, and the empty lines before it."""

    text: str
    gap: int = 1


@dataclass(frozen=True)
class Record:
    """A record as the archive has it."""

    date: str | None
    title: str
    summary: tuple[Paragraph, ...]

    @property
    def parts(self) -> Parts:
        return self.date, self.title, "\n\n".join(part.text for part in self.summary) or None


FIRST_PARAGRAPHS = prose("Karpov", ".") | prose("Sorokin", ".”") | prose("Unfinished", "")
NEAR_PARAGRAPHS = st.builds(Paragraph, FIRST_PARAGRAPHS)
NOTES = st.builds(Paragraph, prose("Editor's note:", ".") | prose("Editor’s Note:", ""), st.sampled_from([1, 2]))
FAR_PARAGRAPHS = st.builds(Paragraph, FIRST_PARAGRAPHS, st.just(2))


@st.composite
def records(draw: st.DrawFn, further: st.SearchStrategy[Paragraph]) -> Record:
    first = draw(st.lists(NEAR_PARAGRAPHS, max_size=1))
    rest = draw(st.lists(further, max_size=2)) if first else []
    return Record(draw(st.none() | DATES), draw(prose("Letter", "")), (*first, *rest))


def lines_of(record: Record, draw: st.DrawFn) -> Iterator[str]:
    """The record as lines, here and there with a hard line break or blanks at the end of a line."""
    yield from [record.date, ""] if record.date else [""]
    yield from wrap(record.title, draw)
    for paragraph in record.summary:
        yield from [""] * paragraph.gap
        yield from wrap(paragraph.text, draw)
    yield ""


def wrap(text: str, draw: st.DrawFn) -> list[str]:
    words = text.split(" ")
    at = draw(st.integers(0, len(words) - 1))
    broken = [" ".join(words[:at]), " ".join(words[at:])] if at and draw(st.booleans()) else [text]
    return [line + draw(st.sampled_from(["", " ", "\t"])) for line in broken]


@st.composite
def pages(draw: st.DrawFn, shown: list[Record], count: int) -> str:
    """A page in one of the two frames that shows these records and says how many there are."""
    before = draw(st.integers(0, 90))
    range_line = f"{before + 1} - {before + count} of {before + count + draw(st.integers(0, 90))}"
    frame_a = ["Skip to content", "", "", range_line, "", ""]
    frame_b = ["Skip to content", "", "Results:", "", range_line, "", "Documents", ""]
    lines = draw(st.sampled_from([frame_a, frame_b])) + [line for record in shown for line in lines_of(record, draw)]
    return draw(st.sampled_from(["\n", "\r\n"])).join([*lines, ""])


def is_subsequence(found: list[Parts], truth: list[Parts]) -> bool:
    rest = iter(truth)
    return all(entry in rest for entry in found)


@given(st.data(), st.lists(records(NEAR_PARAGRAPHS | NOTES), min_size=1, max_size=6))
def test_a_page_of_records_whose_count_is_right_is_read_whole(data: st.DataObject, shown: list[Record]) -> None:
    page = read_text(data.draw(pages(shown, len(shown))))
    assert [parts(entry) for entry in listing_entries(page)] == [record.parts for record in shown]
    assert page.issues == ()


@given(st.data(), st.lists(records(NEAR_PARAGRAPHS | NOTES | FAR_PARAGRAPHS), min_size=1, max_size=6))
def test_paragraphs_that_stand_as_far_off_as_records_never_make_false_entries(
    data: st.DataObject, shown: list[Record]
) -> None:
    page = read_text(data.draw(pages(shown, len(shown))))
    found = [parts(entry) for entry in listing_entries(page)]
    assert is_subsequence(found, [record.parts for record in shown])
    assert (len(found) < len(shown)) == bool(errors(page))


@given(st.data(), st.lists(records(NEAR_PARAGRAPHS | NOTES), max_size=6), st.integers(1, 4))
def test_a_page_with_fewer_records_than_it_says_yields_true_entries_and_an_error(
    data: st.DataObject, shown: list[Record], missing: int
) -> None:
    page = read_text(data.draw(pages(shown, len(shown) + missing)))
    assert is_subsequence([parts(entry) for entry in listing_entries(page)], [record.parts for record in shown])
    assert "count-mismatch" in errors(page)


# Drupal listings by Hypothesis, in the markups of the replica

SITE = "https://digitalarchive.wilsoncenter.org"
SIGNS = st.characters(exclude_categories=["Cs", "Cc", "Z"])
LETTERS = (
    st.text(SIGNS, min_size=1, max_size=12) | WORDS | st.sampled_from(["&amp;", "<b>", "'\"", "Rudé Slovo", "\u2009"])
)
LINES = st.lists(LETTERS, min_size=1, max_size=6).map(" ".join)
DOCUMENTS = st.builds(
    Document,
    address=st.one_of(
        st.integers(1, 999_999).map(str), st.from_regex(r"[a-z0-9]+(-{1,2}[a-z0-9]+){0,3}", fullmatch=True)
    ).map("/document/{}".format),
    date_text=st.none() | DATES,
    title=LINES,
    summary=st.lists(st.builds("{} reports.".format, LINES), max_size=3).map(lambda lines: "\n\n".join(lines) or None),
    record_id=st.integers(1, 999_999),
    created=st.just("2025-09-30T12:00:00+00:00"),
)
SHOWN = st.lists(DOCUMENTS, min_size=1, max_size=5)
RENDERERS = {
    (markup, links): Renderer(Appearance(markup, links, page_bytes=0))
    for markup in (*MARKUPS, BROKEN)
    for links in LINKS
}


def truth_of(shown: list[Document]) -> list[tuple[str | None, ...]]:
    return [(one.date_text, one.title, one.summary, SITE + one.address) for one in shown]


def found_in(page: ParsedPage) -> list[tuple[str | None, ...]]:
    return [(*parts(entry), entry.url) for entry in listing_entries(page)]


@st.composite
def listings(draw: st.DrawFn, shown: list[Document], missing: int = 0, markup: str | None = None) -> str:
    """A page of the replica that shows these documents, and says that there are so many more on it."""
    before = draw(st.integers(0, 9))
    last = before + len(shown) + missing
    listing = Listing(Query(page=before), before + 1, last, last + draw(st.integers(0, 9)), tuple(shown))
    renderer = RENDERERS[markup or draw(st.sampled_from(MARKUPS)), draw(st.sampled_from(LINKS))]
    return renderer.listing(listing, Sidebar(())).whole.decode()


@given(st.data(), SHOWN)
def test_a_drupal_listing_is_read_back_exactly(data: st.DataObject, shown: list[Document]) -> None:
    page = read_text(data.draw(listings(shown)))
    assert (page.layout, page.outcome, page.issues) == ("drupal-listing", "listing", ())
    assert found_in(page) == truth_of(shown)


@given(st.data(), SHOWN)
def test_the_name_of_the_table_does_not_matter(data: st.DataObject, shown: list[Document]) -> None:
    """Without it the page is read as a whole, and not from the table on."""
    text = data.draw(listings(shown))
    assert read_text(text.replace("table table-hover table-striped", "grid")) == read_text(text)


@given(st.data(), SHOWN, st.integers(1, 3))
def test_a_drupal_listing_with_fewer_rows_than_it_says_yields_them_and_an_error(
    data: st.DataObject, shown: list[Document], missing: int
) -> None:
    page = read_text(data.draw(listings(shown, missing)))
    assert found_in(page) == truth_of(shown)
    assert errors(page) == ["count-mismatch"]


@pytest.mark.parametrize("markup", [markup for markup in MARKUPS if markup != "mixed"])
def test_a_drupal_listing_cut_anywhere_yields_true_entries_and_an_error_unless_whole(markup: str) -> None:
    shown = list(generate(documents=4, collections=0).documents)
    truth = truth_of(shown)
    listing = Listing(Query(), 1, len(shown), len(shown), tuple(shown))
    text = RENDERERS[markup, "relative"].listing(listing, Sidebar(())).whole.decode()
    for size in range(text.index("<main"), len(text), 4):
        page = read_text(text[:size])
        assert found_in(page) == truth[: len(listing_entries(page))], size
        assert len(listing_entries(page)) == len(truth) or errors(page), size


@given(st.data(), SHOWN)
def test_a_layout_that_nobody_has_seen_is_unknown(data: st.DataObject, shown: list[Document]) -> None:
    page = read_text(data.draw(listings(shown, markup=BROKEN)))
    assert (page.outcome, listing_entries(page)) == ("unknown", ())
    assert errors(page)


# Hostile pages

TAGS = st.sampled_from(
    [
        *[
            "<table class='table table-hover table-striped'>",
            "</table>",
            "<tr>",
            "</tr>",
            "<td class=document>",
            "</td>",
        ],
        *[
            "<a href='/document/a'>",
            "<a href=/document/b>",
            "<a href>",
            "<a href='https://['>",
            "</a>",
            "<h3>",
            "</h3>",
        ],
        *["<p>", "</p>", "<br>", "<div>", "</div>", "<frameset>", "<template>", "<svg>", "<select>", "<!--", "-->"],
        *[
            "1 - 1 of 1",
            "1 - 2 of 2",
            "0 results",
            "May 10, 1943",
            "Letter",
            "&#2;",
            "&#4;",
            "&nbsp;",
            "\x00",
            "\ud800",
            "<",
        ],
    ]
)

ROW = "<table><tr><td class=document><a href=/document/a>A</a></td></tr>"
MANY = 5_000


@pytest.mark.parametrize(
    "nest",
    [
        *["<div>", "<DIV\n>", "<b>", "<never-seen>", "<ul><li>", "<table><tr><td>", "<svg><g>", "<p><button>"],
        *["<div></p>", "<div></x>", "<div/>", "<div><table><tr><td></div></td></tr></table>", "<p><b></p>"],
        *["<div title='</div>'>", "<div a=b='>", "<div ='>", "<div><!--</div>-->"],
        *["<div><style></div></style>", "<div><title></div></title>", "<div></ </div>", "<div><?</div>"],
    ],
)
@pytest.mark.parametrize("end", ["", "</table></body></html>", "<", "<!--", "<div '", "</"])
def test_a_page_that_nests_too_deeply_is_unknown_before_it_takes_its_time(nest: str, end: str) -> None:
    page = read_text("<html><body>1 - 1 of 1" + ROW + nest * MANY + end)
    assert (page.layout, page.outcome, listing_entries(page)) == ("drupal-listing", "unknown", ())
    assert errors(page) == ["nested-too-deeply"]


@pytest.mark.parametrize(
    "flat",
    [
        *["<div><p>a</div>", "<br>", "<BR/>", "<b>a</b>", "<ul><li>a<li>b</ul>", "<img alt='<div>'>"],
        *["<!-- <div> -->", "<script>'<div>'</script>", "<table><tr><td>a<tr><td><p>b</table>", "a < b"],
    ],
)
def test_a_page_with_many_tags_is_read_all_the_same(flat: str) -> None:
    page = read_text("<html><body>1 - 1 of 1" + ROW + "</table>" + flat * MANY + "</body></html>")
    assert (page.outcome, len(listing_entries(page)), page.issues) == ("listing", 1, ())


@pytest.mark.parametrize(
    "row",
    [
        "<tr><td class=document><div><p>1958</p><h3><a href=/document/{}>Title {}</a></h3><p>Text</p></div></td></tr>",
        "<tr><td class=document><p>1958<h3><a href=/document/{}>Title {}</a></h3><p>Text",
    ],
)
def test_a_flat_page_of_any_number_of_rows_is_read(row: str) -> None:
    count = 22_000
    rows = "".join(row.format(number, number) for number in range(count))
    frame = "<html><body>" + "<div>" * 15 + f"<p>1 - {count} of {count}</p><table class='table-hover'><tbody>"

    page = read_text(frame + rows + "</tbody></table></body></html>")

    assert (page.outcome, len(listing_entries(page))) == ("listing", count)


@pytest.mark.parametrize("body", ["<b></b>" * 250_000, "1 - 1 of 1 " * 600_000], ids=["tags", "characters"])
def test_a_page_that_is_too_large_for_a_listing_is_named(body: str) -> None:
    page = read_text(f"<html><body><p>1 - 1 of 1</p>{body}</body></html>")

    assert page.outcome == "unknown"
    assert [issue.kind for issue in page.issues] == ["page-too-large"]
    assert "and is no listing" in page.issues[0].message


HIDING = {
    "comment": "<!-- {} -->",
    "template": "<template>{}</template>",
    "templates": "<template><template></template>{}</template>",
    "a false end": "<template title='</template>'>{}</template>",
    "script": "<script>{}</script>",
    "capitals": "<SCRIPT>{}</SCRIPT>",
    "noscript": "<noscript>{}</noscript>",
    "textarea": "<textarea>{}</textarea>",
    "style": "<style>{}</style>",
    "attribute": "<div title='{}'></div>",
    "comment in an attribute": "<i title='<!--'></i><template><i title='-->'></i>{}</template>",
}
TABLE = (
    '<p>1 - 1 of {}</p><table class="table table-hover table-striped"><tbody><tr><td class="document">'
    '<div>1958</div><h3><a href="/document/{}">A title</a></h3><p>A summary.</p></td></tr></tbody></table>'
)


@pytest.mark.parametrize("hiding", HIDING.values(), ids=HIDING)
@pytest.mark.parametrize("behind", [True, False], ids=["behind", "before"])
def test_a_table_that_no_browser_shows_is_not_read_in_place_of_the_one_that_is(hiding: str, behind: bool) -> None:
    shown, hidden = TABLE.format(1, "shown"), hiding.format(TABLE.format(7, "hidden"))

    page = read_text(f"<html><body>{shown if behind else ''}{hidden}{'' if behind else shown}</body></html>")

    assert [entry.url for entry in listing_entries(page)] == ["https://digitalarchive.wilsoncenter.org/document/shown"]
    assert listing_range(page) == Range(1, 1, 1)


@pytest.mark.parametrize("hiding", HIDING.values(), ids=HIDING)
def test_a_page_whose_only_table_no_browser_shows_has_no_entries(hiding: str) -> None:
    page = read_text(f"<html><body>{hiding.format(TABLE.format(1, 'hidden'))}<p>Nothing</p></body></html>")

    assert listing_entries(page) == ()


PIECES = st.sampled_from(
    [
        *["", "", "", "Documents", "May 10, 1943", "March, 1960", "1977", "1893-1976", "1912- 1994", "1931-"],
        *["circa 1958", "1950-1953", "February 30, 1958", "Undated", "Anton Karpov", "Editor's note: A copy."],
        *["Letter from Karpov", "Karpov writes.", "He asks for more", "\u2028", "\x0c", "-", " 12 "],
    ]
)


def assert_is_sound(page: ParsedPage) -> None:
    """A page is a listing with all its entries, or empty, or says what is wrong or that nothing tells how many."""
    assert page.outcome in get_args(Outcome)
    assert page.outcome == "listing" or not listing_entries(page)
    held = listing_range(page)
    whole = held is not None and len(listing_entries(page)) == held.count
    untold = held is None and "total-unknown" in [issue.kind for issue in page.issues]
    assert whole or untold or page.outcome == "empty" or errors(page)


@given(
    st.text()
    | st.lists(PIECES | st.from_regex(r"\d - \d of \d"), max_size=20).map("\n".join)
    | st.lists(TAGS, max_size=30).map(lambda tags: "".join(["<html>", *tags]))
)
def test_no_text_makes_a_layout_raise_or_lose_entries_in_silence(text: str) -> None:
    assert_is_sound(read_text(text))


@given(st.binary())
def test_no_bytes_make_a_page_raise(body: bytes) -> None:
    assert_is_sound(read_page(body))


@given(st.lists(PIECES, max_size=20), st.integers(1, 6), st.sampled_from(["", "\n"]))
def test_every_word_of_a_page_is_in_an_entry_or_in_an_issue(lines: list[str], count: int, end: str) -> None:
    body = "\n".join(["Karpov's papers", *lines]) + end
    page = read_text(f"1 - {count} of {count}\n\n{body}")
    holding_text = {"undecided-entries", "cut-off", "title-missing", "menu-line", "text-outside-entries"}
    texts = [text for entry in listing_entries(page) for text in parts(entry)]
    texts += [issue.found for issue in page.issues if issue.kind in holding_text]
    assert sorted(" ".join(text or "" for text in texts).split()) == sorted(body.split())


def test_titles_that_end_in_abbreviations_are_titles() -> None:
    titles = ["Meeting at 10 a.m.", "Talks between Mao et al.", "Letter from Smith, Jr.", "Report of Acme Co. etc."]
    records = "".join(f"March {day}, 1951\n\n{title}\n\n" for day, title in enumerate(titles, start=1))

    page = read_text(f"Skip to content\n\n\n1 - 4 of 4\n\n\n{records}")

    assert [entry.title for entry in listing_entries(page)] == titles
    assert page.issues == ()


@pytest.mark.parametrize(
    "rows",
    [
        "| Date | Title | Summary |\n|---|:--|---|\n"
        "| {0} | [A](https://{2}/a) | {1} |\n| 1962 | [B](https://{2}/b) | {1} |\n",
        "|  |\n| --- |\n| {0}<br><br>### [A](https://{2}/a)<br>{1} |\n| 1962<br>[B](https://{2}/b)<br>{1} |\n",
        "+-----+\n| {0} |\n|  |\n| A |\n|  |\n| {1} |\n+-----+\n| 1962 |\n|  |\n| B |\n|  |\n| {1} |\n+-----+\n",
    ],
    ids=["columns", "one column", "grid"],
)
def test_a_table_of_markdown_has_a_document_in_each_row(rows: str) -> None:
    table = rows.format("March 14, 1951", "It tells of the talks.", "digitalarchive.wilsoncenter.org/document")

    page = read_text(f"Results: 1 - 2 of 2 Documents\n\n{table}")

    assert [(entry.date_text, entry.title, entry.summary) for entry in listing_entries(page)] == [
        ("March 14, 1951", "A", "It tells of the talks."),
        ("1962", "B", "It tells of the talks."),
    ]
    assert page.issues == ()


@pytest.mark.parametrize("title", ["Telegr\nam from Ambassador Karpov", "Record of a\nConversation with V. Sorokin"])
def test_a_title_that_a_table_cut_in_pieces_is_refused_with_what_to_do(title: str) -> None:
    """As pandoc does, from the end on; whether there was a blank is not told."""
    width = len(title.split("\n")[1])
    lines = ["March 14, 1951", "", *title.split("\n"), "", "He writes."]
    rule = f"+{'-' * (width + 2)}+"
    table = "\n".join([rule, *(f"| {line:<{width}} |" for line in lines), rule])

    page = read_text(f"Results: 1 - 1 of 1 Documents\n\n{table}\n")

    assert (page.outcome, listing_entries(page)) == ("unknown", ())
    assert "convert the page again, with pandoc's `-t gfm`" in page.issues[0].message


def test_a_table_whose_paragraphs_are_wrapped_is_read() -> None:
    lines = ["1962", "", "A letter of the ambassador to", "his ministry", "", "He writes of grain and of two", "ships."]
    table = "\n".join([f"+{'-' * 31}+", *(f"| {line:<29} |" for line in lines), f"+{'-' * 31}+"])

    page = read_text(f"Results: 1 - 1 of 1 Documents\n\n{table}\n")

    assert [(entry.title, entry.summary) for entry in listing_entries(page)] == [
        ("A letter of the ambassador to his ministry", "He writes of grain and of two ships."),
    ]
    assert page.issues == ()


def test_the_blocks_and_attributes_of_pandoc_are_undone() -> None:
    text = """::: {.view .view-search}
Results: **1 - 1 of 1** Documents

::: {.views-row}
::: date
March 14, 1951
:::

### [Letter from Karpov](https://digitalarchive.wilsoncenter.org/document/a){rel="bookmark"} {#letter .title}

::: text-block
He writes of grain.
:::
:::
:::
"""

    page = read_text(text)

    assert [(entry.title, entry.summary, entry.url) for entry in listing_entries(page)] == [
        ("Letter from Karpov", "He writes of grain.", "https://digitalarchive.wilsoncenter.org/document/a"),
    ]
    assert page.issues == ()
