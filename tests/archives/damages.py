"""Each way in which an archive can be damaged or mean harm, and what a harvest of it comes to.

`python -m tests.archives.damages` (`make damage-report`) harvests each of them into a warehouse that holds a former
crawl, and prints what was said and read.
"""

import gzip
import io
import json
import random
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, chdir, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.parse import unquote

import zstandard

from tests.conftest import Done, run_here
from tests.extractors.foreign import DATE, page_url, response
from tests.extractors.test_wayback import COLUMNS, IN_MARCH, Captured, Store, serving
from tests.flows.live import frame
from tests.flows.test_main_job import lasting, read_tables

PAGES, ROWS = 4, 10
"""Pages of the one listing, and documents on each."""

HOST = "digitalarchive.wilsoncenter.org"
LOST = 2
"""The page that most damages hit."""

_PAGE_FOLDER = Path(__file__).parent.parent / "pages" / "drupal-listing"
_FORMER_DATE = "2024-01-02T03:04:05Z"
_WHOLE = ("documents", "memberships", "entries")
_MEGABYTE = 1024 * 1024
_BOMB_MEGABYTES = 128  # four times what a page may have
_GZIP = (("Content-Type", "text/html"), ("Content-Encoding", "gzip"))
_BROTLI = (("Content-Type", "text/html"), ("Content-Encoding", "br"))

Source = Callable[[Path], AbstractContextManager[list[str | Path]]]
"""Makes a source in a folder; gives the arguments of a harvest of it."""


@dataclass(frozen=True)
class Damage:
    """A source that is damaged or means harm, and what a harvest of it comes to.

    Attributes:
        pages: Pages of the listing that are still read.
        exit_code: Of the harvest.
        said: Kind of each issue, with words that its text has, of where and why.
        refused: Words on standard error, where nothing is published.
        there: Pages of the listing that were there before the damage.
    """

    source: Source
    pages: int = PAGES
    exit_code: int = 0
    said: tuple[tuple[str, ...], ...] = ()
    refused: str | None = None
    there: int = PAGES


@dataclass(frozen=True)
class Met:
    """What a harvest did.

    Attributes:
        issues: Kind and text of each, but of what was passed over.
        pages: Pages of the listing that were read; likewise the documents on them.
        added: Documents that the former snapshot did not have; the listing has none.
        is_former_whole: Whether all that the former snapshot held still stands, to the letter.
        is_unpublished: Whether the current snapshot is the former one.
        strays: Files outside the warehouse that were added or changed.
        check: What `wcda check` came to.
    """

    done: Done
    issues: tuple[tuple[str, str], ...]
    pages: int
    documents: int
    added: int
    is_former_whole: bool
    is_unpublished: bool
    strays: tuple[str, ...]
    check: Done


# What is there


def listing_page(number: int) -> bytes:
    """A page of the listing that does not pack to nothing."""
    chance, first = random.Random(number), number * ROWS + 1
    rows = "".join(
        f'<tr><td class="document"><div class="date">March {each - first + 1}, 19{50 + number}</div>'
        f'<h3 class="title"><a href="/document/report-{each}"><span>Report No. {each} of the Mission</span></a></h3>'
        f'<div class="text-block"><p>The mission sends {chance.randbytes(60).hex()}.</p></div></td></tr>\n'
        for each in range(first, first + ROWS)
    )
    shown = f"<p>Results: <strong>{first} - {first + ROWS - 1} of {PAGES * ROWS}</strong> Documents</p>"
    table = f'<table class="table table-hover"><tbody>\n{rows}</tbody></table>'
    return f"<!DOCTYPE html><html><body><main>{shown}\n{table}</main></body></html>".encode()


def record(
    number: int,
    body: bytes | None = None,
    status: str = "200 OK",
    *,
    date: str = DATE,
    warc: dict[str, str] | None = None,
    **more: Any,
) -> bytes:
    """The WARC record of a page, the same each time."""
    head = {"WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012}>", "WARC-Date": date} | (warc or {})
    return response(page_url(number), listing_page(number) if body is None else body, status, warc=head, **more)


def records(*, packed: bool = False) -> list[bytes]:
    """All pages."""
    return [record(number, packed=packed) for number in range(PAGES)]


def with_record(lost: bytes, *, packed: bool = False) -> bytes:
    """A WARC file whose page `LOST` is this record."""
    every = records(packed=packed)
    return b"".join([*every[:LOST], lost, *every[LOST + 1 :]])


def at(every: Iterable[bytes]) -> str:
    """The place behind these records."""
    return f"(at byte {len(b''.join(every))})"


MIRRORED = [f"{HOST}/search?f[0]=topics:86494&page={number}" for number in range(PAGES)]
SAVED = {name: listing_page(number) for number, name in enumerate(MIRRORED)}


# How it is made


def a_file(name: str, make: Callable[[], bytes]) -> Source:
    """A file below the working directory."""
    return a_folder(lambda _place: {name: make()}, name)


def a_folder(make: Callable[[Path], dict[str, bytes]], source: str = "") -> Source:
    """Files below the working directory, made by who knows the place; the source is one of them, or all."""

    @contextmanager
    def prepare(place: Path) -> Iterator[list[str | Path]]:
        folder = place / "input"
        for name, data in make(place).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        yield ["--from", folder / source]

    return prepare


def a_warc(make: Callable[[], bytes]) -> Source:
    """A WARC file."""
    return a_file("crawl.warc", make)


def a_tar(members: Callable[[Path], list[tuple[tarfile.TarInfo, bytes]]]) -> Source:
    """A tarball of these members after half of the pages, and before the others."""

    def make(place: Path) -> dict[str, bytes]:
        pages = [(tarfile.TarInfo(name), body) for name, body in SAVED.items()]
        return {"mirror.tar": tar_of([*pages[:LOST], *members(place), *pages[LOST:]])}

    return a_folder(make, "mirror.tar")


def a_web_archive(index: Callable[[list[Captured]], str]) -> Source:
    """A web archive on this machine whose index answers so."""

    @contextmanager
    def prepare(place: Path) -> Iterator[list[str | Path]]:
        captures = [Captured(page_url(number), body=listing_page(number)) for number in range(PAGES)]
        catalog = place / "catalog.toml"
        catalog.write_text("[wayback]\npages_per_second = inf\nqueries_per_second = inf\n")
        with serving(Store("rows", captures, index_text=index(captures))) as store:
            contact = ["--contact", "a@b.org"]
            yield ["--from", "wayback", "--wayback", store.url, *contact, "--catalog", catalog]

    return prepare


@contextmanager
def the_working_directory(_place: Path) -> Iterator[list[str | Path]]:
    """The folder in which the warehouse is."""
    yield ["--from", "."]


def tar_of(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A tarball."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for head, body in members:
            head.size = len(body)
            archive.addfile(head, io.BytesIO(body))
    return out.getvalue()


def mirror() -> bytes:
    """The pages as a tarball."""
    return tar_of((tarfile.TarInfo(name), body) for name, body in SAVED.items())


def link(name: str, target: str | Path, kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    """A member of a tarball that leads elsewhere."""
    head = tarfile.TarInfo(name)
    head.type, head.linkname = kind, str(target)
    return head, b""


def outside(place: Path) -> Path:
    """A folder beside the working directory, with a page that is nobody's to read."""
    return place.parent / "outside"


def wacz(members: dict[str, bytes]) -> bytes:
    """A WACZ with these files alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


def half(data: bytes) -> bytes:
    """The first half."""
    return data[: len(data) // 2]


def spoiled(data: bytes) -> bytes:
    """With bytes in its middle that are others."""
    middle = len(data) // 2
    return data[:middle] + b"\xff" * 50 + data[middle + 50 :]


def with_length(change: int) -> bytes:
    """A record that says that it is longer or shorter than it is."""
    head, _, rest = record(LOST).partition(b"Content-Length: ")
    length, _, rest = rest.partition(b"\r\n")
    return head + b"Content-Length: %d\r\n" % (int(length) + change) + rest


@cache
def zeros() -> bytes:
    """As many as no page has, packed with gzip."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as file:
        for _ in range(_BOMB_MEGABYTES):
            file.write(bytes(_MEGABYTE))
    return out.getvalue()


def zeros_of_zstandard() -> bytes:
    """The same, packed with Zstandard."""
    packer = zstandard.ZstdCompressor().compressobj()
    return b"".join([*(packer.compress(bytes(_MEGABYTE)) for _ in range(_BOMB_MEGABYTES)), packer.flush()])


def with_bomb(name: str, bomb: Callable[[], bytes]) -> Source:
    """A folder of the pages with a bomb among them."""
    return a_folder(lambda _place: {**SAVED, name: bomb()})


def tar_of_zeros() -> bytes:
    """A tarball of the pages, one that has nothing but zeros, and more zeros behind its end."""
    body = bytes(_BOMB_MEGABYTES * _MEGABYTE)
    pages = [(tarfile.TarInfo(name), page) for name, page in SAVED.items()]
    whole = tar_of([*pages[:LOST], (tarfile.TarInfo("zeros.html"), body), *pages[LOST:]])
    return gzip.compress(whole, 1) + zeros()


def index_with_a_malformed_line(captures: list[Captured]) -> str:
    """The index of a web archive, one line of which has lost its end."""
    rows = [["key", each.timestamp, each.url, "text/html", "200", each.shown_digest, "123"] for each in captures]
    lines = [*map(json.dumps, [COLUMNS, *rows])]
    lines[1 + LOST] = lines[1 + LOST][:60]
    return "[" + ",\n".join(lines) + "]"


def fixture(name: str) -> bytes:
    """A page that a guard sent."""
    return (_PAGE_FOLDER / name / "page.html").read_bytes()


def nonsense(_place: Path) -> dict[str, bytes]:
    """Files of which none is anything."""
    names = ("a.warc.gz", "b.wacz", "c.tar", "d.html", "e.txt", "f/g")
    return {name: random.Random(name).randbytes(5000) for name in names} | {"empty.html": b""}


def short(source: Source, *said: tuple[str, ...], pages: int = PAGES - 1) -> Damage:
    """A source of which something cannot be read, and the rest is."""
    return Damage(source, pages, 3, said)


def refused(source: Source, words: str, exit_code: int = 1, there: int = 0) -> Damage:
    """A source of which nothing is read."""
    return Damage(source, 0, exit_code, refused=words, there=there)


DAMAGED = ("damaged-archive", "crawl.warc: ")
LOST_PLACE = at(records()[:LOST])
LOST_PAGE = f"{page_url(LOST)}: ".replace("%5B", "[").replace("%5D", "]").replace("%3A", ":")
UNSAFE = "unsafe-member"

DAMAGES = {
    "WARC, cut in its last record": short(
        a_warc(lambda: b"".join([*records()[:-1], half(records()[-1])])), (*DAMAGED, at(records()[:-1]))
    ),
    "WARC, cut in its last gzip member": short(
        a_warc(lambda: b"".join([*records(packed=True)[:-1], half(records(packed=True)[-1])])),
        (*DAMAGED, at(records(packed=True)[:-1]), "end early"),
    ),
    "WARC, a Content-Length too long": short(
        a_warc(lambda: with_record(with_length(1000))), (*DAMAGED, LOST_PLACE, "Content-Length")
    ),
    "WARC, a Content-Length longer than the file": short(
        a_warc(lambda: with_record(with_length(10**12))), (*DAMAGED, LOST_PLACE, "Content-Length")
    ),
    "WARC, a Content-Length too short": short(
        a_warc(lambda: with_record(with_length(-1000))), (*DAMAGED, LOST_PLACE, "Content-Length")
    ),
    "WARC, a bad gzip member in its middle": short(
        a_warc(lambda: with_record(spoiled(record(LOST, packed=True)), packed=True)),
        (*DAMAGED, at(records(packed=True)[:LOST]), "gzip member"),
    ),
    "WARC, a record without digests": Damage(
        a_warc(lambda: with_record(record(LOST, without=["WARC-Block-Digest", "WARC-Payload-Digest"])))
    ),
    "WARC, a wrong digest": Damage(
        a_warc(lambda: with_record(record(LOST, warc={"WARC-Block-Digest": "sha1:" + "A" * 32}))),
        said=(("wrong-digest", "crawl.warc: ", LOST_PLACE),),
    ),
    "WARC, gzip members and plain records mixed": Damage(
        a_warc(lambda: b"".join(record(number, packed=bool(number % 2)) for number in range(PAGES)))
    ),
    "WARC, a body said to be gzip, and plain": Damage(a_warc(lambda: with_record(record(LOST, headers=_GZIP)))),
    "WARC, a body said to be br, and plain": Damage(a_warc(lambda: with_record(record(LOST, headers=_BROTLI)))),
    "WARC, a body said to be br, and gzip": short(
        a_warc(lambda: with_record(record(LOST, gzip.compress(listing_page(LOST)), headers=_BROTLI))),
        ("undecodable", LOST_PAGE, "br"),
    ),
    "WARC, a body packed twice": short(
        a_warc(lambda: with_record(record(LOST, gzip.compress(gzip.compress(listing_page(LOST))), headers=_GZIP))),
        ("binary-file", LOST_PAGE),
    ),
    "WARC, a 404 capture": Damage(
        a_warc(lambda: with_record(record(LOST, b"Not found", "404 Not Found"))),
        PAGES - 1,
        said=(("failed-capture", "crawl.warc: ", "404", LOST_PLACE),),
    ),
    "WARC, a 503 capture": Damage(
        a_warc(lambda: with_record(record(LOST, b"Busy", "503 Service Unavailable"))),
        PAGES - 1,
        said=(("failed-capture", "crawl.warc: ", "503", LOST_PLACE),),
    ),
    "WARC, a redirect capture": Damage(
        a_warc(lambda: with_record(record(LOST, b"", "302 Found", headers=[("Location", "/search")]))),
        PAGES - 1,
        said=(("archived-redirect", "crawl.warc: ", "302", LOST_PLACE),),
    ),
    "WARC, a challenge captured with 200": short(
        a_warc(lambda: with_record(record(LOST, fixture("challenge-with-200")))), ("challenge", LOST_PAGE)
    ),
    "WARC, a challenge captured with 403": Damage(
        a_warc(lambda: with_record(record(LOST, fixture("challenge-block"), "403 Forbidden"))),
        PAGES - 1,
        said=(("failed-capture", "crawl.warc: ", "403", LOST_PLACE),),
    ),
    "WARC, a body that is a gzip bomb": short(
        a_warc(lambda: with_record(record(LOST, zeros(), headers=_GZIP))), ("undecodable", LOST_PAGE, "32 MiB")
    ),
    "WACZ without an index": Damage(a_file("crawl.wacz", lambda: wacz({"archive/crawl.warc": b"".join(records())}))),
    "WACZ that is no zip": refused(a_file("crawl.wacz", lambda: b"Not found\n"), "crawl.wacz: "),
    "WACZ, half of it": short(
        a_file("crawl.wacz", lambda: half(wacz({"archive/crawl.warc": b"".join(records())}))),
        ("damaged-archive", "crawl.wacz: the zip is damaged"),
        ("damaged-archive", "crawl.wacz: ", "no WARC record begins here (at byte 0)"),
        ("damaged-archive", "crawl.wacz: ", "(at byte "),
        pages=2,
    ),
    "WACZ, a name that leads out of it": short(
        a_file("crawl.wacz", lambda: wacz({"../archive/x.warc": b"x", "archive/crawl.warc": b"".join(records())})),
        (UNSAFE, "crawl.wacz/../archive/x.warc: ", "(at byte 0)"),
        pages=PAGES,
    ),
    "tar, a name with ../": short(
        a_tar(lambda _place: [(tarfile.TarInfo("../escaped.html"), listing_page(9))]),
        (UNSAFE, "mirror.tar/../escaped.html: ", "(at byte "),
        pages=PAGES,
    ),
    "tar, an absolute name": short(
        a_tar(lambda place: [(tarfile.TarInfo(str(outside(place) / "escaped.html")), listing_page(9))]),
        (UNSAFE, "mirror.tar//", "outside/escaped.html: ", "(at byte "),
        pages=PAGES,
    ),
    "tar, a symlink, and a file through it": Damage(
        a_tar(
            lambda place: [
                link("through", outside(place), tarfile.SYMTYPE),
                (tarfile.TarInfo("through/escaped.css"), b"a {}"),
            ]
        ),
        said=((UNSAFE, "mirror.tar/through: ", "(at byte "),),
    ),
    "tar, a symlink to a file outside": Damage(
        a_tar(lambda place: [link("secret.html", outside(place) / "secret.html", tarfile.SYMTYPE)]),
        said=((UNSAFE, "mirror.tar/secret.html: ", "(at byte "),),
    ),
    "tar, a hardlink to a file outside": Damage(
        a_tar(lambda place: [link("secret.html", outside(place) / "secret.html", tarfile.LNKTYPE)]),
        said=((UNSAFE, "mirror.tar/secret.html: ", "(at byte "),),
    ),
    "tar, half of it": short(
        a_file("mirror.tar", lambda: half(mirror())),
        ("damaged-archive", "mirror.tar: ", "(at byte "),
        ("unreadable-file", f"mirror.tar/{MIRRORED[LOST]}: ", "cut off"),
        pages=2,
    ),
    "tar.gz, half of it": short(
        a_file("mirror.tar.gz", lambda: half(gzip.compress(mirror(), mtime=0))),
        ("damaged-archive", "mirror.tar.gz: ", "(at byte "),
        ("unreadable-file", f"mirror.tar.gz/{MIRRORED[1]}: ", "cut off"),
        pages=1,
    ),
    "tar.gz, a file of zeros, and zeros behind": short(
        a_file("mirror.tar.gz", tar_of_zeros),
        ("unreadable-file", "mirror.tar.gz/zeros.html: ", "are no page"),
        ("damaged-archive", "mirror.tar.gz: ", "zeros", "(at byte "),
        pages=PAGES,
    ),
    "folder, a page that is a gzip bomb": short(
        with_bomb("bomb.html.gz", zeros), ("unreadable-file", "bomb.html.gz: "), pages=PAGES
    ),
    "folder, a page that is a Zstandard bomb": short(
        with_bomb("bomb.html.zst", zeros_of_zstandard), ("unreadable-file", "bomb.html.zst: "), pages=PAGES
    ),
    "CDX, a malformed line": short(
        a_web_archive(index_with_a_malformed_line), ("malformed-cdx", "is malformed: ", IN_MARCH)
    ),
    "CDX that is a web page": refused(
        a_web_archive(lambda _captures: "<!DOCTYPE html><html>Sorry</html>"),
        "not the index of a web archive",
        there=PAGES,
    ),
    "an empty file": refused(a_file("crawl.warc.gz", lambda: b""), "crawl.warc.gz: the page is empty"),
    "a folder of nonsense": refused(a_folder(nonsense), "a.warc.gz: "),
    "the folder that holds the warehouse": refused(the_working_directory, "would be read as a source", 2),
}


# What comes of it


def make_former(place: Path) -> Path:
    """A warehouse that holds a whole crawl of the same listing, of a year before."""
    crawl, warehouse = place / "former.warc", place / "warehouse"
    crawl.write_bytes(b"".join(record(number, date=_FORMER_DATE) for number in range(PAGES)))
    run_here("harvest", "--from", crawl, "--warehouse", warehouse, "--direct")
    return warehouse


def meet(damage: Damage, former: Path, place: Path) -> Met:
    """Harvest a damaged source into a copy of a warehouse.

    Args:
        damage: What to harvest.
        former: The warehouse.
        place: An empty folder.
    """
    work, warehouse = place / "work", place / "work" / "warehouse"
    work.mkdir()
    copytree(former, warehouse, symlinks=True)
    outside(work).mkdir()
    (outside(work) / "secret.html").write_bytes(listing_page(9))
    before, snapshot = read_tables(warehouse), (warehouse / "current").resolve()
    with damage.source(work) as arguments, chdir(work):
        files = _files_beside(warehouse, place)
        done = run_here("harvest", *arguments, "--warehouse", warehouse, "--direct")
        strays = sorted(str(path) for path, _ in _files_beside(warehouse, place) ^ files)
    is_unpublished = (warehouse / "current").resolve() == snapshot
    after, check = read_tables(warehouse), run_here("check", "--warehouse", warehouse)
    kept, now = lasting(before), lasting(after)
    is_former_whole = all(row in now[name] for name in _WHOLE for row in kept[name])
    issues, pages, documents = _read(warehouse) if not is_unpublished else ((), 0, 0)
    added = len(now["documents"]) - len(kept["documents"])
    return Met(done, issues, pages, documents, added, is_former_whole, is_unpublished, tuple(strays), check)


def _files_beside(warehouse: Path, place: Path) -> set[tuple[Path, bytes]]:
    return {
        (path, path.read_bytes() if path.is_file() else b"")
        for path in place.rglob("*")
        if not path.is_relative_to(warehouse)
    }


def _read(warehouse: Path) -> tuple[tuple[tuple[str, str], ...], int, int]:
    """Issues of the last run, and how many pages of the listing and documents on them it had."""
    run_id = frame(warehouse, "runs").sort_values("started_at")["run_id"].iloc[-1]
    issues = frame(warehouse, "issues")
    told = issues[(issues["run_id"] == run_id) & (issues["kind"] != "passed-over")]
    places = [f"{unquote(url.removeprefix('urn:wcda:file:'))}: " if url else "" for url in told["url"]]
    texts = [place + message for place, message in zip(places, told["message"], strict=True)]
    captures, pages, entries = frame(warehouse, "captures"), frame(warehouse, "pages"), frame(warehouse, "entries")
    captured = captures.loc[captures["run_id"] == run_id, "page_id"]
    is_read = pages["page_id"].isin(captured) & (pages["outcome"] == "listing")
    read = pages.loc[is_read & (pages["collection_id"] == "topics-86494"), "page_id"]
    documents = entries.loc[entries["page_id"].isin(read), "document_id"].nunique()
    return tuple(zip(told["kind"], texts, strict=True)), len(read), documents


def report(name: str, damage: Damage, met: Met) -> str:
    """A row of the table: what a harvest of a damaged source said and read."""
    words = met.done.stderr.strip() or "; ".join(f"{kind}: {text}" for kind, text in met.issues) or "nothing"
    read = f"{met.pages} of {damage.there} pages, {met.documents} documents"
    whole = "whole" if met.is_former_whole and met.check.returncode == 0 else "DAMAGED"
    return f"| {name} | {met.done.returncode} | {words} | {read} | {whole} |"


def main() -> None:
    """Print the table."""
    print("| source | exit code | said | read | former tables |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as former:
        warehouse = make_former(Path(former))
        for name, damage in DAMAGES.items():
            with tempfile.TemporaryDirectory() as place:
                print(report(name, damage, meet(damage, warehouse, Path(place))), flush=True)


if __name__ == "__main__":
    main()
