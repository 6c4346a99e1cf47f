"""Which keys are connected, through others too."""


class UnionFind:
    """Disjoint sets of keys; a key that was never joined is a set of its own."""

    def __init__(self) -> None:
        self._leader: dict[str, str] = {}

    def find(self, key: str) -> str:
        """The key that leads the set."""
        leader = self._leader
        while (above := leader.get(key, key)) != key:
            leader[key] = leader.get(above, above)  # so that a long chain is walked once
            key = above
        return key

    def join(self, one: str, other: str) -> None:
        """Make one set of two."""
        self._leader[self.find(one)] = self.find(other)
