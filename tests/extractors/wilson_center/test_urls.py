"""Addresses: every form in which one document is addressed becomes one, and nothing else becomes any."""

from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extractors.wilson_center.urls import ARCHIVE_HOSTS, classify, document_url
from schemas.identifiers import file_url, page_name

SITE = "https://digitalarchive.wilsoncenter.org"

FORMS = {
    # the same document in every form
    "relative": ("/document/notes-mao", "notes-mao"),
    "absolute": (f"{SITE}/document/notes-mao", "notes-mao"),
    "plain http": ("http://digitalarchive.wilsoncenter.org/document/notes-mao", "notes-mao"),
    "without a scheme": ("//digitalarchive.wilsoncenter.org/document/notes-mao", "notes-mao"),
    "host in capitals": ("HTTPS://DigitalArchive.WilsonCenter.org/document/notes-mao", "notes-mao"),
    "with a port": ("https://digitalarchive.wilsoncenter.org:443/document/notes-mao", "notes-mao"),
    "staging": ("https://wilson-center.drivingcreative.com/document/notes-mao", "notes-mao"),
    "other staging": ("http://wilson-center-digital-archive.dvincitest.com/document/notes-mao", "notes-mao"),
    "trailing slash": ("/document/notes-mao/", "notes-mao"),
    "query": ("/document/notes-mao?from=search", "notes-mao"),
    "fragment": ("/document/notes-mao#text", "notes-mao"),
    "slash, query and fragment": (f"{SITE}/document/notes-mao/?a=b#c", "notes-mao"),
    "blanks around": ("  /document/notes-mao\n", "notes-mao"),
    "numeric": ("/document/111240", "111240"),
    "numeric, absolute, with a slash": ("http://digitalarchive.wilsoncenter.org/document/111240/", "111240"),
    # other letters, plain or encoded
    "accent": ("/document/café", "caf%C3%A9"),
    "accent, encoded": ("/document/caf%C3%A9", "caf%C3%A9"),
    "accent, encoded in small letters": ("/document/caf%c3%a9", "caf%C3%A9"),
    "blank": ("/document/a b", "a%20b"),
    "blank, encoded": ("/document/a%20b", "a%20b"),
    "letter that needs no code": ("/document/%6Eotes-mao", "notes-mao"),
    "per cent sign, encoded": ("/document/100%25", "100%25"),
}

NO_DOCUMENTS = [
    "",
    "   ",
    "/",
    "/document",
    "/document/",
    "/document//",
    "/document/a/b",
    "/documents/a",
    "/en/document/a",
    "document/a",
    "/topics/china",
    "/search?f[0]=topics:86494",
    "#main",
    "?page=2",
    "mailto:archive@wilsoncenter.org",
    "javascript:void(0)",
    "ftp://digitalarchive.wilsoncenter.org/document/a",
    "https://www.wilsoncenter.org/document/a",
    "https://digitalarchive.wilsoncenter.org.example.com/document/a",
    "https://example.com/document/a",
    "https://[/document/a",
    "urn:wcda:file:document/a",
]


@pytest.mark.parametrize(("href", "slug"), FORMS.values(), ids=FORMS)
def test_every_form_of_a_document_s_address_becomes_one(href: str, slug: str) -> None:
    assert document_url(href) == f"{SITE}/document/{slug}"


@pytest.mark.parametrize("href", NO_DOCUMENTS)
def test_what_is_no_document_has_no_address(href: str) -> None:
    assert document_url(href) is None


def test_documents_with_different_slugs_keep_different_addresses() -> None:
    slugs = ["a", "A", "a-0", "1", "01", "a%25", "a%2525", "a+b", "a%20b"]

    assert len({document_url(f"/document/{slug}") for slug in slugs}) == len(slugs)


hosts = st.sampled_from(["", *(f"https://{host}" for host in sorted(ARCHIVE_HOSTS))])
texts = st.text(st.characters(exclude_categories=["Cs"]))
slashless = texts.filter(lambda text: "/" not in unquote(text))
hrefs = st.one_of(texts, st.builds("{}/document/{}".format, hosts, slashless), st.from_regex(r"https?://\[?.*"))


@given(hrefs)
@example("https://[::1/document/a")
@example("https://digitalarchive.wilsoncenter.org:port/document/a")
@example("/document/%ff")
@example("/document/%")
def test_any_text_has_an_address_or_none_and_an_address_is_its_own(href: str) -> None:
    address = document_url(href)

    assert address is None or address == document_url(address)


def test_an_encoded_slash_in_a_slug_stays_within_the_slug() -> None:
    address = document_url("/document/a%2Fb")

    assert address is None or document_url(address) == address


def test_text_that_is_no_text_does_not_stop_the_reading() -> None:
    document_url("/document/\ud800")


FILES = [
    ("a.txt", "urn:wcda:file:a.txt"),
    ("deep/a b.txt", "urn:wcda:file:deep/a%20b.txt"),
    ("ä:?#%.txt", "urn:wcda:file:%C3%A4%3A%3F%23%25.txt"),
    ("a\nb", "urn:wcda:file:a%0Ab"),
    ("latin-\udce9", "urn:wcda:file:latin-%E9"),  # a name that is not in UTF-8, as Python gives it
]


@pytest.mark.parametrize(("name", "address"), FILES)
def test_a_saved_page_is_addressed_by_its_name(name: str, address: str) -> None:
    assert file_url(name) == address


@given(texts, texts)
def test_files_with_different_names_have_different_addresses(one: str, other: str) -> None:
    assert (file_url(one) == file_url(other)) == (one == other)


@pytest.mark.parametrize("name", ["page.html", "a b/ü%20.txt", "https://a.org/search"])
def test_a_person_knows_a_page_by_the_name_of_its_file_or_its_address(name: str) -> None:
    assert page_name(file_url(name)) == name
    assert page_name("https://a.org/search?page=3") == "https://a.org/search?page=3"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://digitalarchive.wilsoncenter.org/search?f%5B0%5D=topics:86494&page=2", "listing"),
        ("http://digitalarchive.wilsoncenter.org/collection/31/some-name/4", "listing"),
        ("https://digitalarchive.wilsoncenter.org/search-results/1/%5B%5D?recordType=Record", "listing"),
        ("https://digitalarchive.wilsoncenter.org/document/a-letter", "document"),
        ("https://wilson-center.drivingcreative.com/document/110001", "document"),
        ("https://digitalarchive.wilsoncenter.org/people/mao-zedong", "term"),
        ("https://digitalarchive.wilsoncenter.org/topics/cuban-missile-crisis/", "term"),
        ("https://digitalarchive.wilsoncenter.org/about", None),
        ("https://digitalarchive.wilsoncenter.org/people/", None),
        ("https://example.org/document/a-letter", None),
        ("https://example.org/people/mao-zedong", None),
        ("urn:wcda:file:people", None),
        ("http://[", None),
        ("\ud800", None),
        ("", None),
    ],
)
def test_a_url_tells_which_kind_of_page_it_is(url: str, kind: str | None) -> None:
    assert classify(url) == kind
