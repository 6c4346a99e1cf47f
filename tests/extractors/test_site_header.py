"""A page is read the same without what is in the header of its site."""

import pytest

from extractors.html.tree import parse_html
from extractors.wilson_center.layouts.site_header import parse_without_header

REST = '<h2 class="date">May 1960</h2><p class="text-block">What it is about</p><a href="/document/1">One</a>'


def page(header: str, before: str = '<div class="frame">', head: str = "") -> str:
    """A page with such a header."""
    return f"<!doctype html><head>{head}</head><body>{before}<header>{header}</header>{REST}</div></body></html>"


def shown(text: str, *, whole: bool = False) -> list[tuple[str, list[str | None]]]:
    """Each part that is looked for, with its text and the elements around it."""
    found = []
    for node in (parse_html if whole else parse_without_header)(text).css("h2.date, .text-block, a[href*=document]"):
        around, parent = [], node.parent
        while parent is not None:
            around.append(parent.tag)
            parent = parent.parent
        found.append((node.text(), around))
    return found


def test_what_is_in_a_header_that_stands_alone_is_not_in_the_tree() -> None:
    tree = parse_without_header(page("<nav><a href='/'>Home</a></nav>"))
    header = tree.css_first("header")
    assert header is not None
    assert header.first_child is None
    assert tree.css_first("nav") is None


@pytest.mark.parametrize(
    "text",
    [
        page("<nav><a href='/'>Home</a></nav>"),
        page("<nav><b>Home</nav>"),
        page("<a href='/'>Home"),
        page("<form>Search"),
        page("<!-- Home"),
        page("<script>'Home'"),
        page("<textarea>Home"),
        page('<h2 class="date">June 1961</h2>'),
        page('<ul class="text-block"><li>Home</ul>'),
        page("</div></header><p>Home"),
        page("Home", before='<h2 class="date">'),
        page("Home", before="<!-- "),
        page("Home --> Search", before="<!-- "),
        page("Home", before="<select>"),
        page("Home", before="<table><tr>"),
        page("Home", before="<b><p>"),
        page("Home", before='<div title="<body">'),
        page("Home", head='<h2 class="date">'),
        page("Home", head="<!-- "),
        page("Home", head="<a href='/document/2'>"),
        page("Home --> Search", head="<!-- <header></header>"),
        page("Home").replace("<!doctype html>", ""),
        page("Home").replace("</header>", ""),
        page("Home").replace("<body>", ""),
    ],
)
def test_the_rest_of_a_page_is_read_the_same_whatever_is_in_its_header(text: str) -> None:
    assert shown(text) == shown(text, whole=True)
