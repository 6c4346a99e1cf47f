"""Addresses that the archive itself says are one document's: pairs of natural keys, each once."""

from collections import defaultdict
from collections.abc import Container, Iterable

from schemas.records import Alias
from warehouse.identity.nodes import address_key
from warehouse.identity.union_find import UnionFind


def find_alias_pairs(aliases: Iterable[Alias], known: Container[str]) -> list[tuple[str, str, str]]:
    """Pairs of different keys and the evidence, sorted.

    Those are left out that lead to no known key, not even through others.

    Args:
        aliases: In any order, and however often the same.
        known: Keys that entries have.
    """
    evidence: dict[tuple[str, str], set[str]] = defaultdict(set)
    for alias in aliases:
        left, right = sorted((address_key(alias.url), address_key(alias.other_url)))
        if left != right:
            evidence[left, right].add(alias.evidence)
    connected = UnionFind()
    for left, right in evidence:
        connected.join(left, right)
    reached = {connected.find(key) for pair in evidence for key in pair if key in known}
    return [
        (*pair, " and ".join(sorted(reasons)))
        for pair, reasons in sorted(evidence.items())
        if connected.find(pair[0]) in reached
    ]
