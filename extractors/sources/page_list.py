"""`pages.csv` in a folder of saved pages: what a person knows of them and they do not show, the URL and the timestamp.

A table with a column `file`, the path below the folder, and `url`, `captured_at` or both, as spreadsheets write it:
parted by commas, semicolons or tabs, with further columns and blank rows.
"""

import csv
import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from urllib.parse import unquote, urlsplit

import webencodings

from extractors.decoding import in_letters_of_one_byte
from extractors.replays import read_replay_timestamp, split_replay
from extractors.sources.saved import Origin, origin_of
from schemas.errors import without_password
from schemas.identifiers import file_url
from schemas.issues import BAD_PAGE_LIST, Issue, Level
from schemas.timestamps import parse_timestamp

PAGE_LIST = "pages.csv"

_MAX_ISSUES = 1000  # of lines; those behind are counted
_DELIMITERS = ",;\t|"
_STATED_DELIMITER = re.compile(r"""["']?sep=(.)["']?[;,]*""", re.IGNORECASE)


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

    Of very many such lines, those behind the first are one issue.

    Args:
        body: The list's bytes, in UTF-8, UTF-16, or Windows-1252 with a warning.
        names: Paths of the files that are there, below the list's folder.
        base: Where the catalog says that the archive is.
    """
    listed: dict[str, ListedPage] = {}
    unlisted, folded = set(names), _by_folded(names)
    issues: list[Issue] = []
    useless = 0
    try:
        text, is_certain = _decoded(body)
        if not is_certain:
            message = (
                "it is not in UTF-8, and was read as Windows-1252; look at names with accents, or save it as CSV UTF-8"
            )
            issues.append(page_list_issue(message, level="warning"))
        begin, delimiter, columns = _read_header(text)
        if "file" not in columns or (len(columns) > 1 and not {"url", "captured_at"} & set(columns)):
            found = ", ".join(columns) or "nothing"
            message = "its first line must name the columns file, and url, captured_at or both"
            return {}, [*issues, page_list_issue(message, found)]
        lines = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
        for cells in lines:
            if lines.line_num <= begin or not any(map(str.strip, cells)):
                continue
            try:
                name, page = _read_row(columns, cells, unlisted, folded, base)
                unlisted.remove(name)
                listed[name] = page
            except ValueError as error:
                useless += 1
                if useless <= _MAX_ISSUES:
                    issues.append(page_list_issue(f"line {lines.line_num}: {error}", ", ".join(cells)))
    except csv.Error as error:
        return {}, [page_list_issue(f"it is no CSV: {error}")]
    if useless > _MAX_ISSUES:
        issues.append(
            page_list_issue(f"{useless - _MAX_ISSUES:,} lines behind these say nothing either that can be used")
        )
    return listed, issues


def _decoded(body: bytes) -> tuple[str, bool]:
    """The list's text, and whether it is surely in its encoding: spreadsheets choose one of Unicode's, or their own."""
    narrow = in_letters_of_one_byte(body)[0]
    try:
        return narrow.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        return webencodings.decode(narrow, "windows-1252")[0], False


def _read_header(text: str) -> tuple[int, str, list[str]]:
    """Number of the line that names the columns, what parts them, and their names in small letters."""
    delimiters = _DELIMITERS
    for number, line in enumerate(text.splitlines(), start=1):
        if (stated := _STATED_DELIMITER.fullmatch(line)) is not None:  # Excel's own way to say it
            delimiters = stated[1]
        elif line.strip(" \t\xa0" + "".join(delimiters)):
            read = {each: next(csv.reader([line], delimiter=each)) for each in delimiters}
            names = {each: [cell.strip().lower() for cell in cells] for each, cells in read.items()}
            delimiter = max(delimiters, key=lambda each: ("file" in names[each], len(names[each])))
            return number, delimiter, names[delimiter]
    return 0, ",", []


def _read_row(
    columns: list[str], cells: list[str], names: set[str], folded: Mapping[str, str | None], base: str
) -> tuple[str, ListedPage]:
    if not min(2, len(columns)) <= len(cells) <= len(columns):
        raise ValueError("it has more or fewer fields than the first line")
    cells = [*cells, *[""] * len(columns)][: len(columns)]  # spreadsheets leave out empty ones at the end
    row = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
    name = row["file"] if row["file"] in names else _find_name(row["file"], folded)
    if name not in names:
        name = row["file"].replace("\\", "/").removeprefix("./")
        raise ValueError(f"no file {name!r} is there, or another line is about it")
    url, timestamp = row.get("url"), row.get("captured_at")
    replayed = split_replay(url) if url else None
    captured_at = _read_timestamp(timestamp) if timestamp else replayed.captured_at if replayed else None
    return name, ListedPage(_read_url(replayed.url if replayed else url, base) if url else None, captured_at)


def _find_name(stated: str, names: Mapping[str, str | None]) -> str | None:
    """The file that a person means; `None` if it is not there, or several may be meant.

    Its path may be that on the person's own machine, written as there or as in a URL.
    """
    path = stated.replace("\\", "/").removeprefix("file://")
    for form in (path, unquote(path)):
        parts = _folded(form).split("/")
        for begin in range(len(parts)):
            name = names.get("/".join(parts[begin:]))
            if name is not None:
                return name
    return None


def _by_folded(names: set[str]) -> dict[str, str | None]:
    """Names by their one form; `None` where several have it."""
    folded: dict[str, str | None] = {}
    for name in names:
        folded[_folded(name)] = None if _folded(name) in folded else name
    return folded


def _folded(name: str) -> str:
    """A path in one form, however a disk takes letters and their accents apart, and whatever their case."""
    return unicodedata.normalize("NFC", name.removeprefix("./")).casefold()


def _read_url(url: str, base: str) -> Origin:
    origin = origin_of(url if "://" in url else f"https://{url}", base)
    if origin.listing is None and origin.url is None:
        raise ValueError(f"{url} is no address of a listing page, a document or a term of {urlsplit(base).netloc}")
    return origin


def _read_timestamp(text: str) -> dt.datetime:
    """A timestamp of ISO 8601; without a time zone it is UTC, and a day is its beginning."""
    timestamp = parse_timestamp(text) or read_replay_timestamp(text)
    if timestamp is None:
        raise ValueError(f"{text} is not a timestamp such as 2025-03-01T12:00:00Z")
    return timestamp


def page_list_issue(message: str, found: str | None = None, level: Level = "error") -> Issue:
    """An issue with the list; what it quotes has no passwords."""
    message, found = without_password(f"{PAGE_LIST}: {message}"), found and without_password(found)
    return BAD_PAGE_LIST.issue(message, found=found, url=file_url(PAGE_LIST), level=level)
