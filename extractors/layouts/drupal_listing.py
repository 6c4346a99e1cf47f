"""Listing pages of the present site (Drupal 10): a range line, and a table whose rows each link to one document.

What the table and its cells are called is known; the markup inside a row is not. So a row is read by role. In reading
order it has a date, a link with the title, and a summary: the link tells the title and the address, what stands before
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
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from extractors.layouts.lines import (
    LONGEST_DATE_LINE,
    MARKUP,
    NUMBER,
    count_mismatch,
    may_be_date,
    range_contradiction,
    range_of,
)
from extractors.layouts.nesting import excessive_depth
from schemas.addresses import document_address
from schemas.dates import is_listing_date, read_date
from schemas.records import Entry, Issue, ParsedPage, Range

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

NAME = "drupal-listing"

_TABLE, _TABLE_CLASS, _TABLE_END = "<table", "table-hover", "</table>"
_LONGEST_TAG = 1000
_REACH = 1536  # characters before the table in which the slice looks for the range line
_PAGE_END = re.compile(r"</(?:body|html)\b", re.IGNORECASE)

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

_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir"),
        *("div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option", "p"),
        *("pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    }
)
_UNSEEN = frozenset(
    {
        *("-comment", "-doctype", "head", "iframe", "noscript", "object", "script", "select", "style", "svg"),
        *("template", "textarea"),
    }
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# What an element is in a flow, told by one look; a heading is a block too, and what is not named is part of a line.
_INLINE, _LINK, _BLOCK, _HEADING, _LINE_BREAK, _HIDDEN = range(6)
_ROLES_AROUND = {**dict.fromkeys(_BLOCKS, _BLOCK), **dict.fromkeys(_UNSEEN, _HIDDEN), "br": _LINE_BREAK}
_ROLES = {**_ROLES_AROUND, **dict.fromkeys(_HEADINGS, _HEADING), "a": _LINK}

# In a flow of text: a blank for any white space of the source, a line break for <br>, two around a block, and:
_AGAIN, _AGAIN_END = "\x04", "\x05"  # another link to the row's own document
_ROW = "\x06"  # a row, where the flow is of what is around the rows
# Runs to be made one blank, without those that are one already: these are nearly all.
_SOURCE_BLANKS = "".join(map(chr, range(0x21))) + "\xa0"
_FOLDED = re.compile(rf"[{_SOURCE_BLANKS}]{{2,}}|[{_SOURCE_BLANKS.replace(' ', '')}]")
_BLANKS = re.compile(r"[ \n]{2,}|\n")
_PARAGRAPH_END = re.compile(r"\n *\n[ \n]*")
_MORE = re.compile(
    r"""(?: ^[ ]*\x04[^\x04\x05]*\x05                                          # alone in its line
          | \x04\W*(?:read|see|show|view|learn|continue|more)\b[^\x04\x05]*\x05  # behind the text
        )[ ]*$""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_YEAR = re.compile(r"\b(?:1[0-9]|20)[0-9]{2}\b")
_MOST_GROUPS = 5  # of what could be the rows; each takes a walk over the page


class _Span(NamedTuple):
    """A link or a heading: the pieces of a flow that are its text."""

    begin: int
    end: int
    href: str = ""


@dataclass(slots=True)
class _Flow:
    """The text below a node, in pieces, as a browser would show it, with the links and headings in it."""

    node: "LexborNode"
    pieces: list[str]
    links: list[_Span]
    headings: list[_Span]

    def text(self, begin: int = 0, end: int | None = None) -> str:
        """Some of the pieces as one text."""
        return "".join(self.pieces[begin:end])


class _Row(NamedTuple):
    """What a row holds, by role.

    Attributes:
        href: Of the link that bears the title.
        url: Canonical address of the document, if the link leads to one.
        before: Paragraphs before the title that are no date.
        summary: Paragraphs after the title.
    """

    date: str | None
    title: str | None
    href: str
    url: str | None
    before: list[str]
    summary: list[str]

    @property
    def text(self) -> str:
        """All of it, for an issue."""
        return "\n\n".join(part for part in (*self.before, self.date, self.title, *self.summary) if part)


def recognises(text: str) -> bool:
    """Whether the text is HTML with the archive's result table, or with a range line."""
    if MARKUP.search(text) is None:
        return False
    return _find_table(text) >= 0 or any(mark.search(text) for mark in _MARKS)


def read(text: str) -> ParsedPage:
    """What a listing page holds; whatever is not certain is an issue, with its text."""
    return _read_slice(text) or _read_whole(text)


def _read_slice(text: str) -> ParsedPage | None:
    """The page as its table and what is shortly before it show it; null unless that is a whole listing."""
    table = _find_table(text)
    end = text.find(_TABLE_END, table) if table >= 0 else -1
    if end < 0:
        return None
    start = text.find("<", max(0, table - _REACH))
    page = _read_markup(text[start : end + len(_TABLE_END)])
    is_whole = page.outcome == "listing" and page.range is not None and len(page.entries) == page.range.count
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
    earliest = max(0, at + len(_TABLE_CLASS) - _LONGEST_TAG)
    return text.find(_TABLE, max(earliest, text.rfind(">", earliest, at) + 1), at + len(_TABLE) - 1)


def _read_whole(text: str) -> ParsedPage:
    return _read_markup(text, ends_early=_PAGE_END.search(text) is None)


def _read_markup(text: str, *, ends_early: bool = False) -> ParsedPage:
    from selectolax.lexbor import LexborHTMLParser

    depth = excessive_depth(text)
    if depth is not None:
        return _unknown(
            "nested-too-deeply",
            "the page's elements are nested so deeply that it would take too long to read",
            expected="elements nested a few dozen deep",
            found=f"{depth} elements, one within another",
        )
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


def _listing(flows: list[_Flow], page_range: Range, *, cut: bool) -> ParsedPage:
    """The page as its rows and its range line show it."""
    rows = [_read_row(flow) for flow in flows]
    doubt = _disorder(rows)
    if doubt is not None:
        return ParsedPage(NAME, "unknown", issues=(doubt,))
    issues: list[Issue] = [_outside(text) for text in _texts_between(flows)]
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


def _without_range(body: "LexborNode", rows: list[_Flow]) -> ParsedPage:
    """A page without a range line: empty if it says so, else nothing tells whether it is whole."""
    if not rows and any(map(_NOTHING.fullmatch, _paragraphs(_flow(body).text()))):
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


def _rows_and_range(body: "LexborNode") -> tuple[list[_Flow], Range | None, str]:
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
    tables = body.css("table.table-hover.table-striped")
    if len(tables) > 1:
        return max(tables[:_MOST_GROUPS], key=lambda table: len(_linked_rows(table)))
    if tables:
        return tables[0]
    node = body.css_first("td.document")
    while node is not None and node.tag != "table":
        node = node.parent
    return node


def _candidates(place: "LexborNode", *, in_table: bool) -> Iterator[list[_Flow]]:
    """Each way in which the place could be seen as rows."""
    if in_table:
        yield _linked_rows(place)
        yield _linked(place.css("td.document"))
    yield from map(_linked, _repeated_blocks(place))


def _table_rows(table: "LexborNode") -> list["LexborNode"]:
    """The rows of the table's body, without those of tables within it."""
    return [row for part in table.iter() if part.tag == "tbody" for row in part.iter() if row.tag == "tr"]


def _linked_rows(table: "LexborNode") -> list[_Flow]:
    return _linked(_table_rows(table))


def _linked(nodes: Iterable["LexborNode"]) -> list[_Flow]:
    return [flow for flow in map(_flow, nodes) if flow.links]


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


def _range_around(body: "LexborNode", rows: list[_Flow]) -> re.Match[str] | None:
    """The range line nearest before the rows, else the first behind them."""
    ids = frozenset(row.node.mem_id for row in rows)
    lines = [*_RANGE.finditer(_flow(body, ids, ends_at_row=True).text())]
    if lines or not rows:
        return lines[-1] if lines else None
    return _RANGE.search(_flow(body, ids).text().partition(_ROW)[2])


def _ends_within_row(text: str, rows: list[_Flow]) -> bool:
    """Whether a text that lacks the end of its page ends within the last of these rows."""
    last = rows[-1].node
    if last.tag not in {"tr", "td"}:
        return True
    if last.tag == "tr" and last.parent is not None and [*last.parent.iter()][-1].mem_id != last.mem_id:
        return False
    plain = text.lower()
    return plain.rfind("<tr") > max(plain.rfind("</tr"), plain.rfind("</table"))


# What is in a row


def _read_row(flow: _Flow) -> _Row:
    """The row by role."""
    link, title = _title_of(flow)
    url = document_address(link.href)
    date, others = _date(_paragraphs(flow.text(0, title.begin)))
    return _Row(
        date,
        _line(flow.text(title.begin, title.end)) or None,
        link.href,
        url,
        before=others,
        summary=_paragraphs(_behind(flow, title, url)),
    )


def _title_of(flow: _Flow) -> tuple[_Span, _Span]:
    """The link that bears the title, and the title.

    It is the first link that can be seen; one that cannot leads to the document alone. Where it is around more than
    the title, the heading in it is the title.
    """
    link = flow.links[0]
    for one in flow.links:
        if flow.text(one.begin, one.end).strip(" \n"):
            link = one
            break
    for heading in flow.headings:
        if link.begin <= heading.begin and heading.end <= link.end:
            return link, heading
    return link, link


def _behind(flow: _Flow, title: _Span, url: str | None) -> str:
    """What follows the title, without further links to its document that only say `Read more`."""
    again = [link for link in flow.links if title.end <= link.begin < link.end]
    if again:
        again = [link for link in again if url is not None and document_address(link.href) == url]
    if not again:
        return flow.text(title.end)
    pieces = [*flow.pieces, ""]
    for link in again:
        pieces[link.begin] = _AGAIN + pieces[link.begin]
        pieces[link.end] = _AGAIN_END + pieces[link.end]
    return _MORE.sub("", "".join(pieces[title.end :])).replace(_AGAIN, "").replace(_AGAIN_END, "")


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


def _texts_between(flows: list[_Flow]) -> list[str]:
    """The texts of table rows that are no entries, as they have no link."""
    first = flows[0].node
    if first.tag != "tr" or first.parent is None:
        return []
    entries = {flow.node.mem_id for flow in flows}
    others = (row for row in first.parent.iter() if row.mem_id not in entries)
    return [text for row in others if (text := _line(_flow(row).text()))]


# Text as a browser shows it


def _flow(root: "LexborNode", rows: frozenset[int] = frozenset(), *, ends_at_row: bool = False) -> _Flow:
    """The flow of what is below a node; a mark stands in place of what is below rows, given by their ids.

    Without recursion, since a page can be nested deeply. Each look at a node makes a Python object, and that is what
    the time goes into: nothing is asked of a node twice, and a flow around rows has neither links nor headings.
    """
    flow = _Flow(root, [], [], [])
    pieces = flow.pieces
    roles = _ROLES_AROUND if rows else _ROLES
    opened: list[tuple[LexborNode, int, int]] = []
    node = root.first_child
    while node is not None or opened:
        if node is None:
            node, role, begin = opened.pop()
            if role:
                _close(flow, node, role, begin)
        elif (text := node.text_content) is not None:
            pieces.append(" " if node.is_empty_text_node else text if text.isprintable() else _folded(text))
        elif rows and node.mem_id in rows:
            if ends_at_row:
                break
            pieces.append(_ROW)
        elif (role := roles.get(node.tag or "", _INLINE)) < _LINE_BREAK:
            if role >= _BLOCK:
                pieces.append("\n\n")
            opened.append((node, role, len(pieces)))
            node = node.first_child
            continue
        elif role == _LINE_BREAK:
            pieces.append("\n")
        node = node.next
    return flow


def _close(flow: _Flow, element: "LexborNode", role: int, begin: int) -> None:
    """Note what ends here."""
    if role == _HEADING:
        flow.headings.append(_Span(begin, len(flow.pieces)))
    if role >= _BLOCK:
        flow.pieces.append("\n\n")
    elif (href := element.attrs.get("href")) is not None:
        flow.links.append(_Span(begin, len(flow.pieces), href))


def _folded(text: str) -> str:
    """A text with one blank for any white space of the source; a pattern is slow, and needed for few texts."""
    inner = text.strip(_SOURCE_BLANKS)
    if not inner:
        return " "
    line = inner.replace("\n", " ")
    if "  " in line or not line.isprintable():
        line = _FOLDED.sub(" ", line)
    return " " * (text[0] != inner[0]) + line + " " * (text[-1] != inner[-1])


def _paragraphs(flow: str) -> list[str]:
    """The paragraphs of a flow: an empty line parts them, a single line break is a blank."""
    text = flow.strip(" \n")
    if "\n" not in text:  # the usual case, and several times as quick
        return [_line(text)] if text else []
    return [_line(part) for part in _PARAGRAPH_END.split(text)]


def _line(flow: str) -> str:
    """A flow as one line."""
    text = flow.strip(" \n")
    return _BLANKS.sub(" ", text) if "\n" in text or "  " in text else text
