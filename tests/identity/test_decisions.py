"""What people decide comes before every rule, holds through others, and is proved on reading."""

from itertools import combinations, pairwise, permutations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.errors import UsageError
from schemas.identifiers import stable_id
from schemas.records import Alias
from tests.identity.test_rules import (
    DATE,
    OTHER_SUMMARY,
    OTHER_TITLE,
    SUMMARY,
    TITLE,
    Content,
    Resolved,
    address_key,
    alias,
    apart,
    block,
    content_key,
    linked,
    on_pages,
)
from warehouse.identity.decisions import COLUMNS, Decision, Verdict, format_decisions, parse_decisions

A, B, C = map(address_key, "abc")
OTHER = block("1960", OTHER_TITLE, OTHER_SUMMARY)
HEADER = ",".join(COLUMNS) + "\n"


def said(left: str, right: str, verdict: Verdict, why: str = "") -> Decision:
    return Decision(left, right, verdict, "anna", "2025-01-02", why)


def same(left: str, right: str) -> Decision:
    return said(left, right, "same")


def different(left: str, right: str) -> Decision:
    return said(left, right, "different")


# Same


NEVER_BY_RULE: dict[str, tuple[Content, Content, str, str]] = {
    "two slugs": (linked("a"), linked("b"), A, B),
    "two slugs that share nothing": (linked("a"), linked("b", "1960", OTHER_TITLE, OTHER_SUMMARY), A, B),
    "two dates": (block(), block("April 21, 1958"), content_key(block()), content_key(block("April 21, 1958"))),
    "two blocks that share nothing": (block(), OTHER, content_key(block()), content_key(OTHER)),
    "a slug and a block": (linked("a"), OTHER, A, content_key(OTHER)),
    "two numbers": (linked("1"), linked("2"), address_key("1"), address_key("2")),
}


@pytest.mark.parametrize("case", NEVER_BY_RULE)
def test_same_joins_what_no_rule_would(case: str) -> None:
    one, other, left, right = NEVER_BY_RULE[case]
    assert apart(one, other).shape == "ab"

    for decision in (same(left, right), same(right, left)):
        found = apart(one, other, decisions=[decision])
        assert found.shape == "aa"
        assert found.rules.count("decision") == 1
        assert found.pairs == []
        assert found.unknown == ()


def test_same_joins_even_two_entries_of_one_page() -> None:
    keys = [content_key(block(), ordinal) for ordinal in (0, 1)]

    assert on_pages([block(), block()], decisions=[same(*keys)]).shape == "aa"


def test_same_holds_through_others() -> None:
    contents = [linked(name, title=f"{name} {OTHER_TITLE}", summary=None) for name in "abc"]

    assert apart(*contents, decisions=[same(A, B), same(C, B)]).shape == "aaa"


def test_after_a_join_the_id_of_the_other_resolves_to_the_joined_one() -> None:
    found = apart(linked("a"), linked("b"), OTHER, decisions=[same(A, B), same(B, content_key(OTHER))])

    (document,) = set(found.documents)
    for key in (A, B, content_key(OTHER)):
        assert found.keys[key] == {document}
        assert found.keys["id:" + stable_id(key)] == {document}


@pytest.mark.parametrize(
    "other", [linked("b", summary=OTHER_SUMMARY), linked("9", "1959", TITLE, OTHER_SUMMARY)], ids=["slug", "date"]
)
def test_a_block_that_joins_a_document_still_does_when_that_is_declared_the_same_as_another(other: Content) -> None:
    assert apart(linked("a"), other, block()).shape == "aba"

    found = apart(linked("a"), other, block(), decisions=[same(A, "address:" + str(other[3]))])

    assert found.shape == "aaa"


def test_a_block_equal_to_two_addresses_that_are_declared_the_same_joins_them() -> None:
    assert apart(linked("a"), linked("b"), block(), decisions=[same(A, B)]).shape == "aaa"


# Different


SPLIT: dict[str, tuple[Content, Content, str, str]] = {
    "equal": (linked("a"), block(), A, content_key(block())),
    "a number and a slug": (linked("9"), linked("a"), address_key("9"), A),
    "normalised": (
        block(),
        block(title=TITLE.upper()),
        content_key(block()),
        content_key(block(title=TITLE.upper())),
    ),
    "similar": (block(), block(None), content_key(block()), content_key(block(None))),
}


@pytest.mark.parametrize("case", SPLIT)
def test_different_splits_what_a_rule_joined_and_stays_in_candidate_pairs(case: str) -> None:
    one, other, left, right = SPLIT[case]
    assert apart(one, other).shape == "aa"

    for decision in (different(left, right), different(right, left)):
        found = apart(one, other, decisions=[decision])
        assert found.shape == "ab"
        assert "decision" not in found.rules
        (pair,) = found.pairs
        assert pair["decision"] == "different"
        assert {pair["left_id"], pair["right_id"]} == set(found.documents)
        assert (pair["score"], "decision alone" in str(pair["evidence"])) == (1.0, False)


def test_a_pair_that_nobody_would_have_thought_of_is_kept_as_decided_alone() -> None:
    found = apart(linked("a"), OTHER, decisions=[different(A, content_key(OTHER))])

    (pair,) = found.pairs
    assert (pair["score"], pair["evidence"], pair["decision"]) == (0.0, "a decision alone", "different")


def test_a_candidate_pair_that_was_declared_different_keeps_its_evidence() -> None:
    (before,) = apart(linked("a"), linked("b")).pairs
    (after,) = apart(linked("a"), linked("b"), decisions=[different(A, B)]).pairs

    assert after == {**before, "decision": "different"}


def test_a_decision_on_one_pair_leaves_the_others_open() -> None:
    found = apart(linked("a"), linked("b"), linked("c"), decisions=[different(A, B)])

    decided = [pair for pair in found.pairs if pair["decision"]]
    assert len(decided) == 1
    assert {decided[0]["left_id"], decided[0]["right_id"]} == set(found.documents[:2])
    assert len(found.pairs) > 1


THIRD = {
    "equal to the letter": (linked("a", summary=OTHER_SUMMARY), linked("b"), block()),
    "normalised": (linked("a", summary=OTHER_SUMMARY), linked("b"), block(title=TITLE.upper())),
    "similar": (linked("a", summary=OTHER_SUMMARY), linked("b"), block(None)),
}


@pytest.mark.parametrize("case", THIRD)
def test_different_holds_through_a_document_that_is_the_same(case: str) -> None:
    a, b, c = THIRD[case]
    assert apart(a, b, c).shape == "abb"

    for decisions in permutations([same(A, B), different(A, content_key(c))]):
        found = apart(a, b, c, decisions=decisions)
        assert found.shape == "aab"
        assert {frozenset(found.documents)} <= found.paired


def test_different_holds_through_what_the_rules_join() -> None:
    upper, undated = block(title=TITLE.upper()), block(None)
    decisions = [different(content_key(upper), content_key(undated))]

    found = apart(block(), upper, undated, decisions=decisions)

    assert found.documents[1] != found.documents[2]
    assert apart(block(), upper, undated).shape == "aaa"


# Ids


def test_after_a_split_the_undivided_id_resolves_to_each_part() -> None:
    undivided = set(apart(linked("a"), block()).documents)

    found = apart(linked("a"), block(), decisions=[different(A, content_key(block()))])

    (former,) = undivided
    assert found.keys[f"id:{former}"] == set(found.documents)
    assert [found.keys[f"id:{document}"] >= {document} for document in found.documents] == [True, True]
    assert found.keys[A] == {found.documents[0]}
    assert found.keys[content_key(block())] == {found.documents[1]}


ALL: list[tuple[Content, str]] = [
    (linked("a"), A),
    (linked("b"), B),
    (linked("9", title=TITLE.upper()), address_key("9")),
    (block(), content_key(block())),
    (block(None), content_key(block(None))),
    (block("April 21, 1958"), content_key(block("April 21, 1958"))),
]
chosen = st.lists(st.sampled_from(ALL), min_size=2, max_size=6, unique_by=lambda pair: pair[1])
verdicts: st.SearchStrategy[list[Verdict | None]] = st.lists(
    st.sampled_from([None, None, "same", "different"]), min_size=15, max_size=15
)


some_aliases = st.lists(st.builds(alias, *[st.sampled_from(["a", "b", "1", "2", "nowhere", "9"])] * 2), max_size=4)


@settings(max_examples=100, deadline=None)
@given(chosen, verdicts, some_aliases, st.randoms(use_true_random=False))
def test_whatever_was_decided_holds_and_whatever_was_published_resolves(
    entries: list[tuple[Content, str]], verdicts: list[Verdict | None], aliases: list[Alias], shuffling
) -> None:
    keys = [key for _, key in entries]
    decisions: list[Decision] = []
    for (left, right), verdict in zip(combinations(keys, 2), verdicts, strict=False):
        wanted = [*decisions, said(left, right, verdict)] if verdict else decisions
        try:
            parse_decisions(format_decisions(wanted), "decisions.csv")
        except UsageError:
            continue  # it contradicts the others
        decisions = wanted
    contents = [content for content, _ in entries]
    before = apart(*contents, aliases=aliases)
    found = apart(*contents, decisions=decisions, aliases=aliases)

    document = dict(zip(keys, found.documents, strict=True))
    for decision in decisions:
        assert (document[decision.left] == document[decision.right]) == (decision.decision == "same")
    declared = {
        frozenset((document[each.left], document[each.right])) for each in decisions if each.decision == "different"
    }
    assert declared == {
        frozenset((pair["left_id"], pair["right_id"])) for pair in found.pairs if pair["decision"] == "different"
    }
    for former in {*apart(*contents).documents, *before.documents, *found.documents}:
        assert found.keys[f"id:{former}"] <= set(found.documents)
    for former in set(before.documents):
        parts = {now for now, then in zip(found.documents, before.documents, strict=True) if then == former}
        assert parts & found.keys[f"id:{former}"]
    shuffled = list(decisions)
    shuffling.shuffle(shuffled)
    assert _plain(apart(*contents, decisions=shuffled, aliases=aliases[::-1])) == _plain(found)


def _plain(found: Resolved) -> tuple[object, ...]:
    return found.entries, found.keys, found.pairs


# Unknown keys


def test_a_decision_about_a_key_that_no_entry_has_changes_nothing_and_is_told() -> None:
    decisions = [same(A, address_key("nowhere")), different(content_key(OTHER), B)]

    found = apart(linked("a"), linked("b"), decisions=decisions)

    assert _plain(found) == _plain(apart(linked("a"), linked("b")))
    assert found.unknown == tuple(decisions)


# Reading


GOOD = f"{A},{B},same,anna,2025-01-02,why\n"
MALFORMED = {
    "empty file": ("", "the column 'left' is missing"),
    "no header": (GOOD, "the column 'left' is missing"),
    "a column is missing": ("left,right,decision,who,when\n", "the column 'why' is missing"),
    "another separator": (HEADER.replace(",", ";") + GOOD.replace(",", ";"), "the column 'left' is missing"),
    "no decision": (HEADER + f"{A},{B},,anna,2025,\n", "line 2: the decision must be"),
    "another decision": (HEADER + GOOD + f"{A},{B},equal,anna,2025,\n", "line 3: the decision must be"),
    "a decision over two lines": (HEADER + f'{A},{B},"sa\nme",anna,2025,\n', "the decision must be"),
    "left is no key": (HEADER + f"a,{B},same,anna,2025,\n", "line 2: left must be a natural key"),
    "right is no key": (HEADER + f"{A},id:b,same,anna,2025,\n", "line 2: right must be a natural key"),
    "right is missing": (HEADER + f"{A}\n", "line 2: right must be a natural key"),
    "when is no date": (HEADER + f"{A},{B},same,anna,lately,\n", "line 2: when must be a date"),
    "one key twice": (HEADER + f"{A}, {A} ,same,anna,2025,\n", "line 2: left and right are one key"),
    "both": (HEADER + GOOD + f"{A},{B},different,anna,2025,\n", "are said to be the same and different"),
    "both, the other way": (HEADER + GOOD + f"{B},{A},different,anna,2025,\n", "the same and different"),
    "both, through another": (
        HEADER + f"{A},{C},different,anna,2025,\n" + GOOD + f"{C},{B},same,anna,2025,\n",
        "the same and different",
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_a_usage_error_of_one_line(case: str) -> None:
    text, words = MALFORMED[case]

    with pytest.raises(UsageError) as caught:
        parse_decisions(text, "decisions.csv")

    (line,) = str(caught.value).splitlines()
    assert line.startswith("decisions.csv")
    assert words in line


UNREADABLE = {
    "a bare carriage return": HEADER + f"{A},{B},same,anna,2025,one\rtwo\n",
    "a field of more than 131072 characters": HEADER + f"{A},{B},same,anna,2025,{'x' * 131_073}\n",
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_the_csv_module_refuses_is_a_usage_error(case: str) -> None:
    with pytest.raises(UsageError, match=r"^decisions\.csv"):
        parse_decisions(UNREADABLE[case], "decisions.csv")


def test_a_long_chain_is_followed_to_a_contradiction() -> None:
    keys = [address_key(str(number)) for number in range(2000)]
    chain = [same(left, right) for left, right in pairwise(keys)]

    with pytest.raises(UsageError, match="the same and different"):
        parse_decisions(format_decisions([*chain[::-1], different(keys[0], keys[-1])]), "decisions.csv")


def test_two_that_differ_from_a_third_may_be_the_same() -> None:
    decisions = (different(A, B), different(C, B), same(A, C))

    assert parse_decisions(format_decisions(decisions), "decisions.csv") == decisions


def test_a_header_alone_is_no_decision_and_further_columns_and_empty_lines_do_not_matter() -> None:
    assert parse_decisions(HEADER, "decisions.csv") == ()
    text = "note," + HEADER + "\n\nx," + GOOD + "\n"
    assert parse_decisions(text, "decisions.csv") == (said(A, B, "same", "why"),)


no_surrogates = st.characters(exclude_categories=["Cs"], exclude_characters="\r")
stripped = st.text(no_surrogates, max_size=20).map(str.strip)
words = st.text(st.sampled_from(',"\n\t; ax’—'), max_size=12).map(str.strip)
keys = st.builds(str.__add__, st.sampled_from(["address:", "content:"]), words | stripped).map(str.strip)
instants = st.sampled_from(["", "2025", "2025-01-02", "2025-01-02T03:04:05+00:00"])
some_decisions = st.lists(
    st.builds(Decision, keys, keys, st.just("same"), words | stripped, instants, words | stripped).filter(
        lambda decision: decision.left != decision.right
    ),
    max_size=4,
)


@settings(max_examples=80, deadline=None)
@given(some_decisions)
@example([said(A, B, "different", 'He said: "no, not so",\nand then,\n\n"yes".')])
def test_what_is_written_is_read_again(decisions: list[Decision]) -> None:
    assert parse_decisions(format_decisions(decisions), "decisions.csv") == tuple(decisions)


def test_a_carriage_return_is_read_again() -> None:
    decisions = (said(A, B, "same", "one\rtwo"),)

    assert parse_decisions(format_decisions(decisions), "decisions.csv") == decisions


def test_the_date_is_not_a_reason_to_keep_two_apart_that_a_person_joined() -> None:
    found = apart(block(DATE), block("1960"), decisions=[same(content_key(block(DATE)), content_key(block("1960")))])

    assert found.shape == "aa"
    assert SUMMARY in {str(entry["summary"]) for entry in found.entries}
