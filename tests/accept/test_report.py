"""The report in a browser, as a person opens it: from a file, without network, by mouse and keyboard, in any colours.

One warehouse is as large as the archive. Its documents are generated, its changes and issues are made.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from extractors.wilson_center import ARCHIVE
from schemas.tables import TABLES
from tests.browser import open_browser
from tests.warehouse.conftest import Tables
from tests.warehouse.large import DOCUMENTS, make_parsed
from warehouse.building import build_tables
from warehouse.folder import WarehouseFolder
from warehouse.products.report import find_report
from warehouse.publishing import publish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.accept

READY = "table.documents[aria-busy=false]"
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}
HOSTILE = "</script><script>document.title='mine'</script><b>\u202eevil\x01 ‘Čapek’"


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def large() -> Tables:
    return build_tables([make_parsed()])


@pytest.fixture(scope="module")
def report(large: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of all documents."""
    return report_of(large, tmp_path_factory.mktemp("large"))


def report_of(tables: Tables, place: Path) -> Path:
    """Of a snapshot in which a document has got another title, which is hostile, and an address that runs a script."""
    folder = WarehouseFolder(place)
    publish(folder, tables, {}, archive=ARCHIVE)
    rows = tables["documents"].to_pylist()
    rows[0] |= {"title": HOSTILE, "url": "javascript:document.title='mine'"}
    publish(
        folder,
        {**tables, "documents": pa.Table.from_pylist(rows, TABLES["documents"].arrow_schema())},
        {},
        archive=ARCHIVE,
    )
    return find_report(folder.path, archive=ARCHIVE)


class Visit:
    """A page that was opened, and what a person would not see of it."""

    def __init__(self, page: "Page", file: Path) -> None:
        self.page = page
        self.said: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.resolve().as_uri())

    @property
    def titles(self) -> list[str]:
        return self.page.locator(".documents .title").all_inner_texts()

    @property
    def found(self) -> str:
        return self.page.locator("#found").inner_text()

    def search(self, words: str) -> list[str]:
        """The titles that words find, of the first page."""
        self.page.get_by_label("Words in title").fill(words)
        return self.titles

    def choose(self, kind: str, name: str) -> None:
        """Filter by a name of a kind."""
        panel = self.page.locator(".facets details").filter(has=self.page.locator("summary", has_text=kind)).first
        if panel.get_attribute("open") is None:
            panel.locator("summary").click()
        panel.get_by_role("button", name=name, exact=False).first.click()


@pytest.fixture
def visit(browser: "Browser", report: Path) -> Iterator[Visit]:
    """The large report, ready."""
    with browser.new_page() as page:
        opened = Visit(page, report)
        page.wait_for_selector(READY)
        yield opened
        assert opened.said == []
        assert opened.requests == [report.resolve().as_uri()]


def test_it_says_nothing_to_the_console_and_asks_nobody(visit: Visit) -> None:
    assert visit.page.title().startswith("Wilson Center Digital Archive")
    assert visit.page.locator("h1").count() == 1
    assert visit.found == f"{DOCUMENTS:,} documents; 1 to 25 are shown."


@pytest.fixture(scope="module")
def short_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that a report can have, with fewer rows: the check looks at each of them for seconds."""
    return report_of(build_tables([make_parsed(60, 200, 9)]), tmp_path_factory.mktemp("short"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_is_accessible_and_fits(colours: str, size: str, browser: "Browser", short_report: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with browser.new_page(color_scheme=colours, viewport=SIZES[size], bypass_csp=True) as page:  # type: ignore[arg-type]
        Visit(page, short_report)
        page.wait_for_selector(READY)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

        found = Axe().run(page)

        assert found.violations_count == 0, found.generate_report()
        assert len(found.response["passes"]) > 20
        assert page.evaluate("document.documentElement.scrollWidth") == SIZES[size]["width"]
        charts = page.locator("figure svg.year-chart")
        assert [charts.nth(at).is_visible() for at in range(2)] == [size == "wide", size == "narrow"]


def test_hostile_texts_are_shown_to_the_letter(visit: Visit, large: Tables) -> None:
    assert visit.titles[0] == HOSTILE
    assert visit.page.title() != "mine"
    (link,) = visit.page.locator(".documents tbody tr").first.locator("a").all()
    assert link.get_attribute("href") == f"#words={large['documents']['document_id'][0].as_py()}"
    assert HOSTILE in visit.page.locator("[aria-labelledby=changes] li").first.inner_text()


def test_titles_lead_to_the_document(visit: Visit) -> None:
    link = visit.page.locator(".documents .title a").first

    assert (link.get_attribute("href") or "").startswith("https://digitalarchive.wilsoncenter.org/document/")


def test_search_finds_all_words_without_accents_and_capitals(visit: Visit) -> None:
    visit.page.get_by_label("Words in title").fill("EVIL 'capek'")
    assert visit.titles == [HOSTILE]
    assert visit.found == f"1 of {DOCUMENTS:,} documents; 1 to 1 are shown."

    visit.page.get_by_label("Words in title").fill("1957 no-such-word")
    assert visit.titles == []
    assert visit.found.startswith("No document was found.")

    visit.page.get_by_label("Words in title").fill("")
    assert len(visit.titles) == 25


def test_a_search_finds_what_the_tables_hold(visit: Visit, large: Tables) -> None:
    rows = large["documents"].to_pylist()[1:]
    wanted = sum(" harvest" in words_of(row) and (" 1957" in words_of(row) or may_be_of(row, 1957)) for row in rows)

    visit.page.get_by_label("Words in title").fill("harvest 1957")

    assert wanted > 25
    assert visit.found.startswith(f"{wanted:,} of {DOCUMENTS:,} documents")


def test_a_collection_limits_the_list(visit: Visit, large: Tables) -> None:
    row = max(
        (row for row in large["collections"].to_pylist() if row["kind"] == "topics"),
        key=lambda row: (row["observed_total"] < DOCUMENTS, row["observed_total"]),
    )

    visit.choose(row["kind"].replace("_", " ").capitalize(), row["name"])

    assert visit.found.startswith(f"{row['observed_total']:,} of {DOCUMENTS:,} documents")


def plain(text: str) -> str:
    """Without accents and capitals."""
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)).casefold()


def words_of(row: dict[str, Any]) -> str:
    """The words of a document, each with a space before it."""
    texts = (row["date_text"], row["title"], row["summary"])
    return " " + " ".join(re.findall(r"\w+", plain(" ".join(filter(None, texts)))))


def may_be_of(row: dict[str, Any], year: int) -> bool:
    """Whether the date can mean a day of a year; of an open interval, the end that is known."""
    ends = [row["date_start"] or row["date_end"], row["date_end"] or row["date_start"]]
    return None not in ends and ends[0].year <= year <= ends[1].year


def test_the_list_sorts_both_ways_and_says_so(visit: Visit, large: Tables) -> None:
    heads = visit.page.locator(".documents thead th")
    sorts = lambda: [heads.nth(at).get_attribute("aria-sort") for at in range(3)]  # noqa: E731
    counts = lambda: [int(text) for text in visit.page.locator(".documents td:nth-child(3)").all_inner_texts()]  # noqa: E731
    assert sorts() == ["ascending", None, None]

    visit.page.get_by_role("button", name="Collections").click()
    assert sorts() == [None, None, "ascending"]
    assert counts() == sorted(large["documents"]["collection_count"].to_pylist())[:25]

    visit.page.get_by_role("button", name="Collections").click()
    assert sorts() == [None, None, "descending"]
    assert counts() == sorted(large["documents"]["collection_count"].to_pylist(), reverse=True)[:25]

    visit.page.get_by_role("button", name="Title and summary").click()
    assert visit.titles == sorted(visit.titles, key=plain)
    assert len(visit.titles) == 25

    visit.page.get_by_role("button", name="Date", exact=True).click()
    visit.page.get_by_role("button", name="Date", exact=True).click()
    dated = [text for text in large["documents"]["date_text"].to_pylist() if text]
    assert visit.page.locator(".documents td:nth-child(1)").first.inner_text() == dated[-1]
    assert "no date" not in visit.page.locator(".documents td:nth-child(1)").all_inner_texts()


def test_everything_works_by_keyboard(visit: Visit) -> None:
    page = visit.page
    focused = lambda: page.evaluate("document.activeElement.textContent || document.activeElement.id")  # noqa: E731

    def tabbed() -> str:
        page.keyboard.press("Tab")
        return str(focused())

    page.keyboard.press("Tab")
    assert focused() == "Skip to the list of documents"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused() == "words"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"

    page.keyboard.type("treaties")
    assert "of 17,000" in visit.found
    assert until(tabbed, "from").startswith("Phrases")  # what can be asked, which opens
    page.keyboard.type("1962")
    page.keyboard.press("Tab")
    assert "From 1962" in page.locator("#chosen").inner_text()
    assert "Topics" in until(tabbed, "Clear all")
    until(tabbed, "Date")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort]").inner_text().startswith("Title")

    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    assert "26 to 50" in visit.found
    assert focused() == "Next"
    page.get_by_role("button", name="Previous").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # on the first page it does nothing, and keeps the focus
    assert "1 to 25" in visit.found
    assert focused() == "Previous"


def until(tabbed: Callable[[], str], wanted: str) -> str:
    """What had the focus on the way to what is wanted."""
    passed = []
    for _ in range(40):
        passed.append(tabbed())
        if passed[-1] == wanted:
            return " ".join(passed)
    raise AssertionError(f"{wanted} has no focus after {passed}")


def test_pages_of_the_list_are_turned_and_gone_to(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Last").click()
    assert f"16,976 to {DOCUMENTS:,} are shown" in visit.found
    assert page.locator("#pages").inner_text() == "of 680"
    assert page.url.endswith("#page=680")
    page.get_by_label("Page", exact=True).fill("12")
    page.get_by_label("Page", exact=True).press("Enter")
    assert "276 to 300 are shown" in visit.found
    page.get_by_label("Page", exact=True).fill("7000")
    page.get_by_label("Page", exact=True).press("Enter")
    assert page.get_by_label("Page", exact=True).input_value() == "680"
    page.go_back()
    assert "276 to 300 are shown" in visit.found
    page.get_by_role("button", name="First").click()
    assert "1 to 25 are shown" in visit.found


def test_the_file_of_17_000_documents_is_small_enough_to_send(report: Path) -> None:
    assert report.stat().st_size < 2_500_000


def test_without_javascript_all_but_the_list_is_there(browser: "Browser", report: Path) -> None:
    with browser.new_page(java_script_enabled=False) as page:
        page.goto(report.resolve().as_uri())

        assert page.locator("noscript p").is_visible()
        assert not page.locator("#finder").is_visible()
        assert page.locator("figure svg").first.is_visible()
        assert page.get_by_role("heading", name="How much of each collection was seen").is_visible()


def test_a_browser_that_cannot_unpack_the_list_says_so(browser: "Browser", short_report: Path) -> None:
    with browser.new_page() as page:
        page.add_init_script("delete globalThis.DecompressionStream")
        Visit(page, short_report)

        page.get_by_text("This browser cannot unpack the list").wait_for()


def test_the_report_of_the_samples_and_of_nothing_are_accessible(
    browser: "Browser", harvested_samples: Path, tmp_path: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    publish(
        WarehouseFolder(tmp_path),
        {name: table.arrow_schema().empty_table() for name, table in TABLES.items()},
        {},
        archive=ARCHIVE,
    )

    for warehouse, documents in ((harvested_samples, 19), (tmp_path, 0)):
        with browser.new_page(bypass_csp=True) as page:
            opened = Visit(page, find_report(warehouse, archive=ARCHIVE))
            page.wait_for_selector(READY)

            assert Axe().run(page).violations_count == 0
            assert page.locator(".documents tbody tr").count() == documents
            assert opened.said == []
