"""Records of plain text: blocks of date, title and summary, told apart by reading order and empty lines alone.

Both lie at times: a date or a summary may be absent, a summary may have several paragraphs, a note may stand as far
off as a new record. Where the blocks alone leave a choice, the number of entries decides that the page's range line
states: candidates for "a record starts here" are ranked by evidence and taken rank by rank until the count is met.
Within a rank nothing is guessed: if only some of it is needed, the entries concerned are reported.

Every step goes over the lines or blocks once, so that the time is linear in the length of the page.
"""

import re
from collections import Counter
from dataclasses import dataclass
from enum import IntEnum

from extractors.wilson_center.layouts.lines import may_be_date
from schemas.dates import is_listing_date, read_date
from schemas.issues import (
    CUT_OFF,
    MENU_LINE,
    TEXT_OUTSIDE_ENTRIES,
    TITLE_MISSING,
    TITLES_MISSING,
    UNDECIDED_ENTRIES,
    Issue,
)
from schemas.listings import Entry

_HEADING = "Documents"
_NOTE = re.compile(r"editor(?:['’]s|s['’]?)? note\b", re.IGNORECASE)
_SPAN_OF_YEARS = re.compile(r"(\d{4})\s*[-–]\s*(\d{4})?")
_BARE_YEAR = re.compile(r"\d{4}")
# A single capital before the full stop is an initial ("A. A. Gromyko"), where text is often cut.
_SENTENCE_END = re.compile(r"(?<![^\w][A-Z])[.!?…][\"'”’»)\]]*$")
# Without quotes behind it: many a title ends in the quoted name of a document, which is a sentence.
_PROSE_END = re.compile(r"(?<![^\w][A-Z])[.!?…]$")
_ABBREVIATED = re.compile(
    r"\b(?:Jr|Sr|Co|Corp|Inc|Ltd|Bros|Dept|Govt|Gen|Col|etc|al|eds?|Vol|[ap]\.m)\.$", re.IGNORECASE
)
_MAX_NAME_LENGTH = 60
_YEARS_OF_A_LIFE = 30


class _Evidence(IntEnum):
    """Why a record may start at a block, strongest first; taken in this order until the count is met."""

    FULL_DATE = 1  # `May 10, 1943`, `March, 1960`: never seen but as a date line
    BARE_YEAR = 2  # `1977`: a date line, or a stray line of a menu
    NO_DATE = 3  # the first block, or two empty lines in place of a date; or a date in a new shape
    DATE_LIKE = 4  # `1950-1953`; what looks like a date and is none; a date without an empty line


@dataclass(frozen=True, slots=True)
class Block:
    """Lines without an empty line between them; `gap` counts the empty lines before."""

    lines: tuple[str, ...]
    gap: int

    @property
    def text(self) -> str:
        """The lines as one paragraph: hard line breaks are joined, the rest is kept to the letter."""
        return " ".join(line.strip() for line in self.lines)


@dataclass(frozen=True, slots=True)
class Record:
    """A date, a title and a summary, each as far as it is there."""

    date: str | None
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, for an issue."""
        return "\n\n".join(part for part in (self.date, *self.paragraphs) if part)


def blocks_of(body: str) -> list[Block]:
    """The paragraphs of the body, and their distance from what is before."""
    blocks: list[Block] = []
    lines: list[str] = []
    gap = 0
    frame = True
    # Not splitlines(): a form feed or a line separator inside a summary is no line end.
    for line in [*body.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        if frame and line.strip() == _HEADING:
            frame = False
            gap = 0
        elif line.strip():
            frame = False
            lines.append(line)
        else:
            if lines:
                blocks += _split_at_dates(lines, gap)
                lines = []
                gap = 0
            gap += 1
    return blocks


def _split_at_dates(lines: list[str], gap: int) -> list[Block]:
    """Date lines become blocks of their own, at distance 0 from the lines around them.

    So does a last line that may be a date, as text browsers write one directly below the summary before it.
    """
    blocks: list[Block] = []
    run: list[str] = []
    for number, line in enumerate(lines, start=1):
        if _is_full_date(line) or (1 < number == len(lines) and may_be_date(line.strip())):
            if run:
                blocks.append(Block(tuple(run), 0 if blocks else gap))
            blocks.append(Block((line,), 0 if blocks else gap))
            run = []
        else:
            run.append(line)
    if run:
        blocks.append(Block(tuple(run), 0 if blocks else gap))
    return blocks


def _is_full_date(line: str) -> bool:
    return is_listing_date(line) and _BARE_YEAR.fullmatch(line.strip()) is None


def ends_within_line(text: str) -> bool:
    """Whether a text ends within a line, so that it may be cut off."""
    return not text.rstrip(" \t\xa0").endswith("\n")


def holds_dates(text: str) -> bool:
    """Whether a line of the text is a date as listings write it."""
    return any(_is_full_date(line) for line in text.split("\n"))


def _is_date_line(block: Block) -> bool:
    """Whether the block could stand where a date stands, be it that it cannot be read."""
    return len(block.lines) == 1 and may_be_date(block.text)


def _is_life(text: str) -> bool:
    """Whether these are the years of a person: no document was written over decades."""
    span = _SPAN_OF_YEARS.fullmatch(text)
    return span is not None and (not span[2] or int(span[2]) - int(span[1]) >= _YEARS_OF_A_LIFE)


def _evidence(index: int, blocks: list[Block], dates: list[bool]) -> _Evidence | None:
    """Why a record may start at this block; `None` if it cannot."""
    block = blocks[index]
    if dates[index]:
        return _evidence_of_date(block, first=index == 0, title_follows=dates[index + 1 : index + 2] == [False])
    if index == 0:
        return _Evidence.NO_DATE
    before = blocks[index - 1].text
    if dates[index - 1] and not (block.gap >= 2 and _is_life(before)):
        return None  # it is the title that belongs to the date
    return _Evidence.NO_DATE if block.gap >= 2 and not _NOTE.match(block.text) else None


def _evidence_of_date(block: Block, *, first: bool, title_follows: bool) -> _Evidence | None:
    apart = first or block.gap > 0
    if apart and _is_full_date(block.text):
        return _Evidence.FULL_DATE
    if not title_follows or _is_life(block.text):
        return None  # a line of a menu
    if not apart or _SPAN_OF_YEARS.fullmatch(block.text) or read_date(block.text) is None:
        return _Evidence.DATE_LIKE
    return _Evidence.BARE_YEAR if is_listing_date(block.text) else _Evidence.NO_DATE


def _starts(blocks: list[Block], dates: list[bool], count: int | None) -> tuple[list[int], set[int]]:
    """Where records start, and which of these are doubtful, given how many there must be."""
    candidates: dict[_Evidence, list[int]] = {rank: [] for rank in _Evidence}
    for index in range(len(blocks)):
        evidence = _evidence(index, blocks, dates)
        if evidence is not None:
            candidates[evidence].append(index)
    if count is None:
        undated = {index for index in candidates[_Evidence.NO_DATE] if index and not dates[index]}
        certain = (_Evidence.FULL_DATE, _Evidence.BARE_YEAR, _Evidence.NO_DATE)
        return sorted(index for rank in certain for index in candidates[rank]), undated
    starts: list[int] = []
    doubtful: set[int] = set()
    for rank in _Evidence:
        needed = count - len(starts)
        if needed <= 0:
            break
        starts += candidates[rank]
        if len(candidates[rank]) > needed:
            doubtful.update(candidates[rank])
            break
    return sorted(starts), doubtful


def read_records(blocks: list[Block], count: int | None, *, cut: bool) -> tuple[list[Entry], list[Issue]]:
    """The entries that are certain, and an issue for each piece of text that is in none of them.

    Args:
        blocks: The text of the page from its first record on.
        count: How many there must be; `None` where nothing tells, so that only dates are certain to begin one.
        cut: Whether the text ends within a line.
    """
    issues: list[Issue] = []
    dates = [_is_date_line(block) for block in blocks]
    if cut and blocks:
        dates[-1] = False  # a summary may well begin "October 1959"
    starts, doubtful = _starts(blocks, dates, count)
    issues += _unplaced(blocks[: starts[0]] if starts else blocks)
    ends = dict(zip(starts, [*starts[1:], len(blocks)], strict=False))  # without blocks there are no starts
    records: list[Record] = []
    for region in _regions(starts, doubtful):
        first, after = region[0], ends[region[-1]]
        if len(region) > 1 or region[0] in doubtful:
            issues.append(_undecided(blocks[first:after]))
            continue
        record, skipped = _record(blocks[first:after], dates[first:after])
        records.append(record)
        issues += [_menu_line(text) for text in skipped]
    titles_missing = titles_are_missing(records)
    cut = cut or (count is not None and len(starts) < count)
    last_is_certain = bool(records) and starts[-1] not in doubtful
    if cut and last_is_certain and may_go_on(records[-1], 0 if titles_missing else 1):
        issues.append(cut_off(records.pop()))
    return entries_of(records, issues, titles_missing=titles_missing)


def _regions(starts: list[int], doubtful: set[int]) -> list[list[int]]:
    """Starts grouped so that each doubtful one is with the certain one before it, whose end it puts in doubt."""
    regions: list[list[int]] = []
    for start in starts:
        if start in doubtful and regions:
            regions[-1].append(start)
        else:
            regions.append([start])
    return regions


def _record(blocks: list[Block], dates: list[bool]) -> tuple[Record, list[str]]:
    """The parts of a record, and the lines of menus that stand within it."""
    dated = dates[0]
    paragraphs: list[list[str]] = []
    skipped: list[str] = []
    for block, is_date in zip(blocks[dated:], dates[dated:], strict=True):
        if block.gap == 0 and paragraphs:
            paragraphs[-1].append(block.text)
        elif is_date and paragraphs:
            # The name of a person stands before the years of that person's life.
            if _is_life(block.text) and len(paragraphs) > 1 and _is_name(paragraphs[-1]):
                skipped += paragraphs.pop()
            skipped.append(block.text)
        else:
            paragraphs.append([block.text])
    return Record(blocks[0].text if dated else None, tuple(map(" ".join, paragraphs))), skipped


def _is_name(paragraph: list[str]) -> bool:
    """Whether it is one short line in which all but particles has capitals."""
    text = paragraph[0]
    if len(paragraph) > 1 or len(text) > _MAX_NAME_LENGTH or _ends_sentence(text):
        return False
    return all(len(word) <= 3 or word.lower() != word for word in text.split())


def _ends_sentence(text: str) -> bool:
    return _SENTENCE_END.search(text) is not None


def may_go_on(record: Record, titles: int) -> bool:
    """Whether the last record of a page that is cut off may have had more text."""
    return len(record.paragraphs) <= titles or not _ends_sentence(record.paragraphs[-1])


def titles_are_missing(records: list[Record]) -> bool:
    """Whether dates are followed by summaries alone.

    A record with a title and a summary has two paragraphs; where most dated records have one, and these mostly end as
    sentences do, which titles hardly ever do, the titles are missing. A paragraph that several records have, such as a
    note on how summaries were made, tells nothing.
    """
    dated = [record.paragraphs for record in records if record.date and record.paragraphs]
    seconds = Counter(paragraphs[1] for paragraphs in dated if len(paragraphs) > 1)
    single = [paragraphs[0] for paragraphs in dated if len(paragraphs) == 1 or seconds[paragraphs[1]] > 1]
    prose = sum(_PROSE_END.search(lead) is not None and _ABBREVIATED.search(lead) is None for lead in single)
    return len(dated) > 1 and 2 * len(single) > len(dated) and 2 * prose > len(single)


def entries_of(records: list[Record], issues: list[Issue], *, titles_missing: bool) -> tuple[list[Entry], list[Issue]]:
    """Records as entries; one without any text but a date is an issue."""
    titles = 0 if titles_missing else 1
    if titles_missing:
        issues.append(
            TITLES_MISSING.issue(
                "the page holds dates and summaries, and no title",
                expected="a title for each entry",
                found="none",
            )
        )
    entries: list[Entry] = []
    for record in records:
        if record.paragraphs:
            title = record.paragraphs[0] if titles else None
            summary = "\n\n".join(record.paragraphs[titles:]) or None
            entries.append(Entry(len(entries) + 1, record.date, title, summary))
        else:
            issues.append(TITLE_MISSING.issue("a date line has no title after it", found=record.text))
    return entries, issues


def _undecided(blocks: list[Block]) -> Issue:
    return UNDECIDED_ENTRIES.issue(
        "where one entry ends and the next begins cannot be told; these entries were left out",
        found="\n\n".join(block.text for block in blocks),
    )


def cut_off(record: Record) -> Issue:
    """The issue of a record that was left out, since a page that is cut off ends within it."""
    return CUT_OFF.issue(
        "the page ends within this entry, or may do so; it was left out",
        found=record.text,
    )


def _menu_line(text: str) -> Issue:
    return MENU_LINE.issue("a line of a menu stands among the entries; it was left out", found=text)


def _unplaced(blocks: list[Block]) -> list[Issue]:
    if not blocks:
        return []
    text = "\n\n".join(block.text for block in blocks)
    return [TEXT_OUTSIDE_ENTRIES.issue("text before the first entry is part of none", found=text)]
