"""Whether a place of a page is shown: not in a comment, nor in an element that no browser shows as part of the page."""

from collections import Counter

from selectolax.lexbor import LexborNode

from extractors.html.flow import UNSEEN
from extractors.html.nesting import TAG


def is_seen(node: LexborNode | None) -> bool:
    """Whether neither a node nor an element around it hides it; `None`, which is around the whole page, does not."""
    around = node
    while around is not None:
        if around.tag in UNSEEN:
            return False
        around = around.parent
    return True


def may_be_hidden(text: str, *places: int) -> bool:
    """Whether one of some places of a page may be within something that is not shown; in doubt, it may.

    Args:
        text: The page.
        places: Where tags begin, as far as is known; in their order.
    """
    opened: Counter[str] = Counter()
    waiting = list(places)
    for match in TAG.finditer(text):
        while waiting and match.end() > waiting[0]:
            if match.start() < waiting.pop(0) or opened.total():
                return True
        if not waiting:
            return False
        name = (match["name"] or "").lower()
        if name in UNSEEN and name != "head":
            opened[name] = max(0, opened[name] + (-1 if match["end"] else 1))
    return True
