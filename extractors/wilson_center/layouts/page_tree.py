"""The tree of a document's or term's page: where it ends early, and the values that many fields have in common."""

import json
import re
from functools import cached_property

from selectolax.lexbor import LexborNode

from extractors.html.plain_text import plain_text
from extractors.wilson_center.layouts.site_header import parse_without_header

_PAGE_END = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_WHOLE_PAGE = re.compile(r"<(/?)html\b", re.IGNORECASE)
# SingleFile leaves out the end tags that HTML can do without.
_WITHOUT_END_TAGS = re.compile(r"<!--\s*Page saved with SingleFile", re.IGNORECASE)
_FOOTER_END = re.compile(r"</footer\s*>", re.IGNORECASE)
_MAX_LOOK = 10_000  # characters in which programs that save pages say so
_TABS, _BEHIND_TABS = "#documentTabs", ".document-options"
_NODE_PATH = re.compile(r"node/([0-9]{1,12})")


class PageTree:
    """A page's tree.

    Args:
        text: HTML; what is pasted into it may well have a `</body>` of its own.
        last_mark: What stands behind all that is pasted on every whole page.
    """

    def __init__(self, text: str, last_mark: str) -> None:
        self.tree = parse_without_header(text)
        self.is_cut = not _ends(text, last_mark)
        self._open = self._last_nodes() if self.is_cut else frozenset()
        self._pasted = self._span_of_tabs()

    def is_touched(self, node: LexborNode) -> bool:
        """Whether the page ends within an element, so that what it holds is not certain."""
        return node.mem_id in self._open

    def own(self, selector: str) -> list[LexborNode]:
        """The site's own elements that match: what is pasted into the panes of a document may well look like them."""
        if self._pasted is None:
            return self.tree.css(f"{selector}:not({_TABS} *)")
        nodes = self.tree.css(f"{selector}, {_TABS}, {_BEHIND_TABS}")
        places = [node.mem_id for node in nodes]
        begin, end = map(places.index, self._pasted)
        return nodes[:begin] + nodes[end + 1 :]

    def whole(self, selector: str) -> list[LexborNode]:
        """The site's own elements that match and in which the page does not end."""
        nodes = self.own(selector)
        return [node for node in nodes if not self.is_touched(node)] if self._open else nodes

    def first(self, selector: str) -> LexborNode | None:
        """The first of the site's own elements that matches and is whole."""
        return next(iter(self.whole(selector)), None)

    def line(self, selector: str) -> str | None:
        """The text of the first of them, in one line; `None` if there is none."""
        node = self.first(selector)
        return line(node) if node is not None else None

    def canonicals(self) -> list[str]:
        """The URLs that the page gives itself, as they stand there: one, on each page that was seen."""
        return [href for href in map(_href, self.own("link[rel=canonical]")) if href]

    def node_ids(self) -> list[str]:
        """Numbers of the page in the site's database, as its short link and its settings have them; each once."""
        found: list[str] = []
        link = next(map(_href, self.own("link[rel=shortlink]")), None)
        if link is not None and (match := _NODE_PATH.search(link)):
            found.append(match[1])
        found += [match[1] for path in self.current_paths if (match := _NODE_PATH.fullmatch(path))]
        return [*dict.fromkeys(found)]

    @cached_property
    def current_paths(self) -> list[str]:
        """What the page's settings say that the site shows: `node/93633`, or `system/404`."""
        scripts = self.own("script[data-drupal-selector=drupal-settings-json]")
        return [path for script in scripts if (path := _current_path(script.text(deep=True)))]

    def _span_of_tabs(self) -> tuple[int, int] | None:
        """The tabs and what stands behind them; `None` where the tabs are closed, so that no order has to tell."""
        tabs, behind = self.tree.css_first(_TABS), self.tree.css(_BEHIND_TABS)
        if tabs is None or not behind or _next_of(tabs.parent) == behind[-1].mem_id:
            return None
        return tabs.mem_id, behind[-1].mem_id

    def _last_nodes(self) -> frozenset[int]:
        """The elements in which the page ends."""
        found = set()
        node = self.tree.body or self.tree.root
        while node is not None:
            found.add(node.mem_id)
            node = node.last_child
        return frozenset(found)


def line(node: LexborNode) -> str | None:
    """The text of an element in one line; `None` if it has none."""
    return " ".join(plain_text(node).split()) or None


def classes(node: LexborNode) -> list[str]:
    """The classes of an element."""
    return (node.attributes.get("class") or "").split()


def _next_of(node: LexborNode | None) -> int | None:
    """The id of the next element beside a node."""
    following = node.next if node is not None else None
    while following is not None and following.text_content is not None:
        following = following.next
    return following.mem_id if following is not None else None


def pane_around(node: LexborNode) -> LexborNode | None:
    """The innermost pane of the tabs that a node is in; `None` if it is in none."""
    parent = node.parent
    while parent is not None and "tab-pane" not in classes(parent):
        parent = parent.parent
    return parent


def paragraphs(node: LexborNode) -> str | None:
    """The text of an element, its paragraphs parted by an empty line; `None` if it has none."""
    return plain_text(node) or None


def _href(node: LexborNode) -> str | None:
    return node.attributes.get("href") or None


def _ends(text: str, last_mark: str) -> bool:
    """Whether the page's own end is there, which is behind the last mark, or behind which nothing is."""
    mark = text.rfind(last_mark)
    if mark < 0:
        # What is pasted into a page may end as a page does.
        ends = _WHOLE_PAGE.findall(text) if text.rstrip()[-16:].lower().endswith("</html>") else []
        return bool(ends) and ends.count("") <= ends.count("/")
    if _PAGE_END.search(text, mark) is not None:
        return True
    return _WITHOUT_END_TAGS.search(text, 0, _MAX_LOOK) is not None and _FOOTER_END.search(text, mark) is not None


def _current_path(settings: str) -> str | None:
    try:
        path = json.loads(settings)["path"]["currentPath"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return path if isinstance(path, str) else None
