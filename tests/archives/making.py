"""One crawl of a replica as others keep it: WARC files of several tools, a mirrored folder, tar files of it, WACZ.

What wget makes is made by wget itself. What Scrapy and browsers make is that crawl, written anew with their traits.
"""

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import zstandard
from warcio.archiveiterator import ArchiveIterator
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.timeutils import iso_date_to_timestamp
from warcio.warcwriter import WARCWriter

from extractors.wilson_center.urls import ListingUrl, listing_url
from tests.conftest import bare_environment
from tests.flows.live import entry_of
from tests.replica import ReplicaSite

# In an empty environment of its own; what a person's ~/.wgetrc says does not matter.
_WGET = ["wget", "--no-config", "--no-verbose", "--tries=1", "--no-proxy"]
_BESIDES = ("/", "/robots.txt")
_DOCUMENTS_BESIDES = 3


def addresses_of(site: ReplicaSite, page_size: int) -> list[str]:
    """All pages of all listings of a replica, and some pages that are none."""
    truth = site.truth
    size = None if page_size == 10 else page_size
    listings = [(ListingUrl(), len(truth.documents))]
    for collection in truth.collections:
        listing = entry_of(collection).listing
        if listing is not None and collection.addresses:
            listings.append((listing, len(collection.addresses)))
    pages = [
        listing_url(listing, page, size, site.url)
        for listing, count in listings
        for page in range(-(-count // page_size))
    ]
    documents = [one.address for one in truth.documents[:_DOCUMENTS_BESIDES]]
    return [*(site.url + path for path in (*_BESIDES, *documents)), *pages]


def crawl_to_warc(addresses: Iterable[str], warc: Path, *options: str) -> Path:
    """What `wget --warc-file` keeps of some addresses; `warc` ends in .warc.gz."""
    name = warc.name.removesuffix(".warc.gz")
    _wget(addresses, warc.parent, f"--warc-file={name}", "--output-document=/dev/null", *options)
    return warc


def crawl_to_folder(addresses: Iterable[str], folder: Path, *options: str) -> Path:
    """What `wget --mirror` saves of some addresses, without what they link to."""
    folder.mkdir()
    _wget(addresses, folder, "--mirror", "--level=1", "--reject-regex=.", *options)
    return folder


def _wget(addresses: Iterable[str], place: Path, *options: str) -> None:
    subprocess.run(
        [*_WGET, *options, "--input-file=-"],
        input="\n".join(addresses),
        text=True,
        cwd=place,
        env=bare_environment(place),
        capture_output=True,
        check=True,
    )


def pack_tar(folder: Path, archive: Path) -> Path:
    """The folder as a tar file, .tar, .tar.gz or .tar.zst."""
    opener = {".gz": gzip.open, ".zst": zstandard.open}.get(archive.suffix, Path.open)
    with opener(archive, "wb") as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        tar.add(folder, folder.name)
    return archive


def make_wacz(warc: Path, wacz: Path) -> Path:
    """A WARC file as WACZ 1.1.1 (https://specs.webrecorder.net/wacz/1.1.1/)."""
    members = {
        f"archive/{warc.name}": warc.read_bytes(),
        "indexes/index.cdx": "".join(sorted(_index_lines(warc))).encode(),
        "pages/pages.jsonl": "".join(_page_lines(warc)).encode(),
    }
    package = {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "software": "tests of wcda",
        "resources": [
            {"name": path.rpartition("/")[2], "path": path, "hash": _sha256(data), "bytes": len(data)}
            for path, data in members.items()
        ],
    }
    members["datapackage.json"] = json.dumps(package, indent=2).encode()
    digest = {"path": "datapackage.json", "hash": _sha256(members["datapackage.json"])}
    members["datapackage-digest.json"] = json.dumps(digest).encode()
    with zipfile.ZipFile(wacz, "w", zipfile.ZIP_STORED) as file:
        for path, data in members.items():
            file.writestr(path, data)
    return wacz


def _index_lines(warc: Path) -> Iterator[str]:
    """The lines of a CDXJ index."""
    with warc.open("rb") as file:
        records = ArchiveIterator(file)
        for record in records:
            if record.rec_type != "response":
                continue
            url, status = _target(record), record.http_headers.get_statuscode()
            mime = record.http_headers.get_header("Content-Type", "").partition(";")[0]
            digest = record.rec_headers.get_header("WARC-Payload-Digest")
            records.read_to_end()
            place = {"offset": str(records.get_record_offset()), "length": str(records.get_record_length())}
            fields = {"url": url, "mime": mime, "status": status, "digest": digest, "filename": warc.name, **place}
            yield f"{_sort_key(url)} {_timestamp(record)} {json.dumps(fields)}\n"


def _page_lines(warc: Path) -> Iterator[str]:
    yield json.dumps({"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}) + "\n"
    with warc.open("rb") as file:
        for number, record in enumerate(ArchiveIterator(file)):
            if record.rec_type == "response":
                page = {"id": str(number), "url": _target(record), "ts": record.rec_headers.get_header("WARC-Date")}
                yield json.dumps(page) + "\n"


def _sort_key(url: str) -> str:
    """The address as an index sorts it, for the hosts of this machine."""
    parts = urlsplit(url)
    host = ",".join(reversed((parts.hostname or "").split(".")))
    query = "&".join(sorted(parts.query.lower().split("&")))
    return f"{host}:{parts.port}){parts.path or '/'}" + (f"?{query}" if query else "")


def write_as_scrapy(warc: Path, written: Path) -> Path:
    """As pipelines of Scrapy write it: bodies unpacked, no word of their encoding, but the length that they had."""
    with warc.open("rb") as file, written.open("wb") as out:
        writer = WARCWriter(out, gzip=True, warc_version="WARC/1.0")
        writer.write_record(writer.create_warcinfo_record(written.name, {"software": "Scrapy/2.19"}))
        for record in _responses(file):
            fields = [(name.title(), value) for name, value in record.http_headers.headers]
            headers = [field for field in fields if field[0] != "Content-Encoding"]
            writer.write_record(_response(writer, record, headers, record.content_stream().read()))
    return written


def write_as_browser(warc: Path, written: Path) -> Path:
    """As ArchiveWeb.page writes it.

    Bodies are unpacked while the headers still say how they were packed, names of headers are in small letters,
    digests are SHA-256, each page has its text and a picture beside it, and a page that came again is a revisit.
    """
    with warc.open("rb") as file, written.open("wb") as out:
        writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
        writer.write_record(writer.create_warcinfo_record(written.name, {"software": "Webrecorder ArchiveWeb.page"}))
        for number, record in enumerate(_responses(file)):
            body = record.content_stream().read()
            fields = [(name.lower(), value) for name, value in record.http_headers.headers]
            packed = ("content-encoding", ("gzip", "br")[number % 2])
            headers = [*(field for field in fields if field[0] != "content-encoding"), packed]
            page = _response(writer, record, headers, body, {"WARC-Payload-Digest": _sha256(body)})
            writer.write_record(page)
            writer.write_record(_beside(writer, record, "urn:text:", "text/plain", b"Skip to content"))
            writer.write_record(_beside(writer, record, "urn:thumbnail:", "image/png", b"\x89PNG\r\n\x1a\n"))
            writer.write_record(_revisit(writer, page, headers))
    return written


def _responses(file: io.BufferedReader) -> Iterator[ArcWarcRecord]:
    return (record for record in ArchiveIterator(file) if record.rec_type == "response")


def _response(
    writer: WARCWriter,
    record: ArcWarcRecord,
    headers: list[tuple[str, str]],
    body: bytes,
    warc_headers: dict[str, str] | None = None,
) -> ArcWarcRecord:
    """The record with other headers and another body."""
    return writer.create_warc_record(
        _target(record),
        "response",
        payload=io.BytesIO(body),
        length=len(body),
        http_headers=StatusAndHeaders(record.http_headers.statusline, headers, protocol="HTTP/1.1"),
        warc_headers_dict={"WARC-Date": record.rec_headers.get_header("WARC-Date"), **(warc_headers or {})},
    )


def _beside(writer: WARCWriter, record: ArcWarcRecord, prefix: str, content_type: str, body: bytes) -> ArcWarcRecord:
    """What a browser adds to a page."""
    return writer.create_warc_record(
        prefix + _target(record),
        "resource",
        payload=io.BytesIO(body),
        length=len(body),
        warc_content_type=content_type,
        warc_headers_dict={"WARC-Date": record.rec_headers.get_header("WARC-Date")},
    )


def _revisit(writer: WARCWriter, page: ArcWarcRecord, headers: list[tuple[str, str]]) -> ArcWarcRecord:
    """The page, once more."""
    at = page.rec_headers.get_header("WARC-Date")
    return writer.create_revisit_record(
        _target(page),
        page.rec_headers.get_header("WARC-Payload-Digest"),
        _target(page),
        at,
        http_headers=StatusAndHeaders(page.http_headers.statusline, headers, protocol="HTTP/1.1"),
        warc_headers_dict={"WARC-Date": at[:17] + "59Z"},
    )


def _target(record: ArcWarcRecord) -> str:
    # wget 1.21 writes angle brackets around it, as WARC 1.0 was once read.
    return str(record.rec_headers.get_header("WARC-Target-URI")).strip("<>")


def _timestamp(record: ArcWarcRecord) -> str:
    return str(iso_date_to_timestamp(record.rec_headers.get_header("WARC-Date")))


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
