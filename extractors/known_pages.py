"""What the raw zone has of each address: for conditional requests, and for going on with a run that was killed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from extractors.document_planning import (
    addresses_of_pages,
    captures_of,
    known_absences,
    known_documents,
    known_files,
    other_addresses,
)
from extractors.planning import PageView
from schemas.listings import Range
from schemas.parsed import PARSED_TABLES
from schemas.records import READ_OUTCOMES, KnownCapture, Plan, Validators
from schemas.revisits import OtherDigests

_Keys = np.ndarray[Any, np.dtype[np.int64]]

RESUMED_WITHIN = dt.timedelta(days=1)
"""A run that was killed longer ago is not gone on with: its pages and the present ones would be no one reading."""

_OF_CAPTURE = ("capture_id", "url", "captured_at", "etag", "last_modified")
_COLUMNS = [*_OF_CAPTURE, "page_id", "outcome"]
_OF_FILES = ("captures", "page_files", "issues")
_OF_ARCHIVED = ["capture_id", "url", "captured_at", "http_status", "revisits", "outcome"]


class KnownPages:
    """The pages that a site sent in former runs, and in this one before it was killed.

    Args:
        segments: Parsed tables (`schemas.parsed`) of all segments, oldest run first.
        digests: Of their captures.

    Attributes:
        resumed_run: The run that was killed and is gone on with; `None` if there is none.
        documents: URLs of documents, and when the page of each was captured last, or was found to be none; `None` if
            neither ever happened.
        other_addresses: Of these, those whose page came at another one, which alone is asked for again.
        absences: What was reported last of URLs that the site does not give.
    """

    def __init__(self, segments: Sequence[Mapping[str, pa.Table]], digests: OtherDigests = dict) -> None:
        self.resumed_run: str | None = None
        captures = captures_of(segments, digests)
        self._captures = captures.filter(pc.is_valid(captures["http_status"]))  # of what sites sent
        self._ranges, whole = _ranges_of_pages(segments)
        self._events = [row for segment in segments for row in segment["events"].to_pylist()]
        self._keys: dict[str, _Keys] = {}
        for segment in segments:
            self._keys |= _keys_of_pages(segment["entries"])
        self.absences = known_absences(segments)
        addresses = addresses_of_pages(segments)
        self.documents = known_documents(segments, self.absences, addresses, captures)
        self.other_addresses = other_addresses(segments, addresses).difference(self.absences)
        self._of_files = [{name: each[name] for name in _OF_FILES} for each in segments]
        whole = pa.concat_arrays([whole, _whole_documents(segments)])
        self._latest = {row["url"]: row for row in _rows(self._captures, _can_be_asked_about(self._captures, whole))}

    def latest(self, url: str) -> KnownCapture | None:
        """The latest whole page that a URL showed and can be asked about; `None` if there is none."""
        row = self._latest.get(url)
        if row is None:
            return None
        validators = Validators(row["etag"], row["last_modified"])
        return KnownCapture(row["capture_id"], url, row["captured_at"], validators)

    def view(self, known: KnownCapture) -> PageView:
        """What a known capture shows."""
        return self._view(self._latest[known.url])

    def archived(self, url: str, captured_at: dt.datetime) -> KnownCapture | None:
        """The capture whose body is that of a URL at a timestamp; `None` if the raw zone does not have that."""
        row = self._archived.get((url, captured_at))
        if row is not None and row["revisits"] is not None:
            row = self._with_body.get(row["revisits"])
        if row is None:
            return None
        return KnownCapture(row["capture_id"], row["url"], row["captured_at"], http_status=row["http_status"])

    def was_read(self, known: KnownCapture) -> bool:
        """Whether a capture that `archived` gave shows a page that could be read."""
        row = self._with_body.get(known.capture_id)
        return row is not None and row["outcome"] in READ_OUTCOMES

    @cached_property
    def files(self) -> dict[str, bool]:
        """URLs of files of documents, and whether they were captured."""
        return known_files(self._of_files)

    @cached_property
    def _archived(self) -> dict[tuple[str, dt.datetime], dict[str, Any]]:
        """Captures by URL and timestamp; of several, one with a body of its own."""
        shown = self._captures.filter(pc.is_valid(self._captures["page_id"]))
        rows: list[dict[str, Any]] = shown.select(_OF_ARCHIVED).to_pylist()
        rows.sort(key=lambda row: row["revisits"] is None)
        return {(row["url"], row["captured_at"]): row for row in rows}

    @cached_property
    def _with_body(self) -> dict[str, dict[str, Any]]:
        return {row["capture_id"]: row for row in self._archived.values() if row["revisits"] is None}

    def views_of_resumed_run(self) -> dict[str, PageView]:
        """What each URL showed to the run that is resumed, when it asked last; empty if none is."""
        return {} if self.resumed_run is None else self.views_of_run(self.resumed_run)

    def views_of_run(self, run_id: str) -> dict[str, PageView]:
        """What each URL showed when a run asked for it last."""
        last = {row["url"]: row for row in _rows(self._captures, _showed_something_to(run_id, self._captures))}
        return {url: self._view(row) for url, row in last.items()}

    def resume(self, plan: Plan) -> str | None:
        """Go on with the latest run of the same purpose that was killed within the day before a plan, if there is one.

        Returns:
            That run.
        """
        ended = {row["run_id"] for row in self._events if row["event"] == "end"}
        runs = [
            (row["at"], row["run_id"])
            for row in self._events
            if row["purpose"] == plan.purpose
            and row["run_id"] not in ended
            and plan.started_at - row["at"] < RESUMED_WITHIN
        ]
        self.resumed_run = max(runs)[1] if runs else None
        return self.resumed_run

    def _view(self, row: Mapping[str, Any]) -> PageView:
        keys = self._keys.get(row["page_id"])
        return PageView(row["outcome"], self._ranges.get(row["page_id"]), () if keys is None else tuple(keys.tolist()))


def _rows(captures: pa.Table, wanted: pa.ChunkedArray) -> list[dict[str, Any]]:
    """The captures for which something holds: to make rows of all would cost more with each run."""
    rows: list[dict[str, Any]] = captures.filter(wanted).select(_COLUMNS).to_pylist()
    return rows


def _showed_something_to(run_id: str, captures: pa.Table) -> pa.ChunkedArray:

    return pc.and_(pc.equal(captures["run_id"], run_id), pc.is_valid(captures["page_id"]))


def _can_be_asked_about(captures: pa.Table, whole: pa.Array) -> pa.ChunkedArray:
    """Whether a conditional request can be about a capture: it has a validator, and shows a whole page.

    Args:
        captures: As `PARSED_CAPTURES`.
        whole: Ids of the listing pages with as many entries as their range line says, and of whole pages of documents.
    """
    has_validator = pc.or_(pc.is_valid(captures["etag"]), pc.is_valid(captures["last_modified"]))
    of_kind = pc.is_in(captures["outcome"], value_set=pa.array(["listing", "document"]))
    is_whole = pc.and_kleene(of_kind, pc.is_in(captures["page_id"], value_set=whole))
    shows_all = pc.or_kleene(is_whole, pc.equal(captures["outcome"], "empty"))
    return pc.and_kleene(pc.and_(pc.is_null(captures["revisits"]), has_validator), shows_all)


def _whole_documents(segments: Sequence[Mapping[str, pa.Table]]) -> pa.Array:
    """Ids of the pages of documents that did not end early."""
    none = PARSED_TABLES["document_pages"].arrow_schema().empty_table()
    pages = pa.concat_tables([none, *(segment["document_pages"] for segment in segments)])
    return pages.filter(pages["is_whole"])["page_id"].combine_chunks()


def _ranges_of_pages(segments: Sequence[Mapping[str, pa.Table]]) -> tuple[dict[str, Range], pa.Array]:
    """The range line of each page that has one, and the ids of the pages with as many entries as theirs says."""
    none = PARSED_TABLES["listings"].arrow_schema().empty_table()
    listings = pa.concat_tables([none, *(segment["listings"] for segment in segments)])
    listings = listings.filter(pc.is_valid(listings["range_total"]))
    columns = [listings[name].to_pylist() for name in ("page_id", "range_first", "range_last", "range_total")]
    ranges = {page_id: Range(*line) for page_id, *line in zip(*columns, strict=True)}
    count = pc.add(pc.subtract(listings["range_last"], listings["range_first"]), 1)
    whole = listings["page_id"].filter(pc.equal(listings["entry_count"], count))
    return ranges, whole.combine_chunks()


def _keys_of_pages(entries: pa.Table) -> dict[str, _Keys]:
    """The keys of each page's entries, which stand together."""
    page_ids = pc.run_end_encode(entries["page_id"].combine_chunks())
    ends = page_ids.run_ends.to_pylist()
    keys = entries["entry_key"].to_numpy()
    places = zip(page_ids.values.to_pylist(), [0, *ends], ends, strict=False)
    return {page_id: keys[begin:end] for page_id, begin, end in places}
