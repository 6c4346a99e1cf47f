"""Saved pages: which files of a folder there are, and which URL their names give.

wget names a file after the URL, as GNU Wget's manual says under `--adjust-extension`, `--restrict-file-names` and
`--backup-converted`; tools that download from a web archive have folders for the times of its captures too.
"""

import datetime as dt
import mimetypes
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from extractors.byte_streams import MAX_PAGE_BYTES
from extractors.replays import read_replay_timestamp
from extractors.wilson_center import ARCHIVE_URL
from extractors.wilson_center.terms import term_page
from extractors.wilson_center.urls import (
    ARCHIVE_HOSTS,
    FACET_KINDS,
    ListingUrl,
    document_url,
    is_archive_site,
    listing_url,
    parse_listing_url,
)
from schemas.errors import SourceError, UsageError
from schemas.files import open_file
from schemas.identifiers import file_url
from schemas.issues import UNREADABLE_FILE, UNSAFE_MEMBER, Issue
from schemas.records import Collection
from schemas.sizes import shown_size

_REPLAY_FOLDER = re.compile(r"([0-9]{14})(?:[a-z]{2}_)*")
_SCHEME_FOLDER = re.compile(r"https?(?::|\+|%3a)?", re.IGNORECASE)
# What wayback_machine_downloader encodes where Windows does not have it in names.
_ENCODED_FOR_WINDOWS = re.compile(r"%(?:3a|2a|3f|26|3d|3c|3e|5c|7c)", re.IGNORECASE)
_SUFFIXES = re.compile(r"(?:/index\.html?|\.html?)?(?:\.orig|\.tmp)?$")
_INDEX = re.compile(r"/index\.html?(?=[?@])")  # of a URL that ends in a slash before its query
# What wget adds to the name of a file that is there already, be it before the suffix; no id of a facet is so.
_COUNTED = re.compile(r"(?<=:)([0-9]+)(?:\.[0-9]{1,3})+$")
_USUAL_PORT = re.compile(r":(?:80|443)$")
_NAMED_SEARCH = re.compile(r"search[?@].*=.*")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?:[:+][0-9]+)?|[0-9]+(?:\.[0-9]+){3}(?:[:+][0-9]+)?", re.IGNORECASE)
_PAGE_VALUE = re.compile(r"[?&](?:page|items_per_page)=(?![0-9]*(?:[&#]|$))")
_FILE_ID = "file:"  # no id of a listing has a colon
_LISTING_ID = re.compile(rf"all|old-search-.+|(?:text|collection|language|{'|'.join(FACET_KINDS)})-.+", re.DOTALL)
_NO_PAGES = frozenset({"application/javascript", "application/json", "application/pdf", "text/css", "text/javascript"})
_NO_PAGE_KINDS = frozenset({"audio", "font", "image", "video"})
# What people take for a source, by its first bytes.
_NO_SOURCES = {
    b"%PDF-": "a PDF",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "a SQLite database",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\xd0\xcf\x11\xe0": "a document of Microsoft Office",
    b"{\\rtf": "an RTF document",
}
_MAX_MAGIC = max(map(len, _NO_SOURCES))
_ADVICE = "save the page that shows it, as HTML or text, and harvest that"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a saved page came from, as far as its name and first bytes show.

    Attributes:
        listing: What its URL asks for, if it is a page of the listing.
        url: Canonical URL of the listing's page, or of the document or term; `None` if it is neither or nobody knows.
        is_known: Whether it is a page at a known place, so that it is no listing without one.
        captured_at: UTC; `None` where nothing shows it.
    """

    listing: ListingUrl | None = None
    url: str | None = None
    is_known: bool = False
    captured_at: dt.datetime | None = None


def check_path(path: Path) -> None:
    """Find out, before anything slow, whether there is something to read.

    Raises:
        UsageError: There is no such path, or it is a pipe or a device.
        SourceError: It is a folder without files.
    """
    if path.is_dir():
        if not find_files(path).names:
            raise SourceError(f"{path}: the folder holds no pages")
    elif not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    elif not path.is_file():
        raise UsageError(f"{path}: neither a file nor a folder, but a pipe or a device; save what it gives to a file")
    elif kind := _known_kind(path):
        raise SourceError(f"{path}: this is {kind}, and no page of the archive; {_ADVICE}")


def _known_kind(path: Path) -> str | None:
    """What a file is that can be no page and holds none, by its first bytes."""
    try:
        with open_file(path) as file:
            head = file.read(_MAX_MAGIC)
    except OSError:
        return None  # which is reported where it is read
    return next((kind for magic, kind in _NO_SOURCES.items() if head.startswith(magic)), None)


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files of a folder, or a single one.

    Attributes:
        folder: That the names are relative to.
        names: With `/`, in their order; hidden files are none of them.
        issues: Folders that cannot be read, and links that lead out of the folder, which are not followed.
    """

    folder: Path
    names: list[str]
    issues: list[Issue]


def find_files(path: Path) -> FoundFiles:
    """The files below a folder, or the one file that a path is."""
    if not path.is_dir():
        return FoundFiles(path.parent, [path.name], [])
    issues: list[Issue] = []
    return FoundFiles(path, sorted(_walk(path, issues)), issues)


def read_page_file(path: Path) -> bytes:
    """The bytes of one saved page.

    Raises:
        SourceError: It cannot be opened, or is too large to be a page.
    """
    try:
        if not path.is_file():
            raise SourceError(f"{path.name}: no file")
        size = path.stat().st_size
        if size > MAX_PAGE_BYTES:
            raise SourceError(f"{path.name}: {shown_size(size)} are no page (at most {shown_size(MAX_PAGE_BYTES)})")
        with open_file(path) as file:
            return file.read()
    except OSError as error:
        raise SourceError(f"{path.name}: {error.strerror}") from error


def is_hidden(name: str) -> bool:
    """Whether a file, or a folder that it is in, has a name that begins with a dot."""
    return any(part.startswith(".") for part in PurePosixPath(name).parts)


def name_collections(names: list[str], taken: Container[str] = ()) -> dict[str, Collection]:
    """A collection for each file, named by its stem, or by as much of its path as no other file has.

    Args:
        names: Of the files.
        taken: Ids of collections that the catalog names.
    """
    forms = {name: name_forms(name) for name in names}
    shared = Counter(form for of_one in forms.values() for form in set(of_one))
    own = {name: next((form for form in of_one if shared[form] == 1), name) for name, of_one in forms.items()}
    return {name: own_collection(form, taken) for name, form in own.items()}


def name_forms(name: str) -> tuple[str, str, str]:
    """What a collection of a file's own can be called, the shortest first."""
    path = PurePosixPath(name)
    return path.stem, str(path.with_suffix("")), name


def own_collection(form: str, taken: Container[str]) -> Collection:
    """A collection of which only the name is known; a file called `all.txt` is not the listing `all`.

    Args:
        form: What it can be called.
        taken: Ids of collections that the catalog names, of which a file is none by its name alone.
    """
    name = form.encode("utf-8", "replace").decode()  # a name in another encoding has no text
    return Collection(f"{_FILE_ID}{name}" if name in taken or _LISTING_ID.fullmatch(name) else name)


def find_origin(parts: tuple[str, ...], base: str) -> Origin:
    """Where a saved page came from, as far as the names of its folders and its own show.

    Args:
        parts: Folders and name of the file.
        base: Where the catalog says that the archive is.
    """
    for number in range(len(parts) - 2, -1, -1):
        url = _base_of_host(parts[number], base)
        if url is not None:
            captured_at, begin = _time_of_folders(parts, number)
            origin = origin_of(_address(url, "/".join(parts[begin:])), base)
            if _names_no_query(parts, number) and origin.listing is not None:
                return Origin(captured_at=captured_at)
            return replace(origin, captured_at=captured_at)
    parent = parts[-2] if len(parts) > 1 else ""
    if _NAMED_SEARCH.fullmatch(parts[-1]) and not _HOST.fullmatch(parent):
        return replace(origin_of(_address(base, parts[-1]), base), is_known=False)
    return Origin()


def _names_no_query(parts: tuple[str, ...], host: int) -> bool:
    """Whether waybackpack named a file, `20250301120000/HOST/search`: after the path of its URL alone."""
    of_time = _REPLAY_FOLDER.fullmatch(parts[host - 1]) if host else None
    return of_time is not None and "." not in parts[-1] and not any(each in parts[-1] for each in "?@%")


def _time_of_folders(parts: tuple[str, ...], host: int) -> tuple[dt.datetime | None, int]:
    """When a page was captured, as mirrors of a web archive name a folder, and where its path begins.

    The folder stands before the host, with the scheme between or not, or behind it.
    """
    before = parts[max(0, host - 2) : host]
    before = before[:-1] if before and _SCHEME_FOLDER.fullmatch(before[-1]) else before[-1:]
    of_replay = _REPLAY_FOLDER.fullmatch(before[-1]) if before else None
    if of_replay is not None:
        return read_replay_timestamp(of_replay[1]), host + 1
    behind = parts[host + 1 : -1][:1]
    if behind and (captured_at := read_replay_timestamp(behind[0])) is not None:
        return captured_at, host + 2
    return None, host + 1


def origin_of(url: str, base: str) -> Origin:
    """Where a page with this URL came from.

    Args:
        url: As a browser or another tool wrote it.
        base: Where the catalog says that the archive is.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return Origin()
    is_of_hosts = is_archive_site(parts)
    listing = parse_listing_url(url, base)
    if listing is None or _PAGE_VALUE.search(url):
        page = archive_document(url, base) or archive_term(url, base)
        return Origin(None, page, is_of_hosts or parts.netloc == urlsplit(base).netloc)
    canonical = listing_url(listing, listing.page, listing.items_per_page, ARCHIVE_URL if is_of_hosts else base)
    return Origin(listing, canonical, is_known=True)


def archive_document(url: str, base: str) -> str | None:
    """Canonical URL of a document at one of the archive's known hosts or where the catalog says that it is."""
    try:
        if urlsplit(url)[:2] == urlsplit(base)[:2]:
            return document_url(urlsplit(url).path)
    except ValueError:
        return None
    return document_url(url)


def archive_term(url: str, base: str) -> str | None:
    """Canonical URL of a term's page at one of the archive's known hosts or where the catalog says that it is."""
    try:
        parts = urlsplit(url)
        own = urlsplit(base)
    except ValueError:
        return None
    term = term_page(parts.path if parts[:2] == own[:2] else url)
    return term.url if term is not None else None


def guess_type(name: str, head: bytes) -> str | None:
    """MIME type of a file by its name, else by its first bytes; `None` where neither shows it."""
    guess = mimetypes.guess_type(name)[0]
    return guess or ("text/html" if head.lstrip().startswith(b"<") else None)


def is_no_page(mime: str | None) -> bool:
    """Whether a file of this type is never a page of a listing, but something that was saved beside one."""
    return mime is not None and (mime in _NO_PAGES or mime.partition("/")[0] in _NO_PAGE_KINDS)


def kind_of_type(mime: str | None) -> str:
    """What to call a type where it is counted: `image`, but `text/css`."""
    main = (mime or "").partition("/")[0]
    return main if main in _NO_PAGE_KINDS else mime or "unknown"


def _walk(root: Path, issues: list[Issue]) -> Iterator[str]:
    """Names of the files below a folder; what is wrong is added to the issues."""
    inside, seen = root.resolve(), set()

    def cannot_list(error: OSError) -> None:
        name = Path(error.filename).relative_to(root).as_posix()
        message = f"the folder cannot be read: {error.strerror}"
        issues.append(UNREADABLE_FILE.issue(message, url=file_url(name)))

    for place, folders, files in os.walk(root, followlinks=True, onerror=cannot_list):
        here = Path(place)
        real = here.resolve()
        if real in seen:  # a link to a folder above it
            folders.clear()
            continue
        seen.add(real)
        leaving = {name for name in (*folders, *files) if _leaves(here / name, inside)}
        for name in sorted(leaving):
            path = (here / name).relative_to(root).as_posix()
            message = "it is a link that leads out of the folder, and was not followed"
            issues.append(UNSAFE_MEMBER.issue(message, url=file_url(path), level="warning"))
        folders[:] = [name for name in folders if not name.startswith(".") and name not in leaving]
        yield from (
            (here / name).relative_to(root).as_posix()
            for name in files
            if not name.startswith(".") and name not in leaving
        )


def _leaves(path: Path, inside: Path) -> bool:
    """Whether a path is a link to something that is not below a folder."""
    # os.path.exists, unlike Path.exists, raises nothing where the link leads to what may not be looked at.
    return path.is_symlink() and os.path.exists(path) and not path.resolve().is_relative_to(inside)  # noqa: PTH110


def _base_of_host(folder: str, base: str) -> str | None:
    """The URL of the site that a folder is named after; `None` if it is none of the archive's."""
    host = folder.lower().replace("+", ":")  # wget's form for Windows
    host = _USUAL_PORT.sub("", host)
    if host in ARCHIVE_HOSTS:
        return ARCHIVE_URL
    return base if host == urlsplit(base).netloc else None


def _address(base: str, name: str) -> str:
    """The URL that wget made a file name of."""
    path = _SUFFIXES.sub("", name).replace("#", "%23")
    if "?" not in path and "%3f" in path.lower():
        path = _ENCODED_FOR_WINDOWS.sub(lambda match: unquote(match[0]), path)
    if "?" not in path:
        path = path.replace("@", "?", 1)  # wget's form for Windows
    path = unicodedata.normalize("NFC", _INDEX.sub("", path))  # macOS takes letters and their accents apart
    return f"{base}/" + _COUNTED.sub(r"\1", path)
