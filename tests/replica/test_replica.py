"""The replica keeps its promises, over real HTTP: what a test of a harvest relies on is proven here."""

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.replica import Collection, Document, ReplicaError, ReplicaSite, Truth, replica
from tests.replica.faults import KINDS
from tests.replica.records import FACET_KINDS, generate
from tests.replica.results import date_key, read_query

ROOT = Path(__file__).resolve().parents[2]
RANGE = re.compile(r"(\d+) - (\d+) of (\d+)")
STORED_AT_START = generate(200, 7)


class Rows(HTMLParser):
    """Reads rows by role, as slowly and plainly as can be: what is before the link, in it, and after it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[tuple[str, str | None, str, str | None]] = []
        self._pieces: dict[str, str] | None = None
        self._role = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "td" and "document" in (values.get("class") or "").split():
            self._pieces = {"before": "", "href": "", "title": "", "after": ""}
            self._role = "before"
        elif self._pieces is not None and tag == "a":
            self._pieces["href"] = values["href"] or ""
            self._role = "title"
        elif self._pieces is not None and tag in ("p", "br"):
            self._pieces[self._role] += "\n"

    def handle_endtag(self, tag: str) -> None:
        if self._pieces is None:
            return
        if tag == "a":
            self._role = "after"
        elif tag == "td":
            paragraphs = [" ".join(line.split()) for line in self._pieces["after"].split("\n")]
            self.rows.append(
                (
                    self._pieces["href"],
                    " ".join(self._pieces["before"].split()) or None,
                    " ".join(self._pieces["title"].split()),
                    "\n\n".join(filter(None, paragraphs)) or None,
                )
            )
            self._pieces = None

    def handle_data(self, data: str) -> None:
        if self._pieces is not None:
            self._pieces[self._role] += " " + data.replace("\n", " ") if self._role != "after" else data


def rows_of(text: str) -> list[tuple[str, str | None, str, str | None]]:
    return Rows(text).rows


def row_of(document: Document) -> tuple[str, str | None, str, str | None]:
    return document.address, document.date_text, document.title, document.summary


def text_of(text: str) -> str:
    """What a person sees, on one line."""
    without = re.sub(r"<(style|script)\b.*?</\1>", "", text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", without).split())


def range_of(text: str) -> tuple[int, int, int]:
    match = RANGE.search(text_of(text))
    assert match is not None
    first, last, total = map(int, match.groups())
    return first, last, total


def addresses_of(text: str) -> list[str]:
    return [row[0] for row in rows_of(text)]


def largest_facets(site: ReplicaSite) -> list[Collection]:
    facets = [one for one in site.truth.collections if one.kind in FACET_KINDS]
    return sorted(facets, key=lambda one: -len(one.addresses))


def crawl(client: httpx.Client, path: str) -> list[str]:
    """All addresses of a result set, as a reader finds them who trusts the range line of each page."""
    found: list[str] = []
    page = 0
    while True:
        text = client.get(f"{path}{'&' if '?' in path else '?'}page={page}").text
        found += addresses_of(text)
        _, last, total = range_of(text)
        if last >= total:
            return found
        page += 1


@pytest.fixture(scope="module")
def running() -> Iterator[ReplicaSite]:
    with replica(documents=200, collections=7) as site:
        yield site


@pytest.fixture
def site(running: ReplicaSite) -> ReplicaSite:
    running.restore()
    return running


@pytest.fixture
def client(site: ReplicaSite) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, trust_env=False, verify=False, timeout=20) as client:
        yield client


def ask_raw(site: ReplicaSite, request: bytes) -> bytes:
    """Send bytes, and read until the server closes."""
    host, port = site.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


# The records


def test_the_same_seed_gives_the_same_records_and_another_seed_others() -> None:
    assert generate(50, 7, seed=3) == generate(50, 7, seed=3)
    assert generate(50, 7, seed=3) != generate(50, 7, seed=4)


def test_the_full_archive_has_the_sizes_that_it_promises() -> None:
    truth = generate(16_750, 200)
    sizes = [len(one.addresses) for one in truth.collections]
    pages = sum(-(-size // 10) for size in sizes)
    assert len({document.address for document in truth.documents}) == 16_750
    assert len({one.collection_id for one in truth.collections}) == 200
    assert (max(sizes), min(sizes)) == (2000, 3)
    assert 3_900 < pages < 4_150
    assert {one.kind for one in truth.collections} == {*FACET_KINDS, "text"}


def test_records_are_as_irregular_as_the_archive() -> None:
    documents = generate(3_000, 0).documents
    assert any(one.date_text is None for one in documents)
    assert any(one.summary is None for one in documents)
    assert any(len(one.paragraphs) > 2 for one in documents)
    assert any("\n\nEditor's note:" in (one.summary or "") for one in documents)
    assert any(re.fullmatch(r"/document/\d+", one.address) for one in documents)
    assert {len((one.date_text or "").split()) for one in documents} == {0, 1, 2, 3}
    titles = [one.title for one in documents]
    assert len(set(titles)) < len(titles)
    assert any(title.replace("T. V.", "T.V.") in titles for title in titles if "T. V." in title)
    assert any(f"{title} (Excerpt)" in titles for title in titles)
    swapped = (re.sub(r"Letter from (.+) to (.+)", r"Letter from \2 to \1", title) for title in titles)
    assert any(other in titles for title, other in zip(titles, swapped, strict=True) if other != title)
    assert len({(one.date_text, one.title, one.summary) for one in documents}) == len(documents)


def test_documents_do_not_depend_on_how_many_collections_there_are() -> None:
    assert generate(60, 2).documents == generate(60, 7).documents


def test_truth_survives_json() -> None:
    truth = generate(30, 7)
    assert Truth.from_json(json.loads(json.dumps(truth.to_json()))) == truth


def test_the_running_replica_tells_the_truth_of_its_generator(site: ReplicaSite) -> None:
    assert site.truth == STORED_AT_START


# Pages


@pytest.mark.parametrize("markup", ["1", "2", "3", "mixed"])
def test_every_markup_shows_every_record_to_the_letter(markup: str) -> None:
    with replica(documents=60, collections=2, markup=markup) as site:
        expected = [row_of(document) for document in site.truth.documents]
        with httpx.Client(base_url=site.url, trust_env=False, verify=False) as client:
            texts = [client.get(f"/search?page={page}").text for page in range(6)]
    assert [row for text in texts for row in rows_of(text)] == expected
    assert [range_of(text) for text in texts] == [(page * 10 + 1, page * 10 + 10, 60) for page in range(6)]


def test_the_broken_markup_has_a_range_line_and_no_rows() -> None:
    with replica(documents=30, collections=2, markup="broken") as site:
        text = httpx.get(f"{site.url}/search", trust_env=False, verify=False).text
    assert range_of(text) == (1, 10, 30)
    assert "<table" not in text
    assert rows_of(text) == []


@pytest.mark.parametrize(
    ("links", "host"),
    [
        ("absolute", "https://digitalarchive.wilsoncenter.org"),
        ("staging", "https://wilson-center.drivingcreative.com"),
    ],
)
def test_links_can_name_a_host(links: str, host: str) -> None:
    with replica(documents=10, collections=0, links=links) as site:
        text = httpx.get(f"{site.url}/search", trust_env=False, verify=False).text
        expected = [host + document.address for document in site.truth.documents]
    assert addresses_of(text) == expected


def test_every_collection_is_listed_in_its_order(site: ReplicaSite, client: httpx.Client) -> None:
    for collection in site.truth.collections:
        assert crawl(client, collection.path) == list(collection.addresses), collection.collection_id


def test_a_page_has_about_100_kb_and_the_parts_of_drupal(client: httpx.Client) -> None:
    response = client.get("/search?page=1")
    text = response.text
    assert 85_000 < len(response.content) < 115_000
    assert 'class="table table-hover table-striped' in text
    assert 'class="document contextual-region' in text
    assert '<nav class="pager"' in text
    settings = re.search(r'data-drupal-selector="drupal-settings-json">(.*?)</script>', text)
    assert settings is not None
    assert json.loads(settings[1])["path"]["currentPath"] == "search"


@pytest.mark.parametrize("page", [0, 1, 2])
def test_the_sidebar_names_and_counts_every_facet(site: ReplicaSite, client: httpx.Client, page: int) -> None:
    text = client.get(f"/search?page={page}").text
    for collection in site.truth.collections:
        if collection.kind in FACET_KINDS:
            line = next(item for item in text.split("<li") if f":{collection.id}" in item.replace("%3A", ":"))
            seen = text_of(f"<li{line.split('</li>')[0]}")
            assert collection.name.replace("&", "&amp;") in seen
            assert str(len(collection.addresses)) in seen


def test_the_sidebar_of_a_facet_counts_within_it(site: ReplicaSite, client: httpx.Client) -> None:
    one, other = largest_facets(site)[:2]
    both = set(one.addresses) & set(other.addresses)
    text = client.get(other.path).text
    counts = re.findall(rf'data-drupal-facet-item-value="{one.id}" data-drupal-facet-item-count="(\d+)"', text)
    assert counts == ([str(len(both))] if both else [])


@pytest.mark.parametrize(
    "form",
    [
        "f[0]={0}&f[1]={1}",
        "f%5B0%5D={0}&f%5B1%5D={1}",
        "f[1]={0}&f[0]={1}",
        "f[0]={1}&f[2]={0}&fo[2]=1&fo[0]=2",
        "f%255B0%255D={0}&f%255B7%255D={1}",
        "fo[0]=12&items_per_page=10&f[0]={0}&sort_by=created&sort_order=DESC&f[1]={1}&page=0",
    ],
)
@pytest.mark.parametrize("colon", [":", "%3A", "%253A"])
def test_every_form_of_an_address_gives_the_same_result_set(
    site: ReplicaSite, client: httpx.Client, form: str, colon: str
) -> None:
    one, other = largest_facets(site)[:2]
    terms = [f"{each.kind}{colon}{each.id}" for each in (one, other)]
    both = [address for address in one.addresses if address in set(other.addresses)]
    assert both
    text = client.get("/search?" + form.format(*terms)).text
    assert range_of(text)[2] == len(both)
    assert addresses_of(text) == both[:10]


def test_a_text_that_is_no_collection_is_looked_up_in_titles_and_summaries(
    site: ReplicaSite, client: httpx.Client
) -> None:
    wanted = [
        one.address
        for one in site.truth.documents
        if "telegram" in re.findall(r"\w+", f"{one.title} {one.summary}".casefold())
    ]
    assert wanted
    assert crawl(client, f"/search?search_api_fulltext={quote('Telegram')}") == wanted


def test_a_text_is_found_whatever_the_case_of_its_letters(site: ReplicaSite, client: httpx.Client) -> None:
    collection = next(one for one in site.truth.collections if one.kind == "text")
    path = f"/search?search_api_fulltext={quote(collection.id.upper())}"
    assert crawl(client, path) == list(collection.addresses)


def test_an_unknown_facet_gives_an_empty_result(client: httpx.Client) -> None:
    text = client.get("/search?f[0]=topics:1").text
    assert range_of(text) == (0, 0, 0)
    assert rows_of(text) == []


def test_a_hundred_a_page_is_honoured_and_other_numbers_are_not(client: httpx.Client) -> None:
    assert range_of(client.get("/search?items_per_page=100&page=1").text) == (101, 200, 200)
    assert range_of(client.get("/search?items_per_page=50&page=1").text) == (11, 20, 200)


def test_a_site_can_ignore_the_wish_for_a_hundred() -> None:
    with replica(documents=30, collections=0, items_per_page_ignored=True) as site:
        text = httpx.get(f"{site.url}/search?items_per_page=100", trust_env=False, verify=False).text
    assert range_of(text) == (1, 10, 30)


def test_past_the_end_there_is_no_range_line_and_no_row(client: httpx.Client) -> None:
    text = client.get("/search?page=20").text
    assert RANGE.search(text_of(text)) is None
    assert rows_of(text) == []


def test_a_site_can_show_its_last_page_past_the_end() -> None:
    with replica(documents=15, collections=0, past_the_end="last") as site:
        text = httpx.get(f"{site.url}/search?page=9", trust_env=False, verify=False).text
    assert range_of(text) == (11, 15, 15)


def test_results_can_be_sorted_by_date(site: ReplicaSite, client: httpx.Client) -> None:
    truth = site.truth
    found = crawl(client, "/search?sort_bef_combine=field_document_date_unix_ASC")
    keys = [date_key(truth.document(address)) for address in found]
    dated = [key for key in keys if key]
    assert dated == sorted(dated)
    assert not any(keys[len(dated) :])
    assert sorted(found) == sorted(document.address for document in truth.documents)


def test_read_query_ignores_nonsense() -> None:
    assert read_query("page=x&items_per_page=-1&f[a]=topics:1&utm=1") == read_query("")


def test_a_document_has_a_page_by_slug_and_by_record_id(site: ReplicaSite, client: httpx.Client) -> None:
    document = next(one for one in site.truth.documents if one.date_text)
    for address in (document.address, f"/document/{document.record_id}"):
        text = client.get(address).text
        assert f'<h2 class="date">{document.date_text}</h2>' in text
        assert 'id="citation-url"' in text
        assert f"/document/{document.record_id}" in text


def test_other_pages_are_there_or_are_not_found(client: httpx.Client) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/robots.txt").text.startswith("User-agent: *")
    assert client.get("/document/no-such-document").status_code == 404
    assert client.get("/nowhere").status_code == 404
    assert client.post("/search").status_code == 405


# HTTP


def test_a_page_is_compressed_only_when_asked_for(client: httpx.Client) -> None:
    with client.stream("GET", "/search", headers={"Accept-Encoding": "gzip"}) as response:
        packed = b"".join(response.iter_raw())
    plain = client.get("/search", headers={"Accept-Encoding": "identity"})
    assert response.headers["content-encoding"] == "gzip"
    assert int(response.headers["content-length"]) == len(packed) < 30_000
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) == len(plain.content)
    assert gzip.decompress(packed) == plain.content


@pytest.mark.parametrize(("ours", "theirs"), [("if-none-match", "etag"), ("if-modified-since", "last-modified")])
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_page_that_the_client_has_is_not_sent_again(
    client: httpx.Client, ours: str, theirs: str, coding: str
) -> None:
    first = client.get("/search?page=2", headers={"Accept-Encoding": coding})
    headers = {ours: first.headers[theirs], "Accept-Encoding": coding}
    second = client.get("/search?page=2", headers=headers)
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["etag"] == first.headers["etag"]
    assert client.get("/search?page=3", headers={"if-none-match": first.headers["etag"]}).status_code == 200


def test_a_changed_page_is_sent_again(site: ReplicaSite, client: httpx.Client) -> None:
    first = client.get("/search")
    site.set_fault("growing-total", times=1)
    for header, value in (("if-none-match", "etag"), ("if-modified-since", "last-modified")):
        assert client.get("/search", headers={header: first.headers[value]}).status_code == 200


def test_a_connection_serves_many_requests_even_when_they_come_at_once(site: ReplicaSite) -> None:
    one = b"GET /search?page=%d HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /search?page=3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    received = ask_raw(site, one % 0 + one % 1 + one % 2 + last)
    starts = re.findall(rb"(\d+) - (\d+) of 200|<span>(\d+)</span> - ", received)
    assert received.count(b"HTTP/1.1 200 OK") == 4
    assert [next(filter(None, start)) for start in starts] == [b"1", b"11", b"21", b"31"]
    assert len({entry["connection"] for entry in site.log()}) == 1


def test_an_old_client_sees_the_end_of_its_connection(site: ReplicaSite) -> None:
    assert ask_raw(site, b"GET /search HTTP/1.0\r\n\r\n").endswith(b"</html>\n")


def test_a_fault_that_fails_breaks_the_connection(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("slow", seconds="no number", times=1)
    with pytest.raises(httpx.ReadError):
        client.get("/search")
    assert client.get("/search").status_code == 200


def test_a_head_request_gets_no_body(client: httpx.Client) -> None:
    response = client.head("/search")
    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["content-length"]) > 10_000
    assert client.get("/search").status_code == 200


@pytest.mark.parametrize("bytes_sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"])
def test_nonsense_is_a_bad_request(site: ReplicaSite, bytes_sent: bytes) -> None:
    assert ask_raw(site, bytes_sent).startswith(b"HTTP/1.1 400 ")


def test_the_log_tells_what_was_asked_and_sent(site: ReplicaSite, client: httpx.Client) -> None:
    before = time.time()
    etag = client.get("/search?page=1", headers={"user-agent": "one/1"}).headers["etag"]
    client.get("/search?page=1", headers={"if-none-match": etag})
    site.set_fault("http-503", times=1)
    client.get("/search")
    first, second, third = site.log()
    assert (first["path"], first["status"], first["user-agent"]) == ("/search?page=1", 200, "one/1")
    assert first["bytes"] > 10_000
    assert before <= first["time"] <= second["time"] <= third["time"] <= time.time()
    assert (second["status"], second["bytes"], second["if-none-match"]) == (304, 0, etag)
    assert (third["status"], third["fault"]) == (503, "http-503")
    site.clear_log()
    assert site.log() == []


# Faults


def test_every_fault_has_one_line_that_explains_it_and_a_test_here() -> None:
    tests = Path(__file__).read_text()
    for name, kind in KINDS.items():
        assert kind.strike.__doc__ is not None, name
        assert "\n" not in kind.strike.__doc__, name
        assert f'"{name}"' in tests, name


def test_a_fault_strikes_what_it_matches_after_some_and_only_so_often(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("http-500", match=r"page=4$", after=1, times=2)
    assert [client.get("/search?page=4").status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    assert client.get("/search?page=40").status_code == 200
    assert site.faults()[0]["struck"] == 2
    site.set_fault("http-502")
    assert client.get("/search").status_code == 502
    site.clear_faults()
    assert client.get("/search").status_code == 200


def test_a_fault_can_be_on_from_the_start() -> None:
    with replica(documents=5, collections=0, fault='{"fault": "http-502"}') as site:
        assert httpx.get(f"{site.url}/search", trust_env=False, verify=False).status_code == 502


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [("no-such-fault", {}), ("http-500", {"retry_after": 1}), ("http-500", {"match": "("})],
)
def test_a_fault_that_does_not_exist_is_refused(site: ReplicaSite, fault: str, parameters: dict[str, object]) -> None:
    with pytest.raises(ReplicaError, match=r"no fault|has no|no pattern"):
        site.set_fault(fault, **parameters)


def test_faults_that_change_records_are_undone_by_restore(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("shrinking-total", times=3)
    for _ in range(3):
        client.get("/search")
    assert len(site.truth.documents) == 197
    site.restore()
    assert site.truth == STORED_AT_START
    assert range_of(client.get("/search").text)[2] == 200


@pytest.mark.parametrize("part", [None, 0.5])
def test_a_reset_breaks_the_connection(site: ReplicaSite, client: httpx.Client, part: float | None) -> None:
    site.set_fault("reset", times=1, part=part)
    with pytest.raises(httpx.ReadError):
        client.get("/search")
    assert client.get("/search").status_code == 200


@pytest.mark.parametrize("part", [None, 0.5])
def test_a_stall_outlasts_patience(site: ReplicaSite, client: httpx.Client, part: float | None) -> None:
    site.set_fault("stall", times=1, part=part)
    with pytest.raises(httpx.ReadTimeout):
        client.get("/search", timeout=0.3)
    assert client.get("/search").status_code == 200


def test_a_stall_ends_in_a_reset(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("stall", seconds=0.1)
    with pytest.raises(httpx.ReadError):
        client.get("/search")


def test_a_slow_answer_is_right(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("slow", seconds=0.3)
    start = time.monotonic()
    assert len(rows_of(client.get("/search").text)) == 10
    assert time.monotonic() - start >= 0.3


def test_a_cut_body_is_shorter_than_its_length_says(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("cut-body", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        client.get("/search")


def test_a_cut_body_can_be_of_the_length_that_it_says(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("cut-body", honest=True)
    whole = 97_000
    cut = client.get("/search", headers={"Accept-Encoding": "identity"})
    assert cut.status_code == 200
    assert len(cut.content) < 0.6 * whole
    assert "</html>" not in cut.text


def test_429_and_503_say_when_to_come_again_or_do_not(site: ReplicaSite, client: httpx.Client) -> None:
    for fault, status in (("http-429", 429), ("http-503", 503)):
        site.set_fault(fault, times=1)
        silent = client.get("/search")
        site.set_fault(fault, times=1, retry_after=7)
        seconds = client.get("/search")
        site.set_fault(fault, times=1, retry_after_date=60)
        date = client.get("/search")
        assert [one.status_code for one in (silent, seconds, date)] == [status] * 3
        assert "retry-after" not in silent.headers
        assert seconds.headers["retry-after"] == "7"
        ahead = parsedate_to_datetime(date.headers["retry-after"]) - datetime.now(UTC)
        assert 50 < ahead.total_seconds() <= 61


@pytest.mark.parametrize(("fault", "status"), [("http-500", 500), ("http-502", 502)])
def test_errors_have_their_status(site: ReplicaSite, client: httpx.Client, fault: str, status: int) -> None:
    site.set_fault(fault)
    assert client.get("/search").status_code == status


@pytest.mark.parametrize(
    ("fault", "status", "marks"),
    [
        ("challenge-200", 200, ("triggerInterstitialChallenge", "bm-verify", "/_sec/verify")),
        ("challenge-403", 403, ("you have been blocked", "/cdn-cgi/challenge-platform")),
        ("maintenance", 200, ("Site under maintenance",)),
    ],
)
def test_refusals_bear_their_marks(
    site: ReplicaSite, client: httpx.Client, fault: str, status: int, marks: tuple[str, ...]
) -> None:
    site.set_fault(fault)
    response = client.get("/search")
    assert response.status_code == status
    assert all(mark in response.text for mark in marks)
    assert RANGE.search(response.text) is None


def test_a_redirect_loop_never_ends(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("redirect-loop")
    with pytest.raises(httpx.TooManyRedirects):
        client.get("/search?page=1", follow_redirects=True)


def test_a_redirect_leads_off_the_host(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("redirect-off-host", times=1)
    response = client.get("/search?page=1")
    assert response.status_code == 302
    assert response.headers["location"] == "http://elsewhere.invalid/search?page=1"
    site.set_fault("redirect-off-host", location="http://localhost:1/", status=301)
    assert client.get("/search").headers["location"] == "http://localhost:1/"


@pytest.mark.parametrize("declared", [True, False])
def test_a_huge_body_is_sent_in_full_and_never_held(site: ReplicaSite, client: httpx.Client, declared: bool) -> None:
    site.set_fault("huge-body", megabytes=20, declared=declared)
    with client.stream("GET", "/search") as response:
        assert ("content-length" in response.headers) is declared
        assert sum(map(len, response.iter_bytes())) == 20_000_000
    assert KINDS["huge-body"].strike.__kwdefaults__ == {"megabytes": 200, "declared": True}


def test_a_huge_body_can_be_given_up_on(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("huge-body", times=1)
    with client.stream("GET", "/search") as response:
        assert response.headers["content-length"] == "200000000"
    assert client.get("/search").status_code == 200
    assert site.log()[0]["bytes"] < 100_000_000


def test_a_gzip_bomb_is_small_and_unpacks_into_much(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("gzip-bomb", megabytes=50)
    with client.stream("GET", "/search") as response:
        assert int(response.headers["content-length"]) < 100_000
        assert sum(map(len, response.iter_bytes())) == 50_000_000


def test_the_charset_can_be_wrong_in_the_header_or_in_the_body(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("wrong-charset", times=1)
    in_header = client.get("/search")
    assert in_header.charset_encoding == "iso-8859-1"
    assert "©" in in_header.content.decode("utf-8")
    site.set_fault("wrong-charset", in_header=False)
    in_body = client.get("/search")
    assert in_body.charset_encoding == "utf-8"
    with pytest.raises(UnicodeDecodeError):
        in_body.content.decode("utf-8")


def test_an_empty_table_has_a_range_line(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("empty-table")
    text = client.get("/search").text
    assert range_of(text) == (1, 10, 200)
    assert "<table" in text
    assert rows_of(text) == []


def test_a_row_can_be_missing(site: ReplicaSite, client: httpx.Client) -> None:
    whole = addresses_of(client.get("/search").text)
    site.set_fault("missing-row", position=3)
    text = client.get("/search").text
    assert range_of(text) == (1, 10, 200)
    assert addresses_of(text) == whole[:2] + whole[3:]


def test_the_layout_can_change_in_mid_crawl(site: ReplicaSite, client: httpx.Client) -> None:
    site.set_fault("changed-layout", times=1)
    assert rows_of(client.get("/search").text) == []
    assert len(rows_of(client.get("/search").text)) == 10


def test_every_page_can_be_the_same(site: ReplicaSite, client: httpx.Client) -> None:
    first = addresses_of(client.get("/search").text)
    site.set_fault("same-page", times=1)
    frank = client.get("/search?page=3").text
    site.set_fault("same-page", lying_range=True)
    lying = client.get("/search?page=3").text
    assert (range_of(frank), range_of(lying)) == ((1, 10, 200), (31, 40, 200))
    assert addresses_of(frank) == addresses_of(lying) == first


def test_a_total_grows_in_mid_crawl_and_pages_shift(site: ReplicaSite, client: httpx.Client) -> None:
    collection = largest_facets(site)[0]
    site.set_fault("growing-total", match=collection.id, after=1, times=1)
    first = client.get(collection.path).text
    second = client.get(f"{collection.path}&page=1").text
    assert range_of(second)[2] == range_of(first)[2] + 1
    assert addresses_of(second)[0] == addresses_of(first)[-1]
    after = site.truth
    assert after.collection(collection.collection_id).addresses[1:] == collection.addresses
    assert len(after.documents) == 201
    assert crawl(client, "/search") == [one.address for one in after.documents]


def test_a_total_shrinks_in_mid_crawl_and_pages_shift(site: ReplicaSite, client: httpx.Client) -> None:
    collection = largest_facets(site)[0]
    site.set_fault("shrinking-total", match=collection.id, after=1, times=1)
    first = client.get(collection.path).text
    second = client.get(f"{collection.path}&page=1").text
    assert range_of(second)[2] == range_of(first)[2] - 1
    assert addresses_of(second)[0] == collection.addresses[11]
    after = site.truth
    assert after.collection(collection.collection_id).addresses == collection.addresses[1:]
    assert all(collection.addresses[0] not in one.addresses for one in after.collections)


def test_a_facet_can_vanish_in_three_ways(site: ReplicaSite, client: httpx.Client) -> None:
    path = next(one for one in site.truth.collections if one.kind == "topics").path
    site.set_fault("vanished-facet", times=1)
    nothing = client.get(path)
    site.set_fault("vanished-facet", times=1, shows="everything")
    everything = client.get(path)
    site.set_fault("vanished-facet", shows="not found")
    assert range_of(nothing.text) == (0, 0, 0)
    assert range_of(everything.text) == (1, 10, 200)
    assert client.get(path).status_code == 404
    assert client.get("/search").status_code == 200


@pytest.mark.parametrize(
    ("fault", "parameters", "status", "holds"),
    [
        ("robots-forbids", {}, 200, b"Disallow: /\n"),
        ("robots-forbids", {"path": "/search"}, 200, b"Disallow: /search\n"),
        ("robots-delays", {"seconds": 2.5}, 200, b"Crawl-delay: 2.5\n"),
        ("robots-missing", {}, 404, b"Page not found"),
        ("robots-broken", {}, 200, b"\x00\xff"),
        ("robots-500", {}, 500, b"unexpected error"),
    ],
)
def test_robots_txt_can_be_anything(
    site: ReplicaSite,
    client: httpx.Client,
    fault: str,
    parameters: dict[str, object],
    status: int,
    holds: bytes,
) -> None:
    site.set_fault(fault, **parameters)
    response = client.get("/robots.txt")
    assert response.status_code == status
    assert holds in response.content
    assert client.get("/search").status_code == 200


# The process


def is_answering(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, verify=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def comes_true(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_the_replica_stops_when_the_test_is_over_even_if_it_failed() -> None:
    def fail() -> None:
        with replica(documents=5, collections=0) as site:
            urls.append(site.url)
            assert is_answering(site.url)
            raise RuntimeError("a test that fails")

    urls: list[str] = []
    with pytest.raises(RuntimeError, match="a test that fails"):
        fail()
    assert not is_answering(urls[0])


def test_the_replica_stops_when_the_process_that_started_it_is_killed() -> None:
    script = (
        "import time\nfrom tests.replica import replica\n"
        "with replica(documents=5, collections=0) as site:\n"
        "    print(site.url, flush=True)\n    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().decode().strip()
        assert is_answering(url)
        os.kill(parent.pid, signal.SIGKILL)
    assert comes_true(lambda: not is_answering(url))


def test_a_replica_that_cannot_start_says_why() -> None:
    with pytest.raises(ReplicaError, match="invalid choice: 'none'"), replica(markup="none"):
        pass


def test_the_replica_starts_by_hand_and_says_where_it_is() -> None:
    command = [sys.executable, "-m", "tests.replica", "--port", "0", "--documents", "12", "--collections", "1"]
    with subprocess.Popen([*command, "--warm"], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said["documents"] == 12
        assert said["pages_ready"] == 3
        assert is_answering(said["url"])
        process.terminate()


def test_pages_of_documents_have_faults_of_their_own(site: ReplicaSite, client: httpx.Client) -> None:
    first, second, *_ = site.truth.documents
    usual = {one.address: client.get(one.address).text for one in (first, second)}
    for name, is_struck in {
        "not-found": lambda answer: answer.status_code == 404,
        "front-page": lambda answer: answer.text == client.get("/").text,
        "same-document": lambda answer: answer.text == usual[first.address],
        "same-record-id": lambda answer: f"/document/{first.record_id}<" in answer.text,
        "wrong-charset": lambda answer: "8859" in answer.headers["content-type"],
        "cut-body": lambda answer: answer.text == usual[second.address][: len(answer.text)] != usual[second.address],
    }.items():
        more = {"honest": True, "part": 0.7} if name == "cut-body" else {}
        site.set_fault(name, match="^/document/", times=1, **more)
        assert is_struck(client.get(second.address)), name
        assert client.get(second.address).text == usual[second.address], name
