"""How each kind of page is read. Pure: text goes in, a `ParsedPage` comes out; no network, no clock.

A page is first recognised, then read. A new layout is one module with `recognises` and `read`, and a line in `LAYOUTS`.
"""

from typing import Protocol

from extractors.wilson_center.layouts import drupal_listing, old_site, plain_text, refusals
from schemas.records import Issue, ParsedPage


class Layout(Protocol):
    """One way in which pages of the archive are laid out; a module is one."""

    NAME: str

    def recognises(self, text: str) -> bool:
        """Whether the page is of this kind. Must not raise, whatever the text."""

    def read(self, text: str) -> ParsedPage:
        """What a recognised page holds. Must not raise, whatever the text."""


LAYOUTS: tuple[Layout, ...] = (old_site, drupal_listing, plain_text)
"""In the order in which they are asked. What marks the old site stands on no other page, and so comes first: a summary
on it may well hold what looks like the range line by which the others tell theirs."""


def read_text(text: str) -> ParsedPage:
    """Recognise a page and read it; a page that nothing recognises is `unknown`, never empty."""
    for layout in LAYOUTS:
        if layout.recognises(text):
            return layout.read(text)
    refusal = refusals.recognise(text)
    if refusal is not None:
        return refusal
    return ParsedPage(
        layout=None,
        outcome="unknown",
        issues=(
            Issue(
                "error",
                "unknown-page",
                "the page is no listing that is known",
                expected="a listing, which has a range line such as `11 - 20 of 89`",
                found=_glimpse(text),
            ),
        ),
    )


def _glimpse(text: str) -> str:
    """The first words of a page, for a person to see what it is."""
    words = " ".join(text[:2000].split())
    return words if len(words) <= 120 else words[:119] + "…"
