"""`pages.csv` in a folder of saved pages: what a person knows of them and they do not show, the URL and the timestamp.

A table with a column `file`, the path below the folder, and `url`, `captured_at` or both.
"""

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from urllib.parse import urlsplit

from extractors.sources.saved import Origin, origin_of
from schemas.identifiers import file_address
from schemas.issues import BAD_PAGE_LIST, Issue, Level
from schemas.timestamps import parse_timestamp

PAGE_LIST = "pages.csv"

_COLUMNS = ("file", "url", "captured_at")


@dataclass(frozen=True, slots=True)
class ListedPage:
    """What the list says of one file.

    Attributes:
        origin: Of its URL; `None` if none is given.
        captured_at: UTC; `None` if it is not known.
    """

    origin: Origin | None
    captured_at: dt.datetime | None


def read_page_list(body: bytes, names: set[str], base: str) -> tuple[dict[str, ListedPage], list[Issue]]:
    """What a list says, by file, and an issue for each line of it that says nothing that can be used.

    Args:
        body: The list's bytes, in UTF-8.
        names: Paths of the files that are there, below the list's folder.
        base: Where the catalog says that the archive is.
    """
    try:
        lines = csv.DictReader(StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        columns = lines.fieldnames or ()
        if "file" not in columns or not set(columns) <= set(_COLUMNS):
            found = ", ".join(columns) or "nothing"
            return {}, [
                page_list_issue("its first line must name the columns file, and url, captured_at or both", found)
            ]
        listed: dict[str, ListedPage] = {}
        unlisted = set(names)
        issues = []
        for row in lines:
            try:
                name, page = _read_row(row, unlisted, base)
                unlisted.remove(name)
                listed[name] = page
            except ValueError as error:
                issues.append(page_list_issue(f"line {lines.line_num}: {error}", ", ".join(_texts(row))))
    except UnicodeDecodeError:
        return {}, [page_list_issue("it is not in UTF-8")]
    except csv.Error as error:
        return {}, [page_list_issue(f"it is no CSV: {error}")]
    return listed, issues


def _read_row(row: dict[str, str | None], names: set[str], base: str) -> tuple[str, ListedPage]:
    name = row["file"] or ""
    if None in row or None in row.values():
        raise ValueError("it has more or fewer fields than the first line")
    if name not in names:
        raise ValueError(f"no file {name!r} is there, or another line is about it")
    url, timestamp = row.get("url"), row.get("captured_at")
    return name, ListedPage(_read_url(url, base) if url else None, _read_timestamp(timestamp) if timestamp else None)


def _read_url(url: str, base: str) -> Origin:
    origin = origin_of(url, base)
    if origin.listing is None and origin.url is None:
        raise ValueError(f"{url} is no address of a listing page, a document or a term of {urlsplit(base).netloc}")
    return origin


def _read_timestamp(text: str) -> dt.datetime:
    """A timestamp of ISO 8601; without a time zone it is UTC, and a day is its beginning."""
    timestamp = parse_timestamp(text)
    if timestamp is None:
        raise ValueError(f"{text} is not a timestamp such as 2025-03-01T12:00:00Z")
    return timestamp


def _texts(row: dict[str, str | None]) -> Iterator[str]:
    for value in row.values():
        yield from value if isinstance(value, list) else [value or ""]


def page_list_issue(message: str, found: str | None = None, level: Level = "error") -> Issue:
    """An issue with the list."""
    return BAD_PAGE_LIST.issue(f"{PAGE_LIST}: {message}", found=found, url=file_address(PAGE_LIST), level=level)
