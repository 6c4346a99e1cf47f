"""What differs between two snapshots: rows added and removed, and values changed, of what people ask for.

Looks at the columns that are not volatile; a run in which nothing changed has no changes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from schemas.columns import Table
from schemas.records import ChangeKind
from schemas.tables import COLLECTIONS, DOCUMENT_KEYS, DOCUMENTS, MEMBERSHIPS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from warehouse.snapshots import Snapshot

MOST_LOST = 0.05
LEAST_WATCHED = 20
"""More than this share of a collection of at least this size never left at once; a changed site looks like that."""

COMPARED = (DOCUMENTS, COLLECTIONS, MEMBERSHIPS)


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


def find_losses(former: "Snapshot | None", tables: "Mapping[str, pa.Table]") -> list[str]:
    """A line for each collection of which so much would leave that the site, and not the archive, has likely changed.

    Args:
        former: The snapshot that the tables would follow.
        tables: All tables, not published yet.
    """
    import pandas as pd

    if former is None:
        return []
    then = former.read("memberships").to_pandas(types_mapper=pd.ArrowDtype)[list(MEMBERSHIPS.key)]
    now = tables["memberships"].to_pandas(types_mapper=pd.ArrowDtype)[list(MEMBERSHIPS.key)]
    keys = tables["document_keys"].to_pandas(types_mapper=pd.ArrowDtype)
    resolved = keys.set_axis(["former", "present", "kind"], axis=1)
    # A document that has another id now has not left.
    then = then.assign(former="id:" + then["document_id"]).merge(resolved, on="former", how="left")
    then["document_id"] = then["present"].fillna(then["document_id"])
    kept = then.merge(now.assign(kept=1), on=list(MEMBERSHIPS.key), how="left")
    stays = kept.groupby(["collection_id", "former"], as_index=False).agg(stays=("kept", "max"))
    counts = stays.groupby("collection_id").agg(before=("former", "size"), after=("stays", "count"))
    gone = counts["before"] - counts["after"]
    lost = gone[(counts["before"] >= LEAST_WATCHED) & (gone > MOST_LOST * counts["before"])]
    return [
        f"{count} of {counts.loc[name, 'before']} documents would leave the collection {name} at once"
        for name, count in lost.items()
    ]


def find_changes(former: "Snapshot | None", present: "Snapshot") -> Iterator[Change]:
    """The changes from one snapshot to another; against no snapshot every row is added."""
    for table in COMPARED:
        if former is not None and former.digest(table.name) == present.digest(table.name):
            continue  # the same file has the same rows
        new = _frame(present, table)
        changes = _compare(table, new.iloc[:0] if former is None else _frame(former, table), new)
        yield from changes if former is None or table is not DOCUMENTS else _with_kinship(changes, former, present)


def count_changes(former: "Snapshot | None", present: "Snapshot") -> Counter[ChangeKind]:
    """How many changes of each kind there are from one snapshot to another."""
    if former is None:  # no need to name each row
        return Counter({"added": sum(present.read(table.name).num_rows for table in COMPARED)})
    return Counter(change.change for change in find_changes(former, present))


def _with_kinship(changes: Iterator[Change], former: "Snapshot", present: "Snapshot") -> Iterator[Change]:
    """The changes of documents, with those that were merged or split told as such."""
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
            heirs = sorted(now.get(f"id:{change.key}", set()) - {change.key})
            kind: ChangeKind = "merged" if len(heirs) == 1 else "split"
            yield from (replace(change, change=kind, present=heir) for heir in heirs)
            if not heirs:
                yield change
        elif change.change == "added":
            parents = {parent for key in of_document[change.key] for parent in then.get(key, ())} - {change.key}
            survivors = sorted(parent for parent in parents if parent in now.get(f"id:{parent}", ()))
            yield replace(change, change="split", former=survivors[0]) if survivors else change
        else:
            yield change


def _resolve(snapshot: "Snapshot") -> dict[str, set[str]]:
    """The documents of each key."""
    keys = snapshot.read(DOCUMENT_KEYS.name)
    documents: dict[str, set[str]] = defaultdict(set)
    for key, document in zip(keys["key"].to_pylist(), keys["document_id"].to_pylist(), strict=True):
        documents[key].add(document)
    return documents


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
