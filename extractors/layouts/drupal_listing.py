"""Listing pages of the present site (Drupal 10): a range line, and a table whose rows each link to one document.

What the table and its cells are called is known; the markup inside a row is not. So a row is read by role. In reading
order it has a date, a link with the title, and a summary: the link tells the title and the address, what stands before
it is the date, what follows is the summary. Where nothing is a table, siblings that each link to a document are rows,
but only if the range line says that there are as many: nothing else vouches for such a guess. A page of which that
order does not hold, or without a range line, is `unknown`, never empty.

Most of the time goes into building the tree, and most of a page is not its result: a slice from shortly before the
table to its end is read first. What it yields is taken only if it meets the slice's own range line.

History: names of table and cells, and the forms of the range line, were seen in pages and code of 2023 to 2025.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractors.layouts.lines import (
    LONGEST_DATE_LINE,
    MARKUP,
    NUMBER,
    count_mismatch,
    may_be_date,
    range_contradiction,
    range_of,
)
from schemas.addresses import document_address
from schemas.dates import is_listing_date, read_date
from schemas.records import Entry, Issue, ParsedPage, Range

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

NAME = "drupal-listing"

_RESULT_TABLE = re.compile(r"<table\b[^>]*\btable-hover\b")
_TABLE_END = "</table>"
_REACH = 4096  # characters before the table in which the slice looks for the range line
_PAGE_END = re.compile(r"</(?:body|html)\b", re.IGNORECASE)

_RANGE = re.compile(rf"(?<![\w.,/-]){NUMBER}\s*[-–]\s*{NUMBER}\s*of\s*{NUMBER}(?!\d)")
_NOTHING = re.compile(r"(?:Results:?\s*)?(?<![\w.,/-])0\s*(?:results|documents)\b", re.IGNORECASE)
_GAP = r"(?:\s|&nbsp;|&#160;|<[^<>]{0,500}>)*"
# What no page has but a listing. Without a tree: text of a range line may be spread over elements.
_MARKS = (
    _RESULT_TABLE,
    re.compile(r"<td\b[^>]*\bdocument\b"),
    re.compile(rf"(?<![\w.,/-]){NUMBER}{_GAP}(?:[-–]|&ndash;){_GAP}{NUMBER}{_GAP}of{_GAP}\d"),
    re.compile(rf"(?<![\w.,/-])0{_GAP}(?:results|documents)\b", re.IGNORECASE),
)

_BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup option p pre search section
    summary table tbody td tfoot th thead tr ul""".split()
)
_UNSEEN = frozenset("-comment -doctype head iframe noscript object script select style svg template textarea".split())
_HEADINGS = "h1, h2, h3, h4, h5, h6"

# In a flow of text: a blank for any white space of the source, a line break for <br>, two around a block, and:
_TITLE, _TITLE_END = "\x02", "\x03"
_AGAIN, _AGAIN_END = "\x04", "\x05"  # another link to the row's own document
_ROW = "\x06"  # a row, where the flow is of what is around the rows
_SOURCE_BLANKS = re.compile(r"[\x00-\x20\xa0]+")
_BLANKS = re.compile(r"[ \n]+")
_PARAGRAPH_END = re.compile(r"\n *\n[ \n]*")
_MORE = re.compile(
    r"""(?: ^[ ]*\x04[^\x04\x05]*\x05                                          # alone in its line
          | \x04\W*(?:read|see|show|view|learn|continue|more)\b[^\x04\x05]*\x05  # behind the text
        )[ ]*$""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_YEAR = re.compile(r"\b(?:1[0-9]|20)[0-9]{2}\b")
_MOST_GROUPS = 5  # of siblings that could be rows; each takes a walk over the page


@dataclass(frozen=True, slots=True)
class _Row:
    """What a row holds, by role.

    Attributes:
        href: Of the link that bears the title.
        before: Paragraphs before the title that are no date.
        summary: Paragraphs after the title.
    """

    date: str | None
    title: str | None
    href: str
    before: tuple[str, ...]
    summary: tuple[str, ...]

    @property
    def url(self) -> str | None:
        """Canonical address of the document, if the link leads to one."""
        return document_address(self.href)

    @property
    def text(self) -> str:
        """All of it, for an issue."""
        return "\n\n".join(part for part in (*self.before, self.date, self.title, *self.summary) if part)


def recognises(text: str) -> bool:
    """Whether the text is HTML with the archive's result table, or with a range line."""
    return MARKUP.search(text) is not None and any(mark.search(text) for mark in _MARKS)


def read(text: str) -> ParsedPage:
    """What a listing page holds; whatever is not certain is an issue, with its text."""
    return _read_slice(text) or _read_whole(text)


def _read_slice(text: str) -> ParsedPage | None:
    """The page as its table and what is shortly before it show it; null unless that is a whole listing."""
    table = _RESULT_TABLE.search(text)
    end = text.find(_TABLE_END, table.end()) if table else -1
    if table is None or end < 0:
        return None
    start = text.find("<", max(0, table.start() - _REACH))
    page = _read_markup(text[start : end + len(_TABLE_END)])
    is_whole = page.outcome == "listing" and page.range is not None and len(page.entries) == page.range.count
    return page if is_whole else None


def _read_whole(text: str) -> ParsedPage:
    return _read_markup(text, ends_early=_PAGE_END.search(text) is None)


def _read_markup(text: str, *, ends_early: bool = False) -> ParsedPage:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text)
    body = tree.body or tree.root
    if body is None:
        return _unknown("range-missing", "the page has no content", expected="a range line", found="nothing")
    rows, page_range, line = _rows_and_range(body)
    if page_range is None:
        return _without_range(body, rows)
    if page_range.total == 0 and not rows:
        return ParsedPage(NAME, "empty", page_range)
    contradiction = range_contradiction(page_range, line)
    if contradiction is not None:
        return ParsedPage(NAME, "unknown", issues=(contradiction,))
    if not rows:
        return _unknown(
            "rows-missing",
            "the page says that it holds entries, and none can be read; its layout may have changed",
            expected=str(page_range.count),
            found="0",
        )
    return _listing(rows, page_range, cut=ends_early and _ends_within_row(text, rows))


def _listing(nodes: list["LexborNode"], page_range: Range, *, cut: bool) -> ParsedPage:
    """The page as its rows and its range line show it."""
    rows = [_read_row(node) for node in nodes]
    doubt = _disorder(rows)
    if doubt is not None:
        return ParsedPage(NAME, "unknown", issues=(doubt,))
    issues: list[Issue] = [_outside(text) for text in _texts_between(nodes)]
    if cut:
        issues.append(
            Issue("error", "cut-off", "the page ends within this entry; it was left out", found=rows.pop().text)
        )
    entries: list[Entry] = []
    for position, row in enumerate(rows, 1):
        entries.append(Entry(position, row.date, row.title, "\n\n".join(row.summary) or None, row.url))
        issues += _doubts(row, position)
    issues += count_mismatch(page_range, len(entries))
    return ParsedPage(NAME, "listing", page_range, tuple(entries), tuple(issues))


def _without_range(body: "LexborNode", rows: list["LexborNode"]) -> ParsedPage:
    """A page without a range line: empty if it says so, else nothing tells whether it is whole."""
    if not rows and _NOTHING.search(_flow(body)):
        return ParsedPage(NAME, "empty", Range(0, 0, 0))
    return _unknown(
        "range-missing",
        "the page has no range line, so that nothing tells how many entries it must hold",
        expected="a line such as `11 - 20 of 89`",
        found=f"{len(rows)} rows and no such line",
    )


def _unknown(kind: str, message: str, *, expected: str, found: str) -> ParsedPage:
    return ParsedPage(NAME, "unknown", issues=(Issue("error", kind, message, expected, found),))


# Where the rows are


def _rows_and_range(body: "LexborNode") -> tuple[list["LexborNode"], Range | None, str]:
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


def _result_table(body: "LexborNode") -> "LexborNode | None":
    """The table of the result, by its own name or by that of its cells."""
    tables = body.css("table.table-hover.table-striped") or body.css("table:has(td.document)")
    if len(tables) == 1:
        return tables[0]
    return max(tables, key=lambda table: len(_linked_rows(table)), default=None)


def _candidates(place: "LexborNode", *, in_table: bool) -> Iterator[list["LexborNode"]]:
    """Each way in which the place could be seen as rows."""
    if in_table:
        yield _linked_rows(place)
        yield _linked(place.css("td.document"))
    yield from _repeated_blocks(place)


def _table_rows(table: "LexborNode") -> list["LexborNode"]:
    """The rows of the table's body, without those of tables within it."""
    return [row for part in table.iter() if part.tag == "tbody" for row in part.iter() if row.tag == "tr"]


def _linked_rows(table: "LexborNode") -> list["LexborNode"]:
    return _linked(_table_rows(table))


def _linked(nodes: Iterable["LexborNode"]) -> list["LexborNode"]:
    return [node for node in nodes if node.css_first("a[href]") is not None]


def _repeated_blocks(place: "LexborNode") -> list[list["LexborNode"]]:
    """Siblings of one kind that each hold links to documents, the longest run of siblings first."""
    families: dict[int, list[LexborNode]] = {}
    seen: set[int] = set()
    for link in place.css('a[href*="/document/"]'):
        node, parent = link, link.parent
        while parent is not None and node.mem_id not in seen and node.mem_id != place.mem_id:
            seen.add(node.mem_id)
            families.setdefault(parent.mem_id, []).append(node)
            node, parent = parent, parent.parent
    groups = [group for group in families.values() if len(group) > 1 and len({node.tag for node in group}) == 1]
    return sorted(groups, key=len, reverse=True)[:_MOST_GROUPS]


def _range_around(body: "LexborNode", rows: list["LexborNode"]) -> re.Match[str] | None:
    """The range line nearest before the rows, else the first behind them."""
    before, _, behind = _flow(body, rows=frozenset(row.mem_id for row in rows)).partition(_ROW)
    last = None
    for last in _RANGE.finditer(before):
        pass
    return last or _RANGE.search(behind)


def _ends_within_row(text: str, rows: list["LexborNode"]) -> bool:
    """Whether a text that ends before its page does ends in the midst of the last row."""
    if rows[0].tag not in {"tr", "td"}:
        return True
    plain = text.lower()
    return plain.rfind("<tr") > max(plain.rfind("</tr"), plain.rfind("</table"))


# What is in a row


def _read_row(node: "LexborNode") -> _Row:
    """The row by role. The first link that can be seen bears the title; one that cannot leads to the document alone."""
    links = node.css("a[href]")
    link = next((link for link in links if _paragraphs(link.text())), links[0])
    href = link.attributes["href"] or ""
    heading = link.css_first(_HEADINGS)
    title = link if heading is None else heading
    flow = _flow(node, title=title.mem_id, again=_other_links(links, link))
    before, _, rest = flow.partition(_TITLE)
    own, _, behind = rest.partition(_TITLE_END)
    date, others = _date(_paragraphs(before))
    return _Row(
        date=date,
        title=" ".join(_paragraphs(own)) or None,
        href=href,
        before=tuple(others),
        summary=tuple(_paragraphs(_MORE.sub("", behind))),
    )


def _other_links(links: list["LexborNode"], title: "LexborNode") -> frozenset[int]:
    """Links to the title's document that are not the title, such as `Read more`."""
    if len(links) == 1:
        return frozenset()
    address = document_address(title.attributes["href"] or "")
    return frozenset(
        link.mem_id
        for link in links
        if link.mem_id != title.mem_id and address and document_address(link.attributes["href"] or "") == address
    )


def _date(paragraphs: list[str]) -> tuple[str | None, list[str]]:
    """What reads as a date, or could be meant as one, nearest to the title; and the rest."""
    whole = " ".join(paragraphs)
    if whole and read_date(whole) is not None:
        return whole, []
    for is_date in (lambda text: read_date(text) is not None, _stands_for_date):
        for index in reversed(range(len(paragraphs))):
            if is_date(paragraphs[index]):
                return paragraphs[index], paragraphs[:index] + paragraphs[index + 1 :]
    return None, paragraphs


def _stands_for_date(text: str) -> bool:
    return may_be_date(text) or (len(text) <= LONGEST_DATE_LINE and _YEAR.search(text) is not None)


def _disorder(rows: list[_Row]) -> Issue | None:
    """An issue if the rows are not in the reading order that their parts are told by."""
    if not any(row.url for row in rows):
        found = "no link of a row leads to a document"
    elif not any(row.date for row in rows) and any(is_listing_date(text) for row in rows for text in row.summary):
        found = "dates behind the titles"
    elif 2 * sum(bool(row.before) and not row.summary for row in rows) > len(rows):
        found = "text before the titles, and none behind them"
    else:
        return None
    return Issue(
        "error",
        "reading-order",
        "the rows are not laid out as is known, so that their parts cannot be told",
        expected="a date, a link to a document with its title, a summary",
        found=found,
    )


def _doubts(row: _Row, position: int) -> Iterator[Issue]:
    if row.title is None:
        yield Issue("error", "title-missing", f"the link of entry {position} has no text", found=row.text or None)
    if row.url is None:
        yield Issue(
            "warning",
            "link-is-no-document",
            f"the title of entry {position} does not link to a document of the archive",
            expected="/document/…",
            found=row.href,
        )
    for text in row.before:
        yield _outside(text)


def _outside(text: str) -> Issue:
    return Issue("warning", "text-outside-entries", "text among the entries is part of none", found=text)


def _texts_between(nodes: list["LexborNode"]) -> list[str]:
    """The texts of table rows that are no entries, as they have no link."""
    part = nodes[0].parent
    if nodes[0].tag != "tr" or part is None:
        return []
    entries = {node.mem_id for node in nodes}
    others = (row for row in part.iter() if row.mem_id not in entries)
    return [text for row in others if (text := " ".join(_paragraphs(_flow(row))))]


# Text as a browser shows it


def _flow(
    root: "LexborNode",
    *,
    title: int | None = None,
    again: frozenset[int] = frozenset(),
    rows: frozenset[int] = frozenset(),
) -> str:
    """The text below a node with its breaks, and with marks around some nodes, which are given by their ids.

    Without recursion, since a page can be nested as deeply as it likes.
    """
    pieces: list[str] = []
    ends: list[tuple[LexborNode, str]] = []
    node = root.first_child
    while node is not None:
        tag = node.tag or ""
        child = None
        if tag == "-text":
            pieces.append(_SOURCE_BLANKS.sub(" ", node.text_content or ""))
        elif tag == "br":
            pieces.append("\n")
        elif tag not in _UNSEEN:
            identity = node.mem_id
            begin, end = ("\n\n", "\n\n") if tag in _BLOCKS else ("", "")
            if identity == title:
                begin, end = begin + _TITLE, _TITLE_END + end
            elif identity in again:
                begin, end = begin + _AGAIN, _AGAIN_END + end
            pieces.append(begin)
            if identity in rows:
                pieces.append(_ROW)
            else:
                child = node.first_child
            if child is None:
                pieces.append(end)
            else:
                ends.append((node, end))
        follower = child or node.next
        while follower is None and ends:
            parent, end = ends.pop()
            pieces.append(end)
            follower = parent.next
        node = follower
    return "".join(pieces)


def _paragraphs(flow: str) -> list[str]:
    """The paragraphs of a flow: an empty line parts them, a single line break is a blank."""
    texts = (_BLANKS.sub(" ", part).strip() for part in _PARAGRAPH_END.split(flow))
    return [text for text in texts if text]
