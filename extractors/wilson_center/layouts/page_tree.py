"""The tree of a document's or term's page: where it ends early, and the values that many fields have in common."""

import json
import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from extractors.html.plain_text import plain_text

_PAGE_END = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_NODE_PATH = re.compile(r"node/([0-9]{1,12})")


class PageTree:
    """A page's tree.

    Args:
        text: HTML; what is pasted into it may well have a `</body>` of its own.
        last_mark: What stands behind all that is pasted on every whole page.
    """

    def __init__(self, text: str, last_mark: str) -> None:
        self.tree = LexborHTMLParser(text)
        self.is_cut = not _ends(text, last_mark)
        self._open = self._last_nodes() if self.is_cut else frozenset()

    def is_touched(self, node: LexborNode) -> bool:
        """Whether the page ends within an element, so that what it holds is not certain."""
        return node.mem_id in self._open

    def first(self, selector: str) -> LexborNode | None:
        """The first element that matches and is whole."""
        if not self._open:
            return self.tree.css_first(selector)  # stops at the first
        return next((node for node in self.tree.css(selector) if not self.is_touched(node)), None)

    def line(self, selector: str) -> str | None:
        """The text of the first element that matches and is whole, in one line; `None` if there is none."""
        node = self.first(selector)
        return line(node) if node is not None else None

    def canonical(self) -> str | None:
        """The URL that the page gives itself, as it stands there."""
        return _href(self.tree.css_first("link[rel=canonical]"))

    def node_ids(self) -> list[str]:
        """Numbers of the page in the site's database, as its short link and its settings have them; each once."""
        found: list[str] = []
        link = _href(self.tree.css_first("link[rel=shortlink]"))
        if link is not None and (match := _NODE_PATH.search(link)):
            found.append(match[1])
        scripts = self.tree.css("script[data-drupal-selector=drupal-settings-json]")
        paths = (_current_path(script.text(deep=True)) for script in scripts)
        found += [match[1] for path in paths if path and (match := _NODE_PATH.fullmatch(path))]
        return [*dict.fromkeys(found)]

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


def pane_around(node: LexborNode) -> LexborNode | None:
    """The innermost pane of the tabs that a node is in; `None` if it is in none."""
    parent = node.parent
    while parent is not None and "tab-pane" not in classes(parent):
        parent = parent.parent
    return parent


def paragraphs(node: LexborNode) -> str | None:
    """The text of an element, its paragraphs parted by an empty line; `None` if it has none."""
    return plain_text(node) or None


def _href(node: LexborNode | None) -> str | None:
    return (node.attributes.get("href") or None) if node is not None else None


def _ends(text: str, last_mark: str) -> bool:
    """Whether the page's own end is there, which is behind the last mark, or behind which nothing is."""
    tail = text.rstrip()[-16:].lower()
    if tail.endswith("</html>"):
        return True
    mark = text.rfind(last_mark)
    return mark >= 0 and _PAGE_END.search(text, mark) is not None


def _current_path(settings: str) -> str | None:
    try:
        path = json.loads(settings)["path"]["currentPath"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return path if isinstance(path, str) else None
