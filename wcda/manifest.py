"""What a snapshot says of itself, in `snapshot.json`."""

import datetime as dt
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from pydantic import TypeAdapter

ChangeKind = Literal["added", "changed", "removed", "merged", "split"]
"""merged: a document is one with another now. split: a document was taken apart, and this is what came of it."""

MANIFEST = "snapshot.json"
REPORT = "report.html"


@dataclass(frozen=True, slots=True)
class FileNote:
    """One file of a snapshot, or one segment that it was made from."""

    name: str
    sha256: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself.

    Attributes:
        former: The snapshot that was current before; `None` for the first.
        segments: Segments of the raw zone that it was made from.
        report: `report.html`; `None` in snapshots that were published without one.
        changes: Rows added, changed and removed against the former snapshot, by kind.
    """

    snapshot_id: str
    created_at: dt.datetime
    schema_version: str
    former: str | None
    tables: tuple[FileNote, ...]
    segments: tuple[FileNote, ...]
    report: FileNote | None = None
    changes: dict[ChangeKind, int] = field(default_factory=dict)


def read_manifest(text: bytes) -> Manifest:
    """A manifest from its JSON.

    Raises:
        ValueError: It is none.
    """
    return _adapter().validate_json(text)


def manifest_json(manifest: Manifest) -> bytes:
    """A manifest as JSON."""
    return _adapter().dump_json(manifest, indent=2)


@cache
def _adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)
