"""The rules of identity, in their order: what each joins, what none may join, what is left to people."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import pyarrow as pa
import pytest

from schemas.identifiers import stable_id
from schemas.records import Alias
from warehouse.identity.decisions import Decision
from warehouse.identity.plausibility import DoubtfulAlias
from warehouse.identity.resolution import resolve

SITE = "https://digitalarchive.wilsoncenter.org/document/"
COLUMNS = ("page_id", "position", "date_text", "title", "summary", "url")
SCHEMA = pa.schema([(name, pa.int64() if name == "position" else pa.string()) for name in COLUMNS])

Content = tuple[str | None, str | None, str | None, str | None]
"""Date, title, summary, address."""
Row = tuple[object, ...]
"""Page, position and content."""


@dataclass(frozen=True)
class Resolved:
    """What identity said, as plain values."""

    entries: list[dict[str, object]]
    keys: dict[str, set[str]]
    pairs: list[dict[str, object]]
    unknown: tuple[Decision, ...]
    doubtful: tuple[DoubtfulAlias, ...]

    @property
    def documents(self) -> list[str]:
        """Document of each entry."""
        return [str(entry["document_id"]) for entry in self.entries]

    @property
    def rules(self) -> list[str]:
        return [str(entry["rule"]) for entry in self.entries]

    @property
    def shape(self) -> str:
        """A letter for each entry; equal letters are one document."""
        names: dict[str, str] = {}
        return "".join(names.setdefault(document, chr(ord("a") + len(names))) for document in self.documents)

    @property
    def paired(self) -> set[frozenset[object]]:
        """The pairs, as sets of two documents."""
        return {frozenset((pair["left_id"], pair["right_id"])) for pair in self.pairs}


def rows_of(*pages: Sequence[Content]) -> list[Row]:
    return [
        (f"page-{number}", position, *content)
        for number, page in enumerate(pages)
        for position, content in enumerate(page, 1)
    ]


def identify(rows: Sequence[Row], decisions: Sequence[Decision] = (), aliases: Sequence[Alias] = ()) -> Resolved:
    table = pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows], schema=SCHEMA)
    found = resolve(table, decisions, aliases)
    keys: dict[str, set[str]] = {}
    for row in found.keys.to_pylist():
        keys.setdefault(row["key"], set()).add(row["document_id"])
    assert sum(map(len, keys.values())) == found.keys.num_rows, "a key stands twice with one document"
    return Resolved(found.entries.to_pylist(), keys, found.pairs.to_pylist(), found.unknown, found.doubtful)


def on_pages(*pages: Sequence[Content], decisions: Sequence[Decision] = (), aliases: Sequence[Alias] = ()) -> Resolved:
    """The entries of pages, one after the other."""
    return identify(rows_of(*pages), decisions, aliases)


def apart(*contents: Content, decisions: Sequence[Decision] = (), aliases: Sequence[Alias] = ()) -> Resolved:
    """Entries of which each stands on a page of its own."""
    return on_pages(*([content] for content in contents), decisions=decisions, aliases=aliases)


def alias(name: str, other: str, evidence: str = "redirect") -> Alias:
    """The archive itself says that the addresses `name` and `other` are one document's."""
    return Alias(SITE + name, SITE + other, evidence)


def address_key(name: str) -> str:
    return f"address:{SITE}{name}"


def content_key(content: Content, ordinal: int = 0) -> str:
    return "content:" + stable_id(*content[:3], str(ordinal))


DATE = "April 19, 1958"
TITLE = "Conversation with Pavel Yudin on the Conference"
SUMMARY = "Yudin and the chairman discuss the coming conference, and the letter that was received from Belgrade."
OTHER_SUMMARY = "A short report on herring quotas, on nets, and on the price of salt in the northern ports."
OTHER_TITLE = "Report of the Fishery Board on Herring"


def block(date: str | None = DATE, title: str | None = TITLE, summary: str | None = SUMMARY) -> Content:
    """An entry as plain-text pages have it, without an address."""
    return date, title, summary, None


def linked(name: str, date: str | None = DATE, title: str | None = TITLE, summary: str | None = SUMMARY) -> Content:
    """An entry with the address `name`."""
    return date, title, summary, SITE + name


# Rules


def test_one_address_is_one_document_though_not_a_word_is_equal() -> None:
    found = apart(linked("a"), linked("a", "1960", OTHER_TITLE, None))

    assert (found.shape, found.rules) == ("aa", ["address", "address"])
    assert found.documents[0] == stable_id(address_key("a"))


def test_blocks_equal_to_the_letter_are_one_document() -> None:
    found = apart(block(), block(), block(title=OTHER_TITLE, summary=OTHER_SUMMARY))

    assert (found.shape, found.rules) == ("aab", ["content"] * 3)
    assert found.documents[0] == stable_id(content_key(block()))
    assert found.pairs == []


def test_a_block_equal_to_one_addressed_document_joins_it_and_gets_its_id() -> None:
    found = apart(block(), linked("a"))

    assert (found.shape, found.rules) == ("aa", ["content", "address"])
    assert found.documents[0] == stable_id(address_key("a"))
    assert found.pairs == []


def test_a_block_equal_to_an_older_wording_of_an_addressed_document_joins_it() -> None:
    found = apart(linked("a"), linked("a", summary=OTHER_SUMMARY), block(), block(summary=OTHER_SUMMARY))

    assert (found.shape, found.rules) == ("aaaa", ["address", "address", "content", "content"])


@pytest.mark.parametrize("names", [("a", "b"), ("1", "2"), ("a", "b", "c"), ("a", "1", "2")])
def test_a_block_equal_to_several_addressed_documents_joins_none_and_pairs_appear(names: tuple[str, ...]) -> None:
    found = apart(*map(linked, names), block())

    assert len(set(found.documents)) == len(names) + 1
    assert found.rules == ["address"] * len(names) + ["content"]
    in_pairs = {document for pair in found.paired for document in pair}
    assert in_pairs == set(found.documents)
    assert {pair["decision"] for pair in found.pairs} == {None}


NORMALISED = {
    "case": block(title=TITLE.upper()),
    "curly quotes": block(summary='He said "no" and didn\'t go on with the plan.'),
    "dashes": block(title="The Northern-Southern Talks - Summary"),
    "spaces": block(title="Conversation  with Pavel\u00a0Yudin on the Conference "),
    "a line break": block(summary=SUMMARY.replace(", and", ",\nand")),
    "comma after the month": block("March, 1960"),
    "leading zero of the day": block("July 09, 1956"),
    "all at once": block("July 09, 1956", TITLE.lower(), SUMMARY.replace(" ", "  ")),
}
PLAIN = {
    "curly quotes": block(summary="He said “no” and didn’t go on with the plan."),
    "dashes": block(title="The Northern\u2013Southern Talks \u2014 Summary"),
    "comma after the month": block("March 1960"),
    "leading zero of the day": block("July 9, 1956"),
    "all at once": block("July 9, 1956"),
}


@pytest.mark.parametrize("case", NORMALISED)
@pytest.mark.parametrize("address", [None, SITE + "a", SITE + "1"])
def test_what_is_equal_after_normalising_is_joined(case: str, address: str | None) -> None:
    found = apart((*PLAIN.get(case, block())[:3], address), NORMALISED[case])

    assert found.shape == "aa"
    assert sorted(found.rules) == sorted(["address" if address else "content", "normalised"])
    assert found.pairs == []


def test_normalising_is_not_done_away_with_for_want_of_a_date_or_a_summary() -> None:
    found = apart(block(None, summary=None), block(None, TITLE.upper(), None))

    assert (found.shape, sorted(found.rules)) == ("aa", ["content", "normalised"])


SLIPS = {
    "a wrong letter in the summary": block(summary=SUMMARY.replace("received", "recieved")),
    "a doubled word in the summary": block(summary=SUMMARY.replace("and the", "and the the")),
    "a full stop missing": block(summary=SUMMARY.rstrip(".")),
    "no date": block(None),
    "no date, and a slip in the summary": block(None, summary=SUMMARY.replace("received", "recieved")),
}


@pytest.mark.parametrize("case", SLIPS)
@pytest.mark.parametrize("address", [None, SITE + "a", SITE + "1"])
def test_what_differs_as_slips_of_the_pen_do_is_joined(case: str, address: str | None) -> None:
    found = apart((*block()[:3], address), SLIPS[case])

    assert found.shape == "aa"
    assert sorted(found.rules) == sorted(["address" if address else "content", "similar"])


def test_a_slip_in_a_lower_case_word_of_the_title_is_forgiven_on_the_same_date_only() -> None:
    right, wrong = "Record of a conversation with Pavel Yudin", "Record of a converzation with Pavel Yudin"

    assert apart(block(title=right), block(title=wrong)).shape == "aa"
    assert apart(block(title=right), block(None, title=wrong)).shape == "ab"
    assert apart(block(title=right), block(title=wrong.replace("with", "wiht"))).shape == "ab"  # a short word
    assert apart(block(title=right), block("April 20, 1958", title=wrong)).shape == "ab"


def test_slips_on_both_sides_are_not_forgiven() -> None:
    found = apart(
        block(title="Record of a conversation with Pavel Yudin"),
        block(title="Record of a converzation with Pavel Yudin", summary=SUMMARY.replace("received", "recieved")),
    )

    assert found.shape == "ab"
    assert len(found.pairs) == 1


def test_a_short_summary_is_no_evidence() -> None:
    found = apart(block(summary="They talk."), block(None, summary="They talk."))

    assert found.shape == "ab"
    assert len(found.pairs) == 1


def test_a_block_like_two_addressed_documents_joins_neither() -> None:
    found = apart(linked("a"), linked("b"), block(summary=SUMMARY.replace("received", "recieved")))

    assert found.shape == "abc"
    assert any(found.documents[2] in pair for pair in found.paired)


def test_equal_goes_before_alike() -> None:
    slip = SUMMARY.replace("received", "recieved")

    found = apart(linked("a"), linked("b", summary=slip), block())

    assert found.shape == "aba"
    assert found.rules[2] == "content"


def test_equal_to_the_letter_goes_before_normalised() -> None:
    found = apart(linked("a"), linked("b", title=TITLE.upper()), block())

    assert found.shape == "aba"
    assert found.rules[2] == "content"


# Addresses


TWO_SLUGS = {
    "equal": linked("b"),
    "normalised": linked("b", title=TITLE.upper()),
    "similar": linked("b", summary=SUMMARY.replace("received", "recieved")),
    "without date": linked("b", None),
}


@pytest.mark.parametrize("other", TWO_SLUGS.values(), ids=TWO_SLUGS)
def test_two_slugs_are_never_joined_and_become_a_pair_with_score_and_evidence(other: Content) -> None:
    found = apart(linked("a"), other)

    assert (found.shape, found.rules) == ("ab", ["address", "address"])
    (pair,) = found.pairs
    assert (pair["left_id"], pair["right_id"]) == tuple(sorted(found.documents))
    assert isinstance(pair["score"], float)
    assert 0.85 <= pair["score"] <= 1.0
    assert pair["evidence"]
    assert pair["decision"] is None


def test_two_slugs_that_share_nothing_are_no_pair() -> None:
    assert apart(linked("a"), linked("b", DATE, OTHER_TITLE, OTHER_SUMMARY)).pairs == []


@pytest.mark.parametrize("other", [linked("9"), linked("9", title=TITLE.upper())], ids=["equal", "normalised"])
def test_a_number_and_a_slug_that_agree_in_all_parts_are_one_document_with_the_id_of_the_slug(other: Content) -> None:
    found = apart(other, linked("a"))

    assert found.shape == "aa"
    assert found.documents[0] == stable_id(address_key("a"))
    assert found.keys["id:" + stable_id(address_key("9"))] == {found.documents[0]}


NOT_ALL_PARTS = {
    "no date": (None, TITLE, SUMMARY),
    "no summary": (DATE, TITLE, None),
    "no title": (DATE, None, SUMMARY),
}


@pytest.mark.parametrize("parts", NOT_ALL_PARTS.values(), ids=NOT_ALL_PARTS)
def test_a_number_and_a_slug_that_lack_a_part_are_not_joined(parts: tuple[str | None, ...]) -> None:
    found = apart((*parts, SITE + "9"), (*parts, SITE + "a"))

    assert found.shape == "ab"
    assert len(found.pairs) == 1


@pytest.mark.parametrize("change", [{"summary": SUMMARY.replace("received", "recieved")}, {"date": None}])
def test_a_number_and_a_slug_that_are_only_alike_are_a_pair(change: dict[str, str | None]) -> None:
    found = apart(linked("9", **change), linked("a"))

    assert found.shape == "ab"
    assert len(found.pairs) == 1


def test_a_number_and_a_slug_on_one_page_are_two_documents() -> None:
    assert on_pages([linked("9"), linked("a")]).shape == "ab"


def test_a_block_joins_the_document_that_a_number_and_a_slug_name() -> None:
    assert apart(linked("9"), linked("a"), block()).shape == "aaa"
    assert apart(linked("9"), linked("a"), block(title=TITLE.upper())).shape == "aaa"


def test_a_block_with_a_slip_joins_the_document_that_a_number_and_a_slug_name() -> None:
    found = apart(linked("9"), linked("a"), block(summary=SUMMARY.replace("received", "recieved")))

    assert found.shape == "aaa"


# One page


ON_ONE_PAGE = {
    "equal blocks": (block(), block()),
    "blocks equal after normalising": (block(), block(title=TITLE.upper())),
    "blocks that differ as by a slip": (block(), block(summary=SUMMARY.replace("received", "recieved"))),
    "a block without the date of the other": (block(), block(None)),
    "a block and an addressed one equal to it": (linked("a"), block()),
    "a block and an addressed one like it": (linked("a"), block(None)),
}


@pytest.mark.parametrize("page", ON_ONE_PAGE.values(), ids=ON_ONE_PAGE)
def test_two_entries_of_one_page_are_two_documents(page: tuple[Content, Content]) -> None:
    assert on_pages(page).shape == "ab"
    assert on_pages(page[::-1]).shape == "ab"


@pytest.mark.parametrize("page", ON_ONE_PAGE.values(), ids=ON_ONE_PAGE)
@pytest.mark.parametrize(
    "third",
    [block(), block(title=TITLE.upper()), block(None), linked("a"), linked("9")],
    ids=["equal", "normalised", "undated", "slug", "number"],
)
def test_a_third_entry_elsewhere_does_not_bring_two_entries_of_one_page_together(
    page: tuple[Content, Content], third: Content
) -> None:
    for pages in ([page, (third,)], [(third,), page, (third,)]):
        found = on_pages(*pages)
        for number in range(len(pages)):
            here = [entry["document_id"] for entry in found.entries if entry["page_id"] == f"page-{number}"]
            assert len(here) == len(set(here))


def test_equal_blocks_of_one_page_are_known_again_by_their_order() -> None:
    assert on_pages([block(), block()], [block(), block()], [block()]).shape == "ababa"


def test_several_equal_blocks_of_one_page_do_not_take_an_address() -> None:
    found = on_pages([block(), block()], [linked("a")])

    assert found.shape == "abc"
    assert found.rules == ["content", "content", "address"]


# Joins through others


def test_an_entry_without_date_does_not_bring_two_dates_together() -> None:
    for entries in permutations([block(), block("April 21, 1958"), block(None)]):
        found = apart(*entries)
        dates = {entry["date_text"]: entry["document_id"] for entry in found.entries}
        assert dates[DATE] != dates["April 21, 1958"]


@pytest.mark.parametrize("undated", [block(None), linked("a", None)], ids=["block", "slug"])
def test_an_entry_without_date_joins_neither_of_two_that_differ_in_date(undated: Content) -> None:
    found = apart(undated, block(), block("April 21, 1958"))

    assert found.shape == "abc"


def test_a_block_does_not_bring_two_slugs_together() -> None:
    slip, other_slip = SUMMARY.replace("received", "recieved"), SUMMARY.replace("discuss", "discus")
    for entries in permutations([linked("a", summary=slip), linked("b", summary=other_slip), block()]):
        found = apart(*entries)
        by_address = {entry["url"]: entry["document_id"] for entry in found.entries}
        assert by_address[SITE + "a"] != by_address[SITE + "b"]


def test_a_number_does_not_bring_two_slugs_together() -> None:
    found = apart(linked("9"), linked("9", summary=OTHER_SUMMARY), linked("a"), linked("b", summary=OTHER_SUMMARY))

    assert found.documents[2] != found.documents[3]
    assert found.documents[0] == found.documents[1]


def test_the_weakest_rule_of_a_chain_is_told_by_some_entry() -> None:
    slip = SUMMARY.replace("received", "recieved")

    found = apart(linked("a", summary=slip), block(), block(title=TITLE.upper()))

    assert found.shape == "aaa"
    assert "similar" in found.rules


# Pairs that the archive holds and that must stay apart


WORDS = (
    "The ambassador reports what the two sides said of the border, of the canal, and of the visit that was planned "
    "for the autumn of the same year."
)
REAL = {
    "identical titles two days apart": (
        block("July 9, 1956", "Memorandum of Conversation", WORDS),
        block("July 11, 1956", "Memorandum of Conversation", WORDS),
    ),
    "sender and addressee swapped": (
        block(DATE, "Telegram from Sorokin to Karpov", WORDS.replace("ambassador", "secretary")),
        block(DATE, "Telegram from Karpov to Sorokin", WORDS),
    ),
    "sender and addressee swapped, one summary": (
        block(DATE, "Telegram from Sorokin to Karpov", WORDS),
        block(DATE, "Telegram from Karpov to Sorokin", WORDS),
    ),
    "one digit of a file number in the title": (
        block("May 1960", "Bulletin of the Legation, File 4117", WORDS),
        block("May 1960", "Bulletin of the Legation, File 4118", WORDS),
    ),
    "one digit of a file number in the summary": (
        block("May 1960", "Bulletin of the Legation", WORDS + " File 4117."),
        block("May 1960", "Bulletin of the Legation", WORDS + " File 4118."),
    ),
    "initials with and without a space five days apart": (
        block("June 3, 1957", "Conversation with T. V. Sorokin", WORDS),
        block("June 8, 1957", "Conversation with T.V. Sorokin", WORDS),
    ),
    "one title a superset of the other": (
        block(DATE, "Conversation between Sorokin and Karpov", WORDS),
        block(DATE, "Conversation between Sorokin and Karpov (Excerpt)", WORDS),
    ),
    "two accounts of one meeting": (
        block(DATE, "Conversation between Sorokin and Karpov", WORDS),
        block(DATE, "Conversation between Sorokin and Karpov", "A second account, by an interpreter: the two sides "
              "speak of the harvest, of loans, and of the ships that were detained."),
    ),
    "another name": (
        block(DATE, "Conversation with Sorokin", WORDS),
        block(DATE, "Conversation with Sorokov", WORDS),
    ),
    "another day in the title": (
        block(None, "Conversation with Sorokin, 9 July 1956", WORDS),
        block(None, "Conversation with Sorokin, 8 July 1956", WORDS),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize(
    "addresses",
    [(None, None), ("a", None), ("a", "9")],
    ids=lambda pair: "-".join(map(str, pair)),
)
def test_what_the_archive_holds_twice_and_means_twice_stays_apart(
    name: str, addresses: tuple[str | None, str | None]
) -> None:
    contents = [(*content[:3], each and SITE + each) for content, each in zip(REAL[name], addresses, strict=True)]

    assert apart(*contents).shape == "ab"
    assert apart(*contents[::-1]).shape == "ab"


def test_long_runs_that_differ_in_their_date_alone_stay_apart() -> None:
    found = apart(*(block(f"July {day}, 1956", "Memorandum of Conversation", WORDS) for day in range(1, 31)))

    assert len(set(found.documents)) == 30


# Bounds


def test_texts_of_megabytes_are_compared_and_kept_apart() -> None:
    words = [f"word{number % 9973}x" for number in range(400_000)]
    long = " ".join(words)
    other = " ".join([*words[:-50_000], *reversed(words[-50_000:])])

    found = apart(block(summary=long), block(summary=other))

    assert found.shape == "ab"
    ((pair),) = found.pairs
    assert pair["evidence"] == "titles 100 %, summaries 100 %, same date"


def test_many_decisions_hold_all_of_them() -> None:
    count = 3000
    entries = [linked(f"slug-{number}", str(1000 + number), f"{number * 7919:x}", None) for number in range(count)]
    chain = [same_pair(number, number + 2) for number in range(count - 2)]
    split = [different_pair(number, number + 1) for number in range(count - 1)]

    found = apart(*entries, decisions=[*chain, *split])

    assert len(set(found.documents)) == 2


def same_pair(one: int, other: int) -> Decision:
    return Decision(address_key(f"slug-{one}"), address_key(f"slug-{other}"), "same", "me", "2025", "")


def different_pair(one: int, other: int) -> Decision:
    return Decision(address_key(f"slug-{one}"), address_key(f"slug-{other}"), "different", "me", "2025", "")
