"""What differs between two snapshots: rows added and removed, and values changed, of what people ask for.

Looks at the columns that are not volatile; a run in which nothing changed has no changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.columns import Table
from schemas.records import ChangeKind
from schemas.tables import COLLECTIONS, DOCUMENTS, MEMBERSHIPS

if TYPE_CHECKING:
    import pandas as pd

    from warehouse.snapshots import Snapshot

COMPARED = (DOCUMENTS, COLLECTIONS, MEMBERSHIPS)


@dataclass(frozen=True, slots=True)
class Change:
    """One row added or removed, or one value changed.

    Attributes:
        key: Values of the table's key, joined by `/`.
        column: Only of a changed value.
    """

    table: str
    change: ChangeKind
    key: str
    column: str | None = None
    former: Any = None
    present: Any = None


def find_changes(former: "Snapshot | None", present: "Snapshot") -> Iterator[Change]:
    """The changes from one snapshot to another; against no snapshot every row is added."""
    for table in COMPARED:
        if former is not None and former.digest(table.name) == present.digest(table.name):
            continue  # the same file has the same rows
        new = _frame(present, table)
        yield from _compare(table, new.iloc[:0] if former is None else _frame(former, table), new)


def _frame(snapshot: "Snapshot", table: Table) -> "pd.DataFrame":
    import pandas as pd

    rows = snapshot.read(table.name).select(list(table.lasting_columns))
    frame: pd.DataFrame = rows.to_pandas(types_mapper=pd.ArrowDtype).set_index(list(table.key))
    return frame


def _compare(table: Table, former: "pd.DataFrame", present: "pd.DataFrame") -> Iterator[Change]:
    for key in present.index.difference(former.index):
        yield Change(table.name, "added", _key(key))
    for key in former.index.difference(present.index):
        yield Change(table.name, "removed", _key(key))
    kept = present.index.intersection(former.index)
    before, after = former.loc[kept], present.loc[kept]
    for column in after.columns:
        old, new = before[column], after[column]
        same = (old == new).fillna(False) | (old.isna() & new.isna())
        for key in kept[~same.to_numpy(bool)]:
            yield Change(table.name, "changed", _key(key), column, _plain(old[key]), _plain(new[key]))


def _key(key: object) -> str:
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _plain(value: Any) -> Any:  # noqa: ANN401 (a value of any column)
    import pandas as pd

    return None if pd.isna(value) else value
