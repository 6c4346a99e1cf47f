"""Joining nodes to clusters, one join at a time, each refused that would break a promise.

A node is what needs no rule to be one document: all entries of one address, or all equal blocks without an address.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from warehouse.codes import Ints


class Clusters:
    """Disjoint sets of nodes.

    Args:
        pages: Tells the pages on which a node stands. Two entries of one page are never one document.
        slugs: Whether each node has a present-day address. Two of them are joined only where the archive says so.
        addressed: Whether each node has an address of any kind. Two of these are not joined for being similar, nor two
            with numbers, of which a document has one, for being equal.
        dates: Number of each node's date; -1 if it has not just one. A join does not bring different dates together,
            be it through nodes without a date.
        cannot_link: Pairs of nodes that a person declared different: they are never joined.
    """

    def __init__(
        self,
        pages: Callable[[int], set[int]],
        slugs: Sequence[bool],
        addressed: Sequence[bool],
        dates: Sequence[int],
        cannot_link: Iterable[tuple[int, int]] = (),
    ) -> None:
        self._leader = list(range(len(addressed)))
        self._members: dict[int, list[int]] = {}
        self._pages: dict[int, set[int]] = {}
        self._own_pages = pages
        self._slugs = list(slugs)
        self._addressed = list(addressed)
        self._numbers = [has and not slug for has, slug in zip(addressed, slugs, strict=True)]
        sets = [*(frozenset((date,)) for date in range(max(dates, default=-1) + 1)), frozenset[int]()]
        self._dates = [sets[date] for date in dates]
        self._cannot_link: dict[int, set[int]] = {}
        for left, right in cannot_link:
            self._cannot_link.setdefault(left, set()).add(right)
            self._cannot_link.setdefault(right, set()).add(left)

    def find(self, node: int) -> int:
        """The node that leads the cluster."""
        leader = self._leader
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    def leaders(self) -> Ints:
        """The node that leads the cluster of each node."""
        leaders = np.array(self._leader, np.int64)
        while not np.array_equal(further := leaders[leaders], leaders):
            leaders = further
        return leaders

    def joined(self) -> Iterable[list[int]]:
        """The nodes of each cluster that has several."""
        return self._members.values()

    def refusal(self, one: int, other: int, *, asserted: bool, fuzzy: bool) -> str | None:
        """Why two clusters cannot be one document; `None` if they can.

        Args:
            one: A node that leads a cluster.
            other: Another.
            asserted: A person, or the archive itself, says that they are one.
            fuzzy: They are not equal, only similar.
        """
        if other in self._cannot_link.get(one, ()):
            return "declared different"
        if asserted:
            return None
        if (self._slugs[one] and self._slugs[other]) or (self._numbers[one] and self._numbers[other]):
            return "different addresses"
        if fuzzy and self._addressed[one] and self._addressed[other]:
            return "two addresses"
        if self._dates[one] and self._dates[other] and self._dates[one].isdisjoint(self._dates[other]):
            return "different dates"
        if not self._pages_of(one).isdisjoint(self._pages_of(other)):
            return "both on one page"
        return None

    def join(self, one: int, other: int) -> None:
        """Make one cluster of two, given the nodes that lead them."""
        if self._weight(one) < self._weight(other):
            one, other = other, one  # the smaller moves, so that the whole stays linear but for a logarithm
        self._pages_of(one).update(self._pages_of(other))
        del self._pages[other]
        self._members.setdefault(one, [one]).extend(self._members.pop(other, (other,)))
        self._slugs[one] |= self._slugs[other]
        self._addressed[one] |= self._addressed[other]
        self._numbers[one] |= self._numbers[other]
        self._dates[one] |= self._dates[other]
        self._leader[other] = one
        for apart in self._cannot_link.pop(other, ()):
            self._cannot_link[apart].discard(other)
            self._cannot_link[apart].add(one)
            self._cannot_link.setdefault(one, set()).add(apart)

    def _weight(self, leader: int) -> int:
        """How much would move."""
        return len(self._members.get(leader, (leader,))) + len(self._cannot_link.get(leader, ()))

    def _pages_of(self, leader: int) -> set[int]:
        pages = self._pages.get(leader)
        if pages is None:
            pages = self._pages[leader] = self._own_pages(leader)
        return pages
