"""Mutations of all that is read from outside under a watchdog: no input hangs, fails, or takes much memory.

`python -m tests.archives.fuzz --seconds 60`, or `make fuzz`, prints how many inputs of each kind were read, how many a
second of CPU, and what was found. Each kind is given the same time; all is read in this process, each mutation once.
"""

import argparse
import gzip
import io
import json
import plistlib
import random
import resource
import signal
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from types import FrameType

import zstandard

from extractors.parsing import read_page
from extractors.sources.archives import read_archive
from extractors.sources.page_list import read_page_list
from extractors.sources.wayback.cdx import read_cdx
from extractors.wilson_center.catalog import Catalog, parse_catalog
from extractors.wilson_center.layouts import LAYOUTS, kind_by_content
from extractors.wilson_center.urls import classify, document_url, parse_listing_url
from schemas.dates import find_date, is_listing_date, read_date
from schemas.errors import UsageError
from tests.extractors.foreign import LISTING, PAGE, page_url, response
from tests.replica.pages import Appearance, Renderer
from tests.replica.records import generate

MAX_SECONDS = 5
"""Of one input, of the CPU: other work on the machine takes nothing of it."""

MAX_WAIT_SECONDS = 60
"""Of one input, of the clock: nothing is waited for."""

MAX_MEBIBYTES = 500
"""Of the whole process."""

_TURN_SECONDS = 0.05  # that a kind is read for before it is another's turn
_MAX_SEED_BYTES = 1000  # of a page, where its layout has so small ones
_PAGE_SUFFIXES = (".html", ".txt")
_PAGES = Path(__file__).parents[1] / "pages"
_EDGES = (
    b"\x00",
    b"\xff",
    b"\x80",
    b"\r\n\r\n",
    b"WARC/1.0\r\n",
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"7777",
    b"<!--",
    b"<table",
    b"</table>",
    b"<template>",
    b"\xed\xa0\x80",
    b"%00",
    b"99999999999999999999",
    b"[[[[[[[[",
    b'"',
)
_DATES = (
    *("July 9, 1956", "1956", "June 1-5, 1958", "12 March 1949", "Circa 1950s", "1959-04-11", "3 октября 1950 г."),
    *("before 1958", "No earlier than 14 March 1949", "20./21. November 1997", "1955年1月31日", "undated", "23.8.45"),
    "Letter of 9 July 1956 from the Board, on the plan for 1957-1960",
)
_ADDRESSES = (
    *("https://digitalarchive.wilsoncenter.org/document/110001", "/document/a-letter", "//digitalarchive.wilsoncenter"),
    *("https://digitalarchive.wilsoncenter.org/search?f%5B0%5D=topics%3A86494&page=3&items_per_page=100", "/people/x"),
    *("http://digitalarchive.wilsoncenter.org:80/search-results/2/%7B%22subject%22%3A%22658%22%7D?recordType=Record",),
    *("/collection/81/todor-zhivkov-collection/4", "https://a@[::1]:8080/document/1", "?page=2&f[0]=places:12"),
)
_CDX = (
    '[["timestamp","original","statuscode","digest"],["20240102030405","https://a.org/search?page=1","200","ABC"],'
    '["20240103030405","https://a.org/search?page=2","301","-"],[],["key"]]',
    '{"timestamp":"20240102030405","url":"https://a.org/search?page=1","status":"200","digest":"sha1:A"}\n'
    '{"timestamp":"20250102030405","url":"https://a.org/search?page=2"}\n',
)
_CATALOGS = (
    '[archive]\nurl = "http://127.0.0.1:8080"\n\n[politeness]\nworkers = 2\n\n[[collections]]\nname = "A"\n'
    'facets = ["topics:86494"]\ncount = 89\nfiles = ["a/*.html"]\n\n[[collections]]\nid = "x"\ntext = "cuba"\n',
    '[[collections]]\naddress = "https://digitalarchive.wilsoncenter.org/search?f[0]=people:12&page=2"\n',
)
_PAGE_LISTS = (
    "file,url,captured_at\na.html,https://digitalarchive.wilsoncenter.org/search?page=1,2025-03-01T12:00:00Z\n"
    '"b.html",,2024-01-02\n',
)
_SIZE_FIELD = slice(124, 136)  # of the head of a file in a tar
_CATALOG = Catalog()


class HungError(BaseException):
    """An input took too long; no boundary of the reader may catch it."""


def make_seeds() -> dict[str, bytes]:
    """Whole archives that the mutations start from, small so that each mutation meets what parts them."""
    records = [response(page_url(number), PAGE) for number in range(2)]
    warc = b"".join(records)
    packed = b"".join(response(page_url(number), PAGE, packed=True) for number in range(2))
    seeds = {"warc": warc, "warc.gz": packed, "whole.gz": gzip.compress(warc), "warc.zst": zstandard.compress(warc)}
    for name, layout in (("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT), ("ustar", tarfile.USTAR_FORMAT)):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=layout) as tar:
            for member in ("a.html", "b.warc", "é" * 40 + ".html"):
                head = tarfile.TarInfo(member)
                head.size = len(records[0])
                tar.addfile(head, io.BytesIO(records[0]))
        seeds[f"{name}.tar"] = out.getvalue()
    for name, method in (("stored", 0), ("deflate", 8), ("bzip2", 12), ("lzma", 14)):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            archive.writestr("archive/a.warc", warc)
            archive.writestr("archive/b.warc.gz", seeds["warc.gz"])
        seeds[f"{name}.wacz"] = out.getvalue()
    return seeds | _make_saved()


def _make_saved() -> dict[str, bytes]:
    """A page in the forms of browsers and of older crawlers."""
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE
    arc = b"filedesc://a.arc 0.0.0.0 20130601120000 text/plain 2\n1\n\n"
    arc += b"%b 192.0.2.1 20250301120000 text/html %d\n%b\n" % (LISTING.encode(), len(http), http)
    answer = {"status": 200, "content": {"mimeType": "text/html", "text": PAGE.decode()}}
    entry = {"startedDateTime": "2025-03-01T13:00:00Z", "request": {"url": LISTING}, "response": answer}
    page = EmailMessage()
    page.set_content(PAGE.decode(), subtype="html", cte="quoted-printable")
    page["Content-Location"] = page["Snapshot-Content-Location"] = LISTING
    mhtml = EmailMessage()
    mhtml["From"] = "<Saved by Blink>"
    mhtml.make_related()
    mhtml.attach(page)
    resource = {"WebResourceURL": LISTING, "WebResourceData": PAGE, "WebResourceMIMEType": "text/html"}
    return {
        "arc": arc,
        "har": json.dumps({"log": {"version": "1.2", "entries": [entry]}}).encode(),
        "mhtml": mhtml.as_bytes(),
        "webarchive": plistlib.dumps({"WebMainResource": resource}, fmt=plistlib.FMT_BINARY),
    }


def mutate(data: bytes, chance: random.Random) -> bytes:
    """The data with one to eight bytes or pieces changed, cut, doubled or moved."""
    body = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at, size = chance.randrange(len(body) + 1), chance.choice((1, 4, 12, 64, 512))
        match chance.randrange(7):
            case 0:
                body[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                edge = chance.choice(_EDGES)
                body[at : at + len(edge)] = edge
            case 2:
                del body[at : at + size]
            case 3:
                body[at:at] = body[at : at + size] * chance.choice((1, 2, 50))
            case 4:
                body[at : at + size] = chance.randbytes(size)
            case 5:
                del body[at:]
            case _:
                _mutate_tar_head(body, at, chance)
    return bytes(body)


def _mutate_tar_head(body: bytearray, at: int, chance: random.Random) -> None:
    """Another size or type in a head of a tar, whose checksum is right again."""
    begin = at // 512 * 512
    if len(body) < begin + 512:
        return
    head = body[begin : begin + 512]
    if chance.random() < 0.5:
        head[_SIZE_FIELD] = chance.choice((b"\x80" + b"\x7f" * 11, b"\xff" * 12, b"77777777777\0", b"\x80" + bytes(11)))
    else:
        head[156] = chance.choice(b"0123456789LKxgSVXD")
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % (sum(head) & 0o777777)
    body[begin : begin + 512] = head


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of input: whole ones that the mutations start from, and how one is read."""

    seeds: tuple[bytes, ...]
    read: Callable[[bytes], object]


@dataclass(slots=True)
class Outcome:
    """What was read of each kind, in how many seconds of this process, and what was found."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)


def make_kinds(folder: Path) -> dict[str, Kind]:
    """Every kind of input, by name.

    Args:
        folder: Where archives are written to, which are read from files.
    """
    path = folder / "input"

    def read_path(data: bytes) -> None:
        path.write_bytes(data)
        for _ in read_archive(path, _CATALOG, Counter()):
            pass

    kinds = {name: Kind((seed,), read_path) for name, seed in make_seeds().items()}
    for layout in (each.NAME for layouts in LAYOUTS.values() for each in layouts):
        bodies = (page.read_bytes() for page in sorted((_PAGES / layout).rglob("*")) if page.suffix in _PAGE_SUFFIXES)
        by_size = sorted(filter(None, bodies), key=len)
        small = tuple(seed for seed in by_size if len(seed) <= _MAX_SEED_BYTES)
        kinds[layout] = Kind(small or tuple(by_size[:1]), _read_page)
    documents = generate(documents=5, collections=1).documents
    kinds["document-page"] = Kind(
        tuple(Renderer(Appearance()).document(each).encode() for each in documents), _read_page
    )
    for name, texts, read in (
        ("dates", _DATES, _read_date),
        ("addresses", _ADDRESSES, _read_address),
        ("cdx", _CDX, _read_index),
        ("catalog", _CATALOGS, _read_catalog),
        ("pages.csv", _PAGE_LISTS, _read_list),
    ):
        kinds[name] = Kind(tuple(text.encode() for text in texts), read)
    return kinds


def _text(data: bytes) -> str:
    """A text of any code points, half of a surrogate pair included."""
    return data.decode("utf-8", "surrogateescape")


def _read_page(data: bytes) -> None:
    read_page(data)
    kind_by_content(data)


def _read_date(data: bytes) -> None:
    text = _text(data)
    read_date(text)
    find_date(text)
    is_listing_date(text)


def _read_address(data: bytes) -> None:
    text = _text(data)
    document_url(text)
    classify(text)
    parse_listing_url(text)


def _read_index(data: bytes) -> None:
    try:
        read_cdx(data.decode("utf-8", "replace"))
    except ValueError as error:
        if type(error) is not ValueError:
            raise


def _read_catalog(data: bytes) -> None:
    with suppress(UsageError):
        parse_catalog(data.decode("utf-8", "replace"), "catalog.toml")


def _read_list(data: bytes) -> None:
    read_page_list(data, {"a.html", "b.html"}, "https://digitalarchive.wilsoncenter.org")


def run(seconds: float, seed: int, keep: Path) -> Outcome:
    """Read mutations for some time; each kind at least once.

    Args:
        seconds: How long.
        seed: The same one gives the same inputs of a kind.
        keep: Folder for the inputs with which something was found.
    """
    outcome = Outcome()
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        kinds = make_kinds(Path(folder))
        chances = {name: random.Random(f"{seed} {name}") for name in kinds}
        while True:
            for name, kind in kinds.items():
                _take_turn(name, kind, chances[name], keep / f"fuzz-{seed}", outcome)
            if time.monotonic() >= end:
                return outcome


def _take_turn(name: str, kind: Kind, chance: random.Random, keep: Path, outcome: Outcome) -> None:
    begin = time.process_time()
    while (spent := time.process_time() - begin) < _TURN_SECONDS:
        data = mutate(chance.choice(kind.seeds), chance)
        outcome.counts[name] += 1
        problem = problem_of(kind, data)
        if problem is not None:
            kept = keep.with_name(f"{keep.name}-{outcome.counts[name]}.{name}")
            kept.write_bytes(data)
            outcome.found.append(f"{kept}: {problem}")
    outcome.seconds[name] = outcome.seconds.get(name, 0.0) + spent


def problem_of(kind: Kind, data: bytes) -> str | None:
    """What is wrong with how an input is read; `None` if nothing is."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise HungError

    signal.signal(signal.SIGPROF, stop)
    signal.signal(signal.SIGALRM, stop)
    before = _peak_mebibytes()
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
    signal.alarm(MAX_WAIT_SECONDS)
    try:
        kind.read(data)
    except HungError:
        return f"over {MAX_SECONDS} seconds of the CPU, or {MAX_WAIT_SECONDS} of the clock"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
    after = _peak_mebibytes()
    return f"{after:.0f} MiB of memory" if after > max(before, MAX_MEBIBYTES) else None


def _peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Read mutations, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    outcome = run(options.seconds, options.seed, options.keep)
    for name, count in sorted(outcome.counts.items()):
        sys.stdout.write(f"{name:16}{count:>12,}{count / outcome.seconds[name]:>10,.0f} a second of CPU\n")
    total, peak = outcome.counts.total(), _peak_mebibytes()
    sys.stdout.write(f"{total:,} inputs, {len(outcome.found)} findings, at most {peak:.0f} MiB\n")
    sys.stdout.writelines(f"{line}\n" for line in outcome.found)
    return 1 if outcome.found else 0


if __name__ == "__main__":
    sys.exit(main())
