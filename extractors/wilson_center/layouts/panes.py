"""The texts and files of a document's page: the panes of its tabs, shown or hidden."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import get_args
from urllib.parse import urljoin

from selectolax.lexbor import LexborNode

from extractors.html.plain_text import plain_text
from extractors.wilson_center.layouts.page_tree import PageTree
from extractors.wilson_center.urls import ARCHIVE_URL
from schemas.document_records import LanguageBasis, PageFile, PageText, TextKind
from schemas.issues import CUT_OFF, EMPTY_PANE, TEXT_OUTSIDE_PANES, UNKNOWN_PANE, Issue

_TABS = "#documentTabs"
_KINDS: dict[str, TextKind] = {kind: kind for kind in get_args(TextKind) if kind != "other"}
_FRAMES = {"object": "data", "embed": "src", "iframe": "src"}
_MAX_SHOWN = 200
# Parts of the page that begin within a pane only if what was pasted into it is not closed.
_PARTS = frozenset(
    {"document-options", "document-information", "pill-block", "text-block", "tab-pane", "modal", "related-articles"}
)
_PART_TAGS = frozenset({"div", "section", "footer"})


@dataclass(slots=True)
class Panes:
    """What the panes hold."""

    texts: list[PageText] = field(default_factory=list)
    files: list[PageFile] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def read_panes(page: PageTree, languages: tuple[str, ...]) -> Panes:
    """Texts and files of all panes, in the order of the page.

    Args:
        page: The page.
        languages: Of the document: a text whose pane names none is in the only one.
    """
    found = Panes()
    for pane in page.tree.css(f"{_TABS} .tab-pane"):
        name = pane.attributes.get("id") or ""
        kind, _, language = name.partition("-")
        _read_pane(page, found, pane, _KINDS.get(kind, "other"), (language or None) if kind in _KINDS else None)
        if kind not in _KINDS:
            text = plain_text(pane, _is_other_part)
            message = "the page has a pane of an unknown kind; what it holds is kept as `other`"
            found.issues.append(UNKNOWN_PANE.issue(message, " or ".join(_KINDS), f"{name}: {text[:_MAX_SHOWN]}"))
    found.issues += _texts_beside(page)
    found.texts = [_with_language(text, languages) for text in found.texts]
    return found


def _read_pane(page: PageTree, found: Panes, pane: LexborNode, kind: TextKind, language: str | None) -> None:
    urls = [*_frames(pane)]
    for url in urls:
        media_type = "application/pdf" if url.partition("?")[0].lower().endswith(".pdf") else None
        found.files.append(PageFile(len(found.files) + 1, kind, language, url, media_type))
    text = plain_text(pane, _is_other_part)
    name = " ".join(filter(None, (kind, language)))
    if page.is_touched(pane):
        if text:
            message = f"the page ends within this text ({name}), of which {len(text)} characters came; it was left out"
            found.issues.append(CUT_OFF.issue(message, found=text[-_MAX_SHOWN:]))
    elif text:
        found.texts.append(PageText(len(found.texts) + 1, kind, language, "stated" if language else None, text))
    elif not urls and all(inner.mem_id == pane.mem_id for inner in pane.css(".tab-pane")):
        found.issues.append(EMPTY_PANE.issue("a pane of the page has neither a text nor a file", found=name))


def _frames(pane: LexborNode) -> Iterator[str]:
    """URLs of the files that a pane shows, without those of panes within it."""
    for frame in pane.css("object[data], embed[src], iframe[src]"):
        source = (frame.attributes.get(_FRAMES[frame.tag or ""]) or "").strip()
        if source and _pane_around(frame) == pane.mem_id:
            try:
                yield urljoin(ARCHIVE_URL, source)
            except ValueError:  # an unclosed bracket: kept as it is printed
                yield source


def _pane_around(node: LexborNode) -> int | None:
    parent = node.parent
    while parent is not None and "tab-pane" not in _classes(parent):
        parent = parent.parent
    return parent.mem_id if parent is not None else None


def _classes(node: LexborNode) -> list[str]:
    return (node.attributes.get("class") or "").split()


def _is_other_part(node: LexborNode) -> bool:
    tag = node.tag or ""
    return tag in _PART_TAGS and (tag == "footer" or not _PARTS.isdisjoint(_classes(node)))


def _texts_beside(page: PageTree) -> Iterator[Issue]:
    """An issue for text among the panes that is in none, as where what was pasted closes its pane."""
    frame = page.tree.css_first(".document-frame") or page.tree.css_first(_TABS)
    text = plain_text(frame, _is_other_part) if frame is not None else ""
    if text:
        message = f"{len(text)} characters stand beside the panes of the page, and are in no text"
        yield TEXT_OUTSIDE_PANES.issue(message, found=text[:_MAX_SHOWN])


def _with_language(text: PageText, languages: tuple[str, ...]) -> PageText:
    """A text in the document's only language, if its pane names none and it is no translation."""
    if text.language is not None or text.kind == "translation" or len(languages) != 1:
        return text
    basis: LanguageBasis = "derived"
    return PageText(text.position, text.kind, languages[0], basis, text.text)
