"""What an operator sees of a run in Prefect beside its state and log: progress, coverage, a report, the tables.

All of it stands in the warehouse too, and nothing reads it back.
"""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from time import monotonic
from typing import cast
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.assets import Asset, AssetProperties, add_asset_metadata, materialize
from prefect.cache_policies import NO_CACHE

from flows.markdown import as_code, as_markdown
from flows.printing import COLLECTION_COLUMNS, collection_cells, in_order, receipt_lines
from flows.progress import Watch, describe
from schemas.records import Progress, Receipt
from schemas.tables import TABLES

PROGRESS_KEY, COVERAGE_KEY, REPORT_KEY = "wcda-progress", "wcda-coverage", "wcda-report"
SECONDS_BETWEEN_UPDATES = 5.0

_logger = logging.getLogger(__name__)


@contextmanager
def progress_artifact() -> Iterator[Watch]:
    """What to report of each page, while the block lasts; the artifact is there from the first pages on.

    A thread of its own keeps it up to date, so that no page waits for the API, and no run fails for it.
    """
    latest: Progress | None = None
    ended = threading.Event()
    whole = False

    def watch(progress: Progress) -> None:
        nonlocal latest
        latest = progress

    def keep_up() -> None:
        begun = monotonic()
        shown = artifact = None
        last = False
        while not last:
            last = ended.wait(SECONDS_BETWEEN_UPDATES)
            if latest is not None and (last or latest is not shown):
                shown = latest
                percent = 100.0 if whole else _percent(shown)
                artifact = _show_progress(artifact, percent, describe(shown, monotonic() - begun))

    thread = threading.Thread(target=copy_context().run, args=(keep_up,), name="progress", daemon=True)
    thread.start()
    try:
        yield watch
        whole = True
    finally:
        ended.set()
        thread.join()


def _percent(progress: Progress) -> float:
    """How much of what is expected has come; zero where nobody knows."""
    if not progress.expected_pages:
        return 0.0
    return min(99.9, round(100 * progress.pages / progress.expected_pages, 1))  # only a run that ended is whole


def _show_progress(artifact: UUID | None, percent: float, line: str) -> UUID | None:
    """Make the artifact, or bring it up to date; gives its id."""
    try:
        if artifact is None:
            return cast("UUID", create_progress_artifact(percent, PROGRESS_KEY, line))
        update_progress_artifact(artifact, percent, line)
    except Exception as error:  # whatever befalls the API, the pages are what counts
        _logger.warning("the progress cannot be shown: %s", error)
    return artifact


def show_receipt(receipt: Receipt) -> None:
    """The coverage of each collection and a report as artifacts of the run; an event for each table."""
    rows = [dict(zip(COLLECTION_COLUMNS, collection_cells(row), strict=True)) for row in in_order(receipt.collections)]
    create_table_artifact(rows, COVERAGE_KEY, f"Collections of snapshot {receipt.snapshot}")
    create_markdown_artifact(report_text(receipt), REPORT_KEY, f"Snapshot {receipt.snapshot}")
    _tell_assets(receipt)


def report_text(receipt: Receipt) -> str:
    """A receipt as Markdown: what was published, what is doubtful, what is new, where it is."""
    summary, *rest = receipt_lines(receipt)
    where = f"{receipt.warehouse}/snapshots/{receipt.snapshot}"
    tables = [f"| {name} | {receipt.counts[name]:,} | {table.description} |" for name, table in TABLES.items()]
    return "\n".join(
        [
            f"# Snapshot {receipt.snapshot}: {receipt.outcome}",
            "",
            as_markdown(summary),
            "",
            *(f"- {as_markdown(line)}" for line in rest),
            f"- tables: {as_code(f'{where}/')}, report: {as_code(f'{where}/report.html')}",
            "",
            "| table | rows | what it holds |",
            "|---|---:|---|",
            *tables,
        ]
    )


def _tell_assets(receipt: Receipt) -> None:
    """Let Prefect know that each table was made anew, of how many rows, and in which snapshot."""
    keys = {name: _asset_key(receipt.warehouse, name) for name in TABLES}
    assets = [
        Asset(key=key, properties=AssetProperties(name=name, description=TABLES[name].description))
        for name, key in keys.items()
    ]

    @materialize(*assets, name="report assets", cache_policy=NO_CACHE, persist_result=False)
    def report() -> None:
        for name, key in keys.items():
            add_asset_metadata(key, {"rows": receipt.counts[name], "snapshot": receipt.snapshot})

    report()


def _asset_key(warehouse: str, table: str) -> str:
    """A key without the folders of the machine."""
    return f"wcda://{re.sub(r'[^A-Za-z0-9._-]', '-', Path(warehouse).resolve().name)}/{table}"
