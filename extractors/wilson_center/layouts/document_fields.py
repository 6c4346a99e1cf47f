"""The fields and terms of a document's page: its head, its summary, its lists of names and its block of information."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from extractors.html.plain_text import plain_text
from extractors.wilson_center.file_urls import file_url
from extractors.wilson_center.layouts.citations import cited_urls
from extractors.wilson_center.layouts.document_labels import FIELDS, NOT_KNOWN, OTHER_HEADINGS, TERMS_OF_FIELDS
from extractors.wilson_center.layouts.page_tree import PageTree, classes, line, paragraphs
from extractors.wilson_center.terms import Term, named_id, term_of
from extractors.wilson_center.urls import document_url
from schemas.document_records import DocumentFields, PageTerm, TermKind, TermRole
from schemas.issues import CONFLICTING_NUMBERS, FIELD_MISSING, UNKNOWN_LABEL, Issue

_NUMBERED = re.compile(r"/document/([0-9]{1,12})")
# Between names of donors, as the site joins them: a blank that does not break. A plain `and` may be part of a name.
_DONORS_JOINED = re.compile(r",?\xa0and\s+|,\xa0|\n\s*\n")
_BLOCKS_CSS = "p, br, li, div"
_SAYS_SOMETHING = re.compile(r"\w")
# By the class of the pills, which says more surely what they are than the words above them.
_PILLS: dict[str, tuple[TermRole, TermKind]] = {
    "pill-people": ("person", "people"),
    "pill-places": ("place", "places"),
    "pill-topics": ("topic", "topics"),
    "pill-subject": ("subject", "subjects"),
}
_BLOCKS: tuple[tuple[str, TermRole, TermKind], ...] = (
    ("associated people", "person", "people"),
    ("associated places", "place", "places"),
    ("associated topics", "topic", "topics"),
    ("subjects discussed", "subject", "subjects"),
)
_HEADINGS = frozenset({"h1", "h2", "h3"})
_HEADINGS_CSS = "h1, h2, h3"
_PILL = "pill"
_WITHOUT_PILL_CSS = f"li:not(:has(.{_PILL}))"
_NUMBERS_CSS = "ol, [type], [style]"  # lists may have numbers, which stand in no text of the page
_OWN_PARTS = frozenset({"document-container", "document-information"})
# What stands once on each page that was seen.
_SINGLE = {"date_text": "h2.date", "title": ".content-block h1.title", "credits": "p.donated", "summary": ".text-block"}
_WORDS = {"date_text": "date", "title": "title", "credits": "line of thanks", "summary": "summary"}
_AUTHORS, _CONTRIBUTORS = "author", ("document contributor", "contributor")


@dataclass(slots=True)
class Fields:
    """What a page says of its document."""

    values: dict[str, Any] = field(default_factory=dict)
    terms: list[PageTerm] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    _named: set[tuple[TermRole, str]] = field(default_factory=set)

    def document(self) -> DocumentFields:
        """The fields as one row."""
        return DocumentFields(**self.values)

    def add_term(self, role: TermRole, name: str, term: Term) -> None:
        """Note a term; the same one in the same role stands once."""
        if (role, term.term_id) not in self._named:
            self._named.add((role, term.term_id))
            position = len(self.terms) + 1
            self.terms.append(PageTerm(position, role, term.term_id, term.kind, name, term.url, term.facet_id))


def read_fields(page: PageTree) -> Fields:
    """The fields and terms of a document's page."""
    found = Fields()
    _read_head(page, found)
    _read_people(page, found)
    _read_pill_blocks(page, found)
    _read_information(page, found)
    _read_addresses(page, found)
    return found


def _read_head(page: PageTree, found: Fields) -> None:
    values = found.values
    whole = {name: page.whole(selector) for name, selector in _SINGLE.items()}
    for name, nodes in whole.items():
        values[name] = (paragraphs if name == "summary" else line)(nodes[0]) if nodes else None
    values["title"] = values["title"] or page.line("h1.title")
    if values["title"] is None:
        found.issues.append(FIELD_MISSING.issue("the document's page has no title", expected="h1.title"))
    for name, selector in _SINGLE.items():
        for text in dict.fromkeys(filter(None, map(line, whole[name][1:]))):
            if text != " ".join((values[name] or "").split()):
                found.issues.append(
                    _unknown(selector, text, f"the page has a second {_WORDS[name]}; it is in no table")
                )


def _read_people(page: PageTree, found: Fields) -> None:
    """Authors and participants, which stand in one list as two runs, or in lists of their own."""
    for heading in page.own("h2.title"):
        label = line(heading) or ""
        plain = label.lower()
        is_known = plain.startswith((_AUTHORS, *_CONTRIBUTORS))
        if not is_known and (plain.startswith(OTHER_HEADINGS) or not _is_of_document(heading)):
            continue
        runs: list[list[LexborNode]] = []
        for node in _behind(heading):
            if page.is_touched(node):
                break
            if node.tag == "ul" and is_known:
                runs += _runs(node)
                found.issues += _left_over(label, node, [pill for run in runs for pill in run])
            elif text := _text_of(node):
                found.issues.append(_unknown(label, text))
        if plain.startswith(_AUTHORS) and len(runs) > 2:
            message = f"a list has {len(runs)} runs of names, and two are known; all are taken for authors"
            names = "; ".join(filter(None, (_name_of(pill) for run in runs for pill in run)))
            found.issues.append(_unknown(label, names, message))
        has_participants = plain.startswith(_AUTHORS) and len(runs) == 2
        for run in runs:
            is_participants = run is runs[0] if has_participants else plain.startswith(_CONTRIBUTORS)
            _add_pills(found, run, "participant" if is_participants else "author", "people")


def _behind(heading: LexborNode) -> Iterator[LexborNode]:
    """What stands below a heading, up to the next, or to what is around that."""
    node = heading.next
    while node is not None and node.tag not in _HEADINGS and node.css_first(_HEADINGS_CSS) is None:
        yield node
        node = node.next


def _text_of(node: LexborNode) -> str:
    return plain_text(node) if node.text_content is None else node.text_content.strip()


def _is_of_document(node: LexborNode) -> bool:
    around = node.parent
    while around is not None and _OWN_PARTS.isdisjoint(classes(around)):
        around = around.parent
    return around is not None


def _runs(pills: LexborNode) -> list[list[LexborNode]]:
    """The runs of a list: pills that follow one another are one, white space parts two. Without empty ones."""
    runs: list[list[LexborNode]] = [[]]
    for node in pills.iter(include_text=True):
        if node.text_content is not None and runs[-1]:
            runs.append([])
        elif node.text_content is None:
            runs[-1] += _pills_in(node)
    return [run for run in runs if run]


def _pills_in(node: LexborNode) -> list[LexborNode]:
    """The pills, or else links, that a place of a list holds; itself, if it holds none."""
    if node.tag == "a" or _PILL in classes(node):
        return [node]
    return node.css(f".{_PILL}") or node.css("a") or [node]


def _pills_below(block: LexborNode) -> list[LexborNode]:
    """All pills, and what a place of a list has in place of one."""
    if block.css_first(_WITHOUT_PILL_CSS) is None:
        return block.css(f".{_PILL}")
    items = block.css(f".{_PILL}, li")
    return [*{pill.mem_id: pill for item in items for pill in _pills_in(item)}.values()]


def _left_over(label: str, node: LexborNode, pills: list[LexborNode]) -> Iterator[Issue]:
    """An issue for text that stands beside the pills of a list."""
    text = _text_beside(node, pills)
    if _SAYS_SOMETHING.search(text):
        yield _unknown(label, text, "text stands beside the names of a list; it is in no table")


def _text_beside(node: LexborNode, pills: list[LexborNode]) -> str:
    """What stands beside the pills of a list; empty where no word does, which is quick to see."""
    places = {pill.mem_id for pill in pills}
    if not _has_words(node, places) and node.css_first(_NUMBERS_CSS) is None:
        return ""
    return plain_text(node, lambda inner: inner.mem_id in places, keeps_lines=True)


def _has_words(node: LexborNode, without: set[int]) -> bool:
    """Whether there is a word below a node, seen or not, but in elements that are given by their ids."""
    waiting = [node]
    while waiting:
        inner = waiting.pop().first_child
        while inner is not None:
            if (text := inner.text_content) is None:
                if inner.mem_id not in without:
                    waiting.append(inner)
            elif _SAYS_SOMETHING.search(text):
                return True
            inner = inner.next
    return False


def _read_pill_blocks(page: PageTree, found: Fields) -> None:
    for block in page.whole(".pill-block"):
        heading = block.css_first(".title")
        label = (line(heading) if heading is not None else None) or ""
        known = next(((role, kind) for start, role, kind in _BLOCKS if label.lower().startswith(start)), None)
        pills = _pills_below(block)
        for pill in pills:
            names = classes(pill)
            own = next((kind for name, kind in _PILLS.items() if name in names), known)
            if own is not None:
                _add_pills(found, [pill], *own)
            else:
                found.issues.append(_unknown_label(label, pill))
        found.issues += _left_over(label, block, [*pills, *([heading] if heading is not None else [])])


def _add_pills(found: Fields, pills: list[LexborNode], role: TermRole, kind: TermKind) -> set[str]:
    """Note the terms of pills; gives their names."""
    names = set()
    for pill in pills:
        name = _name_of(pill)
        if name is not None:
            names.add(name)
            found.add_term(role, name, term_of(pill.attributes.get("href"), name, kind))
    return names


def _name_of(pill: LexborNode) -> str | None:
    return line(pill.css_first(".name") or pill)


# The block of information


def _read_information(page: PageTree, found: Fields) -> None:
    for block in page.whole(".information-block"):
        heading, text = block.css_first(".sub-title"), block.css_first(".text")
        label = (line(heading) if heading is not None else None) or ""
        name = FIELDS.get(label.lower().rstrip(":").rstrip())
        if name is None:
            found.issues.append(_unknown_label(label, text or block))
        elif text is None:
            if (block_text := plain_text(block)) not in ("", label):
                found.issues.append(_unknown(label, block_text))
        elif name in found.values:
            if _READERS[name](text) != found.values[name]:
                found.issues.append(_unknown_label(label, text, "the page has a label twice; the first counts"))
        else:
            found.values[name] = _READERS[name](text)
            if name in TERMS_OF_FIELDS:
                _add_field_terms(found, name, text)


def _names(text: LexborNode) -> tuple[str, ...]:
    """The names of pills or of links, and each line that stands beside them."""
    pills = _pills_of_field(text)
    names = [name for pill in pills if (name := _name_of(pill))]
    return (*names, *_values(_text_beside(text, pills)))


def _pills_of_field(text: LexborNode) -> list[LexborNode]:
    return text.css(f".{_PILL}") or text.css("a")


def _lines(text: LexborNode) -> tuple[str, ...]:
    """Values that are parted by line breaks of the source, or by blocks."""
    return _values(plain_text(text, keeps_lines=True))


def _values(lines: str) -> tuple[str, ...]:
    return tuple(value for part in lines.split("\n") if _SAYS_SOMETHING.search(value := " ".join(part.split())))


def _donors(text: LexborNode) -> tuple[str, ...]:
    blocks = "\n\n" if text.css_first(_BLOCKS_CSS) is not None else ""
    parts = _DONORS_JOINED.split(text.text(deep=True, separator=blocks))
    return tuple(" ".join(part.split()) for part in parts if part.strip())


_READERS: Mapping[str, Callable[[LexborNode], Any]] = {
    "source": paragraphs,
    "original_archive": _names,
    "rights": paragraphs,
    "uploaded_on": line,
    "document_type": _lines,
    "languages": _names,
    "record_id": line,
    "original_classification": paragraphs,
    "donors": _donors,
}


def _add_field_terms(found: Fields, name: str, text: LexborNode) -> None:
    role, kind = TERMS_OF_FIELDS[name]
    of_pills = _add_pills(found, text.css(f".{_PILL}"), role, kind)
    for value in found.values[name]:
        if value not in of_pills:
            found.add_term(role, value, Term(named_id(kind, value), kind, None))


# The page's own URLs


def _read_addresses(page: PageTree, found: Fields) -> None:
    values = found.values
    values["url"] = _only([*dict.fromkeys(filter(None, map(document_url, page.canonicals())))], "URLs", found)
    values["node_id"] = _only(page.node_ids(), "node ids", found)
    values["cited_url"] = _only(cited_urls(page), "URLs for citation", found)
    cited = _NUMBERED.fullmatch(urlsplit(values["cited_url"]).path) if values["cited_url"] else None
    numbers = [number for number in (values.get("record_id"), cited[1] if cited else None) if number]
    values["record_id"] = _only([*dict.fromkeys(numbers)], "record ids", found)
    if values["record_id"] is None and numbers:
        values["cited_url"] = None
    links = page.own('a[href*="/document/"][href$="/download"]')
    values["download_url"] = file_url((links[0].attributes.get("href") or "").strip()) if links else None


def _only(values: list[str], what: str, found: Fields) -> str | None:
    """The one value; none, and an issue, if the page has several."""
    if len(values) > 1:
        message = f"the page gives itself several {what}; none was trusted"
        found.issues.append(CONFLICTING_NUMBERS.issue(message, expected="one", found=", ".join(values)))
        return None
    return values[0] if values else None


def _unknown_label(label: str, node: LexborNode, message: str = NOT_KNOWN) -> Issue:
    return _unknown(label, plain_text(node), message)


def _unknown(label: str, text: str, message: str = NOT_KNOWN) -> Issue:
    return UNKNOWN_LABEL.issue(message, expected=label or None, found=text or None)


def unknown_headings(page: PageTree) -> Iterator[Issue]:
    """An issue for each heading of a section that is not known, and is in no list that was read."""
    for heading in page.own(".document-container h3.title"):
        label = (line(heading) or "").lower()
        is_known = label.startswith(tuple(start for start, _, _ in _BLOCKS) + OTHER_HEADINGS)
        around = heading.parent
        if not is_known and around is not None and "pill-block" not in classes(around):
            yield _unknown_label(line(heading) or "", around)
