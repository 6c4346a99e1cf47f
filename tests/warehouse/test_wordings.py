"""Which wording of a document stands, and why: the stated rule, and no order of the input."""

import datetime as dt
import random
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.building.wordings import PARTS, find_wordings, number_revisions, preferred_wordings

NOON = dt.datetime(2025, 1, 10, 12, tzinfo=dt.UTC)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("document_id", *PARTS)),
        ("first_seen_at", pa.timestamp("us", "UTC")),
        ("last_seen_at", pa.timestamp("us", "UTC")),
        ("whole", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Sighting:
    """One entry in one capture; `hours` before noon, `None` if the timestamp is not known."""

    title: str | None = "Title"
    hours: float | None = 0
    whole: bool = True
    date: str | None = "1958"
    summary: str | None = "Summary."
    url: str | None = None
    document: str = "d"

    @property
    def at(self) -> dt.datetime | None:
        return None if self.hours is None else NOON - dt.timedelta(hours=self.hours)


def frame(*sightings: Sighting) -> pd.DataFrame:
    rows = [
        {
            "document_id": each.document,
            "date_text": each.date,
            "title": each.title,
            "summary": each.summary,
            "url": each.url,
            "first_seen_at": each.at,
            "last_seen_at": each.at,
            "whole": each.whole,
        }
        for each in sightings
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA).to_pandas(types_mapper=pd.ArrowDtype)


def what_stands(*sightings: Sighting) -> tuple[object, str]:
    """Title of the wording that stands, and the reason."""
    (row,) = preferred_wordings(find_wordings(frame(*sightings))).to_dict("records")
    return row["title"], row["reason"]


LATEST = "it was seen in the latest captures"
WHOLE = "its page was read whole"
FILLED = "it has more of date, title, summary and address"
LENGTH = "its summary is longer"
TEXT = "nothing but its text tells them apart"

CASES = {
    "the latest, though poorer in all else": (
        Sighting("A", 0, whole=False, date=None, summary=None),
        Sighting("B", 12.1, url="https://a/document/b"),
        LATEST,
    ),
    "within half a day the whole page": (Sighting("A", 12), Sighting("B", 0, whole=False, url="https://a/b"), WHOLE),
    "then the most informative": (Sighting("A", 12, summary="S"), Sighting("B", 0, date=None), FILLED),
    "a date is worth more than a long summary": (Sighting("A", summary="S"), Sighting("B", date=None), FILLED),
    "an address counts": (Sighting("A", url="https://a/b"), Sighting("B"), FILLED),
    "then the longest summary": (Sighting("A", 5, summary="Longer summary."), Sighting("B"), LENGTH),
    "then the text": (Sighting("B"), Sighting("A"), TEXT),
    "then the text, whichever is later within half a day": (Sighting("B", 11), Sighting("A"), TEXT),
    "a known timestamp before an unknown one": (Sighting("A", 900, summary=None), Sighting("B", None), LATEST),
    "no timestamp is known: whole": (Sighting("A", None), Sighting("B", None, whole=False), WHOLE),
    "no timestamp is known: informative": (Sighting("A", None), Sighting("B", None, summary=None), FILLED),
    "no timestamp is known: text": (Sighting("B", None), Sighting("A", None), TEXT),
}


@pytest.mark.parametrize("case", CASES)
def test_the_wording_that_stands_is_chosen_by_the_stated_rule_and_says_why(case: str) -> None:
    stands, other, reason = CASES[case]

    assert what_stands(stands, other) == (stands.title, reason)
    assert what_stands(other, stands) == (stands.title, reason)


def test_one_wording_however_often_seen_is_agreed_on() -> None:
    assert what_stands(Sighting(hours=0), Sighting(hours=90), Sighting(hours=None)) == ("Title", "all entries agree")


def test_a_wording_counts_as_present_by_its_latest_sighting_and_whole_by_any() -> None:
    stands = [Sighting("A", 90), Sighting("A", 1, whole=False)]

    assert what_stands(*stands, Sighting("B", 0, whole=False)) == ("A", WHOLE)


def test_the_half_day_is_that_before_the_latest_sighting_of_the_document_itself() -> None:
    found = preferred_wordings(
        find_wordings(frame(Sighting("A", 30), Sighting("B", 25), Sighting("C", 0, document="other")))
    )

    assert dict(zip(found["document_id"], found["title"], strict=True)) == {"d": "B", "other": "C"}


def test_the_reason_is_against_the_strongest_of_the_others() -> None:
    assert what_stands(Sighting("B"), Sighting("A"), Sighting("Z", whole=False), Sighting("Y", 99)) == ("B", TEXT)


def test_absent_parts_are_a_wording_of_their_own() -> None:
    wordings = find_wordings(frame(Sighting(date=None), Sighting(date=None), Sighting(date="")))

    assert len(wordings) == 2


def test_wordings_are_numbered_by_first_sight() -> None:
    found = number_revisions(find_wordings(frame(Sighting("B", 2), Sighting("A", 5), Sighting("C", 9), Sighting("C"))))

    assert dict(zip(found["title"], found["revision"], strict=True)) == {"C": 1, "A": 2, "B": 3}


sightings = st.builds(
    Sighting,
    st.sampled_from([None, "A", "B"]),
    st.sampled_from([None, 0, 6, 12, 13, 24, 30]),
    st.booleans(),
    st.sampled_from([None, "1958"]),
    st.sampled_from([None, "S", "T", "Long."]),
    st.sampled_from([None, "https://a/document/a", "https://a/document/1"]),
    st.sampled_from(["d", "d", "e"]),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(sightings, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_any_order_of_sightings_gives_the_same_wordings_and_reasons(
    seen: list[Sighting], shuffling: random.Random
) -> None:
    shuffled = [*seen, shuffling.choice(seen)]  # the same once more says nothing new
    shuffling.shuffle(shuffled)

    found, other = (find_wordings(frame(*each)) for each in (seen, shuffled))

    pd.testing.assert_frame_equal(other, found)
    pd.testing.assert_frame_equal(preferred_wordings(other), preferred_wordings(found))
    pd.testing.assert_frame_equal(number_revisions(other), number_revisions(found))
    assert len(preferred_wordings(found)) == len({each.document for each in seen})
