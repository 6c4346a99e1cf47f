"""The address to cite on a document's page: read where the page shows it, and from nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.wilson_center.layouts import read_text
from tests.replica.pages import Appearance, Renderer
from tests.replica.records import generate


def cited_url(html: str) -> str | None:
    """The URL for citation of a page, as its row has it."""
    rows = [row.to_row() for row in read_text(html).rows.get("document_pages", ())]
    return rows[0]["cited_url"] if rows else None


SITE = "https://digitalarchive.wilsoncenter.org"

SHOWN = {
    "value": '<input id="citation-url" readonly value="https://digitalarchive.wilsoncenter.org/document/111240">',
    "link": '<a id="citation-url" href="/document/111240">Copy</a>',
    "text": "<span id='citation-url'>http://digitalarchive.wilsoncenter.org/document/111240</span>",
    "text in a sentence": "<p id=citation-url>Cite as (https://digitalarchive.wilsoncenter.org/document/111240).</p>",
    "link within": '<div id="citation-url">Cite: <a href="/document/111240/">here</a></div>',
    "value within": '<div id="citation-url"><input value="//digitalarchive.wilsoncenter.org/document/111240"></div>',
    "text of a field": "<textarea id=citation-url>\nhttp://digitalarchive.wilsoncenter.org/document/111240 </textarea>",
    "staging host": '<a id="citation-url" href="https://wilson-center.drivingcreative.com/document/111240">x</a>',
    "twice the same": "<a id=citation-url href=/document/111240>//digitalarchive.wilsoncenter.org/document/111240</a>",
    "twice the id": '<a id="citation-url" href="/document/111240">x</a><i id="citation-url">/document/111240</i>',
}


@pytest.mark.parametrize("markup", SHOWN.values(), ids=SHOWN)
def test_an_address_is_read_however_the_page_shows_it(markup: str) -> None:
    html = f"<!DOCTYPE html><html><body><h1>Notes</h1><a href='/document/notes'>x</a>{markup}</body></html>"
    assert cited_url(html) == f"{SITE}/document/111240"


def test_an_address_by_slug_is_canonical_too() -> None:
    assert cited_url("<p id=citation-url>/document/caf%c3%a9?x=1</p>") == f"{SITE}/document/caf%C3%A9"


NONE = {
    "no such element": "<html><body><a href='/document/111240'>x</a></body></html>",
    "another site": '<a id="citation-url" href="https://example.com/document/111240">x</a>',
    "no document": '<a id="citation-url" href="/topics/china">https://digitalarchive.wilsoncenter.org/</a>',
    "empty": '<input id="citation-url" value="">',
    "name alone": '<input id="citation-url" value>',
    "a class": '<p class="citation-url">/document/111240</p>',
    "a comment": '<!-- <p id="citation-url">/document/111240</p> -->',
    "a script": "<script>html = '<p id=\"citation-url\">/document/111240</p>'</script>",
    "two addresses": '<a id="citation-url" href="/document/111240">/document/111241</a>',
    "no page": "citation-url /document/111240",
    "nothing": "",
    "nested too deeply": "<div>" * 10_000 + '<p id="citation-url">/document/111240</p>',
}


@pytest.mark.parametrize("html", NONE.values(), ids=NONE)
def test_a_page_that_names_none_or_several_has_none(html: str) -> None:
    assert cited_url(html) is None


def test_the_replica_s_page_of_a_document_names_its_record_id() -> None:
    document = generate(documents=1, collections=0).documents[0]
    assert cited_url(Renderer(Appearance()).document(document)) == f"{SITE}/document/{document.record_id}"


PIECES = st.sampled_from(
    [
        *["<p id=citation-url>", "<input id='citation-url' value='", "'>", "</p>", "<a href=/document/1>", "</a>", "<"],
        *["https://[/document/a", "/document/1", "/document/%ff", "\ud800", "\x00", "<template>", "<!--", "<svg>"],
    ]
)


@given(st.text() | st.lists(PIECES, max_size=12).map("".join))
def test_no_text_makes_it_raise(html: str) -> None:
    address = cited_url(html)
    assert address is None or address.startswith(f"{SITE}/document/")
