"""How each kind of page of the archive is read. A new layout is one module and a line in `LAYOUTS`."""

from collections.abc import Mapping

from extractors.decoding import in_letters_of_one_byte
from extractors.layout import Layouts, choose_layout
from extractors.wilson_center.layouts import (
    document_page,
    drupal_listing,
    old_site,
    plain_text,
    refusals,
    term_page,
    term_text,
)
from extractors.wilson_center.layouts.mirrored import undo_mirroring
from extractors.wilson_center.urls import classify
from schemas.issues import TOO_MANY_ELEMENTS, UNKNOWN_PAGE
from schemas.records import PageKind, ParsedPage

LAYOUTS: Layouts = {
    # A document's page has rows as listings have them, and nothing else has its marks.
    "document": (document_page,),
    "term": (term_page, term_text),
    # What marks the old site stands on no other page, and so comes first: a summary on it may well hold what looks like
    # the range line by which the others recognise theirs.
    "listing": (old_site, drupal_listing, plain_text),
}

MAX_TAGS = 400_000
"""Of a page; 22,000 rows have 310,000. A million take 3 seconds and 200 MiB, and a site can send them for each page."""

_EXPECTED: Mapping[PageKind, str] = {
    "document": "the page of a document, with its fields and texts",
    "term": "the page of a person, place or topic",
    "listing": "a listing, which has a range line such as `11 - 20 of 89`",
}

_NOT_LISTED: Layouts = {kind: layouts for kind, layouts in LAYOUTS.items() if kind != "listing"}
_MARKS = (b"canonical", b"opular", *(name.encode() for name in document_page.NAMES))


def kind_by_content(body: bytes) -> PageKind | None:
    """Whether a page, of whose URL nothing is known, is that of a document or of a term; `None` for every other.

    Args:
        body: The page, without its content-encoding.
    """
    narrow, _ = in_letters_of_one_byte(body)
    if not any(mark in narrow for mark in _MARKS):
        return None
    layout = choose_layout(narrow.decode("utf-8", "replace"), "document", _NOT_LISTED)
    return next((kind for kind, layouts in _NOT_LISTED.items() if layout in layouts), None)


def read_text(text: str, url: str | None = None) -> ParsedPage:
    """Recognise a page and read it; a page that nothing recognises is `unknown`, never empty.

    Args:
        text: The page, decoded.
        url: Where it was captured; `None` where nobody knows.
    """
    text = undo_mirroring(text, url)
    layout = choose_layout(text, classify(url) if url else None, LAYOUTS)
    tags = 0 if layout is document_page else text.count("<")  # a document's text has as many as were pasted into it
    if tags > MAX_TAGS:
        message = f"the page has {tags:,} tags, and those of the archive some thousand; above {MAX_TAGS:,} none is read"
        issue = TOO_MANY_ELEMENTS.issue(message, found=_glimpse(text))
        return ParsedPage(layout=None, outcome="unknown", issues=(issue,))
    if layout is not None:
        return layout.read(text, url)
    refusal = refusals.recognise(text)
    if refusal is not None:
        return refusal
    kind = (classify(url) if url else None) or "listing"
    issue = UNKNOWN_PAGE.issue(f"the page is no {kind} that is known", _EXPECTED[kind], _glimpse(text))
    return ParsedPage(layout=None, outcome="unknown", issues=(issue,))


def _glimpse(text: str) -> str:
    """The first words of a page, for a person to see what it is."""
    words = " ".join(text[:2000].split())
    return words if len(words) <= 120 else words[:119] + "…"
