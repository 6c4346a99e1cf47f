"""Whether a place of a page is shown: not in a comment, nor in an element that no browser shows as part of the page."""

import re
from collections import Counter

from selectolax.lexbor import LexborNode

from extractors.html.flow import UNSEEN

# What hides: comments, elements whose content is no markup, and others, of which the begin and the end are found. What
# is skipped is skipped whole, since most of a page is scripts: letter by letter, this took more time than all else. Two
# letters tell most other tags, before any alternative is tried.
_HIDING = re.compile(
    r"""<(?=!--|/?(?:s[ctev]|t[ei]|xm|if|no|ob))(?:
         !--(?P<comment>-?>|(?:[^-]++|-(?!-!?>))*+(?:--!?>|\Z))
       | (?P<raw>script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>])
         (?P<text>(?:[^<]++|<(?!/(?P=raw)[\s/>]))*+(?:</(?P=raw)|\Z))
       | (?P<end>/?)(?P<name>template|noscript|select|object|svg)(?=[\s/>])
    )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
# Where a quoted value holds what looks like a tag, only the parser can tell.
_TAG_IN_VALUE = re.compile(r"""=\s*+(?:"[^"<>]*+[<>]|'[^'<>]*+[<>])""")
_OPENING = re.compile(
    "<(?:!--|script|style|textarea|title|xmp|iframe|no|template|select|object|svg)", re.IGNORECASE | re.ASCII
)


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

    It is a quick look that spares the tree of a page: only what can be told without one is told.

    Args:
        text: The page.
        places: Where tags begin, as far as is known; in their order.
    """
    last = places[-1]
    opened: Counter[str] = Counter()
    waiting = list(places)
    checked = 0  # the text up to here has no value with a tag
    for match in _HIDING.finditer(text, 0, last + 1):
        begin, end = match.span()
        if _TAG_IN_VALUE.search(text, checked, min(begin, last)):
            return True
        while waiting and end > waiting[0]:
            if begin < waiting.pop(0) or opened.total():
                return True
        if not waiting:
            return False
        checked = end
        name = (match["name"] or "").lower()
        if name:
            opened[name] = max(0, opened[name] + (-1 if match["end"] else 1))
        elif _OPENING.search(match["comment"] or match["text"] or ""):
            return True
    return opened.total() > 0 or _TAG_IN_VALUE.search(text, checked, last) is not None
