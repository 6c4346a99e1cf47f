"""The pages of the replica as HTML: what Drupal puts around a result, and several ways to lay out a row.

The real markup inside a row is not known. All of `MARKUPS` keep the reading order date, title, summary, and must be
read; `BROKEN` does not keep it, and stands for a layout that nobody has seen yet.
"""

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from urllib.parse import quote

from tests.replica.details import document_details
from tests.replica.document_html import main_of
from tests.replica.records import FACET_KINDS, NEWSPAPERS, Document
from tests.replica.results import PAGE_SIZES, FacetCount, Listing, Query, Sidebar, date_key

MARKUPS = ("1", "2", "3", "mixed")
BROKEN = "broken"
LINKS = ("relative", "absolute", "staging")

_HOSTS = {
    "relative": "",
    "absolute": "https://digitalarchive.wilsoncenter.org",
    "staging": "https://wilson-center.drivingcreative.com",
}
_FACET_TITLES = {
    "topics": "Topics",
    "people": "People & Organizations",
    "places": "Places",
    "languages": "Languages",
    "contributors": "Contributors",
    "original_repositories": "Original Repositories",
}
_MENU = {
    "Browse": ("Collections", "Document Archive", "Subjects", "Recently Added", "Popular Documents"),
    "Topics": ("1917-1945 Interwar Years", "1945-1991", "Decolonization", "Nuclear History"),
    "People": ("Ferenc Dolányi 1893-1976", "P. F. Sandov 1912- 1994", "All People & Organizations"),
    "Resources": ("Analysis", "Teaching", "Timelines", "Search Tips", "Using the Archive"),
    "About": ("About the Archive", "Contact", "Donors", "Copyright", "FAQ"),
}
_PAPERS = re.compile("|".join(map(re.escape, NEWSPAPERS)))
_PAGER_REACH = 4
_USUAL_RESULT_BYTES = 11_000


@dataclass(frozen=True)
class Appearance:
    """How the site looks: nothing of it changes what the site holds."""

    markup: str = "mixed"
    links: str = "relative"
    page_bytes: int = 100_000


@dataclass(frozen=True, slots=True)
class Html:
    """A page in two pieces: what it shares with its neighbours, which need be compressed once only, and its own."""

    shared: bytes
    own: bytes

    @property
    def whole(self) -> bytes:
        """The page."""
        return self.shared + self.own


class Renderer:
    """Makes pages of one appearance."""

    def __init__(self, appearance: Appearance) -> None:
        self._appearance = appearance
        self._filler = _css_rules(appearance.page_bytes)
        self._start = lru_cache(maxsize=64)(self._start_of_listing)

    def listing(self, listing: Listing, sidebar: Sidebar) -> Html:
        """A search page; what comes before the result is the same on all pages of a result set."""
        query = listing.query
        start = self._start(sidebar, self._style(listing), query.text, query.page_size)
        rest = f"""{self._result(listing)}
</div></div>
</main></div></div>
{_footer()}
{_settings("search", query.page)}
</body>
</html>
"""
        return Html(start, rest.encode())

    def _start_of_listing(self, sidebar: Sidebar, style: int, text: str, page_size: int) -> bytes:
        """Everything before the result, filled up with style rules so that a page of ten has the usual size."""
        body = f"""</head>
<body class="path-search">
<a href="#main-content" class="visually-hidden focusable skip-link">Skip to content</a>
{_header()}
<div class="layout-container"><div class="row">
<aside class="col-lg-3 layout-sidebar-first" role="complementary">
{_search_form(text, page_size)}
{_facets(sidebar, style)}
</aside>
<main class="col-lg-9" role="main"><a id="main-content" tabindex="-1"></a>
<div class="views-element-container"><div class="view view-search view-id-search view-display-id-page_1">
"""
        head = _head("Search | Digital Archive (replica)")
        missing = self._appearance.page_bytes - len(head) - len(body.encode()) - _USUAL_RESULT_BYTES
        rules = self._filler[: self._filler.rfind("}", 0, max(missing, 0)) + 1]
        return f'{head}<style media="all">{rules}</style>\n{body}'.encode()

    def document(self, document: Document, related: Sequence[Document] = ()) -> str:
        """A document's own page, as the present site has it.

        Args:
            document: Whose page it is.
            related: Documents that it names as related.
        """
        own = document_details(document)
        site = _HOSTS["absolute"]
        return f"""{_head(f"{document.title} | Digital Archive (replica)")}
<link rel="canonical" href="{site}{document.address}">
<link rel="shortlink" href="{site}/node/{own.node_id}"></head>
<body class="path-node">{_header()}
{main_of(document, own, _paragraphs(document), related, site)}
{_footer()}
{_settings(f"node/{own.node_id}", 0)}
<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>
</body>
</html>
"""

    def front(self) -> str:
        """The front page."""
        return f"""{_head("Digital Archive (replica)")}</head>
<body class="path-frontpage">{_header()}<main role="main">
<h1>Digital Archive (replica)</h1><p>Invented records, for tests. <a href="/search">Search</a></p>
</main>{_footer()}</body>
</html>
"""

    def not_found(self) -> str:
        """What the site says where nothing is."""
        return f"""{_head("Page not found | Digital Archive (replica)")}</head>
<body>{_header()}<main role="main"><h1>Page not found</h1>
<p>The requested page could not be found.</p></main>{_footer()}</body>
</html>
"""

    def _result(self, listing: Listing) -> str:
        markup = listing.markup or self._appearance.markup
        if not listing.total:
            return f'{_range_sentence(listing)}<div class="view-empty"><p>No documents found.</p></div>'
        if not listing.first:
            return '<div class="view-empty"><p>There are no more documents.</p></div>'
        if markup == BROKEN:
            return f"{_range_sentence(listing)}\n{_broken(listing)}\n{_pager(listing)}"
        style = _style_of(markup, listing.query.page)
        return f"""{_RANGES[style](listing)}
<div class="view-content"><table class="table table-hover table-striped views-table cols-1">
{_TABLE_HEADS[style]}<tbody>
{self._rows(listing, markup)}
</tbody>
</table></div>
{_pager(listing)}"""

    def _rows(self, listing: Listing, markup: str) -> str:
        host = _HOSTS[self._appearance.links]
        return "\n".join(
            _ROWS[_style_of(markup, position)](row, escape(host + row.address))
            for position, row in enumerate(listing.rows)
        )

    def _style(self, listing: Listing) -> int:
        markup = self._appearance.markup
        return 0 if markup == BROKEN else _style_of(markup, listing.query.page)


def _style_of(markup: str, index: int) -> int:
    """Which of the three ways; mixed pages take them in turn."""
    return index % 3 if markup == "mixed" else int(markup) - 1


def _row_in_blocks(document: Document, href: str) -> str:
    date = escape(document.date_text or "")
    return f"""<tr>
  <td class="document contextual-region">
    <div class="date">{date}</div>
    <h3 class="title"><a href="{href}" rel="bookmark"><span>{escape(document.title)}</span></a></h3>
    <div class="text-block">{_paragraphs(document)}</div>
  </td>
</tr>"""


def _row_in_fields(document: Document, href: str) -> str:
    date, summary = "", ""
    if document.date_text:
        moment = f"{_iso_day(document)}T12:00:00Z"
        date = f'<time datetime="{moment}" class="datetime">{escape(document.date_text)}</time>'
    if document.summary:
        summary = f"""
        <div class="field field--name-field-summary field--type-text-long">
          {_paragraphs(document)}
        </div>"""
    return f"""<tr class="views-row"><td headers="view-rendered-entity" class="document contextual-region views-field">
      <div data-contextual-id="node:node={document.record_id}:langcode=en" data-drupal-ajax-container=""></div>
      <article role="article" class="node node--type-document node--view-mode-search-result">
        {date}
        <a href="{href}"><h4 class="field field--name-title">
          {escape(document.title)}
        </h4></a>{summary}
      </article>
    </td></tr>"""


def _row_in_lines(document: Document, href: str) -> str:
    date = escape(document.date_text) if document.date_text else "&nbsp;"
    summary = "<br />\n<br />\n".join(_with_papers(escape(one)) for one in document.paragraphs)
    return (
        f'<tr><td class="document contextual-region">{date}<br />\n'
        f"<a href='{href}'><strong>{escape(document.title)}</strong></a><br />\n{summary}</td></tr>"
    )


_ROWS: tuple[Callable[[Document, str], str], ...] = (_row_in_blocks, _row_in_fields, _row_in_lines)
_TABLE_HEADS = (
    '<thead><tr><th scope="col" class="visually-hidden">Document</th></tr></thead>',
    "",
    "<caption></caption>",
)


def _range_sentence(listing: Listing) -> str:
    return (
        '<div class="view-header"><p class="results-count">Results: '
        f"<strong>{listing.first} - {listing.last} of {listing.total}</strong> Documents</p></div>"
    )


def _range_in_pieces(listing: Listing) -> str:
    return f"""<header><h2 class="results"><span class="label">Results:</span>
      <span>{listing.first}</span> - <span>{listing.last}</span> of <span>{listing.total}</span>
      <span class="label">Documents</span></h2></header>"""


def _range_bare(listing: Listing) -> str:
    return f'<div class="result-summary">\n  {listing.first} - {listing.last} of {listing.total}\n</div>'


_RANGES: tuple[Callable[[Listing], str], ...] = (_range_sentence, _range_in_pieces, _range_bare)


def _broken(listing: Listing) -> str:
    """Cards whose titles are no links, and whose dates come last."""
    cards = "\n".join(
        f'<div class="card" data-node="{row.record_id}"><p>{escape(row.summary or "")}</p>'
        f'<h5 class="card-title">{escape(row.title)}</h5><small>{escape(row.date_text or "")}</small></div>'
        for row in listing.rows
    )
    return f'<div class="card-deck">{cards}</div>'


def _paragraphs(document: Document) -> str:
    return "".join(f"<p>{_with_papers(escape(one))}</p>" for one in document.paragraphs)


def _with_papers(text: str) -> str:
    """Names of newspapers stand in italics, in the middle of the text."""
    return _PAPERS.sub(lambda match: f"<em>{match[0]}</em>", text)


def _iso_day(document: Document) -> str:
    """What Drupal's `datetime` says even where the date line says less: the first day of it."""
    key = date_key(document)
    return f"{key[:4]}-{max(int(key[4:6]), 1):02}-{max(int(key[6:]), 1):02}"


def _facets(sidebar: Sidebar, style: int) -> str:
    blocks = []
    for kind in FACET_KINDS:
        items = "\n".join(_FACETS[style](one) for one in sidebar.lines if one.collection.kind == kind)
        if items:
            blocks.append(
                f'<div class="facet-inactive block-facet--links block-facet-{kind}" role="navigation">'
                f'<h3 class="block-title">{escape(_FACET_TITLES[kind])}</h3>\n'
                f'<ul data-drupal-facet-id="{kind}" data-drupal-facet-alias="{kind}" '
                f'class="js-facets-links item-list__links">\n{items}\n</ul></div>'
            )
    return "\n".join(blocks)


def _facet_as_drupal_does(facet: FacetCount) -> str:
    kind, number, name = facet.collection.kind, facet.collection.id, escape(facet.collection.name)
    return (
        f'<li class="facet-item"><a href="/search?f%5B0%5D={kind}%3A{number}&amp;fo%5B0%5D={number}" '
        f'rel="nofollow" data-drupal-facet-item-id="{kind}-{number}" '
        f'data-drupal-facet-item-value="{number}" data-drupal-facet-item-count="{facet.count}">'
        f'<span class="facet-item__value">{name}</span> '
        f'<span class="facet-item__count">({facet.count})</span></a></li>'
    )


def _facet_with_badge(facet: FacetCount) -> str:
    kind, number, name = facet.collection.kind, facet.collection.id, escape(facet.collection.name)
    return (
        f'<li class="facet-item d-flex"><input type="checkbox" id="{kind}-{number}" disabled>'
        f'<a href="/search?items_per_page=10&amp;f[0]={kind}:{number}"><span>{name}</span></a>\n'
        f'<span class="badge rounded-pill bg-secondary text-end">{facet.count}</span></li>'
    )


def _facet_in_words(facet: FacetCount) -> str:
    kind, number, name = facet.collection.kind, facet.collection.id, escape(facet.collection.name)
    return (
        f"<li><a class='facet-link facet-link--inactive js-facet' rel='nofollow' "
        f"href='/search?f%5B0%5D={kind}:{number}'>{name} ({facet.count})</a></li>"
    )


_FACETS: tuple[Callable[[FacetCount], str], ...] = (
    _facet_as_drupal_does,
    _facet_with_badge,
    _facet_in_words,
)


def _pager(listing: Listing) -> str:
    page, last = listing.query.page, listing.last_page
    if not last:
        return ""
    near = range(max(0, page - _PAGER_REACH), min(last, page + _PAGER_REACH) + 1)
    items = [_pager_item(listing.query, number, str(number + 1)) for number in near]
    if page:
        items.insert(0, _pager_item(listing.query, page - 1, "‹‹ Previous page"))
    if page < last:
        items.append(_pager_item(listing.query, page + 1, "Next page ››"))
        items.append(_pager_item(listing.query, last, "Last »"))
    return (
        '<nav class="pager" role="navigation" aria-labelledby="pagination-heading">'
        '<h4 id="pagination-heading" class="visually-hidden">Pagination</h4>'
        f'<ul class="pager__items js-pager__items">{"".join(items)}</ul></nav>'
    )


def _pager_item(query: Query, page: int, label: str) -> str:
    current = ' aria-current="page"' if page == query.page else ""
    href = escape(f"?{_query_of(query)}page={page}")
    return f'<li class="pager__item"><a href="{href}"{current} title="{label}">{label}</a></li>'


def _query_of(query: Query) -> str:
    parts = [f"f%5B{index}%5D={kind}%3A{number}" for index, (kind, number) in enumerate(sorted(query.facets))]
    if query.text:
        parts.append(f"search_api_fulltext={quote(query.text)}")
    if query.page_size != PAGE_SIZES[0]:
        parts.append(f"items_per_page={query.page_size}")
    return "".join(part + "&" for part in parts)


def _head(title: str) -> str:
    styles = "\n".join(
        f'<link rel="stylesheet" media="all" href="/sites/default/files/css/css_{index:032x}.css?s1x9">'
        for index in range(1, 7)
    )
    scripts = "\n".join(
        f'<script src="/sites/default/files/js/js_{index:032x}.js?s1x9" defer></script>' for index in range(1, 5)
    )
    return f"""<!DOCTYPE html>
<html lang="en" dir="ltr" prefix="og: https://ogp.me/ns#">
<head>
<meta charset="utf-8" />
<title>{escape(title)}</title>
<meta name="Generator" content="Drupal 10 (https://www.drupal.org)" />
<meta name="viewport" content="width=device-width, initial-scale=1.0" />
<link rel="icon" href="/themes/custom/archive/favicon.ico" type="image/vnd.microsoft.icon" />
{styles}
{scripts}
<style>.visually-hidden{{position:absolute!important;clip:rect(1px,1px,1px,1px)}}</style>
"""


def _header() -> str:
    menus = "\n".join(
        f'<li class="menu-item menu-item--expanded"><a href="/{menu.lower()}">{menu}</a><ul class="menu">'
        + "".join(
            f'<li class="menu-item"><a href="/{menu.lower()}/{index}">{escape(item)}</a></li>'
            for index, item in enumerate(items)
        )
        + "</ul></li>"
        for menu, items in _MENU.items()
    )
    return f"""<header class="header" role="banner"><a href="/" rel="home">Digital Archive</a>
<nav role="navigation"><ul class="menu menu--main">{menus}</ul></nav></header>"""


def _search_form(text: str, page_size: int) -> str:
    sizes = "".join(
        f'<option value="{size}"{" selected" if size == page_size else ""}>{size}</option>' for size in PAGE_SIZES
    )
    return f"""<form action="/search" method="get" id="views-exposed-form-search-page-1" accept-charset="UTF-8">
<input type="text" name="search_api_fulltext" value="{escape(text)}" maxlength="128" />
<select name="sort_bef_combine"><option value="created_DESC" selected>Recently added</option>
<option value="field_document_date_unix_DESC">Newest</option>
<option value="field_document_date_unix_ASC">Oldest</option></select>
<select name="items_per_page">{sizes}</select>
<input type="submit" value="Apply" /></form>"""


def _footer() -> str:
    """The featured document is a link like those of the rows, and belongs to no result."""
    return """<footer role="contentinfo"><div class="featured">Featured:
<a href="/document/featured-document-of-the-month">Featured Document of the Month</a></div>
<p>© 1935-2008 nobody: a replica for tests</p></footer>"""


def _settings(current_path: str, page: int) -> str:
    settings = {
        "path": {"baseUrl": "/", "currentPath": current_path, "currentLanguage": "en"},
        "pluralDelimiter": "\u0003",
        "ajaxPageState": {"theme": "archive", "libraries": "system/base,views/views.ajax"},
        "views": {"ajax_path": "/views/ajax", "page": page},
        "user": {"uid": 0, "permissionsHash": "c0ffee"},
    }
    data = json.dumps(settings).replace("<", "\\u003C")
    return f'<script type="application/json" data-drupal-selector="drupal-settings-json">{data}</script>'


def _css_rules(size: int) -> str:
    """Style rules that compress about as well as real ones, at least `size` characters of them."""
    chance = random.Random(10)
    words = ("card", "field", "layout", "menu", "node", "pill", "region", "tab", "text", "view")
    rules: list[str] = []
    length = 0
    while length < size:
        first, second = chance.choice(words), chance.choice(words)
        rule = (
            f".{first}--{second}-{chance.randrange(999)}{{margin:{chance.randrange(64)}px "
            f"{chance.randrange(64)}px;color:#{chance.randrange(16**6):06x}}}"
        )
        rules.append(rule)
        length += len(rule)
    return "".join(rules)
