"""Listing pages of the present site (Drupal 10): a range line, and a table whose rows each link to one document.

What the table and its cells are called is known; the markup inside a row is not. So a row is read by role. In reading
order it has a date, a link with the title, and a summary: the link gives the title and the URL, what stands before
it is the date, what follows is the summary. Where nothing is a table, siblings that each link to a document are rows,
but only if the range line says that there are as many: nothing else vouches for such a guess. A page of which that
order does not hold, or without a range line, is `unknown`, never empty.

Most of the time goes into building the tree, and most of a page is not its result: a slice from shortly before the
last table of the known name to its end is read first. What it yields is taken only if it meets the slice's own range
line.

History: names of table and cells, and the forms of the range line, were seen in pages and code of 2023 to 2025.
"""

import re
from collections.abc import Iterable, Iterator

from selectolax.lexbor import LexborNode

from extractors.html.flow import ROW, Flow, flow_of, line_of, paragraphs_of
from extractors.html.hidden import is_seen, may_be_hidden
from extractors.html.nesting import excessive_depth
from extractors.html.tree import parse_html
from extractors.wilson_center.layouts.lines import (
    MARKUP,
    NUMBER,
    count_mismatch,
    range_contradiction,
    range_of,
)
from extractors.wilson_center.layouts.listings import listing_page
from extractors.wilson_center.layouts.rows import disorder, doubts, outside, read_row
from schemas.issues import CUT_OFF, NESTED_TOO_DEEPLY, RANGE_MISSING, ROWS_MISSING, Issue, IssueKind
from schemas.listings import Entry, Range, listing_entries, listing_range
from schemas.records import ParsedPage

NAME = "drupal-listing"

_TABLE, _TABLE_CLASS, _TABLE_END = "<table", "table-hover", "</table>"
_MAX_TAG_LENGTH = 1000
_REACH = 1536  # characters before the table in which the slice looks for the range line
PAGE_END = re.compile(r"</(?:body|html)\b", re.IGNORECASE)

# What is before the first digit is looked at behind it, so that a search can skip all that is no digit.
_RANGE = re.compile(rf"(\d(?<![\w.,/-]\d)[\d,]{{0,11}})\s*[-–]\s*{NUMBER}\s*of\s*{NUMBER}(?!\d)")
_NOTHING = re.compile(r"(?:results:? ?)?0 ?(?:results|documents)(?: found)?\.?", re.IGNORECASE)
_GAP = r"(?:\s|&nbsp;|&#160;|<[^<>]{0,500}>)*"
# What no page has but a listing. No tree is needed to see it, though a range line may be spread over elements.
_MARKS = (
    re.compile(r"<td\b[^>]{0,300}\bdocument\b"),
    re.compile(rf"(?<![\w.,/-]){NUMBER}{_GAP}(?:[-–]|&ndash;){_GAP}{NUMBER}{_GAP}of{_GAP}\d"),
    re.compile(rf"(?<![\w.,/-])0{_GAP}(?:results|documents)\b", re.IGNORECASE),
)


_MAX_GROUPS = 5  # of what could be the rows; each takes a walk over the page


def recognises(text: str) -> bool:
    """Whether the text is HTML with the archive's result table, or with a range line."""
    if MARKUP.search(text) is None:
        return False
    return _find_table(text) >= 0 or any(mark.search(text) for mark in _MARKS)


def read(text: str, url: str | None) -> ParsedPage:  # noqa: ARG001 (other layouts need it)
    """What a listing page holds; whatever is not certain is an issue, with its text."""
    return _read_slice(text) or _read_whole(text)


def _read_slice(text: str) -> ParsedPage | None:
    """The page as its table and what is shortly before it show it; `None` unless that is a whole listing."""
    table = _find_table(text)
    end = text.find(_TABLE_END, table) if table >= 0 else -1
    if end < 0:
        return None
    start = text.find("<", max(0, table - _REACH))
    if may_be_hidden(text, start, table):
        return None
    page = _read_markup(text[start : end + len(_TABLE_END)])
    held = listing_range(page)
    is_whole = page.outcome == "listing" and held is not None and len(listing_entries(page)) == held.count
    return page if is_whole else None


def _find_table(text: str) -> int:
    """Where the last table of the known name begins, -1 if there is none; from the end, as it is near it.

    The name is looked for, and then the tag around it: a long text that is rare is quicker to find than a short one.
    """
    at = text.rfind(_TABLE_CLASS)
    while at >= 0:
        table = _tag_around(text, at)
        if table >= 0:
            return table
        at = text.rfind(_TABLE_CLASS, 0, at)
    return -1


def _tag_around(text: str, at: int) -> int:
    """Where the tag of a table begins that has its known name at this place, -1 if that is in no such tag."""
    earliest = max(0, at + len(_TABLE_CLASS) - _MAX_TAG_LENGTH)
    return text.find(_TABLE, max(earliest, text.rfind(">", earliest, at) + 1), at + len(_TABLE) - 1)


def _read_whole(text: str) -> ParsedPage:
    return _read_markup(text, ends_early=PAGE_END.search(text) is None)


def _read_markup(text: str, *, ends_early: bool = False) -> ParsedPage:

    depth = excessive_depth(text)
    if depth is not None:
        return _unknown(
            NESTED_TOO_DEEPLY,
            "the page's elements are nested so deeply that it would take too long to read",
            expected="elements nested a few dozen deep",
            found=f"{depth} elements, one within another",
        )
    tree = parse_html(text)
    body = tree.body or tree.root
    if body is None:
        return _unknown(RANGE_MISSING, "the page has no content", expected="a range line", found="nothing")
    rows, page_range, line = _rows_and_range(body)
    if page_range is None:
        return _without_range(body, rows)
    if page_range.total == 0 and not rows:
        return listing_page(NAME, "empty", page_range)
    contradiction = range_contradiction(page_range, line)
    if contradiction is not None:
        return listing_page(NAME, "unknown", issues=(contradiction,))
    if not rows:
        return _unknown(
            ROWS_MISSING,
            "the page says that it holds entries, and none can be read; its layout may have changed",
            expected=str(page_range.count),
            found="0",
        )
    return _listing(rows, page_range, cut=ends_early and _ends_within_row(text, rows))


def _listing(flows: list[Flow], page_range: Range, *, cut: bool) -> ParsedPage:
    """The page as its rows and its range line show it."""
    rows = [read_row(flow) for flow in flows]
    doubt = disorder(rows)
    if doubt is not None:
        return listing_page(NAME, "unknown", issues=(doubt,))
    issues: list[Issue] = [outside(text) for text in _texts_between(flows)]
    if cut:
        issues.append(CUT_OFF.issue("the page ends within this entry; it was left out", found=rows.pop().text))
    entries: list[Entry] = []
    for position, row in enumerate(rows, 1):
        entries.append(Entry(position, row.date, row.title, "\n\n".join(row.summary) or None, row.url))
        issues += doubts(row, position)
    issues += count_mismatch(page_range, len(entries))
    return listing_page(NAME, "listing", page_range, tuple(entries), tuple(issues))


def _without_range(body: LexborNode, rows: list[Flow]) -> ParsedPage:
    """A page without a range line: empty if it says so, else nothing shows whether it is complete."""
    if not rows and any(map(_NOTHING.fullmatch, paragraphs_of(flow_of(body).text()))):
        return listing_page(NAME, "empty", Range(0, 0, 0))
    return _unknown(
        RANGE_MISSING,
        "the page has no range line, so that nothing tells how many entries it must hold",
        expected="a line such as `11 - 20 of 89`",
        found=f"{len(rows)} rows and no such line",
    )


def _unknown(kind: IssueKind, message: str, *, expected: str, found: str) -> ParsedPage:
    return listing_page(NAME, "unknown", issues=(kind.issue(message, expected, found),))


# Where the rows are


def _rows_and_range(body: LexborNode) -> tuple[list[Flow], Range | None, str]:
    """The rows, and the range line that is theirs, as numbers and as text.

    Where there are several ways to see rows, the first that meets the range line is taken; failing all, the table.
    """
    table = _result_table(body)
    for rows in _candidates(table or body, in_table=table is not None):
        match = _range_around(body, rows)
        if match is not None and range_of(match).count == len(rows):
            return rows, range_of(match), match[0]
    rows = _linked_rows(table) if table else []
    match = _range_around(body, rows)
    return (rows, range_of(match), " ".join(match[0].split())) if match else (rows, None, "")


def _result_table(body: LexborNode) -> LexborNode | None:
    """The table of the result, by its own name or by that of its cells."""
    tables = [table for table in body.css("table.table-hover.table-striped") if is_seen(table)]
    if len(tables) > 1:
        return max(tables[:_MAX_GROUPS], key=lambda table: len(_linked_rows(table)))
    if tables:
        return tables[0]
    node = next(filter(is_seen, body.css("td.document")), None)
    while node is not None and node.tag != "table":
        node = node.parent
    return node


def _candidates(place: LexborNode, *, in_table: bool) -> Iterator[list[Flow]]:
    """Each way in which the place could be seen as rows."""
    if in_table:
        yield _linked_rows(place)
        yield _linked(filter(is_seen, place.css("td.document")))
    yield from map(_linked, _repeated_blocks(place))


def _table_rows(table: LexborNode) -> list[LexborNode]:
    """The rows of the table's body, without those of tables within it."""
    return [row for part in table.iter() if part.tag == "tbody" for row in part.iter() if row.tag == "tr"]


def _linked_rows(table: LexborNode) -> list[Flow]:
    return _linked(_table_rows(table))


def _linked(nodes: Iterable[LexborNode]) -> list[Flow]:
    return [flow for flow in map(flow_of, nodes) if flow.links]


def _repeated_blocks(place: LexborNode) -> list[list[LexborNode]]:
    """Siblings of one kind that each hold links to documents, the longest run of siblings first."""
    families: dict[int, list[LexborNode]] = {}
    seen: set[int] = set()
    for link in filter(is_seen, place.css('a[href*="/document/"]')):
        node, parent = link, link.parent
        while parent is not None and node.mem_id not in seen and node.mem_id != place.mem_id:
            seen.add(node.mem_id)
            families.setdefault(parent.mem_id, []).append(node)
            node, parent = parent, parent.parent
    groups = [group for group in families.values() if len(group) > 1 and len({node.tag for node in group}) == 1]
    return sorted(groups, key=len, reverse=True)[:_MAX_GROUPS]


def _range_around(body: LexborNode, rows: list[Flow]) -> re.Match[str] | None:
    """The range line nearest before the rows, else the first behind them."""
    ids = frozenset(row.node.mem_id for row in rows)
    lines = [*_RANGE.finditer(flow_of(body, ids, ends_at_row=True).text())]
    if lines or not rows:
        return lines[-1] if lines else None
    return _RANGE.search(flow_of(body, ids).text().partition(ROW)[2])


def _ends_within_row(text: str, rows: list[Flow]) -> bool:
    """Whether a text that lacks the end of its page ends within the last of these rows."""
    last = rows[-1].node
    if last.tag not in {"tr", "td"}:
        return True
    if last.tag == "tr" and last.parent is not None and [*last.parent.iter()][-1].mem_id != last.mem_id:
        return False
    plain = text.lower()
    return plain.rfind("<tr") > max(plain.rfind("</tr"), plain.rfind("</table"))


def _texts_between(flows: list[Flow]) -> list[str]:
    """The texts of table rows that are no entries, as they have no link."""
    first = flows[0].node
    if first.tag != "tr" or first.parent is None:
        return []
    entries = {flow.node.mem_id for flow in flows}
    others = (row for row in first.parent.iter() if row.mem_id not in entries)
    return [text for row in others if (text := line_of(flow_of(row).text()))]
