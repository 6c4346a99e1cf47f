"""The URL for citation on a document's own page, which shows that two URLs are one document's.

The page shows it in the element `#citation-url`; there it is by record id, while the page itself is at a slug.

History: seen in pages of 2023 to 2025 (certain); whether it is text, a link or the value of a field is not.
"""

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from extractors.html.hidden import is_seen
from extractors.html.nesting import excessive_depth
from extractors.wilson_center.addresses import document_address

_ID = "citation-url"
_ATTRIBUTES = ("href", "value")
_AROUND = ".,;:()<>[]\"'“”"


def cited_address_of(body: bytes) -> str | None:
    """As `cited_address`, of a page that need not be decoded where it names none."""
    return cited_address(body.decode("utf-8", "replace")) if _ID.encode() in body else None


def cited_address(html: str) -> str | None:
    """Canonical address by which a document's page wants to be cited, by record id or by slug. Raises nothing.

    Null where the page names none, or more than one.
    """
    if _ID not in html or excessive_depth(html) is not None:
        return None

    elements = LexborHTMLParser(html).css(f"#{_ID}")
    # It may itself be a field, whose text is shown.
    found = {url for element in elements if is_seen(element.parent) for url in _addresses(element)}
    return found.pop() if len(found) == 1 else None


def _addresses(element: LexborNode) -> Iterator[str]:
    nodes = [element, *element.css("[href], [value]")]
    texts = [node.attributes.get(name) for node in nodes for name in _ATTRIBUTES]
    for word in " ".join(filter(None, [*texts, element.text()])).split():
        address = document_address(word.strip(_AROUND))
        if address is not None:
            yield address
