"""Exports of documents for reference managers: CSL-JSON and RIS, both of which Zotero imports."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.data_package import DATA_PACKAGE
from warehouse.products.tabular import batches, document_ids, json_line
from wcda.snapshots import Snapshot

# What each record begins with, by which a later export knows its own.
_CSL_ITEM = b'{"source":"wcda",'
_RIS_TYPE, _RIS_MADE_BY = b"TY  - ", b"DP  - wcda"
_RIS_LINE = re.compile(rb"[A-Z][A-Z0-9]  - ")

PARAGRAPH = " ¶ "
"""What an empty line becomes in RIS: Zotero, for one, takes a second AB for a note, and joins lines to one."""

_POINT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?([~?%]?)")
_SEASONS = range(21, 25)  # EDTF, level 1: spring, summer, autumn, winter

# Where one or another program parts lines, with the white space around it.
_BREAKS = re.compile(r"[ \t]*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


def write_csl(snapshot: Snapshot, path: Path, collections: tuple[str, ...]) -> tuple[int, list[str]]:
    """A CSL-JSON array (csl-data.json of CSL 1.0.2), one document a line.

    A date that is more than a plain day, month or year also stands in `note` as printed: not all programs read the end
    of an interval, or `circa`.
    """
    rows, archive = 0, _archive_name(snapshot)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("[\n")
        for document in _documents(snapshot, collections):
            file.write(",\n" * (rows > 0) + json_line(csl_item(document, archive)))
            rows += 1
        file.write("\n]\n" if rows else "]\n")
    return rows, []


def is_export(path: Path) -> bool:
    """Whether a file is CSL-JSON or RIS with records of exports alone, and no other."""
    with path.open("rb") as file:
        if file.readline() == b"[\n":
            *items, end = file.readlines() or [b""]
            return end == b"]\n" and all(item.startswith(_CSL_ITEM) for item in items)
        file.seek(0)
        lines = Counter(_ris_mark(line) for line in file)
    return lines[_RIS_TYPE] == lines[_RIS_MADE_BY] > 0 == lines[b""]


def _ris_mark(line: bytes) -> bytes:
    """A line of RIS by which records are counted; of what is no such line, nothing; of others, their tag."""
    if line.rstrip() == _RIS_MADE_BY:
        return _RIS_MADE_BY
    return line[:6] if _RIS_LINE.match(line) else b""


def csl_item(document: dict[str, Any], archive: str) -> dict[str, Any]:
    """A row of `documents` as an item of CSL-JSON; what is absent has no key."""
    item = {
        "source": "wcda",
        "id": document["document_id"],
        "type": "document",
        "title": document["title"],
        "issued": csl_date(document["date_edtf"], document["date_text"]),
        "abstract": document["summary"],
        "URL": document["url"],
        "archive": archive,
        "note": _note(document["date_edtf"], document["date_text"]),
    }
    return {name: value for name, value in item.items() if value is not None}


def csl_date(edtf: str | None, text: str | None) -> dict[str, Any] | None:
    """A date as a CSL date variable: parts of a date or of both ends, `season`, `circa`; else as it was printed.

    Args:
        edtf: The date in EDTF; `None` if there is none or it cannot be read.
        text: As printed.
    """
    points = date_points(edtf)
    if points is None:
        literal = edtf if text is None else text
        return None if literal is None else {"literal": literal}
    parts, is_circa = points
    date: dict[str, Any] = {"date-parts": parts}
    if len(parts) == 1 and _is_season(parts[0]):
        date = {"date-parts": [parts[0][:1]], "season": parts[0][1] - 20}
    return {**date, "circa": True} if is_circa else date


def _note(edtf: str | None, text: str | None) -> str | None:
    points = date_points(edtf)
    return None if points is None or text is None or _is_plain(*points) else f"Date as printed: {text}"


def _is_plain(parts: list[list[int]], is_circa: bool) -> bool:
    return len(parts) == 1 and not is_circa and not _is_season(parts[0])


def _is_season(part: list[int]) -> bool:
    return len(part) == 2 and part[1] in _SEASONS


def date_points(edtf: str | None) -> tuple[list[list[int]], bool] | None:
    """The date, or both ends of an interval, as year, month and day, and whether it is qualified (`~`, `?`, `%`).

    `None` for what reference managers have no parts for: sets, decades, open intervals, seasons as ends of an interval.
    """
    found = [_POINT.fullmatch(part) for part in (edtf or "").split("/")]
    if len(found) > 2 or None in found:
        return None
    matches = [match for match in found if match is not None]
    parts = [[int(number) for number in match.groups()[:3] if number] for match in matches]
    if len(parts) > 1 and any(_is_season(part) for part in parts):
        return None
    return parts, any(match[4] for match in matches)


def write_ris(snapshot: Snapshot, path: Path, collections: tuple[str, ...]) -> tuple[int, list[str]]:
    """RIS records, one for each document, UTF-8; a value stands on one line, as few programs read on on the next."""
    rows = folded = removed = 0
    archive = _archive_name(snapshot)
    with path.open("w", encoding="utf-8", newline="") as file:
        for document in _documents(snapshot, collections):
            for tag, value in ris_fields(document, archive):
                line, breaks, controls = ris_value(value)
                folded, removed = folded + breaks, removed + controls
                if line or tag == "ER":
                    file.write(f"{tag}  - {line}\r\n")
            rows += 1
    return rows, [
        f"{count} {what}"
        for count, what in (
            (folded, "line breaks in titles, dates and summaries became spaces, or ¶ between paragraphs"),
            (removed, "control characters were removed"),
        )
        if count
    ]


def ris_fields(document: dict[str, Any], archive: str) -> Iterator[tuple[str, str]]:
    """Tags and values of a row of `documents`, in order; what is absent has no tag."""
    yield from (("TY", "MANSCPT"), ("DB", archive), ("DP", "wcda"), ("ID", document["document_id"]))
    year, date = ris_date(document["date_edtf"], document["date_text"])
    for tag, value in (
        ("TI", document["title"]),
        ("PY", year),
        ("DA", date),
        ("AB", document["summary"]),
        ("UR", document["url"]),
    ):
        if value is not None:
            yield tag, value
    yield "ER", ""


def ris_date(edtf: str | None, text: str | None) -> tuple[str | None, str | None]:
    """The year (PY) and the date (DA: `YYYY/MM/DD/other`), `None` where there is none.

    Of an interval it is the first end. What is more than a plain day, month or year stands in `other` as printed.
    """
    printed = edtf if text is None else text
    points = date_points(edtf)
    if points is None:
        return None, None if printed is None else f"///{printed}"
    parts, is_circa = points
    year, month, day = [f"{parts[0][0]:04}", *(f"{part:02}" for part in parts[0][1:]), "", ""][:3]
    other = "" if _is_plain(parts, is_circa) else printed
    return year, f"{year}/{'' if _is_season(parts[0]) else month}/{day}/{other}"


def ris_value(text: str) -> tuple[str, int, int]:
    """A text on one line; how many line breaks became a space or a mark, and how many control characters left."""
    text, folded = _BREAKS.subn(lambda found: PARAGRAPH if found[0].count("\n") > 1 else " ", text)
    text, removed = _CONTROLS.subn("", text)
    return text.strip(), folded, removed


def _archive_name(snapshot: Snapshot) -> str:
    """What the archive is called whose documents the snapshot holds."""
    described = json.loads((snapshot.path / DATA_PACKAGE).read_text(encoding="utf-8"))
    name: str = described["sources"][0]["title"]
    return name


def _documents(snapshot: Snapshot, collections: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for batch in batches(snapshot, "documents", document_ids(snapshot, collections)):
        yield from batch.to_pylist()
