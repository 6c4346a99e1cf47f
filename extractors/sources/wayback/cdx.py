"""The answers of a CDX server, in both dialects."""

import datetime as dt
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

MAX_LINES = 5000
"""Captures that one answer of the index may hold, so that it stays well below the most that is read of a body."""

TIMESTAMP = "%Y%m%d%H%M%S"
"""How `strftime` writes the time of a capture."""

NO_STATUS = "-"
"""Of a capture that the archive stores as a reference to an earlier one."""

_NO_STATUSES = frozenset({"", "-1", "0"})  # as other servers write it
_DIGITS = re.compile(r"[0-9]{14}")
_STATUS = re.compile(r"-|[1-5][0-9]{2}")
_MAX_QUOTE = 200


class CdxLine(NamedTuple):
    """A capture as the index has it; an empty digest if it has none."""

    timestamp: str
    url: str
    status: str
    digest: str

    @property
    def instant(self) -> dt.datetime:
        """When it was captured, UTC."""
        return instant_of(self.timestamp)


@dataclass(frozen=True, slots=True)
class CdxAnswer:
    """What the index answered to one query.

    Attributes:
        malformed: Lines that cannot be read, each as it stands.
        resume_key: What to go on with; `None` if nothing more is there, or the dialect knows none.
        is_pywb: Whether it is in pywb's dialect.
        is_cut: Whether its end is missing.
    """

    lines: tuple[CdxLine, ...] = ()
    malformed: tuple[str, ...] = ()
    resume_key: str | None = None
    is_pywb: bool = False
    is_cut: bool = False

    @property
    def is_full(self) -> bool:
        """Whether more may be there than was asked for at once, with no key to go on with."""
        return self.is_pywb and len(self.lines) + len(self.malformed) >= MAX_LINES


def read_cdx(text: str) -> CdxAnswer:
    """An answer of a CDX server.

    Raises:
        ValueError: It is none.
    """
    text = text.strip()
    if text.startswith("["):
        return _read_rows(text)
    texts = [line for line in text.split("\n") if line.strip()]
    good, bad = _sorted_out((line, _read_object(line)) for line in texts)
    if bad and not good:
        raise ValueError(f"it begins with {quoted(texts[0])}")
    return CdxAnswer(good, bad, is_pywb=bool(texts))


def _read_rows(text: str) -> CdxAnswer:
    """Arrays with a header row, as the Internet Archive answers."""
    rows = _rows(text)
    if not rows:
        return CdxAnswer()
    header = rows[0]
    if not isinstance(header, list) or not {"timestamp", "original", "statuscode"} <= set(map(str, header)):
        raise ValueError(f"it begins with {quoted(text)}")
    resume_key = None
    if len(rows) > 2 and rows[-2] == [] and isinstance(rows[-1], list) and len(rows[-1]) == 1:
        resume_key = str(rows[-1][0])
        del rows[-2:]
    good, bad = _sorted_out((_shown(row), _read_row(header, row)) for row in rows[1:])
    return CdxAnswer(good, bad, resume_key, is_cut=not text.endswith("]"))


def _rows(text: str) -> list[Any]:
    """The rows; one that cannot be read is the text of its line."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return [_row_of(line) for line in text.split("\n")]
    return rows if isinstance(rows, list) else []


def _row_of(line: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(f"[{line.strip().strip('[],')}]")
    except (ValueError, RecursionError):
        return line


def _shown(row: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    return row if isinstance(row, str) else json.dumps(row)


def _read_row(header: list[Any], row: Any) -> CdxLine | None:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(row, list) or len(row) != len(header):
        return None
    fields = dict(zip(header, row, strict=True))
    return _line(fields["timestamp"], fields["original"], fields["statuscode"], fields.get("digest"))


def _read_object(text: str) -> CdxLine | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    return _line(fields.get("timestamp"), fields.get("url"), fields.get("status", NO_STATUS), fields.get("digest"))


def _line(timestamp: object, url: object, status: object, digest: object) -> CdxLine | None:
    """A capture of the index; `None` if its fields make no sense."""
    if not isinstance(timestamp, str) or not isinstance(url, str):
        return None
    status = NO_STATUS if status is None or str(status) in _NO_STATUSES else str(status)
    try:
        instant_of(timestamp)
        url.encode()  # half of a surrogate pair is no URL
    except ValueError:
        return None
    if not url or _STATUS.fullmatch(status) is None:
        return None
    return CdxLine(timestamp, url, status, digest if isinstance(digest, str) and digest != "-" else "")


def _sorted_out(lines: Iterable[tuple[str, CdxLine | None]]) -> tuple[tuple[CdxLine, ...], tuple[str, ...]]:
    """The lines that could be read, and the texts of the others."""
    good: list[CdxLine] = []
    bad: list[str] = []
    for text, line in lines:
        if line is None:
            bad.append(text)
        else:
            good.append(line)
    return tuple(good), tuple(bad)


def instant_of(timestamp: str) -> dt.datetime:
    """Of fourteen digits, UTC.

    Raises:
        ValueError: It is none.
    """
    if _DIGITS.fullmatch(timestamp) is None:
        raise ValueError(f"{timestamp!r} is no timestamp of fourteen digits")
    return dt.datetime.strptime(timestamp, TIMESTAMP).replace(tzinfo=dt.UTC)


def shown_instant(line: CdxLine) -> str:
    """When it was captured, for a person."""
    return f"{line.instant:%Y-%m-%dT%H:%M:%SZ}"


def quoted(text: str) -> str:
    """The start of a text, in one line."""
    return repr(text[:_MAX_QUOTE])
