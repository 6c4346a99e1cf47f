"""The page of a person, place or topic: name, description, and up to five popular documents.

History: only text renditions of such pages were seen. So the HTML is read by role: the first heading is the name, the
paragraphs between it and the first heading below it are the description, rows as in listings are the documents.
"""

import re
from collections.abc import Sequence
from itertools import takewhile

from selectolax.lexbor import LexborNode

from extractors.html.nesting import excessive_depth
from extractors.html.plain_text import plain_text
from extractors.wilson_center.layouts.lines import MARKUP
from extractors.wilson_center.layouts.page_tree import PageTree, paragraphs
from extractors.wilson_center.layouts.related import related_documents
from extractors.wilson_center.terms import Term, term_page
from extractors.wilson_center.urls import document_url
from schemas.document_records import TermFields
from schemas.issues import CUT_OFF, FIELD_MISSING, NESTED_TOO_DEEPLY, Issue
from schemas.records import ParsedPage, ParsedRow

NAME = "term-page"

_CANONICAL = re.compile(r"<link\b[^<>]*\brel=[\"']?canonical\b[^<>]*>", re.IGNORECASE)
_HREF = re.compile(r"\bhref=[\"']?([^\"'\s<>]+)", re.IGNORECASE)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
_MAX_LOOK = 20_000  # characters in which the head of a page is
_END = "</footer"


def recognises(text: str) -> bool:
    """Whether the page gives itself the URL of a term."""
    return MARKUP.search(text) is not None and _own_term(text) is not None


def read(text: str, url: str | None) -> ParsedPage:
    """What a term's page holds."""
    depth = excessive_depth(text)
    if depth is not None:
        message = "the page's elements are nested so deeply that reading would take too long"
        issue = NESTED_TOO_DEEPLY.issue(message, found=f"{depth} open elements")
        return ParsedPage(NAME, "unknown", "term", issues=(issue,))
    term = _own_term(text) or (term_page(url) if url else None)
    if term is None:
        issue = FIELD_MISSING.issue("the page does not say which term it is about", expected="link[rel=canonical]")
        return ParsedPage(NAME, "unknown", "term", issues=(issue,))
    page = PageTree(text, _END)
    issues: list[Issue] = []
    if page.is_cut:
        issues.append(CUT_OFF.issue("the page ends early; what the cut may have touched was left out"))
    name = page.line("h1")
    if name is None:
        issues.append(FIELD_MISSING.issue("the term's page has no name", expected="h1"))
    related, doubts = related_documents(page)
    fields = TermFields(term.term_id, term.kind, term.url, name, _description(page))
    issues += [*doubts, *(issue for row in related for issue in row.issues())]
    rows: dict[str, Sequence[ParsedRow]] = {"term_pages": (fields,), "page_relations": tuple(related)}
    held = {name: each for name, each in rows.items() if each}
    return ParsedPage(NAME, "term", "term", held, tuple(issues))


def _own_term(text: str) -> Term | None:
    for match in _CANONICAL.finditer(text, 0, _MAX_LOOK):
        href = _HREF.search(match[0])
        if href is not None:
            return term_page(href[1])
    return None


def _description(page: PageTree) -> str | None:
    """What is called so, or else the paragraphs that follow the name, up to the next heading or row of a document."""
    block = page.first(".text-block")
    if block is not None:
        return paragraphs(block)
    heading = page.first("h1")
    main = page.tree.css_first("main") or page.tree.body
    if heading is None or main is None:
        return None
    nodes = main.css("h1, h2, h3, h4, p, td.document, a[href]")
    places = [node.mem_id for node in nodes]
    if heading.mem_id not in places:
        return None
    behind = takewhile(_is_text, nodes[places.index(heading.mem_id) + 1 :])
    texts = [plain_text(node) for node in behind if node.tag == "p" and not page.is_touched(node)]
    return "\n\n".join(filter(None, texts)) or None


def _is_text(node: LexborNode) -> bool:
    """Whether the description may go on: no heading, and no row or link of a document."""
    if node.tag in _HEADINGS or node.tag == "td":
        return False
    return node.tag != "a" or document_url(node.attributes.get("href") or "") is None
