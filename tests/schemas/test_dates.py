"""What schemas.dates reads, by the table of cases in dates.toml and by Hypothesis."""

import calendar
import datetime
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import edtf
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.dates import DateReading, find_date, is_listing_date, read_date

CASES: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix("").parent.joinpath("dates.toml").read_text("utf-8"))
READABLE: list[dict[str, Any]] = CASES["readable"]
WITH_EDTF = [case for case in READABLE if "edtf" in case]
PERIOD = re.compile(r"\d{3}[\dX]\W?/\d{3}[\dX]\W?|\{\d{4}(,\d{4})*\}")
PERIODS = [case for case in WITH_EDTF if PERIOD.fullmatch(case["edtf"])]
IN_TITLES = [case for case in WITH_EDTF if "%" not in case["text"] and case not in PERIODS]
"""In prose, 1958% is a quantity."""

DAYS = st.dates(datetime.date(1000, 1, 1), datetime.date(2099, 12, 31))
WORDS = """5 31 58 9th 1958 1957 1950s 1958-05 May Sept. spring - -- / , . and & to from between
    before after circa early the of [ ] ( ) ? ~ % undated n.d. no date 1,950"""
DATE_LIKE = st.lists(st.sampled_from(WORDS.split()), max_size=40).flatmap(
    lambda words: st.sampled_from(["", " ", "\u00a0"]).map(lambda blank: blank.join(words))
)


def text_of(case: dict[str, Any]) -> str:
    return repr(case["text"])


def oracle_bound(bound: time.struct_time | float) -> datetime.date | None:
    return None if isinstance(bound, float) else datetime.date(*bound[:3])


@pytest.mark.parametrize("case", READABLE, ids=text_of)
def test_a_date_is_read_as_the_table_says(case: dict[str, Any]) -> None:
    assert read_date(case["text"]) == DateReading(
        case.get("edtf"),
        case.get("start"),
        case.get("end"),
        case["precision"],
        case.get("approximate", False),
    )


@pytest.mark.parametrize("case", READABLE, ids=text_of)
def test_case_and_blanks_do_not_change_a_reading(case: dict[str, Any]) -> None:
    spaced = f"\u00a0 {case['text'].replace(' ', '  ')} \n"
    assert read_date(spaced) == read_date(case["text"])
    assert read_date(case["text"].upper()) == read_date(case["text"])


@pytest.mark.parametrize("case", WITH_EDTF, ids=text_of)
def test_the_edtf_package_parses_what_is_read_and_bounds_it_alike(case: dict[str, Any]) -> None:
    if case.get("oracle") == "unparsed":
        with pytest.raises(edtf.parser.edtf_exceptions.EDTFParseException):
            edtf.parse_edtf(case["edtf"])
        return
    parsed = edtf.parse_edtf(case["edtf"])
    bounds = oracle_bound(parsed.lower_strict()), oracle_bound(parsed.upper_strict())
    assert (bounds == (case.get("start"), case.get("end"))) == ("oracle" not in case)


@pytest.mark.parametrize("text", CASES["unreadable"]["texts"], ids=repr)
def test_a_text_that_is_no_date_or_has_two_meanings_is_not_read(text: str) -> None:
    assert read_date(text) is None


def test_a_text_longer_than_200_characters_is_never_a_date() -> None:
    assert read_date("May 10, 1943".rjust(200)) is not None
    assert read_date("May 10, 1943".rjust(201)) is None


@pytest.mark.parametrize("line", CASES["listing"]["dates"], ids=repr)
def test_a_date_line_is_recognised(line: str) -> None:
    assert is_listing_date(line)


@pytest.mark.parametrize("line", CASES["listing"]["others"], ids=repr)
def test_another_line_is_not_taken_for_a_date_line(line: str) -> None:
    assert not is_listing_date(line)


@pytest.mark.parametrize("case", CASES["titles"], ids=text_of)
def test_the_date_in_a_title_is_found_as_the_table_says(case: dict[str, Any]) -> None:
    reading = find_date(case["text"])
    assert (reading and reading.edtf) == case.get("edtf")


@pytest.mark.parametrize(("title", "expected"), CASES["found"].items(), ids=repr)
def test_a_date_in_a_title_is_read_whole(title: str, expected: str) -> None:
    reading = find_date(title)
    assert reading is not None
    assert reading.edtf == expected


@pytest.mark.parametrize("title", CASES["not_found"]["texts"], ids=repr)
def test_no_date_is_taken_from_a_title_that_is_not_understood_whole(title: str) -> None:
    assert find_date(title) is None


@pytest.mark.parametrize("case", IN_TITLES, ids=text_of)
def test_every_date_is_found_whole_within_a_title(case: dict[str, Any]) -> None:
    assert find_date(f"Record of Conversation ({case['text'].strip()}), Moscow") == read_date(case["text"])


@pytest.mark.parametrize("case", PERIODS, ids=text_of)
def test_a_period_of_whole_years_in_a_title_is_its_subject_and_no_date(case: dict[str, Any]) -> None:
    assert find_date(f"Record of Conversation ({case['text'].strip()}), Moscow") is None


@given(DAYS)
def test_every_day_in_each_listing_shape_reads_back_as_itself(day: datetime.date) -> None:
    month = calendar.month_name[day.month]
    for text in (f"{month} {day.day}, {day.year}", f"{month} {day.day:02}, {day.year}"):
        assert is_listing_date(text)
        assert read_date(text) == DateReading(day.isoformat(), day, day, "day", approximate=False)


@given(DAYS)
def test_every_month_and_year_in_each_listing_shape_reads_back_as_itself(
    day: datetime.date,
) -> None:
    month, year = calendar.month_name[day.month], day.year
    for text in (f"{month} {year}", f"{month}, {year}"):
        reading = read_date(text)
        assert is_listing_date(text)
        assert reading is not None
        assert (reading.edtf, reading.precision) == (f"{year}-{day.month:02}", "month")
        assert reading.start == day.replace(day=1)
        assert reading.end == day.replace(day=calendar.monthrange(year, day.month)[1])
    bounds = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    assert is_listing_date(str(year))
    assert read_date(str(year)) == DateReading(str(year), *bounds, "year", approximate=False)


@given(DAYS, DAYS)
def test_a_range_of_days_is_read_exactly_when_it_does_not_end_before_it_begins(
    first: datetime.date, last: datetime.date
) -> None:
    reading = read_date(f"{first:%B} {first.day}, {first.year} - {last.day} {last:%b} {last.year}")
    assert (reading is not None) == (first <= last)
    assert reading is None or (reading.start, reading.end) == (first, last)


@given(st.text() | DATE_LIKE)
@example("\x00")
@example("\ud800")
def test_no_text_raises_and_every_reading_has_bounds_in_order(text: str) -> None:
    is_listing_date(text)
    for reading in (read_date(text), find_date(text)):
        if reading and reading.start and reading.end:
            assert reading.start <= reading.end
        assert reading is None or (reading.edtf is None) == (reading.precision == "unknown")


@pytest.mark.parametrize(
    "piece",
    ["1 and ", "1958 - ", "circa ", "the early ", "[", "[1958", "undated ", "1,", "1,111", "no ",
     "May 5, ", "1958/", "5", " ", "between 1 and ", "9, 12 ", "from "],
    ids=repr,
)  # fmt: skip
def test_the_time_of_a_hostile_title_grows_with_its_length_alone(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        begin = time.process_time()
        find_date(text)
        return time.process_time() - begin

    short, long = min(seconds(1_000) for _ in range(3)), seconds(8_000)
    assert long < 0.2 + 8 * 3 * short  # quadratic time would be 64 times as long
