"""Addresses of the listing: every spelling of one result set is one collection, and different sets are different."""

import re
from dataclasses import replace
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from extractors.wilson_center.urls import ARCHIVE_HOSTS, ListingUrl, listing_url, parse_listing_url

SITE = "https://digitalarchive.wilsoncenter.org"
CHINA = ("topics", "86494")
PERSON = ("people", "12")

SPELLINGS_OF_ONE_FACET = [
    "/search?f[0]=topics:86494",
    "/search?f%5B0%5D=topics%3A86494",
    "/search?f%5b0%5d=topics%3a86494&fo%5b0%5d=86494",
    "/search?f[0]=topics%3A86494&fo[0]=86494",
    "/search?f%255B0%255D=topics%253A86494",
    "/search?f%5B0%5D=topics%3A86494&f%255B0%255D=topics%3A86494",
    "/search?f%25255B0%25255D=topics:86494",
    "/search?f[]=topics:86494",
    "/search?f[7]=topics:86494",
    "/search/?f[0]=topics:86494",
    "?f[0]=topics:86494",
    "?search_api_fulltext=&f[0]=topics:86494&f[1]=",
    "/search?search_api_fulltext=++&f[0]=topics:86494",
    f"{SITE}/search?f[0]=topics:86494",
    "http://digitalarchive.wilsoncenter.org:80/search?f[0]=topics:86494",
    "HTTPS://DigitalArchive.WilsonCenter.org/search?f[0]=topics:86494#main-content",
    "//digitalarchive.wilsoncenter.org/search?f[0]=topics:86494",
    "https://wilson-center.drivingcreative.com/search?f[0]=topics:86494",
    "http://wilson-center-digital-archive.dvincitest.com/search?f[0]=topics:86494",
    "  /search?f[0]=topics:86494\n",
    "/search?f[0]=topics:86494&sort_by=created&sort_order=DESC",
    "/search?sort_bef_combine=field_document_date_unix_DESC&f[0]=topics:86494",
    "/search?utm_source=mail&f[0]=topics:86494&fbclid=x",
    "/search?f[0]=topics:86494&msclkid=1&gad_source=2&gad_campaignid=3&gbraid=4&wbraid=5&dclid=6&yclid=7&ttclid=8&twclid=9",
    "/search?f[0]=topics:86494&mc_cid=1&mc_eid=2&_ga=3&_gl=4&_hsenc=5&_hsmi=6&hsCtaTracking=7&mkt_tok=8&srsltid=9&igshid=0",
]


@pytest.mark.parametrize("url", SPELLINGS_OF_ONE_FACET)
def test_every_spelling_of_a_facet_is_one_collection(url: str) -> None:
    address = parse_listing_url(url)
    assert address == ListingUrl((CHINA,))
    assert address.collection_id == "topics-86494"
    assert address.query == "f[0]=topics:86494"
    assert listing_url(address, 0, None) == f"{SITE}/search?f%5B0%5D=topics%3A86494"


@pytest.mark.parametrize(
    "url",
    [
        "/search?f[0]=topics:86494&f[1]=people:12&fo[0]=86494&fo[1]=12",
        "/search?f[0]=people:12&f[1]=topics:86494&fo[0]=86494&fo[1]=12",
        "/search?f[2]=topics:86494&f[0]=people:12",
        "/search?f%5B0%5D=people%3A12&f%255B1%255D=topics%253A86494",
    ],
)
def test_several_facets_are_one_collection_in_any_order(url: str) -> None:
    address = parse_listing_url(url)
    assert address is not None
    assert address.collection_id == "people-12+topics-86494"
    assert address.query == "f[0]=people:12&f[1]=topics:86494"


IDS = {
    "/search": "all",
    "/search?": "all",
    "/search?page=3": "all",
    "?page=3": "all",
    "/search?search_api_fulltext=cuba": "text-cuba",
    "/search?search_api_fulltext=missile+crisis": "text-missile-crisis",
    "/search?search_api_fulltext=%20missile%20%20crisis": "text-missile-crisis",
    "/search?search_api_fulltext=cuba&f[0]=topics:86494": "topics-86494+text-cuba",
    "/search?f[0]=original_repositories:5&f[1]=languages:7": "languages-7+original_repositories-5",
    "/search?f[0]=topics:86494&f[1]=topics:3": "topics-3+topics-86494",
}


@pytest.mark.parametrize(("url", "collection_id"), IDS.items(), ids=IDS)
def test_ids_of_collections(url: str, collection_id: str) -> None:
    address = parse_listing_url(url)
    assert address is not None
    assert address.collection_id == collection_id


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("Cuba", r"text-cuba--[0-9a-f]{8}"),
        ("missile-crisis", r"text-missile-crisis--[0-9a-f]{8}"),
        ("résumé", r"text-r-sum--[0-9a-f]{8}"),
        ("куба", r"text--[0-9a-f]{8}"),
        ("a" * 70, r"text-a{60}--[0-9a-f]{8}"),
        ("100%", r"text-100--[0-9a-f]{8}"),
    ],
)
def test_a_slug_that_loses_something_has_a_digest(text: str, pattern: str) -> None:
    assert re.fullmatch(pattern, ListingUrl(text=text).collection_id)


def test_an_id_stays_as_it_is() -> None:
    """Ids stand in published tables: the digest must never change."""
    assert ListingUrl(text="Missile Crisis").collection_id == "text-missile-crisis--02b6177e"


@pytest.mark.parametrize(
    ("query", "page", "size"),
    [
        ("", 0, None),
        ("page=0", 0, None),
        ("page=168&items_per_page=100", 168, 100),
        ("items_per_page=10&page=1", 1, 10),
        ("page=1&page=2", 2, None),
        ("page=-1", 0, None),
        ("page=two&items_per_page=All", 0, None),
        ("page=99999999999999999999&items_per_page=0", 0, None),
    ],
)
def test_the_page_of_an_address(query: str, page: int, size: int | None) -> None:
    assert parse_listing_url(f"/search?{query}") == ListingUrl((), "", page, size)


def test_a_canonical_address_names_what_is_not_a_matter_of_course() -> None:
    address = ListingUrl((PERSON, CHINA), "“missile” crisis & more")
    assert listing_url(address, 3, 100) == (
        f"{SITE}/search?f%5B0%5D=people%3A12&f%5B1%5D=topics%3A86494"
        "&search_api_fulltext=%E2%80%9Cmissile%E2%80%9D%20crisis%20%26%20more&items_per_page=100&page=3"
    )
    assert listing_url(ListingUrl(), 0, None) == f"{SITE}/search"
    assert ListingUrl().query is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "#",
        "/document/search",
        "/search/topics",
        "/searching?f[0]=topics:1",
        "search?f[0]=topics:1",
        "/search-results/1/%7B%7D?recordType=Collection",
        "https://example.com/search?f[0]=topics:1",
        "https://www.wilsoncenter.org/search?f[0]=topics:1",
        "ftp://digitalarchive.wilsoncenter.org/search",
        "//digitalarchive.wilsoncenter.org?page=1",
        "https://[/search",
        "/search?search_api_fulltext=\ud800",
        "urn:wcda:file:search",
        # what is asked for is not understood, and would be lost
        "/search?f[0]=topics",
        "/search?f[0]=topics:",
        "/search?f[0]=topics:a+b",
        "/search?f[0]=text:cuba",
        "/search?f[a]=topics:1",
        "/search?field_document_date[min]=1950",
        "/search?keys=cuba",
    ],
)
def test_what_is_no_listing_or_is_not_understood_has_no_collection(url: str) -> None:
    assert parse_listing_url(url) is None


# By Hypothesis

KINDS = st.sampled_from(["topics", "people", "places", "languages", "contributors", "original_repositories"])
FACETS = st.frozensets(st.tuples(KINDS, st.integers(1, 99_999).map(str)), max_size=4)
WORDS = st.sampled_from(["cuba", "Cuba", "missile", "crisis", "-", "--", "É", "куба", "100%", "a+b", "&", "%41", "5a"])
TEXTS = st.lists(WORDS, max_size=3).map(" ".join) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(
    lambda text: " ".join(text.split())
)
SETS = st.builds(lambda facets, text: ListingUrl(tuple(sorted(facets)), text), FACETS, TEXTS)


def encoded(text: str, draw: st.DrawFn) -> str:
    """A name or a value of a facet, encoded up to three times over."""
    for _ in range(draw(st.integers(0, 3))):
        text = quote(text, safe="")
    return text


@st.composite
def spellings(draw: st.DrawFn, address: ListingUrl) -> str:
    """An address of this result set as some page, crawler or person wrote it."""
    facets = draw(st.permutations(address.facets))
    indexes = sorted(draw(st.sets(st.integers(0, 30), min_size=len(facets), max_size=len(facets))))
    fields = [
        f"{encoded(f'f[{index}]', draw)}={encoded(f'{kind}:{term}', draw)}"
        for index, (kind, term) in zip(indexes, facets, strict=True)
    ]
    fields += draw(st.lists(st.sampled_from(fields), max_size=1)) if fields else []
    fields += [f"fo[{index}]={term}" for index, (_, term) in enumerate(draw(st.permutations(address.facets)))]
    if address.text:
        blanks = draw(st.sampled_from(["", " ", "  "]))
        text = blanks + address.text.replace(" ", " " + blanks) + blanks
        fields.append(f"search_api_fulltext={draw(st.sampled_from([quote, quote_plus]))(text)}")
    fields += draw(st.lists(st.sampled_from(["sort_by=created", "sort_bef_combine=created_DESC", "f[9]=", "utm_id=1"])))
    fields += draw(st.lists(st.sampled_from(["page=4", "items_per_page=100", "search_api_fulltext="]), unique=True))
    host = draw(st.sampled_from(["", *(f"https://{host}" for host in sorted(ARCHIVE_HOSTS))]))
    return f"{host}/search?{'&'.join(draw(st.permutations(fields)))}"


@given(st.data(), SETS)
def test_every_spelling_of_a_set_gives_its_id(data: st.DataObject, address: ListingUrl) -> None:
    url = data.draw(spellings(address))
    found = parse_listing_url(url)
    assert found is not None
    assert replace(found, page=0, items_per_page=None) == address
    assert (found.collection_id, found.query) == (address.collection_id, address.query)


@given(SETS, SETS)
@example(ListingUrl(text="a b"), ListingUrl(text="a-b"))
@example(ListingUrl(text="é"), ListingUrl(text="è"))
@example(ListingUrl(text="A"), ListingUrl(text="a"))
@example(ListingUrl((("topics", "1"),)), ListingUrl(text="topics 1"))
@example(ListingUrl(text="all"), ListingUrl())
@example(ListingUrl((("topics", "1"), ("topics", "2"))), ListingUrl((("topics", "1"),), "topics 2"))
def test_different_sets_have_different_ids(one: ListingUrl, other: ListingUrl) -> None:
    assume(one != other)
    assert one.collection_id != other.collection_id
    assert one.query != other.query


@given(SETS, st.integers(0, 9_999), st.none() | st.sampled_from([10, 100]))
def test_a_canonical_address_reads_back_and_is_its_own(address: ListingUrl, page: int, size: int | None) -> None:
    url = listing_url(address, page, size)
    found = parse_listing_url(url)
    assert found == replace(address, page=page, items_per_page=size)
    assert listing_url(found, page, size) == url
    assert parse_listing_url(f"/search?{address.query or ''}") == address


@given(SETS)
def test_an_id_fits_a_file_name_and_a_catalog(address: ListingUrl) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]*", address.collection_id)


FIELDS = st.text(st.sampled_from("f[0]%25B=&:+topics;#\ud800é"), max_size=30)


@given(
    st.text()
    | FIELDS.map("/search?{}".format)
    | st.tuples(FIELDS, FIELDS).map(lambda one: f"?{urlencode([one], errors='replace')}")
)
@example("//[")
@example("/search?f[0]=topics:1" + "%25" * 5000)
def test_any_text_has_a_canonical_address_or_none(url: str) -> None:
    address = parse_listing_url(url)
    if address is not None:
        canonical = listing_url(address, address.page, address.items_per_page)
        assert parse_listing_url(canonical) == address
