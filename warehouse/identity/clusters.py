"""Joining nodes to clusters, one join at a time, each refused that would break a promise.

A node is what needs no rule to be one document: all entries of one address, or all equal blocks without an address.
"""

from collections.abc import Callable, Iterable, Sequence, Set


class Clusters:
    """Disjoint sets of nodes.

    Args:
        pages: Tells the pages on which a node stands. Two entries of one page are never one document.
        slugs: Present-day address of each node, if it has one. Two of them are joined by a decision alone.
        addressed: Whether each node has an address of any kind. Two of these are not joined for being alike.
        dates: Date of each node, if it has just one. A join does not bring different dates together, be it through
            nodes without a date.
        foes: Pairs of nodes that a person declared different.
    """

    def __init__(
        self,
        pages: Callable[[int], Set[int]],
        slugs: Sequence[str | None],
        addressed: Sequence[bool],
        dates: Sequence[str | None],
        foes: Iterable[tuple[int, int]] = (),
    ) -> None:
        count = len(addressed)
        self._leader = list(range(count))
        self._members: dict[int, list[int]] = {}
        self._pages: dict[int, set[int]] = {}
        self._own_pages = pages
        self._slugs = [frozenset((slug,)) if slug else frozenset() for slug in slugs]
        self._addressed = list(addressed)
        self._dates = [frozenset((date,)) if date else frozenset() for date in dates]
        self._foes: dict[int, set[int]] = {}
        for left, right in foes:
            self._foes.setdefault(left, set()).add(right)
            self._foes.setdefault(right, set()).add(left)

    def find(self, node: int) -> int:
        """The node that leads the cluster."""
        leader = self._leader
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    def members(self, leader: int) -> list[int]:
        """The nodes of the cluster that a node leads."""
        return self._members.get(leader, [leader])

    def refusal(self, left: int, right: int, *, decided: bool, alike: bool) -> str | None:
        """Why two nodes cannot be one document; null if they can.

        Args:
            left: A node.
            right: Another.
            decided: A person says that they are one.
            alike: They are not equal, only alike.
        """
        one, other = self.find(left), self.find(right)
        if self._foes and any(
            self.find(foe) == other for node in self.members(one) for foe in self._foes.get(node, ())
        ):
            return "declared different"
        if decided:
            return None
        if self._slugs[one] and self._slugs[other]:
            return "different addresses"
        if alike and self._addressed[one] and self._addressed[other]:
            return "two addresses"
        if self._dates[one] and self._dates[other] and self._dates[one].isdisjoint(self._dates[other]):
            return "different dates"
        if not self._pages_of(one).isdisjoint(self._pages_of(other)):
            return "both on one page"
        return None

    def join(self, left: int, right: int) -> None:
        """Make one cluster of those of two nodes."""
        one, other = self.find(left), self.find(right)
        if len(self.members(one)) < len(self.members(other)):
            one, other = other, one  # the smaller moves, so that the whole stays linear but for a logarithm
        self._pages.setdefault(one, set(self._own_pages(one))).update(self._pages_of(other))
        self._members.setdefault(one, [one]).extend(self.members(other))
        self._slugs[one] |= self._slugs[other]
        self._addressed[one] |= self._addressed[other]
        self._dates[one] |= self._dates[other]
        self._leader[other] = one

    def _pages_of(self, leader: int) -> Set[int]:
        return self._pages.get(leader) or self._own_pages(leader)
