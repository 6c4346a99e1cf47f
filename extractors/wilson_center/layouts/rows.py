"""What a row of a listing holds, recognised by role: a date, a link with the title, a summary, in this order."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from extractors.html.flow import Flow, Span, line_of, paragraphs_of
from extractors.wilson_center.layouts.lines import MAX_DATE_LINE_LENGTH, may_be_date
from extractors.wilson_center.urls import document_url
from schemas.dates import is_listing_date, read_date
from schemas.issues import LINK_IS_NO_DOCUMENT, READING_ORDER, TEXT_OUTSIDE_ENTRIES, TITLE_MISSING, Issue

_AGAIN, _AGAIN_END = "\x04", "\x05"  # around another link to the row's own document
_MORE = re.compile(
    r"""(?: ^[ ]*\x04[^\x04\x05]*\x05                                          # alone in its line
          | \x04\W*(?:read|see|show|view|learn|continue|more)\b[^\x04\x05]*\x05  # behind the text
        )[ ]*$""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_YEAR = re.compile(r"\b(?:1[0-9]|20)[0-9]{2}\b")


class Row(NamedTuple):
    """What a row holds, by role.

    Attributes:
        href: Of the link that bears the title.
        url: Canonical URL of the document, if the link leads to one.
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


def read_row(flow: Flow) -> Row:
    """The row by role."""
    link, title = _title_of(flow)
    url = document_url(link.href)
    date, others = split_date(paragraphs_of(flow.text(0, title.begin)))
    return Row(
        date,
        line_of(flow.text(title.begin, title.end)) or None,
        link.href,
        url,
        before=others,
        summary=paragraphs_of(_behind(flow, title, url)),
    )


def _title_of(flow: Flow) -> tuple[Span, Span]:
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


def _behind(flow: Flow, title: Span, url: str | None) -> str:
    """What follows the title, without further links to its document that only say `Read more`."""
    again = [link for link in flow.links if title.end <= link.begin < link.end]
    if again:
        again = [link for link in again if url is not None and document_url(link.href) == url]
    if not again:
        return flow.text(title.end)
    pieces = [*flow.pieces, ""]
    for link in again:
        pieces[link.begin] = _AGAIN + pieces[link.begin]
        pieces[link.end] = _AGAIN_END + pieces[link.end]
    return _MORE.sub("", "".join(pieces[title.end :])).replace(_AGAIN, "").replace(_AGAIN_END, "")


def split_date(paragraphs: list[str]) -> tuple[str | None, list[str]]:
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
    return may_be_date(text) or (len(text) <= MAX_DATE_LINE_LENGTH and _YEAR.search(text) is not None)


def disorder(rows: list[Row]) -> Issue | None:
    """An issue if the rows are not in the reading order by which their parts are recognised."""
    if not any(row.url for row in rows):
        found = "no link of a row leads to a document"
    elif not any(row.date for row in rows) and any(is_listing_date(text) for row in rows for text in row.summary):
        found = "dates behind the titles"
    elif 2 * sum(bool(row.before) and not row.summary for row in rows) > len(rows):
        found = "text before the titles, and none behind them"
    else:
        return None
    return READING_ORDER.issue(
        "the rows are not laid out as is known, so that their parts cannot be told",
        expected="a date, a link to a document with its title, a summary",
        found=found,
    )


def doubts(row: Row, position: int) -> Iterator[Issue]:
    """What is not certain of the row at a position."""
    if row.title is None:
        yield TITLE_MISSING.issue(f"the link of entry {position} has no text", found=row.text or None)
    if row.url is None:
        yield LINK_IS_NO_DOCUMENT.issue(
            f"the title of entry {position} does not link to a document of the archive",
            expected="/document/…",
            found=row.href,
        )
    for text in row.before:
        yield outside(text)


def outside(text: str) -> Issue:
    """An issue for a text that stands among the entries."""
    return TEXT_OUTSIDE_ENTRIES.issue("text among the entries is part of none", found=text)
