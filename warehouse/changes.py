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
from warehouse.versions import missing_columns

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from warehouse.snapshots import Snapshot

MOST_LOST = 0.05
LEAST_WATCHED = 20
"""More than this share of a collection of at least this size never left at once; a changed site looks like that."""

EXAMPLES = 10
"""How many changes of each kind a summary names."""

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


@dataclass(frozen=True, slots=True)
class ChangeSummary:
    """How much differs between two snapshots.

    Attributes:
        counts: Changes of each table and kind.
        examples: The first `EXAMPLES` of each table and kind, for people; none against no snapshot.
    """

    counts: Counter[tuple[str, ChangeKind]]
    examples: tuple[Change, ...] = ()

    @property
    def by_kind(self) -> dict[ChangeKind, int]:
        """Changes of each kind in all tables together."""
        totals: Counter[ChangeKind] = Counter()
        for (_, kind), number in self.counts.items():
            totals[kind] += number
        return dict(totals)


def find_losses(former: "Snapshot | None", tables: "Mapping[str, pa.Table]") -> list[str]:
    """A line for each collection of which so much would leave that the site, and not the archive, has likely changed.

    Args:
        former: The snapshot that the tables would follow.
        tables: All tables, not published yet.
    """
    import pyarrow.compute as pc

    if former is None:
        return []
    key = list(MEMBERSHIPS.key)
    then, now = former.read("memberships", key), tables["memberships"].select(key)
    missing = then.join(now, key, join_type="left anti")
    if not missing.num_rows:
        return []
    # A document that has another id now has not left.
    renamed = tables["document_keys"].select(["key", "document_id"]).rename_columns(["former", "document_id"])
    former_ids = pc.binary_join_element_wise("id:", missing["document_id"], "")
    heirs = missing.select(["collection_id"]).append_column("former", former_ids).join(renamed, "former")
    stays = heirs.join(now, key, join_type="left semi").select(["collection_id", "former"])
    gone = Counter(missing["collection_id"].to_pylist())
    gone.subtract(stays.group_by(stays.column_names).aggregate([])["collection_id"].to_pylist())
    before = Counter(then["collection_id"].to_pylist())
    return [
        f"{count} of {before[name]} documents would leave the collection {name} at once"
        for name, count in sorted(gone.items())
        if before[name] >= LEAST_WATCHED and count > MOST_LOST * before[name]
    ]


def find_changes(former: "Snapshot | None", present: "Snapshot") -> Iterator[Change]:
    """The changes from one snapshot to another; against no snapshot every row is added.

    Snapshots of two minor versions of the schema are compared by the columns that both have.

    Raises:
        WarehouseError: One of them is of another major version than this code.
    """
    missing = {name for snapshot in (former, present) if snapshot for name in missing_columns(snapshot)}
    for table in COMPARED:
        if former is not None and former.note(table.name).sha256 == present.note(table.name).sha256:
            continue  # the same file has the same rows
        columns = [name for name in table.lasting_columns if f"{table.name}.{name}" not in missing]
        new = present.read(table.name, columns)
        old = new.slice(0, 0) if former is None else former.read(table.name, columns)
        if new.equals(old):
            continue  # most runs find what the one before found, and only the instants differ
        changes = _compare(table, _frame(old, table), _frame(new, table))
        yield from changes if former is None or table is not DOCUMENTS else _with_kinship(changes, former, present)


def summarise_changes(former: "Snapshot | None", present: "Snapshot") -> ChangeSummary:
    """How much there is of each kind of change from one snapshot to another, and the first of each."""
    if former is None:  # no need to name each row
        return ChangeSummary(Counter({(table.name, "added"): present.note(table.name).rows or 0 for table in COMPARED}))
    counts: Counter[tuple[str, ChangeKind]] = Counter()
    examples = []
    for change in find_changes(former, present):
        counts[change.table, change.change] += 1
        if counts[change.table, change.change] <= EXAMPLES:
            examples.append(change)
    return ChangeSummary(counts, tuple(examples))


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


def _frame(rows: "pa.Table", table: Table) -> "pd.DataFrame":
    import pandas as pd

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
        differs = ~same.to_numpy(bool)
        for key, then, now in zip(kept[differs], old[differs], new[differs], strict=True):
            yield Change(table.name, "changed", _key(key), column, _plain(then), _plain(now))


def _key(key: object) -> str:
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _plain(value: Any) -> Any:  # noqa: ANN401 (a value of any column)
    import pandas as pd

    return None if pd.isna(value) else value
