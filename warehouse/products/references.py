"""Exports of documents for reference managers: CSL-JSON and RIS, both of which Zotero imports.

RIS has the type and tags that Zotero's own translator reads into the fields of a manuscript (RIS.js of
github.com/zotero/translators at f50d4465): `MANSCPT` is one, where `GEN` would be a journal article; AU is an author,
KW a tag, DB the archive, AN the location in it, Y2 the day of access, DP the library catalog; ID is ignored.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warehouse.products.provenance import archive_of
from warehouse.products.selection import select
from warehouse.products.tabular import LIST_MARK, batches, json_line
from wcda.snapshots import Snapshot

# What each record begins with, by which a later export knows its own.
_CSL_ITEM = b'{"source":"wcda",'
_RIS_TYPE, _RIS_MADE_BY = b"TY  - ", b"DP  - wcda"
_RIS_LINE = re.compile(rb"[A-Z][A-Z0-9]  - ")

_AUTHOR = "author"
_KEYWORDS = ("participant", "person", "place", "topic", "subject")
"""Roles of terms that are keywords, in their order."""

PARAGRAPH = " ¶ "
"""What an empty line becomes in RIS: Zotero, for one, takes a second AB for a note, and joins lines to one."""

_POINT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?([~?%]?)")
_SEASONS = range(21, 25)  # EDTF, level 1: spring, summer, autumn, winter

# Where one or another program parts lines, with the white space around it.
_BREAKS = re.compile(r"[ \t]*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the terms of one document."""

    authors: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)


def write_csl(snapshot: Snapshot, path: Path, collections: tuple[str, ...]) -> tuple[int, list[str]]:
    """A CSL-JSON array (csl-data.json of CSL 1.0.2), one document a line.

    A date that is more than a plain day, month or year also stands in `note` as printed: not all programs read the end
    of an interval, or `circa`.
    """
    rows, archive = 0, archive_of(snapshot).name
    names = _names(snapshot)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("[\n")
        for document in _documents(snapshot, collections):
            file.write(",\n" * (rows > 0) + json_line(csl_item(document, archive, names[document["document_id"]])))
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


def csl_item(document: Mapping[str, Any], archive: str, names: Names) -> dict[str, Any]:
    """A row of `documents` as an item of CSL-JSON; what is absent has no key."""
    seen = accessed(document)
    item = {
        "source": "wcda",
        "id": document["document_id"],
        "type": "document",
        "title": document["title"],
        "author": [_csl_name(name) for name in names.authors] or None,
        "issued": csl_date(document["date_edtf"], document["date_text"]),
        "accessed": None if seen is None else {"date-parts": [[int(part) for part in seen.split("-")]]},
        "abstract": document["summary"],
        "keyword": LIST_MARK.join(names.keywords) or None,
        "URL": document["url"],
        "archive": archive,
        "archive_location": document["source"],
        "note": _note(document["date_edtf"], document["date_text"]),
    }
    return {name: value for name, value in item.items() if value is not None}


def _csl_name(name: str) -> dict[str, str]:
    """A name as the archive writes it: `Family, Given` of a person, all else as it is."""
    family, _, given = (part.strip() for part in name.partition(","))
    if family and given and "," not in given:
        return {"family": family, "given": given}
    return {"literal": name}


def accessed(document: Mapping[str, Any]) -> str | None:
    """The day (UTC) on which the document's page was seen, or else a listing that has it.

    `None` if it is not known, or if the document has no URL: then nothing was accessed that a reader could open.
    """
    seen: str | None = (document["page_captured_at"] or document["last_seen_at"]) if document["url"] else None
    return None if seen is None else seen[: len("YYYY-MM-DD")]


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
    archive, names = archive_of(snapshot).name, _names(snapshot)
    with path.open("w", encoding="utf-8", newline="") as file:
        for document in _documents(snapshot, collections):
            for tag, value in ris_fields(document, archive, names[document["document_id"]]):
                line, breaks, controls = ris_value(value)
                folded, removed = folded + breaks, removed + controls
                if line or tag == "ER":
                    file.write(f"{tag}  - {line}\r\n")
            rows += 1
    return rows, [
        f"{count} {what}"
        for count, what in (
            (folded, "line breaks in texts became spaces, or ¶ between paragraphs"),
            (removed, "control characters were removed"),
        )
        if count
    ]


def ris_fields(document: Mapping[str, Any], archive: str, names: Names) -> Iterator[tuple[str, str]]:
    """Tags and values of a row of `documents`, in order; what is absent has no tag."""
    year, date = ris_date(document["date_edtf"], document["date_text"])
    seen = accessed(document)
    for tag, value in (
        ("TY", "MANSCPT"),
        ("DB", archive),
        ("AN", document["source"]),
        ("DP", "wcda"),
        ("ID", document["document_id"]),
        *(("AU", name) for name in names.authors),
        ("TI", document["title"]),
        ("PY", year),
        ("DA", date),
        ("Y2", None if seen is None else seen.replace("-", "/") + "/"),
        ("AB", document["summary"]),
        *(("KW", name) for name in names.keywords),
        ("UR", document["url"]),
        ("ER", ""),
    ):
        if value is not None:
            yield tag, value


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


def _documents(snapshot: Snapshot, collections: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for batch in batches(snapshot, "documents", select(snapshot, collections)):
        yield from batch.to_pylist()


def _names(snapshot: Snapshot) -> defaultdict[str, Names]:
    """Names of authors, and of what is a keyword, by document; each once, in the order of its page."""
    terms = snapshot.read("terms", ["term_id", "name"])
    known = dict(zip(terms["term_id"].to_pylist(), terms["name"].to_pylist(), strict=True))
    found: defaultdict[str, Names] = defaultdict(Names)
    columns = ["document_id", "role", "position", "term_id"]
    rows = snapshot.read("document_terms", columns).to_pylist()
    rank = {role: number for number, role in enumerate((_AUTHOR, *_KEYWORDS))}
    for row in sorted(
        (row for row in rows if row["role"] in rank), key=lambda row: (rank[row["role"]], row["position"])
    ):
        names, name = found[row["document_id"]], known[row["term_id"]]
        listed = names.authors if row["role"] == _AUTHOR else names.keywords
        if name is not None and name not in listed:
            listed.append(name)
    return found
