"""Facets of a listing page: what its sidebar offers is found by role, whatever the markup, with name and count."""

from html import escape
from urllib.parse import quote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extractors.wilson_center.layouts.facets import Facet, read_facets
from extractors.wilson_center.urls import ListingUrl, parse_listing_url
from tests.replica import replica
from tests.replica.pages import BROKEN, MARKUPS

HREF = "/search?f%5B0%5D=topics%3A86494&amp;fo%5B0%5D=86494"

# The three ways in which the replica lays out a line of its sidebar.
STYLES = {
    "spans": (
        '<li class="facet-item"><a href="{href}" rel="nofollow"><span class="facet-item__value">{name}</span> '
        '<span class="facet-item__count">({count})</span></a></li>'
    ),
    "badge": (
        '<li><input type="checkbox" disabled><a href="{href}"><span>{name}</span></a>\n'
        '<span class="badge rounded-pill">{count}</span></li>'
    ),
    "words": "<li><a rel='nofollow' href='{href}'>{name} ({count})</a></li>",
}
NAMES = [
    "Cuban Missile Crisis",
    "Treaties (annex)",
    "People & Organizations <all>",
    "Operation 40",
    "Crisis (1962)",
    "1945",
    "(1945)",
    "Dolányi, János “J.”",
    "中国",
    "A (b) & c 2",
]


def sidebar(*items: str) -> str:
    return f"<html><body><aside><ul>{''.join(items)}</ul></aside></body></html>"


def only(text: str, own: str = "/search") -> Facet:
    address = parse_listing_url(own)
    assert address is not None
    (facet,) = read_facets(text, address)
    return facet


# The replica


@pytest.mark.parametrize("markup", [*MARKUPS, BROKEN])
def test_the_facets_of_a_site_are_its_collections(markup: str) -> None:
    with replica(documents=400, collections=400, markup=markup) as site:
        truth = [
            Facet(one.kind, one.id, one.name, len(one.addresses))
            for one in site.truth.collections
            if one.kind != "text"
        ]
        pages = [httpx.get(f"{site.url}/search?page={page}", trust_env=False).text for page in range(3)]

    assert any(facet.name is not None and facet.name[-1].isdigit() for facet in truth)
    for page in pages:
        assert sorted(read_facets(page), key=str) == sorted(truth, key=str)


def test_the_pager_and_the_search_form_of_a_filtered_page_are_no_facets() -> None:
    with replica(documents=200, collections=1) as site:
        (collection,) = site.truth.collections
        page = httpx.get(f"{site.url}{collection.path}&page=1", trust_env=False).text

    assert "page=2" in page
    assert read_facets(page, ListingUrl(((collection.kind, collection.id),))) == []


# Names and counts


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_read_to_the_letter_in_every_style(name: str, style: str) -> None:
    item = STYLES[style].format(href=HREF, name=escape(name), count=89)

    assert only(sidebar(item)) == Facet("topics", "86494", name, 89)


COUNTS = {
    "none": ("<li><a href='{}'>China</a></li>", ("China", None)),
    "none, and a number at the end of the name": ("<li><a href='{}'>China 89</a></li>", ("China 89", None)),
    "none, and a name that is a number": ("<li><a href='{}'><b>1945</b></a></li>", ("1945", None)),
    "zero": ("<li><a href='{}'>China (0)</a></li>", ("China", 0)),
    "thousands": ("<li><a href='{}'>China (16,153)</a></li>", ("China", 16153)),
    "without a blank": ("<li><a href='{}'>China<span>(89)</span></a></li>", ("China", 89)),
    "no list at all": ("<p><a href='{}'>China (89)</a></p>", ("China", 89)),
    "behind a fixed blank": ("<li><a href='{}'>China&nbsp;(89)\n </a></li>", ("China", 89)),
    "badge within the link": ("<li><a href='{}'>China <span class=badge>89</span></a></li>", ("China", 89)),
    "text beside the link": ("<li><a href='{}'>China</a> (89)</li>", ("China", 89)),
    "badge before the link": ("<li><span>89</span> <a href='{}'>China</a></li>", ("China", 89)),
    "badge beside what the link is in": ("<li><label><a href='{}'>China</a></label><i>(89)</i></li>", ("China", 89)),
    "told twice": ("<li><a href='{}'>China (89)</a><span>89</span></li>", ("China", 89)),
    "number in the name, and a badge": ("<li><a href='{}'>Plan <b>40</b></a> <i>89</i></li>", ("Plan 40", 89)),
    "number beside the link, outside the list": ("<ul><li><a href='{}'>China</a></li></ul> 89", ("China", None)),
    "number beside the link, without a list": ("<p><a href='{}'>China</a> 89</p>", ("China", None)),
    "number of another item": ("<li><a href='{}'>China</a></li><li>89</li>", ("China", None)),
    "words beside the link": ("<li><a href='{}'>China</a> 89 documents</li>", ("China", None)),
    "no name": ("<li><a href='{}'> </a></li>", (None, None)),
    "no name, but a count": ("<li><a href='{}'>(89)</a></li>", (None, 89)),
    "no name, but an icon": ("<li><a href='{}'><svg><title>x</title></svg><img alt=y></a> 89</li>", (None, 89)),
    "script in the link": ("<li><a href='{}'>China<script>(1)</script> (89)</a></li>", ("China", 89)),
    "name in pieces": ("<li><a href='{}'>Chi<em>na</em>,\n <b>East</b> (89)</a></li>", ("China, East", 89)),
}


@pytest.mark.parametrize(("item", "facet"), COUNTS.values(), ids=COUNTS)
def test_a_count_is_what_stands_apart_from_the_name(item: str, facet: tuple[str | None, int | None]) -> None:
    found = only(sidebar(item.format(HREF)))

    assert (found.name, found.count) == facet


def test_narrower_terms_have_counts_of_their_own() -> None:
    text = sidebar(
        '<li><a href="/search?f[0]=topics:1">Asia</a><ul><li><a href="/search?f[0]=topics:2">1945</a></li></ul></li>'
        '<li><a href="/search?f[0]=topics:3">Arms</a><ul><li><a href="/search?f[0]=topics:4">1945</a> 7</li></ul></li>'
    )

    found = [(one.name, one.count) for one in read_facets(text)]
    assert found == [("Asia", None), ("1945", None), ("Arms", None), ("1945", 7)]


def test_each_link_of_one_item_has_the_count_behind_it() -> None:
    names = ("Years</a>", "1945</a> <b>9</b>", "Asia</a> <b>8</b>")
    links = (f'<a href="/search?f[0]=topics:{number}">{name}' for number, name in enumerate(names))

    found = [(one.name, one.count) for one in read_facets(sidebar(f"<li>{' '.join(links)}</li>"))]
    assert found == [("Years", None), ("1945", 9), ("Asia", 8)]


# Which links are facets

SPELLINGS = [
    "/search?f[0]=topics:86494",
    "?f[0]=topics:86494",
    "/search?f%255B3%255D=topics%253A86494&fo[3]=86494&items_per_page=100",
    "https://digitalarchive.wilsoncenter.org/search?f[0]=topics%3A86494",
    "https://wilson-center.drivingcreative.com/search?f[0]=topics:86494",
    "/search?search_api_fulltext=&f[0]=topics:86494",
]


@pytest.mark.parametrize("href", SPELLINGS)
def test_a_facet_is_found_however_its_address_is_spelled(href: str) -> None:
    text = sidebar(f"<li><a href='{escape(href)}'>China (89)</a></li>")

    assert read_facets(text) == [Facet("topics", "86494", "China", 89)]


def test_the_same_facet_linked_twice_is_one() -> None:
    text = sidebar(*(f"<li><a href='{escape(href)}'>China (89)</a></li>" for href in SPELLINGS))

    assert read_facets(text) == [Facet("topics", "86494", "China", 89)]


def test_what_one_link_lacks_another_to_the_same_facet_tells() -> None:
    items = [f"<li><a href='{HREF}'>{text}</a></li>" for text in ("<img src=x>", "China", "Chine (89)")]

    assert read_facets(sidebar(*items)) == [Facet("topics", "86494", "China", 89)]


OTHER_LINKS = [
    "/search",
    "/search?page=2",
    "?page=2",
    "/search?search_api_fulltext=china",
    "/search?search_api_fulltext=china&f[0]=topics:86494",
    "/search?f[0]=topics:86494&f[1]=people:12",
    "/search?f[0]=topics:86494&field_date=1950",
    "/topics/china",
    "/document/china",
    "https://example.com/search?f[0]=topics:86494",
    "",
]


@pytest.mark.parametrize("href", OTHER_LINKS)
def test_other_links_are_no_facets(href: str) -> None:
    assert read_facets(sidebar(f"<li><a href='{escape(href)}'>China (89)</a></li>")) == []


def test_a_link_without_an_address_is_no_facet() -> None:
    assert read_facets("<a>China (89)</a><a href>China (89)</a>") == []


FILTERED = "/search?f[0]=topics:1&page=1"
ON_A_FILTERED_PAGE = [
    ("/search?f[0]=topics:1&f[1]=people:12", "people"),
    ("/search?f[0]=people:12&f[1]=topics:1&fo[0]=12", "people"),
    ("/search?f[0]=topics:1&f[1]=topics:2", "topics"),
    ("?f[0]=topics:1&page=2", None),  # the pager
    ("/search?f[0]=topics:1", None),
    ("/search", None),  # what takes the facet away
    ("/search?f[0]=topics:2", None),  # what takes another in its place
    ("/search?f[0]=topics:1&f[1]=topics:2&f[2]=people:12", None),
]


@pytest.mark.parametrize(("href", "kind"), ON_A_FILTERED_PAGE)
def test_a_facet_of_a_filtered_page_asks_for_one_more(href: str, kind: str | None) -> None:
    own = parse_listing_url(FILTERED)
    assert own is not None

    found = read_facets(sidebar(f"<li><a href='{escape(href)}'>Mao (3)</a></li>"), own)

    assert [facet.kind for facet in found] == ([kind] if kind else [])


def test_links_at_the_base_of_another_archive_are_facets_there_alone() -> None:
    text = sidebar("<li><a href='http://127.0.0.1:8000/search?f[0]=topics:1'>China (89)</a></li>")

    assert read_facets(text, base="http://127.0.0.1:8000") == [Facet("topics", "1", "China", 89)]
    assert read_facets(text) == read_facets(text, base="http://127.0.0.1:8001") == []


# Rows

PILL = f"<a href='{HREF}'>China (89)</a>"
ROWS = {
    "table row": "<table><tr><td class=document><h3><a href='/document/{n}'>T</a></h3><p>On "
    + PILL
    + "</p></tr></table>",
    "cells": "<table><tr><td><a href='/document/{n}'>T</a><td>" + PILL + "</table>",
    "table row with several documents": (
        "<table><tr><td><a href='/document/{n}'>T</a> <a href='/document/x'>U</a><div>" + PILL + "</div></table>"
    ),
    "pills in a list": "<table><tr><td><a href='/document/{n}'>T</a><ul><li>" + PILL + "</ul></table>",
    "list item": "<li><div><a href='/document/{n}'>T</a></div><div>" + PILL + "</div></li>",
    "article": "<article><div><a href='/document/{n}'>T</a></div><div>" + PILL + "</div></article>",
    "card": "<div class=card><h5><a href='/document/{n}'>T</a></h5><p>" + PILL + "</p></div>",
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_links_in_rows_are_no_facets_and_those_of_the_sidebar_are(row: str) -> None:
    rows = "".join(row.format(n=number) for number in range(3))
    featured = "<div><a href='/document/featured'>Featured</a></div>"
    item = "<ul><li><a href='/search?f[0]=people:12'>Mao</a> <b>3</b></li></ul>"
    text = f"<body><div class=page><div class=sidebar>{item}{featured}</div><div class=main>{rows}</div></div></body>"

    assert read_facets(text) == [Facet("people", "12", "Mao", 3)]


def test_a_page_beside_featured_documents_is_no_row() -> None:
    featured = "".join(f"<div><a href='/document/{name}'>Featured</a></div>" for name in ("x", "y"))
    rows = "".join(f"<p><a href='/document/{number}'>T</a></p>" for number in range(3))

    assert len(read_facets(f"<body><div><p>{PILL}</p>{rows}</div>{featured}</body>")) == 1


def test_a_link_in_the_only_row_is_no_facet() -> None:
    assert read_facets(f"<body><table><tr><td><a href='/document/1'>T</a> {PILL}</td></tr></table></body>") == []


# Any text


@given(
    st.text() | st.lists(st.sampled_from(["<li>", "<a href='?f[]=a:1'>", "</a>", "(9)", "</li>", "<td>"])).map("".join)
)
@example("")
@example("<a href='/search?f[0]=topics:1\ud800'>\ud800</a>")
@example(f"<a href='{quote('/search?f[0]=topics:')}'>")
@example("<div>" * 3000 + "<a href='/search?f[0]=topics:1'>")
def test_any_text_has_facets_or_none(text: str) -> None:
    facets = read_facets(text)

    assert len({(one.kind, one.term) for one in facets}) == len(facets)
    assert all(one.name != "" for one in facets)
