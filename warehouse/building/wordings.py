"""The wordings of a document, and which of them is preferred: the stated rule for the values of `documents`.

A document is listed in several places, and not always in the same words. Of its wordings those count that were seen
within half a day of its latest sighting: that is, in the same run, so that a listing which lacks the date does not
erase it, while a correction of last night does count. Of these the one is preferred that comes from a page that was
read whole; then the most informative (parts that are there, then the length of the summary); then the last by its
text, so that no order of the input matters.
"""

import datetime as dt

import pandas as pd

from warehouse.frames import group, look_up, number, ordinal, sort

PARTS = ["date_text", "title", "summary", "url"]
SAME_SIGHTING = dt.timedelta(hours=12)

_BY_STRENGTH = ["present", "whole", "filled", "length", *PARTS, "document_id"]
_REASONS = {
    "present": "it was seen in the latest captures",
    "whole": "its page was read whole",
    "filled": "it has more of date, title, summary and address",
    "length": "its summary is longer",
}


def read_whole(pages: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each page yields as many entries as its range line says; a page without one does not."""
    whole = pages["entry_count"] == pages["range_last"] - pages["range_first"] + 1
    return whole.fillna(False).astype(bool)


def page_spans(captures: pd.DataFrame) -> pd.DataFrame:
    """first_seen_at and last_seen_at of each page: the first and last of its captures whose timestamp is known."""
    return group(captures, ["page_id"], first_seen_at=("captured_at", "min"), last_seen_at=("captured_at", "max"))


def find_wordings(sightings: pd.DataFrame) -> pd.DataFrame:
    """Each distinct wording of each document, the preferred one last.

    Args:
        sightings: document_id, date_text, title, summary, url, first_seen_at, last_seen_at, whole; one row for each
            entry of each page.

    Returns:
        document_id, the parts, first_seen_at, last_seen_at, and the columns that decide.
    """
    numbered = sightings.assign(wording=number(sightings, ["document_id", *PARTS]))
    spans = group(
        numbered,
        ["wording"],
        first_seen_at=("first_seen_at", "min"),
        last_seen_at=("last_seen_at", "max"),
        whole=("whole", "max"),
    )
    texts = numbered[["wording", "document_id", *PARTS]].drop_duplicates("wording", ignore_index=True)
    wordings = look_up(texts, spans, "wording").drop(columns="wording")
    latest = look_up(wordings, group(wordings, ["document_id"], latest=("last_seen_at", "max")), "document_id")[
        "latest"
    ]
    wordings["present"] = (latest.isna() | (wordings["last_seen_at"] >= latest - SAME_SIGHTING)).fillna(False)
    wordings["filled"] = wordings[PARTS].notna().sum(axis=1)
    wordings["length"] = wordings["summary"].str.len().fillna(0)
    return sort(wordings, _BY_STRENGTH)


def preferred_wordings(wordings: pd.DataFrame) -> pd.DataFrame:
    """The preferred wording of each document, and why it is (`reason`)."""
    last = wordings.drop_duplicates("document_id", keep="last").set_index("document_id")
    others = wordings[wordings.duplicated("document_id", keep="last")]
    second = others.drop_duplicates("document_id", keep="last").set_index("document_id").reindex(last.index)
    reason = pd.Series("nothing but its text tells them apart", index=last.index)
    for column in reversed(_REASONS):
        reason = reason.mask((last[column] != second[column]).fillna(False).astype(bool), _REASONS[column])
    last["reason"] = reason.mask(second["filled"].isna().astype(bool), "all entries agree")
    return last.reset_index()


def number_revisions(wordings: pd.DataFrame) -> pd.DataFrame:
    """The wordings numbered in the order in which they were first seen, from 1."""
    order = ["document_id", "first_seen_at", *PARTS]
    revisions = sort(wordings, order)
    revisions["revision"] = ordinal(revisions, ["document_id"]) + 1
    return revisions
