"""From what the pages hold to published tables: identity, building, checking, publishing, products."""

import warnings
from pathlib import Path

import wcda


def open_warehouse(path: str | Path, snapshot_id: str | None = None) -> "wcda.Warehouse":
    """`wcda.open_warehouse` by its former name."""
    warnings.warn("use wcda.open_warehouse instead of warehouse.open_warehouse", DeprecationWarning, stacklevel=2)
    return wcda.open_warehouse(path, snapshot_id)
