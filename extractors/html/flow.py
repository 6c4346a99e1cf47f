"""Text as a browser shows it: what is below a node of a page, with the links and headings in it."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from selectolax.lexbor import LexborNode

_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir"),
        *("div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option", "p"),
        *("pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    }
)
UNSEEN = frozenset(
    {
        *("-comment", "-doctype", "head", "iframe", "noscript", "object", "script", "select", "style", "svg"),
        *("template", "textarea"),
    }
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
"""Elements whose content no browser shows as text of the page."""

# What an element is in a flow, by one look-up; a heading is a block too, and what is not named is part of a line.
_INLINE, _LINK, _BLOCK, _HEADING, _LINE_BREAK, _HIDDEN = range(6)
_ROLES_AROUND = {**dict.fromkeys(_BLOCKS, _BLOCK), **dict.fromkeys(UNSEEN, _HIDDEN), "br": _LINE_BREAK}
_ROLES = {**_ROLES_AROUND, **dict.fromkeys(_HEADINGS, _HEADING), "a": _LINK}
# In a flow there is a blank for any white space of the source, a line break for <br>, two around a block.
ROW = "\x06"
"""Stands for a row, where the flow is of what is around the rows."""

# Runs to be made one blank, without those that are one already: these are nearly all.
_SOURCE_BLANKS = "".join(map(chr, range(0x21))) + "\xa0"
_FOLDED = re.compile(rf"[{_SOURCE_BLANKS}]{{2,}}|[{_SOURCE_BLANKS.replace(' ', '')}]")
_BLANKS = re.compile(r"[ \n]{2,}|\n")
_PARAGRAPH_END = re.compile(r"\n *\n[ \n]*")


class Span(NamedTuple):
    """A link or a heading: the pieces of a flow that are its text."""

    begin: int
    end: int
    href: str = ""


@dataclass(slots=True)
class Flow:
    """The text below a node, in pieces, as a browser would show it, with the links and headings in it."""

    node: LexborNode
    pieces: list[str]
    links: list[Span]
    headings: list[Span]

    def text(self, begin: int = 0, end: int | None = None) -> str:
        """Some of the pieces as one text."""
        return "".join(self.pieces[begin:end])


def flow_of(root: LexborNode, rows: frozenset[int] = frozenset(), *, ends_at_row: bool = False) -> Flow:
    """The flow of what is below a node; a mark stands in place of what is below rows, given by their ids.

    Without recursion, since a page can be nested deeply. Each look at a node makes a Python object, and that is what
    the time goes into: nothing is asked of a node twice, and a flow around rows has neither links nor headings.
    """
    flow = Flow(root, [], [], [])
    pieces = flow.pieces
    roles = _ROLES_AROUND if rows else _ROLES
    opened: list[tuple[LexborNode, int, int]] = []
    node = root.first_child
    while node is not None or opened:
        if node is None:
            node, role, begin = opened.pop()
            if role:
                _close(flow, node, role, begin)
        elif (text := node.text_content) is not None:
            pieces.append(" " if node.is_empty_text_node else text if text.isprintable() else _folded(text))
        elif rows and node.mem_id in rows:
            if ends_at_row:
                break
            pieces.append(ROW)
        elif (role := roles.get(node.tag or "", _INLINE)) < _LINE_BREAK:
            if role >= _BLOCK:
                pieces.append("\n\n")
            opened.append((node, role, len(pieces)))
            node = node.first_child
            continue
        elif role == _LINE_BREAK:
            pieces.append("\n")
        node = node.next
    return flow


def _close(flow: Flow, element: LexborNode, role: int, begin: int) -> None:
    """Note what ends here."""
    if role == _HEADING:
        flow.headings.append(Span(begin, len(flow.pieces)))
    if role >= _BLOCK:
        flow.pieces.append("\n\n")
    elif (href := element.attrs.get("href")) is not None:
        flow.links.append(Span(begin, len(flow.pieces), href))


def _folded(text: str) -> str:
    """A text with one blank for any white space of the source; a pattern is slow, and needed for few texts."""
    inner = text.strip(_SOURCE_BLANKS)
    if not inner:
        return " "
    line = inner.replace("\n", " ")
    if "  " in line or not line.isprintable():
        line = _FOLDED.sub(" ", line)
    return " " * (text[0] != inner[0]) + line + " " * (text[-1] != inner[-1])


def paragraphs_of(flow: str) -> list[str]:
    """The paragraphs of a flow: an empty line parts them, a single line break is a blank."""
    text = flow.strip(" \n")
    if "\n" not in text:  # the usual case, and several times as quick
        return [line_of(text)] if text else []
    return [line_of(part) for part in _PARAGRAPH_END.split(text)]


def line_of(flow: str) -> str:
    """A flow as one line."""
    text = flow.strip(" \n")
    return _BLANKS.sub(" ", text) if "\n" in text or "  " in text else text
