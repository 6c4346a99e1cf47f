"""The two lines that a listing has in every layout, the range line and the date line, and what they prove."""

import re

from schemas.dates import read_date
from schemas.issues import COUNT_MISMATCH, RANGE_CONTRADICTION, Issue
from schemas.listings import Range

NUMBER = r"(\d[\d,]{0,11})"
"""A number of a range line, as a group of a pattern."""

MARKUP = re.compile(r"<(?:!doctype|html|head|body|table|div)\b", re.IGNORECASE)
"""What distinguishes HTML from plain text."""

# Nothing but the words of dates, with a year: `February 30, 1958`, `12/5/1958`, `1893-`.
_DATE_WORDS = re.compile(
    r"""(?=.*\b\d{4}s?\b)
    (?:\W | \d+(?:st|nd|rd|th|s)?\b
      | (?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?
          |sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b
      | [ivx]{1,4}\b  # a month as a Roman number
      | (?:janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[ûu]t|septembre|octobre|novembre|d[ée]cembre
          |januar|februar|m[äa]rz|juni|juli|oktober|dezember)\b
      | (?:mon|tues|wednes|thurs|fri|satur|sun)day\b
      | (?:circa|ca|early|mid|late|spring|summer|fall|autumn|winter|and|or|to|on|about|around|by|of|the|in|from|between
          |before|after|since|until|prior|not?|earlier|later|than|dated|date|undated|approx(?:imately)?|probably|possibly|perhaps|beginning|end
          |middle|first|second|half|quarter|week|month|year)\b)+""",
    re.VERBOSE | re.IGNORECASE,
)
# What stands in place of a date that is not known: `Not dated`, `[s.d.]`, `Date unknown`.
_NO_DATE = re.compile(
    r"""[\[(]?\s*(?: (?:not|never)\ dated | undated | unknown | n/a | tbd | [-–—]+
      | (?:no|without)\ (?:a\ )?date(?:\ (?:given|known|stated))?
      | (?:date|day)\ (?:is\ )?(?:unknown|illegible|missing|uncertain|not\ (?:known|given|stated))
      | (?:unknown|uncertain|illegible)\ date | [sn]\.\s?d\. | sine\ (?:dato|die) )\s*[\])]?[.?]?""",
    re.VERBOSE | re.IGNORECASE,
)
MAX_DATE_LINE_LENGTH = 60  # characters


def may_be_date(text: str) -> bool:
    """Whether the text could stand where a date stands, be it that it cannot be read."""
    if len(text) > MAX_DATE_LINE_LENGTH:
        return False
    return any((read_date(text), _DATE_WORDS.fullmatch(text), _NO_DATE.fullmatch(text)))


def range_of(match: re.Match[str]) -> Range:
    """The range of a match with three groups of `NUMBER`."""
    first, last, total = (int(number.replace(",", "")) for number in match.groups())
    return Range(first, last, total)


def range_contradiction(page_range: Range, line: str) -> Issue | None:
    """An issue if no page can hold what its range line says."""
    if 1 <= page_range.first <= page_range.last <= page_range.total:
        return None
    return RANGE_CONTRADICTION.issue("the range line contradicts itself", found=line)


def count_mismatch(page_range: Range, found: int) -> list[Issue]:
    """An issue if the page did not yield what its range line says."""
    if found == page_range.count:
        return []
    return [
        COUNT_MISMATCH.issue(
            "the page does not yield as many entries as its range line says",
            expected=str(page_range.count),
            found=str(found),
        )
    ]
