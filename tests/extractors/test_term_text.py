"""Pages of people, places and topics as text, at a URL that says which they are."""

from extractors.parsing import read_page
from schemas.document_records import document_values
from tests.extractors.test_layouts import ROOT

PAGE = ROOT / "tests" / "pages" / "term-text" / "read-as-markdown" / "page.txt"


def test_the_url_of_a_text_says_which_term_it_is_about() -> None:
    page = read_page(PAGE.read_bytes(), "https://digitalarchive.wilsoncenter.org/people/karpov-anton")

    held = document_values(page)

    assert held["term"] == {
        "term_id": "people/karpov-anton",
        "kind": "people",
        "url": "https://digitalarchive.wilsoncenter.org/people/karpov-anton",
        "name": "Karpov, Anton",
        "description": "1893-1976\n\nSoviet diplomat; ambassador in three countries.",
    }
    assert len(held["related"]) == 3
    assert not page.issues
