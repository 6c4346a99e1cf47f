"""From a segment to parsed tables."""

import datetime as dt
from pathlib import Path

import pytest

from extractors.decoding import charset_of, decode
from extractors.known_pages import KnownPages
from extractors.parsing import SegmentParser, parse_segment, read_page
from extractors.planning import view_of
from extractors.raw_zone import RawZone
from extractors.wilson_center import SAMPLES
from schemas.identifiers import file_url
from schemas.issues import Issue
from schemas.listings import listing_entries
from schemas.parsed import PARSED_TABLES
from schemas.records import Capture, Collection, Exchange, Plan, RunEnd

AT = dt.datetime(2025, 1, 2, tzinfo=dt.UTC)
LISTING, OTHER_LISTING = (path.read_bytes() for path in sorted(SAMPLES.glob("*.txt")))
UNREADABLE_DATE = LISTING.replace(b"April 19, 1958", b"February 30, 1958")


def capture(name: str, body: bytes, collection: str | None = "c", at: dt.datetime | None = None) -> Capture:
    return Capture(file_url(name), body, "text/plain", collection, at)


def land(zone: RawZone, run: str, *captures: Capture, issues: tuple[Issue, ...] = ()) -> Path:
    """One finished segment."""
    with zone.write(run) as segment:
        segment.land_plan(Plan(run, "saved:pages", AT, (Collection("c", "topics", "China"),)))
        for one in captures:
            segment.land_saved_page(one)
        segment.land_end(RunEnd(AT + dt.timedelta(hours=1), issues))
    zone.finish(run)
    return zone.segments()[-1]


@pytest.fixture
def zone(tmp_path: Path) -> RawZone:
    """A raw zone with two runs."""
    zone = RawZone(tmp_path / "raw")
    land(zone, "run-1", capture("a.txt", LISTING))
    land(zone, "run-2", capture("b.txt", OTHER_LISTING, "d"), capture("u.txt", UNREADABLE_DATE, None, AT))
    return zone


# Decoding

TEXTS = {
    "utf-8": ("Größe – 中文".encode(), "Größe – 中文"),
    "utf-8 with a mark": ("é".encode("utf-8-sig"), "é"),
    "line ends are kept": (b"a\r\nb\rc\n", "a\r\nb\rc\n"),
    "tabs, form feeds and returns are text": (b"a\tb\x0cc\r\n", "a\tb\x0cc\r\n"),
    "a stray control character is text": (b"a" * 100 + b"\x1b", "a" * 100 + "\x1b"),
}


@pytest.mark.parametrize(("body", "text"), TEXTS.values(), ids=TEXTS)
def test_text_is_decoded_without_doubts(body: bytes, text: str) -> None:
    assert decode(body) == (text, [])


WINDOWS = {
    "letters": ("Größe".encode("cp1252"), "Größe", "at byte 2"),
    "dashes and quotes": ("“1949–1953”".encode("cp1252"), "“1949–1953”", "at byte 0"),
    "a byte that Windows-1252 does not have": (b"a \x81 b", "a \ufffd b", "at byte 2"),
}


@pytest.mark.parametrize(("body", "text", "place"), WINDOWS.values(), ids=WINDOWS)
def test_what_is_not_utf_8_is_read_as_windows_1252_and_said_to_be(body: bytes, text: str, place: str) -> None:
    decoded, (issue,) = decode(body)

    assert decoded == text
    assert (issue.level, issue.kind, issue.expected) == ("warning", "encoding", "utf-8")
    assert issue.found is not None
    assert issue.found.endswith(place)


DECLARED = {
    "a mark, whatever is declared": ("é".encode("utf-8-sig"), "windows-1251", "é"),
    "utf-16 of Windows' Notepad": ("Größe\r\n".encode("utf-16"), None, "Größe\r\n"),
    "utf-16 the other way round": (b"\xfe\xff" + "Größe".encode("utf-16-be"), None, "Größe"),
    "utf-16 by HTTP alone": ("Größe".encode("utf-16-le"), "utf-16le", "Größe"),
    "HTTP": ("Карпов".encode("cp1251"), "windows-1251", "Карпов"),
    "HTTP before the page": (b"<meta charset=koi8-r>" + "К".encode("cp1251"), "cp1251", "<meta charset=koi8-r>К"),
    "an unknown encoding of HTTP means nothing": ("é".encode(), "x-none", "é"),
    "the page": (b"<meta charset='koi8-r'>" + "К".encode("koi8-r"), None, "<meta charset='koi8-r'>К"),
    "the page, as older ones have it": (
        b'<META http-equiv=Content-Type content="text/html; charset=Shift_JIS">' + "語".encode("shift_jis"),
        None,
        '<META http-equiv=Content-Type content="text/html; charset=Shift_JIS">語',
    ),
    "XML": (b'<?xml version="1.0" encoding="koi8-r"?>\xeb', None, '<?xml version="1.0" encoding="koi8-r"?>К'),
    "a page in letters of one byte is not in utf-16": (b"<meta charset=utf-16>a", None, "<meta charset=utf-16>a"),
    "a comment declares nothing": ("<!-- <meta charset=koi8-r> -->é".encode(), None, "<!-- <meta charset=koi8-r> -->é"),
    "latin-1 is Windows-1252 on the web": (b"\x93a\x94", "iso-8859-1", "“a”"),
}


@pytest.mark.parametrize(("body", "charset", "text"), DECLARED.values(), ids=DECLARED)
def test_a_page_is_decoded_as_it_is_declared(body: bytes, charset: str | None, text: str) -> None:
    assert decode(body, charset) == (text, [])


ONE_BAD_BYTE = {
    "declared by the page": (b"<meta charset=utf-8>a \xe9 b", None, "<meta charset=utf-8>a \ufffd b"),
    "declared by HTTP": (b"a \xe9 b", "utf-8", "a \ufffd b"),
    "not declared, among other letters of utf-8": ("é – ".encode() + b"\xe9 b", None, "é – \ufffd b"),
    "of another encoding": (b"a\x98", "windows-1251", "a\ufffd"),
}


@pytest.mark.parametrize(("body", "charset", "text"), ONE_BAD_BYTE.values(), ids=ONE_BAD_BYTE)
def test_a_byte_that_cannot_be_read_costs_one_character_and_a_warning(
    body: bytes, charset: str | None, text: str
) -> None:
    decoded, (issue,) = decode(body, charset)

    assert decoded == text
    assert (issue.level, issue.kind) == ("warning", "encoding")
    assert issue.message.startswith("1 byte")


def test_the_charset_of_a_content_type_has_one_name() -> None:
    assert charset_of('text/html; charset="UTF8"') == charset_of("text/html;charset=utf-8") == "utf-8"
    assert [charset_of(stated) for stated in (None, "", "text/html", "text/html; charset=none-such")] == [None] * 4


CUT = {
    "two bytes": ("ab é".encode()[:-1], "ab "),
    "last of four bytes": ("ab 😀".encode()[:-1], "ab "),
    "all but the first of four bytes": ("ab 😀".encode()[:-3], "ab "),
    "with a mark at the beginning": ("é ab é".encode("utf-8-sig")[:-1], "é ab "),
}


@pytest.mark.parametrize(("body", "text"), CUT.values(), ids=CUT)
def test_a_page_that_is_cut_within_a_character_is_read_up_to_it_and_said_to_be_cut(body: bytes, text: str) -> None:
    decoded, (issue,) = decode(body)

    assert decoded == text
    assert (issue.level, issue.kind) == ("error", "cut-off")


NO_TEXT = {
    "nothing": (b"", "empty-file", "0 bytes"),
    "white space": (b" \r\n\t ", "empty-file", "5 bytes"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "binary-file", "89 50 4e 47 0d 0a 1a 0a"),
    "a null among text": (b"text\x00text", "binary-file", "74 65 78 74 00 74 65 78"),
    "many control characters": (b"\x01\x02aaa", "binary-file", "01 02 61 61 61"),
}


@pytest.mark.parametrize(("body", "kind", "found"), NO_TEXT.values(), ids=NO_TEXT)
def test_what_is_no_text_is_an_error_that_shows_what_it_is(body: bytes, kind: str, found: str) -> None:
    text, (issue,) = decode(body)

    assert text is None
    assert (issue.level, issue.kind, issue.found) == ("error", kind, found)
    assert read_page(body).outcome == "unknown"
    assert read_page(body).issues == (issue,)


def test_a_mark_alone_is_an_empty_page() -> None:
    _, issues = decode(b"\xef\xbb\xbf")

    assert [issue.kind for issue in issues] == ["empty-file"]


def test_doubts_about_dates_and_encoding_are_issues_of_the_page() -> None:
    body = UNREADABLE_DATE.replace("’".encode(), b"\x92").replace("“".encode(), b"\x93").replace("”".encode(), b"\x94")

    page = read_page(body)

    assert [issue.kind for issue in page.issues] == ["encoding", "unreadable-date"]
    assert page.issues[1].found == listing_entries(page)[0].date_text == "February 30, 1958"
    assert len(listing_entries(page)) == 10


# Parsing


def test_a_segment_becomes_tables_of_the_stated_schemas(zone: RawZone) -> None:
    for segment in zone.segments():
        tables = parse_segment(segment)

        assert list(tables) == list(PARSED_TABLES)
        for name, table in tables.items():
            assert table.schema.equals(PARSED_TABLES[name].arrow_schema())


def test_the_parsed_tables_hold_the_run_its_captures_entries_and_issues(tmp_path: Path) -> None:
    zone = RawZone(tmp_path / "raw")
    gone = Issue("error", "unreadable-file", "gone.txt: gone")
    segment = land(zone, "run-1", capture("u.txt", UNREADABLE_DATE, "c", AT), issues=(gone,))

    tables = {name: table.to_pylist() for name, table in parse_segment(segment).items()}

    purpose = Plan("another", "saved:pages", AT, (Collection("c", "topics", "China"),)).purpose
    assert tables["events"] == [
        {"run_id": "run-1", "event": "plan", "at": AT, "source": "saved:pages", "purpose": purpose, "live": False},
        {
            "run_id": "run-1",
            "event": "end",
            "at": AT + dt.timedelta(hours=1),
            "source": None,
            "purpose": None,
            "live": None,
        },
    ]
    assert tables["collections"] == [
        {"run_id": "run-1", "collection_id": "c", "kind": "topics", "name": "China", "query": None, "url": None}
    ]
    (found,) = tables["captures"]
    page_id = found["page_id"]
    assert None not in {found.pop("body"), found.pop("digest")}
    assert found | {"capture_id": "", "warc_offset": 0} == {
        "capture_id": "",
        "page_id": page_id,
        "run_id": "run-1",
        "url": "urn:wcda:file:u.txt",
        "captured_at": AT,
        "http_status": None,
        "revisits": None,
        "refers_to_place": None,
        "refers_to_at": None,
        "is_not_modified": None,
        "place": "urn:wcda:file:u.txt",
        "source_id": None,
        "source_digest": None,
        "etag": None,
        "last_modified": None,
        "warc_file": "run-1-00000.warc.gz",
        "warc_offset": 0,
        "collection_id": "c",
        "page_kind": "listing",
        "layout": "plain-text",
        "outcome": "listing",
    }
    frame = {"range_first": 11, "range_last": 20, "range_total": 89, "entry_count": 10}
    assert tables["listings"] == [{"page_id": page_id, **frame}]
    assert [row["position"] for row in tables["entries"]] == list(range(1, 11))
    assert {row["page_id"] for row in tables["entries"]} == {page_id}
    assert [(row["date_text"], row["date_edtf"]) for row in tables["entries"][:2]] == [
        ("February 30, 1958", None),
        ("December 9, 1949", "1949-12-09"),
    ]
    assert [
        (row["kind"], row["url"], row["collection_id"], row["page_id"], row["run_id"]) for row in tables["issues"]
    ] == [
        ("unreadable-date", "urn:wcda:file:u.txt", "c", page_id, "run-1"),
        ("unreadable-file", None, None, None, "run-1"),
    ]


def test_a_known_page_shows_what_it_showed_when_it_was_landed(tmp_path: Path) -> None:
    zone, parser = RawZone(tmp_path / "raw"), SegmentParser()
    headers = (("Content-Type", "text/plain"), ("ETag", '"\xe9"'))
    bodies = {"https://a/1": LISTING, "https://a/2": OTHER_LISTING, "https://a/3": UNREADABLE_DATE}
    with zone.write("run-1") as segment:
        landed = [
            segment.land_exchange(Exchange(url, (), 200, "OK", headers, body, AT), "c") for url, body in bodies.items()
        ]
    for each in landed:
        parser.add(each)
    zone.finish("run-1")

    tables = parse_segment(zone.segments()[0])
    pages = KnownPages([tables])
    views = [view_of(read_page(body, url)) for url, body in bodies.items()]
    known = [pages.latest(url) for url in bodies]

    assert [each and each.capture_id for each in known] == [each.capture_id for each in landed]
    assert [each and each.validators.etag for each in known] == ['"\xe9"'] * 3
    assert [each and pages.view(each) for each in known] == views == list(pages.views_of_run("run-1").values())
    assert [key for view in views for key in view.keys] == tables["entries"]["entry_key"].to_pylist()
    assert len({view.keys for view in views}) == 3
    assert all(tables[name].equals(kept) for name, kept in parser.tables().items())


SAME_PAGE = {
    "same body": (capture("a.txt", LISTING), capture("b.txt", LISTING), True),
    "same text, other bytes": (capture("a.txt", LISTING), capture("a.txt", b"\xef\xbb\xbf" + LISTING), True),
    "other instant": (capture("a.txt", LISTING), capture("a.txt", LISTING, at=AT), True),
    "other text": (capture("a.txt", LISTING), capture("a.txt", LISTING + b" "), False),
    "other collection": (capture("a.txt", LISTING), capture("a.txt", LISTING, "d"), False),
    "other address, no collection": (capture("a.txt", LISTING, None), capture("b.txt", LISTING, None), False),
    "same address, no collection": (capture("a.txt", LISTING, None), capture("a.txt", LISTING, None), True),
    "other bytes that are no text": (capture("a.txt", bytes(9)), capture("a.txt", bytes(8)), False),
}


@pytest.mark.parametrize(("one", "other", "same"), SAME_PAGE.values(), ids=SAME_PAGE)
def test_a_page_is_its_collection_and_its_text_and_is_read_once(
    one: Capture, other: Capture, same: bool, tmp_path: Path
) -> None:
    tables = parse_segment(land(RawZone(tmp_path / "raw"), "run-1", one, other))

    pages = set(tables["captures"]["page_id"].to_pylist())
    assert tables["captures"].num_rows == 2
    assert len(pages) == (1 if same else 2)
    assert tables["entries"].num_rows == len(pages) * (10 if one.body != bytes(9) else 0)


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1251"])
def test_a_wrong_charset_of_http_does_not_spoil_a_page_in_utf_8(charset: str) -> None:
    body = "Барченко, Károlyi".encode()

    text, issues = decode(body, charset)

    assert text == body.decode()
    assert [issue.kind for issue in issues] == ["encoding"]
    assert decode("Барченко".encode("cp1251"), "windows-1251") == ("Барченко", [])


@pytest.mark.parametrize(
    "before",
    [
        """<script>var x = '<meta charset="windows-1251">';</script>""",
        "<style>/* <meta charset=koi8-r> */</style>",
        "<!-- <meta charset=windows-1251> -->",
    ],
)
@pytest.mark.parametrize(("own", "encoding"), [("", "utf-8"), ("<meta charset=windows-1252>", "cp1252")])
def test_a_charset_within_a_script_a_style_or_a_comment_says_nothing(before: str, own: str, encoding: str) -> None:
    text = f"<!doctype html><html><head>{before}{own}</head><p>café</p></html>"

    assert decode(text.encode(encoding)) == (text, [])
