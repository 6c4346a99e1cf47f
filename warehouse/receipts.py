"""What a command that publishes reports in the end: the receipt of a run, and why one failed. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, get_args

import pyarrow as pa
import pyarrow.compute as pc

from schemas.identifiers import page_name
from schemas.issues import EMPTY_COLLECTION, PASSED_OVER, SITE_STOPPED, UNMATCHED_FILES, Level
from schemas.records import CollectionReceipt, Receipt, RunOutcome
from schemas.tables import TABLES
from warehouse.changes import ChangeSummary
from warehouse.themes import theme_counts
from wcda.manifest import ChangeKind

ISSUE_EXAMPLES = 3


def describe(
    warehouse: str,
    snapshot_id: str,
    tables: Mapping[str, pa.Table],
    run_id: str | None,
    outcome: RunOutcome,
    changes: ChangeSummary,
    former: str | None,
) -> Receipt:
    """The receipt of a snapshot.

    Args:
        warehouse: Its folder, as the user named it.
        snapshot_id: Of the snapshot that holds the tables.
        tables: By name.
        run_id: The run that it is for; `None` for a rebuild.
        outcome: How the run went.
        changes: Against the former snapshot.
        former: Id of the former snapshot; `None` if this is the first.
    """
    issues = tables["issues"].to_pylist()
    levels = Counter(row["level"] for row in issues)
    names = _collection_names(tables["collections"])
    # What stopped the whole run explains most.
    errors = sorted(
        (row for row in issues if row["level"] == "error"), key=lambda row: row["kind"] != SITE_STOPPED.name
    )
    columns = ["collection_id", "name", "reported_total", "observed_total", "coverage", "complete"]
    return Receipt(
        run_id=run_id,
        outcome=outcome,
        snapshot=snapshot_id,
        warehouse=warehouse,
        counts={name: tables[name].num_rows for name in TABLES},
        repeats=pc.sum(pc.greater(theme_counts(tables), 1)).as_py() or 0,
        pages_of_documents=pc.sum(have_page(tables["documents"])).as_py() or 0,
        former=former,
        changes={kind: changes.by_kind.get(kind, 0) for kind in get_args(ChangeKind)},
        changes_by_table=changes.by_table,
        issues={level: levels.get(level, 0) for level in get_args(Level)},
        issue_examples=tuple(_where(row, names) + row["message"] for row in errors[:ISSUE_EXAMPLES]),
        collections=tuple(CollectionReceipt(**row) for row in tables["collections"].select(columns).to_pylist()),
    )


def remarks(issues: pa.Table) -> list[str]:
    """Lines on what a catalog asks for in vain; a person may have mistyped it."""
    in_vain = pc.is_in(issues["kind"], value_set=pa.array([EMPTY_COLLECTION.name, UNMATCHED_FILES.name]))
    messages = issues.filter(in_vain)["message"].to_pylist()
    more = len(messages) - ISSUE_EXAMPLES
    others = [f"{more} more like this; the table issues lists them"] if more > 0 else []
    return [*messages[:ISSUE_EXAMPLES], *others]


def have_page(documents: pa.Table) -> pa.ChunkedArray:
    """Of each document whether it has something which only its own page shows."""
    columns = ("node_id", "record_id", "rights", "source")
    return reduce(pc.or_, (pc.is_valid(documents[column]) for column in columns))


def outcome_of(runs: pa.Table, run_id: str | None) -> RunOutcome:
    """How the run went; a rebuild that publishes is complete."""
    if run_id is None:
        return "complete"
    outcomes: dict[str, RunOutcome] = dict(zip(runs["run_id"].to_pylist(), runs["outcome"].to_pylist(), strict=True))
    return outcomes[run_id]


def why_failed(segments: Iterable[Mapping[str, pa.Table]], run_id: str | None) -> str:
    """One line on a run that gave nothing usable: the first thing that was wrong, or what was passed over."""
    rows: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for segment in segments:
        rows += [row for row in segment["issues"].to_pylist() if run_id in (None, row["run_id"])]
        names |= _collection_names(segment["collections"])
    mine = [row for row in rows if row["level"] == "error"]
    if not mine:
        skipped = "".join(f" ({row['message']}: {row['found']})" for row in rows if row["kind"] == PASSED_OVER.name)
        return f"nothing usable was found, and nothing was published: no readable page found{skipped}"
    others = f" (and {len(mine) - 1} more like this)" if len(mine) > 1 else ""
    return f"nothing usable was found, and nothing was published: {_where(mine[0], names)}{mine[0]['message']}{others}"


def _collection_names(collections: pa.Table) -> dict[str, str]:
    """What to call each collection: its name and id, as far as it has a name."""
    rows = collections.select(["collection_id", "name"]).to_pylist()
    return {row["collection_id"]: f"{row['name']} ({row['collection_id']})" for row in rows if row["name"]}


def _where(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What stands before a message: the page that it is about, else the collection, unless the message names it."""
    collection = row["collection_id"]
    if row["url"]:
        return f"{page_name(row['url'])}: "
    return f"{names.get(collection, collection)}: " if collection and collection not in row["message"] else ""
