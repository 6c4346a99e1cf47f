"""Web archives and mirrors from a path: what is found in them, what is passed over, and what is said of bad ones."""

import bz2
import datetime as dt
import gzip
import io
import json
import lzma
import os
import random
import re
import subprocess
import tarfile
import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import zstandard

from extractors.sources import SourceRequest, zips
from extractors.sources.archives import SavedPages, read_archive
from extractors.sources.saved import check_path
from extractors.wilson_center.catalog import Archive, Catalog, CatalogEntry
from schemas.errors import SourceError, UsageError
from schemas.identifiers import file_url
from schemas.issues import Issue
from schemas.records import Alias, ArchivedPage, Collection, Item, Reference
from tests.extractors.foreign import DOCUMENT, LISTING, PAGE, page_body, page_url, pages, response

HOST = "digitalarchive.wilsoncenter.org"
SITE = f"https://{HOST}"
NOTHING = Catalog()
REPLICA = Catalog(archive=Archive(url="http://127.0.0.1:8080"))
CITING = b'<html><a id="citation-url" href="https://digitalarchive.wilsoncenter.org/document/110000">cite</a></html>'


class Read:
    """All that a path gives."""

    def __init__(self, path: Path, catalog: Catalog = NOTHING) -> None:
        self.skipped: Counter[str] = Counter()
        self.items: list[Item] = list(read_archive(path, catalog, self.skipped))
        self.pages = [item for item in self.items if isinstance(item, ArchivedPage)]
        self.aliases = [item for item in self.items if isinstance(item, Alias)]
        self.issues = [item for item in self.items if isinstance(item, Issue)]

    @property
    def urls(self) -> list[str]:
        return [page.capture.url for page in self.pages]

    @property
    def bodies(self) -> list[bytes]:
        return [page.capture.body for page in self.pages]

    @property
    def collections(self) -> list[str]:
        return [page.collection.collection_id for page in self.pages if page.collection is not None]

    @property
    def complaints(self) -> list[tuple[str, str]]:
        return [(issue.level, issue.kind) for issue in self.issues]


def write(path: Path, body: bytes = PAGE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def warc(tmp_path: Path, *records: bytes) -> Read:
    return Read(write(tmp_path / "crawl.warc", b"".join(records)))


def tar(members: dict[str, bytes], **types: bytes) -> bytes:
    """A tarball; of the members that are named by keyword, the type is another."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, body in members.items():
            head = tarfile.TarInfo(name)
            head.size = len(body)
            head.type = types.get(name, tarfile.REGTYPE)
            archive.addfile(head, io.BytesIO(body))
    return out.getvalue()


def wacz(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


# Paths


def test_a_path_that_is_not_there_is_a_mistake_and_a_folder_without_files_no_source(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        check_path(tmp_path / "missing")
    with pytest.raises(SourceError, match="the folder holds no pages"):
        check_path(tmp_path)
    with pytest.raises(UsageError, match="no such file or folder"):
        list(read_archive(tmp_path / "missing", NOTHING, Counter()))
    check_path(write(tmp_path / "a.txt"))
    check_path(tmp_path)


# The kind of a file is in its content

MEMBERS = {f"{HOST}/search?f[0]=topics:86494&page={number}": page_body(number) for number in range(3)}
WARC = b"".join(pages(3))
WARC_GZ = b"".join(pages(3, packed=True))
ZSTD = zstandard.ZstdCompressor().compress
KINDS: dict[str, Callable[[], bytes]] = {
    "warc": lambda: WARC,
    "warc.gz by record": lambda: WARC_GZ,
    "warc.gz as a whole": lambda: gzip.compress(WARC),
    "warc.zst": lambda: ZSTD(WARC),
    "warc.zst by record": lambda: b"".join(map(ZSTD, pages(3))),
    "warc.gz in zst": lambda: ZSTD(WARC_GZ),
    "warc in tar": lambda: tar({"some/crawl.warc": WARC}),
    "warc.gz in tar.gz": lambda: gzip.compress(tar({"crawl.warc.gz": WARC_GZ})),
    "wacz": lambda: wacz({"archive/data.warc.gz": WARC_GZ, "pages/pages.jsonl": b"{}", "datapackage.json": b"{}"}),
    "wacz with a plain warc and without index": lambda: wacz({"archive/a.warc": WARC}),
    "tar": lambda: tar(MEMBERS),
    "tar.gz": lambda: gzip.compress(tar(MEMBERS)),
    "tar.zst": lambda: ZSTD(tar(MEMBERS)),
    "tar.zst of several frames": lambda: b"".join(ZSTD(tar(MEMBERS)[at : at + 9999]) for at in range(0, 60_000, 9999)),
    "tar from the folder itself": lambda: tar({f"./{name}": body for name, body in MEMBERS.items()}),
    "gzip pages in tar": lambda: tar({f"{name}.gz": gzip.compress(body) for name, body in MEMBERS.items()}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_archive_gives_the_same_pages_whatever_its_name(kind: str, tmp_path: Path) -> None:
    found = Read(write(tmp_path / "anything.png", KINDS[kind]()))

    assert found.issues == []
    assert found.bodies == [page_body(number) for number in range(3)]
    assert found.collections == ["topics-86494"] * 3
    assert {url.rpartition("=")[2] for url in found.urls} >= {"1", "2"}


def test_a_folder_may_hold_any_mix(tmp_path: Path) -> None:
    for number, kind in enumerate(KINDS):
        write(tmp_path / "mix" / f"{number:02}.html", KINDS[kind]())
    write(tmp_path / "mix" / "zz.txt", b"a text")

    found = Read(tmp_path / "mix")

    assert found.issues == []
    assert len(found.pages) == 3 * len(KINDS) + 1
    assert found.collections[-1] == "zz"


# Names of saved pages

LISTED = [
    "search?f[0]=topics:86494&page=2",
    "search?f%5B0%5D=topics%3A86494&page=2",
    "search?f[0]=topics:86494&page=2.html",
    "search?f[0]=topics:86494&page=2.html.orig",
    "search@f[0]=topics%3A86494&page=2",
    "search@f[0]=topics%3A86494&page=2.html",
    "search?f[1]=topics:86494&fo[1]=86494&sort_by=date&page=2",
]


@pytest.mark.parametrize("name", LISTED)
@pytest.mark.parametrize("folder", [HOST, f"mirror/{HOST}", "pages", ""], ids=["host", "deeper", "folder", "none"])
def test_a_name_that_wget_made_of_an_address_tells_it(name: str, folder: str, tmp_path: Path) -> None:
    write(tmp_path / "top" / folder / name)

    (page,) = Read(tmp_path / "top").pages

    assert page.capture.url == f"{SITE}/search?f%5B0%5D=topics%3A86494&page=2"
    assert page.capture.http_status is page.capture.captured_at is None
    assert page.capture.body == PAGE
    assert page.capture.content_type == "text/html"
    assert page.capture.collection_id == "topics-86494"
    assert page.collection == Collection(
        "topics-86494", "topics", None, "f[0]=topics:86494", f"{SITE}/search?f%5B0%5D=topics%3A86494"
    )


class ListingServer(BaseHTTPRequestHandler):
    """Answers every address with a page that links to three others."""

    def do_GET(self) -> None:
        links = "".join(f'<a href="/search?f%5B0%5D=topics%3A86494&page={number}">x</a>' for number in range(1, 4))
        body = f"<html><body>{links}<a href='/document/a-letter'>y</a></body></html>".encode()
        self.send_response(404 if self.path == "/robots.txt" else 200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


WAYS = [
    [],
    ["--adjust-extension"],
    ["--adjust-extension", "--restrict-file-names=windows"],
    ["-E", "-k", "-K"],
]


@pytest.mark.parametrize("way", WAYS, ids=[" ".join(way) or "plain" for way in WAYS])
def test_a_mirror_that_wget_made_gives_each_page_with_its_address(way: list[str], tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), ListingServer) as server:
        Thread(target=server.serve_forever).start()
        site = f"http://127.0.0.1:{server.server_port}"
        command = ["wget", "-q", "--mirror", *way, f"{site}/search?f%5B0%5D=topics%3A86494"]
        subprocess.run(command, cwd=tmp_path, check=True)
        server.shutdown()

    found = Read(tmp_path, Catalog(archive=Archive(url=site)))

    begin = f"{site}/search?f%5B0%5D=topics%3A86494"
    listed = {begin, *(f"{begin}&page={number}" for number in range(1, 4))}
    assert set(found.urls) == listed | {DOCUMENT}
    assert set(found.collections) == {"topics-86494"}
    assert found.issues == []


@pytest.mark.parametrize("name", ["search", "search.html", "search/index.html", "search/index.html.orig"])
def test_the_first_page_of_all_is_known_below_a_folder_of_the_host_only(name: str, tmp_path: Path) -> None:
    write(tmp_path / "one" / HOST / name)
    write(tmp_path / "two" / "other" / name)

    (known,) = Read(tmp_path / "one").pages
    (unknown,) = Read(tmp_path / "two").pages

    assert (known.capture.url, known.collection.collection_id) == (f"{SITE}/search", "all")
    assert unknown.capture.url == file_url(f"other/{name}")


@pytest.mark.parametrize("folder", ["127.0.0.1:8080", "127.0.0.1+8080"])
def test_the_archive_may_be_where_the_catalog_says(folder: str, tmp_path: Path) -> None:
    write(tmp_path / "mirror" / folder / "search?page=3")
    write(tmp_path / "mirror" / folder / "search.html")

    assert Read(tmp_path / "mirror", REPLICA).urls == [
        "http://127.0.0.1:8080/search",
        "http://127.0.0.1:8080/search?page=3",
    ]


def test_the_folder_that_is_named_may_be_that_of_the_host(tmp_path: Path) -> None:
    write(tmp_path / HOST / "search" / "index.html")

    assert Read(tmp_path / HOST).urls == [f"{SITE}/search"]
    assert Read(tmp_path / HOST / "search" / "index.html").urls == [f"{SITE}/search"]


def test_staging_copies_are_known_hosts(tmp_path: Path) -> None:
    write(tmp_path / "mirror" / "wilson-center.drivingcreative.com" / "search?page=1")

    assert Read(tmp_path / "mirror").urls == [f"{SITE}/search?page=1"]


@pytest.mark.parametrize(
    "name",
    [
        "example.org/search?page=3",
        "search?page=three",
        "search?page=3&unknown=1",
        "research?page=3",
        "search?",
        "search",
    ],
)
def test_a_name_that_tells_no_address_for_sure_tells_none(name: str, tmp_path: Path) -> None:
    write(tmp_path / "top" / name)

    (page,) = Read(tmp_path / "top").pages

    assert page.capture.url == file_url(name)
    assert page.collection.kind == "unknown"


def test_pages_of_the_old_site_are_known_by_their_names(tmp_path: Path) -> None:
    write(tmp_path / HOST / "collection" / "31" / "cuban-missile-crisis" / "2.html")
    write(tmp_path / HOST / "search-results" / "3" / "[]?recordType=Record")

    found = Read(tmp_path / HOST)

    assert found.collections == ["collection-31", "old-search-all"]
    assert found.urls[0] == f"{SITE}/collection/31/cuban-missile-crisis/2"


MARK = b"<!DOCTYPE html>\n<!-- saved from url=(0083)%s -->\n<html>11 - 20 of 89</html>"


def test_a_page_that_a_browser_saved_has_its_address_in_a_comment(tmp_path: Path) -> None:
    address = f"{SITE}/search?f%5B0%5D=topics%3A86494&sort_by=x&page=1".encode()
    write(tmp_path / "saved" / "Search | Wilson Center.html", MARK % address)
    write(tmp_path / "saved" / "Search | Wilson Center_files" / "style.css", b"a {}")
    write(tmp_path / "saved" / "Search | Wilson Center_files" / "logo.png", b"\x89PNG")

    found = Read(tmp_path / "saved")

    assert found.urls == [LISTING]
    assert found.collections == ["topics-86494"]
    assert found.skipped == {"text/css": 1, "image": 1}


@pytest.mark.parametrize(
    "address", [b"about:internet", b"https://example.org/search?page=1", b"https://[x/search?page=1"]
)
def test_another_address_in_the_comment_is_none_of_a_listing(address: bytes, tmp_path: Path) -> None:
    write(tmp_path / "saved.html", MARK % address)

    assert Read(tmp_path / "saved.html").urls == [file_url("saved.html")]


def test_a_comment_behind_the_first_kilobyte_is_text_of_the_page(tmp_path: Path) -> None:
    write(tmp_path / "saved.html", b"<html>" + b" " * 1024 + MARK % LISTING.encode())

    assert Read(tmp_path / "saved.html").urls == [file_url("saved.html")]


def test_the_catalog_names_collections_and_says_which_files_are_theirs(tmp_path: Path) -> None:
    topic = CatalogEntry(name="Cuba", facets=("topics:86494",))
    files = CatalogEntry(id="mine", files=("*page=2", "old/*"))
    write(tmp_path / "top" / "search?f[0]=topics:86494&page=1")
    write(tmp_path / "top" / "search?f[0]=topics:86494&page=2")
    write(tmp_path / "top" / "old" / "a.txt")

    found = Read(tmp_path / "top", Catalog(collections=(topic, files)))

    assert [(page.collection.collection_id, page.collection.name) for page in found.pages] == [
        ("mine", None),
        ("topics-86494", "Cuba"),
        ("mine", None),
    ]


def test_pages_without_an_address_have_collections_of_their_own_in_tarballs_too(tmp_path: Path) -> None:
    write(tmp_path / "top" / "one.tar", tar({"a.txt": b"1", "x/b.txt": b"2", "y/b.txt": b"3", "a.html": b"4"}))
    write(tmp_path / "top" / "two.tar", tar({"a.txt": b"5", "c.txt": b"6"}))
    write(tmp_path / "top" / "c.txt", b"7")

    found = Read(tmp_path / "top")

    assert found.bodies == [b"7", b"1", b"2", b"3", b"4", b"5", b"6"]
    assert found.collections == ["c", "a", "b", "y/b", "a.html", "a.txt", "c.txt"]
    assert found.urls[1] == file_url("one.tar/a.txt")


def test_what_a_mirror_has_beside_the_listing_is_skipped_and_counted(tmp_path: Path) -> None:
    folder = tmp_path / HOST
    write(folder / "search?page=1")
    write(folder / "robots.txt", b"User-agent: *")
    write(folder / "core" / "style.css", b"a {}")
    write(folder / "images" / "a.jpg", b"\xff\xd8")
    write(folder / "people" / "mao-zedong", b"<html>")
    write(folder / "people" / "index.html", b"<html>")
    write(folder / "document" / "a-letter.html", CITING)
    write(folder / "document" / "another.html", b"<html>")
    write(folder / "blob", b"\x00\x01")
    write(folder / "empty", b"")

    found = Read(folder)

    of_kinds = [DOCUMENT, f"{SITE}/document/another", f"{SITE}/people/mao-zedong"]
    assert found.urls == [*of_kinds, f"{SITE}/search?page=1"]
    assert found.aliases == []
    assert found.issues == []
    assert found.skipped == {
        "text/html": 1,
        "image": 1,
        "text/css": 1,
        "text/plain": 1,
        "unknown": 2,
    }


def test_pages_of_documents_at_no_address_are_known_by_their_content(tmp_path: Path) -> None:
    write(tmp_path / "documents.tar", tar({"documents/1.html": CITING, "documents/2.html": CITING}))

    found = Read(tmp_path / "documents.tar")

    assert found.urls == [file_url(f"documents.tar/documents/{number}.html") for number in (1, 2)]
    assert {page.capture.collection_id for page in found.pages} == {None}
    assert found.skipped == {}


# WARC


def test_a_response_becomes_a_page_at_the_instant_of_its_capture(tmp_path: Path) -> None:
    (page,) = warc(tmp_path, response(packed=True)).pages

    assert page.capture.url == LISTING
    assert page.capture.captured_at == dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert (page.capture.http_status, page.capture.body, page.capture.collection_id) == (200, PAGE, "topics-86494")
    assert page.capture.headers == (("Content-Type", "text/html; charset=UTF-8"),)
    assert page.collection.url == f"{SITE}/search?f%5B0%5D=topics%3A86494"
    assert page.payload_digest is not None
    assert page.revisits is None


def test_a_resource_of_html_becomes_a_page_without_status(tmp_path: Path) -> None:
    found = warc(tmp_path, response(kind="resource"))

    assert [page.capture.http_status for page in found.pages] == [None]
    assert found.pages[0].capture.captured_at is not None


def test_a_page_whose_instant_is_unknown_is_like_a_saved_one(tmp_path: Path) -> None:
    packed = (("Content-Encoding", "gzip"),)

    found = warc(tmp_path, response(body=gzip.compress(PAGE), headers=packed, warc={"WARC-Date": "?"}))

    capture = found.pages[0].capture
    assert (capture.captured_at, capture.http_status, capture.headers, capture.body) == (None, None, (), PAGE)
    assert found.complaints == [("warning", "no-instant")]


def test_a_coding_stays_for_the_reading_of_the_page(tmp_path: Path) -> None:
    body = ZSTD(PAGE)

    (page,) = warc(tmp_path, response(body=body, headers=(("Content-Encoding", "zstd"),))).pages

    assert page.capture.body == body
    assert page.capture.header("content-encoding") == "zstd"


def test_the_catalog_says_where_else_a_listing_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc", response("http://127.0.0.1:8080/search?page=1"))

    assert Read(path).pages == []
    assert Read(path, REPLICA).urls == ["http://127.0.0.1:8080/search?page=1"]


def test_a_revisit_is_given_with_all_that_it_says_of_the_page_whose_body_it_has(tmp_path: Path) -> None:
    first = response(warc={"WARC-Record-ID": "<urn:uuid:1>"})
    (page,) = warc(tmp_path, first).pages
    digest = {"WARC-Payload-Digest": str(page.payload_digest)}
    by_time = {"WARC-Refers-To-Target-URI": LISTING, "WARC-Refers-To-Date": "2025-01-02T03:04:05Z"}
    references = [digest, {"WARC-Refers-To": "<urn:uuid:1>"}, by_time]
    without = ["WARC-Payload-Digest", "WARC-Block-Digest"]
    revisits = [
        response(body=b"", kind="revisit", warc=reference, without=[] if reference is digest else without)
        for reference in references
    ]

    found = warc(tmp_path, first, *revisits)

    assert found.issues == []
    assert (page.record_id, page.revisits) == ("1", None)
    assert [page.revisits for page in found.pages] == [
        None,
        Reference(digest=page.payload_digest),
        Reference(record_id="1"),
        Reference(url=LISTING, captured_at=page.capture.captured_at),
    ]
    assert [page.capture.body for page in found.pages] == [PAGE, b"", b"", b""]


def test_a_revisit_of_a_redirect_is_a_redirect(tmp_path: Path) -> None:
    lost = {"WARC-Refers-To": "<urn:uuid:9>"}
    not_modified = response(
        body=b"", kind="revisit", status="304 Not Modified", warc=lost, without=["WARC-Payload-Digest"]
    )
    redirect = response(body=b"", kind="revisit", status="302 Found", warc=lost)

    found = warc(tmp_path, not_modified, redirect)

    references = [(page.revisits, page.capture.http_status) for page in found.pages]
    assert references == [(Reference(record_id="9", is_not_modified=True), 304)]
    assert found.complaints == [("info", "archived-redirect")]


STATUSES = [
    ("301 Moved", "info", "archived-redirect"),
    ("403 Forbidden", "warning", "failed-capture"),
    ("404 Not Found", "warning", "failed-capture"),
    ("503 Busy", "warning", "failed-capture"),
    ("206 Partial Content", "error", "failed-capture"),
    ("204 No Content", "warning", "failed-capture"),
]


@pytest.mark.parametrize(("status", "level", "kind"), STATUSES)
def test_an_answer_that_is_no_page_is_an_issue_with_file_and_offset(
    status: str, level: str, kind: str, tmp_path: Path
) -> None:
    before = response(page_url(0), page_body(0))

    found = warc(tmp_path, before, response(status=status), response())

    assert len(found.pages) == 2
    (issue,) = found.issues
    assert (issue.level, issue.kind) == (level, kind)
    assert issue.url == file_url("crawl.warc")
    assert issue.found == LISTING
    assert issue.message.endswith(f"(at byte {len(before)})")
    assert status[:3] in issue.message


def test_a_response_without_http_is_an_issue(tmp_path: Path) -> None:
    record = response(without=["WARC-Block-Digest", "WARC-Payload-Digest"]).replace(
        b"HTTP/1.1 200 OK", b"HTTP is not so."
    )

    found = warc(tmp_path, record, response(page_url(3)))

    assert found.complaints == [("error", "no-http")]
    assert len(found.pages) == 1


def test_a_challenge_is_handed_on(tmp_path: Path) -> None:
    assert warc(tmp_path, response(body=b"<html>triggerInterstitialChallenge")).bodies == [
        b"<html>triggerInterstitialChallenge"
    ]


def test_a_wrong_digest_is_a_warning_and_the_page_is_read(tmp_path: Path) -> None:
    found = warc(tmp_path, response(warc={"WARC-Block-Digest": "sha1:" + "A" * 32}))

    assert found.bodies == [PAGE]
    assert found.complaints == [("warning", "wrong-digest")]
    assert found.issues[0].message.endswith("(at byte 0)")


def test_redirects_of_documents_are_aliases_once_and_their_pages_are_given(tmp_path: Path) -> None:
    location = (("Location", "/document/a-letter"),)
    redirect = response("http://digitalarchive.wilsoncenter.org/document/110000", b"", "301 Moved", location)
    page = response(DOCUMENT, CITING)
    packed = response(
        DOCUMENT, gzip.compress(CITING), headers=(("Content-Type", "text/html"), ("Content-Encoding", "gzip"))
    )
    missing = response(DOCUMENT, CITING, "404 Not Found")
    elsewhere = response(DOCUMENT, b"", "302 Found", (("Location", "/search"),))
    nowhere = response(DOCUMENT, b"", "302 Found", ())
    not_itself = response(f"{SITE}/document/110000", CITING)

    found = warc(tmp_path, redirect, page, packed, redirect, missing, elsewhere, nowhere, not_itself)

    assert found.aliases == [Alias(f"{SITE}/document/110000", DOCUMENT, "redirect")]
    assert found.urls == [DOCUMENT, DOCUMENT, f"{SITE}/document/110000"]
    assert [(issue.kind, issue.url) for issue in found.issues] == [("failed-capture", "urn:wcda:file:crawl.warc")]
    assert found.skipped == {"document": 4}


def test_documents_of_the_catalogs_site_are_documents(tmp_path: Path) -> None:
    url = "http://127.0.0.1:8080/document/110000"
    path = write(tmp_path / "a.warc", response(url, b"", "301 Moved", (("Location", "/document/a-letter"),)))

    assert Read(path, REPLICA).aliases == [Alias(f"{SITE}/document/110000", DOCUMENT, "redirect")]


def test_other_responses_are_skipped_and_counted_by_what_they_are(tmp_path: Path) -> None:
    def other(path: str, *types: str) -> bytes:
        return response(f"{SITE}/{path}", b"x", headers=[("Content-Type", each) for each in types])

    found = warc(
        tmp_path,
        other("a.png", "image/png"),
        other("b", "image/webp"),
        other("c.css", "text/css; charset=utf-8"),
        other("about", "text/html"),
        other("nothing"),
        response("https://example.org/search?page=1"),
        response(kind="request"),
        response(kind="metadata"),
    )

    assert found.items == []
    assert found.skipped == {"image": 2, "text/css": 1, "text/html": 2, "unknown": 1}


# Bad input


def test_damage_in_a_warc_names_file_and_offset_and_the_rest_is_read(tmp_path: Path) -> None:
    members = pages(4, packed=True)
    members[1] = members[1][:50] + b"\xff" * 200 + members[1][250:]

    found = Read(write(tmp_path / "top" / "x" / "a.warc.gz", b"".join(members)).parent.parent)

    assert len(found.pages) == 3
    (issue,) = found.issues
    assert (issue.level, issue.kind, issue.url) == ("error", "damaged-archive", file_url("x/a.warc.gz"))
    assert issue.message.endswith(f"(at byte {len(members[0])})")


def test_a_warc_whose_first_member_is_damaged_is_still_one(tmp_path: Path) -> None:
    members = pages(3, packed=True)
    members[0] = members[0][:10] + b"\xff" * 100 + members[0][110:]

    found = warc(tmp_path, *members)

    assert len(found.pages) == 2
    assert found.complaints == [("error", "damaged-archive")]


UNSAFE = ["../escape.html", "/absolute.html", "a/../../escape.html"]


@pytest.mark.parametrize("name", UNSAFE)
def test_a_member_that_leads_out_of_a_tarball_is_skipped_and_nothing_written(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a" / "b" / "bad.tar", tar({"one.html": PAGE, name: PAGE, "two.html": PAGE}))
    before = sorted(tmp_path.rglob("*"))

    found = Read(path)

    assert found.collections == ["one", "two"]
    assert found.complaints == [("error", "unsafe-member")]
    assert found.issues[0].message.endswith("(at byte 2048)")
    assert sorted(tmp_path.rglob("*")) == before


TYPES = {
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
    "character device": tarfile.CHRTYPE,
    "block device": tarfile.BLKTYPE,
    "pipe": tarfile.FIFOTYPE,
}


@pytest.mark.parametrize("kind", TYPES)
def test_links_and_devices_in_a_tarball_are_skipped(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / "bad.tar", tar({"one.html": PAGE, "bad": b"", "two.html": PAGE}, bad=TYPES[kind]))

    found = Read(path)

    assert found.collections == ["one", "two"]
    assert found.complaints == [("warning", "unsafe-member")]


def test_hidden_files_and_folders_of_a_tarball_are_no_pages(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tar", tar({"./._a.html": b"x", ".git/a": b"x", "a": b""}, a=tarfile.DIRTYPE))

    assert Read(path).items == []


def test_a_member_of_a_wacz_that_leads_out_of_it_or_is_a_link_is_skipped(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../archive/a.warc", WARC)
        link = zipfile.ZipInfo("archive/link.warc")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("archive/b.warc", WARC)

    found = Read(write(tmp_path / "a.wacz", out.getvalue()))

    assert len(found.pages) == 3
    assert found.complaints == [("error", "unsafe-member"), ("warning", "unsafe-member")]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, ZSTD], ids=["tar", "tar.gz", "tar.zst"])
def test_of_a_tarball_that_is_cut_in_half_all_whole_pages_are_read(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    data = pack(tar({f"{number}.html": random.Random(number).randbytes(50_000).hex().encode() for number in range(9)}))

    found = Read(write(tmp_path / "cut.tar", data[: len(data) // 2]))

    assert found.collections == [str(number) for number in range(len(found.pages))]
    assert 3 <= len(found.pages) <= 4
    assert {complaint[0] for complaint in found.complaints} == {"error"}
    assert any("(at byte " in issue.message for issue in found.issues)


def test_a_tarball_without_the_mark_of_its_end_may_be_cut_off(tmp_path: Path) -> None:
    found = Read(write(tmp_path / "cut.tar", tar({"a.html": b"x" * 512, "b.html": b"x" * 512})[:2048]))

    assert found.collections == ["a", "b"]
    assert found.complaints == [("warning", "damaged-archive")]


def test_behind_a_damaged_head_of_a_tarball_the_rest_is_read(tmp_path: Path) -> None:
    data = bytearray(tar({f"{number}.html": b"<p>" * 100 for number in range(4)}))
    data[1024:1100] = b"\xff" * 76

    found = Read(write(tmp_path / "bad.tar", bytes(data)))

    assert found.collections == ["0", "2", "3"]
    assert found.complaints == [("error", "damaged-archive")]


def test_a_head_of_a_tarball_that_would_take_all_memory_is_refused(tmp_path: Path) -> None:
    head = tarfile.TarInfo("././@PaxHeader")
    head.type, head.size = tarfile.XHDTYPE, 1 << 32
    data = tar({"a.html": PAGE})[:2048] + head.tobuf() + bytes(10_000)

    found = Read(write(tmp_path / "bad.tar", data))

    assert found.collections == ["a"]
    assert found.complaints == [("error", "damaged-archive")]


def test_behind_very_many_zeros_nothing_of_a_tarball_is_looked_for(tmp_path: Path) -> None:
    one, other = tar({"a.html": PAGE}), tar({"b.html": PAGE})

    near = Read(write(tmp_path / "near.tar", one + bytes(16_000_000) + other))
    far = Read(write(tmp_path / "far.tar", one + bytes(17_000_000) + other))

    assert (near.collections, near.issues) == (["a", "b"], [])
    assert far.collections == ["a"]
    assert far.complaints == [("error", "damaged-archive")]
    assert "more than 16 MiB of zeros (at byte " in far.issues[0].message


@pytest.mark.parametrize("cut", [30, 5000], ids=["in its directory", "in a record"])
def test_of_a_wacz_that_is_cut_off_the_whole_records_are_read(cut: int, tmp_path: Path) -> None:
    data = wacz({"archive/a.warc.gz": WARC_GZ})

    found = Read(write(tmp_path / "a.wacz", data[:-cut]))

    assert found.bodies == [page_body(number) for number in range(3 if cut == 30 else 2)]
    assert "the zip is damaged" in found.issues[0].message
    assert {complaint[0] for complaint in found.complaints} == {"error"}


def test_a_damaged_file_of_a_wacz_is_an_issue_and_the_next_read(tmp_path: Path) -> None:
    data = bytearray(wacz({"archive/a.warc": pages(1)[0], "archive/b.warc": WARC}))
    data[2000:2010] = b"\x00" * 10

    found = Read(write(tmp_path / "a.wacz", bytes(data)))

    assert found.bodies == [page_body(number) for number in range(3)]
    assert found.complaints == [("error", "damaged-archive")]
    assert "Bad CRC-32" in found.issues[0].message
    assert found.issues[0].url == file_url("a.wacz/archive/a.warc")


def test_a_zip_of_pages_is_read_as_a_folder_of_them(tmp_path: Path) -> None:
    members = {"a.html": PAGE, f"{HOST}/search?page=2": PAGE, "a_files/b.css": b"b{}", "__MACOSX/._a.html": b"x"}

    found = Read(write(tmp_path / "a.zip", wacz(members)))

    assert (found.urls, found.issues) == ([file_url("a.zip/a.html"), f"{SITE}/search?page=2"], [])
    assert found.skipped == {"text/css": 1}


def test_a_zip_of_warc_files_is_read(tmp_path: Path) -> None:
    found = Read(write(tmp_path / "a.zip", wacz({"crawl/a.warc.gz": response(packed=True)})))

    assert (found.urls, found.issues) == ([LISTING], [])


@pytest.mark.parametrize("top", ["", "./", "crawl/", "crawl/1/"])
def test_a_wacz_is_read_in_whatever_folder_of_its_zip_it_stands(top: str, tmp_path: Path) -> None:
    members = {"archive/a.warc": response(), "datapackage.json": b"{}", "pages/pages.jsonl": b"{}", "readme.txt": b"x"}

    found = Read(write(tmp_path / "a.wacz", wacz({top + name: body for name, body in members.items()})))

    assert (found.urls, found.issues) == ([LISTING], [])


def test_a_zip_of_an_office_program_is_an_issue(tmp_path: Path) -> None:
    document = wacz({"[Content_Types].xml": b"<x/>", "word/document.xml": PAGE})
    assert Read(write(tmp_path / "a.docx", document)).complaints == [("error", "unknown-archive")]


@pytest.mark.parametrize("magic", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x01", b"\x1f\x9d\x90", b"\x04\x22\x4d\x18"])
def test_an_archive_that_is_not_read_is_named_with_what_to_do(magic: bytes, tmp_path: Path) -> None:
    (issue,) = Read(write(tmp_path / "a.bin", magic + bytes(100))).issues

    assert (issue.level, issue.kind) == ("error", "unknown-archive")
    assert "unpack it, and harvest the folder" in issue.message


PARTS = {
    "a.zip.001": "a.zip",
    "a.z01": "a.zip",
    "a.part1.rar": "a.rar",
    "a.r00": "a.rar",
    "a.tar.gz.aa": "a.tar.gz",
    "a.tar.001": "a.tar",
    "a.warc.gz.part2": "a.warc.gz",
}


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_an_archive_that_was_cut_are_one_issue_with_what_to_do(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, wacz({"a.html": PAGE})[:60])
    write(tmp_path / name.replace("1", "2").replace("aa", "ab").replace("r00", "r01"), random.Random(0).randbytes(9000))

    found = Read(tmp_path)

    assert (found.pages, found.complaints) == ([], [("error", "unknown-archive")])
    assert f"a part of {PARTS[name]}, which was cut into several: " in found.issues[0].message


def test_the_only_part_of_a_zip_is_read_and_a_text_with_the_name_of_a_part_too(tmp_path: Path) -> None:
    write(tmp_path / "a.zip.001", wacz({"a.html": PAGE}))
    write(tmp_path / "b.tar.aa", PAGE)

    assert Read(tmp_path).bodies == [PAGE, PAGE]


SESSIONS = {
    "flows": b"1443:9:websocket;0:~8:response;401:6:reason;2:OK,",
    "flows.mitm": b"12:7:version;2:21#}",
    "a.chlsj": b'[{"status":"COMPLETE","method":"GET","protocolVersion":"HTTP/1.1"}]',
    "a.chls": b"\x00\x01charles",
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_of_a_proxy_is_named_with_how_to_write_it_as_har(name: str, tmp_path: Path) -> None:
    (issue,) = Read(write(tmp_path / name, SESSIONS[name])).issues

    assert (issue.level, issue.kind) == ("error", "unknown-archive")
    assert re.search("HAR|[.]har", issue.message)


def test_a_maff_is_read_as_the_zip_of_pages_that_it_is(tmp_path: Path) -> None:
    files = {"1/index.html": PAGE, "1/index.rdf": b"<RDF:RDF/>", "1/index_files/a.css": b"a{}"}

    found = Read(write(tmp_path / "a.maff", wacz(files)))

    assert (found.bodies, found.issues) == ([PAGE], [])


def test_each_encrypted_file_of_a_zip_is_an_issue_with_what_to_do_and_the_others_are_read(tmp_path: Path) -> None:
    packed = bytearray(wacz({"a.html": PAGE, "b.html": PAGE}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # APPNOTE, 4.3.7 and 4.3.12: flags
        packed[packed.index(mark) + offset] |= 1

    found = Read(write(tmp_path / "a.zip", bytes(packed)))

    assert (len(found.pages), found.complaints) == (1, [("error", "unreadable-file")])
    assert "it is encrypted: unpack the zip with its password, and harvest the folder" in found.issues[0].message


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (
            {"title": "Search", "byline": None, "content": PAGE.decode(), "textContent": "x", "url": LISTING},
            PAGE.decode(),
        ),
        ({"title": "Search", "raw_text": "Results: 1 - 1 of 1", "source": LISTING}, "Results: 1 - 1 of 1"),
    ],
)
def test_the_json_of_a_reader_is_the_page_that_it_holds(keys: dict[str, object], text: str, tmp_path: Path) -> None:
    for name, value in (("a.json", keys), ("b.json", {"code": 200, "data": keys}), ("c.json", [keys])):
        (page,) = Read(write(tmp_path / name, json.dumps(value).encode())).pages

        assert page.capture.url == LISTING
        assert text in page.capture.body.decode()


def test_json_of_something_else_is_passed_over_by_kind(tmp_path: Path) -> None:
    values = {"title": "Search", "parts": [{"text": "Results", "url": LISTING}]}

    found = Read(write(tmp_path / "a.json", json.dumps(values).encode()))

    assert (found.pages, found.issues) == ([], [])
    assert dict(found.skipped) == {"application/json": 1}


def test_the_json_of_a_reader_that_is_damaged_is_an_issue_with_what_to_do(tmp_path: Path) -> None:
    found = Read(write(tmp_path / "a.json", b'{"title": "Search", "content": "<p>Results'))

    assert found.complaints == [("error", "unreadable-file")]
    assert "save the page anew" in found.issues[0].message


@pytest.mark.parametrize("pack", [lzma.compress, bz2.compress, gzip.compress, ZSTD])
def test_a_tarball_is_read_in_any_compression(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    found = Read(write(tmp_path / "a.tar.any", pack(tar({f"{HOST}/search?page=2": PAGE}))))

    assert (found.urls, found.issues) == ([f"{SITE}/search?page=2"], [])


@pytest.mark.parametrize(
    "pack", [tar, wacz, lambda files: gzip.compress(tar(files)), lambda files: wacz({"b.zip": wacz(files)})]
)
def test_a_wacz_within_another_file_is_read(pack: Callable[[dict[str, bytes]], bytes], tmp_path: Path) -> None:
    inner = wacz({"archive/a.warc": WARC, "datapackage.json": b"{}", "pages/pages.jsonl": b"{}"})
    alone = Read(write(tmp_path / "a.wacz", inner))

    found = Read(write(tmp_path / "a.any", pack({"a.wacz": inner, "b.html": PAGE})))

    assert found.urls[:-1] == alone.urls
    assert found.collections[-1] == "b"
    assert found.issues == []


def test_of_a_damaged_zip_within_a_tarball_the_records_are_read(tmp_path: Path) -> None:
    with_record = wacz({"archive/a.warc": WARC})[:-30]
    found = Read(write(tmp_path / "a.tar", tar({"a.wacz": with_record, "b.html": PAGE})))

    assert {*found.complaints} == {("error", "damaged-archive")}
    assert found.collections == [*Read(write(tmp_path / "a.warc", WARC)).collections, "b"]


def test_a_zip_within_another_file_that_is_too_large_is_to_be_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "_MAX_PACKED", 100)
    found = Read(write(tmp_path / "a.tar", tar({"a.wacz": wacz({"archive/a.warc": WARC}), "b.html": PAGE})))

    assert found.collections == ["b"]
    assert found.complaints == [("error", "packed-wacz")]
    assert "unpack" in found.issues[0].message
    assert found.issues[0].url == file_url("a.tar/a.wacz")


def test_a_wacz_that_is_none_inside_is_a_page_that_nobody_can_read(tmp_path: Path) -> None:
    found = Read(write(tmp_path / "a.wacz", b"nonsense"))

    assert found.urls == [file_url("a.wacz")]


def test_an_empty_file_and_a_folder_of_nonsense_are_handed_on_and_no_error(tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / "top" / f"{number:02}", random.Random(number).randbytes(number * 500))

    assert len(Read(tmp_path / "top").pages) == 20


def bomb(size: int) -> bytes:
    """A gzip file of zeros."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as file:
        for _ in range(size // 1_000_000):
            file.write(bytes(1_000_000))
    return out.getvalue()


def test_a_page_that_unpacks_to_very_much_is_an_issue_and_takes_no_memory(tmp_path: Path) -> None:
    zeros = zstandard.ZstdCompressor().compress(bytes(300_000_000))
    folder = tmp_path / "top"
    write(folder / "a.html.gz", bomb(300_000_000))
    write(folder / "b.html.zst", zeros)
    write(folder / "c.tar", tar({"c.html.gz": bomb(100_000_000), "d.html": b"x" * 40_000_000, "e.html": PAGE}))
    del zeros

    tracemalloc.start()
    found = Read(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found.collections == ["e"]
    assert found.complaints == [("error", "unreadable-file")] * 4
    assert [issue.url for issue in found.issues][2] == file_url("c.tar/c.html.gz")
    assert peak < 150_000_000


def test_a_file_packed_many_times_is_not_unpacked_for_ever(tmp_path: Path) -> None:
    data = PAGE
    for _ in range(10):
        data = gzip.compress(data)

    assert Read(write(tmp_path / "a.gz", data)).complaints == [("error", "unreadable-file")]


@pytest.mark.parametrize("pack", [gzip.compress, ZSTD], ids=["gzip", "zstd"])
def test_a_packed_page_that_is_cut_off_or_followed_by_others_things_is_an_issue(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    packed = pack(page_body(1))
    write(tmp_path / "top" / "a.html", packed[:-9])
    write(tmp_path / "top" / "b.html", packed + b"more")
    write(tmp_path / "top" / "c.html", packed + bytes(100))

    found = Read(tmp_path / "top")

    assert found.collections == ["c"]
    assert found.complaints == [("error", "unreadable-file")] * 2


def test_links_to_nothing_pipes_and_files_that_may_not_be_read_are_issues(tmp_path: Path) -> None:
    write(tmp_path / "top" / "a.txt")
    (tmp_path / "top" / "gone.txt").symlink_to("nowhere")
    os.mkfifo(tmp_path / "top" / "pipe.txt")

    found = Read(tmp_path / "top")

    assert found.collections == ["a"]
    assert [issue.url for issue in found.issues] == [file_url("gone.txt"), file_url("pipe.txt")]


def test_memory_does_not_grow_with_a_tarball(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.tar"
        with tarfile.open(path, "w:gz", compresslevel=1) as archive:
            for number in range(count):
                head = tarfile.TarInfo(f"{HOST}/document/{number}.html")
                head.size = 50_000
                archive.addfile(head, io.BytesIO(bytes(50_000)))
        tracemalloc.start()
        skipped: Counter[str] = Counter()
        assert sum(1 for _ in read_archive(path, NOTHING, skipped)) == count
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert skipped == {}
        return size

    peak(50)
    # The members have 75 and 15 MB; a buffer of what is unpacked may be twice as large at one place as at another.
    assert peak(1500) < peak(300) + 3_000_000


# One bad part does not end the rest


def hung(body: bytes, tmp_path: Path) -> Read:
    return Read(write(tmp_path / "mirror.tar", body))


def head_with_size(name: str, size: bytes) -> bytes:
    """The head of a file in a tar, with its size in bytes of our own (POSIX octal or GNU base 256)."""
    info = tarfile.TarInfo(name)
    head = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    head[124:136] = size
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def test_a_tar_that_says_that_a_file_has_exabytes_ends_where_it_ends(tmp_path: Path) -> None:
    huge = b"\x80" + (2**62).to_bytes(11, "big")
    good = tar({"a.html": PAGE})[:-1024]
    for name in ("b.html", ".hidden", "b.png"):
        read = hung(good[: len(good) - len(good) % 512] + head_with_size(name, huge) + b"\0" * 512, tmp_path)

        assert read.bodies == [PAGE]
        assert ("error", "damaged-archive") in read.complaints or ("error", "unreadable-file") in read.complaints


def test_a_sparse_file_in_a_tar_is_refused_and_what_follows_is_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        sparse = tarfile.TarInfo("holes.html")
        sparse.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(2**62)}
        sparse.size = 1
        archive.addfile(sparse, io.BytesIO(b"x"))
        after = tarfile.TarInfo("after.html")
        after.size = len(PAGE)
        archive.addfile(after, io.BytesIO(PAGE))
    read = hung(out.getvalue(), tmp_path)

    assert read.bodies == [PAGE]
    assert read.complaints == [("error", "unsafe-member")]


def test_a_thousand_heads_of_long_names_in_a_row_are_one_issue(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for _ in range(1500):
            head = tarfile.TarInfo("././@LongLink")
            head.type, head.size = tarfile.GNUTYPE_LONGNAME, 5
            archive.addfile(head, io.BytesIO(b"name\0"))
    read = hung(out.getvalue(), tmp_path)

    assert {kind for _, kind in read.complaints} == {"damaged-archive"}


@pytest.mark.parametrize(
    "date", [b"0001-01-01T00:00:00+14:00", b"0001-01-01T00:30:00+01:00", b"9999-12-31T23:59:59-14:00", b"yesterday"]
)
def test_a_record_with_a_date_that_no_calendar_holds_does_not_end_the_archive(date: bytes, tmp_path: Path) -> None:
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE
    url = b"https://digitalarchive.wilsoncenter.org/search?page="

    def record(number: int, at: bytes) -> bytes:
        head = (
            b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:%032d>\r\nWARC-Date: %s\r\n"
            b"WARC-Target-URI: %s%d\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n"
        )
        return head % (number, at, url, number, len(http)) + http + b"\r\n\r\n"

    read = warc(tmp_path, record(1, date), record(2, b"2025-03-01T12:00:00Z"))

    assert f"{url.decode()}2" in read.urls
    assert len(read.pages) == 2 or read.complaints


@pytest.mark.parametrize("fault", ["lzma", "version", "name"])
def test_a_bad_member_of_a_wacz_does_not_end_the_archive(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "crawl.wacz"
    with zipfile.ZipFile(path, "w") as archive:
        method = zipfile.ZIP_LZMA if fault == "lzma" else zipfile.ZIP_STORED
        archive.writestr("archive/a.warc", b"x" * 4000, compress_type=method)
        archive.writestr("archive/b.html", PAGE)
    data = bytearray(path.read_bytes())
    if fault == "lzma":
        data[52:72] = b"\xff" * 20
    elif fault == "version":
        data[data.index(b"PK\x01\x02") + 6] = 99
    else:
        place = data.rindex(b"archive/a.warc")
        data[place : place + 14] = b"archive/\xff\xfe\xfd.xx"
        data[data.rindex(b"PK\x01\x02", 0, place) + 9] |= 0x08  # the name is said to be UTF-8
    path.write_bytes(data)
    read = Read(path)

    assert {level for level, _ in read.complaints} == {"error"}
    assert fault != "lzma" or read.bodies == [PAGE]


# What is small takes little


FALSE_BEGINNINGS = {
    "heads without an end": b"WARC/1.0\r\nA:" * 1_000_000,
    "records that end elsewhere": b"WARC/1.0\r\nContent-Length: 5\r\n\r\n" * 400_000,
    "records that claim all the rest": b"WARC/1.0\r\nContent-Length: 99999999999\r\n\r\n" * 400_000,
    "gzip members without a record": b"WARC/1.0\r\nContent-Length: 5\r\n\r\n" + b"\x1f\x8b\x08" * 5_000_000,
}


@pytest.mark.parametrize("kind", FALSE_BEGINNINGS)
def test_a_small_file_full_of_false_beginnings_is_not_searched_for_ever(kind: str, tmp_path: Path) -> None:
    found = Read(write(tmp_path / "a.warc.zst", ZSTD(FALSE_BEGINNINGS[kind])))

    assert found.pages == []
    assert len(found.issues) < 5000
    assert "the rest is not read" in found.issues[-1].message


def test_what_a_file_unpacks_to_is_bounded_through_all_that_it_is_packed_in(tmp_path: Path) -> None:
    long = b"".join(response(page_url(number), b" " * 15_000_000) for number in range(4))

    found = Read(write(tmp_path / "a.warc.zst", ZSTD(gzip.compress(long))))

    assert 1 <= len(found.pages) < 4
    assert "it unpacks to more than 1,000 times its size" in found.issues[-1].message


def test_a_member_of_a_wacz_that_unpacks_to_very_much_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("archive/a.warc", bytes(100_000_000))
        archive.writestr("archive/b.warc", WARC)

    found = Read(write(tmp_path / "a.wacz", out.getvalue()))

    assert len(found.pages) == 3
    assert found.complaints == [("error", "unsafe-member")]


# Timestamps


def test_a_record_from_the_future_is_an_issue_and_its_timestamp_unknown(tmp_path: Path) -> None:
    found = warc(tmp_path, response(warc={"WARC-Date": "2999-01-01T00:00:00Z"}), response(page_url(2)))

    assert [page.capture.captured_at is None for page in found.pages] == [True, False]
    assert ("warning", "future-timestamp") in found.complaints
    assert "(at byte 0)" in found.issues[0].message


def test_a_revisit_from_the_future_is_an_issue_and_no_page(tmp_path: Path) -> None:
    from_the_future = response(body=b"", kind="revisit", warc={"WARC-Date": "2999-01-01T00:00:00Z"})

    found = warc(tmp_path, response(), from_the_future)

    assert found.urls == [LISTING]
    assert found.complaints == [("warning", "future-timestamp"), ("warning", "no-instant")]


def test_a_record_of_a_clock_that_is_a_minute_ahead_keeps_its_timestamp(tmp_path: Path) -> None:
    ahead = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(minutes=1)

    found = warc(tmp_path, response(warc={"WARC-Date": ahead.strftime("%Y-%m-%dT%H:%M:%SZ")}))

    assert found.pages[0].capture.captured_at == ahead
    assert found.complaints == []


def test_a_listed_page_from_the_future_keeps_its_url_and_no_timestamp(tmp_path: Path) -> None:
    write(tmp_path / "top" / "a.html")
    write(tmp_path / "top" / "pages.csv", f"file,url,captured_at\na.html,{LISTING},2999-01-01\n".encode())

    found = Read(tmp_path / "top")

    assert (found.urls, found.pages[0].capture.captured_at) == ([LISTING], None)
    assert found.complaints == [("warning", "future-timestamp")]


def test_the_raw_zone_of_the_warehouse_is_no_source_for_it(tmp_path: Path) -> None:
    raw = write(tmp_path / "warehouse" / "raw" / "a.warc.gz", WARC_GZ).parent
    (tmp_path / "link").symlink_to(raw)

    for path in (raw, raw / "a.warc.gz", tmp_path / "link"):
        with pytest.raises(UsageError, match="raw zone of the warehouse"):
            SavedPages(SourceRequest(str(path), NOTHING, tmp_path / "warehouse")).check()


def test_an_arc_record_that_ends_early_and_what_is_none_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    head = f"{LISTING} 192.0.2.1 20250102030405 text/html".encode()
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE
    version = b"filedesc://a.arc 0.0.0.0 20250102030405 text/plain 3\nx\n\n\n"
    good = b"%b %d\n%b\n" % (head, len(http), http)
    cut = b"%b %d\n%b" % (head, len(http) + 1000, http)

    found = Read(write(tmp_path / "a.arc", version + b"no record\n" + good + cut))

    assert found.urls[0] == LISTING
    assert {kind for _, kind in found.complaints} == {"damaged-archive"}
    assert any("no ARC record begins here" in issue.message for issue in found.issues)
    assert any("ends early" in issue.message for issue in found.issues)


@pytest.mark.parametrize("text", ['{"log": {"entries": [', '{"log": {"entries": [{}, 7]}}', '{"log": {"entries": 5'])
def test_a_har_that_is_damaged_is_named(text: str, tmp_path: Path) -> None:
    found = Read(write(tmp_path / "a.har", text.encode()))

    assert found.pages == []
    assert {kind for _, kind in found.complaints} == {"damaged-archive"}


def test_what_a_wacz_holds_outside_its_folder_of_records_is_read(tmp_path: Path) -> None:
    members = {"datapackage.json": b"{}", "archive/a.warc": response(), "raw/b.warc": response(page_url(7))}

    found = Read(write(tmp_path / "a.wacz", wacz(members)))

    assert len(found.pages) == 2


@pytest.mark.parametrize("pack", [tar, wacz])
def test_paths_of_windows_within_an_archive_are_paths(
    pack: Callable[[dict[str, bytes]], bytes], tmp_path: Path
) -> None:
    name = f"{HOST}\\search@f[0]=topics%3A86494"

    found = Read(write(tmp_path / "a", pack({name: PAGE})))

    assert found.collections == ["topics-86494"]


def test_a_listing_that_waybackpack_named_without_its_query_has_no_address(tmp_path: Path) -> None:
    write(tmp_path / "20250301120000" / HOST / "search", b"1 - 2 of 4")

    (page,) = Read(tmp_path).pages

    assert page.capture.url.startswith("urn:wcda:file:")
    assert page.capture.captured_at == dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)
