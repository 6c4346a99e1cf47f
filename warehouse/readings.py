"""Readings: one run's pages of one collection, and which of them say what is there now."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from schemas.identifiers import stable_id
from warehouse.frames import count, group, look_up, sort, where
from warehouse.identity.decisions import Decision
from warehouse.identity.resolution import Resolution, resolve
from warehouse.steps import Recall, make_anew
from warehouse.wordings import page_spans

USABLE = ["listing", "empty"]
"""Outcomes of pages that were read."""

_BY = ["collection_id", "run_id"]


class Readings:
    """What all captures show.

    Args:
        captures: In the order in which they count, each with its page's columns and whether it counts.
        entries: Of each distinct page.
        issues: Of pages and runs.
        decisions: What people decided on the identity of documents.
        recall: How the identity of entries is recalled.

    Attributes:
        entries: Entries with the document of each.
        sightings: Entries with the document, collection and span of captures of each.
        readings: Columns of the table `readings`.
        current: page_id, position, document_id, collection_id, range_first and whole of each entry of the readings
            that say what is there now: of each collection the latest complete one and what came after it.
        current_pages: collection_id, run_id and page_id of these readings, in the order in which they count.
        keys: Columns of the table `document_keys`.
        pairs: Columns of the table `candidate_pairs`.
        unknown_decisions: Decisions about a key that no entry has.
    """

    def __init__(
        self,
        captures: pd.DataFrame,
        entries: pd.DataFrame,
        issues: pd.DataFrame,
        decisions: Sequence[Decision],
        recall: Recall = make_anew,
    ) -> None:
        entries = where(entries, ~entries.duplicated(["page_id", "position"]))
        resolution = _resolve(pa.Table.from_pandas(entries, preserve_index=False), decisions, recall)
        self.keys = resolution.keys.to_pandas(types_mapper=pd.ArrowDtype)
        self.pairs = resolution.pairs.to_pandas(types_mapper=pd.ArrowDtype)
        self.unknown_decisions = resolution.unknown
        self.entries = resolution.entries.to_pandas(types_mapper=pd.ArrowDtype)
        self.sightings = _sightings(self.entries, captures)
        counting = captures[captures["counts"]]
        self.readings = _readings(counting, self.entries, issues)
        latest = _latest(self.readings)
        self.current_pages = counting.merge(latest, on=_BY)[["collection_id", "run_id", "page_id"]]
        placed = self.current_pages.drop_duplicates("page_id", keep="last").reset_index(names="place")
        # Without the texts, which take the memory.
        members = self.sightings[["page_id", "position", "document_id", "range_first", "whole"]]
        members = members[members["page_id"].isin(placed["page_id"])]
        self.current = sort(look_up(members, placed, "page_id"), ["place", "position"])


def _resolve(entries: pa.Table, decisions: Sequence[Decision], recall: Recall) -> Resolution:
    """The identity of entries, from what is kept where the same entries and decisions were given before."""

    def make() -> list[pa.Table]:
        found = resolve(given, decisions)
        unknown = pa.table({"place": pa.array([decisions.index(each) for each in found.unknown], pa.int64())})
        return [found.entries.select(["document_id", "rule"]), found.keys, found.pairs, unknown]

    given = entries.select(["page_id", "position", "date_text", "title", "summary", "url"])
    named, keys, pairs, unknown = recall("identity", given, repr(decisions), 4, make)
    for name in named.column_names:
        entries = entries.append_column(name, named[name])
    return Resolution(entries, keys, pairs, tuple(decisions[place] for place in unknown["place"].to_pylist()))


def _sightings(entries: pd.DataFrame, captures: pd.DataFrame) -> pd.DataFrame:
    """The entries of pages that were captured, each with what there is to know of its page."""
    shown = captures[["page_id", "collection_id", "range_first", "whole"]].drop_duplicates("page_id")
    pages = look_up(shown, page_spans(captures), "page_id")
    return look_up(where(entries, entries["page_id"].isin(pages["page_id"])), pages, "page_id")


def which_count(captures: pd.DataFrame) -> "pd.Series[bool]":
    """Which captures make up their run's reading of a collection.

    A live page that was asked for again counts as it was seen last, and only with the total that was seen last: while
    the total changes, what stands on which page does too.
    """
    live = captures["http_status"].notna().astype(bool)
    last = ~(captures.duplicated([*_BY, "url"], keep="last") & live)
    said = captures[last & captures["range_total"].notna()].drop_duplicates(_BY, keep="last")
    totals = captures[_BY].merge(said[[*_BY, "range_total"]], on=_BY, how="left")["range_total"]
    totals.index = captures.index
    agrees = (captures["range_total"] == totals).fillna(True).astype(bool)
    return last & (agrees | ~live)


def _readings(captures: pd.DataFrame, entries: pd.DataFrame, issues: pd.DataFrame) -> pd.DataFrame:
    placed = captures[captures["collection_id"].notna()]
    seen = group(
        placed,
        _BY,
        started_at=("captured_at", "min"),
        ended_at=("captured_at", "max"),
        reported_total=("range_total", "last"),
        totals=("range_total", "count_distinct"),
    )
    counts = count(placed[~placed["outcome"].isin(USABLE)], _BY, "unread")
    readings = seen.merge(counts, on=_BY, how="left")
    readings = readings.merge(_observed_totals(placed, entries), on=_BY, how="left")
    readings = readings.merge(_said_reasons(issues), on=_BY, how="outer")
    numbers = ["totals", "unread", "observed_total"]
    readings[numbers] = readings[numbers].fillna(0)
    readings["reading_id"] = [stable_id(*key) for key in readings[_BY].itertuples(index=False, name=None)]
    readings["reason"] = readings["said"].fillna(_derived_reasons(readings))
    readings["complete"] = readings["reason"].isna()
    return sort(readings, ["started_at", "run_id", "collection_id"])


def _observed_totals(captures: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """Distinct documents of each reading."""
    pages = captures[[*_BY, "page_id"]].drop_duplicates()
    seen = pages.merge(entries[["page_id", "document_id"]], on="page_id")
    return group(seen, _BY, observed_total=("document_id", "count_distinct"))


def _said_reasons(issues: pd.DataFrame) -> pd.DataFrame:
    """Why a reading is not complete, where the run itself said so."""
    said = issues[(issues["kind"] == "incomplete-reading") & issues["collection_id"].notna()]
    return said.rename(columns={"message": "said"})[[*_BY, "said"]].drop_duplicates(_BY)


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
