"""Documents by words: which have what is asked for in their title, summary, date, terms or texts, the best first.

Words count from their beginning, in any case and without accents; a phrase stands in quotes; a minus in front of either
leaves documents out. All that is asked for must be there, each in any field. docs/commands.md states the order.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wcda.errors import UsageError
from wcda.query import Part, Period, fold, is_in, is_touching, is_within, passage, period_of, read_query, span_of
from wcda.snapshots import Snapshot

FIELDS = ("id", "title", "date", "summary", "collection", "term", "text")
"""Where something can be found."""

_ID, _SURE_DATE, _HEAD, _LIKELY_DATE, _SUMMARY, _NAME, _TEXT = 0, 0, 1, 2, 3, 4, 5
"""How well a place fits, 0 is best; the report's `search.js` ranks what it searches alike."""

_RANKS = {"title": _HEAD, "date": _HEAD, "summary": _SUMMARY, "collection": _NAME, "term": _NAME}
_TEXTS = {"title": "title", "summary": "summary", "date": "date_text"}
"""Columns that are searched, by the field that they are."""

_BATCH_ROWS = 256  # texts in memory at once
_WHOLE_ID = 16
_COLUMNS = ["document_id", "date_text", "date_edtf", "date_start", "title", "summary", "url", "record_id"]

Hits = dict[str, int]
"""Of a document and one part: the fields in which it was found, and how well each fits."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document that was found.

    Attributes:
        document: Its row, of `_COLUMNS`.
        collections: Names of those that list it, else their ids.
        passages: By each field where something of what was asked for stands, in the order of `FIELDS`: what stands
            around it, in one line.
    """

    document: dict[str, Any]
    collections: list[str]
    passages: dict[str, str]


@dataclass(frozen=True, slots=True)
class Searched:
    """In what a search looks, and what it lacks.

    Attributes:
        with_text: Documents that have a full text.
        incomplete: Collections of which not all is known to be here.
        seen: Entries that were seen, of collections for which the archive reports a number.
        reported: Entries that it reports for them.
    """

    documents: int
    with_text: int
    collections: int
    incomplete: int
    seen: int
    reported: int


def search(snapshot: Snapshot, query: str, years: str | None = None) -> list[Found]:
    """The documents that have all that is asked for: the best first, of equal ones the newest.

    Args:
        snapshot: Where to look.
        query: What is asked for.
        years: What the date must share a day with, such as `1962`, `1962-1965` or `1960s`; `None` for any date or none.

    Raises:
        UsageError: There is nothing to look for, or the years are none.
    """
    parts = read_query(query)
    period = _asked_years(years)
    rows = snapshot.read("documents", _COLUMNS).to_pylist()
    hits = {row["document_id"]: _hits_in_row(row, parts) for row in rows}
    _note_ids(snapshot, parts, rows, hits)
    if period is not None:
        rows = [row for row in rows if _is_of(period, row)]
    names, terms = _collection_names(snapshot), _terms(snapshot)
    for field, by_document in (("collection", names), ("term", terms)):
        _note_names(field, by_document, parts, hits)
    texts = _note_texts(snapshot, parts, {row["document_id"]: hits[row["document_id"]] for row in rows})
    wanted = [row for row in _newest_first(rows) if _has_all(parts, hits[row["document_id"]])]
    wanted.sort(key=lambda row: sum(min(own.values()) for own in hits[row["document_id"]] if own))
    found = []
    for row in wanted:
        key = row["document_id"]
        held = {"collection": names.get(key, []), "term": terms.get(key, []), "text": [texts.get(key, "")]}
        found.append(Found(row, names.get(key, []), dict(_passages(row, parts, hits[key], held))))
    return found


def searched(snapshot: Snapshot) -> Searched:
    """In what a search of a snapshot looks."""
    collections = snapshot.read("collections", ["reported_total", "observed_total", "complete"]).to_pylist()
    counted = [row for row in collections if row["reported_total"] is not None]
    return Searched(
        snapshot.read("documents", ["document_id"]).num_rows,
        len(pc.unique(snapshot.read("texts", ["document_id"])["document_id"])),
        len(collections),
        sum(not row["complete"] for row in collections),
        sum(row["observed_total"] for row in counted),
        sum(row["reported_total"] for row in counted),
    )


def _asked_years(years: str | None) -> Period | None:
    period = None if years is None else period_of(years)
    if years is not None and period is None:
        raise UsageError(f"{years}: no years; write them as 1962, 1962-1965, 1960s or 1962-10")
    return period


def _is_of(period: Period, row: Mapping[str, Any]) -> bool:
    span = _span(row)
    return span is not None and is_touching(span, period)


def _span(row: Mapping[str, Any]) -> Period | None:
    return span_of(row["date_edtf"]) if row["date_edtf"] else None


def _has_all(parts: list[Part], own: list[Hits]) -> bool:
    return all(bool(found) != part.is_unwanted for part, found in zip(parts, own, strict=True))


def _newest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in the order in which the report shows equal hits: the table's from its end, those without a date last."""
    dated = [row for row in rows if row["date_start"] is not None]
    return [*reversed(dated), *(row for row in rows if row["date_start"] is None)]


def _hits_in_row(row: Mapping[str, Any], parts: list[Part]) -> list[Hits]:
    """Of each part: where a document's title, date and summary have it."""
    folded = {field: fold(row[column]) for field, column in _TEXTS.items() if row[column]}
    span = _span(row) if any(part.period for part in parts) else None
    own = []
    for part in parts:
        hits = {field: _RANKS[field] for field, text in folded.items() if is_in(part, text)}
        if part.period is not None and span is not None and is_touching(span, part.period):
            hits["date"] = min(
                hits.get("date", _LIKELY_DATE), _SURE_DATE if is_within(span, part.period) else _LIKELY_DATE
            )
        own.append(hits)
    return own


def _note_ids(
    snapshot: Snapshot, parts: list[Part], rows: list[dict[str, Any]], hits: Mapping[str, list[Hits]]
) -> None:
    """Note which documents have or had an id, a number or a URL that is asked for.

    The beginning of an id can be a word or a year (`dead`, `1962`): it counts in full, or where nothing else is found.
    """
    for number, part in enumerate(parts):
        keys = _by_key(snapshot, part.text)
        begin = part.id_beginning
        if begin and len(begin) < _WHOLE_ID and any(own[number] for own in hits.values()):
            begin = None
        for row in rows:
            key = row["document_id"]
            is_named = key in keys or part.text in {row["record_id"], row["url"]}
            if is_named or (begin and key.startswith(begin)):
                hits[key][number]["id"] = _ID


def _by_key(snapshot: Snapshot, text: str) -> set[str]:
    """Documents that have or had the id or URL."""
    if "://" not in text and len(text) != _WHOLE_ID:
        return set()
    keys = snapshot.read("document_keys", ["key", "document_id"])
    wanted = pa.array([text, f"id:{text}", f"address:{text}"])
    return set(keys.filter(pc.is_in(keys["key"], value_set=wanted))["document_id"].to_pylist())


def _note_names(
    field: str, by_document: Mapping[str, list[str]], parts: list[Part], hits: Mapping[str, list[Hits]]
) -> None:
    """Note which documents have a name with a part of what is asked for; each name is folded once."""
    folded = {name: fold(name) for names in by_document.values() for name in names}
    having = [{name for name, text in folded.items() if is_in(part, text)} for part in parts]
    for key, names in by_document.items():
        for own, meant in zip(hits.get(key, ()), having, strict=False):
            if meant and not meant.isdisjoint(names):
                own[field] = _RANKS[field]


def _note_texts(snapshot: Snapshot, parts: list[Part], hits: Mapping[str, list[Hits]]) -> dict[str, str]:
    """Note which full texts have a part; gives a passage of each document that has a wanted one there."""
    passages: dict[str, str] = {}
    for batch in snapshot.batches("texts", _BATCH_ROWS):
        for row in batch.select(["document_id", "text"]).to_pylist():
            key = row["document_id"]
            if key not in hits:
                continue
            folded = fold(row["text"])
            for own, part in zip(hits[key], parts, strict=True):
                if is_in(part, folded):
                    own["text"] = _TEXT
            wanted = [part for part in parts if not part.is_unwanted and is_in(part, folded)]
            if wanted and key not in passages:
                passages[key] = passage(row["text"], wanted)
    return passages


def _passages(
    row: Mapping[str, Any], parts: list[Part], own: list[Hits], held: Mapping[str, list[str]]
) -> Iterator[tuple[str, str]]:
    """Each field where something of what is asked for stands, with what stands around it."""
    wanted = [part for part in parts if not part.is_unwanted]
    for field in FIELDS:
        if not any(field in hits for hits in own):
            continue
        if field == "text":
            yield field, held[field][0]
        elif field == "id":
            named = [part.text for part, hits in zip(parts, own, strict=True) if field in hits]
            yield field, "; ".join(row["document_id"] if part.lower() in row["document_id"] else part for part in named)
        elif field in held:
            yield field, "; ".join(name for name in held[field] if _has_any(wanted, name))
        else:
            text = row[_TEXTS[field]] or ""
            yield field, passage(text, wanted) or (text or row["date_edtf"])


def _has_any(parts: Iterable[Part], text: str) -> bool:
    folded = fold(text)
    return any(is_in(part, folded) for part in parts)


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
