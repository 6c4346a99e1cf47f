"""Where captures come from. All sources share one protocol; none knows of tables.

A source stands in `extractors.sources.registry` under the name by which a person asks for it.
"""

import datetime as dt
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from extractors.known_pages import KnownPages
    from extractors.wilson_center.catalog import Catalog
    from schemas.issues import Issue
    from schemas.records import Collection, Item, Progress

CaptureChoice = Literal["earliest", "latest", "all"]
"""Which captures of a page a web archive is asked for."""

DOCUMENT_DAYS = 180
"""Days after which a page of a document is asked for again, unless a person says otherwise."""

FILE_MEBIBYTES = 20
"""Of a file that is fetched, unless a person says otherwise."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which captures are wanted.

    Attributes:
        since: First day, UTC, of captures that others made; `None` for no limit.
        until: Last day, likewise.
        captures: Of each page the earliest within these days, the latest, or all.
        collections: Ids to which it is limited; empty for all.
        documents: Whether a site is asked for the pages of documents too.
        document_days: How many days old a page of a document is when it is asked for again.
        files: Whether a site is asked for the files of documents too.
        file_mebibytes: The most that a file may have.
    """

    since: dt.date | None = None
    until: dt.date | None = None
    captures: CaptureChoice = "latest"
    collections: tuple[str, ...] = ()
    documents: bool = False
    document_days: int = DOCUMENT_DAYS
    files: bool = False
    file_mebibytes: int = FILE_MEBIBYTES

    def has(self, collection_id: str) -> bool:
        """Whether a collection is among those that it is limited to."""
        return not self.collections or collection_id in self.collections


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What a source is opened with.

    Attributes:
        name: Of the source, as a person gives it: a name of the registry, or a path.
        catalog: Says where the archive and the web archive are, how politely they are asked, and which collections
            there are.
        warehouse: Folder of the tables, which must not be read as a source.
    """

    name: str
    catalog: "Catalog"
    warehouse: Path
    choice: Choice = Choice()


class Source(Protocol):
    """A place that captures come from.

    Attributes:
        name: As the tables name it: without folders of the machine on which it was read.
        live: Whether it asks the site itself, so that its captures of a collection are one reading.
        uses_known: Whether it asks for less where the raw zone has something already.
        collections: Those that its run sets out to read.
    """

    name: str
    live: bool
    uses_known: bool
    collections: "tuple[Collection, ...]"

    @property
    def progress(self) -> "Progress":
        """How far it is: of the items that were handed out."""
        ...

    def check(self) -> None:
        """Find the mistakes in what a person asked for, before anything slow.

        Raises:
            UsageError: Something is missing or wrong.
            SourceError: The source is there, and empty.
        """
        ...

    def items(self, known: "KnownPages") -> "Generator[Item, None, None]":
        """What it has, one item after the other; what could not be had is an issue. To be closed if it is not used up.

        Args:
            known: What the raw zone has; of nothing for a source that does not use it.
        """
        ...

    def issues(self) -> "list[Issue]":
        """What concerns the whole run and no single page, once the items are used up."""
        ...
