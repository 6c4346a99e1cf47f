"""What stands in the raw zone, as it is landed and as it is read back."""

from dataclasses import dataclass
from typing import Literal

from schemas.issues import Issue
from schemas.records import (
    Alias,
    Capture,
    Collection,
    Plan,
    Reference,
    RunEnd,
    Withdrawal,
)

ExchangeKind = Literal["page", "file"]
"""What a capture of a site is, where it is not told by its collection."""


@dataclass(frozen=True, slots=True)
class LandedCapture:
    """A capture as it stands in the raw zone.

    Attributes:
        capture_id: UUID of the WARC record.
        warc_offset: Of the record in the segment, in bytes.
        revisits: The capture whose body this one has too; `None` where it has one of its own.
        source_id: Id of the record in the archive that it was taken from; `None` if it comes from none.
        source_digest: Digest of the payload that this archive states, likewise.
        payload_digest: Of the body, as the record states it; `None` where it states none, and for a revisit.
        is_file: Whether it is a file that a document's page shows, and no page.
    """

    capture_id: str
    run_id: str
    warc_file: str
    warc_offset: int
    capture: Capture
    revisits: Reference | None = None
    source_id: str | None = None
    source_digest: str | None = None
    payload_digest: str | None = None
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class LandedIssue:
    """What a run could not do, as it stands in the raw zone, or what cannot be read there.

    Attributes:
        offset: Bytes before the record that cannot be read; `None` for what a run could not do.
    """

    run_id: str
    issue: Issue
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class LandedEnd:
    """The end of a run as it stands in the raw zone."""

    run_id: str
    end: RunEnd


@dataclass(frozen=True, slots=True)
class LandedCollection:
    """A collection that a run met and that its catalog does not have."""

    run_id: str
    collection: Collection


@dataclass(frozen=True, slots=True)
class LandedAlias:
    """Two URLs of one document, as a run met them."""

    run_id: str
    alias: Alias


Landed = LandedCapture | LandedIssue | LandedEnd | LandedCollection | LandedAlias | Plan | Withdrawal
"""A record of a segment that the tables are made of, or that says which segments they are made of."""
