"""Text as readers and text browsers render a page: links in Markdown, or numbers with a list of references.

`### [Title](https://…)` is what readers for language models give, `[2]Title` with `References` at the end what lynx and
its like do, `[https://…]Title` what lynx does if it is asked to. All are undone before the text is read: a title that
was a link has a mark before it, by which its URL is found again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from extractors.wilson_center.layouts.lines import may_be_date
from extractors.wilson_center.urls import document_url
from schemas.issues import Issue
from schemas.listings import Entry

_URL = r"<[^>\n]+>|[^\s()]+(?:\([^\s()]*\)[^\s()]*)*"
_LINK = rf"\[(?P<text>(?:\\.|\[[^\[\]\n]*\]|[^\[\]\\\n])+)\]\((?P<url>{_URL})(?:\s+[\"'][^\n]*?[\"'])?\)"
_LINK_ANYWHERE = re.compile(_LINK)
_LINK_LINE = re.compile(
    rf"^[ \t]*(?:[*+-][ \t]+)?(?:#{{1,6}}[ \t]+)?(?:\*\*|__)?{_LINK}(?:\*\*|__)?[ \t]*#*[ \t]*$", re.MULTILINE
)
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+(?=\S)", re.MULTILINE)
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.{1,500}?)(?<=\S)\1")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~-])")
_REFERENCES = re.compile(
    r"^[ \t]*(?:References:?|Visible links:?)[ \t]*\n"
    r"(?P<list>(?:[ \t]*(?:(?:(?:Visible|Hidden) links:?|(?:[0-9]+\.|\[[0-9]+\])[ \t]+\S+)[ \t]*)?(?:\n|\Z))+)\s*\Z",
    re.MULTILINE,
)
_REFERENCE = re.compile(r"^[ \t]*\[?([0-9]+)[.\]][ \t]+(\S+)", re.MULTILINE)
_NUMBER = re.compile(r"\[([0-9]+)\](?=\S)")
_NUMBER_LINE = re.compile(r"^[ \t]*\[([0-9]+)\](?=\S)", re.MULTILINE)

_INLINE = re.compile(r"(?P<line>^[ \t]*)?\[(?P<url>(?:https?|file)://[^\]\s]+)\](?=\S)", re.MULTILINE)
# A link in a heading that was broken into lines of a fixed width.
_WRAPPED = re.compile(r"^#{1,6}[ \t]+\[(?:[^\n\[\]]*\n){0,5}[^\n\[\]]*\]\([^()\s]*(?:\n[^()\s]*){0,5}\)$", re.MULTILINE)
# Links that name a definition at the end: `[Title][3]` and `[3]: https://…`.
_DEFINITION = re.compile(r"^[ \t]*\[([^\[\]\n]{1,60})\]:[ \t]+(\S+)[ \t]*(?:\n|\Z)", re.MULTILINE)
_BY_NAME = re.compile(r"\[(?P<text>[^\[\]]+)\][ \t]?\[(?P<name>[^\[\]\n]{1,60})\]")
_SUB_HEADING = re.compile(r"^#{2,6}[ \t]+\S", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:-{3,}|={3,}|\*[ \t]*\*[ \t]*\*)[ \t]*(?:\n|\Z)", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*[*+-][ \t]+(?P<rest>\S.*)$", re.MULTILINE)

# Tables of Markdown, whose rows are lines, and of pandoc, whose rows have lines around them.
_GRID = re.compile(r"^[ \t]*\+(?:[-=:]{3,}\+)+[ \t]*$", re.MULTILINE)
_RULE_OF_TABLE = re.compile(r"^[ \t]*\|(?:[ \t]*:?-{2,}:?[ \t]*\|)+[ \t]*$", re.MULTILINE)
_TABLE = re.compile(rf"{_GRID.pattern}|{_RULE_OF_TABLE.pattern}", re.MULTILINE)
_TABLE_ROW = re.compile(r"[ \t]*\|(.*)\|[ \t]*")
_NAMES_OF_COLUMNS = frozenset({"", "date", "title", "document", "summary", "description"})
_CELL_END = re.compile(r"(?<!\\)\|")
_BREAK = re.compile(r"(?:<br[ \t]*/?>)+", re.IGNORECASE)

# What only pandoc writes: lines around a block, and attributes behind a link or a heading.
_FENCE = re.compile(r"^[ \t]*:{3,}[^\n]*(?:\n|\Z)", re.MULTILINE)
_ATTRIBUTES = re.compile(r"(?<=[\])])\{[^{}]{1,500}\}|[ \t]\{[#.][^{}]{1,500}\}$", re.MULTILINE)

# Characters for private use, which no page holds, around the number of a URL.
_BEGIN, _END = "\ue0b0", "\ue0b1"
_MARK = re.compile(rf"{_BEGIN}([0-9]+){_END}")


@dataclass(frozen=True, slots=True)
class Rendition:
    """A page's text without what a reader added.

    Attributes:
        text: With a mark before each text that was a link of its own line.
        urls: By the number in a mark.
    """

    text: str
    urls: tuple[str, ...] = ()

    def entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """The entries without marks, each with the URL of its title."""
        return [self._entry(entry) for entry in entries] if self.urls else list(entries)

    def issues(self, issues: Sequence[Issue]) -> list[Issue]:
        """The issues without marks."""
        return [replace(issue, found=_unmarked(issue.found)) for issue in issues] if self.urls else list(issues)

    def count_documents(self, text: str) -> int:
        """How many lines of a part of the text were links to documents."""
        return sum(document_url(self.urls[int(mark[1])]) is not None for mark in _MARK.finditer(text))

    def unmarked(self, text: str) -> str:
        """A part of the text without marks."""
        return _MARK.sub("", text)

    def _entry(self, entry: Entry) -> Entry:
        mark = _MARK.search(entry.title or "")
        url = document_url(self.urls[int(mark[1])]) if mark else None
        return replace(entry, title=_unmarked(entry.title), summary=_unmarked(entry.summary), url=url)


def has_broken_words(text: str) -> bool:
    """Whether a table with lines around its rows cut titles into pieces of its width, within words or between them.

    pandoc does so with headings, which it never wraps. Whether a blank stood where it cut is not told.
    """
    if _GRID.search(text) is None:
        return False
    rows = (_TABLE_ROW.fullmatch(line) for line in text.split("\n"))
    cells = (row[1].removeprefix(" ").removesuffix(" ") if row is not None else "" for row in rows)
    paragraphs = groupby(cells, key=lambda line: bool(line.strip()))
    return any(is_text and _is_cut(list(lines)) for is_text, lines in paragraphs)


def _is_cut(lines: list[str]) -> bool:
    """Whether lines were counted off from the end: all but the first are full, and the next word had fitted there."""
    first, *others = lines
    if not others or any(line.endswith(" ") for line in others):
        return False
    room = len(first) - len(first.rstrip())
    return room == 0 or room > len(others[0].split()[0])


def undo_rendering(text: str) -> Rendition:
    """The text of a page as the page has it, with the line ends of Unix; the same text if no reader rendered it."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _TABLE.search(text) is not None:
        text = _without_table(text)
    if _FENCE.search(text) is not None:
        text = _ATTRIBUTES.sub("", _FENCE.sub("", text))
    references = _REFERENCES.search(text)
    if references is not None and _NUMBER.search(text) is not None:
        return _without_numbers(text[: references.start()], dict(_REFERENCE.findall(references["list"])))
    if _LINK_LINE.search(text) is not None or _SUB_HEADING.search(text) is not None:
        return _without_markdown(text)
    if _INLINE.search(text) is not None:
        return _without_inline_urls(text)
    return Rendition(text)


def _without_table(text: str) -> str:
    """The text with a paragraph for each cell of a table, which has a document in each row."""
    lines = []
    is_grid = _GRID.search(text) is not None
    for line in text.split("\n"):
        row = _TABLE_ROW.fullmatch(line)
        if _GRID.fullmatch(line):
            lines.append("")
        elif row is None:
            lines.append(line)
        elif is_grid:
            lines.append(row[1].strip())
        elif not _RULE_OF_TABLE.fullmatch(line):
            cells = [cell.strip() for part in _CELL_END.split(row[1]) for cell in _BREAK.split(part)]
            if not _NAMES_OF_COLUMNS.issuperset(map(str.lower, cells)):
                lines += ["", "\n\n".join(filter(None, cells)), ""]
    return "\n".join(lines)


def _without_numbers(text: str, urls: dict[str, str]) -> Rendition:
    found: list[str] = []

    def mark(match: re.Match[str]) -> str:
        if match[1] not in urls:
            return match[0]
        found.append(urls[match[1]])
        return f"{_BEGIN}{len(found) - 1}{_END}"

    lines = _NUMBER_LINE.sub(mark, text)
    return Rendition(_NUMBER.sub(lambda match: "" if match[1] in urls else match[0], lines), tuple(found))


def _without_inline_urls(text: str) -> Rendition:
    found: list[str] = []

    def mark(match: re.Match[str]) -> str:
        if match["line"] is None:
            return ""
        found.append(match["url"])
        return f"{match['line']}{_BEGIN}{len(found) - 1}{_END}"

    return Rendition(_INLINE.sub(mark, text), tuple(found))


def _joined(match: re.Match[str]) -> str:
    """A broken link in one line; its URL has no blank."""
    words, _, url = match[0].rpartition("](")
    return f"{' '.join(words.split())}]({''.join(url.split())}"


def _without_bullet(match: re.Match[str]) -> str:
    return match["rest"] if may_be_date(match["rest"].strip()) else match[0]


def _without_markdown(text: str) -> Rendition:
    found: list[str] = []
    urls = dict(_DEFINITION.findall(text))
    if urls:
        text = _BY_NAME.sub(
            lambda match: f"[{match['text']}]({urls[match['name']]})" if match["name"] in urls else match[0],
            _DEFINITION.sub("", text),
        )
    text = _BULLET.sub(_without_bullet, _RULE.sub("", _WRAPPED.sub(_joined, text)))

    def mark(match: re.Match[str]) -> str:
        found.append(match["url"].strip("<>"))
        return f"{_BEGIN}{len(found) - 1}{_END}{match['text']}"

    lines = _HEADING.sub("", _LINK_LINE.sub(mark, text))
    plain = _STRONG.sub(r"\2", _LINK_ANYWHERE.sub(lambda match: match["text"], lines))
    return Rendition(_ESCAPED.sub(r"\1", plain), tuple(found))


def _unmarked(text: str | None) -> str | None:
    return text if text is None else _MARK.sub("", text)
