"""Listing pages of the old site (2013 to 2022), as HTML and as text.

HTML: `.search-res` holds list items, each with a link `.lnk-res` and a title `.itm-title`. The markup of date and
summary is not known, so that a row is read by role, as on the present site: what stands before the title is the date,
what follows is the summary.

Text, in two frames. Bullets: `Search in`, the archive's name, of a collection its name and what it is about, then
records, each with a bullet before its date and with the rest indented. Dashes: the name of a collection and what it is
about, then records with a line `-` before each, and every part on a line of its own. What stands before the first
record is the page's frame.

No page was seen that reports how many entries there are. So a listing has no range unless there is a line such as
`1 - 20 of 153`, and says so; nothing then shows whether it is complete.

History: `.search-res li`, `.lnk-res`, `.itm-title` from code that read the site in 2022 (certain). Both frames of text
from a dozen stored pages, without their ends (certain): dates `August 04, 1961`, `June, 1934`, `1972`; summaries that
are absent; `No image found.` above the name of a collection. How a page says that it found nothing, and a range line,
were never seen: what is known of the present site is taken (a guess).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from selectolax.lexbor import LexborNode

from extractors.html.flow import ROW, flow_of, line_of, paragraphs_of
from extractors.html.hidden import is_seen
from extractors.html.nesting import excessive_depth
from extractors.html.tree import parse_html
from extractors.wilson_center.layouts.drupal_listing import PAGE_END
from extractors.wilson_center.layouts.lines import (
    MARKUP,
    NUMBER,
    count_mismatch,
    may_be_date,
    range_contradiction,
    range_of,
)
from extractors.wilson_center.layouts.listings import listing_page
from extractors.wilson_center.layouts.plain_text import RANGE_LINE
from extractors.wilson_center.layouts.rows import Row, disorder, doubts, outside, split_date
from extractors.wilson_center.layouts.text_records import (
    Record,
    cut_off,
    entries_of,
    may_go_on,
    titles_are_missing,
)
from extractors.wilson_center.urls import document_url
from schemas.dates import is_listing_date
from schemas.issues import CUT_OFF, MENU_LINE, NESTED_TOO_DEEPLY, ROWS_MISSING, TOTAL_UNKNOWN, UNDECIDED_ENTRIES, Issue
from schemas.listings import Entry, Range
from schemas.records import ParsedPage

NAME = "old-site"

# A class of an element; its name is looked for first, and what is before it then, so that the time is linear.
_RESULT_NAME = re.compile(r"search-res(?<![\w-]search-res)(?![\w-])")
_CLASS_BEGINS = re.compile(r"""\sclass\s*=\s*["']?[^"'<>=]*\Z""", re.IGNORECASE)
_MAX_CLASS_LENGTH = 200
_PRESENT_TABLE = "table-hover"
_MARKS = (".lnk-res", ".itm-title")

_BLANK = r"[ \t\xa0]"
_HEAD = re.compile(
    rf"\s*Search in{_BLANK}*\r?\n(?:[^\n]*\n){{0,9}}?{_BLANK}*"
    rf"Digital Archive International History Declassified{_BLANK}*(?:\r?\n|\Z)"
)
_BULLET, _DASH = "•", "-"

_RANGE = re.compile(
    rf"(?:(?:search )?results:? |showing:? |displaying:? )?{NUMBER} ?[-–] ?{NUMBER} of {NUMBER}"
    r"(?: (?:results|records|documents))?\.?",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"(?:sorry, )?(?:(?:results:? ?)?0|no) ?(?:search )?(?:results|records|documents)(?: (?:were )?found)?\.?",
    re.IGNORECASE,
)
_PAGER = re.compile(r"(?:[\W\d_]|\b(?:first|last|next|prev|previous|page|of)\b)+", re.IGNORECASE)


@dataclass(slots=True)
class _Found:
    """What a page was found to hold.

    Attributes:
        frame: Paragraphs of the page that are in no entry.
    """

    frame: list[str]
    entries: list[Entry] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def recognises(text: str) -> bool:
    """Whether the text is HTML with the old site's result, or a text with its frame or its records."""
    if MARKUP.search(text) is not None:
        return not _has_present_table(text) and _has_result(text)
    return _HEAD.match(text) is not None or (
        RANGE_LINE.search(text) is None and (any(map(_is_dated, _bulleted(text)[0])) or _is_dashed(text))
    )


def read(text: str, url: str | None) -> ParsedPage:  # noqa: ARG001 (other layouts need it)
    """What a listing page of the old site holds; whatever is not certain is an issue, with its text."""
    if MARKUP.search(text) is None:
        return _page(_read_dashed(text) if _is_dashed(text) else _read_bulleted(text))
    depth = excessive_depth(text)
    if depth is None:
        return _read_markup(text)
    return _unknown(
        NESTED_TOO_DEEPLY.issue(
            "the page's elements are nested so deeply that it would take too long to read",
            expected="elements nested a few dozen deep",
            found=f"{depth} elements, one within another",
        )
    )


def _has_present_table(text: str) -> bool:
    """Whether the text has the present site's table: found from the end, so that a present page costs hardly a look."""
    at = text.rfind(_PRESENT_TABLE)
    return at >= 0 and text.startswith("<table", text.rfind("<", 0, at))


def _has_result(text: str) -> bool:
    places = (match.start() for match in _RESULT_NAME.finditer(text))
    return any(_CLASS_BEGINS.search(text, max(0, place - _MAX_CLASS_LENGTH), place) for place in places)


def _page(found: _Found) -> ParsedPage:
    """What was found, as a page."""
    if not found.entries:
        return _without_entries(found)
    match = next(filter(None, map(_RANGE.fullmatch, found.frame)), None)
    if match is None:
        unknown_total = TOTAL_UNKNOWN.issue(
            "the page does not say how many entries it must hold",
            expected="a line such as `1 - 20 of 153`",
            found=f"{len(found.entries)} entries and no such line",
        )
        return listing_page(NAME, "listing", None, tuple(found.entries), (*found.issues, unknown_total))
    page_range = range_of(match)
    contradiction = range_contradiction(page_range, match[0])
    if contradiction is not None:
        return _unknown(contradiction, *found.issues)
    issues = (*found.issues, *count_mismatch(page_range, len(found.entries)))
    return listing_page(NAME, "listing", page_range, tuple(found.entries), issues)


def _without_entries(found: _Found) -> ParsedPage:
    """A page without entries: empty if it says so."""
    if not found.issues and any(map(_NOTHING.fullmatch, found.frame)):
        return listing_page(NAME, "empty", Range(0, 0, 0))
    missing = ROWS_MISSING.issue(
        "no entry can be read, and the page does not say that nothing was found; its layout may have changed",
        expected="entries, or a line such as `0 results`",
        found="neither",
    )
    return _unknown(missing, *found.issues)


def _unknown(*issues: Issue) -> ParsedPage:
    return listing_page(NAME, "unknown", issues=issues)


# HTML


def _read_markup(text: str) -> ParsedPage:

    tree = parse_html(text)
    body = tree.body or tree.root
    if body is None:
        return _without_entries(_Found([]))
    items = _items(body)
    rows = [read_row(item) for item in items]
    doubt = disorder(rows) if rows else None
    if doubt is not None:
        return _unknown(doubt)
    around = flow_of(body, frozenset(item.mem_id for item in items)).text().replace(ROW, "\n\n")
    found = _Found(paragraphs_of(around), issues=[outside(text) for text in _texts_between(items)])
    if PAGE_END.search(text) is None:
        found.issues.append(_cut_page(text, rows))
    for position, row in enumerate(rows, 1):
        found.entries.append(Entry(position, row.date, row.title, "\n\n".join(row.summary) or None, row.url))
        found.issues += doubts(row, position)
    return _page(found)


def _items(body: LexborNode) -> list[LexborNode]:
    """The list items of the result that have a link or a title, in their order."""
    items: dict[int, LexborNode] = {}
    for mark in filter(is_seen, body.css(", ".join(f".search-res li {mark}" for mark in _MARKS))):
        node = mark.parent
        while node is not None and node.tag != "li":
            node = node.parent
        if node is not None:
            items.setdefault(node.mem_id, node)
    return list(items.values())


def read_row(item: LexborNode) -> Row:
    """The row by role; where nothing bears the title's name, all but the date is text that has no place."""
    link = item.css_first(".lnk-res")
    href = (link.attributes.get("href") if link is not None else None) or ""
    title = item.css_first(".itm-title")
    around = flow_of(item, frozenset({title.mem_id}) if title is not None else frozenset())
    before, _, behind = around.text().partition(ROW)
    date, others = split_date(paragraphs_of(before))
    return Row(
        date,
        (line_of(flow_of(title).text()) if title is not None else "") or None,
        href,
        document_url(href),
        before=others,
        summary=paragraphs_of(behind),
    )


def _texts_between(items: list[LexborNode]) -> Iterator[str]:
    """The texts of list items among the rows that are none."""
    rows = {item.mem_id for item in items}
    for place in {item.parent.mem_id: item.parent for item in items if item.parent is not None}.values():
        for other in place.iter():
            if other.tag == "li" and other.mem_id not in rows and (text := line_of(flow_of(other).text())):
                yield text


def _cut_page(text: str, rows: list[Row]) -> Issue:
    """The issue of a page that lacks its end; a row in which it ends is taken out."""
    plain = text[: text.rfind(">")].lower()  # without a tag that is cut itself, which no parser reads
    within = rows and plain.rfind("</li") < max(plain.rfind(mark[1:]) for mark in _MARKS)
    return CUT_OFF.issue(
        "the page ends within this entry; it was left out" if within else "the page ends early; entries may be missing",
        found=rows.pop().text if within else None,
    )


# Text


def _lines(text: str) -> list[str]:
    # Not splitlines(): a form feed or a line separator inside a summary is no line end.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _bulleted(text: str) -> tuple[list[list[str]], list[list[str]]]:
    """The paragraphs of each item of a text that has a bullet, and those before each item and behind the last.

    What is not indented more than its bullet ends an item; a bullet that stands deeper is part of one.
    """
    items: list[list[list[str]]] = []
    around: list[list[list[str]]] = [[]]
    indent = 0
    lines: list[str] = []  # of the paragraph that is being read
    for line in _lines(text):
        depth = len(line) - len(line.lstrip(" \t\xa0"))
        words = line.strip()
        if words.startswith(_BULLET) and (not items or depth <= indent):
            items.append([])
            around.append([])
            words, place, lines, indent = words.removeprefix(_BULLET).strip(), items[-1], [], depth
        else:
            place = items[-1] if items and depth > indent and not around[-1] else around[-1]
        if not words:
            lines = []
        elif lines and place and place[-1] is lines:
            lines.append(words)
        else:
            lines = [words]
            place.append(lines)
        if is_listing_date(words):
            lines = []  # a date is a paragraph of its own
    return [_joined(item) for item in items], [_joined(paragraphs) for paragraphs in around]


def _joined(paragraphs: list[list[str]]) -> list[str]:
    return [" ".join(lines) for lines in paragraphs]


def _dashed(text: str) -> list[list[str]]:
    """The lines of a text, parted by lines that are a dash alone."""
    parts: list[list[str]] = [[]]
    for line in map(str.strip, _lines(text)):
        if line == _DASH:
            parts.append([])
        elif line:
            parts[-1].append(line)
    return parts


def _is_dashed(text: str) -> bool:
    """Whether most of what dashes part begins with a date and goes on."""
    parts = [part for part in _dashed(text)[1:] if part]
    return 0 < len(parts) <= 2 * sum(map(_is_dated, parts))


def _is_dated(item: list[str]) -> bool:
    return len(item) > 1 and is_listing_date(item[0])


def _read_bulleted(text: str) -> _Found:
    items, (before, *behind) = _bulleted(text)
    found = _read_items(items, may_be_cut=_may_be_cut(text) and not any(behind[-1:]))
    found.frame = [*before, *chain.from_iterable(behind)]
    found.issues += map(outside, chain.from_iterable(behind[:-1]))
    found.issues += (replace(outside(text), level="info") for text in chain.from_iterable(behind[-1:]))
    return found


def _read_dashed(text: str) -> _Found:
    frame, *items = _dashed(text)
    found = _read_items([item for item in items if item], may_be_cut=_may_be_cut(text))
    found.frame = frame
    return found


def _may_be_cut(text: str) -> bool:
    return not text.rstrip(" \t\xa0").endswith("\n")


def _read_items(items: list[list[str]], *, may_be_cut: bool) -> _Found:
    """The entries among the items of a text.

    One without a date and with one paragraph is an entry if it stands between others; at the ends of the list, it may
    as well be a line of a menu.
    """
    certain = [place for place, item in enumerate(items) if len(item) > 1 or any(map(is_listing_date, item))]
    first, after = (certain[0], certain[-1] + 1) if certain else (0, 0)
    found = _Found([], issues=[_menu_line(item[0]) for item in items[:first] + items[after:] if item])
    records = [_record(item) for item in items[first:after] if item]
    titles_missing = titles_are_missing(records)
    if may_be_cut and after == len(items) and records and may_go_on(records[-1], 0 if titles_missing else 1):
        found.issues.append(cut_off(records.pop()))
    found.entries, found.issues = entries_of(records, found.issues, titles_missing=titles_missing)
    return found


def _record(item: list[str]) -> Record:
    dated = is_listing_date(item[0]) or (len(item) > 1 and may_be_date(item[0]))
    return Record(item[0] if dated else None, tuple(item[dated:]))


def _menu_line(text: str) -> Issue:
    if _PAGER.fullmatch(text):
        return MENU_LINE.issue("a line of a menu stands among the entries; it was left out", found=text)
    return UNDECIDED_ENTRIES.issue(
        "whether this is an entry without date and summary or a line of a menu cannot be told; it was left out",
        found=text,
    )
