"""Pages as pandoc converts them to Markdown, reStructuredText and plain text, with the tables that it draws.

In its tables pandoc cuts what has no place to break, such as a heading or a URL, wherever a line is full: the first
piece is the rest, all others are as wide as the cell. A blank at the end of the first piece is lost; the id that
pandoc gives a heading, made of its words, tells whether there was one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

from extractors.wilson_center.layouts.lines import NUMBER, may_be_date
from extractors.wilson_center.layouts.text_records import holds_dates

_GRID = re.compile(r"^[ \t]*\+(?:[-=:]{3,}\+)+[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*:{3,}(?:[ \t]*(?:\{[^{}\n]*\}|[\w-]+))?[ \t]*$", re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*\.\. (?:container|rubric)::.*$", re.MULTILINE)
_ATTRIBUTES = re.compile(
    r"""(?<=[\])\w'"’”.!?])[ ]?\{(?:[#.][^\s{}]+|[\w:-]+="[^"{}]*")(?:\s+(?:[#.][^\s{}]+|[\w:-]+="[^"{}]*"))*\}"""
)
_ID_OF_HEADING = re.compile(r"\{#([^\s{}]+)[^{}]*\}$")
_ID_OF_RUBRIC = re.compile(r"(?:^|\s):name:\s?(\S+)$")
_RST_LINK = re.compile(r"`([^`<>\n]*(?:\n[^`<>\n]+){0,8}?)\s*<([^<>`]{1,2000})>`_{1,2}")
_EMPTY_LINK = re.compile(r"[ \t]*\[\]\(([^()\s]+)\)[ \t]*")
_SPANNED_LINK = re.compile(r"\[(?=[^\[\]\n]*\n)[^\[\]\n]*(?:\n[^\[\]\n]+){1,8}\]\([^()\n]*\)")
_LONE_LINK = re.compile(r"^([ \t]*\[[^\[\]\n]+\]\([^()\s]+\)) *\\?$", re.MULTILINE)
_LINE_END = re.compile(r"[ \t]*\\$", re.MULTILINE)
_LINKLESS_HEADING = re.compile(r"^(#{1,6}) (?!\[)(.+)$", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<![\w*\\])([*_])(?=[^\s*_])([^*_\n]{1,200}?)(?<=[^\s\\])\1(?![\w*])")
_HEAD_OF_TABLE = re.compile(r"\[?(?:date|title|documents?|summary|description)(?:\]\([^()]*\))?", re.IGNORECASE)
_RANGE = re.compile(rf"{NUMBER}\s*[-–]+\s*{NUMBER}\s+of\s+{NUMBER}")
_UNDERLINE = re.compile(r"""([=~"^'#*.-])\1{3,}(?: +\1{3,})*""")
_SPAN = re.compile(r"\[([^\[\]]*)\]\{[^{}]*\}")
_RAISED = re.compile(r"\^(\w{1,20})\^|(?:\\ )?:su[pb]:`(\w{1,20})`(?:\\ )?")
_BULLET = re.compile(r"^(?:[-*+][ ]{2,3}|\| )(?=\S)", re.MULTILINE)
_ESCAPED = re.compile(r"\\([\"'$@^]|\.\.\.)")
_OPEN_LINK = re.compile(r"\[[^\[\]]*$|\]\([^()]*$")
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_CUT = "\ue0b2"  # for private use: where two pieces met
_MAX_CUTS = 3  # whose blanks are tried


@dataclass(frozen=True, slots=True)
class Unpandoced:
    """A page without the tables and marks of pandoc.

    Attributes:
        text: In Markdown, as readers write it.
        rows: How many there are in its tables; `None` without tables, or where one is cut off.
        doubtful: Lines in which a blank may be lost.
    """

    text: str
    rows: int | None = None
    doubtful: tuple[str, ...] = ()


def is_of_pandoc(text: str) -> bool:
    """Whether pandoc seems to have written a text."""
    return any(mark.search(text) is not None for mark in (_GRID, _FENCE, _DIRECTIVE)) or "`__" in text


def undo_pandoc(text: str) -> Unpandoced:
    """The text of a page without what pandoc added, with its links as Markdown has them."""
    doubtful: list[str] = []
    grids = list(_GRID.finditer(text))
    if grids and not _goes_on(text[grids[-1].end() :]):
        text = text[: grids[-1].end()] + "\n"  # what is below the table is no part of its last row
    is_rst = _DIRECTIVE.search(text) is not None or ("`__" in text and _RST_LINK.search(text) is not None)
    is_smart = not is_rst and (_FENCE.search(text) is not None or _ATTRIBUTES.search(text) is not None)
    parts = []
    rows = 0
    for cells, width in _rows(text.split("\n")):
        read = [
            _marks_undone(_of_rst(lines, width) if is_rst else _of_markdown(lines, width, doubtful), is_smart=is_smart)
            for lines in cells
        ]
        if not width:
            parts += read
        elif not all(_HEAD_OF_TABLE.fullmatch(each.strip()) for each in read):
            parts.append("\n\n" + "\n\n".join(_EMPTY_LINES.sub("\n\n", each.strip()) for each in read) + "\n\n")
            rows += 1
    is_cut = bool(grids) and text[grids[-1].end() :].lstrip().startswith("|")
    return Unpandoced("\n".join(parts), rows if rows and not is_cut else None, tuple(doubtful))


def _goes_on(below: str) -> bool:
    """Whether what is below a table may be of the listing: rows that are cut off, dates, or the range line."""
    return below.lstrip().startswith("|") or holds_dates(below) or _RANGE.search(below) is not None


def _rows(lines: list[str]) -> Iterator[tuple[list[list[str]], int]]:
    """The rows of tables, as the lines of each cell, and their width; what stands between tables is of width 0."""
    waiting: list[str] = []
    bounds: list[int] = []
    for line in lines:
        row = line.strip()
        is_grid = _GRID.fullmatch(line) is not None
        is_row = bool(bounds) and row.startswith("|") and row.endswith("|")
        if is_grid or bool(bounds) != is_row:
            if waiting:
                yield _cells(waiting, bounds)
            waiting, bounds = [], [at for at, sign in enumerate(row) if sign == "+"] if is_grid else []
        if not is_grid:
            waiting.append(row if is_row else line)
    if waiting:
        yield _cells(waiting, bounds)


def _cells(lines: list[str], bounds: list[int]) -> tuple[list[list[str]], int]:
    if not bounds:
        return [lines], 0
    width = bounds[1] - bounds[0] - 3
    if len(bounds) == 2:  # whatever the width of its letters
        return [["", *(line[2:-2] for line in lines), ""]], width
    columns = list(pairwise(bounds))
    return [["", *(line[begin + 2 : end - 1] for line in lines), ""] for begin, end in columns], width


def _of_markdown(lines: list[str], width: int, doubtful: list[str]) -> str:
    paragraphs = []
    for paragraph in _paragraphs(lines):
        if width and paragraph[0].startswith("#"):
            joined = _joined(paragraph[0].rstrip(), paragraph[1:])
            found = _ID_OF_HEADING.search(joined.replace(_CUT, ""))
            paragraphs.append(_with_blanks(_ATTRIBUTES.sub("", _cut_anywhere(joined)), found and found[1]))
        elif width and _is_cut_heading(paragraph, width):
            first, rest = paragraph[0].rstrip(), "".join(paragraph[1:]).rstrip()
            blank = " " if rest[0].isupper() and (first[-1].islower() or first[-1] in ".,;:)") else ""
            if not blank and rest[0].isalnum() and first[-1].isalnum():
                doubtful.append(f"{first}|{rest}")
            paragraphs.append(first + blank + rest)
        else:
            paragraphs.append("\n".join(_lines_whole(paragraph, width, is_first=not paragraphs)))
    return _with_links_of_headings("\n\n".join(paragraphs))


def _paragraphs(lines: list[str]) -> Iterator[list[str]]:
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip() and not _FENCE.fullmatch(line) and not _is_cut_fence(line, paragraph):
            paragraph.append(line)
        elif paragraph:
            if not _is_cut_fence("", paragraph):
                yield paragraph
            paragraph = []


def _is_cut_fence(line: str, before: list[str]) -> bool:
    """Whether a line ends a fence that was cut in two, or the lines before are such a fence's."""
    return bool(before) and before[0].startswith(":::") and (not line or line.rstrip().endswith("}"))


def _joined(first: str, others: list[str]) -> str:
    """Pieces as one line, with a mark where each begins; all but the last are as wide as the cell."""
    return _CUT.join([first, *(each.rstrip() if each is others[-1] else each for each in others)])


def _cut_anywhere(joined: str) -> str:
    """The line with the marks left only where its words are, since a URL and attributes have no blanks."""
    words, found, behind = joined.partition("](")
    return words + found + behind.replace(_CUT, "")


def _with_blanks(line: str, identifier: str | None) -> str:
    """The line with a blank where the id of its heading shows that one was lost."""
    pieces = line.split(_CUT)
    if identifier is not None:
        for glue in product(("", " "), repeat=min(len(pieces) - 1, _MAX_CUTS)):
            joined = pieces[0] + "".join(map("".join, zip(glue, pieces[1:], strict=False)))
            joined += "".join(pieces[len(glue) + 1 :])
            if _identifier(joined) == re.sub(r"-[0-9]+$", "", identifier) or _identifier(joined) == identifier:
                return joined
    return "".join(pieces)


def _identifier(heading: str) -> str:
    """The id that pandoc gives a heading."""
    words = re.sub(r"^#+ |\[|\]\(.*|`|<.*", "", heading)
    plain = re.sub(r"[^\w\s.-]", "", words.lower())
    return re.sub(r"^[^a-z]*(?=[a-z])", "", "-".join(plain.split()))


def _is_cut_heading(paragraph: list[str], width: int) -> bool:
    """Whether a heading of plain text was cut: all lines but the first are full, and the first has room for more."""
    if (
        len(paragraph) < 2
        or may_be_date(paragraph[0].strip())
        or not all(len(line.rstrip()) == width for line in paragraph[1:])
    ):
        return False
    word = paragraph[1].split(" ", 1)[0]
    return " " in paragraph[1].strip() and len(paragraph[0].rstrip()) + 1 + len(word) <= width


def _lines_whole(paragraph: list[str], width: int, *, is_first: bool) -> Iterator[str]:
    """The lines, with the pieces of a word or URL that was cut in two together.

    pandoc breaks a line where the next word has no room: where it has, the page itself has ended the line. In the
    first paragraph of a row these are its date, title and summary, which are set apart.
    """
    line, before, last = "", "", 0
    for number, each in enumerate(paragraph):
        piece = each.rstrip()
        has_room = last + 1 + len(piece.lstrip().split(" ", 1)[0]) <= width
        is_in_link = _OPEN_LINK.search(before) is not None or before.count("`") % 2 == 1
        if number and len(piece) == width and (" " not in piece or (is_in_link and has_room)):
            line += piece
        else:
            if number:
                yield line
            if number and is_first and has_room and not is_in_link and piece.lstrip()[:1] not in ("`", "["):
                yield ""
            line = piece
        last = len(piece)
        before += f" {piece}"
    yield line


def _of_rst(lines: list[str], width: int) -> str:
    read: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.lstrip().startswith(".. rubric:: "):
            text, at = _rubric(lines, at, len(line) - len(line.lstrip()))
            read += ["", text, ""]
        elif _DIRECTIVE.fullmatch(line.rstrip()) or _UNDERLINE.fullmatch(line.strip()):
            read.append("")
        else:
            read.append(line)
    joined = "\n".join(
        "\n".join(_lines_whole(paragraph, width, is_first=number < 2)) if paragraph != [""] else ""
        for number, paragraph in enumerate(_blocks(read))
    )
    links = _RST_LINK.sub(lambda match: f"[{' '.join(match[1].split())}]({''.join(match[2].split())})", joined)
    return _with_links_of_headings("\n".join(line.strip() for line in links.split("\n")))


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Runs of lines, and each empty line alone."""
    run: list[str] = []
    for line in lines:
        if line.strip():
            run.append(line)
        else:
            if run:
                yield run
            run = []
            yield [""]
    if run:
        yield run


def _rubric(lines: list[str], at: int, indent: int) -> tuple[str, int]:
    """The heading that a rubric holds, in Markdown, and the line behind it."""
    text = lines[at - 1].strip().removeprefix(".. rubric:: ")
    while at < len(lines):
        line = lines[at]
        follows = at + 1 < len(lines) and lines[at + 1].lstrip().startswith(":name:")
        if not line.strip() and not follows:
            break
        at += 1
        if line.lstrip().startswith(":class:"):
            break
        text += f" {line.strip()}" if line[indent : indent + 1] in ("", " ") else _CUT + line[indent:].rstrip()
    found = _ID_OF_RUBRIC.search(text.replace(_CUT, ""))
    if found is not None:
        text = _without_name(text)
    link = _RST_LINK.fullmatch(text.replace(_CUT, ""))
    words = text.partition("`")[2].rpartition("<")[0] if link else text
    title = " ".join(_with_blanks(words, found and found[1]).split())
    return (f"### [{title}]({link[2]})" if link else f"### {title}"), at


def _without_name(text: str) -> str:
    """A rubric without its id, before which it may have been cut too."""
    name = re.search(rf"{_CUT}?\s{_CUT}?:{_CUT}?n{_CUT}?a{_CUT}?m{_CUT}?e{_CUT}?:", text)
    return text[: name.start()].rstrip() if name else text


def _with_links_of_headings(cell: str) -> str:
    """The cell with its heading as the link that stands, without a text, beside it."""
    empty = _EMPTY_LINK.search(cell)
    if empty is None:
        return cell
    without = _EMPTY_LINK.sub("", cell)
    return _LINKLESS_HEADING.sub(lambda match: f"{match[1]} [{match[2].strip()}]({empty[1]})", without, count=1)


def _marks_undone(text: str, *, is_smart: bool) -> str:
    """The text without what pandoc marks words with, and with the signs that the page has."""
    text = text.replace("\xa0", " ")
    spans = 1
    while spans:  # one may be within another
        text, spans = _SPAN.subn(r"\1", text)
    text = _SPANNED_LINK.sub(lambda match: " ".join(match[0].split()), _ATTRIBUTES.sub("", text))
    text = _RAISED.sub(lambda match: match[1] or match[2], _EMPHASIS.sub(r"\2", text))
    text = _LINE_END.sub("", _LONE_LINK.sub(r"\n\1\n", text))
    text = _BULLET.sub("", text)
    return _ESCAPED.sub(r"\1", _with_signs(text) if is_smart else text).replace("\\ ", " " if is_smart else "")


def _with_signs(text: str) -> str:
    """The text with the quotes and dashes for which pandoc writes those of a typewriter; its own are escaped."""
    text = re.sub(r"(?<!-)---(?!-)", "—", text)
    text = re.sub(r"(?<!-)--(?!-)", "–", text)
    text = re.sub(r"(?<![.\\])\.\.\.(?!\.)", "…", text)
    for sign, opening, closing in (('"', "“", "”"), ("'", "‘", "’")):
        text = re.sub(rf"(?<![^\s(\[“‘—–*_]){sign}(?=\S)", opening, text)
        text = re.sub(rf"(?<!\\){sign}", closing, text)
    return text
