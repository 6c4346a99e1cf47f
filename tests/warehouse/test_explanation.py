"""A document is explained by any name that it ever had: its entries, the rule of each, and why its values are those."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from schemas.errors import UsageError
from schemas.identifiers import stable_id
from schemas.tables import ENTRIES
from tests.identity.test_decisions import different, same
from tests.identity.test_rules import OTHER_SUMMARY, OTHER_TITLE, SITE, SUMMARY, TITLE, address_key, content_key
from tests.warehouse.test_changes import Maker
from tests.warehouse.test_tables import Block, Run, Seen, at, segments
from warehouse.building import build_tables
from warehouse.explanation import RULE_MEANINGS, Explanation, explain, find_document, natural_key
from warehouse.identity.decisions import Decision
from wcda.snapshots import Snapshot

DATE = "April 19, 1958"
Publish = Callable[..., Snapshot]

LINKED = Block(TITLE, DATE, SUMMARY, SITE + "a")
PLAIN = Block(TITLE, DATE, SUMMARY)
UPPER = Block(TITLE.upper(), DATE, SUMMARY)
UNDATED = Block(TITLE, None, SUMMARY)
OTHER = Block(OTHER_TITLE, "1960", OTHER_SUMMARY)


def key_of(block: Block) -> str:
    return content_key((block.date, block.title, block.summary, None))


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    """Makes a snapshot of runs."""
    maker = Maker(tmp_path)

    def made(*runs: Sequence[Seen], decisions: Sequence[Decision] = ()) -> Snapshot:
        pieces = [piece for number, seen in enumerate(runs) for piece in segments(Run(f"r{number}", tuple(seen)))]
        tables = build_tables(pieces, decisions)
        return maker({name: table.to_pylist() for name, table in tables.items()})

    return made


def page(*blocks: Block, collection: str = "x", day: int = 1, first: int = 1) -> Seen:
    """A page that holds the whole of its collection."""
    last = first + len(blocks) - 1
    return Seen(blocks, len(blocks), collection, first, last, at(day))


def rules(explanation: Explanation) -> dict[str | None, str]:
    """Rule of each entry, by its collection."""
    return {entry.collection_id: entry.rule for entry in explanation.entries}


@pytest.fixture
def listed_four_times(publish: Publish) -> Snapshot:
    """A document with an address, listed with and without it, in capitals and without its date; and another."""
    return publish(
        [
            page(OTHER, LINKED, collection="w"),
            page(PLAIN, collection="x", first=11),
            page(UPPER, collection="y"),
            page(UNDATED, collection="z"),
        ]
    )


def test_the_entries_are_shown_with_their_place_rule_and_meaning(listed_four_times: Snapshot) -> None:
    found = explain(listed_four_times, SITE + "a")

    assert rules(found) == {"w": "address", "x": "content", "y": "normalised", "z": "similar"}
    assert {entry.collection_id: entry.place for entry in found.entries} == {"w": 2, "x": 11, "y": 1, "z": 1}
    assert all(entry.because == RULE_MEANINGS[entry.rule] for entry in found.entries)


def test_every_rule_has_a_meaning() -> None:
    (rule,) = (column for column in ENTRIES.columns if column.name == "rule")
    assert set(RULE_MEANINGS) == set(rule.allowed)


def test_where_an_entry_differs_from_the_document_its_wording_is_shown(listed_four_times: Snapshot) -> None:
    found = explain(listed_four_times, SITE + "a")

    assert found.values == {"date_text": DATE, "title": TITLE, "summary": SUMMARY, "url": SITE + "a"}
    assert {entry.collection_id: entry.differs for entry in found.entries} == {
        "w": {},
        "x": {"url": None},
        "y": {"title": TITLE.upper(), "url": None},
        "z": {"date_text": None, "url": None},
    }
    assert (found.wordings, found.because) == (4, "it has more of date, title, summary and address")


@pytest.mark.parametrize("block", [PLAIN, UPPER, UNDATED, LINKED])
def test_a_document_is_found_by_its_id_former_ids_address_and_natural_keys(
    block: Block, listed_four_times: Snapshot
) -> None:
    key = key_of(block) if block.url is None else address_key("a")
    document = stable_id(address_key("a"))

    for name in (document, stable_id(key), key, SITE + "a"):
        assert find_document(listed_four_times, name) == document
    found = explain(listed_four_times, stable_id(key))
    assert found.document_id == document
    assert set(found.keys) == {address_key("a"), *map(key_of, (PLAIN, UPPER, UNDATED))}
    assert set(found.former_ids) == {stable_id(key_of(each)) for each in (PLAIN, UPPER, UNDATED)}


def test_the_natural_key_is_that_of_the_id(listed_four_times: Snapshot) -> None:
    for name in (SITE + "a", stable_id(key_of(UPPER)), address_key("a")):
        assert natural_key(listed_four_times, name) == address_key("a")
    assert natural_key(listed_four_times, key_of(PLAIN)) == key_of(PLAIN)


@pytest.mark.parametrize("name", ["", "0123456789abcdef", "https://a/b", "address:x", TITLE])
def test_an_unknown_name_is_a_usage_error_that_says_it(name: str, listed_four_times: Snapshot) -> None:
    with pytest.raises(UsageError) as caught:
        explain(listed_four_times, name)

    assert str(caught.value) == f"{name}: no document has this id, URL or key; wcda find looks for words"


def test_where_all_entries_agree_it_is_said(publish: Publish) -> None:
    found = explain(publish([page(PLAIN), page(PLAIN, collection="y")]), key_of(PLAIN))

    assert (found.wordings, found.because) == (1, "all entries agree")
    assert [entry.differs for entry in found.entries] == [{}, {}]
    assert (found.former_ids, found.pairs) == ((), ())


def test_an_incomplete_page_tells_no_place(publish: Publish) -> None:
    snapshot = publish([Seen((PLAIN,), 9, "x", 1, 9, at(1))])

    (entry,) = explain(snapshot, key_of(PLAIN)).entries
    assert entry.place is None


def test_a_document_that_no_collection_lists_now_is_explained_as_it_was_seen_last(publish: Publish) -> None:
    snapshot = publish([page(LINKED, OTHER)], [page(OTHER, day=5)])

    found = explain(snapshot, SITE + "a")

    assert (found.entries, found.values["title"]) == ((), TITLE)
    assert found.because == "no collection lists it now; it is as it was seen last"


def test_a_value_from_a_listing_that_has_gone_is_not_said_to_be_agreed_on(publish: Publish) -> None:
    newer = Block(OTHER_TITLE, DATE, SUMMARY, SITE + "a")
    snapshot = publish([page(LINKED, collection="y", day=1)], [page(newer, OTHER, day=3)], [page(OTHER, day=5)])

    found = explain(snapshot, SITE + "a")

    assert found.values["title"] == OTHER_TITLE
    assert [entry.differs for entry in found.entries] == [{"title": TITLE}]
    assert found.because != "all entries agree"


def test_what_looks_alike_is_shown_with_the_evidence(publish: Publish) -> None:
    snapshot = publish([page(LINKED), page(Block(TITLE, DATE, SUMMARY, SITE + "b"), collection="y")])

    found = explain(snapshot, SITE + "a")

    ((other, evidence),) = found.pairs
    assert other == stable_id(address_key("b"))
    assert evidence.startswith("equal")


def test_a_decision_is_shown_as_the_rule(publish: Publish) -> None:
    snapshot = publish([page(LINKED), page(OTHER, collection="y")], decisions=[same(address_key("a"), key_of(OTHER))])

    assert rules(explain(snapshot, SITE + "a")) == {"x": "address", "y": "decision"}


SPLIT = different(address_key("a"), key_of(PLAIN))


def test_the_parts_of_a_split_document_are_explained_by_their_keys_and_by_an_id_that_is_theirs_alone(
    publish: Publish,
) -> None:
    snapshot = publish([page(LINKED), page(PLAIN, collection="y")], decisions=[SPLIT])

    assert rules(explain(snapshot, SITE + "a")) == {"x": "address"}
    for name in (key_of(PLAIN), stable_id(key_of(PLAIN))):
        assert rules(explain(snapshot, name)) == {"y": "content"}


def test_after_a_split_the_document_that_kept_the_id_is_found_by_it(publish: Publish) -> None:
    snapshot = publish([page(LINKED), page(PLAIN, collection="y")], decisions=[SPLIT])
    kept = stable_id(address_key("a"))

    assert find_document(snapshot, kept) == kept
    assert natural_key(snapshot, kept) == address_key("a")
