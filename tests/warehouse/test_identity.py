"""Identity as the tables rely on it: pure, whatever the order, and no entry lost or changed.

How well it tells documents apart is proved elsewhere, on labelled pairs.
"""

from dataclasses import dataclass

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.identity.resolution import resolve

SITE = "https://digitalarchive.wilsoncenter.org/document/"
COLUMNS = ("page_id", "position", "date_text", "title", "summary", "url")
SCHEMA = pa.schema([(name, pa.int64() if name == "position" else pa.string()) for name in COLUMNS])

Content = tuple[str | None, str | None, str | None, str | None]
"""Date, title, summary, address."""


@dataclass(frozen=True)
class Resolved:
    """What identity said, as plain values."""

    entries: list[dict[str, object]]
    keys: set[tuple[str, str, str]]

    @property
    def documents(self) -> list[str]:
        """Document of each entry."""
        return [str(entry["document_id"]) for entry in self.entries]

    @property
    def rules(self) -> list[str]:
        return [str(entry["rule"]) for entry in self.entries]


def identified(rows: list[tuple[object, ...]]) -> Resolved:
    table = pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows], schema=SCHEMA)
    found = resolve(table)
    keys = {(row["key"], row["document_id"], row["kind"]) for row in found.keys.to_pylist()}
    assert len(keys) == found.keys.num_rows
    return Resolved(found.entries.to_pylist(), keys)


def on_pages(*pages: list[Content]) -> Resolved:
    """The entries of pages, one after the other."""
    return identified(
        [
            (f"page-{number}", position, *content)
            for number, page in enumerate(pages)
            for position, content in enumerate(page, 1)
        ]
    )


MAO: Content = ("April 19, 1958", "Conversation with Mao Zedong on Yugoslavia", "Yudin and Mao talk of Tito.", None)
TEXTS = [
    ("other date", ("April 20, 1958", *MAO[1:])),
    ("other title", (MAO[0], "Telegram from Stalin to Kim Il Sung", *MAO[2:])),
    ("other summary", (*MAO[:2], "A dinner of which nobody says a word to anyone.", None)),
]


def test_equal_blocks_on_two_pages_are_one_document() -> None:
    found = on_pages([MAO], [MAO])

    assert len(set(found.documents)) == 1
    assert found.rules == ["content", "content"]


def test_equal_blocks_on_one_page_are_as_many_documents() -> None:
    assert len(set(on_pages([MAO, MAO, MAO]).documents)) == 3


def test_equal_blocks_of_one_page_are_known_again_on_another() -> None:
    found = on_pages([MAO, MAO], [MAO, MAO])

    assert found.documents[:2] == found.documents[2:]


@pytest.mark.parametrize("other", [case[1] for case in TEXTS], ids=[case[0] for case in TEXTS])
def test_blocks_that_differ_are_different_documents(other: Content) -> None:
    assert len(set(on_pages([MAO], [other]).documents)) == 2


def test_an_address_joins_whatever_the_wording() -> None:
    found = on_pages([(*MAO[:3], SITE + "a")], [("1958", "Another title altogether", None, SITE + "a")])

    assert len(set(found.documents)) == 1
    assert found.rules == ["address", "address"]


def test_different_addresses_are_different_documents_though_all_else_is_equal() -> None:
    assert len(set(on_pages([(*MAO[:3], SITE + "a")], [(*MAO[:3], SITE + "b")]).documents)) == 2


def test_an_absent_part_is_a_part_of_the_content() -> None:
    found = on_pages([(None, "A title", None, None)], [(None, "A title", None, None)], [(None, None, "A title", None)])

    assert found.documents[0] == found.documents[1] != found.documents[2]


def test_no_entries_have_no_documents_and_no_keys() -> None:
    assert identified([]) == Resolved([], set())


def test_a_document_is_named_after_what_is_known_of_it_and_not_after_the_page() -> None:
    here = identified([("p", 1, *MAO)]).documents
    there = identified([("q", 7, *MAO), ("q", 8, None, "Something else", None, None)]).documents

    assert here[0] == there[0]


def test_an_id_leads_to_its_document_by_its_keys() -> None:
    found = on_pages([MAO, (*TEXTS[1][1][:3], SITE + "a")])
    block, addressed = found.documents

    assert (f"address:{SITE}a", addressed, "address") in found.keys
    assert {(f"id:{each}", each, "id") for each in found.documents} <= found.keys
    assert {document for _, document, kind in found.keys if kind == "content"} >= {block}


contents = st.tuples(
    st.sampled_from([None, "1958", "May 10, 1943"]),
    st.sampled_from([None, "A title", "B title"]),
    st.sampled_from([None, "A summary."]),
    st.sampled_from([None, None, SITE + "1", SITE + "two", SITE + "three"]),
)
some_pages = st.lists(st.lists(contents, max_size=4), max_size=4)


@settings(max_examples=60, deadline=None)
@given(some_pages, st.randoms(use_true_random=False))
def test_the_order_of_entries_and_pages_makes_no_difference(pages: list[list[Content]], shuffling) -> None:
    rows: list[tuple[object, ...]] = [
        (f"page-{number}", position, *content)
        for number, page in enumerate(pages)
        for position, content in enumerate(page, 1)
    ]
    shuffled = list(rows)
    shuffling.shuffle(shuffled)

    found, other = identified(rows), identified(shuffled)

    def by_place(resolved: Resolved) -> dict[object, object]:
        return {(entry["page_id"], entry["position"]): entry for entry in resolved.entries}

    assert by_place(found) == by_place(other)
    assert found.keys == other.keys


@settings(max_examples=60, deadline=None)
@given(some_pages)
def test_every_entry_comes_back_as_it_was_with_a_document_that_has_keys(pages: list[list[Content]]) -> None:
    found = on_pages(*pages)

    assert [tuple(entry[name] for name in COLUMNS[2:]) for entry in found.entries] == [
        content for page in pages for content in page
    ]
    assert set(found.documents) == {document for _, document, _ in found.keys}
    for number in range(len(pages)):
        blocks = [
            entry["document_id"]
            for entry in found.entries
            if entry["page_id"] == f"page-{number}" and entry["url"] is None
        ]
        assert len(blocks) == len(set(blocks))
