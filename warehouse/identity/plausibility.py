"""Which aliases are believed: what an archive says of its addresses can be wrong, or be written by a stranger.

A site that is redesigned sends all old addresses to one page, and one wrong page can name the same address to cite for
all. So an alias joins nothing where an address is claimed by many others, where its two addresses show another date and
another title, or where it leads, through others, from one such document to another. Two addresses that show the same
date and title are believed whatever else is claimed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz import fuzz

from schemas.dates import DateReading, read_date
from warehouse.identity.nodes import Contents, Nodes
from warehouse.identity.union_find import UnionFind

MAX_NAMES = 5
"""Other addresses that one document plausibly has: its number, and slugs that were renamed."""

MAX_SHOWN = 10
"""Addresses with entries that aliases plausibly bring together, be it through others."""

_MAX_TITLE = 500  # characters that are compared
_MIN_TITLE_SIMILARITY = 90

AliasPair = tuple[str, str, str]
"""Key, key, evidence."""


@dataclass(frozen=True, slots=True)
class DoubtfulAlias:
    """An alias, or several of one address, that joined nothing.

    Attributes:
        key: Natural key of an address.
        others: Of those that it is said to be one document with.
        reason: Why that is not believed.
    """

    key: str
    others: tuple[str, ...]
    reason: str


def split_plausible(
    pairs: Sequence[AliasPair],
    decided: Collection[frozenset[str]],
    places: Mapping[str, int],
    nodes: Nodes,
    contents: Contents,
) -> tuple[list[AliasPair], tuple[DoubtfulAlias, ...]]:
    """The aliases that are believed, and those that are not.

    Args:
        pairs: Each once, sorted.
        decided: Pairs of keys that a person decided on; those are not judged.
        places: Node of each key that has entries.
        nodes: What entries show of each key.
        contents: Likewise.
    """
    looks = _Looks(places, nodes, contents)
    sure = [each for each in pairs if frozenset(each[:2]) in decided or looks.agree(*each[:2])]
    certain = {each[:2] for each in sure}
    others = [each for each in pairs if each[:2] not in certain]
    doubtful: list[DoubtfulAlias] = []
    crowded = _crowded(others)
    for key in sorted(crowded):
        claims = tuple(sorted({right if left == key else left for left, right, _ in others if key in (left, right)}))
        doubtful.append(DoubtfulAlias(key, claims, f"{len(claims)} addresses claim it, as those of no document do"))
    others = [each for each in others if crowded.isdisjoint(each[:2])]
    kept = [each for each in others if not looks.contradict(*each[:2])]
    doubtful += [
        DoubtfulAlias(left, (right,), "their entries have another date and another title")
        for left, right, _ in others
        if looks.contradict(left, right)
    ]
    kept, refused = _without_detours(sure, kept, looks)
    doubtful += [
        DoubtfulAlias(left, (right,), "through others it joins documents of another date and another title")
        for left, right, _ in refused
    ]
    return sorted([*sure, *kept]), tuple(doubtful)


def _crowded(pairs: Iterable[AliasPair]) -> set[str]:
    """Keys with more others than a document has."""
    partners: dict[str, set[str]] = defaultdict(set)
    for left, right, _ in pairs:
        partners[left].add(right)
        partners[right].add(left)
    return {key for key, others in partners.items() if len(others) > MAX_NAMES}


def _without_detours(
    sure: Sequence[AliasPair], pairs: list[AliasPair], looks: "_Looks"
) -> tuple[list[AliasPair], list[AliasPair]]:
    """The pairs of groups that hold no contradiction, and the others: first those to addresses without entries."""
    refused: list[AliasPair] = []
    for whole in (False, True):
        contradictory = _contradictory_groups([*sure, *pairs], looks)
        bad = [
            (left, right, evidence)
            for left, right, evidence in pairs
            if left in contradictory and (whole or not (looks.shows(left) and looks.shows(right)))
        ]
        refused += bad
        gone = {each[:2] for each in bad}
        pairs = [each for each in pairs if each[:2] not in gone]
    return pairs, sorted(refused)


def _contradictory_groups(pairs: Iterable[AliasPair], looks: "_Looks") -> set[str]:
    """Keys of the groups in which two documents contradict, or more are shown than is plausible."""
    connected = UnionFind()
    keys: dict[str, None] = {}
    for left, right, _ in pairs:
        connected.join(left, right)
        keys |= {left: None, right: None}
    groups: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        groups[connected.find(key)].append(key)
    found: set[str] = set()
    for group in groups.values():
        shown = [key for key in group if looks.shows(key)]
        if len(shown) > MAX_SHOWN or any(looks.contradict(*two) for two in combinations(shown, 2)):
            found.update(group)
    return found


class _Looks:
    """What entries show of a key: dates and titles."""

    def __init__(self, places: Mapping[str, int], nodes: Nodes, contents: Contents) -> None:
        self._places = places
        self._contents = contents
        self._of_node: dict[int, list[int]] = defaultdict(list)
        for node, content in zip(nodes.owners.tolist(), nodes.contents.tolist(), strict=True):
            if len(self._of_node[node]) < MAX_SHOWN:
                self._of_node[node].append(content)
        self._dates: dict[str, DateReading | None] = {}

    def shows(self, key: str) -> bool:
        """Whether there are entries of it."""
        return key in self._places

    def agree(self, left: str, right: str) -> bool:
        """Whether an entry of each has the same date and title as one of the other."""
        return any(self._same_date(*two) is True and self._same_title(*two) is True for two in self._pairs(left, right))

    def contradict(self, left: str, right: str) -> bool:
        """Whether all entries of the two have different dates and different titles."""
        pairs = [*self._pairs(left, right)]
        return bool(pairs) and all(self._same_date(*two) is False and self._same_title(*two) is False for two in pairs)

    def _pairs(self, left: str, right: str) -> Iterator[tuple[int, int]]:
        for one in self._of_node.get(self._places.get(left, -1), ()):
            for other in self._of_node.get(self._places.get(right, -1), ()):
                yield one, other

    def _same_date(self, one: int, other: int) -> bool | None:
        """Whether two dates can be the same; `None` where one is not known."""
        left, right = (self._date(content) for content in (one, other))
        if left is None or right is None or left.edtf is None or right.edtf is None:
            return None
        if left.start and right.end and left.start > right.end:
            return False
        return not (right.start and left.end and right.start > left.end)

    def _date(self, content: int) -> DateReading | None:
        text = self._contents.date.text_of(content)
        if text is None:
            return None
        if text not in self._dates:
            self._dates[text] = read_date(text)
        return self._dates[text]

    def _same_title(self, one: int, other: int) -> bool | None:
        """Whether two titles are alike; `None` where one is absent."""
        left, right = (self._contents.title.plain_of(content)[:_MAX_TITLE] for content in (one, other))
        if not left or not right:
            return None
        return fuzz.ratio(left, right) >= _MIN_TITLE_SIMILARITY
