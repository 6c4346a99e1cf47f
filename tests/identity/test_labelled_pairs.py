"""Entity resolution against labelled pairs: none is joined that must stay apart, and few are missed."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from tests.identity.make_pairs import PAIRS_FILE, Pair, generate, read, to_bytes
from tests.identity.report import Outcome, alone, at_once, lines

PAIRS = read()


def test_the_file_is_what_its_generator_writes() -> None:
    assert to_bytes(generate()) == PAIRS_FILE.read_bytes()


def test_there_are_enough_pairs_of_both_labels_and_of_each_kind() -> None:
    labels = Counter(pair.label for pair in PAIRS)
    kinds = Counter(pair.kind for pair in PAIRS)

    assert len({pair.id for pair in PAIRS}) == len(PAIRS) >= 300
    assert set(labels) == {"same", "different"}
    assert min(labels.values()) >= 0.4 * len(PAIRS)
    assert min(kinds.values()) >= 10


def test_no_two_pairs_share_an_address_a_title_or_a_summary() -> None:
    for column in ("url", "title", "summary"):
        owners: dict[str, str] = {}
        for pair in PAIRS:
            for entry in (pair.left, pair.right):
                value = getattr(entry, column)
                assert value is None or owners.setdefault(value, pair.id) == pair.id


def test_two_documents_differ_and_one_document_has_not_two_addresses_of_one_kind() -> None:
    for pair in PAIRS:
        urls = [entry.url for entry in (pair.left, pair.right) if entry.url]
        if pair.same:
            assert len({url.rpartition("/")[2].isdigit() for url in urls}) == len(set(urls))
        else:
            assert pair.left != pair.right
            assert len(set(urls)) == len(urls)


@pytest.mark.parametrize("resolved", [alone, at_once])
def test_what_must_stay_apart_does_and_what_is_one_document_is_joined(
    resolved: Callable[[Sequence[Pair]], Outcome],
) -> None:
    outcome = resolved(PAIRS)
    report = "\n".join(lines(resolved.__name__, outcome))

    assert outcome.kept_apart == 1.0, report
    assert outcome.recall >= 0.99, report
    assert not outcome.strangers, report
