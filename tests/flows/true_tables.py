"""The tables of documents' pages, beside what the generator of the replica says that they must be: row for row.

What depends on the run (timestamps), and ids that are hashes, are left out; documents are named by their URL.
"""

import calendar
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from schemas.tables import TABLES
from tests.flows.live import canonical, frame
from tests.replica import Truth
from tests.replica.details import LANGUAGE_FACETS, Details, Named, document_details, related_numbers
from tests.replica.records import Document

Rows = dict[str, list[dict[str, Any]]]

SITE = "https://digitalarchive.wilsoncenter.org"
_TABLES = ("documents", "terms", "document_terms", "texts", "files", "relations")
_FORMATS = {"day": "%B %d, %Y", "month": "%B %Y", "year": "%Y"}
_DAY = re.compile(rf"\b([0-9]{{1,2}}) ({'|'.join(calendar.month_name[1:])}) ([0-9]{{4}})\b")


def published_rows(warehouse: Path) -> Rows:
    """What is published of documents and of what their pages have, in an order of its own."""
    documents = frame(warehouse, "documents")
    urls = dict(zip(documents["document_id"], documents["url"], strict=True))
    found: Rows = {}
    for name in _TABLES:
        volatile = [column.name for column in TABLES[name].columns if column.volatile]
        rows = frame(warehouse, name).drop(columns=[*volatile, "page_id"], errors="ignore").to_dict("records")
        found[name] = _ordered([_named(row, urls) for row in rows])
    return found


def true_rows(truth: Truth, *, are_listed: bool) -> Rows:
    """What `published_rows` must be.

    Args:
        truth: What the site holds.
        are_listed: Whether listings were read, or the pages of documents alone.
    """
    by_number = {one.record_id: one for one in truth.documents}
    counts = Counter(address for one in truth.collections for address in one.addresses) if are_listed else Counter()
    counts.update(one.address for one in truth.documents if are_listed)  # of the listing of all
    details = {one.address: document_details(one) for one in truth.documents}
    found: Rows = {name: [] for name in _TABLES}
    terms: dict[str, dict[str, Any]] = {}
    for one in truth.documents:
        url, own = canonical(one.address), details[one.address]
        found["documents"].append(_document(one, own, counts[one.address]))
        for role, position, term in _terms(own):
            terms[term["term_id"]] = term
            found["document_terms"].append(
                {"document_id": url, "role": role, "position": position, "term_id": term["term_id"]}
            )
        found["texts"] += _texts(url, own)
        found["files"] += _files(url, own)
        related = [by_number[number] for number in related_numbers(one) if number in by_number]
        found["relations"] += [_relation(url, position, each) for position, each in enumerate(related, 1)]
    found["terms"] = list(terms.values())
    return {name: _ordered(rows) for name, rows in found.items()}


def assert_true(warehouse: Path, truth: Truth, *, are_listed: bool) -> None:
    """What is published of documents is what the generator made; the message shows a few rows that are not."""
    found, expected = published_rows(warehouse), true_rows(truth, are_listed=are_listed)
    for name in _TABLES:
        ours, theirs = ({repr(sorted(row.items())) for row in rows[name]} for rows in (found, expected))
        differences = sorted(ours - theirs)[:2], sorted(theirs - ours)[:2]
        assert differences == ([], []), f"{name}, of {len(ours - theirs)} and {len(theirs - ours)} rows: {differences}"
    assert found == expected  # how often each row is there


def _ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: repr(sorted(row.items())))


def _named(row: dict[str, Any], urls: dict[str, str]) -> dict[str, Any]:
    """A row with URLs for ids, and plain values."""
    names = {name: urls.get(row[name]) for name in ("document_id", "related_id") if name in row}
    plain = {name: _plain(value) for name, value in row.items()}
    return plain | names


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.date()
    return [*value] if isinstance(value, np.ndarray) else value


def _document(one: Document, own: Details, count: int) -> dict[str, Any]:
    url = canonical(one.address)
    return {
        "document_id": url,
        "url": url,
        "title": one.title,
        "summary": one.summary,
        "date_text": one.date_text,
        **_date(one.date_text),
        "title_date_edtf": _date_in(one.title),
        "collection_count": count,
        "record_id": str(one.record_id),
        "node_id": str(own.node_id),
        "document_type": [*own.document_type],
        "source": own.source,
        "rights": own.rights,
        "original_archive": [*own.original_archive],
        "credits": own.credits,
        "original_classification": own.original_classification,
        "uploaded_on": own.uploaded_on,
        "languages": [*own.languages],
    }


def _date(text: str | None) -> dict[str, Any]:
    for precision, form in _FORMATS.items():
        try:
            first = dt.datetime.strptime(text or "", form).date()
        except ValueError:
            continue
        last = {
            "day": first,
            "month": first.replace(day=calendar.monthrange(first.year, first.month)[1]),
            "year": first.replace(month=12, day=31),
        }[precision]
        edtf = first.isoformat()[: {"day": 10, "month": 7, "year": 4}[precision]]
        return _dates(edtf, first, last, precision)
    return _dates(None, None, None, "unknown")


def _dates(edtf: str | None, start: dt.date | None, end: dt.date | None, precision: str) -> dict[str, Any]:
    names = ("date_edtf", "date_start", "date_end", "date_precision", "date_approximate")
    return dict(zip(names, (edtf, start, end, precision, False), strict=True))


def _date_in(title: str) -> str | None:
    match = _DAY.search(title)
    return dt.datetime.strptime(match[0], "%d %B %Y").date().isoformat() if match else None


def _terms(own: Details) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Role, place among those of the role, and term."""
    for role in ("author", "participant", "person", "place", "topic", "subject"):
        for position, named in enumerate(own.of_role(role), 1):
            yield role, position, _term(named.term_id, named.kind, named.name, _url_of(named))
    for position, name in enumerate(own.languages, 1):
        facet = LANGUAGE_FACETS[name]
        url = f"{SITE}/search?f%5B0%5D=languages%3A{facet}"
        yield "language", position, _term(f"languages/{name}", "languages", name, url, facet)
    for position, name in enumerate(own.original_archive, 1):
        yield "repository", position, _term(f"repositories/{quote(name, safe='')}", "repositories", name, _search(name))
    for position, name in enumerate(own.donors, 1):
        yield "donor", position, _term(f"donors/{quote(name, safe='')}", "donors", name, None)


def _term(term_id: str, kind: str, name: str, url: str | None, facet_id: str | None = None) -> dict[str, Any]:
    own = {"term_id": term_id, "kind": kind, "name": name, "url": url, "facet_id": facet_id}
    return {**own, "description": None}


def _url_of(named: Named) -> str:
    return _search(named.name) if named.role == "subject" else SITE + named.href


def _search(text: str) -> str:
    return f"{SITE}/search?search_api_fulltext={quote(text, safe='')}"


def _texts(url: str, own: Details) -> Iterator[dict[str, Any]]:
    order = [text for kind in ("original", "transcript", "translation") for text in own.texts if text.kind == kind]
    for position, text in enumerate(order, 1):
        language, basis = text.language, "stated"
        if language is None:
            language, basis = (own.languages[0], "derived") if len(own.languages) == 1 else (None, None)
        counts = {"character_count": len(text.text), "word_count": len(text.text.split())}
        own_values = {"kind": text.kind, "language": language, "language_basis": basis, **counts, "text": text.text}
        yield {"document_id": url, "position": position, **own_values}


def _files(url: str, own: Details) -> Iterator[dict[str, Any]]:
    for position, file in enumerate(own.files, 1):
        place = {"url": SITE + file.path, "media_type": "application/pdf"}
        yield {"document_id": url, "position": position, "kind": file.kind, "language": file.language, **place}


def _relation(url: str, position: int, other: Document) -> dict[str, Any]:
    own = canonical(other.address)
    return {
        "document_id": url,
        "position": position,
        "related_id": own,
        "url": own,
        "node_id": str(document_details(other).node_id),
        "date_text": other.date_text,
        "title": other.title,
    }
