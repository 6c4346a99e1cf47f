"""Documents by words: what a person types, and which documents have it in their title, summary, date, terms or texts.

Words count from their beginning, in any case and without accents; a phrase stands in quotes; a minus in front of either
leaves documents out. All that is asked for must be there, each in any field.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wcda.errors import UsageError
from wcda.snapshots import Snapshot

FIELDS = ("id", "title", "date", "summary", "collection", "term", "text")
"""Where something can be found, in the order in which it is worth most."""

_BATCH_ROWS = 256  # texts in memory at once
_AROUND = 60  # characters of a passage on each side
_PART = re.compile(r'(-?)"([^"]*)"?|(\S+)')
_ID_BEGINNING = re.compile(r"(?=[0-9a-f]*[0-9])[0-9a-f]{4,16}|[0-9a-f]{6,16}")
_ID = re.compile(r"[0-9a-f]{16}")
_YEAR = r"(?:1[0-9]|20)"
_DATE = re.compile(rf"({_YEAR}[0-9x]{{2}})(?:-([01][0-9]|xx))?(?:-([0-3][0-9]|xx))?[~?%]?")
_DECADE = re.compile(rf"({_YEAR}[0-9])0s")
_YEARS = re.compile(rf"({_YEAR}[0-9]{{2}})[-–—]({_YEAR}[0-9]{{2}})")
_EVER = ("0000-01-01", "9999-12-31")
_NO_SPACES = "\u2e80"  # from here on, scripts that write no spaces between words


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is asked for, or that must not be there.

    Attributes:
        text: As it was typed, without quotes and minus.
        is_phrase: Whether its last word is whole.
    """

    text: str
    is_phrase: bool = False
    is_unwanted: bool = False

    def __str__(self) -> str:
        """As it can be typed."""
        return f"{'-' * self.is_unwanted}" + (f'"{self.text}"' if self.is_phrase else self.text)


@dataclass(frozen=True, slots=True)
class Found:
    """A document that was found.

    Attributes:
        document: Its row, of `_COLUMNS`.
        collections: Names of those that list it, else their ids.
        fields: Where something of what was asked for stands, as in `FIELDS`.
        passage: What stands around the first place in a full text; `None` if nothing stands there.
    """

    document: dict[str, Any]
    collections: list[str]
    fields: list[str]
    passage: str | None


_TEXTS = {"title": "title", "summary": "summary", "date": "date_text"}
"""Columns that are searched, by the field that they are."""

_COLUMNS = ["document_id", "date_text", "date_edtf", "date_start", "date_end", "title", "summary", "url", "record_id"]


def read_query(query: str) -> list[Part]:
    """The parts of what a person typed.

    Raises:
        UsageError: There is nothing to look for.
    """
    parts = []
    for minus, phrase, word in _PART.findall(query):
        if phrase and _words(phrase):
            parts.append(Part(phrase, is_phrase=True, is_unwanted=bool(minus)))
        elif word and _words(word.removeprefix("-")):
            parts.append(Part(word.removeprefix("-"), is_unwanted=word.startswith("-")))
    if not parts:
        raise UsageError("nothing to look for: give a word, a phrase in quotes, a date, or an id")
    return parts


def search(snapshot: Snapshot, query: str, years: str | None = None) -> list[Found]:
    """The documents that have all that is asked for, those first that have most of it in their title, then the newest.

    Args:
        snapshot: Where to look.
        query: What is asked for.
        years: What the date must share a day with, such as `1962`, `1962-1965` or `1960s`; `None` for any date or none.

    Raises:
        UsageError: There is nothing to look for, or the years are none.
    """
    parts = read_query(query)
    documents = snapshot.read("documents", _COLUMNS).to_pylist()
    if years is not None:
        period = _period(years.lower())
        if period is None:
            raise UsageError(f"{years}: no years; write them as 1962, 1962-1965, 1960s or 1962-10")
        documents = [row for row in documents if _is_of(period, row)]
    names, terms = _collection_names(snapshot), _terms(snapshot)
    tests = [(_pattern(part), _test_of_date(part.text), _by_key(snapshot, part.text)) for part in parts]
    hits: dict[str, list[set[str]]] = {}
    for row in documents:
        key = row["document_id"]
        texts = [(name, row[column]) for name, column in _TEXTS.items() if row[column]]
        texts += [("collection", name) for name in names.get(key, ())]
        texts += [("term", name) for name in terms.get(key, ())]
        folded = [(name, _folded(text)) for name, text in texts]
        hits[key] = own = []
        for part, (pattern, is_of_date, keys) in zip(parts, tests, strict=True):
            found = {name for name, text in folded if pattern.search(text)}
            found |= {"id"} if key in keys or _is_id(part.text, row) else set()
            own.append(found | ({"date"} if is_of_date(row) else set()))
    passages = _search_texts(snapshot, parts, hits)
    wanted = [row for row in documents if _has_all(parts, hits[row["document_id"]])]
    in_title = {key: sum(bool(found & {"id", "title"}) for found in own) for key, own in hits.items()}
    wanted = _newest_first(wanted)
    wanted.sort(key=lambda row: -in_title[row["document_id"]])
    return [_found(row, hits[row["document_id"]], names, passages) for row in wanted]


def _has_all(parts: list[Part], own: list[set[str]]) -> bool:
    return all(bool(found) != part.is_unwanted for part, found in zip(parts, own, strict=True))


def _found(
    row: dict[str, Any], own: list[set[str]], names: Mapping[str, list[str]], passages: Mapping[str, str]
) -> Found:
    key = row["document_id"]
    fields = [name for name in FIELDS if any(name in found for found in own)]
    return Found(row, names.get(key, []), fields, passages.get(key))


def _newest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in the order in which the report shows equal hits: the table's from its end, those without a date last."""
    dated = [row for row in rows if row["date_start"] is not None]
    return [*reversed(dated), *(row for row in rows if row["date_start"] is None)]


def _search_texts(snapshot: Snapshot, parts: list[Part], hits: Mapping[str, list[set[str]]]) -> dict[str, str]:
    """Note which full texts have a part; gives a passage of each document that has a wanted one there."""
    patterns = [_pattern(part) for part in parts]
    passages: dict[str, str] = {}
    for batch in snapshot.batches("texts", _BATCH_ROWS):
        for row in batch.select(["document_id", "text"]).to_pylist():
            text, key = _folded(row["text"]), row["document_id"]
            if key not in hits:
                continue
            for part, pattern, found in zip(parts, patterns, hits[key], strict=True):
                if (match := pattern.search(text)) is not None:
                    found.add("text")
                    if not part.is_unwanted:
                        passages.setdefault(key, _passage(row["text"], text, match))
    return passages


def _passage(text: str, folded: str, match: re.Match[str]) -> str:
    """What stands around a match, in one line; as it is written, where folding moved no letter."""
    source = text if len(text) == len(folded) else folded
    begin, end = max(0, match.start() - _AROUND), match.end() + _AROUND
    words = " ".join(source[begin:end].split())
    return f"{'…' if begin else ''}{words}{'…' if end < len(source) else ''}"


def _folded(text: str) -> str:
    """Small letters without accents."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in parts if not unicodedata.combining(letter)).casefold()


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", _folded(text))


def _pattern(part: Part) -> re.Pattern[str]:
    """What finds the part in a folded text: its words in a row, from the beginning of the first."""
    words = _words(part.text)
    begin = "" if words[0][0] >= _NO_SPACES else r"(?<!\w)"
    end = r"(?!\w)" if part.is_phrase and words[-1][-1] < _NO_SPACES else ""
    return re.compile(begin + r"[\W_]+".join(map(re.escape, words)) + end)


def _is_id(text: str, row: Mapping[str, Any]) -> bool:
    """Whether a text is the beginning of a document's id, or its record id or URL."""
    beginning = text.lower()
    if _period(beginning) is None and _ID_BEGINNING.fullmatch(beginning) and row["document_id"].startswith(beginning):
        return True
    return text in {row["record_id"], row["url"]}


def _by_key(snapshot: Snapshot, text: str) -> set[str]:
    """Documents that have or had the id or URL."""
    if "://" not in text and not _ID.fullmatch(text):
        return set()
    keys = snapshot.read("document_keys", ["key", "document_id"])
    wanted = pa.array([text, f"id:{text}", f"address:{text}"])
    return set(keys.filter(pc.is_in(keys["key"], value_set=wanted))["document_id"].to_pylist())


def _test_of_date(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a document's date is what a text says in EDTF, or shares a day with what it names."""
    edtf = text.lower()
    period = _period(edtf)

    def test(row: Mapping[str, Any]) -> bool:
        if row["date_edtf"] and row["date_edtf"].lower() == edtf:
            return True
        return period is not None and _is_of(period, row)

    return test


def _is_of(period: tuple[str, str], row: Mapping[str, Any]) -> bool:
    """Whether the date of a document shares a day with a period."""
    if row["date_start"] is None:
        return False
    first, last = _day(row["date_start"]), _day(row["date_end"] or row["date_start"])
    return first <= period[1] and last >= period[0]


def _day(value: Any) -> str:  # noqa: ANN401 (a date or a timestamp)
    return str(value)[:10]


def _period(text: str) -> tuple[str, str] | None:
    """First and last day of a year, month, day, decade (`1960s`, `196x`) or interval of these, as ISO 8601.

    An interval is written as in EDTF, or `1962-1965`.
    """
    first, slash, last = _YEARS.sub(r"\1/\2", text).partition("/")
    if slash:
        begin, end = (_EVER if each == ".." else _period(each) for each in (first, last))
        return (begin[0], end[1]) if begin and end else None
    if (decade := _DECADE.fullmatch(text)) is not None:
        return f"{decade[1]}0-01-01", f"{decade[1]}9-12-31"
    if (date := _DATE.fullmatch(text)) is None:
        return None
    year, month, day = date[1], date[2], date[3]
    month, day = (None if each == "xx" else each for each in (month, day))
    return (
        f"{year.replace('x', '0')}-{month or '01'}-{day or '01'}",
        f"{year.replace('x', '9')}-{month or '12'}-{day or '31'}",
    )


def _collection_names(snapshot: Snapshot) -> dict[str, list[str]]:
    """What the collections of each document are called, by its id."""
    rows = snapshot.read("collections", ["collection_id", "name"]).to_pylist()
    names = {row["collection_id"]: row["name"] or row["collection_id"] for row in rows}
    members = snapshot.read("memberships", ["document_id", "collection_id"]).to_pylist()
    return _grouped((row["document_id"], names.get(row["collection_id"], row["collection_id"])) for row in members)


def _terms(snapshot: Snapshot) -> dict[str, list[str]]:
    """Names of the terms of each document, by its id."""
    names = {row["term_id"]: row["name"] for row in snapshot.read("terms", ["term_id", "name"]).to_pylist()}
    rows = snapshot.read("document_terms", ["document_id", "term_id"]).to_pylist()
    return _grouped((row["document_id"], names.get(row["term_id"]) or row["term_id"]) for row in rows)


def _grouped(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
