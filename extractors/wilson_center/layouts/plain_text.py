"""Plain-text renditions of listing pages: a range line, then records of date, title and summary.

Two frames are known. A: `Skip to content`, two empty lines, the range line, two empty lines, records. B: `Skip to
content`, `Results:`, the range line, `Documents`, records. The range line says how many entries there must be, by which
records are told apart where empty lines leave a choice.

History: both frames were captured between 2023 and 2025; frames go by capture, not by host.
"""

import re

from extractors.wilson_center.layouts.lines import MARKUP, NUMBER, count_mismatch, range_contradiction, range_of
from extractors.wilson_center.layouts.listings import listing_page
from extractors.wilson_center.layouts.readers import has_broken_words, undo_rendering
from extractors.wilson_center.layouts.text_records import blocks_of, ends_within_line, holds_dates, read_records
from schemas.issues import CUT_OFF, SECOND_RANGE_LINE, UNKNOWN_PAGE, Issue
from schemas.listings import Entry
from schemas.records import ParsedPage

NAME = "plain-text"

_BLANK = r"[ \t\xa0]*"
RANGE_LINE = re.compile(
    rf"^\ufeff?{_BLANK}(?:Results:?{_BLANK})?"
    rf"{NUMBER}{_BLANK}[-–]{_BLANK}{NUMBER}{_BLANK}of{_BLANK}{NUMBER}"
    rf"(?:{_BLANK}Documents)?{_BLANK}\r?$",
    re.MULTILINE,
)
_LONE_RETURN = re.compile(r"\r(?!\n)")  # the line end of old Macs
_MIN_OTHERS = 5  # entries with a summary, which make one without it unusual
_TAIL = 20  # characters
_BEFORE_RANGE = {"", "Skip to content", "Results:"}
# Where one page ends and another begins within a file, the surest first; what the first group has is of the former.
_PAGE_BREAKS = (
    re.compile(r"()^(?:Title: [^\n]*\r?\n\s*)?URL Source: ", re.MULTILINE),
    re.compile(
        r"(^[ \t]*(?:References:?|Visible links:?)[ \t]*\r?\n"
        r"(?:[ \t]*(?:(?:[0-9]+\.|\[[0-9]+\])[ \t]+\S+|(?:Visible|Hidden) links:?)?[ \t]*\r?\n)+)",
        re.MULTILINE,
    ),
    re.compile(rf"()^{_BLANK}(?:\[[0-9]*\]?)?Skip to content\b", re.MULTILINE),
)


def recognises(text: str) -> bool:
    """Whether the text has a range line of its own and no markup."""
    if MARKUP.search(text) is not None:
        return False
    return RANGE_LINE.search(text) is not None or RANGE_LINE.search(undo_rendering(text).text) is not None


def read(text: str, url: str | None) -> ParsedPage:  # noqa: ARG001 (other layouts need it)
    """What a plain-text listing holds; whatever is not certain is an issue, with its text."""
    if has_broken_words(text):
        message = (
            "a table has cut words of titles in two; convert the page again, with pandoc's `-t gfm`, or give its HTML"
        )
        return listing_page(NAME, "unknown", issues=(UNKNOWN_PAGE.issue(message, "titles in whole words"),))
    rendition = undo_rendering(text)
    text = rendition.text
    match = RANGE_LINE.search(text)
    if match is None:
        raise ValueError("the page has no range line: it was not recognised")
    page_range = range_of(match)
    if page_range.total == 0 and not holds_dates(text[match.end() :]):
        return listing_page(NAME, "empty", page_range)
    contradiction = range_contradiction(page_range, match[0].strip())
    if contradiction is not None:
        return listing_page(NAME, "unknown", issues=(contradiction,))
    body, issues = _body(text, match)
    blocks = blocks_of(body)
    entries, entry_issues = read_records(blocks, page_range.count, cut=ends_within_line(body))
    issues += [*entry_issues, *_cut_before_summary(body, entries)]
    issues += count_mismatch(page_range, len(entries))
    return listing_page(NAME, "listing", page_range, tuple(rendition.entries(entries)), tuple(rendition.issues(issues)))


def _cut_before_summary(body: str, entries: list[Entry]) -> list[Issue]:
    """A warning if the page may end between the title and the summary of its last entry, which cannot be told for sure.

    It can be suspected where all the other entries, and these are several, have a summary.
    """
    if not entries or (last := entries[-1]).summary is not None or last.title is None:
        return []
    others = [entry.summary is not None for entry in entries[:-1]]
    is_usual = len(others) >= _MIN_OTHERS and all(others)
    if not body.rstrip().endswith(last.title[-_TAIL:]) or not is_usual:
        return []
    return [
        CUT_OFF.issue(
            "the page may end before the summary of this entry; its date and title were kept",
            found="\n\n".join(part for part in (last.date_text, last.title) if part),
            level="warning",
        )
    ]


def _body(text: str, match: re.Match[str]) -> tuple[str, list[Issue]]:
    """What follows the range line, up to another range line, if there is one."""
    body = text[match.end() :]
    second = RANGE_LINE.search(body)
    if second is None:
        return body, []
    own = body[: _before_range(body[: second.start()])]
    if _is_range_below(match, second, body[second.end() :]):
        return own, []
    issue = SECOND_RANGE_LINE.issue(
        "another page begins within this one; only the first was read",
        expected=match[0].strip(),
        found=body[second.start() :].strip(),
    )
    return own, [issue]


def page_starts(text: str) -> list[int]:
    """Where pages begin in a text that holds several, one after the other; the first is at 0."""
    text = _LONE_RETURN.sub("\n", text)
    ranges = list(RANGE_LINE.finditer(text))
    ends = [*(match.start() for match in ranges[1:]), len(text)]
    starts = [0]
    for former, match, end in zip(ranges, ranges[1:], ends[1:], strict=False):
        between = text[former.end() : match.start()]
        at = _page_break(between)
        if at is not None or not _is_range_below(former, match, text[match.end() : end]):
            starts.append(former.end() + (_before_range(between) if at is None else at))
    return starts


def _is_range_below(above: re.Match[str], below: re.Match[str], behind: str) -> bool:
    """Whether two range lines are those of one page, which has its own above and below its records."""
    return range_of(below) == range_of(above) and not holds_dates(behind)


def _page_break(text: str) -> int | None:
    """Where a page begins in what stands between two range lines, if something other than these shows it."""
    for pattern in _PAGE_BREAKS:
        breaks = list(pattern.finditer(text))
        if breaks:
            return breaks[-1].end(1)
    return None


def _before_range(text: str) -> int:
    """Where the page of the range line begins that follows a text."""
    lines = text.splitlines(keepends=True)
    while lines and lines[-1].strip() in _BEFORE_RANGE:
        lines.pop()
    return len("".join(lines))
