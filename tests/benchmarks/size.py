"""How much there is of everything that is measured, and the stand-in for an archive of that size."""

from dataclasses import dataclass

from tests.benchmarks import live
from tests.replica import ReplicaSite, replica


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything: the archive, times a factor."""

    scale: float = 1.0

    @property
    def documents(self) -> int:
        """Documents, each with an entry on a page of the whole list."""
        return max(20, round(live.DOCUMENTS * self.scale))

    @property
    def collections(self) -> int:
        """Collections beside the whole list."""
        return max(2, round(live.COLLECTIONS * self.scale))

    def times(self, factor: float) -> "Size":
        """So many times as much."""
        return Size(self.scale * factor)

    def site(self) -> "Site":
        """A stand-in for the archive of this size."""
        return Site(self)


class Site:
    """The replica of a size, while it runs."""

    def __init__(self, size: Size) -> None:
        self._made = replica(documents=size.documents, collections=size.collections, **live.SITE)

    def __enter__(self) -> ReplicaSite:
        return self._made.__enter__()

    def __exit__(self, *problem: object) -> None:
        self._made.__exit__(*problem)  # type: ignore[arg-type]
