"""Web archives: what they have is found and comes as it was captured; what they do not have, or not whole, is said."""

import datetime as dt
import gzip
import json
import math
import re
from base64 import b32encode
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest

from extractors.known_pages import KnownPages
from extractors.landing import Landing
from extractors.parsed_cache import ParsedCache
from extractors.raw_zone import RawZone
from extractors.sources import Choice
from extractors.sources.wayback.archive import read_wayback
from extractors.sources.wayback.cdx import MAX_LINES
from extractors.warc.landed import LandedCapture
from extractors.warc.reader import read_records
from extractors.wilson_center.catalog import Archive, Catalog, CatalogEntry, Politeness, Wayback
from extractors.wilson_center.layouts import LAYOUTS
from extractors.wilson_center.urls import PATH_PREFIXES
from schemas.errors import SiteStoppedError, SourceError
from schemas.issues import Issue
from schemas.records import ArchivedPage, Item, Reference
from tests.archives.playing import playing

SITE = "https://digitalarchive.wilsoncenter.org"
CHINA = f"{SITE}/search?f[0]=topics:1"
HTML = ("Content-Type", "text/html; charset=UTF-8")
COLUMNS = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
IN_MARCH, IN_APRIL, IN_MAY = "20250301120000", "20250401120000", "20250501235959"
ALL = Choice(captures="all")
NOTHING_KNOWN = KnownPages([])
Dialect = Literal["rows", "objects"]
DIALECTS: tuple[Dialect, ...] = ("rows", "objects")


@dataclass
class Captured:
    """A capture in the store of a web archive, and how it is played."""

    url: str
    timestamp: str = IN_MARCH
    body: bytes = b"<html>"
    status: str = "200"
    headers: tuple[tuple[str, str], ...] = (HTML,)
    played_status: int = 200
    digest: str | None = None

    @property
    def shown_digest(self) -> str:
        return _digest(self.body) if self.digest is None else self.digest


@cache
def _digest(body: bytes) -> str:
    return b32encode(sha1(body).digest()).decode()


@dataclass
class Store:
    """A web archive.

    Attributes:
        index_text: What the index answers, in place of what it has.
        most: Lines that the index gives at once, whatever it is asked for.
        asked: Paths, with their queries.
    """

    dialect: Dialect
    captures: list[Captured]
    index_text: str | None = None
    index_status: int = 200
    most: int = 10**9
    ignores_filters: bool = False
    url: str = ""
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)

    def index(self, query: dict[str, str], filters: Iterable[str] = ()) -> str:
        found = [
            each
            for each in sorted(self.captures, key=lambda each: (each.url, each.timestamp))
            if each.url.split("://", 1)[-1].replace(":80/", "/").startswith(query["url"])
            and query["from"] <= each.timestamp <= query["to"]
            and (self.ignores_filters or _is_wanted(each, filters))
        ]
        assert (query["matchType"], query["output"]) == ("prefix", "json")
        start = int(query.get("resumeKey", "org,wilsoncenter)/ 0!").split()[-1].removesuffix("!"))
        end = start + min(int(query["limit"]), self.most)
        if self.dialect == "objects":
            return "".join(json.dumps(_fields(each)) + "\n" for each in found[start:end])
        rows: list[list[str]] = [_row(each) for each in found[start:end]]
        if end < len(found) and query["showResumeKey"] == "true":
            rows += [[], [f"org%2Cwilsoncenter%29%2F+{end}%21"]]
        return json.dumps([COLUMNS, *rows]) if rows else "[]"

    def play(self, path: str) -> Captured | None:
        timestamp, _, url = path.partition("id_/")
        return next((each for each in self.captures if (each.timestamp, each.url) == (timestamp, url)), None)

    @property
    def played(self) -> list[str]:
        return sorted(path for path in self.asked if "id_/" in path)


def _is_wanted(each: Captured, filters: Iterable[str]) -> bool:
    """Whether all filters of the form `~digest:PATTERN`, or `!` and that, let a capture pass."""
    parts = [one.partition("~digest:") for one in filters]
    return all((re.match(pattern, each.shown_digest) is None) == (sign == "!") for sign, _, pattern in parts)


def _row(each: Captured) -> list[str]:
    return ["key", each.timestamp, each.url, "text/html", each.status, each.shown_digest, "123"]


def _fields(each: Captured) -> dict[str, str]:
    fields = {"urlkey": "key", "timestamp": each.timestamp, "url": each.url, "digest": each.shown_digest}
    return fields if each.status == "-" else fields | {"status": each.status, "mime": "text/html"}


@contextmanager
def serving(store: Store) -> Iterator[Store]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            store.asked.append(self.path)
            store.agents.add(self.headers["User-Agent"])
            parts = urlsplit(self.path)
            if parts.path == "/web/cdx":
                query = parse_qsl(parts.query)
                filters = [value for name, value in query if name == "filter"]
                text = store.index(dict(query), filters) if store.index_text is None else store.index_text
                self.answer(store.index_status, text.encode())
                return
            capture = store.play(self.path.removeprefix("/web/"))
            if capture is None:
                self.answer(404, b"not in the archive")
            else:
                self.answer(capture.played_status, capture.body, *capture.headers)

        def answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    store.url = f"http://127.0.0.1:{server.server_address[1]}/web"
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def catalog_of(store: Store, *entries: CatalogEntry, **politeness: Any) -> Catalog:
    return Catalog(
        politeness=Politeness(**{"attempts": 2, "backoff_seconds": 0.001, "contact": "a@b.org"} | politeness),
        wayback=Wayback(url=store.url, pages_per_second=math.inf, queries_per_second=math.inf),
        collections=entries,
    )


def read(store: Store, choice: Choice = ALL, *entries: CatalogEntry, skipped: Counter[str] | None = None) -> list[Item]:
    catalog = catalog_of(store, *entries)
    return list(read_wayback(catalog, choice, NOTHING_KNOWN, Counter() if skipped is None else skipped))


def having(*captures: Captured, dialect: Dialect = "rows", **more: Any) -> Any:
    return serving(Store(dialect, list(captures), **more))


def pages(items: list[Item]) -> list[ArchivedPage]:
    return [item for item in items if isinstance(item, ArchivedPage)]


def issues(items: list[Item]) -> list[Issue]:
    return [item for item in items if isinstance(item, Issue)]


def instant(timestamp: str) -> dt.datetime:
    return dt.datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)


def instants(items: list[Item]) -> list[str]:
    return [f"{page.capture.captured_at:%Y%m%d%H%M%S}" for page in pages(items)]


# What comes


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_capture_comes_with_its_own_address_instant_and_collection_in_both_dialects(dialect: Dialect) -> None:
    url = "http://digitalarchive.wilsoncenter.org:80/search?f%5B0%5D=topics%3A1&page=2"
    with having(Captured(url, body=b"<html>one"), dialect=dialect) as store:
        items = read(store)

    (page,) = pages(items)
    assert not issues(items)
    assert (page.capture.url, page.capture.captured_at) == (url, instant(IN_MARCH))
    assert (page.capture.body, page.capture.http_status) == (b"<html>one", 200)
    assert page.capture.content_type == "text/html; charset=UTF-8"
    assert page.collection == CatalogEntry(facets=("topics:1",)).collection
    assert page.capture.collection_id == "topics-1"
    assert page.payload_digest == Captured(url, body=b"<html>one").shown_digest


@pytest.mark.parametrize("dialect", DIALECTS)
def test_pages_of_the_old_site_are_listings_too(dialect: Dialect) -> None:
    old = [f"{SITE}/search-results/1/%7B%22subject%22:%22658%22%7D?recordType=Record", f"{SITE}/collection/31/mao/2"]
    with having(*(Captured(url) for url in old), dialect=dialect) as store:
        items = read(store)

    assert sorted(page.capture.url for page in pages(items)) == sorted(old)
    assert {page.collection.kind for page in pages(items)} == {"old-search", "collection"}


def test_pages_of_every_kind_that_has_layouts_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("document", "term"):
        monkeypatch.setitem(LAYOUTS, kind, ())
    urls = [CHINA, f"{SITE}/document/110000", f"{SITE}/document/a-letter", f"{SITE}/people/mao", f"{SITE}/places/china"]
    written_otherwise = Captured(f"http://{urls[2].removeprefix('https://')}/?", body=b"later", timestamp=IN_APRIL)
    with having(*(Captured(url) for url in urls), written_otherwise) as store:
        every, latest = read(store), read(store, Choice())

    assert sorted(page.capture.url for page in pages(every)) == sorted([*urls, written_otherwise.url])
    assert {page.collection and page.collection.collection_id for page in pages(every)} == {None, "topics-1"}
    assert sorted(page.capture.url for page in pages(latest)) == sorted([*urls[:2], *urls[3:], written_otherwise.url])


def test_the_catalog_names_a_collection() -> None:
    entry = CatalogEntry(name="China", facets=("topics:1",))
    with having(Captured(CHINA)) as store:
        (page,) = pages(read(store, ALL, entry))

    assert page.collection == entry.collection
    assert page.collection.name == "China"


def test_an_archive_elsewhere_is_asked_for_by_its_host_and_port() -> None:
    with having(Captured("http://127.0.0.1:8000/search?page=1"), Captured(CHINA)) as store:
        catalog = catalog_of(store).model_copy(update={"archive": Archive(url="http://127.0.0.1:8000")})
        items = list(read_wayback(catalog, ALL, NOTHING_KNOWN, Counter()))

    assert [page.collection.collection_id for page in pages(items)] == ["all"]


def test_it_is_told_who_asks_and_robots_txt_is_not_read() -> None:
    with having(Captured(CHINA)) as store:
        read(store)

    assert store.agents == {f"wcda/{version('wcda')} (+a@b.org)"}
    assert not [path for path in store.asked if "robots" in path]


def test_the_instant_is_that_of_memento_datetime() -> None:
    headers = (HTML, ("Memento-Datetime", "Sat, 01 Mar 2025 12:00:07 GMT"))
    with having(Captured(CHINA, headers=headers)) as store:
        (page,) = pages(read(store))

    assert page.capture.captured_at == instant("20250301120007")
    assert page.payload_digest is None  # the index tells the digest of another capture


def test_a_memento_datetime_that_is_none_leaves_the_instant_of_the_address() -> None:
    with having(Captured(CHINA, headers=(HTML, ("Memento-Datetime", "soon")))) as store:
        (page,) = pages(read(store))

    assert page.capture.captured_at == instant(IN_MARCH)


@pytest.mark.parametrize(
    "choice", [ALL, Choice(captures="latest"), Choice(captures="all", until=dt.date(2999, 12, 31))]
)
@pytest.mark.parametrize("body", [b"<html>", b"<html>another"], ids=["of the same body", "of another body"])
def test_a_capture_of_the_index_from_the_future_is_an_issue_and_replaces_none(choice: Choice, body: bytes) -> None:
    captures = [Captured(CHINA), Captured(CHINA, "29990101000000", body)]
    text = json.dumps([COLUMNS, *map(_row, captures)])
    with having(*captures, index_text=text) as store:
        found = read(store, choice)

    assert instants(found) == [IN_MARCH]
    assert [issue.kind for issue in issues(found)] == ["future-timestamp"]


def test_a_memento_datetime_from_the_future_is_not_believed_whatever_days_are_wanted() -> None:
    headers = (HTML, ("Memento-Datetime", "Tue, 01 Jan 2999 00:00:00 GMT"))
    with having(Captured(CHINA, headers=headers)) as store:
        found = read(store, Choice(captures="all", until=dt.date(2999, 12, 31)))

    assert pages(found) == []
    assert [issue.kind for issue in issues(found)] == ["fetch-failed"]


# Headers and bodies


PACKED = gzip.compress(b"<html>one")


def played(dialect: Dialect, body: bytes, *headers: tuple[str, str]) -> tuple[dict[str, str], bytes]:
    with having(Captured(CHINA, body=body, headers=headers), dialect=dialect) as store:
        (page,) = pages(read(store))
    assert len({name.lower() for name, _ in page.capture.headers}) == len(page.capture.headers)
    return {name.lower(): value for name, value in page.capture.headers}, page.capture.body


def test_headers_that_the_internet_archive_renamed_have_their_names_again_and_its_own_are_gone() -> None:
    found, body = played(
        "rows",
        b"<html>one",
        ("Server", "nginx of the archive"),
        ("X-Archive-Orig-Server", "nginx"),
        ("x-archive-orig-date", "Sat, 01 Mar 2025 12:00:00 GMT"),
        ("X-Archive-Orig-Content-Length", "9"),
        ("X-Archive-Orig-Transfer-Encoding", "chunked"),
        ("X-Archive-Orig-Connection", "close"),
        ("X-Archive-Src", "a.warc.gz"),
        ("Link", '<x>; rel="timegate"'),
        HTML,
    )

    assert body == b"<html>one"
    assert found == {
        "server": "nginx",
        "date": "Sat, 01 Mar 2025 12:00:00 GMT",
        "content-length": "9",
        "content-type": "text/html; charset=UTF-8",
    }


ORIGINALLY_PACKED = ("X-Archive-Orig-Content-Encoding", "gzip")
PACKINGS: dict[str, tuple[bytes, list[tuple[str, str]], str | None, bytes]] = {
    "captured packed": (PACKED, [ORIGINALLY_PACKED, ("Content-Encoding", "gzip")], "gzip", PACKED),
    "captured packed, not said any more": (PACKED, [ORIGINALLY_PACKED], "gzip", PACKED),
    "captured packed, never said": (PACKED, [], "gzip", PACKED),
    "captured packed, said emptily": (PACKED, [ORIGINALLY_PACKED, ("content-encoding", "")], "gzip", PACKED),
    "captured packed, said with a comma": (PACKED, [ORIGINALLY_PACKED, ("Content-Encoding", ", gzip")], "gzip", PACKED),
    "captured packed, unpacked since": (b"<html>one", [ORIGINALLY_PACKED], None, b"<html>one"),
    "packed for the way": (PACKED, [("Content-Encoding", "gzip")], None, b"<html>one"),
}


@pytest.mark.parametrize(("body", "headers", "coding", "captured"), PACKINGS.values(), ids=PACKINGS)
def test_a_body_of_the_internet_archive_is_as_it_was_captured(
    body: bytes, headers: list[tuple[str, str]], coding: str | None, captured: bytes
) -> None:
    found, came = played("rows", body, HTML, ("X-Archive-Orig-Content-Length", str(len(PACKED))), *headers)

    assert came == captured
    assert found.get("content-encoding") == coding
    assert ("content-length" in found) == (captured == PACKED)


def test_headers_of_pywb_are_those_that_were_captured_without_its_own() -> None:
    found, body = played(
        "objects",
        PACKED,
        HTML,
        ("Content-Encoding", "gzip"),
        ("X-Archive-Orig-Date", "Sat, 01 Mar 2025 12:00:00 GMT"),
        ("X-Archive-Orig-Transfer-Encoding", "chunked"),
        ("Link", f'<{CHINA}>; rel="canonical"'),
        ("X-Generator", "Drupal 10"),
        ("Memento-Datetime", "Sat, 01 Mar 2025 12:00:00 GMT"),
        ("Link", f'<{CHINA}>; rel="original", <http://a/{CHINA}>; rel="timegate"'),
        ("Content-Location", "http://a/"),
        ("Preference-Applied", "raw"),
        ("Date", "Sun, 22 Nov 2026 13:59:45 GMT"),
    )

    assert body == PACKED
    assert found == {
        "content-type": "text/html; charset=UTF-8",
        "content-encoding": "gzip",
        "content-length": str(len(PACKED)),
        "date": "Sat, 01 Mar 2025 12:00:00 GMT",
        "link": f'<{CHINA}>; rel="canonical"',
        "x-generator": "Drupal 10",
    }


def test_a_body_that_pywb_unpacked_is_not_called_packed() -> None:
    found, body = played("objects", b"<html>one", HTML, ("X-Archive-Orig-Content-Encoding", "br"))

    assert body == b"<html>one"
    assert "content-encoding" not in found


# Which captures


FORMS = [CHINA, f"{SITE}/search?f%5B0%5D=topics%3A1", CHINA.replace("https", "http")]


@pytest.mark.parametrize(("captures", "wanted"), [("earliest", [IN_MARCH]), ("latest", [IN_MAY]), ("all", None)])
def test_of_each_page_the_earliest_the_latest_or_all_are_chosen_however_its_address_was_written(
    captures: Literal["earliest", "latest", "all"], wanted: list[str] | None
) -> None:
    times = [IN_APRIL, IN_MARCH, IN_MAY]
    stored = [Captured(url, at, body=at.encode()) for url, at in zip(FORMS, times, strict=True)]
    with having(*stored) as store:
        items = read(store, Choice(captures=captures))

    assert instants(items) == (sorted(times) if wanted is None else wanted)


def test_pages_of_one_collection_and_of_another_size_are_different_pages() -> None:
    addresses = [CHINA, f"{CHINA}&page=1", f"{CHINA}&items_per_page=100", f"{SITE}/search?f[0]=topics:2"]
    with having(*(Captured(url, body=url.encode()) for url in addresses)) as store:
        assert len(pages(read(store, Choice()))) == 4


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_first_and_the_last_day_are_within_the_limits(dialect: Dialect) -> None:
    times = ["20250331235959", "20250401000000", IN_APRIL, IN_MAY, "20250502000000"]
    with having(*(Captured(CHINA, at, body=at.encode()) for at in times), dialect=dialect) as store:
        items = read(store, Choice(dt.date(2025, 4, 1), dt.date(2025, 5, 1), "all"))

    assert instants(items) == times[1:4]


def test_a_run_limited_to_collections_asks_for_them_alone() -> None:
    with having(Captured(CHINA), Captured(f"{SITE}/search?f[0]=topics:2"), Captured(f"{SITE}/search")) as store:
        items = read(store, Choice(collections=("topics-1", "topics-3")))

    assert [page.collection.collection_id for page in pages(items)] == ["topics-1"]
    assert issues(items) == []
    assert len(store.played) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_no_listing_or_a_redirect_is_counted_and_what_had_failed_is_said(dialect: Dialect) -> None:
    counted: Counter[str] = Counter()
    stored = [
        Captured(f"{SITE}/search-tips"),
        Captured(f"{SITE}/search?field_date=1950"),
        Captured(f"{SITE}/search?page=1", status="301"),
        Captured(f"{SITE}/search?page=2", status="404"),
        Captured(f"{SITE}/search?page=3", status="503"),
        Captured(f"{SITE}/search?page=4", status="206"),
        Captured(CHINA),
    ]
    with having(*stored, dialect=dialect) as store:
        items = read(store, skipped=counted)

    assert counted == {"not a page that is read": 2, "redirect": 1, "HTTP 206": 1}
    assert [page.capture.url for page in pages(items)] == [CHINA]
    assert store.played == [f"/web/{IN_MARCH}id_/{CHINA}"]
    assert [(issue.level, issue.url) for issue in issues(items)] == [
        ("warning", f"{SITE}/search?page=2"),
        ("warning", f"{SITE}/search?page=3"),
    ]
    assert "2025-03-01T12:00:00Z: HTTP 503" in issues(items)[1].message


# One body


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_body_is_asked_for_once_and_its_other_captures_refer_to_it(dialect: Dialect) -> None:
    stored = [
        Captured(CHINA, IN_MARCH, b"one", status="-"),  # a reference, whose original is older than the limit, say
        Captured(FORMS[1], IN_APRIL, b"one"),
        Captured(CHINA, IN_MAY, b"one"),
        Captured(CHINA, "20250601000000", b"two"),
    ]
    with having(*stored, dialect=dialect) as store:
        first, *others, last = pages(read(store))

    assert len(store.played) == 2
    assert (first.capture.captured_at, first.capture.body, first.revisits) == (instant(IN_APRIL), b"one", None)
    digest = stored[0].shown_digest
    assert first.payload_digest == digest
    reference = Reference(url=first.capture.url, captured_at=instant(IN_APRIL), digest=digest)
    assert [(page.capture.captured_at, page.capture.body, page.revisits) for page in others] == [
        (instant(IN_MAY), b"", reference),
        (instant(IN_MARCH), b"", reference),
    ]
    assert last.capture.body == b"two"


def test_a_reference_whose_original_is_not_there_is_asked_for_itself() -> None:
    with having(Captured(CHINA, body=b"one", status="-")) as store:
        (page,) = pages(read(store))

    assert page.capture.body == b"one"


def test_captures_without_a_digest_are_not_taken_for_one_another() -> None:
    with having(Captured(CHINA, IN_MARCH, digest="-"), Captured(CHINA, IN_MAY, digest="-")) as store:
        found = pages(read(store))

    assert [(page.payload_digest, page.capture.body) for page in found] == [(None, b"<html>"), (None, b"<html>")]


def test_the_same_body_at_two_pages_is_asked_for_at_each() -> None:
    with having(Captured(CHINA), Captured(f"{CHINA}&page=1")) as store:
        assert [page.revisits for page in pages(read(store))] == [None, None]


# The index


def test_an_index_in_parts_is_read_to_its_end() -> None:
    addresses = [f"{CHINA}&page={number}" for number in range(7)]
    with having(*(Captured(url) for url in addresses), most=2) as store:
        items = read(store)

    assert sorted(page.capture.url for page in pages(items)) == addresses
    assert sum("/search&" in path.replace("%2F", "/") for path in store.asked) == 4


def test_an_index_without_a_key_to_go_on_with_is_asked_for_each_half_of_the_time() -> None:
    start = instant("20250101000000")
    stored = [
        Captured(CHINA, f"{start + number * dt.timedelta(minutes=1):%Y%m%d%H%M%S}", b"one")
        for number in range(MAX_LINES + 1000)
    ]
    with having(*stored, dialect="objects") as store:
        items = read(store)

    assert sorted(instants(items)) == [each.timestamp for each in stored]
    assert not issues(items)


def redirects(count: int, body: str) -> list[Captured]:
    return [
        Captured(f"{CHINA}&page={number}", body=body.format(number).encode(), status="301") for number in range(count)
    ]


def test_more_captures_of_one_second_than_the_index_gives_at_once_are_asked_for_by_their_digests() -> None:
    counted: Counter[str] = Counter()
    with having(*redirects(3 * MAX_LINES, "to page {}"), dialect="objects") as store:
        found = read(store, skipped=counted)

    assert issues(found) == []
    assert counted["redirect"] == 3 * MAX_LINES


@pytest.mark.accept
def test_pywb_gives_all_captures_of_one_second_by_their_digests(tmp_path: Path) -> None:
    counted: Counter[str] = Counter()
    file = warc(tmp_path / "a.warc.gz", *redirects(MAX_LINES + 1000, "to page {}"), revisit=IN_MAY)
    with playing([file], tmp_path / "pywb") as player:
        catalog = catalog_of(Store("objects", [], url=player.url))
        found = list(read_wayback(catalog, Choice(until=dt.date(2025, 4, 1)), NOTHING_KNOWN, counted))

    assert issues(found) == []
    assert counted["redirect"] == MAX_LINES + 1000


@pytest.mark.parametrize(
    ("body", "ignores_filters"), [("to the same page", False), ("to page {}", True)], ids=["one body", "no filters"]
)
def test_captures_of_one_second_that_cannot_be_told_apart_are_said_to_be_missing(
    body: str, ignores_filters: bool
) -> None:
    counted: Counter[str] = Counter()
    with having(*redirects(MAX_LINES + 1, body), dialect="objects", ignores_filters=ignores_filters) as store:
        day = dt.date(2025, 3, 1)
        (issue,) = issues(read(store, Choice(day, day), skipped=counted))

    assert (issue.level, issue.kind, issue.found) == ("error", "index-cut", IN_MARCH)
    assert counted["redirect"] == MAX_LINES
    assert len(store.asked) < 100


def test_a_key_that_leads_in_a_circle_ends_the_reading() -> None:
    row = json.dumps([COLUMNS, _row(Captured(CHINA)), [], ["org%2C+1"]])
    with having(index_text=row) as store, pytest.raises(SourceError, match="goes in a circle"):
        read(store)


GOOD_ROW, GOOD_OBJECT = json.dumps(_row(Captured(CHINA))), json.dumps(_fields(Captured(CHINA)))
HEADER = json.dumps(COLUMNS)
MALFORMED = {
    "a row with too few fields": (f'[{HEADER},\n["key", "20250301"],\n{GOOD_ROW}]', '"20250301"'),
    "a row that is no JSON": (f'[{HEADER},\n["key", "2025,\n{GOOD_ROW}]', '"2025,'),
    "a row that is no array": (f"[{HEADER},\n17,\n{GOOD_ROW}]", "17"),
    "a row with a month 13": (f"[{HEADER},\n{GOOD_ROW.replace('202503', '202513')},\n{GOOD_ROW}]", "20251301120000"),
    "a row with a null": (f"[{HEADER},\n{GOOD_ROW.replace(json.dumps(CHINA), 'null')},\n{GOOD_ROW}]", "null"),
    "a line that is no JSON": (f'{{"url": "http\n{GOOD_OBJECT}\n', '{"url": "http'),
    "a line of text": (f"key 20250301120000 {{}}\n\n{GOOD_OBJECT}", "key 20250301120000 {}"),
    "a line without an instant": (f'{{"url": "{CHINA}"}}\n{GOOD_OBJECT}', CHINA),
    "a line with words for a status": (GOOD_OBJECT.replace("200", "fine") + f"\n{GOOD_OBJECT}", "fine"),
    "a line with half of a surrogate pair": (
        GOOD_OBJECT.replace("/search", r"/\ud800") + f"\n{GOOD_OBJECT}",
        "ud800",
    ),
    "a line that is cut off": (f"{GOOD_OBJECT}\n{GOOD_OBJECT[:50]}", "key"),
    "a line that nests too deep": (f"{GOOD_OBJECT}\n{'[' * 100_000}", "[["),
}


@pytest.mark.parametrize(("text", "words"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_line_of_the_index_is_named_and_the_rest_is_used(text: str, words: str) -> None:
    with having(Captured(CHINA), index_text=text) as store:
        items = read(store)

    assert [page.capture.url for page in pages(items)] == [CHINA]
    found = issues(items)
    assert {(issue.level, issue.kind) for issue in found} == {("error", "malformed-cdx")}
    assert words in (found[0].found or "")
    assert len(found[0].message.splitlines()) == 1


def test_an_index_that_ends_early_is_said() -> None:
    with having(Captured(CHINA), index_text=f'[{HEADER},\n{GOOD_ROW},\n["key", "2025') as store:
        items = read(store)

    assert len(pages(items)) == 1
    assert ("error", "index-cut") in {(issue.level, issue.kind) for issue in issues(items)}


NO_INDEX = {
    "a web page": "<!DOCTYPE html>\n<html><body>Sorry</body></html>",
    "words": "org.archive.util.io.RuntimeIOException: Blocked\nSite Error",
    "an object of an error": '{"message": "the url param is required"}',
    "an array of something else": '[["a", "b"], ["c", "d"]]',
    "an array of nothing known": '["a"]',
    "an array that is none": "[<html>",
}


@pytest.mark.parametrize("text", NO_INDEX.values(), ids=NO_INDEX)
def test_what_is_no_index_is_said_in_one_line(text: str) -> None:
    with having(index_text=text) as store, pytest.raises(SourceError) as caught:
        read(store)

    assert "this is not the index of a web archive: it begins with" in str(caught.value)
    assert store.url in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(("dialect", "text"), [("rows", "[]"), ("rows", f"[{HEADER}]"), ("objects", "")])
def test_an_index_that_has_nothing_is_said(dialect: Dialect, text: str) -> None:
    with having(dialect=dialect, index_text=text) as store, pytest.raises(SourceError) as caught:
        read(store, Choice(since=dt.date(2025, 4, 1), until=dt.date(2025, 4, 30)))

    assert str(caught.value) == (
        f"{store.url}/cdx has no captures of a page of digitalarchive.wilsoncenter.org (2025-04-01 to 2025-04-30)"
    )


def test_an_index_that_cannot_be_had_is_said() -> None:
    with having(index_text="Blocked", index_status=403) as store, pytest.raises(SourceError) as caught:
        read(store)

    assert str(caught.value) == f"{store.url}/cdx: the index of the web archive cannot be had: HTTP 403"


def test_a_web_archive_that_does_not_answer_is_said() -> None:
    with having() as store:
        pass

    with pytest.raises(SiteStoppedError, match="does not answer"):
        read(store)


# Captures that cannot be had


def test_a_capture_that_cannot_be_had_is_said_and_another_with_its_body_is_read() -> None:
    gone = Captured(CHINA, IN_MARCH, b"one", played_status=404)
    with having(gone, Captured(CHINA, IN_APRIL, b"one"), Captured(CHINA, IN_MAY, b"one")) as store:
        items = read(store)

    (issue,) = issues(items)
    assert (issue.level, issue.kind, issue.url, issue.collection_id) == ("error", "fetch-failed", CHINA, "topics-1")
    assert issue.message == "the capture of 2025-03-01T12:00:00Z cannot be had: HTTP 404"
    assert [(page.capture.captured_at, page.capture.body) for page in pages(items)] == [
        (instant(IN_APRIL), b"one"),
        (instant(IN_MAY), b""),
    ]


def leading_to(path: str) -> dict[str, Any]:
    return {"played_status": 302, "headers": (("Location", path),)}


def test_a_capture_that_the_web_archive_gives_for_another_comes_once_at_its_own_instant() -> None:
    counted: Counter[str] = Counter()
    there = f"/web/{IN_APRIL}id_/{CHINA}"
    with having(Captured(CHINA, IN_MARCH, b"one", **leading_to(there)), Captured(CHINA, IN_APRIL, b"two")) as store:
        items = read(store, skipped=counted)

    (page,) = pages(items)
    assert (page.capture.captured_at, page.capture.body) == (instant(IN_APRIL), b"two")
    assert counted == {"capture that the web archive gives for another": 1}


def test_a_capture_that_is_given_for_one_that_is_wanted_but_is_not_wanted_itself_is_left_out() -> None:
    with having(Captured(CHINA, IN_MARCH, **leading_to(f"/web/{IN_MAY}id_/{CHINA}")), Captured(CHINA, IN_MAY)) as store:
        items = read(store, Choice(until=dt.date(2025, 4, 1)))

    assert not pages(items)
    (issue,) = issues(items)
    assert issue.message.endswith("cannot be had: the web archive gives its capture of 2025-05-01T23:59:59Z instead")


def test_a_capture_that_leads_to_another_page_is_counted_as_a_redirect() -> None:
    counted: Counter[str] = Counter()
    other = f"{SITE}/search?f[0]=topics:2"
    stored = Captured(CHINA, status="-", **leading_to(f"/web/{IN_MAY}id_/{other}"))
    with having(stored, Captured(other, IN_MAY)) as store:
        items = read(store, Choice(collections=("topics-1",)), skipped=counted)

    assert not items
    assert counted == {"redirect": 1}


def test_a_capture_that_leads_to_no_capture_is_said() -> None:
    with having(Captured(CHINA, **leading_to(f"/web/20251301000000id_/{CHINA}"))) as store:
        store.captures.append(Captured(CHINA, "20251301000000"))
        store.index_text = json.dumps([COLUMNS, _row(store.captures[0])])
        (issue,) = issues(read(store))

    assert "which names no timestamp" in issue.message


def test_when_the_web_archive_wants_no_more_what_came_stays_and_one_error_says_how_much_is_missing() -> None:
    stored = [Captured(f"{CHINA}&page={number}", body=str(number).encode()) for number in range(40)]
    stored += [Captured(f"{CHINA}&page=990", played_status=429, headers=(("Retry-After", "86400"),))]
    stored += [Captured(f"{CHINA}&page=99{number}", body=str(number).encode()) for number in range(1, 4)]
    with having(*stored) as store:
        catalog = catalog_of(store, workers=1)
        items = list(read_wayback(catalog, ALL, NOTHING_KNOWN, Counter()))

    (issue,) = issues(items)
    assert items[-1] == issue
    assert (issue.level, issue.kind) == ("error", "site-stopped")
    assert issue.message.endswith("try on a later day; 4 captures were not read")
    assert len(pages(items)) == 40


def test_a_challenge_of_the_web_archive_itself_ends_the_reading_and_one_that_was_captured_does_not() -> None:
    challenge = b'<html><script src="/cdn-cgi/challenge-platform/x.js"></script>Just a moment...'
    memento = ("Memento-Datetime", "Sat, 01 Mar 2025 12:00:00 GMT")
    captured = Captured(CHINA, status="-", body=challenge, played_status=403, headers=(HTML, memento))
    with having(captured) as store:
        (page,) = pages(read(store))
        captured.headers = (HTML,)
        (issue,) = issues(read(store))

    assert (page.capture.http_status, page.capture.body) == (403, challenge)
    assert (issue.level, issue.kind) == ("error", "site-stopped")
    assert "proof of a human visitor" in issue.message


def test_who_stops_reading_leaves_nothing_open() -> None:
    with having(*(Captured(f"{CHINA}&page={number}", body=str(number).encode()) for number in range(40))) as store:
        items = read_wayback(catalog_of(store), ALL, NOTHING_KNOWN, Counter())
        assert next(items) is not None
        items.close()  # type: ignore[attr-defined]


# What becomes of it


def test_captures_land_as_responses_and_references(tmp_path: Path) -> None:
    with having(Captured(CHINA, IN_MARCH, b"one"), Captured(CHINA, IN_MAY, b"one")) as store:
        items = pages(read(store))

    landing = Landing(RawZone(tmp_path / "raw"), ParsedCache(tmp_path / "parsed"), "run")
    with landing.batch():
        for item in items:
            landing.land_archived_page(item)
    landing.finish()
    (segment,) = RawZone(tmp_path / "raw").segments()
    first, second = (record for record in read_records(segment) if isinstance(record, LandedCapture))
    assert (first.capture.captured_at, first.capture.body, first.revisits) == (instant(IN_MARCH), b"one", None)
    assert second.revisits is not None
    assert (second.capture.captured_at, second.revisits.digest) == (instant(IN_MAY), first.source_digest)


# pywb itself


def warc(place: Path, *captures: Captured, revisit: str) -> Path:
    """A WARC file of these captures, and of another capture of the first, which refers to it."""
    first = captures[0]
    refers = {
        "WARC-Refers-To-Target-URI": first.url,
        "WARC-Refers-To-Date": shown(first.timestamp),
        "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    }
    records = [record(each, "response", each.timestamp, head(each) + each.body) for each in captures]
    place.write_bytes(b"".join([*records, record(first, "revisit", revisit, head(first), **refers)]))
    return place


def head(capture: Captured) -> bytes:
    lines = [f"HTTP/1.1 {capture.status} OK", *(f"{name}: {value}" for name, value in capture.headers), "\r\n"]
    return "\r\n".join(lines).encode()


def record(capture: Captured, kind: str, timestamp: str, block: bytes, **more: str) -> bytes:
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid4()}>",
        "WARC-Date": shown(timestamp),
        "WARC-Target-URI": capture.url,
        "WARC-Payload-Digest": f"sha1:{capture.shown_digest}",
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
        **more,
    }
    lines = ["WARC/1.1", *(f"{name}: {value}" for name, value in fields.items()), "\r\n"]
    return gzip.compress("\r\n".join(lines).encode() + block + b"\r\n\r\n")


def shown(timestamp: str) -> str:
    return f"{instant(timestamp):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.accept
def test_what_pywb_plays_comes_as_it_stands_in_its_warc_files(tmp_path: Path) -> None:
    whole = (HTML, ("Content-Encoding", "gzip"), ("Content-Length", str(len(PACKED))), ("Date", "today"))
    canonical = ("Link", f'<{CHINA}>; rel="canonical"')
    stored = [
        Captured(CHINA, IN_MARCH, PACKED, headers=(*whole, canonical, ("X-Generator", "Drupal 10"))),
        Captured(f"{CHINA}&page=1", IN_APRIL, b"<html>\xff two", headers=(HTML, ("Set-Cookie", "a=b"))),
        Captured(f"{CHINA}&page=2", IN_APRIL, b"busy", status="503"),
        Captured(f"{SITE}/search-results/1/%7B%22subject%22:%22658%22%7D?recordType=Record", IN_MAY, b"<html>old"),
        Captured(f"{SITE}/collection/31/mao/2", IN_MAY, b"<html>old too"),
        Captured(f"{SITE}/document/abc", IN_MAY, b"<html>a document"),
    ]
    file = warc(tmp_path / "a.warc.gz", *stored, revisit=IN_MAY)
    with playing([file], tmp_path / "pywb") as player:
        catalog = catalog_of(Store("objects", [], url=player.url))
        items = list(read_wayback(catalog, ALL, NOTHING_KNOWN, Counter()))

    found = {(page.capture.url, page.capture.captured_at): page for page in pages(items)}
    good = [each for each in stored if each.status == "200"]
    assert found.keys() == {(each.url, instant(each.timestamp)) for each in good} | {(CHINA, instant(IN_MAY))}
    for each in good:
        page = found[each.url, instant(each.timestamp)]
        assert (page.capture.body, page.capture.http_status) == (each.body, 200)
        assert set(page.capture.headers) == set(each.headers)
    reference = found[CHINA, instant(IN_MAY)].revisits
    assert reference is not None
    assert reference.digest == found[CHINA, instant(IN_MARCH)].payload_digest
    (issue,) = issues(items)
    assert (issue.level, issue.url) == ("warning", f"{CHINA}&page=2")


# What archives and their indexes say in other ways

LISTING_PAGE = b"Skip to content\n\n\n1 - 1 of 1\n\n\nMay 10, 1943\n\nLetter\n\nA letter.\n"
TEXT = ("Content-Type", "text/plain; charset=UTF-8")
MEMENTO = ("Memento-Datetime", "Thu, 01 May 2025 23:59:59 GMT")


@pytest.mark.parametrize("status", ["200", "-1", '"200"', '"-1"', '"-"', '""', "null"])
def test_a_status_is_read_as_index_servers_write_it(status: str) -> None:
    line = f'{{"timestamp": "{IN_MARCH}", "url": "{CHINA}", "digest": "x", "status": {status}}}\n'
    with having(Captured(CHINA), dialect="objects", index_text=line) as store:
        items = read(store)

    assert instants(items) == [IN_MARCH]
    assert issues(items) == []


def test_an_index_that_answers_404_for_nothing_has_nothing() -> None:
    with (
        having(index_text="nothing found", index_status=404) as store,
        pytest.raises(SourceError, match="has no captures of a page"),
    ):
        read(store)


def test_a_site_that_the_archive_has_excluded_is_said_to_be() -> None:
    text = "org.archive.wayback.exception.AdministrativeAccessControlException: Blocked Site Error"
    with (
        having(index_text=text, index_status=403) as store,
        pytest.raises(SiteStoppedError, match=r"has excluded the site .* use another web archive, or files"),
    ):
        read(store)


@pytest.mark.parametrize("status", [404, 403, 429, 503])
def test_an_archived_error_is_history_and_an_older_page_is_taken(status: int) -> None:
    failed = Captured(CHINA, IN_MAY, b"sorry", "-", (HTML, MEMENTO), played_status=status, digest="y")
    with having(Captured(CHINA, IN_MARCH, LISTING_PAGE, headers=(TEXT,)), failed) as store:
        latest, everything = read(store, Choice(captures="latest")), read(store)

    assert instants(latest) == instants(everything) == [IN_MARCH]
    for items in (latest, everything):
        assert [(issue.level, issue.kind) for issue in issues(items)] == [("warning", "failed-capture")]


def test_the_newest_capture_that_is_a_page_is_taken() -> None:
    stored = [
        Captured(CHINA, IN_MARCH, LISTING_PAGE + b"\n", headers=(TEXT,)),
        Captured(CHINA, IN_APRIL, LISTING_PAGE, headers=(TEXT,)),
        Captured(CHINA, IN_MAY, b"<html>Site under maintenance"),
    ]
    with having(*stored) as store:
        items = read(store, Choice(captures="latest"))
        assert len(store.played) == 2

    assert instants(items) == [IN_APRIL]
    (issue,) = issues(items)
    assert (issue.level, issue.kind) == ("warning", "failed-capture")
    assert "2025-05-01T23:59:59Z is no page that can be read" in issue.message


def test_the_index_is_asked_for_every_kind_of_page_that_has_a_layout() -> None:
    with having(Captured(CHINA)) as store:
        read(store)
        asked = {parse_qsl(urlsplit(path).query)[0][1] for path in store.asked if "/cdx" in path}

    host = SITE.removeprefix("https://")
    assert asked == {host + path for kind in LAYOUTS for path in PATH_PREFIXES[kind]}
