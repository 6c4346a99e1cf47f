"""The URL for citation on a document's own page, which shows that two URLs are one document's.

The page shows it in the element `#citation-url`; there it is by record id, while the page itself is at a slug.

History: seen in pages of 2023 to 2025 (certain), as text. It is read from a link or the value of a field too.
"""

from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from extractors.html.hidden import is_seen
from extractors.wilson_center.layouts.page_tree import PageTree
from extractors.wilson_center.urls import document_url

_ID = "citation-url"
_ATTRIBUTES = ("href", "value")
_AROUND = ".,;:()<>[]\"'“”"


def cited_urls(page: PageTree) -> list[str]:
    """Canonical URLs by which a document's page wants to be cited, by record id or by slug; each once."""
    # It may itself be a field, whose text is shown.
    seen = [element for element in page.own(f"#{_ID}") if is_seen(element.parent)]
    return [*dict.fromkeys(address for element in seen for address in _addresses(element))]


def _addresses(element: LexborNode) -> Iterator[str]:
    nodes = [element, *element.css("[href], [value]")]
    texts = [node.attributes.get(name) for node in nodes for name in _ATTRIBUTES]
    for word in " ".join(filter(None, [*texts, element.text()])).split():
        address = document_url(word.strip(_AROUND))
        if address is not None:
            yield address
