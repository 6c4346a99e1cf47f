"""What the builder of each page kind is given, and what it gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from schemas.records import Alias, PageKind
from warehouse.building.seen_pages import SeenPages
from warehouse.identity.decisions import Decision


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was captured, read, and decided.

    Attributes:
        parsed: Parsed tables of all segments that the builder needs, and no other; it takes them out, since texts take
            memory.
        captures: Those of runs that gave something, in the order in which they count, each with its page's columns.
        planned: Collections as the plans of these runs name them.
        issues: Of these runs and their pages.
        aliases: Pairs of URLs that the archive itself says are one document's.
        decisions: What people decided on the identity of documents.
        last_run: Id of the latest run that gave something.
        seen: What pages of documents and terms show of documents.
        identified: page_id, position and document_id of the sightings on such pages, as the first builder found them.
    """

    parsed: dict[str, pd.DataFrame]
    captures: pd.DataFrame
    planned: pd.DataFrame
    issues: pd.DataFrame
    aliases: Sequence[Alias]
    decisions: Sequence[Decision]
    last_run: str
    seen: SeenPages
    identified: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Built:
    """What a builder found beside its tables.

    Attributes:
        current_pages: `page_id` of the pages that say what is there now.
        issues: Further issues, with the columns of the parsed table.
        identified: page_id, position and document_id of sightings, of the builder that says what documents there are.
    """

    current_pages: pd.DataFrame
    issues: pd.DataFrame
    identified: pd.DataFrame | None = None


Put = Callable[[str, pd.DataFrame], None]
"""Takes a published table by its name; rows in any order, columns beyond the schema's are dropped."""


class Builder(Protocol):
    """A module that makes the tables of one page kind. Pure."""

    KIND: PageKind
    NEEDS: tuple[str, ...]
    """Parsed tables that this builder alone reads."""
    FILLS: tuple[str, ...]
    """Published tables that this builder alone makes."""

    def build(self, evidence: Evidence, put: Put) -> Built:
        """Make the tables of the kind; each is put away as soon as it is there, so that few are in memory at once."""
