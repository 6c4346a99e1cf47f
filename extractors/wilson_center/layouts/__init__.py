"""How each kind of page of the archive is read. A new layout is one module and a line in `LAYOUTS`."""

from collections.abc import Mapping

from extractors.decoding import in_letters_of_one_byte
from extractors.layout import Layouts, choose_layout
from extractors.wilson_center.layouts import (
    document_page,
    document_text,
    drupal_listing,
    old_site,
    plain_text,
    refusals,
    term_page,
    term_text,
)
from extractors.wilson_center.layouts.mirrored import undo_mirroring
from extractors.wilson_center.urls import classify
from schemas.issues import PAGE_TOO_LARGE, UNKNOWN_PAGE
from schemas.records import PageKind, ParsedPage

LAYOUTS: Layouts = {
    # A document's page has rows as listings have them, and nothing else has its marks.
    "document": (document_page, document_text),
    "term": (term_page, term_text),
    # What marks the old site stands on no other page, and so comes first: a summary on it may well hold what looks like
    # the range line by which the others recognise theirs.
    "listing": (old_site, drupal_listing, plain_text),
}

MAX_TAGS = 400_000
"""Of a listing; 22,000 rows have 310,000. A million take 3 seconds and 200 MiB, for each page that a site sends."""

MAX_CHARACTERS = 6_000_000
"""Of a listing; 22,000 rows have some 5,000,000. What a document's page has was pasted into it, and may be more."""

_EXPECTED: Mapping[PageKind, str] = {
    "document": "the page of a document, with its fields and texts",
    "term": "the page of a person, place or topic",
    "listing": "a listing, which has a range line such as `11 - 20 of 89`",
}

_NOT_LISTED: Layouts = {kind: layouts for kind, layouts in LAYOUTS.items() if kind != "listing"}
_MARKS = (b"canonical", b"opular", b"Document Information", *(name.encode() for name in document_page.NAMES))


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
    if layout is not document_page and (size := _excessive_size(text)) is not None:
        issue = PAGE_TOO_LARGE.issue(f"{size}, and is no listing", found=_glimpse(text))
        return ParsedPage(layout=None, outcome="unknown", issues=(issue,))
    if layout is not None:
        return layout.read(text, url)
    refusal = refusals.recognise(text)
    if refusal is not None:
        return refusal
    kind = (classify(url) if url else None) or "listing"
    issue = UNKNOWN_PAGE.issue(f"the page is no {kind} that is known", _EXPECTED[kind], _glimpse(text))
    return ParsedPage(layout=None, outcome="unknown", issues=(issue,))


def _excessive_size(text: str) -> str | None:
    """What a page has too many of to be a listing; `None` if it may be one."""
    if len(text) > MAX_CHARACTERS:
        return f"the page has {len(text):,} characters, more than {MAX_CHARACTERS:,}"
    tags = text.count("<") if len(text) > MAX_TAGS else 0
    return f"the page has {tags:,} tags, more than {MAX_TAGS:,}" if tags > MAX_TAGS else None


def _glimpse(text: str) -> str:
    """The first words of a page, for a person to see what it is."""
    words = " ".join(text[:2000].split())
    return words if len(words) <= 120 else words[:119] + "…"
