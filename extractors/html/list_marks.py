"""What stands before the items of a list, as a browser shows it: numbers, letters or Roman numerals."""

import re
from string import ascii_lowercase

from selectolax.lexbor import LexborNode

_MAX_NUMBER = 10**6
_NUMBER = re.compile(r"-?[0-9]{1,7}")
_STYLE = re.compile(r"\blist-style(?:-type)?\s*:\s*([^;]+)", re.IGNORECASE)
_DECIMAL = "decimal"
_SHAPES = {"1": _DECIMAL, "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}
_STYLES = {"lower-latin": "lower-alpha", "upper-latin": "upper-alpha", **{shape: shape for shape in _SHAPES.values()}}
_WITHOUT_NUMBERS = frozenset({"circle", "disc", "none", "square"})
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_MAX_ROMAN = 3999


def shape_of(node: LexborNode, around: str | None = None) -> str | None:
    """The shape of the marks of a list, or of one item; `None` where no number is shown.

    Args:
        node: The list or the item.
        around: Shape of the marks of the list that an item is in.
    """
    attributes = node.attributes
    style = _STYLE.search(attributes.get("style") or "")
    for word in style[1].lower().split() if style else ():
        if word in _WITHOUT_NUMBERS:
            return None
        if word in _STYLES:
            return _STYLES[word]
    kind = (attributes.get("type") or "").strip()
    if kind.lower() in _WITHOUT_NUMBERS:
        return None
    return _SHAPES.get(kind, _DECIMAL if node.tag == "ol" else around)


def start_of(node: LexborNode) -> tuple[int, int]:
    """The number of the first item of a list, and the step to the next."""
    if "reversed" not in node.attributes:
        return whole_number(node, "start", 1), 1
    items = sum(item.tag == "li" for item in node.iter())
    return whole_number(node, "start", items), -1


def whole_number(node: LexborNode, name: str, default: int) -> int:
    """The number that an attribute gives, within bounds."""
    value = (node.attributes.get(name) or "").strip()
    if _NUMBER.fullmatch(value) is None:
        return default
    return max(-_MAX_NUMBER, min(_MAX_NUMBER, int(value)))


def mark_of(number: int, shape: str) -> str:
    """A number as a list shows it."""
    if shape.endswith("alpha") and number > 0:
        mark = _letters(number)
    elif shape.endswith("roman") and 0 < number <= _MAX_ROMAN:
        mark = _roman(number)
    else:
        return str(number)
    return mark.upper() if shape.startswith("upper") else mark


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, len(ascii_lowercase))
        letters = ascii_lowercase[rest] + letters
    return letters


def _roman(number: int) -> str:
    mark = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        mark += letters * count
    return mark
