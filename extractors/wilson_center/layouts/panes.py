"""The texts and files of a document's page: the panes of its tabs, shown or hidden."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import get_args

from selectolax.lexbor import LexborNode

from extractors.html.plain_text import plain_text
from extractors.wilson_center.file_urls import file_url
from extractors.wilson_center.layouts.page_tree import PageTree, classes, pane_around
from schemas.document_records import LanguageBasis, PageFile, PageText, TextKind
from schemas.issues import CUT_OFF, EMPTY_PANE, TEXT_OUTSIDE_PANES, UNKNOWN_PANE, Issue

_TABS = "#documentTabs"
_KINDS: dict[str, TextKind] = {kind: kind for kind in get_args(TextKind) if kind != "other"}
_MAX_SHOWN = 200
# What stands behind the panes on each page, so that it is within one only if what was pasted into that is not closed.
_BEHIND = frozenset({"document-options", "document-information"})
_BEHIND_CSS = ", ".join(f".{name}" for name in sorted(_BEHIND))
_FRAMES = {"object": "data"} | dict.fromkeys(("audio", "embed", "iframe", "img", "source", "video"), "src")
_FRAMES_CSS = ", ".join([*(f"{tag}[{attribute}]" for tag, attribute in _FRAMES.items()), _BEHIND_CSS])
# Parts of the page of which the first begin within a pane only if what was pasted into it is not closed.
_PARTS = _BEHIND | {"pill-block", "text-block", "tab-pane", "modal", "related-articles"}
_PARTS_CSS = ", ".join(f".{name}" for name in sorted(_PARTS))
_PART_TAGS = frozenset({"div", "section", "footer"})

_IsOutside = Callable[[LexborNode], bool]


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
    panes = page.tree.css(".tab-pane")
    if not panes and not page.is_cut:
        found.issues.append(EMPTY_PANE.issue("the page has no pane, and so no text and no file", expected=_TABS))
    for pane in panes:
        name = pane.attributes.get("id") or ""
        kind, _, language = name.partition("-")
        _read_pane(page, found, pane, _KINDS.get(kind, "other"), (language or None) if kind in _KINDS else None)
        if kind not in _KINDS:
            text = plain_text(pane, _outside_of(pane))
            message = "the page has a pane of an unknown kind; what it holds is kept as `other`"
            found.issues.append(UNKNOWN_PANE.issue(message, " or ".join(_KINDS), f"{name}: {text[:_MAX_SHOWN]}"))
    found.issues += _texts_beside(page)
    found.texts = [_with_language(text, languages) for text in found.texts]
    return found


def _read_pane(page: PageTree, found: Panes, pane: LexborNode, kind: TextKind, language: str | None) -> None:
    name = " ".join(filter(None, (kind, language)))
    frames = {source: file_url(source) for source in _frames(pane)}
    for source, url in frames.items():
        if url is None:
            message = f"a pane of the page ({name}) shows a file that has no URL on the site; it is in no table"
            found.issues.append(EMPTY_PANE.issue(message, expected="a URL", found=source[:_MAX_SHOWN]))
    urls = [*dict.fromkeys(filter(None, frames.values()))]
    for url in urls:
        media_type = "application/pdf" if url.partition("?")[0].lower().endswith(".pdf") else None
        found.files.append(PageFile(len(found.files) + 1, kind, language, url, media_type))
    text = plain_text(pane, _outside_of(pane))
    if page.is_touched(pane):
        if text:
            message = f"the page ends within this text ({name}), of which {len(text)} characters came; it was left out"
            found.issues.append(CUT_OFF.issue(message, found=text[-_MAX_SHOWN:]))
    elif text:
        found.texts.append(PageText(len(found.texts) + 1, kind, language, "stated" if language else None, text))
    elif not frames and all(inner.mem_id == pane.mem_id for inner in pane.css(".tab-pane")):
        found.issues.append(EMPTY_PANE.issue("a pane of the page has neither a text nor a file", found=name))


def _frames(pane: LexborNode) -> Iterator[str]:
    """Where the files are that a pane shows, as it is printed, without those of panes within it."""
    for frame in pane.css(_FRAMES_CSS):
        if not _BEHIND.isdisjoint(classes(frame)):
            return
        source = (frame.attributes.get(_FRAMES[frame.tag or ""]) or "").strip()
        around = pane_around(frame)
        if source and around is not None and around.mem_id == pane.mem_id:
            yield source


def _outside_of(pane: LexborNode) -> _IsOutside:
    """What is in a pane and no part of its text: what is pasted may well have names of the page's own parts."""
    return _is_pane if pane.css_first(_BEHIND_CSS) is None else _is_other_part


def _is_pane(node: LexborNode) -> bool:
    return node.tag == "div" and "tab-pane" in classes(node)


def _is_other_part(node: LexborNode) -> bool:
    tag = node.tag or ""
    return tag in _PART_TAGS and (tag == "footer" or not _PARTS.isdisjoint(classes(node)))


def _texts_beside(page: PageTree) -> Iterator[Issue]:
    """An issue for text among the panes that is in none, as where what was pasted closes its pane."""
    frame = page.tree.css_first(".document-frame") or page.tree.css_first(_TABS)
    if frame is None:
        return
    text = "\n\n".join(filter(None, map(_text_of, [frame, *_behind(frame)])))
    if text:
        message = f"{len(text)} characters stand beside the panes of the page, and are in no text"
        yield TEXT_OUTSIDE_PANES.issue(message, found=text[:_MAX_SHOWN])


def _text_of(node: LexborNode) -> str:
    own = node.text_content
    return plain_text(node, _is_other_part) if own is None else " ".join(own.split())


def _behind(frame: LexborNode) -> Iterator[LexborNode]:
    """What stands between the frame of the panes and the next part of the page: none, unless it was closed early."""
    around: LexborNode | None = frame
    while around is not None and around.tag != "body":
        node = around.next
        while node is not None:
            if _is_other_part(node) or node.css_first(_PARTS_CSS) is not None:
                return
            yield node
            node = node.next
        around = around.parent


def _with_language(text: PageText, languages: tuple[str, ...]) -> PageText:
    """A text in the document's only language, if its pane names none and it is no translation."""
    if text.language is not None or text.kind == "translation" or len(languages) != 1:
        return text
    basis: LanguageBasis = "derived"
    return PageText(text.position, text.kind, languages[0], basis, text.text)
