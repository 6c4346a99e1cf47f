"""`pages.csv` beside saved pages: addresses and instants that a person knows, and lines of it that say nothing."""

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from extractors.sources.archives import read_archive
from extractors.sources.page_list import read_page_list
from extractors.wilson_center import ARCHIVE_URL
from extractors.wilson_center.catalog import Catalog, CatalogEntry
from flows.harvest import harvest
from flows.request import HarvestRequest
from schemas.issues import Issue
from schemas.records import ArchivedPage
from tests.flows.test_main_job import read_tables
from tests.flows.test_pairs import LETTER

SITE = "https://digitalarchive.wilsoncenter.org"
NOTHING = Catalog()


def read(folder: Path, text: str | bytes, catalog: Catalog = NOTHING) -> tuple[dict[str, ArchivedPage], list[Issue]]:
    """The pages, by their bodies, and the issues of a folder with two saved pages and this list."""
    for name in ("a.txt", "sub/b.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    (folder / "pages.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    items = list(read_archive(folder, catalog, Counter()))
    pages = {item.capture.body.decode(): item for item in items if isinstance(item, ArchivedPage)}
    assert pages.keys() == {"a.txt", "sub/b.txt"}  # whatever the list says, no page is lost, and it is none itself
    return pages, [item for item in items if isinstance(item, Issue)]


def test_a_page_has_the_address_and_the_instant_that_the_list_says(tmp_path: Path) -> None:
    pages, issues = read(
        tmp_path,
        "file,url,captured_at\n"
        f"a.txt,{SITE}/search?f%5B1%5D=topics:86494&page=1,2025-03-01T12:00:00+02:00\n"
        f"sub/b.txt,{SITE}/search,2025-03-02\n",
    )

    first, second = pages["a.txt"], pages["sub/b.txt"]
    assert issues == []
    assert first.collection.collection_id == "topics-86494"
    assert first.capture.url == f"{SITE}/search?f%5B0%5D=topics%3A86494&page=1"
    assert first.capture.captured_at == dt.datetime(2025, 3, 1, 10, tzinfo=dt.UTC)
    assert second.capture.url == f"{SITE}/search"
    assert second.capture.captured_at == dt.datetime(2025, 3, 2, tzinfo=dt.UTC)


@pytest.mark.parametrize("text", ["file,url\na.txt,\n", "file,captured_at\na.txt,\n", "file\na.txt\n"])
def test_what_the_list_does_not_say_is_not_known(text: str, tmp_path: Path) -> None:
    pages, issues = read(tmp_path, text)

    page = pages["a.txt"]
    assert issues == []
    assert (page.capture.url, page.capture.captured_at) == ("urn:wcda:file:a.txt", None)
    assert page.collection.collection_id == "a"


def test_the_catalog_says_to_which_collection_a_page_belongs_and_the_list_where_it_stood(tmp_path: Path) -> None:
    catalog = Catalog(collections=(CatalogEntry(id="mine", name="Mine", files=("a.txt",)),))

    pages, _ = read(tmp_path, f"file,url\na.txt,{SITE}/search?page=3\n", catalog)

    assert pages["a.txt"].collection.collection_id == "mine"
    assert pages["a.txt"].capture.url == f"{SITE}/search?page=3"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,url\nc.txt,\n", "line 2: no file 'c.txt' is there"),
        ("file,url\na.txt,\na.txt,\n", "line 3: no file 'a.txt' is there, or another line is about it"),
        (
            "file,url\na.txt,https://example.org/search\n",
            "line 2: https://example.org/search is no address of a listing",
        ),
        (f"file,url\na.txt,{SITE}/about\n", "line 2: .*/about is no address of a listing page, a document or a term"),
        ("file,captured_at\na.txt,last week\n", "line 2: last week is not a timestamp"),
        ("file,url\na.txt\n", "line 2: it has more or fewer fields"),
        ("file,url\na.txt,,,\n", "line 2: it has more or fewer fields"),
        ("file,adress\na.txt,x\n", "its first line must name the columns"),
        ("a.txt\n", "its first line must name the columns"),
        ("", "its first line must name the columns"),
        ('file,url\n"a.txt,x\n', "it is no CSV"),
    ],
)
def test_what_cannot_be_used_of_the_list_is_an_issue(text: str | bytes, words: str, tmp_path: Path) -> None:
    _, issues = read(tmp_path, text)

    assert [(issue.level, issue.kind, issue.url) for issue in issues] == [
        ("error", "page-list", "urn:wcda:file:pages.csv")
    ]
    assert re.search(words, issues[0].message)


FORMS = {
    "semicolons": lambda text: text.replace(",", ";"),
    "tabs": lambda text: text.replace(",", "\t"),
    "a line that names the separator": lambda text: "sep=;\n" + text.replace(",", ";"),
    "a line that names the separator, in quotes": lambda text: '"sep=;"\n' + text.replace(",", ";"),
    "capitals and blanks": lambda text: text.replace("file,url,captured_at", " File ,URL,Captured_At"),
    "blank rows": lambda text: "\n,,\n" + text.replace("\n", "\n,,\n") + ",,\n\n",
    "further columns": lambda text: text.replace("\n", ",x\n").replace("_at,x", "_at,note"),
    "columns without a name": lambda text: text.replace("\n", ",,\n"),
    "quotes": lambda text: '"' + text.strip().replace(",", '","').replace("\n", '"\n"') + '"\n',
    "paths of Windows": lambda text: text.replace("sub/", "sub\\"),
    "whole paths of Windows": lambda text: text.replace("\na", "\nC:\\my\\a").replace("sub/", "C:\\my\\sub\\"),
    "whole paths as URLs": lambda text: text.replace("\na", "\nfile:///my/%61").replace("sub/", "file:///my/sub/"),
    "names in capitals": lambda text: text.replace("a.txt", "A.TXT"),
    "URLs without a scheme": lambda text: text.replace("https://", ""),
    "URLs of a replay": lambda text: text.replace("https://", "https://web.archive.org/web/20250301/https://"),
    "timestamps of fourteen digits": lambda text: text.replace("2025-03-01", "20250301000000"),
    "empty fields left out": lambda text: text.replace("2,\n", "2\n"),
    "blanks behind commas": lambda text: text.replace(",", ", "),
}


@pytest.mark.parametrize(("on_disk", "in_list"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_is_found_however_a_disk_takes_letters_and_accents_apart(
    on_disk: str, in_list: str, tmp_path: Path
) -> None:
    (tmp_path / unicodedata.normalize(on_disk, "é.txt")).write_text("1 - 1 of 1")
    name = unicodedata.normalize(in_list, "é.txt")
    (tmp_path / "pages.csv").write_text(f"file,url\n{name},{SITE}/search?page=1\n")

    (page,) = read_archive(tmp_path, NOTHING, Counter())

    assert isinstance(page, ArchivedPage)
    assert page.capture.url == f"{SITE}/search?page=1"


@pytest.mark.parametrize("write", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_list_is_read_as_spreadsheets_write_it(
    write: Callable[[str], str], encoding: str, end: str, tmp_path: Path
) -> None:
    text = f"file,url,captured_at\na.txt,{SITE}/search?page=1,2025-03-01\nsub/b.txt,{SITE}/search?page=2,\n"

    pages, issues = read(tmp_path, write(text).replace("\n", end).encode(encoding))

    assert issues == []
    assert [pages[name].capture.url for name in ("a.txt", "sub/b.txt")] == [
        f"{SITE}/search?page=1",
        f"{SITE}/search?page=2",
    ]
    assert pages["a.txt"].capture.captured_at == dt.datetime(2025, 3, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("list_name", ["pages.csv", "Pages.CSV", "PAGES.csv"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_list_is_read_in_the_encoding_and_under_the_name_that_windows_gives_it(
    list_name: str, encoding: str, tmp_path: Path
) -> None:
    (tmp_path / "Häuser.txt").write_text("1 - 1 of 1")
    (tmp_path / list_name).write_bytes(f"file;url\r\nHäuser.txt;{SITE}/search?page=1\r\n".encode(encoding))

    items = list(read_archive(tmp_path, NOTHING, Counter()))

    (page,) = (item for item in items if isinstance(item, ArchivedPage))
    assert page.capture.url == f"{SITE}/search?page=1"
    issues = [(item.level, item.kind) for item in items if isinstance(item, Issue)]
    assert issues == ([] if encoding == "utf-8" else [("warning", "page-list")])


def test_what_the_list_says_of_a_file_that_is_no_saved_page_is_an_issue(tmp_path: Path) -> None:
    (tmp_path / "crawl.warc").write_bytes(b"WARC/1.1\r\n\r\n")

    _, issues = read(tmp_path, "file,captured_at\ncrawl.warc,2025-03-01\n")

    (issue,) = (issue for issue in issues if issue.kind == "page-list")
    assert (issue.level, issue.url) == ("warning", "urn:wcda:file:pages.csv")
    assert "crawl.warc has no effect" in issue.message


def test_the_other_lines_of_a_list_hold(tmp_path: Path) -> None:
    pages, issues = read(tmp_path, "file,captured_at\nc.txt,\na.txt,2025-03-01\n")

    assert len(issues) == 1
    assert pages["a.txt"].capture.captured_at == dt.datetime(2025, 3, 1, tzinfo=dt.UTC)


def test_the_tables_show_what_the_list_says(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "a.txt").write_text("Skip to content\n\n\n1 - 1 of 1\n\n\n{}\n".format("\n\n".join(LETTER)))
    (pages / "pages.csv").write_text(f"file,url,captured_at\na.txt,{SITE}/search?f[0]=topics:86494,2019-05-01\n")

    receipt = harvest(HarvestRequest(str(pages), tmp_path / "tables"))

    tables = read_tables(tmp_path / "tables")
    at = dt.datetime(2019, 5, 1, tzinfo=dt.UTC)
    assert receipt.outcome == "complete"
    assert [row["collection_id"] for row in tables["collections"]] == ["topics-86494"]
    assert [(row["url"], row["captured_at"]) for row in tables["captures"]] == [
        (f"{SITE}/search?f%5B0%5D=topics%3A86494", at)
    ]
    assert [row["first_seen_at"] for row in tables["documents"]] == [at]


def test_very_many_lines_that_say_nothing_are_counted_in_one_issue() -> None:
    body = "file,url\n" + "none.html,http://[::1\n" * 3000

    listed, issues = read_page_list(body.encode(), set(), ARCHIVE_URL)

    assert (listed, len(issues)) == ({}, 1001)
    assert "2,000 lines behind these" in issues[-1].message


def test_a_password_in_a_line_is_not_quoted() -> None:
    body = f"file,url\na.txt,{ARCHIVE_URL.replace('://', '://bob:secret@')}/search\n"

    _, issues = read_page_list(body.encode(), {"a.txt"}, ARCHIVE_URL)

    assert [("secret" in issue.message, "secret" in (issue.found or "")) for issue in issues] == [(False, False)]
