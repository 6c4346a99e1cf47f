"""The tree of a page, built in a time that grows with the page's size alone."""

import re

from selectolax.lexbor import LexborHTMLParser

MAX_ATTRIBUTES = 500
"""Of a tag: the parser compares each with all before it, 40,000 for 6 seconds. Tags of the archive have up to ten."""

_NO_NEAR_END = re.compile(rf"<[^>]{{0,{2 * MAX_ATTRIBUTES - 1}}}+(?!>)")
_BRACKET_IN_VALUE = re.compile(r"""=\s*+(?:"[^"<>]*+[<>]|'[^'<>]*+[<>])""")
_NAME = re.compile(r"</?[a-z][^\s/>]*", re.IGNORECASE)
# As in the HTML Standard, 13.2.5.32 to 13.2.5.39.
_ATTRIBUTE = r"""[\s/]*+(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+))?+"""
_KEPT = re.compile(rf"(?:{_ATTRIBUTE}){{0,{MAX_ATTRIBUTES}}}+")
_OTHERS = re.compile(rf"(?:{_ATTRIBUTE})*+")


_MOST_LOOKS = 4  # at each character; what looks like tags within tags can be made to take more


def parse_html(text: str) -> LexborHTMLParser:
    """The tree of a page, in which a tag has its first attributes, up to `MAX_ATTRIBUTES`.

    A page that is made to hide where its tags end is cut off there.
    """
    return LexborHTMLParser(_without_excess(text) if _may_have_excess(text) else text)


def _may_have_excess(text: str) -> bool:
    """Whether a tag is so long, or has an angle bracket in a value, so that its end is not sure."""
    return bool(_NO_NEAR_END.search(text) or _BRACKET_IN_VALUE.search(text))


def _without_excess(text: str) -> str:
    parts: list[str] = []
    done = looked_at = 0
    for name in _NAME.finditer(text):
        # What is within a tag is looked at too: in a comment or a script it may be the first that is none.
        if name.start() < done:
            continue
        kept = _end_of(_KEPT, text, name.end())
        others = _end_of(_OTHERS, text, kept)
        if others > kept:
            parts.append(text[done:kept])
            done = others
        looked_at += others - name.start()
        if looked_at > _MOST_LOOKS * len(text):
            return "".join([*parts, text[done : name.start()]])
    return "".join([*parts, text[done:]])


def _end_of(pattern: re.Pattern[str], text: str, begin: int) -> int:
    match = pattern.match(text, begin)
    return match.end() if match else begin
