"""The search of the report in a browser: what finds what, in which order, and how hits are marked, sent and saved."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

import pytest
import rispy

from extractors.wilson_center import ARCHIVE
from schemas.dates import read_date
from tests.browser import open_browser
from tests.schemas.test_dates import READABLE
from tests.warehouse.test_report import collection, document, made, members
from warehouse.folder import WarehouseFolder
from warehouse.products.citation import cite
from warehouse.products.references import write_ris
from warehouse.products.report import find_report
from warehouse.publishing import publish
from wcda import open_warehouse
from wcda.query import fold, read_query
from wcda.snapshots import current_snapshot

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Download, Page

pytestmark = pytest.mark.accept

READY = "table.documents[aria-busy=false]"
SITE = "https://digitalarchive.wilsoncenter.org/document"
SUMMARIES = {
    "b": "An Iranian delegation; Wałęsa, Čapek and Ærø are named. The cold war.",
    "c": "A cold, long war.",
    "f": "It looks back at 1962.",
}
TITLES = {
    "a": "Talk with Mirányi on Cuba",
    "b": "Visit of the delegation",
    "c": "Sino-Soviet Relations",
    "d": "=HYPERLINK(1)",
    "e": 'He said "Yes"',
    "f": "Memoir",
    "g": "会议记录 on 毛泽东",
    "h": "Cubana de Aviación",
    "i": "The Death of a Cow",
}
DATES = {
    "a": "October 27, 1962",
    "b": "October 1962",
    "c": "1960s",
    "d": "May 5, 1963",
    "e": "Winter 1958",
    "f": "1990",
    "g": "before 1956",
    "h": "1961-1964",
    "i": None,
}
IDS = {name: f"{place:x}ead{place:012x}" for place, name in enumerate(TITLES, 5)}  # of i: dead00000000000d


SEEN_AT = dt.datetime(2025, 1, 2, 23, 59, tzinfo=dt.UTC)


def rows() -> dict[str, list[dict[str, Any]]]:
    documents = [
        document(
            *(IDS[name], DATES[name]),
            title=title,
            summary=SUMMARIES.get(name),
            url=None if name == "e" else f"{SITE}/{name}",
        )
        for name, title in TITLES.items()
    ]
    for row in documents:
        row["last_seen_at"] = None if row["document_id"] == IDS["i"] else SEEN_AT
        row["source"] = "Fond 7, file 3." if row["document_id"] == IDS["d"] else None
    dated = sorted(
        documents, key=lambda row: (str(row.get("date_start") or "9999"), str(row.get("date_end") or "9999"))
    )
    listed = [{**row, "document_id": IDS[row["document_id"]]} for row in members("ax", "bx", "ay", "ca", "cy", "hx")]
    counts = [row["document_id"] for row in listed]
    return {
        "documents": [{**row, "collection_count": counts.count(row["document_id"])} for row in dated],
        "collections": [
            collection("x", name="Cuban Crisis", observed_total=3),
            collection("y", name="Talks", kind="people", observed_total=2),
            collection("a", name="Archive, a part", kind="original_repositories", observed_total=1),
        ],
        "memberships": listed,
        "terms": [
            {"term_id": "people/castro", "kind": "people", "name": "Castro, Fidel"},
            {"term_id": "languages/Czech", "kind": "languages", "name": "Czech"},
        ],
        "document_terms": [
            {"document_id": IDS["a"], "role": "person", "position": 1, "term_id": "people/castro"},
            {"document_id": IDS["a"], "role": "author", "position": 1, "term_id": "people/castro"},
            {"document_id": IDS["d"], "role": "person", "position": 1, "term_id": "people/castro"},
            {"document_id": IDS["d"], "role": "language", "position": 1, "term_id": "languages/Czech"},
        ],
    }


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> WarehouseFolder:
    made_folder = WarehouseFolder(tmp_path_factory.mktemp("search"))
    publish(made_folder, made(**rows()), {}, archive=ARCHIVE)
    return made_folder


@pytest.fixture(scope="module")
def report(folder: WarehouseFolder) -> Path:
    return find_report(folder.path, archive=ARCHIVE)


@pytest.fixture
def page(browser: "Browser", report: Path) -> Iterator["Page"]:
    said: list[str] = []
    context = browser.new_context(accept_downloads=True)
    with context, context.new_page() as opened:
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.goto(report.resolve().as_uri())
        opened.wait_for_selector(READY)
        yield opened
        assert said == []


def search(page: "Page", words: str) -> str:
    """The names of the documents that words find, in order."""
    page.get_by_label("Words in title").fill(words)
    return names(page)


def names(page: "Page") -> str:
    by_title = {title: name for name, title in TITLES.items()}
    return "".join(by_title[title] for title in page.locator(".documents .title").all_inner_texts())


# What finds what


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("iran", "b"),
        ("miranyi", "a"),
        ("cuba", "ah"),
        ("Mirányi CUBA", "a"),
        ("walesa", "b"),
        ("aero", "b"),
        ("čapek", "b"),
        ("anyi", ""),
        ("毛泽", "g"),
        ("sino-soviet", "c"),
        ("aviacion", "h"),
    ],
)
def test_words_find_beginnings_of_words_without_accents(words: str, found: str, page: "Page") -> None:
    assert search(page, words) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ('"cold war"', "b"),
        ("“cold war”", "b"),
        ("cold war", "bc"),
        ('"cuba"', "a"),
        ('"col war"', ""),
        ('"cold wa', "b"),
        ('"cold wa"', ""),
        ('""', "echbadfgi"),
        ('"Visit of the delegation An Iranian"', ""),
    ],
)
def test_quotes_find_whole_words_in_their_order(words: str, found: str, page: "Page") -> None:
    assert search(page, words) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("cuba -miranyi", "h"),
        ("cold -“cold war”", "c"),
        ("-1962 -cow -1950s", "d"),
        ("- cuba", "ah"),
        ("-", "echbadfgi"),
    ],
)
def test_a_minus_excludes(words: str, found: str, page: "Page") -> None:
    assert "".join(sorted(search(page, words))) == "".join(sorted(found))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("1962", "abhcf"),  # of the year, perhaps of the year, and a text that names it
        ("1960s", "dabhc"),
        ("196X", "dabhc"),
        ("1962-10", "abhc"),
        ("1962-10-27", "abhc"),
        ("1962-10-27/1963-06", "dahbc"),
        ("1962-11/1963", "dhc"),
        ("1963/..", "fdhc"),
        ("../1957", "ge"),
        ("1957-24", "eg"),
        ("1961-1964", "dabhc"),
        ("1963~", "dhc"),
        ("{1958-02,1963-05-05}", "debahc"),
        ("october 1962", "ab"),
        ("1962 cuba", "ah"),
        ("1999-99", ""),
    ],
)
def test_dates_find_documents_of_that_time_the_surest_first(words: str, found: str, page: "Page") -> None:
    assert "".join(sorted(search(page, words))) == "".join(sorted(found)) or words.startswith("{")
    if words in {"1962", "1962-10", "october 1962"}:
        assert names(page) == found


def test_every_date_that_the_tables_can_hold_is_read_by_the_page_as_by_the_tables(
    browser: "Browser",
) -> None:
    texts = [case["text"] for case in READABLE if "edtf" in case]
    readings = [reading for text in texts if (reading := read_date(text)) and reading.edtf]
    script = (Path(find_report.__code__.co_filename).parent / "scripts" / "dates.js").read_text(encoding="utf-8")
    with browser.new_page() as opened:
        spans = opened.evaluate(f"(all) => {{ {script}; return all.map(spanOf); }}", [one.edtf for one in readings])

    assert len(readings) > 50
    for reading, (first, last) in zip(readings, spans, strict=True):
        start, end = reading.start or reading.end, reading.end or reading.start
        assert start is not None
        assert end is not None
        is_closed = reading.start is not None and reading.end is not None
        if is_closed and "-24" not in (reading.edtf or ""):  # a winter of two years is written as that of one
            assert (first[:7], last[:7]) == (start.isoformat()[:7], end.isoformat()[:7]), reading
        assert first <= start.isoformat() <= end.isoformat() <= last, reading


def test_ids_and_their_beginnings_find_a_document(page: "Page") -> None:
    assert search(page, IDS["b"]) == "b"
    assert search(page, IDS["b"][:6]) == "b"
    assert search(page, "DEAD") == "i"  # no word begins so
    assert search(page, IDS["i"][:5].upper()) == "i"
    assert search(page, IDS["b"][:3]) == ""
    assert search(page, f"{IDS['b']} cuba") == ""


def test_the_beginning_of_an_id_is_none_where_it_is_a_word(browser: "Browser", tmp_path: Path) -> None:
    folder = WarehouseFolder(tmp_path)
    texts = [
        document("1962000000000000", "1970", title="Other"),
        document("0000000000000000", "1962", title="Of the year"),
    ]
    publish(folder, made(documents=texts[::-1]), {}, archive=ARCHIVE)
    with browser.new_page() as opened:
        opened.goto(f"{find_report(tmp_path, archive=ARCHIVE).resolve().as_uri()}#words=1962")
        opened.wait_for_selector(READY)

        assert opened.locator(".documents .title").all_inner_texts() == ["Of the year"]


def test_hits_are_marked_as_words_in_title_summary_and_date(page: "Page") -> None:
    marks = lambda: page.locator(".documents mark").all_inner_texts()  # noqa: E731

    search(page, "iran walesa visit")
    assert marks() == ["Visit", "Iranian", "Wałęsa"]
    search(page, '"cold war" -cuba')
    assert marks() == ["cold war"] or marks() == ["cold", "war"]
    search(page, "1962 talk")
    assert marks() == ["October 27, 1962", "Talk"]
    search(page, "sino-soviet")
    assert "".join(marks()).startswith("Sino")
    search(page, "october visit")
    assert marks() == ["October", "Visit"]


def test_the_order_is_stated_and_a_date_comes_before_a_title_and_a_title_before_a_summary(page: "Page") -> None:
    search(page, "1962")

    assert (
        page.locator("#order").inner_text().startswith("Best match first: dates and ids, then titles, then summaries")
    )
    page.get_by_role("button", name="Date", exact=True).click()
    assert page.locator("#order").inner_text().startswith("Oldest first")
    assert names(page) == "chbaf" or names(page) == "chabf"
    page.get_by_role("button", name="Best match first").click()
    assert names(page) == "abhcf"
    assert not page.get_by_role("button", name="Best match first").is_visible()


# Filters


def test_years_and_decades_filter(page: "Page") -> None:
    page.get_by_label("From year").fill("1963")
    page.get_by_label("To year").fill("1989")
    page.get_by_label("To year").press("Enter")
    assert names(page) == "chd"

    page.get_by_label("Decade").select_option("1960s")
    assert sorted(names(page)) == [*"abcdh"]
    assert page.get_by_label("From year").input_value() == "1960"
    page.get_by_label("Decade").select_option("Any")
    assert len(names(page)) == 9

    page.get_by_label("From year").fill("sixty")
    page.get_by_label("From year").press("Enter")
    assert page.get_by_label("From year").get_attribute("aria-invalid") == "true"
    assert len(names(page)) == 9


def test_a_click_on_a_bar_filters_and_another_ends_it(page: "Page") -> None:
    bar = page.locator(".wide .bar[data-first='1963'] .reach")
    bar.click(force=True)
    assert names(page) == "chd"
    assert page.get_by_label("To year").input_value() == "1963"
    assert page.locator(".wide .bar.out").count() == page.locator(".wide .bar").count() - 1

    bar.click(force=True)
    assert len(names(page)) == 9


def test_collections_by_kind_filter_and_count_what_would_be_found(page: "Page") -> None:
    kinds = page.locator("[aria-labelledby=facets-in] summary").all_inner_texts()
    assert [each.rsplit(" ", 1)[0] for each in kinds] == ["Topics", "People", "Original repositories"]
    page.locator("[aria-labelledby=facets-in] summary").nth(0).click()
    page.locator("[aria-labelledby=facets-in] summary").nth(1).click()

    page.locator(".facets").get_by_role("button", name="Cuban Crisis 3").click()
    assert sorted(names(page)) == [*"abh"]
    page.locator(".facets").get_by_role("button", name="Talks 1").click()
    assert names(page) == "a"
    page.locator("#chosen").get_by_role("button", name="Without Cuban Crisis").click()
    assert sorted(names(page)) == [*"ac"]
    page.get_by_role("button", name="Clear all").click()
    assert len(names(page)) == 9

    page.locator(".documents").get_by_role("button", name="Cuban Crisis").first.click()
    assert sorted(names(page)) == [*"abh"]


def test_an_overlap_leads_to_the_documents_in_both(page: "Page") -> None:
    page.get_by_role("link", name="documents in both").first.click()

    assert page.locator("#chosen").inner_text().count("✕") == 2
    assert names(page) == "a" or names(page) == "c"


def test_enter_leads_to_the_hits_and_their_number_stands_beside_the_words(page: "Page") -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    page.emulate_media(reduced_motion="reduce")  # it scrolls at once
    search(page, "cuba")
    assert page.locator("#show").inner_text() == "2 hits"
    page.get_by_label("Words in title").press("Enter")

    assert page.evaluate("document.querySelector('.hits').getBoundingClientRect().top") < 400


def test_people_and_languages_of_documents_pages_filter_once_whatever_their_roles(page: "Page") -> None:
    own = page.locator("[aria-labelledby=facets-term]")
    assert [each.rsplit(" ", 1)[0] for each in own.locator("summary").all_inner_texts()] == ["People", "Languages"]
    own.locator("summary").nth(0).click()
    own.get_by_role("button", name="Castro, Fidel 2").click()

    assert sorted(names(page)) == [*"ad"]


# The state in the URL


def test_the_url_holds_the_state_can_be_sent_and_back_leads_back(page: "Page", browser: "Browser") -> None:
    search(page, "c")
    page.get_by_label("Words in title").press_sequentially("uba")
    page.get_by_label("From year").fill("1962")
    page.get_by_label("From year").press("Enter")
    page.locator(".documents").get_by_role("button", name="Cuban Crisis").first.click()
    asked = parse_qs(page.url.split("#")[1])
    assert asked == {"words": ["cuba"], "from": ["1962"], "in": ["x"]}
    found = names(page)

    with browser.new_page() as other:
        other.goto(page.url)
        other.wait_for_selector(READY)
        assert names(other) == found
        assert other.get_by_label("Words in title").input_value() == "cuba"
        assert other.locator("#found").is_visible()

    page.go_back()
    assert parse_qs(page.url.split("#")[1]) == {"words": ["cuba"], "from": ["1962"]}
    page.go_back()
    assert page.get_by_label("From year").input_value() == ""
    assert page.get_by_label("Words in title").input_value() == "cuba"
    page.go_back()  # not to each letter
    assert page.get_by_label("Words in title").input_value() == ""
    assert len(names(page)) == 9
    page.go_forward()
    assert page.get_by_label("Words in title").input_value() == "cuba"


def test_a_link_to_a_section_keeps_what_was_found(page: "Page") -> None:
    search(page, "cuba")
    page.get_by_role("link", name="What the words mean").click()
    assert page.url.endswith("#terms")
    assert names(page) == "ah"


@pytest.mark.parametrize(
    "fragment",
    [
        "page=99&in=gone&sort=constructor",
        "words=%22&page=-1&from=x&to=99999",
        "words=%E0%A4%A&order=down",
        "=",
        "a=b=c&page=1e9",
    ],
)
def test_a_broken_url_shows_what_it_can(fragment: str, browser: "Browser", report: Path) -> None:
    errors: list[str] = []
    with browser.new_page() as opened:
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.goto(f"{report.resolve().as_uri()}#{fragment}")
        opened.wait_for_selector(READY)

        assert errors == []
        assert (
            "documents" in opened.locator("#found").inner_text()
            or "No document" in opened.locator("#found").inner_text()
        )


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_marks_filters_and_citations_are_accessible(colours: str, browser: "Browser", report: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    narrow = {"width": 390, "height": 844}
    with browser.new_page(color_scheme=colours, viewport=narrow, bypass_csp=True) as opened:  # type: ignore[arg-type]
        opened.goto(f"{report.resolve().as_uri()}#words=cuba+1962&from=1960&in=x&term=people%2Fcastro")
        opened.wait_for_selector(READY)
        opened.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        opened.get_by_role("button", name="Copy citation").wait_for()

        found = Axe().run(opened)

        assert found.violations_count == 0, found.generate_report()
        assert opened.locator("mark").count() > 0
        assert opened.locator("#chosen button").count() == 4
        assert opened.evaluate("document.documentElement.scrollWidth") == narrow["width"]


# Links, citations, downloads


def test_each_document_has_a_captured_copy_and_a_permalink(page: "Page") -> None:
    search(page, "miranyi")
    copy = page.get_by_role("link", name="Captured copy").get_attribute("href") or ""
    assert copy.startswith("https://web.archive.org/web/2")
    assert copy.endswith(f"/{SITE}/a")

    search(page, "cuba")
    page.get_by_role("link", name="Permalink").nth(0).click()
    assert names(page) == "a"
    assert page.url.endswith(f"#words={IDS['a']}")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        (
            "a",
            "“Talk with Mirányi on Cuba,” October 27, 1962, Wilson Center Digital Archive, accessed January 2, 2025, "
            f"{SITE}/a",
        ),
        ("e", "“He said 'Yes',” Winter 1958, Wilson Center Digital Archive"),
        ("i", f"“The Death of a Cow,” undated, Wilson Center Digital Archive, {SITE}/i"),
    ],
)
def test_a_citation_is_that_of_the_terminal_and_is_copied(
    name: str, start: str, page: "Page", folder: WarehouseFolder
) -> None:
    snapshot = current_snapshot(folder)
    assert snapshot is not None
    citation = cite(snapshot, IDS[name])
    assert citation == f"{start} (wcda snapshot {snapshot.manifest.snapshot_id})."
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    search(page, IDS[name])
    page.locator(".cite summary").click()
    assert page.locator(".cite p").inner_text() == citation
    assert "Chicago" in page.locator(".cite").inner_text()
    page.get_by_role("button", name="Copy citation").click()

    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == citation


def test_where_nothing_may_be_copied_the_citation_is_selected(page: "Page") -> None:
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    search(page, IDS["a"])
    page.locator(".cite summary").click()
    page.get_by_role("button", name="Copy citation").click()

    page.get_by_text("Selected: copy it now").wait_for()
    assert page.evaluate("String(getSelection())").startswith("“Talk with")


def downloaded(page: "Page", name: str) -> "Download":
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    return waiting.value


def test_all_hits_are_a_csv_that_no_spreadsheet_takes_for_formulas(page: "Page") -> None:
    search(page, "1963")
    saved = downloaded(page, "All hits as CSV")
    data = saved.path().read_bytes()

    assert saved.suggested_filename.endswith(".csv")
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == 4
    (formula, *_) = found = [*csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))]
    assert formula["title"] == "'=HYPERLINK(1)"
    assert formula["people"] == "Castro, Fidel"
    assert [row["document_id"] for row in found] == [IDS[name] for name in "dhc"]
    assert found[1]["collections"] == "Cuban Crisis"


DATED = {  # of titles and summaries with a year, of that year, and perhaps of it
    "On the crops of 1962": ("1959", None),
    "A note": ("June 1962", None),
    "Memoir": ("1990", "It looks back at 1962."),
    "Plan of 1962": ("1962", "A plan, dated June 1962."),
    "Of a decade": ("1960s", "October 1962 is in it."),
    "Undated, on Ærø in 1962": (None, "An old note."),
    "A late note": ("1963", "Crops."),
}
BOTH = [
    "1962",
    "1962-06",
    "1960s",
    "june 1962",
    "crops",
    "note",
    "aero note",
    "-crops",
    "1962 -plan",
    '"of 1962"',
    "../1962",
    "1962–1963",
    "–note",
]


def listed_titles(page: "Page", report: Path, words: str) -> list[str]:
    page.goto(f"{report.resolve().as_uri()}#{urlencode({'words': words})}")
    page.reload()
    page.wait_for_selector(READY)
    return page.locator(".documents .title").all_inner_texts()


def test_hits_come_in_the_one_order_that_is_stated_on_both(browser: "Browser", tmp_path: Path) -> None:
    rows = [
        document(f"{place}0", date, title=title, summary=summary)
        for place, (title, (date, summary)) in enumerate(DATED.items())
    ]
    rows.sort(key=lambda row: (str(row.get("date_start") or "9999"), str(row.get("date_end") or "9999")))
    publish(WarehouseFolder(tmp_path), made(documents=rows), {}, archive=ARCHIVE)
    w, report = open_warehouse(tmp_path), find_report(tmp_path, archive=ARCHIVE)
    with browser.new_page() as opened:
        for words in BOTH:
            assert listed_titles(opened, report, words) == w.find(words)["title"].tolist() != [], words


def test_the_samples_are_found_in_the_same_order_on_both(browser: "Browser", harvested_samples: Path) -> None:
    w, report = open_warehouse(harvested_samples), find_report(harvested_samples, archive=ARCHIVE)
    names_too = {"collection", "term"}  # which the report has as filters
    with browser.new_page() as opened:
        for words in ("1949", "1949-10", "october", "mao", "soviet 1958", "diary", '"mao zedong" -notes', "zhou 1949"):
            found = w.find(words)
            alone = [
                title for title, fields in zip(found["title"], found["found_in"], strict=True) if {*fields} - names_too
            ]
            shown = listed_titles(opened, report, words)
            assert shown == [title for title in alone if title in shown] != [], words


def test_a_text_is_folded_and_a_question_read_by_the_page_as_by_the_terminal(browser: "Browser") -> None:
    scripts = Path(find_report.__code__.co_filename).parent / "scripts"
    script = "".join((scripts / name).read_text(encoding="utf-8") for name in ("dates.js", "text.js"))
    texts = [
        "Wałęsa, Čapek & Ærø – Straße",
        "毛泽东与赫鲁晓夫谈话",
        "Mira\u0301nyi’s",
        "ภาษาไทย",
        "カタカナ ｶﾀｶﾅ",
        "№ 5 ½ ﬁ",
        "ΟΔΟΣ, İstanbul",
        "Привет, [мир]!",
        "a_b",
    ]
    asked = [
        '"cold war" -cuba',
        "“cold wa",
        "–x 1962–1965",
        "1957-24 df6f",
        "{1958-02,1963-05-05} 1963~",
        "- cuba",
        "１９６２",
    ]
    with browser.new_page() as opened:
        folded = opened.evaluate(f"(all) => {{ {script}; return all.map(fold); }}", texts)
        terms = opened.evaluate(f"(all) => {{ {script}; return all.map(parseQuery); }}", asked)

    assert [" ".join(each.split()) for each in folded] == [fold(text).strip() for text in texts]
    for text, read in zip(asked, terms, strict=True):
        assert [
            (each["excluded"], each["needle"].lstrip(), each["period"] and tuple(each["period"]), each["id"])
            for each in read
        ] == [(part.is_unwanted, part.needle.lstrip(), part.period, part.id_beginning) for part in read_query(text)], (
            text
        )


@pytest.mark.parametrize("words", ["the", "cuba", "war", "1962", "1960s", "october 1962"])
def test_equal_hits_come_in_the_order_of_the_terminal(words: str, page: "Page", folder: WarehouseFolder) -> None:
    names_by_id = {key: name for name, key in IDS.items()}
    on_terminal = [names_by_id[key] for key in open_warehouse(folder.path).find(words)["document_id"]]

    shown = search(page, words)
    assert len(shown) > 1
    assert shown == "".join(name for name in on_terminal if name in shown)  # which also looks in names of collections


def test_all_hits_are_the_ris_that_an_export_makes(page: "Page", folder: WarehouseFolder, tmp_path: Path) -> None:
    text = downloaded(page, "All hits as RIS").path().read_text(encoding="utf-8")
    snapshot = current_snapshot(folder)
    assert snapshot is not None
    write_ris(snapshot, tmp_path / "all.ris", ())
    exported = {entry["id"]: entry for entry in rispy.loads((tmp_path / "all.ris").read_text(encoding="utf-8"))}

    found = rispy.loads(text)
    assert len(found) == len(exported) == 9
    for entry in found:
        for tag in ("id", "type_of_reference", "title", "year", "date", "abstract", "urls", "access_date"):
            assert entry.get(tag) == exported[entry["id"]].get(tag)


def test_one_document_is_an_ris_of_its_own(page: "Page") -> None:
    search(page, IDS["c"])
    page.locator(".cite summary").click()
    saved = downloaded(page, "RIS")

    assert saved.suggested_filename == f"{IDS['c']}.ris"
    (entry,) = rispy.loads(saved.path().read_text(encoding="utf-8"))
    assert entry["title"] == TITLES["c"]


def test_an_ris_has_the_source_and_keywords_of_the_document_s_page(page: "Page") -> None:
    search(page, IDS["d"])
    page.locator(".cite summary").click()

    (entry,) = rispy.loads(downloaded(page, "RIS").path().read_text(encoding="utf-8"))
    assert entry["keywords"] == ["Castro, Fidel"]
    assert entry["accession_number"] == "Fond 7, file 3."
    assert "Fond 7, file 3, Wilson Center Digital Archive" in page.locator(".cite p").inner_text()
