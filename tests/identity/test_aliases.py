"""Addresses that the archive itself says are one document's are joined unless what they show contradicts it."""

from itertools import pairwise, permutations

import pytest
from hypothesis import example, given, settings

from schemas.identifiers import stable_id
from schemas.records import Alias
from tests.identity.test_decisions import different, same
from tests.identity.test_invariance import some_aliases, some_pages
from tests.identity.test_rules import (
    DATE,
    OTHER_SUMMARY,
    OTHER_TITLE,
    SITE,
    Content,
    address_key,
    alias,
    apart,
    block,
    content_key,
    identify,
    linked,
    on_pages,
    rows_of,
)


def other(name: str) -> Content:
    """An entry with the address `name` that shares nothing but the date with those of `linked` and `block`."""
    return linked(name, DATE, OTHER_TITLE, OTHER_SUMMARY)


def stranger(name: str, number: int = 0) -> Content:
    """An entry with the address `name` that shares neither date nor title with any other."""
    return linked(name, f"{1900 + number}", f"{number:x} {OTHER_TITLE[number % 20 :]}", OTHER_SUMMARY)


PAIRS = {"slug and number": ("a", "1"), "two slugs": ("a", "b"), "two numbers": ("1", "2")}


@pytest.mark.parametrize(("name", "another"), PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("evidence", ["redirect", "citation"])
def test_two_addresses_of_an_alias_are_one_document_though_not_a_word_is_equal(
    name: str, another: str, evidence: str
) -> None:
    assert apart(linked(name), other(another)).shape == "ab"

    for one_way in (alias(name, another, evidence), alias(another, name, evidence)):
        found = apart(linked(name), other(another), aliases=[one_way])
        assert (found.shape, found.rules) == ("aa", ["address", "alias"])
        assert found.documents[0] == stable_id(address_key(name))
        assert found.pairs == []
        for each in (name, another):
            assert found.keys[address_key(each)] == {found.documents[0]}
            assert found.keys["id:" + stable_id(address_key(each))] == {found.documents[0]}


def test_two_entries_of_one_page_are_one_document_if_the_archive_says_so() -> None:
    assert on_pages([linked("a"), other("b")], aliases=[alias("a", "b")]).shape == "aa"


def test_a_chain_and_a_circle_are_one_document_also_through_addresses_that_no_entry_has() -> None:
    names = ["a", "1", "nowhere", "2", "b"]
    chain = [alias(*two) for two in pairwise(names)]
    entries = [linked("a"), other("1"), other("2"), linked("b")]

    found = apart(*entries, aliases=chain)

    assert (found.shape, found.rules) == ("aaaa", ["address", "alias", "alias", "alias"])
    for order in permutations([*chain, alias("b", "a")], 5):
        again = apart(*entries, aliases=order)
        assert (again.shape, again.keys) == ("aaaa", found.keys)


def test_a_long_chain_is_followed_to_its_end() -> None:
    names = [str(number) for number in range(20_000)]

    found = apart(linked("0"), other("19999"), aliases=[alias(*two) for two in pairwise(names)])

    assert found.shape == "aa"


def test_an_address_that_no_entry_has_leads_to_the_document_that_an_alias_says() -> None:
    found = apart(linked("a"), other("b"), aliases=[alias("77", "a")])

    assert found.shape == "ab"
    assert found.keys[address_key("77")] == {stable_id(address_key("a"))}
    assert found.rules == ["address", "address"]


def test_a_document_is_named_after_the_slug_that_an_alias_says_before_any_listing_shows_it() -> None:
    early = apart(linked("1"), aliases=[alias("1", "a")])
    late = apart(linked("1"), other("a"), aliases=[alias("1", "a")])

    assert early.documents == late.documents[:1] == [stable_id(address_key("a"))]
    assert early.keys["id:" + stable_id(address_key("1"))] == set(early.documents)


def test_an_alias_of_two_addresses_that_no_entry_has_or_of_one_address_does_nothing() -> None:
    plain = apart(linked("a"), block(None))

    found = apart(linked("a"), block(None), aliases=[alias("x", "9"), alias("9", "y"), alias("a", "a")])

    assert (found.entries, found.keys, found.pairs) == (plain.entries, plain.keys, plain.pairs)


def test_without_entries_aliases_are_no_documents() -> None:
    assert apart(aliases=[alias("a", "1")]).keys == {}


def test_an_alias_comes_before_the_content_so_that_a_block_equal_to_both_addresses_joins_them() -> None:
    assert apart(linked("a"), linked("b"), block()).shape == "abc"

    found = apart(linked("a"), linked("b"), block(), aliases=[alias("a", "b")])

    assert (found.shape, found.rules) == ("aaa", ["address", "alias", "content"])


def test_what_joins_an_alias_by_a_weaker_rule_is_told_by_that_rule() -> None:
    found = apart(linked("a"), other("1"), (*other("1")[:3], None), aliases=[alias("a", "1")])

    assert (found.shape, found.rules) == ("aaa", ["address", "alias", "content"])


def test_a_slug_whose_number_is_known_does_not_join_another_number_for_being_equal() -> None:
    assert apart(linked("a"), linked("2")).shape == "aa"

    found = apart(linked("a"), linked("2"), aliases=[alias("a", "1")])

    assert found.shape == "ab"
    assert found.paired == {frozenset(found.documents)}


# Plausibility


@pytest.mark.parametrize("evidence", ["redirect", "citation"])
@pytest.mark.parametrize("has_entries", [True, False])
def test_an_address_that_many_claim_joins_nothing_and_is_reported(evidence: str, has_entries: bool) -> None:
    entries = [stranger(f"slug-{number}", number) for number in range(30)]
    target = [stranger("not-found", 40)] if has_entries else []
    aliases = [alias(f"slug-{number}", "not-found", evidence) for number in range(30)]

    found = apart(*entries, *target, aliases=aliases)

    assert len(set(found.documents)) == 30 + has_entries
    ((doubtful),) = found.doubtful
    assert doubtful.key == address_key("not-found")
    assert set(doubtful.others) == {address_key(f"slug-{number}") for number in range(30)}


def test_two_addresses_with_another_date_and_title_are_not_joined_and_that_is_reported() -> None:
    found = apart(linked("a"), stranger("b"), aliases=[alias("a", "b")])

    assert found.shape == "ab"
    assert [(each.key, each.others) for each in found.doubtful] == [(address_key("a"), (address_key("b"),))]


def test_two_addresses_with_another_date_and_title_are_not_joined_through_an_address_without_entries() -> None:
    aliases = [alias("a", "nowhere"), alias("b", "nowhere"), alias("a", "1")]

    found = apart(linked("a"), stranger("b"), linked("1"), aliases=aliases)

    assert found.shape == "aba"
    assert len(found.doubtful) == 2


def test_two_addresses_with_another_date_and_title_are_not_joined_through_an_entry_without_date() -> None:
    between = linked("m", None, "A third title", None)

    found = apart(linked("a"), between, stranger("b"), aliases=[alias("a", "m"), alias("m", "b")])

    assert found.shape == "abc"


def test_a_real_alias_is_believed_though_many_others_claim_the_same_address() -> None:
    entries = [stranger(f"slug-{number}", number) for number in range(30)]
    aliases = [alias(f"slug-{number}", "a") for number in range(30)]

    found = apart(*entries, linked("a"), linked("b"), aliases=[*aliases, alias("b", "a")])

    assert found.documents[-1] == found.documents[-2]
    assert len(set(found.documents)) == 31


def test_what_a_person_decided_is_not_doubted() -> None:
    decision = same(address_key("a"), address_key("b"))

    found = apart(linked("a"), stranger("b"), aliases=[alias("a", "b")], decisions=[decision])

    assert (found.shape, found.doubtful) == ("aa", ())


# Decisions


def test_a_decision_that_two_are_different_stands_against_an_alias_and_is_told() -> None:
    decision = different(address_key("a"), address_key("1"))

    found = apart(linked("a"), other("1"), aliases=[alias("a", "1")], decisions=[decision])

    assert found.shape == "ab"
    ((pair),) = found.pairs
    assert (pair["decision"], pair["evidence"]) == ("different", "redirect; declared different")
    assert found.keys["id:" + stable_id(address_key("1"))] == {found.documents[1]}


def test_a_decision_that_two_are_different_stands_against_aliases_through_others() -> None:
    decision = different(address_key("a"), address_key("b"))

    found = apart(linked("a"), other("b"), aliases=[alias("a", "x"), alias("x", "b")], decisions=[decision])

    assert found.shape == "ab"
    assert len(found.keys[address_key("x")]) == 1


def test_an_address_without_entries_that_a_decision_takes_away_leads_nowhere_and_its_id_still_does() -> None:
    decision = different(address_key("1"), address_key("a"))
    before = apart(linked("1"), aliases=[alias("1", "a")])

    found = apart(linked("1"), aliases=[alias("1", "a")], decisions=[decision])

    assert found.documents == [stable_id(address_key("1"))]
    assert address_key("a") not in found.keys
    assert found.keys["id:" + before.documents[0]] == set(found.documents)
    assert (found.pairs, found.unknown) == ([], ())


def test_a_decision_about_an_address_that_only_an_alias_knows_has_its_effect() -> None:
    decision = same(address_key("77"), content_key(block()))

    found = apart(other("a"), block(), aliases=[alias("77", "a")], decisions=[decision])

    assert (found.shape, found.rules) == ("aa", ["address", "decision"])
    assert found.unknown == ()


# Whatever the entries


@settings(max_examples=60, deadline=None)
@given(some_pages, some_aliases)
@example([[linked("a")], [linked("b")]], [alias("a", "9"), alias("9", "b", "citation")])
@example([[linked("2"), linked("a", "April 21, 1958", "Letter")]], [alias("a", "2")])
def test_plausible_aliases_join_what_they_say_and_rules_alone_no_two_slugs(
    pages: list[list[Content]], aliases: list[Alias]
) -> None:
    found = identify(rows_of(*pages), (), aliases)

    group = {SITE + name: {SITE + name} for name in ("a", "b", "1", "2", "x", "9")}
    doubted = {frozenset((each.key, other)) for each in found.doubtful for other in each.others}
    for each in aliases:
        if frozenset(("address:" + each.url, "address:" + each.other_url)) not in doubted:
            both = group[each.url] | group[each.other_url]
            group.update(dict.fromkeys(both, both))
    shown = {str(entry["url"]): entry["document_id"] for entry in found.entries if entry["url"]}
    for url, document in shown.items():
        for named in group[url]:
            assert found.keys["address:" + named] == {document}
    slugs = [url for url in shown if url.endswith(("a", "b"))]
    for left, right in pairwise(slugs):
        assert (shown[left] == shown[right]) == (right in group[left])
    assert {document for each in found.keys.values() for document in each} == set(found.documents)
    assert all(entry["url"] for entry in found.entries if entry["rule"] == "alias")


@settings(max_examples=40, deadline=None)
@given(some_pages, some_aliases)
def test_every_id_from_before_the_aliases_were_known_still_leads_to_a_document(
    pages: list[list[Content]], aliases: list[Alias]
) -> None:
    before, after = identify(rows_of(*pages)), identify(rows_of(*pages), (), aliases)

    for former in before.documents:
        assert after.keys["id:" + former] <= set(after.documents)
        assert after.keys["id:" + former]
