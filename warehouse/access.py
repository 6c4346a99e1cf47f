"""The tables for pandas: one snapshot, typed, with the joins that people want."""

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, get_args

from schemas.records import ChangeKind
from schemas.tables import TABLES
from warehouse.changes import COMPARED, Change, find_changes
from warehouse.explanation import find_document
from warehouse.folder import WarehouseFolder
from warehouse.snapshots import Snapshot, snapshot_before

if TYPE_CHECKING:
    import pandas as pd

CHANGE_COLUMNS = ("table", "change", "key", "document_id", "collection_id", "column", "former", "present")


class Warehouse:
    """The tables of one snapshot as frames: texts, dates and numbers of Arrow, categories where few values are allowed.

    Each table is read when it is first asked for. What is absent is `<NA>`.

    Args:
        snapshot: Published.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._frames: dict[str, pd.DataFrame] = {}

    @property
    def snapshot_id(self) -> str:
        """Id of the snapshot, by which it can be opened again."""
        return self._snapshot.manifest.snapshot_id

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *TABLES]

    def __getattr__(self, name: str) -> "pd.DataFrame":
        """A table by its name, such as `documents`; a copy of one's own, as far as pandas writes to it."""
        if name not in TABLES:
            raise AttributeError(f"{name!r} is none of the tables: {', '.join(TABLES)}")
        if name not in self._frames:
            self._frames[name] = self._read(name)
        return self._frames[name].copy(deep=False)

    def documents_of(self, collection_id: str) -> "pd.DataFrame":
        """The documents of a collection with their rank, in the order of the listing; those without one come last."""
        members = self.memberships
        ranks = members.loc[members["collection_id"] == collection_id, ["document_id", "rank"]]
        found: pd.DataFrame = ranks.merge(self.documents, on="document_id").sort_values(["rank", "document_id"])
        return found.reset_index(drop=True)

    def collections_of(self, document: str) -> "pd.DataFrame":
        """The collections that list a document, with its rank in each.

        Args:
            document: Id, former id, address or natural key.

        Raises:
            UsageError: No document, or several, have it.
        """
        members = self.memberships
        own = members.loc[members["document_id"] == find_document(self._snapshot, document), ["collection_id", "rank"]]
        found: pd.DataFrame = own.merge(self.collections, on="collection_id").sort_values("collection_id")
        return found.reset_index(drop=True)

    def overlaps(self) -> "pd.DataFrame":
        """Pairs of collections that share documents, the largest overlap first.

        Columns: left_id, right_id; shared (documents in both); left_total and right_total (documents in each);
        jaccard (shared by those in either, from 0 to 1).
        """
        import pandas as pd

        from warehouse.overlaps import find_overlaps

        members = self._snapshot.read("memberships", ["document_id", "collection_id"])
        found: pd.DataFrame = find_overlaps(members).to_pandas(types_mapper=pd.ArrowDtype)
        return found

    def provenance(self) -> "pd.DataFrame":
        """Each entry with each capture of its page: its collection, instant, and WARC record in the raw zone."""
        entries, captures = self.entries, self.captures
        pages = self.pages[["page_id", "collection_id"]]
        columns = ["page_id", "capture_id", "run_id", "url", "captured_at", "warc_file", "warc_offset"]
        of_captures = captures[columns].rename(columns={"url": "page_url"})
        found: pd.DataFrame = entries.merge(pages, on="page_id").merge(of_captures, on="page_id")
        return found

    def changes(self, since: str | None = None) -> "pd.DataFrame":
        """What was added, changed, removed, merged and split since a former snapshot, of what people ask for.

        Columns: table, change (categories); key (values of the table's key, joined by `/`); document_id, collection_id
        (those of the key; null where it has none); column, former, present (as `wcda changes --json` has them, as
        texts: days as YYYY-MM-DD, numbers and truth values as in JSON).

        Args:
            since: Id of a snapshot; null for the one that this one followed. Against none every row is added.

        Raises:
            WarehouseError: There is no such snapshot, or it is of another major version of the schema.
        """
        import pandas as pd
        import pyarrow as pa

        former = snapshot_before(WarehouseFolder(self._snapshot.path.parents[1]), self._snapshot, since)
        rows = [_change_row(change) for change in find_changes(former, self._snapshot)]
        table = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in CHANGE_COLUMNS]))
        kinds = {"table": pd.CategoricalDtype([table.name for table in COMPARED])}
        kinds["change"] = pd.CategoricalDtype(list(get_args(ChangeKind)))
        found: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype).astype(kinds)
        return found

    def _read(self, name: str) -> "pd.DataFrame":
        import pandas as pd

        frame = self._snapshot.read(name).to_pandas(types_mapper=pd.ArrowDtype)
        categories = {
            column.name: pd.CategoricalDtype(list(column.allowed)) for column in TABLES[name].columns if column.allowed
        }
        typed: pd.DataFrame = frame.astype(categories)
        return typed


def _change_row(change: Change) -> dict[str, str | None]:
    keys = dict(zip(TABLES[change.table].key, change.key.split("/", 1), strict=False))
    values = {"former": _text(change.former), "present": _text(change.present)}
    return {
        **keys,
        "table": change.table,
        "change": change.change,
        "key": change.key,
        "column": change.column,
        **values,
    }


def _text(value: Any) -> str | None:  # noqa: ANN401 (a value of any column)
    if value is None or isinstance(value, str):
        return value
    return value.date().isoformat() if isinstance(value, dt.datetime) else json.dumps(value)
