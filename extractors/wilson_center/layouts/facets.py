"""The facets of a listing page: the terms that its sidebar offers, each a result set of its own.

A facet is recognised by its role, since no class name of the sidebar is certain: it is a link that asks for one facet
more than the page it is on. Such a link within a row of the result is none: there a summary speaks of a topic.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from selectolax.lexbor import LexborHTMLParser, LexborNode

from extractors.html.tree import parse_html
from extractors.wilson_center import ARCHIVE_URL
from extractors.wilson_center.urls import ListingUrl, document_url, parse_listing_url

_WHOLE_ARCHIVE = ListingUrl()

_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12}"
_COUNT = re.compile(rf"({_NUMBER})|\(({_NUMBER})\)")
_COUNT_AT_END = re.compile(rf"\s*\(({_NUMBER})\)$")

_ROWS = frozenset({"li", "td", "tr"})
_UNSEEN = frozenset({"script", "style", "template", "title"})  # a title within an icon; no page's title is in a link


@dataclass(frozen=True, slots=True)
class Facet:
    """A term that a listing page offers to narrow its result.

    Attributes:
        term: The term's id.
        name: As it is shown; `None` where the link shows nothing.
        count: Documents that the page says the term has, among those that the page is about.
    """

    kind: str
    term: str
    name: str | None
    count: int | None


def read_facets(text: str, own: ListingUrl = _WHOLE_ARCHIVE, base: str = ARCHIVE_URL) -> list[Facet]:
    """The facets of a listing page, each once, in the order of the page.

    Args:
        text: HTML.
        own: What the page itself was asked for; only the URL that it came from shows it.
        base: Where the archive is, if not at one of its known hosts.
    """
    tree = parse_html(text)
    documents = _documents_below(tree)
    found: dict[tuple[str, str], Facet] = {}
    for link in tree.css("a[href]"):
        added = _added_facet(_href(link), own, base)
        if added is not None and not _is_in_row(link, documents):
            facet = _read_facet(link, *added)
            found[added] = _completed(found.get(added, facet), facet)
    return list(found.values())


def _added_facet(href: str, own: ListingUrl, base: str) -> tuple[str, str] | None:
    """The one facet that a link asks for beside the page's own, if there is exactly one."""
    asked = parse_listing_url(href, base)
    if asked is None or asked.text or not set(own.facets) <= set(asked.facets):
        return None
    added = set(asked.facets) - set(own.facets)
    return added.pop() if len(added) == 1 else None


def _completed(facet: Facet, other: Facet) -> Facet:
    """The facet, with what only another link to it shows."""
    name = other.name if facet.name is None else facet.name
    return Facet(facet.kind, facet.term, name, other.count if facet.count is None else facet.count)


# Rows of the result


def _documents_below(tree: LexborHTMLParser) -> dict[int, set[str]]:
    """The documents that each element holds links to, by the element's id."""
    documents: dict[int, set[str]] = defaultdict(set)
    for link in tree.css("a[href]"):
        address = document_url(_href(link))
        if address is not None:
            for node in _around(link):
                documents[node.mem_id].add(address)
    return dict(documents)


def _is_in_row(link: LexborNode, documents: dict[int, set[str]]) -> bool:
    return any(node.mem_id in documents and _is_row(node, documents) for node in _around(link))


def _is_row(node: LexborNode, documents: dict[int, set[str]]) -> bool:
    """Whether an element that links to documents is a row: of a table or list, or a card among cards of its kind."""
    if node.tag in _ROWS:
        return True
    siblings = node.parent.iter() if node.parent is not None else ()
    similar = [one for one in siblings if one.tag == node.tag and len(documents.get(one.mem_id, ())) == 1]
    return len(documents[node.mem_id]) == 1 and len(similar) > 1


# Name and count


def _read_facet(link: LexborNode, kind: str, term: str) -> Facet:
    """The facet as its link shows it. A number is a count in round brackets, or in an element of its own."""
    text, beside = _text(link), _count_beside(link)
    at_end = _COUNT_AT_END.search(text)
    if at_end is not None and beside in (None, _number(at_end[1])):
        return Facet(kind, term, text[: at_end.start()] or None, _number(at_end[1]))
    last = _last_element_text(link)
    if beside is None and len(last) < len(text) and text.endswith(last) and _COUNT.fullmatch(last):
        return Facet(kind, term, text.removesuffix(last).rstrip(), _number(last))
    return Facet(kind, term, text or None, beside)


def _count_beside(link: LexborNode) -> int | None:
    """A count that stands beside the link, within the same item of a list."""
    items = [node.tag for node in _around(link)]
    if "li" not in items:
        return None
    levels = [link, *_around(link)][: items.index("li") + 1]
    texts = (_text(node) for level in levels for node in _beside(level))
    return next((_number(text) for text in texts if _COUNT.fullmatch(text)), None)


def _beside(node: LexborNode) -> Iterator[LexborNode]:
    """What follows a node, then what is before it, each as far as the next link, which has a count of its own."""
    for step in (attrgetter("next"), attrgetter("prev")):
        sibling = step(node)
        while sibling is not None and sibling.css_first("a") is None:
            yield sibling
            sibling = step(sibling)


def _last_element_text(link: LexborNode) -> str:
    elements = [*link.iter()]
    return _text(elements[-1]) if elements else ""


def _number(text: str) -> int:
    return int(text.strip("()").replace(",", ""))


# Elements


def _href(link: LexborNode) -> str:
    return link.attributes["href"] or ""


def _around(node: LexborNode) -> Iterator[LexborNode]:
    """The elements that a node is in, from the inside out."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _text(node: LexborNode) -> str:
    """The text of a node that can be seen, with single blanks."""
    pieces = [one for one in node.traverse(include_text=True) if one.tag == "-text"]
    seen = [one.text_content or "" for one in pieces if one.parent is None or one.parent.tag not in _UNSEEN]
    return " ".join("".join(seen).split())
