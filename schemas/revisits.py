"""Which capture a revisit has its body from, found over all that is there, whatever the order in which it came.

By the id of a record, in any case, else by URL and time, else by digest of any common kind, else by URL alone; a
capture of which the site said nothing but that it had not changed shows what the latest earlier capture of its URL
showed (WARC 1.1, 6.7). What a revisit refers to may be a revisit itself.
"""

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import md5, sha1, sha256, sha512
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from schemas.identifiers import stable_id
from schemas.parsed import SHOWN

_HEX = re.compile(r"[0-9a-fA-F]+")
_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64}
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)
_OF_ORIGINALS = (
    *("capture_id", "run_id", "url", "captured_at", "collection_id", "page_id", "revisits", "refers_to_place"),
    *("refers_to_at", "is_not_modified", "place", "body", "digest", "source_id", "source_digest"),
)
_OTHER_DIGESTS = {"md5": md5, "sha256": sha256, "sha512": sha512}

OtherDigests = Callable[[], Mapping[str, str]]
"""Gives `other_digests` of the bodies of all captures, by `capture_id`. To compute them takes a tenth of the time that
all else of reading a page takes, so that they are asked for only where a revisit names its original by one of them."""


@dataclass(frozen=True, slots=True)
class PageCopy:
    """A page that only a revisit at another URL shows: what it holds is what another page holds.

    Attributes:
        of: `page_id` of that page.
        url: Of the revisit; likewise its collection and run.
    """

    page_id: str
    of: str
    url: str
    collection_id: str | None
    run_id: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """Captures, each revisit with what it shows, and the pages that are shown by revisits alone."""

    captures: pa.Table
    copies: tuple[PageCopy, ...] = ()


def page_id_of(collection_id: str | None, url: str, body: str) -> str:
    """Id of the page that a capture shows: its collection, or else its URL, and its body."""
    return stable_id(collection_id or url, *body.split(" "))


def digest_key(stated: str | None) -> str | None:
    """A digest in one form, `sha1:` and hexadecimal digits, be it in base 32 or not, with its kind or without.

    One of a kind that is not known stays as it is; that of nothing, which many records without a body have, is none.
    """
    if not stated or not (text := stated.strip()) or text == "-":
        return None
    name, colon, value = text.rpartition(":")
    kind = name.lower().replace("-", "").replace("_", "")
    value = value.strip().rstrip("=")
    raw = _bytes_of(value, _BYTES.get(kind))
    if raw is None:
        return f"{kind}{colon}{value}"
    if not colon:
        kind = next(each for each, size in _BYTES.items() if size == len(raw))
    return None if raw == sha1(b"", usedforsecurity=False).digest() else f"{kind}:{raw.hex()}"


def other_digests(body: bytes) -> str:
    """The digests of a body that an archive may state in place of SHA-1, in the form of `digest_key`."""
    return " ".join(
        f"{name}:{function(body, usedforsecurity=False).hexdigest()}" for name, function in _OTHER_DIGESTS.items()
    )


def _bytes_of(value: str, size: int | None) -> bytes | None:
    """The bytes of a digest; `None` if it is in no form that is known."""
    sizes = (size,) if size else tuple(_BYTES.values())
    if _HEX.fullmatch(value) and len(value) in [2 * each for each in sizes]:
        return bytes.fromhex(value)
    try:
        raw = base64.b32decode(value.upper() + "=" * (-len(value) % 8))
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) in sizes else None


def resolve_revisits(captures: pa.Table, digests: OtherDigests = dict) -> Resolved:
    """The captures, each revisit with what the capture that it refers to shows; null where that one is not there.

    A revisit at another URL, or in another collection, shows a page of its own.

    Args:
        captures: Of all segments, as `PARSED_CAPTURES`.
        digests: Of the same segments; without it, no original is found by a digest of another kind than SHA-1, unless
            its archive states the same.
    """
    ids = captures["capture_id"].combine_chunks()
    named = pc.index_in(captures["revisits"], value_set=ids, skip_nulls=True)
    owners = pc.coalesce(captures["collection_id"], captures["url"])
    # What a site was asked again is nearly all that there is: those are found without a look at each.
    is_usual = pc.and_(pc.is_valid(captures["page_id"].take(named)), pc.equal(owners, owners.take(named)))
    found = pc.if_else(pc.and_(pc.is_null(captures["page_id"]), pc.fill_null(is_usual, False)), named, None)
    others = pc.and_(pc.is_null(captures["page_id"]), pc.is_null(found))
    if not pc.any(others).as_py():
        return Resolved(_with_shown(captures, found))
    rows = captures.select(_OF_ORIGINALS).to_pylist()
    originals = _Originals(rows, digests)
    places = {id(row): place for place, row in enumerate(rows)}
    targets = found.to_pylist()
    page_ids: list[str | None] = captures["page_id"].to_pylist()
    resolved: list[tuple[dict[str, Any], dict[str, Any], str]] = []
    for place in (number for number, is_other in enumerate(others.to_pylist()) if is_other):
        row = rows[place]
        original = originals.of(row)
        if original is not None:
            targets[place] = places[id(original)]
            own = page_id_of(row["collection_id"], row["url"], original["body"])
            is_same = (row["collection_id"] or row["url"]) == (original["collection_id"] or original["url"])
            page_ids[place] = original["page_id"] if is_same else own
            resolved.append((row, original, page_ids[place] or own))
    shown = _with_shown(captures, pa.array(targets, pa.int32()))
    taken = pc.coalesce(pa.chunked_array([pa.array(page_ids, pa.string())]), shown["page_id"])
    place = shown.schema.get_field_index("page_id")
    return Resolved(shown.set_column(place, shown.schema.field(place), taken), _copies(resolved, rows))


def _with_shown(captures: pa.Table, targets: pa.Array) -> pa.Table:
    """The captures with what others show, given by the row of each; and `revisits` as the id of that capture."""
    shown = {name: captures[name].take(targets) for name in SHOWN}
    shown["revisits"] = captures["capture_id"].take(targets)
    for name, taken in shown.items():
        column = pc.if_else(pc.is_valid(targets), taken, captures[name])
        captures = captures.set_column(captures.schema.get_field_index(name), captures.schema.field(name), column)
    return captures


def _copies(
    resolved: Iterable[tuple[dict[str, Any], dict[str, Any], str]], rows: list[dict[str, Any]]
) -> tuple[PageCopy, ...]:
    """The pages that no capture with a body shows; in an order that does not depend on that of the captures."""
    existing = {row["page_id"] for row in rows}
    copies = {
        PageCopy(page_id, original["page_id"], row["url"], row["collection_id"], row["run_id"])
        for row, original, page_id in resolved
        if page_id not in existing
    }
    first: dict[str, PageCopy] = {}
    for copy in sorted(copies, key=lambda each: (each.page_id, each.run_id, each.url, each.of)):
        first.setdefault(copy.page_id, copy)
    return tuple(first.values())


def _order(row: dict[str, Any]) -> tuple[Any, ...]:
    """Captures with a body first, then by time; what else is there, so that no order of runs matters."""
    return row["page_id"] is None, row["captured_at"] or _LAST, row["url"], str(row["body"]), row["capture_id"]


def _is_known_kind(digest: str | None) -> bool:
    """Whether a digest is of a kind that each capture with a body has, so that none of these is meant by it."""
    return digest is not None and digest.partition(":")[0] in _BYTES


def _moment(row: dict[str, Any]) -> tuple[dt.datetime, bool]:
    """When a capture was made; of those of one moment, revisits come last."""
    return row["captured_at"], row["page_id"] is None


class _Originals:
    """All captures, by what revisits refer to them by."""

    def __init__(self, rows: list[dict[str, Any]], digests: OtherDigests) -> None:
        self._rows = sorted(rows, key=_order)  # of several that a reference may mean, the first counts
        self._digests = digests

    def of(self, revisit: dict[str, Any]) -> dict[str, Any] | None:
        """The capture with a body that a revisit shows; `None` if it is not there."""
        seen: dict[str, dict[str, Any]] = {}
        row: dict[str, Any] | None = revisit
        while row is not None and row["page_id"] is None:
            if row["capture_id"] in seen:
                return self._by_digest_of(seen.values())
            seen[row["capture_id"]] = row
            row = self._next(row)
        return row or self._by_digest_of(seen.values())

    def _by_digest_of(self, chain: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
        """The capture with a body that has the digest of one of several revisits, which lead to none."""
        stated = [row["digest"] for row in chain if row["digest"]]
        return next((found[0] for digest in stated if (found := self._with_digest(digest))), None)

    def _with_digest(self, digest: str) -> Sequence[dict[str, Any]]:
        """The captures with a body that has a digest."""
        found = self._by_digest.get(digest, ())
        if found or digest.partition(":")[0] not in _OTHER_DIGESTS:
            return found
        return self._by_any_digest.get(digest, ())

    def _next(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """The capture that a revisit refers to, which may be a revisit itself."""
        found = self._by_id.get(row["revisits"].lower()) if row["revisits"] else None
        if found is None and row["refers_to_place"] and row["refers_to_at"]:
            found = self._at(row)
        if found is None and row["digest"]:
            found = next((each for each in self._with_digest(row["digest"]) if each is not row), None)
        refers = row["revisits"] or row["refers_to_at"]
        names_url_alone = row["refers_to_place"] and not refers and not _is_known_kind(row["digest"])
        if found is None and ((row["is_not_modified"] and not refers) or names_url_alone):
            found = self._before(row)
        return None if found is row else found

    def _at(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """The capture of a URL at a time, to the second; the one that agrees to the fraction first."""
        at = row["refers_to_at"]
        candidates = self._by_second.get((row["refers_to_place"], at.replace(microsecond=0)), ())
        others = [each for each in candidates if each is not row]
        return next((each for each in others if each["captured_at"] == at), next(iter(others), None))

    def _before(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """The latest capture of the same URL, or of that which it names, that is no later."""
        rows = self._by_place.get(row["refers_to_place"] or row["place"], ())
        if row["captured_at"] is None:
            return None
        earlier = [each for each in rows if _moment(each) < (row["captured_at"], True) and each is not row]
        return max(earlier, key=lambda each: (*_moment(each), str(each["body"])), default=None)

    @cached_property
    def _by_id(self) -> dict[str, dict[str, Any]]:
        ids: dict[str, dict[str, Any]] = {}
        for name in ("capture_id", "source_id"):
            for row in self._rows:
                if row[name]:
                    ids.setdefault(row[name].lower(), row)
        return ids

    @cached_property
    def _by_second(self) -> dict[tuple[str, dt.datetime], list[dict[str, Any]]]:
        found: dict[tuple[str, dt.datetime], list[dict[str, Any]]] = {}
        for row in self._rows:
            if row["captured_at"] is not None and row["place"]:
                found.setdefault((row["place"], row["captured_at"].replace(microsecond=0)), []).append(row)
        return found

    @cached_property
    def _by_digest(self) -> dict[str, list[dict[str, Any]]]:
        return self._by_digests({})

    @cached_property
    def _by_any_digest(self) -> dict[str, list[dict[str, Any]]]:
        return self._by_digests(self._digests())

    def _by_digests(self, others: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self._rows:
            if row["page_id"] is not None:
                for digest in {row["digest"], row["source_digest"], *others.get(row["capture_id"], "").split()} - {
                    None
                }:
                    found.setdefault(digest, []).append(row)
        return found

    @cached_property
    def _by_place(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self._rows:
            if row["captured_at"] is not None and row["place"]:
                found.setdefault(row["place"], []).append(row)
        return found
