"""What a command that publishes reports in the end: the receipt of a run, and why one failed. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc

from schemas.identifiers import page_name
from schemas.issues import PASSED_OVER, SITE_STOPPED, Level
from schemas.records import CollectionReceipt, Receipt, RunOutcome
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
        counts={name: table.num_rows for name, table in tables.items()},
        repeats=pc.sum(pc.greater(theme_counts(tables), 1)).as_py() or 0,
        pages_of_documents=pc.sum(have_page(tables["documents"])).as_py() or 0,
        former=former,
        changes={kind: changes.by_kind.get(kind, 0) for kind in get_args(ChangeKind)},
        changes_by_table=changes.by_table,
        issues={level: levels.get(level, 0) for level in get_args(Level)},
        issue_examples=tuple(_where(row["url"]) + row["message"] for row in errors[:ISSUE_EXAMPLES]),
        collections=tuple(CollectionReceipt(**row) for row in tables["collections"].select(columns).to_pylist()),
    )


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
    rows = [row for segment in segments for row in segment["issues"].to_pylist() if run_id in (None, row["run_id"])]
    mine = [(row["url"], row["message"]) for row in rows if row["level"] == "error"]
    if not mine:
        skipped = "".join(f" ({row['message']}: {row['found']})" for row in rows if row["kind"] == PASSED_OVER.name)
        return f"nothing usable was found, and nothing was published: no readable page found{skipped}"
    where, message = mine[0]
    others = f" (and {len(mine) - 1} more like this)" if len(mine) > 1 else ""
    return f"nothing usable was found, and nothing was published: {_where(where)}{message}{others}"


def _where(url: str | None) -> str:
    """What stands before a message: the page that it is about."""
    return f"{page_name(url)}: " if url else ""
