"""A document's own page (Drupal 10): its fields, terms, texts, files and related documents.

History: 46 pages of January 2025 (certain).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from extractors.html.nesting import excessive_depth
from extractors.wilson_center.layouts.document_fields import read_fields, unknown_headings
from extractors.wilson_center.layouts.page_tree import PageTree
from extractors.wilson_center.layouts.panes import Panes, read_panes
from extractors.wilson_center.layouts.related import related_documents
from extractors.wilson_center.urls import document_url
from schemas.document_records import DocumentFields
from schemas.issues import CUT_OFF, NESTED_TOO_DEEPLY, UNKNOWN_PAGE, Issue
from schemas.records import ParsedPage, ParsedRow

NAME = "document-page"

NAMES = ("documentTabs", "jumbotron-document", "document-information", "citation-url")
"""One of these stands on each document's page."""
_MARK = re.compile(
    r"""<[a-z][^<>]*\b(?:id=["']?(?:documentTabs|citation-url)\b
        |class=(?:["'][^"'<>]*|[^\s"'<>]*)\b(?:jumbotron-document|document-information)\b)""",
    re.VERBOSE | re.IGNORECASE,
)
_LAST_MARK = "document-information"
_SYSTEM_PATH = re.compile(r"system/[45]")
_TABS = re.compile(r"""<div\b[^<>]*\bid=["']?documentTabs\b[^<>]*>""", re.IGNORECASE)
_BEHIND_TABS = "document-options"


def recognises(text: str) -> bool:
    """Whether a tag has what marks a document's page, and no listing has."""
    if not any(name in text for name in NAMES):
        return False
    # A look at the tags around the names, as every page of a document has them, spares the search through all tags.
    return any(map(partial(_is_marked, text), NAMES)) or _MARK.search(text) is not None


def _is_marked(text: str, name: str) -> bool:
    """Whether the tag around the first place of a name has a mark."""
    at = text.find(name)
    return at >= 0 and _MARK.match(text, text.rfind("<", 0, at)) is not None


def read(text: str, url: str | None) -> ParsedPage:
    """What a document's page holds; whatever is not certain is an issue."""
    depth = excessive_depth(text)
    if depth is None:
        return _read(text, url)
    nested = "the page's elements are nested so deeply that reading would take too long"
    rest = _without_panes(text)
    if rest is None or excessive_depth(rest) is not None:
        issue = NESTED_TOO_DEEPLY.issue(nested, found=f"{depth} open elements")
        return ParsedPage(NAME, "unknown", "document", issues=(issue,))
    issue = NESTED_TOO_DEEPLY.issue(f"{nested}; its texts and files were left out", found=f"{depth} open elements")
    page = _read(rest, url, is_whole=False)
    return replace(page, issues=(issue, *page.issues))


def _without_panes(text: str) -> str | None:
    """The page without what is pasted into it; `None` if where that begins and ends cannot be told."""
    tabs = _TABS.search(text)
    behind = text.rfind(_BEHIND_TABS)
    if tabs is None or behind < tabs.end():
        return None
    return text[: tabs.end()] + "</div></div>" + text[text.rfind("<", 0, behind) :]


def _read(text: str, url: str | None, *, is_whole: bool = True) -> ParsedPage:
    page = PageTree(text, _LAST_MARK)
    found = read_fields(page)
    document = found.document()
    own = document_url(url) if url else None
    panes = read_panes(page, document.languages) if is_whole else Panes()
    related, doubts = related_documents(page)
    issues = [*_cut(page), *found.issues, *unknown_headings(page), *panes.issues, *doubts]
    document = replace(document, url=document.url or own, own_url=own, is_whole=is_whole and not page.is_cut)
    rows: dict[str, Sequence[ParsedRow]] = {
        "document_pages": (document,),
        "page_terms": tuple(found.terms),
        "page_texts": tuple(panes.texts),
        "page_files": tuple(panes.files),
        "page_relations": tuple(related),
    }
    issues += [issue for each in rows.values() for row in each for issue in row.issues()]
    held = {name: each for name, each in rows.items() if each}
    if _is_refusal(page, document, held):
        expected = "the page of a document, with its fields and texts"
        issue = UNKNOWN_PAGE.issue("the page has the frame of a document's and no document", expected, document.title)
        return ParsedPage(NAME, "unknown", "document", issues=(issue,))
    return ParsedPage(NAME, "document", "document", held, tuple(issues))


def _is_refusal(page: PageTree, document: DocumentFields, held: Mapping[str, object]) -> bool:
    """Whether the site has no such document, and says so in the frame of one."""
    if any(map(_SYSTEM_PATH.match, page.current_paths)):
        return True
    fields = (document.date_text, document.record_id, document.cited_url, document.source, document.uploaded_on)
    return not page.is_cut and held.keys() == {"document_pages"} and not any(fields)


def _cut(page: PageTree) -> list[Issue]:
    if not page.is_cut:
        return []
    return [CUT_OFF.issue("the page ends early; what the cut may have touched was left out", expected="</html>")]
