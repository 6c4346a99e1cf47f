"""What the makers make is what they say, read with other tools than ours."""

import gzip
import hashlib
import json
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import zstandard
from warcio.archiveiterator import ArchiveIterator

from tests.archives.making import (
    addresses_of,
    crawl_to_folder,
    crawl_to_warc,
    make_wacz,
    pack_tar,
    write_as_browser,
    write_as_scrapy,
)
from tests.archives.playing import playing
from tests.replica import replica

pytestmark = pytest.mark.accept

Response = tuple[str, dict[str, str], bytes]


@dataclass(frozen=True)
class Crawl:
    """A small replica that is gone, and what was taken of it.

    Attributes:
        bodies: What the replica sent for each address, unpacked.
    """

    bodies: dict[str, bytes]
    warc: Path
    folder: Path


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Crawl:
    place = tmp_path_factory.mktemp("crawl")
    with replica(documents=120, collections=3) as site, httpx.Client(trust_env=False) as client:
        addresses = addresses_of(site, 10)
        bodies = {address: client.get(address).content for address in addresses}
        warc = crawl_to_warc(addresses, place / "crawl.warc.gz", "--compression=auto")
        folder = crawl_to_folder(addresses, place / "mirror")
    return Crawl(bodies, warc, folder)


def responses(warc: Path) -> list[Response]:
    """Address, headers and body as it stands, of each response."""
    with warc.open("rb") as file:
        return [
            (
                record.rec_headers["WARC-Target-URI"].strip("<>"),
                dict(record.http_headers.headers),
                record.raw_stream.read(),
            )
            for record in ArchiveIterator(file)
            if record.rec_type == "response"
        ]


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder.parent)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_crawl_has_all_pages_of_all_listings_and_some_others(crawl: Crawl) -> None:
    pages = [address for address in crawl.bodies if "/search" in address]

    assert len(pages) > 12
    assert sum("f%5B0%5D" in page for page in pages) > 2
    assert len(crawl.bodies) - len(pages) == 5


def test_wget_keeps_each_answer_as_it_came(crawl: Crawl) -> None:
    kept = {url: (headers.get("Content-Encoding"), body) for url, headers, body in responses(crawl.warc)}

    assert {url: gzip.decompress(body) if packed else body for url, (packed, body) in kept.items()} == crawl.bodies
    assert {packed for url, (packed, _) in kept.items() if "/search" in url} == {"gzip"}


def test_a_mirror_has_each_body_in_a_file_whose_name_has_the_query(crawl: Crawl) -> None:
    files = files_below(crawl.folder)

    assert sorted(files.values()) == sorted(crawl.bodies.values())
    assert any("/search?f[0]=" in name and name.endswith("&page=1") for name in files)


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.zst"])
def test_a_tar_file_has_the_files_of_the_folder(suffix: str, crawl: Crawl, tmp_path: Path) -> None:
    packed = pack_tar(crawl.folder, tmp_path / f"mirror{suffix}")

    plain = tmp_path / "plain.tar"
    with packed.open("rb") as file:
        unpack = {".tar": file, ".tar.gz": gzip.GzipFile(fileobj=file)}.get(suffix) or zstandard.open(file)
        plain.write_bytes(unpack.read())
    with tarfile.open(plain) as tar:
        files = {one.name: file.read() for one in tar if (file := tar.extractfile(one)) is not None}
    assert files == files_below(crawl.folder)


def test_the_index_of_a_wacz_leads_to_each_response(crawl: Crawl, tmp_path: Path) -> None:
    wacz = make_wacz(crawl.warc, tmp_path / "crawl.wacz")

    with zipfile.ZipFile(wacz) as file:
        package = json.loads(file.read("datapackage.json"))
        for one in package["resources"]:
            data = file.read(one["path"])
            assert (one["bytes"], one["hash"]) == (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
        lines = [json.loads(line.split(" ", 2)[2]) for line in file.read("indexes/index.cdx").decode().splitlines()]
        pages = [json.loads(line) for line in file.read("pages/pages.jsonl").splitlines()]
        warc = file.read("archive/crawl.warc.gz")
    found = {}
    for line in lines:
        at = int(line["offset"])
        record = gzip.decompress(warc[at : at + int(line["length"])])
        found[line["url"]] = record.partition(b"\r\n\r\n")[2].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")
    assert found == {url: body for url, _, body in responses(crawl.warc)}
    assert [page["url"] for page in pages[1:]] == [url for url, _, _ in responses(crawl.warc)]


def test_what_scrapy_keeps_is_unpacked_and_says_a_length_that_it_has_not(crawl: Crawl, tmp_path: Path) -> None:
    kept = responses(write_as_scrapy(crawl.warc, tmp_path / "scrapy.warc.gz"))

    assert {url: body for url, _, body in kept} == crawl.bodies
    assert not any("Content-Encoding" in headers for _, headers, _ in kept)
    assert all(int(headers["Content-Length"]) < len(body) for url, headers, body in kept if "/search" in url)


def test_what_a_browser_keeps_is_unpacked_and_says_that_it_is_not(crawl: Crawl, tmp_path: Path) -> None:
    warc = write_as_browser(crawl.warc, tmp_path / "browser.warc.gz")

    kept = responses(warc)
    assert {url: body for url, _, body in kept} == crawl.bodies
    assert {headers["content-encoding"] for _, headers, _ in kept} == {"gzip", "br"}
    with warc.open("rb") as file:
        kinds = [record.rec_type for record in ArchiveIterator(file)]
    assert [kinds.count(kind) for kind in ("resource", "revisit")] == [2 * len(kept), len(kept)]


def test_the_player_gives_each_capture_as_it_was_kept(crawl: Crawl, tmp_path: Path) -> None:
    with playing([crawl.warc], tmp_path / "player") as player:
        (site,) = {url.rpartition("/robots.txt")[0] for url in crawl.bodies if url.endswith("/robots.txt")}
        lines = player.captures(f"{site}/")
        played = {line["url"]: player.capture(line["timestamp"], line["url"]) for line in lines}

    assert {line["status"] for line in lines} == {"200"}
    assert {url: one.body for url, one in played.items()} == {url: body for url, _, body in responses(crawl.warc)}
    assert {one.headers.get("content-encoding") for url, one in played.items() if "/search" in url} == {"gzip"}
