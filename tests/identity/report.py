"""How well entity resolution does on the labelled pairs: `python -m tests.identity.report`, or `make identity-report`.

Each pair is resolved alone, and then all pairs at once, where the entries of the others must not disturb.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile

import pyarrow as pa

from schemas.tables import ENTRIES
from tests.identity.make_pairs import Entry, Pair, read
from warehouse.identity.resolution import resolve

_COLUMNS = ("page_id", "position", "date_text", "title", "summary", "url")
_SCHEMA = pa.schema([ENTRIES.arrow_schema().field(name) for name in _COLUMNS])


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which pairs were joined.

    Attributes:
        strangers: Pairs (of ids of pairs) that a document brings together, though they have nothing in common.
    """

    pairs: tuple[Pair, ...]
    joined: frozenset[str]
    strangers: frozenset[tuple[str, str]] = frozenset()

    def is_wrong(self, pair: Pair) -> bool:
        """Whether a pair was joined that is not one document, or the other way round."""
        return (pair.id in self.joined) != pair.same

    @property
    def wrong(self) -> list[Pair]:
        """The pairs that were judged wrongly."""
        return [pair for pair in self.pairs if self.is_wrong(pair)]

    def _right_share(self, *, same: bool) -> float:
        pairs = [pair for pair in self.pairs if pair.same == same]
        return sum(not self.is_wrong(pair) for pair in pairs) / len(pairs)

    @property
    def kept_apart(self) -> float:
        """Of the pairs that must stay apart, the share that does: the precision asked for."""
        return self._right_share(same=False)

    @property
    def recall(self) -> float:
        """Of the pairs that are one document, the share that is joined."""
        return self._right_share(same=True)


def _entries(sides: Sequence[tuple[str, Entry]]) -> pa.Table:
    """The entries, each on a page of its own."""
    return pa.Table.from_pylist(
        [{"page_id": page_id, "position": 1} | asdict(entry) for page_id, entry in sides], schema=_SCHEMA
    )


def _document_ids(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, str, str]]:
    """Each pair with the documents of its left and of its right entry, all resolved in one table."""
    lefts = [(f"l:{pair.id}", pair.left) for pair in pairs]
    rights = [(f"r:{pair.id}", pair.right) for pair in pairs]
    ids = resolve(_entries(lefts + rights)).entries["document_id"].to_pylist()
    return zip(pairs, ids[: len(pairs)], ids[len(pairs) :], strict=True)


def alone(pairs: Sequence[Pair]) -> Outcome:
    """Each pair resolved with nothing beside it."""
    resolved = (next(_document_ids([pair])) for pair in pairs)
    return Outcome(tuple(pairs), frozenset(pair.id for pair, left, right in resolved if left == right))


def at_once(pairs: Sequence[Pair]) -> Outcome:
    """All pairs resolved in one table."""
    joined, owners = set(), defaultdict(dict)
    for pair, left, right in _document_ids(pairs):
        if left == right:
            joined.add(pair.id)
        owners[left][pair.id] = owners[right][pair.id] = None
    strangers = {(first, other) for first, *others in owners.values() for other in others}
    return Outcome(tuple(pairs), frozenset(joined), frozenset(strangers))


def _similar_pairs(left: str, right: str) -> int:
    """How many letters two texts have in common from their beginning."""
    return sum(1 for _ in takewhile(lambda two: two[0] == two[1], zip(left, right, strict=False)))


def _parted(left: str | None, right: str | None) -> str:
    """Two texts, without most of what they begin and end with alike."""
    if left is None or right is None:
        return f"{left!r} | {right!r}"
    begin = _similar_pairs(left, right)
    end = _similar_pairs(left[begin:][::-1], right[begin:][::-1])
    return " | ".join(repr(text[max(begin - 15, 0) : len(text) - max(end - 15, 0)]) for text in (left, right))


def _described(pair: Pair) -> str:
    """One wrong pair in a line: what it is, and where its entries differ."""
    left, right = asdict(pair.left), asdict(pair.right)
    differing = [f"{name}: {_parted(left[name], right[name])}" for name in left if left[name] != right[name]]
    return f"  {'kept apart' if pair.same else 'joined'}: {pair.id}: {'; '.join(differing) or 'nothing differs'}"


def lines(heading: str, outcome: Outcome) -> Iterator[str]:
    """An outcome as text."""
    yield heading
    yield f"  {'kind':<40}{'label':<10}{'pairs':>7}{'joined':>8}{'apart':>7}{'wrong':>7}"
    kinds = Counter((pair.kind, pair.label) for pair in outcome.pairs)
    joined = Counter(pair.kind for pair in outcome.pairs if pair.id in outcome.joined)
    wrong = Counter(pair.kind for pair in outcome.wrong)
    for (kind, label), count in kinds.items():
        yield f"  {kind:<40}{label:<10}{count:>7}{joined[kind]:>8}{count - joined[kind]:>7}{wrong[kind]:>7}"
    yield (
        f"  {'all':<40}{'':<10}{kinds.total():>7}{joined.total():>8}"
        f"{kinds.total() - joined.total():>7}{wrong.total():>7}"
    )
    different = sum(not pair.same for pair in outcome.pairs)
    yield f"  kept apart, of {different} that must be (precision): {outcome.kept_apart:.4f}"
    yield f"  joined, of {kinds.total() - different} that must be (recall): {outcome.recall:.4f}"
    yield from map(_described, outcome.wrong)
    yield from (f"  joined across pairs: {first} and {other}" for first, other in sorted(outcome.strangers))


def main(show: Callable[[str], object] = sys.stdout.write) -> None:
    """Print both outcomes."""
    pairs = read()
    for heading, outcome in (("Each pair alone", alone(pairs)), ("All pairs at once", at_once(pairs))):
        show("\n".join(lines(heading, outcome)) + "\n\n")


if __name__ == "__main__":
    main()
