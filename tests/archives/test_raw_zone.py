"""The raw zone as others read it: warcio checks it, and a standard player gives each page as the site sent it."""

import base64
import hashlib
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.archives.playing import playing
from tests.conftest import run_wcda
from tests.flows.live import write_catalog_for
from tests.replica import ReplicaSite, replica

pytestmark = pytest.mark.accept

PAGES = {"Accept-Encoding": "gzip"}


@dataclass(frozen=True)
class Harvested:
    """A raw zone, and what the site had sent.

    Attributes:
        segments: Of a first harvest, of one that found little changed, and of one of the samples.
        sent: For each of the two harvests of the site, the body of each listing page, as it went over the wire.
    """

    site: str
    segments: tuple[Path, ...]
    sent: tuple[dict[str, bytes], ...]


@pytest.fixture(scope="module")
def harvested(tmp_path_factory: pytest.TempPathFactory) -> Harvested:
    place = tmp_path_factory.mktemp("harvested")
    sent = []
    with replica(documents=200, collections=4, items_per_page_ignored=True) as site:
        smallest = min(site.truth.collections, key=lambda one: len(one.addresses))
        catalog = write_catalog_for(site, place / "catalog.toml")
        for change in (False, True):
            if change:
                site.set_fault("growing-total", times=1)
                httpx.get(site.url + smallest.path, trust_env=False)
            site.clear_log()
            harvest(place, "--catalog", catalog)
            sent.append({url: body_of(url) for url in listing_pages(site)})
    harvest(place, "--from", "samples")
    return Harvested(site.url, tuple(sorted((place / "w" / "raw").glob("*.warc.gz"))), tuple(sent))


def harvest(place: Path, *arguments: str | Path) -> None:
    done = run_wcda(place, "harvest", *arguments, "--warehouse", place / "w", "--direct")
    assert done.returncode == 0, done.stderr


def listing_pages(site: ReplicaSite) -> set[str]:
    """The pages that were asked for."""
    return {site.url + entry["path"] for entry in site.log() if entry["path"].startswith("/search")}


def body_of(url: str) -> bytes:
    """As it goes over the wire."""
    with httpx.Client(trust_env=False) as client, client.stream("GET", url, headers=PAGES) as answer:
        return b"".join(answer.iter_raw())


def sha1_of(data: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(data).digest()).decode()}"


def test_warcio_finds_each_digest_right(harvested: Harvested) -> None:
    for segment in harvested.segments:
        command = [Path(sys.executable).with_name("warcio"), "check", "-v", segment]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = Counter(line.strip() for line in done.stdout.splitlines() if line.startswith("    "))
        assert done.returncode == 0, done.stdout
        assert set(said) <= {"digest pass", "digest present but not checked (revisit)"}, said


def test_records_are_of_all_kinds_and_have_what_the_standard_asks_for(harvested: Harvested) -> None:
    """ISO 28500:2017, 5 and 6."""
    kinds: Counter[str] = Counter()
    ids = []
    for segment in harvested.segments:
        with segment.open("rb") as file:
            for number, record in enumerate(ArchiveIterator(file, no_record_parse=True)):
                headers, block = record.rec_headers, record.raw_stream.read()
                kinds[record.rec_type] += 1
                ids.append(headers["WARC-Record-ID"])
                assert headers.protocol == "WARC/1.1"
                assert (record.rec_type == "warcinfo") == (number == 0)
                assert headers["WARC-Record-ID"].startswith("<urn:uuid:")
                assert headers["WARC-Date"].endswith("Z")
                assert int(headers["Content-Length"]) == len(block)
                if record.rec_type == "warcinfo":
                    assert headers["WARC-Filename"] == segment.name
                    continue
                assert headers["WARC-Block-Digest"] == sha1_of(block)
                assert ("WARC-Payload-Digest" in headers) == (record.rec_type != "revisit")
                if record.rec_type == "revisit":
                    assert headers["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
                    assert headers["WARC-Refers-To"] in ids
    assert len(set(ids)) == len(ids)
    assert set(kinds) == {"warcinfo", "request", "response", "revisit", "resource", "metadata"}


def test_a_player_gives_each_page_of_each_harvest_as_the_site_sent_it(harvested: Harvested, tmp_path: Path) -> None:
    begun_again = harvested.segments[1].name.replace("T", "")[:14]
    with playing(harvested.segments, tmp_path / "player") as player:
        captures = [
            (line["timestamp"] >= begun_again, line["mime"], url := line["url"], player.capture(line["timestamp"], url))
            for line in player.captures(f"{harvested.site}/search")
        ]

    for run, sent in enumerate(harvested.sent):
        assert {url: one.body for later, _, url, one in captures if later == run} == sent
    assert len(captures) == sum(map(len, harvested.sent))
    assert {(one.status, one.headers["content-encoding"]) for _, _, _, one in captures} == {(200, "gzip")}
    kinds = Counter(mime for later, mime, _, _ in captures if later)
    assert min(kinds["warc/revisit"], kinds["text/html"]) > 0
