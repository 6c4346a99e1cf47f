"""Addresses of the listing beyond their spelling: ids that stay short, other bases, and why an address is refused."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from extractors.wilson_center.urls import (
    ListingUrl,
    listing_url,
    parse_listing_url,
    read_facet,
    read_listing_url,
)

LOCAL = "http://127.0.0.1:8000"
CHINA = ListingUrl((("topics", "86494"),))

# Ids


def people(count: int, first: int = 10_000) -> ListingUrl:
    return ListingUrl(tuple(("people", str(first + number)) for number in range(count)))


def test_an_id_of_a_hundred_characters_is_kept_and_a_longer_one_has_a_digest() -> None:
    kept = ListingUrl((("people", "1" * 93),))
    cut = ListingUrl((("people", "1" * 94),))

    assert kept.collection_id == "people-" + "1" * 93
    assert re.fullmatch(r"people-1{76}\+[0-9a-f]{16}", cut.collection_id)


def test_a_long_id_has_whole_parts_and_stays_as_it_is() -> None:
    """Ids stand in published tables: the digest must never change."""
    assert people(9).collection_id == (
        "people-10000+people-10001+people-10002+people-10003+people-10004+people-10005+a70f0d5971fb5e19"
    )


KINDS = st.sampled_from(["people", "topics", "original_repositories"])
TERMS = st.text("aZ05_.-", min_size=1, max_size=12) | st.sampled_from(["a", "b"]).map(lambda one: one * 99)
TEXTS = st.sampled_from(["", "cuba", "Cuba", "a" * 70, "é" * 70])
SETS = st.builds(
    lambda facets, text: ListingUrl(tuple(sorted(facets)), text),
    st.frozensets(st.tuples(KINDS, TERMS), max_size=12),
    TEXTS,
)


@given(SETS)
@example(people(2000))
def test_an_id_is_a_word_of_at_most_a_hundred_characters(address: ListingUrl) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}", address.collection_id)


@given(SETS, SETS)
@example(people(20), people(21))
@example(people(20), ListingUrl(people(20).facets, "cuba"))
@example(ListingUrl((("topics", "a" * 99),)), ListingUrl((("topics", "a" * 98),)))
def test_different_sets_have_different_ids_however_long(one: ListingUrl, other: ListingUrl) -> None:
    assume(one != other)
    assert one.collection_id != other.collection_id


def test_no_set_has_an_id_that_another_s_digest_gave() -> None:
    """The last part of a shortened id has no dash, as every part of a whole one has."""
    assert "-" not in people(20).collection_id.rpartition("+")[2]
    assert all("-" in part for part in ListingUrl(people(3).facets, "cuba").collection_id.split("+"))


OF_A_KIND = {
    "/search": "all",
    "/search?search_api_fulltext=cuba": "text",
    "/search?f[0]=topics:1": "topics",
    "/search?f[0]=original_repositories:1&page=2": "original_repositories",
    "/search?f[0]=topics:1&f[1]=topics:2": "mixed",
    "/search?f[0]=topics:1&f[1]=people:2": "mixed",
    "/search?f[0]=topics:1&search_api_fulltext=cuba": "mixed",
}


@pytest.mark.parametrize(("url", "kind"), OF_A_KIND.items(), ids=OF_A_KIND)
def test_the_kind_of_a_set_follows_from_what_is_asked_for(url: str, kind: str) -> None:
    assert read_listing_url(url).kind == kind


# Bases


@pytest.mark.parametrize(
    "url",
    [
        f"{LOCAL}/search?f[0]=topics:86494",
        "//127.0.0.1:8000/search?f[0]=topics:86494",
        "https://127.0.0.1:8000/search/?f[0]=topics:86494",
        "/search?f[0]=topics:86494",
        "https://digitalarchive.wilsoncenter.org/search?f[0]=topics:86494",
        "https://wilson-center.drivingcreative.com/search?f[0]=topics:86494",
    ],
)
def test_an_address_at_another_base_is_of_the_same_collection(url: str) -> None:
    assert parse_listing_url(url, base=LOCAL) == CHINA


@pytest.mark.parametrize(
    ("url", "base"),
    [
        (f"{LOCAL}/search", "http://127.0.0.1:8001"),
        (f"{LOCAL}/search", "http://127.0.0.1"),
        ("http://127.0.0.1/search", LOCAL),
        ("http://127.0.0.2:8000/search", LOCAL),
        ("http://127.0.0.1:port/search", LOCAL),
        ("ftp://127.0.0.1:8000/search", LOCAL),
    ],
)
def test_an_address_on_another_host_or_port_is_none_of_the_archive(url: str, base: str) -> None:
    assert parse_listing_url(url, base) is None


@pytest.mark.parametrize("port", ["", ":80", ":443"])
@pytest.mark.parametrize("base", ["https://mirror.example.org", "http://mirror.example.org:80"])
def test_the_usual_ports_are_as_none(base: str, port: str) -> None:
    assert parse_listing_url(f"https://Mirror.example.org{port}/search", base) == ListingUrl()


def test_a_page_is_addressed_at_the_base_that_is_given() -> None:
    assert listing_url(CHINA, 2, 100, base=LOCAL) == (
        f"{LOCAL}/search?f%5B0%5D=topics%3A86494&items_per_page=100&page=2"
    )
    assert listing_url(ListingUrl(), 0, None, base=LOCAL) == f"{LOCAL}/search"


@given(SETS, st.integers(0, 999), st.sampled_from([None, 10, 100]))
def test_an_address_at_another_base_reads_back(address: ListingUrl, page: int, size: int | None) -> None:
    found = read_listing_url(listing_url(address, page, size, base=LOCAL), base=LOCAL)

    assert (found.facets, found.text, found.page, found.items_per_page) == (address.facets, address.text, page, size)


# Refusals

REASONS = {
    "https://example.com/search": "not on a host of the archive",
    "ftp://digitalarchive.wilsoncenter.org/search": "not on a host of the archive",
    "/document/notes": "no address of the archive's listing",
    "": "no address of the archive's listing",
    "/search?f[0]=topics": "'topics' is no facet such as 'topics:86494'",
    "/search?f[0]=topics:1&field_date=1950": "the parameter 'field_date' is not understood",
    "/search?f[0]=topics:1&amp;f[1]=topics:2": "the parameter 'amp;f[1]' is not understood",
}


@pytest.mark.parametrize(("url", "reason"), REASONS.items(), ids=REASONS)
def test_a_refusal_says_why(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        read_listing_url(url)


@pytest.mark.parametrize("text", ["topics:86494", "topics%3A86494", "topics%25253A86494"])
def test_a_facet_is_read_however_often_it_is_encoded(text: str) -> None:
    assert read_facet(text) == ("topics", "86494")


@pytest.mark.parametrize("text", ["", "topics", "topics:", ":1", "Topics:1", "text:cuba", "topics:1+2", "topics: 1"])
def test_what_is_no_facet_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no facet"):
        read_facet(text)
