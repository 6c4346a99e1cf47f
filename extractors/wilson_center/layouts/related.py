"""Rows of other documents on a document's or term's page: the very rows of listings, without a range line."""

from collections.abc import Iterator
from urllib.parse import urljoin

from selectolax.lexbor import LexborNode

from extractors.html.flow import flow_of, line_of
from extractors.wilson_center import ARCHIVE_URL
from extractors.wilson_center.layouts.page_tree import PageTree
from extractors.wilson_center.layouts.rows import doubts, outside, read_row
from schemas.document_records import RelatedDocument
from schemas.issues import Issue


def related_documents(page: PageTree) -> tuple[list[RelatedDocument], list[Issue]]:
    """The rows, and what is doubtful about them; a row in which the page ends is left out."""
    found: list[RelatedDocument] = []
    issues: list[Issue] = []
    for node in _rows(page):
        flow = flow_of(node)
        if not flow.links:
            if text := line_of(flow.text()):
                issues.append(outside(text))
            continue
        row, position = read_row(flow), len(found) + 1
        cell = node.css_first("[data-history-node-id]")
        number = (node.attributes if cell is None else cell.attributes).get("data-history-node-id")
        found.append(
            RelatedDocument(
                position,
                row.date,
                row.title,
                "\n\n".join(row.summary) or None,
                row.url or (urljoin(ARCHIVE_URL, row.href) if row.href else None),
                number if number and number.isdecimal() else None,
            )
        )
        issues += doubts(row, position)
    return found, issues


def _rows(page: PageTree) -> Iterator[LexborNode]:
    for cell in page.own("td.document"):
        row = cell.parent if cell.parent is not None and cell.parent.tag == "tr" else cell
        if not page.is_touched(row):
            yield row
