"""What programs that save pages write, and the addresses of replays."""

import base64
import datetime as dt
import gzip
import json
import plistlib
import zipfile
from io import BytesIO
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.arc import begins_arc, read_arc
from extractors.byte_streams import ByteStream
from extractors.content_encoding import decode_body
from extractors.decoding import decode
from extractors.har import begins_har, read_har
from extractors.replays import split_replay
from extractors.saved_forms import UnreadableFormError, is_form, pages_in
from extractors.saved_marks import read_mark
from extractors.third_party_warc import ThirdPartyRecord
from extractors.warc_records import Damage
from extractors.wilson_center.layouts.plain_text import page_starts
from extractors.wilson_center.urls import document_url
from tests.extractors.foreign import DOCUMENT, LISTING, PAGE

NOON = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)

REPLAYS = {
    f"https://web.archive.org/web/20250301120000/{LISTING}": NOON,
    f"https://web.archive.org/web/20250301120000if_/{LISTING}": NOON,
    f"https://web.archive.org/web/20250301120000id_/{LISTING}": NOON,
    f"http://localhost:8080/coll/20250301120000mp_/{LISTING}": NOON,
    f"/web/20250301120000/{LISTING}": NOON,
    f"//web.archive.org/web/20250301120000/{LISTING}": NOON,
    f"https://web.archive.org/web/20250301120000/{LISTING.replace('//', '/')}": NOON,
    f"https://web.archive.org/web/2025/{LISTING}": None,
    f"https://archive.ph/2025.03.01-120000/{LISTING}": NOON,
    f"https://wayback.archive-it.org/123/20250301120000/{LISTING}": NOON,
    f"https://web.archive.org/web/20250301120000/{quote(LISTING, safe='')}": NOON,
}


@pytest.mark.parametrize(("url", "at"), REPLAYS.items(), ids=REPLAYS)
def test_an_address_of_a_replay_says_what_was_captured_and_when(url: str, at: dt.datetime | None) -> None:
    assert split_replay(url) == (LISTING, at)


@pytest.mark.parametrize("url", [LISTING, DOCUMENT, "", "/document/20250301120000/a", f"{DOCUMENT}?x=/2025/http:"])
def test_other_addresses_are_no_replay(url: str) -> None:
    assert split_replay(url) is None


@pytest.mark.parametrize("at", ["20250301120000", "20250301120000if_"])
def test_a_link_in_a_page_that_was_played_leads_to_the_document(at: str) -> None:
    assert document_url(f"/web/{at}/{DOCUMENT}") == document_url(DOCUMENT)
    assert document_url(f"https://web.archive.org/web/{at}/{DOCUMENT}") == document_url(DOCUMENT)


MARKS = {
    "browser": (f"<!DOCTYPE html>\n<!-- saved from url=(0077){LISTING} -->", None),
    "browser, of a replay": (
        f"<!-- saved from url=(0120)https://web.archive.org/web/20250301120000/{LISTING} -->",
        NOON,
    ),
    "SingleFile": (
        f"<html><!--\n Page saved with SingleFile \n url: {LISTING} \n"
        " saved date: Sat Mar 01 2025 13:00:00 GMT+0100 (Central European Time)\n-->",
        NOON,
    ),
    "HTTrack": (
        f"<!-- Mirrored from {LISTING.removeprefix('https://')} by HTTrack Website Copier/3.x [XR&CO'2014], "
        "Sat, 01 Mar 2025 12:00:00 GMT -->",
        NOON,
    ),
    "the Wayback Machine": (f'<script>__wm.wombat("{LISTING}","20250301120000","https://web.archive.org/");', NOON),
    "SingleFileZ": (
        f"<html><!--\n Page saved with SingleFileZ \n url: {LISTING} \n"
        " saved date: Sat Mar 01 2025 12:00:00 GMT+0000 (x)\n-->",
        NOON,
    ),
    "Save Page WE, behind a long style": (
        f'<head><style>{"a{}" * 9000}</style><meta name="savepage-url" content="{LISTING}">'
        '<meta name="savepage-title" content="Search">'
        '<meta name="savepage-date" content="Sat Mar 01 2025 13:00:00 GMT+0100 (x)">',
        NOON,
    ),
    "WebScrapBook": (
        f'<html data-scrapbook-source="{LISTING}" data-scrapbook-create="20250301120000000">',
        NOON,
    ),
    "monolith": (f"<!DOCTYPE html><!-- Saved from {LISTING} at 2025-03-01T12:00:00Z using monolith v2.8.3 -->", NOON),
    "HTTrack, a footer without a time": (
        f"<!-- Mirrored from {LISTING.removeprefix('https://')} by HTTrack -->",
        None,
    ),
    "pywb": (f'<script>wbinfo.url = "{LISTING}";\n  wbinfo.timestamp = "20250301120000";', NOON),
    "a clipper's front matter": (f'---\ntitle: "Search"\nsource: "{LISTING}"\n---\n', None),
    "a reader": (f"Title: Search\n\nURL Source: {LISTING}\n\nMarkdown Content:\n", None),
}


@pytest.mark.parametrize(("head", "at"), MARKS.values(), ids=MARKS)
def test_a_saver_s_mark_says_where_and_when_a_page_was_saved(head: str, at: dt.datetime | None) -> None:
    assert read_mark(head.encode()) == (LISTING, at)


@given(st.binary(max_size=300))
def test_any_bytes_can_be_looked_at_for_marks_and_forms(data: bytes) -> None:
    read_mark(data)
    for head in (b"", b"bplist00 WebMainResource", b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n"):
        try:
            assert (
                b"".join(page.body for page in pages_in(head + data, page_starts)) or is_form(head + data) or not data
            )
        except UnreadableFormError:
            assert is_form(head + data)


def test_a_mark_in_a_page_of_utf_16_is_read() -> None:
    assert read_mark(f"\ufeff<!-- saved from url=(0077){LISTING} -->".encode("utf-16-le")) == (LISTING, None)


REPLAYED_IN_A_FRAME = f"https://arquivo.pt/wayback/20250301120000mp_/{LISTING}"


def test_of_a_replay_with_frames_the_page_that_it_played_is_read() -> None:
    outer = REPLAYED_IN_A_FRAME.replace("mp_", "")
    mhtml = (
        f"Snapshot-Content-Location: {outer}\nDate: Sat, 7 Mar 2026 12:00:00 -0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/related; boundary="B"\n\n'
        f"--B\nContent-Type: text/html\nContent-Location: {outer}\n\n<iframe></iframe>\n"
        f"--B\nContent-Type: text/html\nContent-Location: {REPLAYED_IN_A_FRAME}\n\n{PAGE.decode()}\n--B--\n"
    ).encode()
    resources = [
        {"WebMainResource": {"WebResourceData": body, "WebResourceURL": url}}
        for url, body in ((outer, b"<iframe></iframe>"), (REPLAYED_IN_A_FRAME, PAGE))
    ]
    webarchive = plistlib.dumps({**resources[0], "WebSubframeArchives": resources[1:]}, fmt=plistlib.FMT_BINARY)

    for data in (mhtml, b"From nobody Sat Mar  1 12:00:00 2025\n" + mhtml, webarchive):
        [page] = pages_in(data, page_starts)
        assert (page.url, page.captured_at, page.body.strip()) == (LISTING, NOON, PAGE.strip())


def test_a_file_that_unpacks_itself_in_a_browser_gives_its_page() -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.html", PAGE)
    mark = (
        f"<!--\n Page saved with SingleFile \n url: {LISTING} \n saved date: Sat Mar 01 2025 12:00:00 GMT+0000 (x)\n-->"
    )

    [page] = pages_in(f"<!doctype html>{mark}<!--".encode() + packed.getvalue() + b"--></html>", page_starts)

    assert (page.url, page.captured_at, page.body) == (LISTING, NOON, PAGE)


@pytest.mark.parametrize("before", ['<?xml version="1.0" encoding="windows-1251"?>\n', "<!-- a comment -->\n"])
def test_what_stands_before_the_doctype_belongs_to_the_page(before: str) -> None:
    page = before.encode() + b"<!DOCTYPE html>\n<html>a</html>"
    assert [one.body for one in pages_in(page, page_starts)] == [page]


def test_pages_that_stand_one_after_the_other_are_several() -> None:
    frame = b"<iframe srcdoc='<!DOCTYPE html><html></html>'></iframe>"
    page = b"<!DOCTYPE html>\n<html><body>1 - 2 of 4" + frame + b"</body></html>\n"
    marked = f"<!-- saved from url=(0077){LISTING} -->\n".encode() + page

    found = pages_in(page + marked + page, page_starts)

    assert [(one.url, one.body) for one in found] == [(None, page), (LISTING, marked), (None, page)]
    assert [one.body for one in pages_in(b"<html>a" + b"\n<!doctype HTML><html>b", page_starts)] == [
        b"<html>a\n",
        b"<!doctype HTML><html>b",
    ]


_RECORDS = "March 14, 1951\n\nA Title\n\nA summary of 1 - 2 of 4.\n\n"
_FRAME = "Skip to content\n\n\n1 – 2 of 4\n\n\n" + _RECORDS
_READER = f"Title: Search\n\nURL Source: {LISTING}\n\nMarkdown Content:\n[Skip to content](x#main)\n\n1 - 2 of 4\n\n"
_BROWSER = """   [1]Skip to content

   Results: 3 - 4 of 4 Documents

[2]A Title

References

   1. https://x/#m
   2. https://x/y
"""


@pytest.mark.parametrize(
    "pages",
    {
        "one page": [_FRAME],
        "its range above and below": [_FRAME + "1 – 2 of 4\n", "3 - 4 of 4\n\n" + _RECORDS + "3 - 4 of 4\n"],
        "of one frame": [_FRAME, _FRAME, _FRAME.replace("1 – 2", "3 – 4")],
        "the bare range line": ["1 - 2 of 4\n\n" + _RECORDS, "Results:\n1 - 2 of 7\n\n" + _RECORDS],
        "of a reader": [_READER + _RECORDS, _READER + _RECORDS],
        "of a text browser": [_BROWSER, _BROWSER],
        "of all": [_READER + _RECORDS, _BROWSER, "Menu\n" + _FRAME, _READER + _RECORDS],
    }.values(),
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_pages_of_plain_text_that_stand_one_after_the_other_are_several(pages: list[str], line_end: str) -> None:
    bodies = [page.replace("\n", line_end).encode() for page in pages]

    found = pages_in(b"".join(bodies), page_starts)

    assert b"".join(page.body for page in found) == b"".join(bodies)
    assert len(found) == len(bodies)
    assert [page.url for page in found] == [LISTING if b"URL Source" in body else None for body in bodies]


def test_mhtml_holds_its_page_with_address_time_and_charset() -> None:
    body = "\r\n".join(
        [
            "From: <Saved by Blink>",
            f"Snapshot-Content-Location: {LISTING}",
            "Date: Sat, 1 Mar 2025 12:00:00 -0000",
            "MIME-Version: 1.0",
            'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="b"',
            "",
            "--b",
            "Content-Type: text/html; charset=windows-1251",
            "Content-Transfer-Encoding: base64",
            f"Content-Location: {LISTING}",
            "",
            base64.b64encode("Карпов".encode("cp1251")).decode(),
            "--b",
            "Content-Type: text/html",
            "Content-Location: https://ads.example/frame",
            "",
            "<html>frame",
            "--b--",
        ]
    ).encode()

    (page,) = pages_in(body, page_starts)

    assert (page.url, page.captured_at) == (LISTING, NOON)
    assert (page.body, page.content_type) == ("Карпов".encode("cp1251"), "text/html; charset=windows-1251")


@pytest.mark.parametrize("field", [f"{LISTING[:50]}\r\n {LISTING[50:]}", f"=?utf-8?Q?{LISTING.replace('=', '=3D')}?="])
def test_a_long_address_in_mhtml_may_be_folded_or_encoded(field: str) -> None:
    body = f"MIME-Version: 1.0\r\nContent-Type: text/html\r\nContent-Location: {field}\r\n\r\n<html>"

    (page,) = pages_in(body.encode(), page_starts)

    assert (page.url, page.body) == (LISTING, b"<html>")


@pytest.mark.parametrize("form", [plistlib.FMT_BINARY, plistlib.FMT_XML])
def test_a_webarchive_holds_its_page(form: plistlib.PlistFormat) -> None:
    main = {"WebResourceData": PAGE, "WebResourceURL": LISTING, "WebResourceTextEncodingName": "UTF-8"}

    (page,) = pages_in(plistlib.dumps({"WebMainResource": main}, fmt=form), page_starts)

    assert (page.url, page.body, page.content_type) == (LISTING, PAGE, "text/html; charset=UTF-8")


MANY = 1_000_000
ENDLESS = {
    "ends and comments that do not end": b"<html>" + b"</html><!--" * MANY,
    "comments that do not end, before a page": b"<html></html>" + b"<!-- " * MANY + b"\n<!doctype html>",
    "instructions that do not end": b"<html>" + b"<?" * MANY + b"\n<!doctype html>",
    "comments in one another": b"<html>" + b"</html><!--</html><!---->" * MANY,
}


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
def test_what_only_looks_like_the_end_of_a_page_is_looked_at_once(body: bytes) -> None:
    assert b"".join(page.body for page in pages_in(body, page_starts)) == body


def test_a_webarchive_that_holds_itself_is_read_once() -> None:
    keys = b"\x5f\x10\x0fWebMainResource\x5f\x10\x13WebSubframeArchives\x5f\x10\x0fWebResourceData"
    #          the archive         its keys: 1 to 3   its page     the data   the list of itself
    archive = b"\xd2\x01\x02\x04\x06", keys, b"\xd1\x03\x05", b"\x41x", b"\xa1\x00"
    places = [8, 13, 31, 53, 71, 74, 76]
    head = b"bplist00" + b"".join(archive)
    body = head + bytes(places) + bytes(6) + b"\x01\x01" + b"".join(n.to_bytes(8, "big") for n in (7, 0, len(head)))

    assert [page.body for page in pages_in(body, page_starts)] == [b"x"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (plistlib.dumps({"WebMainResource": {"WebResourceData": 2**40}}), "damaged"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n" + b"--b\n\nx\n" * 300_000, "parts"),
    ],
)
def test_a_form_that_would_take_much_memory_or_time_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFormError, match=reason):
        pages_in(body, page_starts)


def test_a_url_in_mhtml_that_is_longer_than_any_is_none() -> None:
    head = b"MIME-Version: 1.0\nContent-Type: text/html\nSnapshot-Content-Location: " + b"=?utf-8?q?a?= " * MANY
    assert [page.url for page in pages_in(head + b"\n\npage", page_starts)] == [None]


def test_a_webarchive_that_is_damaged_is_refused() -> None:
    body = plistlib.dumps({"WebMainResource": {"WebResourceData": PAGE}}, fmt=plistlib.FMT_BINARY)
    with pytest.raises(UnreadableFormError, match="damaged"):
        pages_in(body[:-40], page_starts)


def har(*entries: object) -> list[ThirdPartyRecord | Damage]:
    body = json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()
    return list(read_har(ByteStream(BytesIO(body).read)))


def test_a_har_holds_what_was_answered() -> None:
    entry = {
        "startedDateTime": "2025-03-01T13:00:00.000+01:00",
        "request": {"url": LISTING},
        "response": {
            "status": 200,
            "headers": [{"name": "content-encoding", "value": "br"}, {"name": "ETag", "value": "x"}],
            "content": {"mimeType": "text/html", "text": "é"},
        },
    }
    packed = {"mimeType": "text/html; charset=utf-8", "encoding": "base64", "text": base64.b64encode(PAGE).decode()}
    unchanged = entry | {"response": {"status": 304, "content": packed}}

    first, second, bad = har(entry, unchanged, {"request": {}})

    assert isinstance(first, ThirdPartyRecord)
    assert isinstance(second, ThirdPartyRecord)
    assert (first.url, first.captured_at, first.body) == (LISTING, NOON, "é".encode())
    assert first.headers == (("Content-Type", "text/html; charset=utf-8"), ("ETag", "x"))
    assert (second.status, second.body) == (200, PAGE)
    assert isinstance(bad, Damage)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_har_is_read_in_any_encoding_and_as_far_as_it_is_whole(encoding: str) -> None:
    content = {"mimeType": "text/html", "encoding": "Base64", "text": base64.b64encode(gzip.compress(PAGE)).decode()}
    headers = [{"name": "Content-Encoding", "value": "gzip"}]
    answer = {"status": 200, "headers": headers, "content": content}
    entry = {"startedDateTime": "2025-03-01T12:00:00Z", "request": {"url": LISTING}, "response": answer}
    text = json.dumps({"creator": "x", "log": {"entries": [entry, entry]}})
    cut = text[:-50].encode(encoding)

    assert begins_har(cut[:4096])
    record, damage = read_har(ByteStream(BytesIO(cut).read))

    assert isinstance(record, ThirdPartyRecord)
    assert isinstance(damage, Damage)
    assert decode_body(record.body or b"", record.header("content-encoding")) == PAGE


def arc(*records: tuple[str, bytes]) -> bytes:
    head = b"filedesc://a.arc 0.0.0.0 20130601120000 text/plain 2\n1\n\n"
    return head + b"".join(b"%s %d\n%s\n" % (line.encode(), len(block), block) for line, block in records)


def test_an_arc_holds_what_was_answered_in_both_versions() -> None:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE
    body = arc(
        (f"{LISTING} 192.0.2.1 20250301120000 text/html", block),
        ("dns:example.org 192.0.2.1 20250301120000 text/dns", b"x"),
        (f"{DOCUMENT} 192.0.2.1 20250301120000 text/html 200 - - 0 a.arc", block),
    )

    first, second = read_arc(ByteStream(BytesIO(body).read))

    assert isinstance(first, ThirdPartyRecord)
    assert (first.url, first.captured_at, first.status, first.body) == (LISTING, NOON, 200, PAGE)
    assert isinstance(second, ThirdPartyRecord)
    assert second.url == DOCUMENT


@pytest.mark.parametrize("before", [b"", b"\n", b"\xef\xbb\xbf"])
def test_an_arc_is_known_by_any_of_its_records(before: bytes) -> None:
    block = b"HTTP/1.1 200 OK\r\n\r\n" + PAGE
    whole = arc((f"{LISTING}&x=a b 192.0.2.1 20250301120000 text/html", block))
    body = before + whole[whole.index(LISTING.encode()) :]

    assert begins_arc(body[:4096])
    (record,) = read_arc(ByteStream(BytesIO(body).read))

    assert isinstance(record, ThirdPartyRecord)
    assert record.url == f"{LISTING}&x=a b"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_pages_in_wide_letters_that_stand_one_after_the_other_are_several(encoding: str) -> None:
    pages = ["<!doctype html><html><p>One, é</p></html>\n", "<!doctype html><html><p>Two</p></html>\n"]

    found = pages_in("".join(pages).encode(encoding), page_starts)

    assert [decode(page.body)[0] for page in found] == pages


def test_what_is_behind_damage_in_an_arc_is_read() -> None:
    block = b"HTTP/1.1 200 OK\r\n\r\n" + PAGE
    body = arc((f"{LISTING} 192.0.2.1 20250301120000 text/html", block))
    line = f"{LISTING} 192.0.2.1 20250301120000 text/html {len(block)}\n".encode()

    damage, record, cut = read_arc(
        ByteStream(BytesIO(b"no head\n" + body[body.index(LISTING.encode()) :] + line + block[:50]).read)
    )

    assert isinstance(damage, Damage)
    assert isinstance(record, ThirdPartyRecord)
    assert isinstance(cut, Damage)
