"""Whether the elements of a page nest so deeply that its tree takes too long, decided before the time is spent.

For each tag the parser looks through the elements that are open, up to all of them, and it copies the open elements of
form (`<b>`) into each new paragraph: 200,000 open `<div>` take minutes, and a few thousand open `<b>` all the memory.
So the work is the sum, over the tags, of the elements open at each beyond a usual depth, and of all those of form. A
page of any length whose rows stand beside one another comes to next to nothing.

Tags are recognised as the parser does (HTML Standard, 13.2.5), roughly; when in doubt, an element counts as open.
"""

import re

_USUAL_DEPTH = 40  # elements that may be open without being counted: pages of the archive have some 25
_MAX_WORK = 2_500_000  # measured: the worst page within it takes less than 2 s, most of it to read what was built
_FEW_TAGS = int((2 * _MAX_WORK) ** 0.5)  # not worth a look: all within one another, they come to no more

# Each alternative takes all that it looks at, so that the time is linear in the length of the text.
_ATTRIBUTES = r"""(?:[^\s/>=]\s*=\s*(?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|[^\s>]*)|[^>])*+(?:>|\Z)"""
TAG = re.compile(
    rf"""<!--(?:-?>|.*?(?:--!?>|\Z))
       | <(script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>]){_ATTRIBUTES}.*?(?:</\1(?=[\s/>])|\Z)
       | <(?P<end>/?)(?P<name>[a-z][^\s/>]*){_ATTRIBUTES}
       | <[!?/][^>]*""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
"""Each tag, comment, or element whose content is no markup; `name` and `end` are those of a tag."""

_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta", "param", "source"),
        *("track", "wbr"),
    }
)
# These outlive the element that they are in.
_FORM = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"},
)
_TABLE_PARTS = frozenset({"caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"})
_CELLS = frozenset({"td", "th", "p", "li", "dd", "dt", "option"})
# What ends where another element of its kind begins, for which no end tag is needed.
_ENDED_BY = {
    "p": frozenset({"p"}),
    "li": frozenset({"li", "p"}),
    "option": frozenset({"option"}),
    **dict.fromkeys(("dd", "dt"), frozenset({"dd", "dt", "p"})),
    **dict.fromkeys(("td", "th"), _CELLS),
    "tr": _CELLS | {"tr"},
    **dict.fromkeys(("tbody", "tfoot", "thead"), _CELLS | {"tr", "tbody", "tfoot", "thead"}),
}
_NOTHING_ENDED: frozenset[str] = frozenset()
# What an end tag does not reach beyond: that of a part of a table, and any other.
_WALLS_OF_PARTS = frozenset({"table", "template"})
_WALLS = frozenset({"applet", "button", "caption", "marquee", "object", "table", "td", "template", "th"})


def excessive_depth(text: str) -> int | None:
    """How many elements are open where a page becomes too much work; `None` if it does not."""
    if text.count("<") <= _FEW_TAGS:
        return None
    work = 0
    opened: list[str] = []
    forms = dict.fromkeys(_FORM, 0)
    of_form = 0
    for match in TAG.finditer(text):
        name = (match["name"] or "").lower()
        if not name or name in _VOID:
            continue
        if name in _FORM:
            change = 1 if not match["end"] else -1 if forms[name] else 0
            forms[name] += change
            of_form += change
        elif match["end"]:
            _end(opened, name)
        else:
            ended = _ENDED_BY.get(name, _NOTHING_ENDED)
            while opened and opened[-1] in ended:
                opened.pop()
            opened.append(name)
        if of_form or len(opened) > _USUAL_DEPTH:
            work += max(0, len(opened) - _USUAL_DEPTH) + of_form
            if work > _MAX_WORK:
                return len(opened) + of_form
    return None


def _end(opened: list[str], name: str) -> None:
    """End the innermost element of a name, and all in it, unless there is a wall before it."""
    walls = _WALLS_OF_PARTS if name in _TABLE_PARTS else _WALLS
    for index in reversed(range(len(opened))):
        if opened[index] == name:
            del opened[index:]
            return
        if opened[index] in walls:
            return
