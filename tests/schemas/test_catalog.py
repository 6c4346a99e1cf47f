"""The catalog: what a person writes is read as it is meant, and each mistake is one line that names its place."""

import pytest

from schemas.catalog import parse_catalog
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
    "no id": ('[[collections]]\nname = "a"', "collections.1.id: field required"),
    "id twice": ('[[collections]]\nid = "a"\n[[collections]]\nid = "a"', "the id 'a' stands more than once"),
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
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_that_names_the_catalog_and_the_place(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_catalog(text, "c.toml")

    message = str(caught.value)
    assert message.startswith(f"catalog c.toml: {words}")
    assert len(message.splitlines()) == 1
    assert caught.value.exit_code == 2


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
