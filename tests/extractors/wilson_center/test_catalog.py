"""The catalog: what a person writes is read as it is meant, and each mistake is one line that names its place."""

import math
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from extractors.wilson_center.catalog import (
    Archive,
    Catalog,
    CatalogEntry,
    Politeness,
    Wayback,
    override,
    parse_catalog,
    write_catalog,
)
from schemas.errors import UsageError
from schemas.records import Collection

WHOLE = """
[[collections]]
id = "topics-86494"
name = "China"
kind = "topics"
files = ["china-*.txt", "more/*.html"]

[[collections]]
id = "b"
files = ["*"]
"""


def test_a_catalog_names_collections() -> None:
    catalog = parse_catalog(WHOLE, "c.toml")

    assert [entry.collection for entry in catalog.collections] == [
        Collection("topics-86494", kind="topics", name="China"),
        Collection("b", kind="unknown", name=None),
    ]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "collections = []\n"])
def test_a_catalog_can_be_empty(text: str) -> None:
    assert parse_catalog(text, "c.toml").collections == ()


MISTAKES = {
    "unknown key at the top": ("colour = 1", "unknown key 'colour'"),
    "unknown key of the second entry": (
        '[[collections]]\nid = "a"\n[[collections]]\nid = "b"\ncolour = 1',
        "unknown key 'collections.2.colour'",
    ),
    "unknown key with a line end": ('"a\\nb" = 1', "unknown key"),
    "nothing but a name": ('[[collections]]\nname = "a"', "collections.1: needs facets, text or an address, or"),
    "id twice": (
        '[[collections]]\nid = "a"\n[[collections]]\nid = "b"\n[[collections]]\nid = "a"',
        "the id 'a' is used more than once, for collections.1 and collections.3",
    ),
    "id that is a number": ("[[collections]]\nid = 86494", "collections.1.id: "),
    "id that is empty": ('[[collections]]\nid = ""', "collections.1.id: "),
    "id with a blank": ('[[collections]]\nid = "a b"', "collections.1.id: "),
    "id with a slash": ('[[collections]]\nid = "a/b"', "collections.1.id: "),
    "id that begins with a dot": ('[[collections]]\nid = ".a"', "collections.1.id: "),
    "id that is too long": (f'[[collections]]\nid = "{"a" * 101}"', "collections.1.id: "),
    "empty name": ('[[collections]]\nid = "a"\nname = ""', "collections.1.name: "),
    "name of blanks": ('[[collections]]\nid = "a"\nname = "  "', "collections.1.name: "),
    "empty kind": ('[[collections]]\nid = "a"\nkind = ""', "collections.1.kind: "),
    "files that are no list": ('[[collections]]\nid = "a"\nfiles = "a.txt"', "collections.1.files: "),
    "second file that is a number": ('[[collections]]\nid = "a"\nfiles = ["a", 1]', "collections.1.files.2: "),
    "empty glob": ('[[collections]]\nid = "a"\nfiles = [""]', "collections.1.files.1: "),
    "collections that are text": ('collections = "a"', "collections: "),
    "collections that are one table": ('[collections]\nid = "a"', "collections: "),
    "not closed": ("collections = [", "not TOML: "),
    "no TOML at all": ("id: a\nname: b\n", "not TOML: "),
    "a date that is none": ("a = 2020-13-01", "not TOML: "),
    "a number beyond any measure": (f"a = {'9' * 5000}", "not TOML: "),
    "a nesting beyond any measure": (f"a = {'[' * 5000}", "not TOML: "),
    # what is asked for
    "no facets": ("[[collections]]\nfacets = []", "collections.1.facets: "),
    "facets that are text": ('[[collections]]\nfacets = "topics:1"', "collections.1.facets: "),
    "a facet that is none": (
        '[[collections]]\nfacets = ["topics:1", "topics"]',
        "collections.1.facets.2: 'topics' is no facet such as 'topics:86494'",
    ),
    "empty text": ('[[collections]]\ntext = ""', "collections.1.text: "),
    "text of blanks": ('[[collections]]\ntext = "\\u001c \\u00a0"', "collections.1.text: "),
    "address and facets": (
        '[[collections]]\nfacets = ["topics:1"]\naddress = "/search"',
        "collections.1: has an address and also facets or text",
    ),
    "address and text": (
        '[[collections]]\ntext = "mao"\naddress = "/search"',
        "collections.1: has an address and also facets or text",
    ),
    "facets and an id": (
        '[[collections]]\nid = "a"\nfacets = ["topics:1"]',
        "collections.1: id and kind follow from what is asked for ('topics-1')",
    ),
    "text and a kind": (
        '[[collections]]\nkind = "text"\ntext = "mao"',
        "collections.1: id and kind follow from what is asked for ('text-mao')",
    ),
    "address and an id": (
        '[[collections]]\nid = "all"\naddress = "/search"',
        "collections.1: id and kind follow from what is asked for ('all')",
    ),
    "empty address": ('[[collections]]\naddress = ""', "collections.1: '' is no address of the archive's listing"),
    "address of a document": (
        '[[collections]]\naddress = "https://digitalarchive.wilsoncenter.org/document/notes"',
        "collections.1: 'https://digitalarchive.wilsoncenter.org/document/notes' is no address of",
    ),
    "search of the old site that cannot be read": (
        '[[collections]]\naddress = "/search-results/1/%7Bcuba?recordType=Record"',
        "collections.1: '{cuba' is no search of the old site",
    ),
    "address with an unknown parameter": (
        '[[collections]]\naddress = "/search?f[0]=topics:1&field_date=1950"',
        "collections.1: the parameter 'field_date' is not understood",
    ),
    "address with an unknown parameter of many lines": (
        '[[collections]]\naddress = "/search?a%0Ab=1"',
        "collections.1: the parameter 'a\\nb' is not understood",
    ),
    "address of another site": (
        '[[collections]]\naddress = "/search"\n[[collections]]\naddress = "https://example.com/search?f[0]=topics:1"',
        "collections.2.address: 'https://example.com/search?f[0]=topics:1' is not on a host of the archive",
    ),
    "address at another port": (
        '[archive]\nurl = "http://127.0.0.1:8000"\n[[collections]]\naddress = "http://127.0.0.1:8001/search"',
        "collections.1.address: 'http://127.0.0.1:8001/search' is not on a host of the archive",
    ),
    "two addresses of one result set": (
        '[[collections]]\naddress = "/search?f[0]=topics:1&page=2"\n[[collections]]\nfacets = ["topics:1"]',
        "the id 'topics-1' is used more than once, for collections.1 and collections.2",
    ),
    "saved pages under the id of a result set": (
        '[[collections]]\nfacets = ["topics:1"]\n[[collections]]\nid = "topics-1"\nfiles = ["*"]',
        "the id 'topics-1' is used more than once, for collections.1 and collections.2",
    ),
    "count below zero": ('[[collections]]\ntext = "a"\ncount = -1', "collections.1.count: "),
    "count that is no whole number": ('[[collections]]\ntext = "a"\ncount = 1.0', "collections.1.count: "),
    # the archive and how to ask it
    "unknown key of the archive": ("[archive]\ncolour = 1", "unknown key 'archive.colour'"),
    "unknown key of politeness": ("[politeness]\ncolour = 1", "unknown key 'politeness.colour'"),
    "politeness that is a number": ("politeness = 1", "politeness: "),
    "no workers": ("[politeness]\nworkers = 0", "politeness.workers: "),
    "too many workers": ("[politeness]\nworkers = 65", "politeness.workers: "),
    "workers that are true": ("[politeness]\nworkers = true", "politeness.workers: "),
    "half a worker": ("[politeness]\nworkers = 0.5", "politeness.workers: "),
    "no attempt": ("[politeness]\nattempts = 0", "politeness.attempts: "),
    "too many attempts": ("[politeness]\nattempts = 11", "politeness.attempts: "),
    "no requests": ("[politeness]\nrequests_per_second = 0", "politeness.requests_per_second: "),
    "requests that are no number": ("[politeness]\nrequests_per_second = nan", "politeness.requests_per_second: "),
    "requests that are text": ('[politeness]\nrequests_per_second = "1"', "politeness.requests_per_second: "),
    "requests that are true": ("[politeness]\nrequests_per_second = true", "politeness.requests_per_second: "),
    "no time": ("[politeness]\ntimeout_seconds = 0", "politeness.timeout_seconds: "),
    "time without end": ("[politeness]\ntimeout_seconds = inf", "politeness.timeout_seconds: "),
    "wait below zero": ("[politeness]\nbackoff_seconds = -1", "politeness.backoff_seconds: "),
    "unknown key of the web archive": ("[wayback]\npace = 1", "unknown key 'wayback.pace'"),
    "no captures": ("[wayback]\npages_per_second = 0", "wayback.pages_per_second: "),
    "queries that are text": ('[wayback]\nqueries_per_second = "1"', "wayback.queries_per_second: "),
    "longest wait without end": ("[politeness]\nlongest_wait_seconds = inf", "politeness.longest_wait_seconds: "),
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_that_names_the_catalog_and_the_place(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_catalog(text, "c.toml")

    message = str(caught.value)
    assert message.startswith(f"catalog c.toml: {words}")
    assert len(message.splitlines()) == 1
    assert caught.value.exit_code == 2


PYDANTIC = re.compile(r"valid (?:tuple|string|integer|number|dictionary|list)|should|validation|pattern|[Ii]nput")


@pytest.mark.parametrize("text", [text for text, _ in MISTAKES.values()], ids=MISTAKES)
def test_a_mistake_is_explained_without_the_words_of_a_library(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_catalog(text, "c.toml")

    assert PYDANTIC.search(str(caught.value)) is None


NEAR = {
    '[[collections]]\nid = "a"\nfile = ["*"]': "unknown key 'collections.1.file'; did you mean 'files'?",
    "[politeness]\nworker = 2": "unknown key 'politeness.worker'; did you mean 'workers'?",
    "[politness]\nworkers = 2": "unknown key 'politness'; did you mean 'politeness'?",
    'contact = "a@b.c"': "unknown key 'contact'; it belongs below [politeness]",
    'url = "a"': "unknown key 'url'; it belongs below [archive]",
    "[archive]\ncolour = 1": "unknown key 'archive.colour'; known here: url",
    '[[collections]]\nfacets = ["topic:1"]': "did you mean 'topics:1'?",
    '[[collections]]\nfacets = ["language:1"]': "did you mean 'languages:1'?",
}


@pytest.mark.parametrize("text", NEAR)
def test_a_slip_is_answered_with_what_was_meant(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_catalog(text, "c.toml")

    assert NEAR[text] in str(caught.value)


def test_a_kind_of_facet_that_is_like_no_known_one_may_be_new() -> None:
    assert parse_catalog('[[collections]]\nfacets = ["donors:7"]', "c.toml").collections[0].facets == ("donors:7",)


BELONGS = [
    ("china-1.txt", "topics-86494"),
    ("more/1.html", "topics-86494"),
    ("more/1.txt", "b"),  # the second entry takes what the first leaves
    ("China-1.txt", "b"),  # letter case tells
    ("x", "b"),
]


@pytest.mark.parametrize(("file", "collection"), BELONGS, ids=[case[0] for case in BELONGS])
def test_a_file_belongs_to_the_first_collection_with_a_glob_that_it_matches(file: str, collection: str) -> None:
    found = parse_catalog(WHOLE, "c.toml").collection_of(file)

    assert found is not None
    assert found.collection_id == collection


GLOBS = [
    ("*.txt", "a.txt", True),
    ("*.txt", "deep/in/a.txt", True),  # `*` stands for slashes too
    ("a/*.txt", "b/a.txt", False),
    ("page-?.txt", "page-1.txt", True),
    ("page-?.txt", "page-10.txt", False),
    ("page-[0-4].txt", "page-3.txt", True),
    ("page-[0-4].txt", "page-5.txt", False),
    ("a.txt", "a.txt", True),
    ("a.txt", "xa.txt", False),
    ("a.txt", "a.txt.bak", False),
]


@pytest.mark.parametrize(("glob", "file", "belongs"), GLOBS)
def test_a_glob_is_matched_against_the_whole_name(glob: str, file: str, belongs: bool) -> None:
    catalog = parse_catalog(f'[[collections]]\nid = "a"\nfiles = ["{glob}"]', "c.toml")

    assert (catalog.collection_of(file) is not None) == belongs


# The archive and how to ask it


def test_a_catalog_that_says_nothing_asks_the_archive_politely() -> None:
    catalog = parse_catalog("", "c.toml")

    assert catalog == Catalog()
    assert catalog.archive.url == "https://digitalarchive.wilsoncenter.org"
    assert catalog.politeness.model_dump() == {
        "requests_per_second": 1.0,
        "workers": 4,
        "contact": None,
        "timeout_seconds": 30.0,
        "attempts": 5,
        "backoff_seconds": 1.0,
        "longest_wait_seconds": 600.0,
    }


SITES = {
    "https://digitalarchive.wilsoncenter.org/": "https://digitalarchive.wilsoncenter.org",
    "HTTP://Archive.Example.org:8080": "http://archive.example.org:8080",
    "http://127.0.0.1:8000": "http://127.0.0.1:8000",
    "http://[::1]:8000/": "http://[::1]:8000",
    "http://archive_1": "http://archive_1",
}


@pytest.mark.parametrize(("url", "site"), SITES.items(), ids=SITES)
def test_the_archive_can_be_anywhere(url: str, site: str) -> None:
    assert parse_catalog(f'[archive]\nurl = "{url}"', "c.toml").archive.url == site


NO_SITES = [
    "",
    "archive.example.org",
    "ftp://archive.example.org",
    "https://",
    "https:///search",
    "https://archive.example.org/search",
    "https://archive.example.org//",
    "https://archive.example.org?a=b",
    "https://archive.example.org#a",
    "https://me:secret@archive.example.org",
    "https://archive.example.org:",
    "https://archive.example.org:port",
    "https://archive.example.org:65536",
    "https://[::1::",
    "https://[:::::]",
    "https://archive example.org",
    "https://archivé.example.org",
    r"https://archive.example.org\nX: y",
]


@pytest.mark.parametrize("url", NO_SITES)
def test_a_site_is_scheme_host_and_port_alone(url: str) -> None:
    with pytest.raises(UsageError, match=r"^catalog c.toml: archive\.url: .+$"):
        parse_catalog(f'[archive]\nurl = "{url}"', "c.toml")


def test_politeness_is_what_is_said() -> None:
    catalog = parse_catalog(
        "[politeness]\nrequests_per_second = inf\nworkers = 64\nattempts = 1\ntimeout_seconds = 2\n", "c.toml"
    )

    assert catalog.politeness == Politeness(
        requests_per_second=math.inf, workers=64, attempts=1, timeout_seconds=2.0, contact=None
    )


CONTACTS = ["name@example.org", "mailto:name@example.org", "https://example.org/~name?a=b#c", "http://[::1]/"]


@pytest.mark.parametrize("contact", CONTACTS)
def test_a_contact_is_an_e_mail_or_a_web_address(contact: str) -> None:
    assert parse_catalog(f'[politeness]\ncontact = "{contact}"', "c.toml").politeness.contact == contact


NO_CONTACTS = [
    "",
    "name",
    "@",
    "https://",
    "name@exämple.org",
    "name@example.org)",
    "(name@example.org",
    r"name@example.org\\",
    "na me@example.org",
    r"name@example.org\r\nX: y",
    r"name@example.org\u007f",
    r"name@example.org\u0000",
]


@pytest.mark.parametrize("contact", NO_CONTACTS)
def test_a_contact_that_would_break_a_header_is_refused(contact: str) -> None:
    with pytest.raises(UsageError, match=r"^catalog c.toml: politeness\.contact: .+$"):
        parse_catalog(f'[politeness]\ncontact = "{contact}"', "c.toml")


# The web archive


def test_a_catalog_that_says_nothing_asks_the_internet_archive_as_gently_as_it_wants() -> None:
    wayback = parse_catalog("", "c.toml").wayback

    assert wayback.model_dump() == {
        "url": "https://web.archive.org/web",
        "cdx_url": None,
        "pages_per_second": 8.0,
        "queries_per_second": 0.4,
    }
    assert wayback.index_url == "https://web.archive.org/cdx/search/cdx"


PLACES = {
    "http://web.archive.org/web/": ("http://web.archive.org/web", "https://web.archive.org/cdx/search/cdx"),
    "HTTP://Localhost:8080/My-Pages": ("http://localhost:8080/My-Pages", "http://localhost:8080/My-Pages/cdx"),
    "http://[::1]:8080": ("http://[::1]:8080", "http://[::1]:8080/cdx"),
    "https://arquivo.pt/wayback": ("https://arquivo.pt/wayback", "https://arquivo.pt/wayback/cdx"),
}


@pytest.mark.parametrize(("url", "places"), PLACES.items(), ids=PLACES)
def test_the_index_of_a_web_archive_is_where_such_archives_have_it(url: str, places: tuple[str, str]) -> None:
    wayback = parse_catalog(f'[wayback]\nurl = "{url}"', "c.toml").wayback

    assert (wayback.url, wayback.index_url) == places


def test_the_index_of_a_web_archive_can_be_anywhere() -> None:
    wayback = parse_catalog('[wayback]\ncdx_url = "http://localhost:8081/pywb-cdx/"', "c.toml").wayback

    assert (wayback.url, wayback.index_url) == ("https://web.archive.org/web", "http://localhost:8081/pywb-cdx")


NO_WEB_ARCHIVES = [
    "",
    "web.archive.org/web",
    "ftp://web.archive.org/web",
    "https:///web",
    "https://web.archive.org/web?a=b",
    "https://web.archive.org/web#a",
    "https://web.archive.org/web//",
    "https://web.archive.org/my pages",
    "https://me:secret@web.archive.org/web",
    "https://web.archive.org:65536/web",
]


@pytest.mark.parametrize("url", NO_WEB_ARCHIVES)
@pytest.mark.parametrize("key", ["url", "cdx_url"])
def test_a_web_archive_is_a_web_address_without_a_query(key: str, url: str) -> None:
    with pytest.raises(UsageError, match=rf"^catalog c.toml: wayback\.{key}: .+$"):
        parse_catalog(f'[wayback]\n{key} = "{url}"', "c.toml")


def test_what_a_person_says_takes_the_place_of_what_the_catalog_has() -> None:
    catalog = parse_catalog(
        '[wayback]\nurl = "http://a/web"\ncdx_url = "http://a/cdx"\npages_per_second = 2.0\n'
        '[politeness]\nworkers = 2\n[[collections]]\nid = "a"\n',
        "c.toml",
    )

    assert override(catalog, None, None) == catalog
    other = override(catalog, "http://b", "me@b.org", "http://c/played/")
    assert (other.archive.url, other.politeness.contact) == ("http://b", "me@b.org")
    assert other.wayback == Wayback(url="http://c/played", pages_per_second=2.0)
    assert (other.politeness.workers, other.collections) == (2, catalog.collections)


def test_a_web_archive_that_is_none_is_said() -> None:
    with pytest.raises(UsageError, match=r"^wayback\.url: 'played' is not an http"):
        override(Catalog(), None, None, "played")


# What a collection asks for

ARCHIVE = "https://digitalarchive.wilsoncenter.org"
ONE_FACET = [
    'facets = ["topics:86494"]',
    'facets = ["topics:86494", "topics%3A86494"]',
    f'address = "{ARCHIVE}/search?f%5B0%5D=topics:86494&fo[0]=86494&page=3"',
    f'address = "{ARCHIVE}/search?f%5B0%5D=topics%3A86494&fo%5B0%5D=86494&items_per_page=100"',
    f'address = "{ARCHIVE}/search?f[0]=topics:86494"',
    f'address = "{ARCHIVE}/search/?f[2]=topics:86494#main-content"',
    f'address = "{ARCHIVE}/search?f%255B0%255D=topics%253A86494"',
    f'address = "{ARCHIVE}/search?search_api_fulltext=&sort_by=created&sort_order=DESC&f[0]=topics:86494"',
    f'address = "{ARCHIVE}/search?sort_bef_combine=field_document_date_unix_DESC&f[0]=topics:86494&f[1]="',
    'address = "http://digitalarchive.wilsoncenter.org:80/search?f[0]=topics:86494"',
    'address = "https://wilson-center.drivingcreative.com/search?f[0]=topics:86494"',
    'address = "https://wilson-center-digital-archive.dvincitest.com/search?f[0]=topics:86494"',
    'address = "http://127.0.0.1:8000/search?f[0]=topics:86494"',
    'address = "/search?f[0]=topics:86494"',
    'address = " ?f[0]=topics:86494&page=2 "',
]
SEVERAL_FACETS_AND_TEXT = [
    'facets = ["topics:86494", "people:12"]\ntext = " mao  zedong "',
    'facets = ["people:12", "topics:86494"]\ntext = "mao zedong"',
    f'address = "{ARCHIVE}/search?f[0]=topics:86494&f[1]=people:12&fo[0]=86494&search_api_fulltext=mao+zedong"',
    f'address = "{ARCHIVE}/search?search_api_fulltext=mao%20zedong&f[1]=topics:86494&f[4]=people:12&fo[0]=12"',
    f'address = "{ARCHIVE}/search?f%5B0%5D=people%3A12&f%255B1%255D=topics%253A86494&search_api_fulltext=mao+zedong"',
]


def only(text: str) -> CatalogEntry:
    (entry,) = parse_catalog(f'archive.url = "http://127.0.0.1:8000"\n[[collections]]\n{text}', "c.toml").collections
    return entry


@pytest.mark.parametrize("text", ONE_FACET)
def test_every_way_to_ask_for_one_facet_is_one_collection(text: str) -> None:
    assert only(f'{text}\nname = "China"').collection == Collection(
        "topics-86494",
        kind="topics",
        name="China",
        query="f[0]=topics:86494",
        url=f"{ARCHIVE}/search?f%5B0%5D=topics%3A86494",
    )


@pytest.mark.parametrize("text", SEVERAL_FACETS_AND_TEXT)
def test_every_way_to_ask_for_several_facets_and_text_is_one_collection(text: str) -> None:
    assert only(text).collection == Collection(
        "people-12+topics-86494+text-mao-zedong",
        kind="mixed",
        query="f[0]=people:12&f[1]=topics:86494&search_api_fulltext=mao%20zedong",
        url=f"{ARCHIVE}/search?f%5B0%5D=people%3A12&f%5B1%5D=topics%3A86494&search_api_fulltext=mao%20zedong",
    )


def test_text_alone_is_a_collection() -> None:
    assert only('text = "mao zedong"').collection == Collection(
        "text-mao-zedong",
        kind="text",
        query="search_api_fulltext=mao%20zedong",
        url=f"{ARCHIVE}/search?search_api_fulltext=mao%20zedong",
    )


@pytest.mark.parametrize("address", ["/search", f"{ARCHIVE}/search?page=7"])
def test_an_address_without_facets_and_text_is_the_whole_archive(address: str) -> None:
    assert only(f'address = "{address}"').collection == Collection("all", kind="all", url=f"{ARCHIVE}/search")


@pytest.mark.parametrize("text", [*ONE_FACET, *SEVERAL_FACETS_AND_TEXT])
def test_the_page_of_an_address_does_not_matter(text: str) -> None:
    listing = only(text).listing

    assert listing is not None
    assert (listing.page, listing.items_per_page) == (0, None)


def test_saved_pages_alone_ask_for_nothing() -> None:
    assert only('id = "a"\nfiles = ["*"]').listing is None


def test_saved_pages_can_belong_to_a_result_set() -> None:
    catalog = parse_catalog('[[collections]]\nfacets = ["topics:1"]\nfiles = ["a-*"]\ncount = 0', "c.toml")

    found = catalog.collection_of("a-1.html")
    assert found is not None
    assert found.collection_id == "topics-1"
    assert catalog.collections[0].count == 0


# Writing

IN_ORDER = r"""[archive]
url = "http://127.0.0.1:8000"

[politeness]
requests_per_second = inf

[wayback]
url = "http://127.0.0.1:8080/played"

[[collections]]
id = "b"
files = ["*.html"]

[[collections]]
id = "a"
files = ["*"]

[[collections]]
name = "\"China\" \\ é"
facets = ["topics:1", "people:12"]
count = 0

[[collections]]
name = "China"
facets = ["topics:3"]
text = "trade"

[[collections]]
name = "Mao"
facets = ["people:12"]
count = 3

[[collections]]
name = "China"
facets = ["topics:1"]
count = 89

[[collections]]
name = "Korea"
facets = ["topics:0"]
"""


def test_a_catalog_is_written_in_order_and_without_what_is_a_matter_of_course() -> None:
    catalog = Catalog(
        archive=Archive(url="http://127.0.0.1:8000"),
        politeness=Politeness(requests_per_second=math.inf, workers=4),
        wayback=Wayback(url="http://127.0.0.1:8080/played"),
        collections=(
            CatalogEntry(name="Korea", facets=("topics:0",)),
            CatalogEntry(name="Mao", facets=("people:12",), count=3),
            CatalogEntry(name="China", facets=("topics:3",), text="trade"),
            CatalogEntry(id="b", files=("*.html",)),
            CatalogEntry(name='"China" \\ é', facets=("topics:1", "people:12"), count=0),
            CatalogEntry(name="China", facets=("topics:1",), count=89),
            CatalogEntry(id="a", files=("*",)),
        ),
    )

    assert write_catalog(catalog) == IN_ORDER


def test_a_catalog_of_nothing_is_an_empty_text() -> None:
    assert write_catalog(Catalog()) == ""


def models(model: type[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Models with some of these fields."""
    return st.fixed_dictionaries({}, optional=fields).map(lambda values: model(**values))


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map("x{}".format)
FACETS = st.lists(
    st.builds("{}:{}".format, st.sampled_from(["topics", "people"]), st.integers(0, 99)), min_size=1, max_size=3
)
SECONDS = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
POLITE = models(
    Politeness,
    requests_per_second=st.floats(min_value=0, exclude_min=True),
    workers=st.integers(1, 64),
    contact=st.sampled_from([*CONTACTS, "\"'#~=@!"]),
    timeout_seconds=SECONDS,
    attempts=st.integers(1, 10),
    backoff_seconds=SECONDS,
    longest_wait_seconds=SECONDS,
)
WEB_ARCHIVES = models(
    Wayback,
    url=st.sampled_from([*PLACES]),
    cdx_url=st.sampled_from([*PLACES]),
    pages_per_second=st.floats(min_value=0, exclude_min=True),
    queries_per_second=st.floats(min_value=0, exclude_min=True),
)
ASKED = (
    st.fixed_dictionaries({"facets": FACETS}, optional={"text": ANY_TEXT})
    | st.fixed_dictionaries({"text": ANY_TEXT})
    | st.fixed_dictionaries({"address": st.integers(100, 199).map("/search?f[0]=topics:{}&page=2".format)})
    | st.fixed_dictionaries({"id": st.integers(0, 99).map(str)}, optional={"kind": ANY_TEXT})
)
GLOBS_OR_NONE = st.lists(ANY_TEXT | st.sampled_from(["*", "x*", "xa"]), max_size=2)
MORE = st.fixed_dictionaries({}, optional={"name": ANY_TEXT, "count": st.integers(0), "files": GLOBS_OR_NONE})
CATALOGS = st.builds(
    lambda archive, politeness, wayback, entries: Catalog(
        archive=archive, politeness=politeness, wayback=wayback, collections=tuple(entries)
    ),
    models(Archive, url=st.sampled_from([*SITES])),
    POLITE,
    WEB_ARCHIVES,
    st.lists(
        st.builds(lambda asked, more: CatalogEntry(**asked, **more), ASKED, MORE),
        max_size=5,
        unique_by=lambda entry: entry.collection.collection_id,
    ),
)


def in_any_order(entries: tuple[CatalogEntry, ...]) -> list[str]:
    return sorted(entry.model_dump_json() for entry in entries)


@given(CATALOGS)
@example(Catalog(collections=(CatalogEntry(text="\"\\\x00\t\n\x1f\x7f\x80\u2028\ufeff\U0010ffff\ue000'"),)))
@example(Catalog(collections=(CatalogEntry(name='x\x00"""\\u0041\r\n\x7f\x85\u2028\ufeff😀', text="a"),)))
def test_a_catalog_reads_back_as_it_was_written(catalog: Catalog) -> None:
    text = write_catalog(catalog)
    found = parse_catalog(text, "c.toml")

    assert (found.archive, found.politeness, found.wayback) == (catalog.archive, catalog.politeness, catalog.wayback)
    assert in_any_order(found.collections) == in_any_order(catalog.collections)
    assert write_catalog(found) == text


@given(CATALOGS, st.data())
def test_collections_without_files_give_the_same_text_in_any_order(catalog: Catalog, data: st.DataObject) -> None:
    entries = tuple(entry.model_copy(update={"files": ()}) for entry in catalog.collections)
    shuffled = tuple(data.draw(st.permutations(entries)))

    one, other = (catalog.model_copy(update={"collections": each}) for each in (entries, shuffled))
    assert write_catalog(one) == write_catalog(other)


@given(CATALOGS, ANY_TEXT)
@example(Catalog(collections=(CatalogEntry(id="b", files=("*",)), CatalogEntry(id="a", files=("x",)))), "x")
def test_a_file_belongs_where_it_did_before_the_writing(catalog: Catalog, file: str) -> None:
    assert parse_catalog(write_catalog(catalog), "c.toml").collection_of(file) == catalog.collection_of(file)


def test_half_of_a_surrogate_pair_is_in_no_catalog() -> None:
    with pytest.raises(ValidationError):
        CatalogEntry(name="\ud800", text="a")
