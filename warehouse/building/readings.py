"""Readings: the pages of one collection that were captured together, and which of them say what is there now.

Of the site itself, and of saved pages without a known timestamp, a run's pages of a collection are a reading. Captures
that others made at a known timestamp are grouped by that alone, whatever the runs that took them over: a reading is a
collection's captures on one host, within 30 days of the first, that agree on the total. So an archive may be harvested
twice, in parts, and in any order, and gives the same readings.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.identifiers import stable_id
from schemas.issues import INCOMPLETE_READING
from schemas.records import READ_OUTCOMES, Alias
from warehouse.building.seen_pages import PAGE_POSITION, SeenPages
from warehouse.building.wordings import page_spans, read_whole
from warehouse.frames import count, group, look_up, sort, where
from warehouse.identity.decisions import Decision
from warehouse.identity.resolution import resolve

WINDOW = dt.timedelta(days=30)
"""Captures of an archive that are further from the first are another reading. The same for all
collections: a catalog does not set it."""

_BY = ["collection_id", "reading"]
_CAPTURE = ["url", "captured_at", "page_id"]
"""What distinguishes captures that others made, whichever run took them over."""


class Readings:
    """What all captures show.

    Args:
        captures: As `in_readings` gives them, each with its page's columns.
        entries: Of each distinct page.
        issues: Of pages and runs.
        decisions: What people decided on the identity of documents.
        aliases: URLs that the archive itself says are one document's.
        seen: What pages of documents and terms show of documents.

    Attributes:
        entries: Entries with the document of each.
        sightings: Entries with the document, collection and span of captures of each.
        readings: Columns of the table `readings`.
        current: page_id, position, document_id, collection_id, range_first and whole of each entry of the readings
            that say what is there now: of each collection the latest complete one and what came after it, or all of
            them if none is complete. So only a complete reading ends a membership, and what an archive holds in parts
            is put together from all of them.
        current_pages: collection_id, reading and page_id of these readings, in the order in which they count.
        identified: page_id, position and document_id of the sightings on pages of documents and terms.
        keys: Columns of the table `document_keys`.
        pairs: Columns of the table `candidate_pairs`.
        unknown_decisions: Decisions about a key that no entry has.
        doubtful_aliases: Aliases that joined nothing, since they are not plausible.
    """

    def __init__(
        self,
        captures: pd.DataFrame,
        entries: pd.DataFrame,
        issues: pd.DataFrame,
        decisions: Sequence[Decision],
        aliases: Sequence[Alias],
        seen: SeenPages,
    ) -> None:
        entries = where(entries, ~entries.duplicated(["page_id", "position"]))
        if len(seen.sightings):
            entries = pd.concat([entries, seen.sightings], ignore_index=True)
        resolution = resolve(pa.Table.from_pandas(entries, preserve_index=False), decisions, aliases)
        pa.default_memory_pool().release_unused()  # identity works on texts in Python, which are not needed any more
        self.keys = resolution.keys.to_pandas(types_mapper=pd.ArrowDtype)
        self.pairs = resolution.pairs.to_pandas(types_mapper=pd.ArrowDtype)
        self.unknown_decisions = resolution.unknown
        self.doubtful_aliases = resolution.doubtful
        self.entries = resolution.entries.to_pandas(types_mapper=pd.ArrowDtype)
        on_pages = self.entries["page_id"].isin(seen.sightings["page_id"].unique())
        self.identified = self.entries.loc[on_pages, ["page_id", "position", "document_id"]]
        whole_pages = seen.pages.loc[seen.pages["is_whole"].astype(bool), "page_id"]
        self.sightings = _sightings(self.entries, captures, whole_pages)
        counting = captures[captures["counts"]]
        self.readings = _readings(counting, self.entries, issues)
        latest = _latest(self.readings)
        self.current_pages = counting.merge(latest, on=_BY)[[*_BY, "page_id"]]
        placed = self.current_pages.drop_duplicates("page_id", keep="last").reset_index(names="place")
        # Without the texts, which take the memory.
        members = self.sightings[["page_id", "position", "document_id", "range_first", "whole"]]
        members = members[members["page_id"].isin(placed["page_id"])]
        self.current = sort(look_up(members, placed, "page_id"), ["place", "position"])


def _sightings(entries: pd.DataFrame, captures: pd.DataFrame, whole_pages: "pd.Series[str]") -> pd.DataFrame:
    """The entries of pages that were captured, each with what there is to know of its page.

    Of a document's page that is whole, the document itself counts like an entry of a whole listing.
    """
    shown = captures[["page_id", "collection_id", "range_first", "whole"]].drop_duplicates("page_id")
    pages = look_up(shown, page_spans(captures), "page_id")
    found = look_up(where(entries, entries["page_id"].isin(pages["page_id"])), pages, "page_id")
    if len(whole_pages):
        found["whole"] |= (found["position"] == PAGE_POSITION) & found["page_id"].isin(whole_pages)
    return found


def in_readings(captures: pd.DataFrame, listings: pd.DataFrame, own: Collection[str]) -> pd.DataFrame:
    """The captures in the order in which they count, each with the reading that it belongs to.

    Args:
        captures: Of all runs.
        listings: What the listing pages among them say of themselves.
        own: Runs whose captures are a matter of their own: of the site itself, and those that gave nothing.

    Returns:
        The captures by timestamp (unknown first), then run and place in the raw zone; those of archives by URL
        instead, as any run may take them over. With the columns of `listings`; `whole`: whether the page yields as
        many entries as its range line says; `archived`: whether others made it at a timestamp that is known;
        `reading`: key of its reading; `counts`: whether it makes up what the reading shows.
    """
    captures = look_up(captures, listings.drop_duplicates("page_id"), "page_id")
    captures["entry_count"] = captures["entry_count"].fillna(0)
    archived = (captures["captured_at"].notna() & ~captures["run_id"].isin(own)).astype(bool)
    order = ["captured_at", "own_run", "archived_url", "archived_page", "run_id", "warc_file", "warc_offset"]
    placed = captures.assign(
        whole=read_whole(captures),
        archived=archived,
        own_run=captures["run_id"].mask(archived),
        archived_url=captures["url"].where(archived),
        archived_page=captures["page_id"].where(archived),
    )
    ordered = sort(placed, order).drop(columns=["own_run", "archived_url", "archived_page"])
    ordered["reading"] = ordered["run_id"]
    others = ordered["archived"].to_numpy(bool)
    ordered.loc[others, "reading"] = [*_windows(ordered[others])]
    return ordered.assign(counts=_which_count(ordered))


@dataclass(slots=True)
class _Window:
    """A reading of an archive, named after its first capture; its total is null until a capture says it."""

    key: str
    start: int
    total: int | None


def _windows(captures: pd.DataFrame) -> Iterator[str]:
    """Key of the reading of each capture of an archive, in the order of their timestamps."""
    latest: dict[tuple[str | None, str], _Window] = {}
    longest = WINDOW // dt.timedelta(microseconds=1)
    timestamps = pa.array(captures["captured_at"], pa.timestamp("us", "UTC")).cast(pa.int64())
    columns = (pa.array(captures[name]).to_pylist() for name in ("collection_id", "url", "page_id", "range_total"))
    for timestamp, collection, url, page, total in zip(timestamps.to_pylist(), *columns, strict=True):
        place = collection, _host(url)
        window = latest.get(place)
        if window is None or timestamp - window.start > longest or _differ(total, window.total):
            window = latest[place] = _Window(f"{timestamp} {url} {page}", timestamp, total)
        elif window.total is None:
            window.total = total
        yield window.key


def _differ(total: int | None, other: int | None) -> bool:
    """Whether two totals are known and are not the same."""
    return total is not None and other is not None and total != other


def _host(url: str) -> str:
    """The host of a URL; empty if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _which_count(captures: pd.DataFrame) -> "pd.Series[bool]":
    """Which captures make up their reading of a collection.

    A page of the site that was asked for again counts as it was seen last, and only with the total that was seen last:
    while the total changes, what stands on which page does too. A page that an archive has several times counts as it
    was last seen and could be read; of the same capture, taken over by several runs, that of the first run counts.
    """
    archived = captures["archived"]
    several = captures["http_status"].notna().astype(bool) | archived
    again = archived & captures.duplicated(_CAPTURE)
    by_strength = np.lexsort((~again, archived & captures["outcome"].isin(READ_OUTCOMES)))
    last = ~(captures.iloc[by_strength].duplicated([*_BY, "url"], keep="last").sort_index() & several)
    reported = captures[last & captures["range_total"].notna()].drop_duplicates(_BY, keep="last")
    totals = captures[_BY].merge(reported[[*_BY, "range_total"]], on=_BY, how="left")["range_total"]
    totals.index = captures.index
    agrees = (captures["range_total"] == totals).fillna(True).astype(bool)
    return last & (agrees | ~several)


def _readings(captures: pd.DataFrame, entries: pd.DataFrame, issues: pd.DataFrame) -> pd.DataFrame:
    placed = captures[captures["collection_id"].notna()]
    seen = group(
        placed,
        _BY,
        run_id=("run_id", "max"),
        started_at=("captured_at", "min"),
        ended_at=("captured_at", "max"),
        reported_total=("range_total", "last"),
        totals=("range_total", "count_distinct"),
    )
    counts = count(placed[~placed["outcome"].isin(READ_OUTCOMES)], _BY, "unread")
    readings = seen.merge(counts, on=_BY, how="left")
    readings = readings.merge(_observed_totals(placed, entries), on=_BY, how="left")
    readings = readings.merge(_said_reasons(issues), on=_BY, how="outer")
    numbers = ["totals", "unread", "observed_total"]
    readings[numbers] = readings[numbers].fillna(0)
    # A run may say so of a collection of which it has no page.
    readings["run_id"] = readings["run_id"].fillna(readings["reading"])
    readings["reading_id"] = [stable_id(*key) for key in readings[_BY].itertuples(index=False, name=None)]
    readings = readings.merge(_gaps(placed), on=_BY, how="left")
    readings["reason"] = readings["reported_reason"].fillna(_derived_reasons(readings)).fillna(readings["gap"])
    readings["complete"] = readings["reason"].isna()
    return sort(readings, ["started_at", *reversed(_BY)])


def _observed_totals(captures: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """Distinct documents of each reading."""
    pages = captures[[*_BY, "page_id"]].drop_duplicates()
    seen = pages.merge(entries[["page_id", "document_id"]], on="page_id")
    return group(seen, _BY, observed_total=("document_id", "count_distinct"))


def _gaps(captures: pd.DataFrame) -> pd.DataFrame:
    """The first places of each listing that no range line of a whole page has; only readings with such places.

    As many documents as the total reports may have been seen even so, if a page shows another range than its own.
    """
    shown = captures[captures["whole"].astype(bool) & captures["range_total"].notna()]
    total = shown.groupby(_BY, as_index=False)["range_total"].last()
    ends = total.assign(range_first=total["range_total"] + 1, range_last=total["range_total"] + 1)
    ordered = sort(pd.concat([shown, ends])[[*_BY, "range_first", "range_last", "range_total"]], [*_BY, "range_first"])
    until = ordered.groupby(_BY)["range_last"].cummax().groupby([ordered[name] for name in _BY]).shift().fillna(0)
    is_open = (ordered["range_first"] > until + 1).astype(bool)
    gaps = ordered.assign(begin=until + 1)[is_open].drop_duplicates(_BY)
    columns = (gaps[name].astype(int).astype(str) for name in ("begin", "range_first", "range_total"))
    texts = [
        f"{begin} - {int(first) - 1} of {total} are on no page" for begin, first, total in zip(*columns, strict=True)
    ]
    return gaps[_BY].assign(gap=pd.Series(texts, gaps.index, pd.ArrowDtype(pa.string())))


def _said_reasons(issues: pd.DataFrame) -> pd.DataFrame:
    """Why a reading is not complete, where the run itself reported it."""
    reported = issues[(issues["kind"] == INCOMPLETE_READING.name) & issues["collection_id"].notna()]
    return reported.rename(columns={"message": "reported_reason", "run_id": "reading"})[
        [*_BY, "reported_reason"]
    ].drop_duplicates(_BY)


def _derived_reasons(readings: pd.DataFrame) -> "pd.Series[Any]":
    """Why each reading is not complete, as its pages show; null where it is."""
    reported, observed = readings["reported_total"], readings["observed_total"]
    reasons = pd.Series(pd.NA, index=readings.index, dtype=pd.ArrowDtype(pa.string()))
    seen = observed.astype(str) + " of " + reported.astype(str) + " documents were seen"
    reasons = reasons.mask((observed != reported).fillna(False).astype(bool), seen)
    reasons = reasons.mask((readings["totals"] > 1).astype(bool), "the reported total changed within the reading")
    reasons = reasons.mask(
        (readings["unread"] > 0).astype(bool),
        readings["unread"].astype(str) + " pages could not be read",
    )
    return reasons.mask(reported.isna() & (readings["unread"] == 0).astype(bool), "no page said a total")


def _latest(readings: pd.DataFrame) -> pd.DataFrame:
    """Of each collection the latest complete reading, and what came after it."""
    places = readings.reset_index(names="place")
    complete = group(places[places["complete"]], ["collection_id"], since=("place", "max"))
    placed = look_up(places, complete, "collection_id")
    return placed[placed["place"] >= placed["since"].fillna(0)][_BY]
