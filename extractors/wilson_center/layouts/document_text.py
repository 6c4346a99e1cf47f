"""What text browsers (lynx, w3m) make of a document's page: its fields, its lists of names and its citation.

Where the document's text begins and ends, which panes it stands in, and who of several people wrote it, no line says:
that is an issue, and the page counts as one that is not whole, so that a page in HTML comes before it.

History: renditions of pages of January 2025.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from extractors.wilson_center.layouts.document_labels import FIELDS, NOT_KNOWN, OTHER_HEADINGS, TERMS_OF_FIELDS
from extractors.wilson_center.layouts.lines import MARKUP
from extractors.wilson_center.terms import named_id, term_of, term_page
from extractors.wilson_center.urls import document_url
from schemas.dates import read_date
from schemas.document_records import DocumentFields, PageTerm, TermKind, TermRole
from schemas.issues import FIELD_MISSING, TEXT_OUTSIDE_PANES, UNKNOWN_LABEL, Issue
from schemas.records import ParsedPage, ParsedRow

NAME = "document-text"

_START = re.compile(r"^[ \t\xa0]*Document Information[ \t\xa0]*\r?$", re.MULTILINE)
_RECORD = re.compile(r"^[ \t\xa0]*Record ID[ \t\xa0]*\r?\n\s*[0-9]{1,12}[ \t\xa0]*\r?$", re.MULTILINE)
_REFERENCE = re.compile(r"^[ \t]*\[?([0-9]+)[.\]][ \t]+(https?://\S.*?)[ \t\r]*$", re.MULTILINE)
_REFERENCES = re.compile(r"^[ \t]*(?:References|Visible links):?[ \t\r]*$", re.MULTILINE)
_LINK_NUMBER = re.compile(r"\[([0-9]+)\]")
_NOISE = re.compile(r"\(BUTTON\)|[_━─═-]{8,}")
_ITEM = re.compile(r"^[ \t]*[*•+o·-][ \t]+")
_QUOTED = re.compile(r"[\"“](?P<title>.+)[\"”], (?P<rest>.*)", re.DOTALL)
_MENU = frozenset({"original", "scan", "transcript", "translation", "citation", "share", "download"})
_CREDITS = "This document was made possible"
_MAX_LOOK = 40  # lines between the menus of the panes and the names, where the summary stands
_MAX_SHOWN = 200

_LISTS = frozenset({"original_archive", "document_type", "languages", "donors"})
_NAMES: Mapping[str, tuple[TermRole, TermKind]] = {
    "author(s):": ("author", "people"),
    "associated people & organizations": ("person", "people"),
    "associated places": ("place", "places"),
    "associated topics": ("topic", "topics"),
    "subjects discussed": ("subject", "subjects"),
}
_ENDS = frozenset({"citation", *OTHER_HEADINGS})


def recognises(text: str) -> bool:
    """Whether the text has the headings of a document's page, and no markup."""
    if "Document Information" not in text or MARKUP.search(text) is not None:
        return False
    return _START.search(text) is not None and _RECORD.search(text) is not None


def read(text: str, url: str | None) -> ParsedPage:
    """What a rendition of a document's page holds; whatever is not certain is an issue."""
    listed = next(_REFERENCES.finditer(text, max(match.end() for match in _START.finditer(text))), None)
    links = dict(_REFERENCE.findall(text, listed.end())) if listed else {}
    lines = text[: listed.start() if listed else None].split("\n")
    own = document_url(url) if url else None
    issues: list[Issue] = []
    values = _information(lines, issues)
    if values.get("title") is None:
        issues.append(FIELD_MISSING.issue("the document's page has no title", expected="a citation, with its title"))
    first = _first_names(lines)
    above = _paragraphs(lines[:first])
    values["credits"] = next((each for each in above if each.startswith(_CREDITS)), None)
    values["summary"] = _summary(lines, first)
    issues.append(_without_text(above))
    terms = [*_names(lines, links, issues), *_terms_of(values)]
    values |= {"url": own or values.get("cited_url"), "own_url": own, "is_whole": False}
    document = DocumentFields(**values)
    rows: dict[str, Sequence[ParsedRow]] = {"document_pages": (document,)}
    if terms:
        placed = (PageTerm(position, *term) for position, term in enumerate(terms, 1))
        rows["page_terms"] = tuple(placed)
    issues += document.issues()
    return ParsedPage(NAME, "document", "document", rows, tuple(issues))


def _plain(line: str) -> str:
    """A line without what the browser added."""
    return " ".join(_LINK_NUMBER.sub("", _NOISE.sub("", line)).split())


def _section(
    lines: Sequence[str], labels: frozenset[str], *, has_others: bool = False
) -> Iterator[tuple[str, list[str]]]:
    """Each label that stands on a line of its own, and the lines below it.

    Args:
        lines: Of the page.
        labels: Those that are known, in small letters.
        has_others: Whether a line that is not indented is a label too.
    """
    label, held = "", list[str]()
    for line in lines:
        plain = _plain(line).lower()
        if plain in labels or (has_others and plain and line[0].isalnum()):
            yield label, held
            label, held = plain, []
        else:
            held.append(line)
    yield label, held


def _paragraphs(lines: Sequence[str]) -> list[str]:
    """Paragraphs of wrapped lines, each in one."""
    plain = map(_plain, lines)
    return [" ".join(group) for has_text, group in groupby(plain, bool) if has_text]


def _items(lines: Sequence[str]) -> list[str]:
    """The items of a list, each in one line with its link's number; lines without a bullet go on with the item."""
    found: list[str] = []
    for line in lines:
        if not _plain(line):
            continue
        if _ITEM.match(line) or not found:
            found.append(_ITEM.sub("", line).strip())
        else:
            found[-1] += f" {line.strip()}"
    return found


def _information(lines: Sequence[str], issues: list[Issue]) -> dict[str, Any]:
    """The fields below `Document Information`, and what the citation says."""
    start = max(at for at, line in enumerate(lines) if _plain(line) == "Document Information") + 1
    end = next((at for at in range(start, len(lines)) if _plain(lines[at]).lower() in _ENDS), len(lines))
    values: dict[str, Any] = {}
    is_indented = any(line.startswith("  ") and not _ITEM.match(line) and _plain(line) for line in lines[start:end])
    for label, held in _section(lines[start:end], frozenset(FIELDS), has_others=is_indented):
        name = FIELDS.get(label)
        paragraphs = _paragraphs(held)
        if name is None:
            if label or paragraphs:
                issues.append(_unread(NOT_KNOWN, label or None, paragraphs))
        elif name in _LISTS:
            has_items = any(map(_ITEM.match, held))
            of_lines = [plain for line in held if (plain := _plain(line))]
            values.setdefault(name, tuple(map(_plain, _items(held)) if has_items else of_lines))
        else:
            values.setdefault(name, "\n\n".join(paragraphs) or None)
    record = values.get("record_id")
    if record is not None and not record.isdecimal():
        issues.append(_unread("the page's record id is no number", "record id", [record]))
        values["record_id"] = None
    for label, held in _section(lines, _ENDS | frozenset(_NAMES)):
        if label == "citation":
            values |= _citation(held)
        elif label == "related documents" and (paragraphs := _paragraphs(held)):
            message = "the page was saved as text, from which related documents are not read"
            issues.append(_unread(message, label, paragraphs))
    return values


def _unread(message: str, label: str | None, texts: Sequence[str]) -> Issue:
    return UNKNOWN_LABEL.issue(message, expected=label, found="\n\n".join(texts) or None)


def _citation(lines: Sequence[str]) -> dict[str, Any]:
    """Title, date and URL of the citation: `"Title", April 21, 1954, Wilson Center Digital Archive, …`."""
    for paragraph in _paragraphs(lines):
        match = _QUOTED.match(paragraph)
        if match is None:
            continue
        pieces = match["rest"].split(", ")
        dates = (", ".join(pieces[:count]) for count in (2, 1))
        urls = (document_url(word) for word in match["rest"].split() if word.startswith("http"))
        return {
            "title": match["title"],
            "date_text": next((date for date in dates if read_date(date) is not None), None),
            "cited_url": next(filter(None, urls), None),
        }
    return {}


def _first_names(lines: Sequence[str]) -> int:
    """Number of the line with the first heading of names, or else of the information."""
    places = [at for at, line in enumerate(lines) if _plain(line).lower() in _NAMES.keys() | {"document information"}]
    return places[0]


def _summary(lines: Sequence[str], end: int) -> str | None:
    """The paragraphs between the menus of the panes and the names.

    `None` where no menu is seen, so that what is summary and what is text cannot be told.
    """
    for at in range(end - 1, max(end - _MAX_LOOK, 0), -1):
        is_button = "(BUTTON)" in lines[at]
        if is_button or _plain(lines[at]).lower() in _MENU:
            behind = at + 1
            if not is_button:  # the language of the pane stands below its kind
                behind = next((place for place in range(at + 1, end) if not _plain(lines[place])), end)
            return "\n\n".join(_paragraphs(lines[behind:end])) or None
    return None


def _without_text(above: Sequence[str]) -> Issue:
    return TEXT_OUTSIDE_PANES.issue(
        "the page was saved as text, which does not say where the document's text begins and ends: it is in no table; "
        "save the page as HTML to have it read",
        expected="HTML",
        found=f"{sum(map(len, above)):,} characters above the names; the last: {' '.join(above[-3:])[:_MAX_SHOWN]}",
    )


_Values = tuple[TermRole, str, TermKind, str, str | None, str | None]


def _names(lines: Sequence[str], links: Mapping[str, str], issues: list[Issue]) -> Iterator[_Values]:
    labels = frozenset(_NAMES) | _ENDS
    for label, held in _section(lines, labels):
        if label not in _NAMES:
            continue
        role, kind = _NAMES[label]
        items = _items(held)
        names = [_plain(item) for item in items]
        hrefs = [links.get(number[1]) if (number := _LINK_NUMBER.search(item)) else None for item in items]
        if role == "author" and len(names) > 1:
            message = "the page was saved as text, which does not say who of these wrote it; they are in no table"
            issues.append(_unread(message, label, names))
        elif kind != "subjects" and any(href is None or term_page(href) is None for href in hrefs):
            message = "names without links to their pages, by which people, places and topics are told apart"
            issues.append(_unread(f"{message}; they are in no table", label, names))
        else:
            for name, href in zip(names, hrefs, strict=True):
                term = term_of(href, name, kind)
                yield role, term.term_id, term.kind, name, term.url, term.facet_id


def _terms_of(values: Mapping[str, Any]) -> Iterator[_Values]:
    for field, (role, kind) in TERMS_OF_FIELDS.items():
        for name in values.get(field, ()):
            yield role, named_id(kind, name), kind, name, None, None
