"""A pasted text as plain text: a paragraph for each block, a line for each break, marks of lists, tabs in tables.

Without recursion, since what editors paste can be nested deeply, and in time that is linear in the length of the text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from extractors.html.list_marks import mark_of, shape_of, start_of, whole_number

_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir"),
        *("div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hgroup", "hr", "html", "legend", "li", "listing", "main", "menu", "nav", "ol", "p", "plaintext"),
        *("pre", "search", "section", "summary", "table", "ul", "xmp"),
    }
)
_UNSEEN = frozenset(
    {
        *("-comment", "-doctype", "audio", "base", "canvas", "embed", "head", "iframe", "link", "meta", "noscript"),
        *("object", "script", "select", "style", "svg", "template", "textarea", "title", "video"),
    }
)
_CELLS = frozenset({"td", "th"})
_LISTS = frozenset({"ol", "ul", "menu", "dir"})
_LINES_KEPT = frozenset({"listing", "plaintext", "pre", "xmp"})  # where a line of the source is one that is shown
_STRUCTURE = _BLOCKS | _CELLS | {"tr"}
# What stands for a structure while pieces are collected; none of them is in a text, as white space is folded first.
_PARAGRAPH, _LINE, _CELL, _ROW = "\x01", "\x02", "\x03", "\x04"
_WHITE = re.compile(r"[\x00-\x20\x7f\xa0\u2028\u2029]+")
_BLANKS = re.compile(" {2,}")
_AROUND_MARKS = [(around, mark) for mark in "\x01\x02\x03\x04" for around in (f" {mark}", f"{mark} ")]
# Marks of lines before it end a paragraph, and are stripped there; so a search can skip to the first \x01.
_PARAGRAPH_MARKS = re.compile("\x01[\x01\x02\x04]*")
_LINE_MARKS = re.compile("[\x02\x04]+")
# What shows nothing: white space of any kind, and what has no width.
_NOTHING = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\u200c\u200d\u2060\ufeff"
_NOTHING_OR_MARKS = _NOTHING + _PARAGRAPH + _LINE + _CELL + _ROW


@dataclass(slots=True)
class _Open:
    """An element that shows in the text, and is being walked through.

    Attributes:
        after: What its end adds to the text.
        number: Of the next item, in a list.
        step: To the number after it.
        shape: Of the marks of its items, in a list that has some; `None` where a browser shows no number.
        is_list: Whether it is a list of any kind.
        is_cell: Whether it is a cell of a table.
        keeps_lines: Whether lines of the source are lines of the text.
    """

    after: str = ""
    number: int = 1
    step: int = 1
    shape: str | None = None
    is_list: bool = False
    is_cell: bool = False
    keeps_lines: bool = False


@dataclass(slots=True)
class _Walk:
    pieces: list[str] = field(default_factory=list)
    opened: list[tuple[LexborNode, _Open | None]] = field(default_factory=list)  # `None` for a part of a line
    lists: list[_Open] = field(default_factory=list)
    cells: int = 0
    keeping_lines: int = 0
    after_number: bool = False  # the number of an item stands before the first paragraph in it


def plain_text(
    root: LexborNode, is_outside: Callable[[LexborNode], bool] | None = None, *, keeps_lines: bool = False
) -> str:
    """The text below a node, its paragraphs parted by an empty line; empty if there is none.

    Args:
        root: Its own start and end add nothing.
        is_outside: Whether an element, and all that is in it, is no part of the text.
        keeps_lines: Whether lines of the source are lines of the text.
    """
    node = root.first_child
    if not keeps_lines and (only := _only_text(node)) is not None:  # as in most labels and pills
        line = _folded(only).strip(" ")
        return line if line.strip(_NOTHING) else ""
    walk = _Walk(keeping_lines=int(keeps_lines))
    while node is not None or walk.opened:
        if node is None:
            node, closed = walk.opened.pop()
            if closed is not None:
                _close(walk, closed)
            node = node.next
            continue
        text = node.text_content
        if text is not None:
            walk.pieces.append(_lines_kept(walk, text) if walk.keeping_lines else _folded(text))
            walk.after_number &= node.is_empty_text_node
        elif (tag := node.tag or "") == "br":
            if is_outside is None or not is_outside(node):
                walk.pieces.append(" " if walk.cells else _LINE)
        elif tag not in _UNSEEN and (is_outside is None or not is_outside(node)):
            walk.opened.append((node, _open(walk, node, tag) if tag in _STRUCTURE else None))
            node = node.first_child
            continue
        node = node.next
    return _assembled(walk.pieces)


def _only_text(node: LexborNode | None) -> str | None:
    """The one text that there is from a node on, be it within a `<span>`; `None` if there is more than one text."""
    while node is not None and node.next is None:
        if (text := node.text_content) is not None:
            return text
        node = node.first_child if node.tag == "span" else None
    return None


def _open(walk: _Walk, node: LexborNode, tag: str) -> _Open:
    """Note where an element begins that shows in the text."""
    opened = _Open()
    if tag in _CELLS:
        opened.after, opened.is_cell = _CELL, True
        walk.cells += 1
    elif tag == "tr":
        opened.after = _ROW
    else:
        opened.after = " " if walk.cells else _PARAGRAPH
        if not walk.after_number:
            walk.pieces.append(opened.after)
        if tag in _LISTS:
            opened.is_list = True
            opened.shape = shape_of(node)
            opened.number, opened.step = start_of(node)
            walk.lists.append(opened)
        elif tag == "li":
            _mark_item(walk, node)
        elif tag in _LINES_KEPT:
            opened.keeps_lines = True
            walk.keeping_lines += 1
    return opened


def _close(walk: _Walk, closed: _Open) -> None:
    if closed.is_list:
        walk.lists.pop()
    if closed.keeps_lines:
        walk.keeping_lines -= 1
    if closed.is_cell:
        walk.cells -= 1
        closed.after = " " if walk.cells else closed.after  # a table within a cell is part of its line
    elif closed.after == _ROW and walk.cells:
        closed.after = " "
    if closed.after:
        walk.pieces.append(closed.after)


def _mark_item(walk: _Walk, item: LexborNode) -> None:
    if not walk.lists:
        return
    inner = walk.lists[-1]
    number = whole_number(item, "value", inner.number)
    inner.number = number + inner.step
    shape = shape_of(item, inner.shape)
    if shape is not None:
        walk.pieces.append(f"{mark_of(number, shape)}. ")
        walk.after_number = True


def _lines_kept(walk: _Walk, text: str) -> str:
    return (" " if walk.cells else _LINE).join(map(_folded, text.split("\n")))


def _folded(text: str) -> str:
    """A text with one blank for white space; most have no other than single blanks, which is quick to see."""
    return text if text.isprintable() and "  " not in text else _WHITE.sub(" ", text)


def _assembled(pieces: list[str]) -> str:
    text = "".join(pieces)
    if not text.strip(_NOTHING_OR_MARKS):  # as beside the names of most lists
        return ""
    if "  " in text:
        text = _BLANKS.sub(" ", text)
    for around, mark in _AROUND_MARKS:  # several times as quick as one pattern
        text = text.replace(around, mark)
    paragraphs = (_lines(part.strip(" \x02\x04")) for part in _PARAGRAPH_MARKS.split(text))
    return "\n\n".join(filter(None, paragraphs))


def _lines(paragraph: str) -> str:
    """The lines of a paragraph, of which none is empty; behind the last cell of a row is no tab."""
    lines = (line.removesuffix(_CELL).replace(_CELL, "\t") for line in _LINE_MARKS.split(paragraph))
    return "\n".join(line for line in lines if line.strip(_NOTHING))
