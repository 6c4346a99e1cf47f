"""How a page is read: the protocol of layouts, and the choice of one. Pure: no network, no clock.

A page is first recognised, then read. An archive has its layouts by page kind (`LAYOUTS` of its package).
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from schemas.records import PageKind, ParsedPage


class Layout(Protocol):
    """One form of one kind of page; a module is one."""

    NAME: str

    def recognises(self, text: str) -> bool:
        """Whether the page has this form. Must not raise, whatever the text."""

    def read(self, text: str, url: str | None) -> ParsedPage:
        """What a recognised page holds. Must not raise, whatever the text.

        Args:
            text: The page, decoded.
            url: Where it was captured; `None` where nobody knows.
        """


Layouts = Mapping[PageKind, Sequence[Layout]]
"""The layouts of an archive by page kind, in the order in which they are asked."""


def choose_layout(text: str, kind: PageKind | None, layouts: Layouts) -> Layout | None:
    """The layout that recognises a page; `None` if none does.

    Args:
        text: The page, decoded.
        kind: What the page is by its URL: layouts of this kind are asked first, the others by content alone.
        layouts: Of the archive.
    """
    kinds = sorted(layouts, key=lambda each: each != kind)
    return next((layout for each in kinds for layout in layouts[each] if layout.recognises(text)), None)
