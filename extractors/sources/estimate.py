"""What a harvest would ask of a site, before anything is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Estimate:
    """Requests that a harvest would take.

    Attributes:
        collections: How many are asked for.
        unknown: How many of these have no known count of documents; each is one request here.
        assumed: Documents that the whole archive is taken to have, where it is asked for and no count is known, else 0.
        documents: Pages of documents among the requests.
        files: Files of documents among them, as far as pages that were captured show them.
        requests: Where the site gives a hundred entries a page.
        hours: That these take at the permitted rate.
        most_requests: Where the site gives ten.
        most_hours: That those take.
        requests_per_second: The permitted rate.
    """

    collections: int
    unknown: int
    assumed: int
    documents: int
    files: int
    requests: int
    hours: float
    most_requests: int
    most_hours: float
    requests_per_second: float


@runtime_checkable
class Estimable(Protocol):
    """A source that can count the requests that it would take."""

    def estimate(self, totals: Mapping[str, int], documents: int | None = None, files: int = 0) -> Estimate:
        """Count them; asks nobody.

        Args:
            totals: Documents of collections, where known.
            documents: Pages of documents that are due, where known.
            files: Files of documents that are due.
        """
        ...
