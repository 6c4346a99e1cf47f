"""A document as a note of the Chicago Manual of Style; the report's script (`references.js`) writes the same."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from warehouse.products.provenance import archive_of
from warehouse.products.references import accessed
from warehouse.products.tabular import batches
from wcda.snapshots import Snapshot

STYLE = "Chicago"

_INNER_QUOTES = str.maketrans({"“": "‘", "”": "’", '"': "'"})
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def cite(snapshot: Snapshot, document_id: str) -> str:
    """The citation of a document.

    Args:
        snapshot: Which is named in it, so that others find the same rows.
        document_id: Of a document in it (`wcda.finding.find_document`).

    Raises:
        WarehouseError: The archive's name cannot be read.
    """
    rows = (row for batch in batches(snapshot, "documents") for row in batch.to_pylist())
    document = next(row for row in rows if row["document_id"] == document_id)
    return citation(document, archive_of(snapshot).name, snapshot.manifest.snapshot_id)


def citation(document: Mapping[str, Any], archive: str, snapshot_id: str) -> str:
    """“Title,” date, source, archive, day of access, URL, snapshot; what is absent is left out.

    Args:
        document: A row of `documents`, as exports have it.
        archive: Name of the archive.
        snapshot_id: Of the snapshot that has the row.
    """
    title = (document["title"] or "Untitled document").removesuffix(".").translate(_INNER_QUOTES)
    seen = accessed(document)
    parts = (
        document["date_text"] or "undated",
        (document["source"] or "").removesuffix("."),
        archive,
        f"accessed {_printed(seen)}" if seen else None,
        document["url"],
    )
    end = "”" if title.endswith(("?", "!")) else ",”"
    text = f"“{title}{end} {', '.join(part for part in parts if part)} (wcda snapshot {snapshot_id})."
    return " ".join(text.split())


def _printed(day: str) -> str:
    """A day as the archive prints it, in any locale: January 2, 2025."""
    date = dt.date.fromisoformat(day)
    return f"{_MONTHS[date.month - 1]} {date.day}, {date.year}"
