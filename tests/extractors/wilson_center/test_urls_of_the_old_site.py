"""Addresses of the old site's listings: one set has one id however it is written, and none that another set has."""

import json
import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from extractors.wilson_center.urls import (
    ARCHIVE_HOSTS,
    ListingUrl,
    listing_url,
    parse_listing_url,
    read_facet,
    read_listing_url,
)

SITE = "https://digitalarchive.wilsoncenter.org"
CUBA = ListingUrl(old_set=("collection", "31"))
MISSILES = replace(CUBA, slug="cuban-missile-crisis")
SUBJECT = ListingUrl(old_set=("old-search", '{"subject":"658"}'))
EVERYTHING = ListingUrl(old_set=("old-search", "[]"))

# As they were seen, and as crawlers and people write them
SPELLINGS = {
    "/collection/31/cuban-missile-crisis": MISSILES,
    "/collection/31/cuban-missile-crisis/": MISSILES,
    "/collection/31/cuban-missile-crisis/1": MISSILES,
    "/collection/31/cuban-missile-crisis/0": MISSILES,
    "/collection/31/cuban-missile-crisis/4/": replace(MISSILES, page=3),
    "/collection/31/cuban%2Dmissile-crisis?utm_source=mail#top": MISSILES,
    "http://digitalarchive.wilsoncenter.org:80/collection/31/cuban-missile-crisis": MISSILES,
    "/collection/31": CUBA,
    "/collection/31/": CUBA,
    "/collection/31/2": replace(CUBA, page=1),
    "/collection/31/1968/2": replace(CUBA, slug="1968", page=1),
    "/search-results/3/%7B%22subject%22%3A%22658%22%7D?recordType=Record": replace(SUBJECT, page=2),
    "/search-results/1/%7B%22subject%22:%22658%22%7D": SUBJECT,
    "/search-results/1/%7b%22subject%22:%20%22658%22%7d/?recordType=Record": SUBJECT,
    "/search-results/1/%257B%2522subject%2522%253A%2522658%2522%257D?recordType=Record": SUBJECT,
    '/search-results/1/{"subject":"658"}?recordType=Record': SUBJECT,
    "https://wilson-center.drivingcreative.com/search-results/1/%7B%22subject%22%3A%22658%22%7D": SUBJECT,
    "/search-results/300/%5B%5D?recordType=Record": replace(EVERYTHING, page=299),
    "/search-results/1/%7B%7D?recordType=Record": EVERYTHING,
    "/search-results/1/?recordType=Record": EVERYTHING,
    "/search-results/1": EVERYTHING,
}


@pytest.mark.parametrize(("url", "address"), SPELLINGS.items(), ids=SPELLINGS)
def test_every_spelling_of_an_old_set_is_read(url: str, address: ListingUrl) -> None:
    assert read_listing_url(url) == address


def test_a_search_of_several_parts_is_read_as_it_was_stored() -> None:
    url = (
        "/search-results/1/%7B%22start_date%22:%2219790101%22,%22end_date%22:%2219791231%22,%22coverage%22:%2221%22%7D"
    )
    assert read_listing_url(url).query == ('old-search={"coverage":"21","end_date":"19791231","start_date":"19790101"}')


SETS = {
    CUBA: ("collection-31", "collection", "collection=31", f"{SITE}/collection/31"),
    MISSILES: ("collection-31", "collection", "collection=31", f"{SITE}/collection/31/cuban-missile-crisis"),
    SUBJECT: (
        "old-search-8a7e3c4a94e28163",  # it stands in published tables, and must never change
        "old-search",
        'old-search={"subject":"658"}',
        f"{SITE}/search-results/1/%7B%22subject%22%3A%22658%22%7D?recordType=Record",
    ),
    EVERYTHING: (
        "old-search-all",
        "old-search",
        "old-search=[]",
        f"{SITE}/search-results/1/%5B%5D?recordType=Record",
    ),
}


@pytest.mark.parametrize(("address", "told"), SETS.items(), ids=[told[3] for told in SETS.values()])
def test_an_old_set_has_an_id_a_kind_a_query_and_an_address(address: ListingUrl, told: tuple[str, ...]) -> None:
    assert (address.collection_id, address.kind, address.query, listing_url(address, 0, None)) == told


def test_pages_of_the_old_site_are_counted_from_one_and_have_no_size() -> None:
    assert listing_url(MISSILES, 2, 100) == f"{SITE}/collection/31/cuban-missile-crisis/3"
    assert listing_url(CUBA, 2, 100) == f"{SITE}/collection/31/3"
    assert listing_url(EVERYTHING, 2, 100) == f"{SITE}/search-results/3/%5B%5D?recordType=Record"
    assert listing_url(CUBA, 0, None, base="http://127.0.0.1:8000") == "http://127.0.0.1:8000/collection/31"


def test_the_order_of_what_is_searched_for_does_not_matter_and_its_values_do() -> None:
    one, other, third = (
        read_listing_url(f"/search-results/1/{quote(text)}").collection_id
        for text in ('{"search-in":"all","term":"test"}', '{"term": "test", "search-in": "all"}', '{"term":"test"}')
    )
    assert one == other != third


@pytest.mark.parametrize("kind", ["collection", "old", "text"])
def test_no_facet_of_the_present_site_could_have_the_id_of_another_set(kind: str) -> None:
    with pytest.raises(ValueError, match="is no facet"):
        read_facet(f"{kind}:31")


REFUSALS = {
    "/collection": "no address of the archive's listing",
    "/collection/cuba": "no address of the archive's listing",
    "/collection/0/cuba": "no address of the archive's listing",
    "/collection/31/cuba/crisis": "no address of the archive's listing",
    "/collection/31/cuba/2/3": "no address of the archive's listing",
    "/collection/31/%ff": "has letters that are not in UTF-8",
    "/collection/31?recordType=Collection": "the parameter 'recordType' is not understood",
    "/collections/31": "no address of the archive's listing",
    "/search-results": "no address of the archive's listing",
    "/search-results?q=cuba": "no address of the archive's listing",
    "/search-results/two": "no address of the archive's listing",
    "/search-results/1/cuba": "is no search of the old site",
    "/search-results/1/%7B": "is no search of the old site",
    "/search-results/1/%7B%22term%22:NaN%7D": "is no search of the old site",
    "/search-results/1/%7B%22term%22:1e999%7D": "is no search of the old site",
    "/search-results/1/%5B%22cuba%22%5D": "is no search of the old site",
    "/search-results/1/%7B%22term%22:%22%ff%22%7D": "has letters that are not in UTF-8",
    "/search-results/1/%7B%7D?recordType=Collection": "the parameter 'recordType' is not understood",
    "/search-results/1/%7B%7D?term=cuba": "the parameter 'term' is not understood",
    "/search-results/1/" + "%5B" * 10_000: "is too long",
    "/search-results/1/%7B%22" + "a" * 10_000 + "%22:1%7D": "is too long",
    "https://example.com/collection/31": "not on a host of the archive",
}


@pytest.mark.parametrize(("url", "reason"), REFUSALS.items(), ids=[url[:60] for url in REFUSALS])
def test_what_is_no_old_listing_or_is_not_understood_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        read_listing_url(url)


# By Hypothesis

KEYS = st.sampled_from(["term", "subject", "search-in", "a/b", "ключ", "[", "%41"])
WORDS = st.sampled_from(["", "cuba", "Cuba", "658", "100%", "a/b", "é", "\ud800", '"', "{", "?#&"]) | st.text(
    max_size=5
)
VALUES = st.recursive(
    WORDS | st.integers(-5, 5) | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)
SEARCHES = st.dictionaries(KEYS, VALUES, max_size=3)
NUMBERS = st.integers(1, 999_999_999)
SLUGS = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+){0,3}", fullmatch=True) | st.sampled_from(["31", "é", "a b", "a/b", "%"])


def search_path(page: int, text: str, encodings: int = 1) -> str:
    for _ in range(encodings):
        text = quote(text, safe="")
    return f"/search-results/{page}/{text}"


@st.composite
def search_spellings(draw: st.DrawFn, search: dict[str, object], page: int) -> str:
    """An address of an old search as a page, a crawler or a person wrote it."""
    items = draw(st.permutations(list(search.items())))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    path = search_path(page, json.dumps(dict(items), separators=separators), draw(st.integers(1, 4)))
    host = draw(st.sampled_from(["", *(f"https://{host}" for host in sorted(ARCHIVE_HOSTS))]))
    return host + path + draw(st.sampled_from(["", "/"])) + draw(st.sampled_from(["", "?recordType=Record"]))


@given(st.data(), SEARCHES, st.integers(1, 999))
def test_every_spelling_of_an_old_search_is_one_set(data: st.DataObject, search: dict[str, object], page: int) -> None:
    one, other = (read_listing_url(data.draw(search_spellings(search, page))) for _ in range(2))
    assert one == other
    assert one.page == page - 1
    assert re.fullmatch(r"old-search-([0-9a-f]{16}|all)", one.collection_id)


@st.composite
def old_urls(draw: st.DrawFn) -> str:
    page = draw(st.integers(1, 999))
    if draw(st.booleans()):
        return search_path(page, json.dumps(draw(SEARCHES)))
    parts = [str(draw(NUMBERS)), *draw(st.lists(SLUGS.map(lambda slug: quote(slug, safe="")), max_size=1))]
    return "/".join(["/collection", *parts, *draw(st.sampled_from([[], [str(page)]]))])


PRESENT_URLS = st.sampled_from(
    [
        *["/search", "/search?search_api_fulltext=collection+31", "/search?search_api_fulltext=old+search+all"],
        *["/search?f[0]=topics:31", "/search?f[0]=collections:31", "/search?f[0]=old_search:all"],
    ]
)


@given(old_urls() | PRESENT_URLS, old_urls())
@example("/collection/31", "/search-results/1/%7B%22collection%22:%2231%22%7D")
def test_different_sets_have_different_ids_and_queries(one_url: str, other_url: str) -> None:
    one, other = (replace(read_listing_url(url), page=0, slug="") for url in (one_url, other_url))
    assume(one != other)
    assert one.collection_id != other.collection_id
    assert one.query != other.query


@given(old_urls(), st.integers(0, 9999), st.none() | st.sampled_from([10, 100]))
@example("/collection/31/%31", 0, None)
@example(search_path(1, json.dumps({"term": "é" * 300})), 0, None)
def test_a_canonical_address_reads_back_and_is_its_own(url: str, page: int, size: int | None) -> None:
    address = replace(read_listing_url(url), page=page)
    canonical = listing_url(address, page, size)
    assert read_listing_url(canonical) == address
    assert listing_url(address, page, size) == canonical
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}", address.collection_id)


PIECES = st.text(st.sampled_from('{}[]":,%25B7D/?#&1a\\ud0é\ud800 \n'), max_size=40)


@given(st.tuples(st.sampled_from(["/search-results/1/", "/search-results/", "/collection/3/", "/collection/"]), PIECES))
@example(("/search-results/1/", '{"term":"' + "é" * 1900 + '"}'))
@example(("/search-results/1/", '{"term":"' + "\\u005b" * 100 + '"}'))
@example(("/search-results/1/", "%25" * 20_000))
@example(("/collection/3/", "1" * 20_000))
def test_any_text_has_a_canonical_address_or_none(pieces: tuple[str, str]) -> None:
    address = parse_listing_url("".join(pieces))
    if address is not None:
        canonical = listing_url(address, address.page, address.items_per_page)
        assert parse_listing_url(canonical) == address
