"""What differs between two snapshots: rows added and removed, and values changed, of what people ask for.

Looks at the columns that are not volatile; a run in which nothing changed has no changes.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wcda.manifest import ChangeKind
from wcda.schema import TABLES, KnownTable
from wcda.snapshots import Snapshot

COMPARED = tuple(TABLES[name] for name in ("documents", "collections", "memberships"))


@dataclass(frozen=True, slots=True)
class Change:
    """One row added or removed, one value changed, or one document merged with another or split from it.

    Attributes:
        key: Values of the table's key, joined by `/`.
        column: Only of a changed value.
        former: The former value; of a document that was split off, the document that it was part of.
        present: The present value; of a merged document, the document that it is part of.
    """

    table: str
    change: ChangeKind
    key: str
    column: str | None = None
    former: Any = None
    present: Any = None


def find_changes(former: Snapshot | None, present: Snapshot) -> Iterator[Change]:
    """The changes from one snapshot to another; against no snapshot every row is added.

    Snapshots of two minor versions of the schema are compared by the columns that both have.

    Raises:
        WarehouseError: One of them is of another major version than this code.
    """
    missing = {name for snapshot in (former, present) if snapshot for name in snapshot.missing_columns()}
    for table in COMPARED:
        if former is not None and former.note(table.name).sha256 == present.note(table.name).sha256:
            continue  # the same file has the same rows
        columns = [name for name in table.lasting_columns if f"{table.name}.{name}" not in missing]
        new = present.read(table.name, columns)
        old = new.slice(0, 0) if former is None else former.read(table.name, columns)
        if new.equals(old):
            continue  # most runs find what the one before found, and only the timestamps differ
        changes = _compare(table, _frame(old, table), _frame(new, table))
        yield from (
            changes
            if former is None or table.name != "documents"
            else _label_merges_and_splits(changes, former, present)
        )


def _label_merges_and_splits(changes: Iterator[Change], former: Snapshot, present: Snapshot) -> Iterator[Change]:
    """The changes of documents, with those that were merged or split labelled as such."""
    found = list(changes)
    if not found:
        return
    now, then = _resolve(present), _resolve(former)
    of_document: dict[str, list[str]] = defaultdict(list)
    for key, documents in now.items():
        for document in documents if not key.startswith("id:") else ():
            of_document[document].append(key)
    for change in found:
        if change.change == "removed":
            successors = sorted(now.get(f"id:{change.key}", set()) - {change.key})
            kind: ChangeKind = "merged" if len(successors) == 1 else "split"
            yield from (replace(change, change=kind, present=successor) for successor in successors)
            if not successors:
                yield change
        elif change.change == "added":
            parents = {parent for key in of_document[change.key] for parent in then.get(key, ())} - {change.key}
            survivors = sorted(parent for parent in parents if parent in now.get(f"id:{parent}", ()))
            yield replace(change, change="split", former=survivors[0]) if survivors else change
        else:
            yield change


def _resolve(snapshot: Snapshot) -> dict[str, set[str]]:
    """The documents of each key."""
    keys = snapshot.read("document_keys")
    documents: dict[str, set[str]] = defaultdict(set)
    for key, document in zip(keys["key"].to_pylist(), keys["document_id"].to_pylist(), strict=True):
        documents[key].add(document)
    return documents


def _frame(rows: pa.Table, table: KnownTable) -> pd.DataFrame:
    """The rows by key; a list is one text, so that it can be compared and shown."""
    for number, field in enumerate(rows.schema):
        if pa.types.is_list(field.type):
            rows = rows.set_column(number, field.name, pc.binary_join(rows[field.name], "; "))

    frame: pd.DataFrame = rows.to_pandas(types_mapper=pd.ArrowDtype).set_index(list(table.key))
    return frame


def _compare(table: KnownTable, former: pd.DataFrame, present: pd.DataFrame) -> Iterator[Change]:
    for key in present.index.difference(former.index):
        yield Change(table.name, "added", _key(key))
    for key in former.index.difference(present.index):
        yield Change(table.name, "removed", _key(key))
    kept = present.index.intersection(former.index)
    before, after = former.loc[kept], present.loc[kept]
    for column in after.columns:
        old, new = before[column], after[column]
        same = (old == new).fillna(False) | (old.isna() & new.isna())
        differs = ~same.to_numpy(bool)
        for key, then, now in zip(kept[differs], old[differs], new[differs], strict=True):
            yield Change(table.name, "changed", _key(key), column, _plain(then), _plain(now))


def _key(key: object) -> str:
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _plain(value: Any) -> Any:  # noqa: ANN401 (a value of any column)

    return None if pd.isna(value) else value
