"""Plain-text renditions of the page of a person, place or topic: name, description, `Popular Documents`, records.

No line of it says which kind of term it is, so that only its URL makes it the page of one; the documents are evidence
of documents either way. It says no number of them, so that only dates, and titles that are links, begin a record.

History: captured between 2023 and 2025; up to five documents each.
"""

import re
from collections.abc import Sequence

from extractors.wilson_center.layouts.lines import MARKUP
from extractors.wilson_center.layouts.plain_text import RANGE_LINE
from extractors.wilson_center.layouts.readers import undo_rendering
from extractors.wilson_center.layouts.text_records import blocks_of, ends_within_line, read_records
from extractors.wilson_center.terms import term_page
from schemas.document_records import RelatedDocument, TermFields
from schemas.issues import FIELD_MISSING, Issue
from schemas.records import ParsedPage, ParsedRow

NAME = "term-text"

_HEADING = re.compile(r"^[ \t\xa0]*Popular Documents[ \t\xa0]*\r?$", re.MULTILINE | re.IGNORECASE)
_BEFORE_NAME = re.compile(r"[ \t\xa0]*(?:Skip to content|Markdown Content:|(?:Title|URL Source|Published Time): .*)?")
_FIRST_HEADING = re.compile(r"^[ \t]*#[ \t]+(?P<name>\S.*?)[ \t]*#*[ \t]*\r?$", re.MULTILINE)


def recognises(text: str) -> bool:
    """Whether the text has the heading of such a page, no range line, and no markup."""
    if MARKUP.search(text) is not None or "opular" not in text:
        return False
    plain = undo_rendering(text).text
    return _HEADING.search(plain) is not None and RANGE_LINE.search(plain) is None


def read(text: str, url: str | None) -> ParsedPage:
    """What a text of a term's page holds; whatever is not certain is an issue, with its text."""
    rendition = undo_rendering(text)
    plain = rendition.text
    match = _HEADING.search(plain)
    if match is None:
        raise ValueError("the page has no heading of documents: it was not recognised")
    name, description = _about(rendition.unmarked(plain[: match.start()]), _FIRST_HEADING.search(text))
    body = plain[match.end() :]
    blocks = blocks_of(body)
    titles = rendition.count_documents(body)
    entries, issues = read_records(blocks, titles or None, cut=ends_within_line(body))
    related = [
        RelatedDocument(entry.position, entry.date_text, entry.title, entry.summary, entry.url)
        for entry in rendition.entries(entries)
    ]
    issues = [*rendition.issues(issues), *(issue for row in related for issue in row.issues())]
    rows: dict[str, Sequence[ParsedRow]] = {"page_relations": tuple(related)} if related else {}
    term = term_page(url) if url else None
    if term is None:
        issues.append(_unknown_term(name, description))
    else:
        rows["term_pages"] = (TermFields(term.term_id, term.kind, term.url, name, description),)
    return ParsedPage(NAME, "term", "term", rows, tuple(issues))


def _about(text: str, heading: re.Match[str] | None) -> tuple[str | None, str | None]:
    """Name and description: the first line of the page's own, or what Markdown has as its first heading."""
    lines = text.split("\n")
    at = next((at for at, line in enumerate(lines) if heading and line.strip() == heading["name"]), None)
    if at is None:
        at = next((at for at, line in enumerate(lines) if not _BEFORE_NAME.fullmatch(line)), len(lines))
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines[at:]).strip())
    name, *others = (" ".join(paragraph.split()) for paragraph in paragraphs)
    return name or None, "\n\n".join(others) or None


def _unknown_term(name: str | None, description: str | None) -> Issue:
    return FIELD_MISSING.issue(
        "the page does not say which person, place or topic it is about; its documents are read",
        expected="the URL of the page",
        found="\n\n".join(filter(None, (name, description))) or None,
        level="warning",
    )
