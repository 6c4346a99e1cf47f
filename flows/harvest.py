"""The main job and its twin, as plain functions: land the captures, read them, publish the tables.

`harvest` and `rebuild` call each of their steps through `step`, so that Prefect can make a task of it and nothing here
knows of Prefect. Steps take paths and small records and return receipts; what is large stays in the warehouse.
"""

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar, get_args
from urllib.parse import unquote

from extractors.sources.saved import SAMPLES, SavedPage, capture_page, find_pages
from schemas.addresses import file_address
from schemas.catalog import Catalog, parse_catalog
from schemas.errors import SourceError, UsageError
from schemas.records import (
    ChangeKind,
    CollectionReceipt,
    Issue,
    Level,
    Plan,
    Receipt,
    RunEnd,
    RunOutcome,
)
from warehouse.deciding import read_decisions
from warehouse.folder import WarehouseFolder

if TYPE_CHECKING:
    import pyarrow as pa

    from warehouse.snapshots import Snapshot

P = ParamSpec("P")
T = TypeVar("T")

SAMPLES_SOURCE = "samples"
BATCH_PAGES = 50
"""Pages of one step: enough that what a Prefect task costs (some 5 ms) does not show."""

ISSUE_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class HarvestRequest:
    """What a person asked for.

    Attributes:
        source: `samples`, or the path of a saved page or of a folder of them.
        collections: Ids to which the harvest is limited; empty for all.
    """

    source: str
    warehouse: Path
    catalog: Path | None = None
    collections: tuple[str, ...] = ()


class Step(Protocol):
    """How a step is called: plainly, or as a task of Prefect."""

    def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function with the arguments."""
        ...


def call_plainly(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The step without Prefect."""
    return function(*args, **kwargs)


def harvest(request: HarvestRequest, step: Step = call_plainly) -> Receipt:
    """Land what a source has, and publish the tables of all that was ever landed.

    Raises:
        UsageError: The source, the catalog or a collection is not there, or the warehouse's decisions are no such file.
        SourceError: Nothing usable came; nothing was published.
        WarehouseError: The warehouse is locked or cannot be written; nothing was published.
    """
    folder = WarehouseFolder(request.warehouse)
    catalog_text, catalog = read_catalog(request.catalog)
    pages = find_requested_pages(request, catalog)
    with folder.locked():
        read_decisions(folder)  # a mistake in it is told before anything is fetched
        run_id = new_run_id()
        step(begin_run, folder, run_id, _source_name(request.source), catalog_text, catalog)
        issues: list[Issue] = []
        for batch in _batches(pages):
            issues += step(land_pages, folder, run_id, batch)
        step(end_run, folder, run_id, tuple(issues))
        return step(publish_tables, folder, run_id)


def find_requested_pages(request: HarvestRequest, catalog: Catalog) -> list[SavedPage]:
    """The pages that a request means; reads none of them.

    Raises:
        UsageError: The source or a collection is not there.
        SourceError: The source has no pages.
    """
    return _limit(find_pages(_source_path(request.source), catalog), request.collections)


def rebuild(warehouse: Path, step: Step = call_plainly) -> Receipt:
    """Make the tables again from the raw zone alone. No run, no network, no cache.

    Raises:
        UsageError: There is no warehouse.
        SourceError: Its raw zone holds nothing.
        WarehouseError: The warehouse is locked or cannot be written; nothing was published.
    """
    folder = WarehouseFolder(warehouse)
    folder.require_existing()
    with folder.locked():
        return step(publish_tables, folder, None)


def read_catalog(path: Path | None) -> tuple[str | None, Catalog]:
    """A catalog's text and content; the empty catalog if there is no path.

    Raises:
        UsageError: It cannot be opened or read.
    """
    if path is None:
        return None, Catalog()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"catalog {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"catalog {path}: not UTF-8 text") from error
    return text, parse_catalog(text, str(path))


def new_run_id() -> str:
    """An id that sorts by time; the random end tells machines apart."""
    return f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"


def begin_run(folder: WarehouseFolder, run_id: str, source: str, catalog_text: str | None, catalog: Catalog) -> None:
    """Put right what a killed run left, then land the plan and the catalog."""
    from extractors.warc import RawZone

    raw_zone = RawZone(folder.raw)
    raw_zone.recover()
    collections = tuple(entry.collection for entry in catalog.collections)
    with raw_zone.write(run_id) as segment:
        segment.land_plan(Plan(run_id, source, dt.datetime.now(dt.UTC), collections))
        if catalog_text is not None:
            segment.land_catalog(catalog_text)


def land_pages(folder: WarehouseFolder, run_id: str, pages: tuple[SavedPage, ...]) -> list[Issue]:
    """Land saved pages as they are; a page that cannot be opened is an issue."""
    from extractors.warc import RawZone

    issues = []
    with RawZone(folder.raw).write(run_id) as segment:
        for page in pages:
            try:
                segment.land_capture(capture_page(page))
            except SourceError as error:
                issues.append(Issue("error", "unreadable-file", str(error)))
    return issues


def end_run(folder: WarehouseFolder, run_id: str, issues: tuple[Issue, ...]) -> None:
    """Land the run's end, and finish its segment."""
    from extractors.warc import RawZone

    raw_zone = RawZone(folder.raw)
    with raw_zone.write(run_id) as segment:
        segment.land_end(RunEnd(dt.datetime.now(dt.UTC), issues))
    raw_zone.finish(run_id)


def publish_tables(folder: WarehouseFolder, run_id: str | None) -> Receipt:
    """Read the raw zone, build the tables and publish them.

    Args:
        folder: The warehouse.
        run_id: The run that it is for, whose outcome is told; null for a rebuild, which uses no cache.

    Raises:
        SourceError: The run, or the whole raw zone, gave nothing usable; nothing was published.
        CheckError: The tables break a rule of their schemas; nothing was published.
    """
    from extractors.parsing import ParsedCache, parse_segment
    from extractors.warc import RawZone
    from warehouse.changes import find_changes
    from warehouse.snapshots import former_snapshot, publish
    from warehouse.tables import build_tables

    raw_zone = RawZone(folder.raw)
    if run_id is None:
        raw_zone.recover()
    segments = raw_zone.segments()
    if not segments:
        raise SourceError(f"{folder.path}: the raw zone is empty; there is nothing to rebuild from")
    cache = ParsedCache(folder.parsed)
    parsed = [parse_segment(segment) if run_id is None else cache.parse(raw_zone, segment) for segment in segments]
    tables = build_tables(parsed, read_decisions(folder))
    outcome = _outcome(tables["runs"], run_id)
    if outcome == "failed" or not tables["pages"].num_rows:
        raise SourceError(_why_failed(parsed, run_id))
    former = former_snapshot(folder)
    snapshot = publish(folder, tables, {path.name: raw_zone.digest(path) for path in segments})
    cache.forget_others(raw_zone)
    changes = Counter(change.change for change in find_changes(former, snapshot))
    return describe(folder, snapshot, tables, run_id, outcome, changes)


def describe(
    folder: WarehouseFolder,
    snapshot: "Snapshot",
    tables: "Mapping[str, pa.Table]",
    run_id: str | None,
    outcome: RunOutcome,
    changes: Mapping[ChangeKind, int],
) -> Receipt:
    """The receipt of a snapshot."""
    import pyarrow.compute as pc

    issues = tables["issues"].to_pylist()
    levels = Counter(row["level"] for row in issues)
    grave = [row for row in issues if row["level"] == "error"]
    columns = ["collection_id", "name", "reported_total", "observed_total", "coverage", "complete"]
    return Receipt(
        run_id=run_id,
        outcome=outcome,
        snapshot=snapshot.manifest.snapshot_id,
        warehouse=str(folder.path),
        counts={name: table.num_rows for name, table in tables.items()},
        repeats=pc.sum(pc.greater(tables["documents"]["collection_count"], 1)).as_py() or 0,
        changes={kind: changes.get(kind, 0) for kind in get_args(ChangeKind)},
        issues={level: levels.get(level, 0) for level in get_args(Level)},
        issue_examples=tuple(_where(row["url"]) + row["message"] for row in grave[:ISSUE_EXAMPLES]),
        collections=tuple(CollectionReceipt(**row) for row in tables["collections"].select(columns).to_pylist()),
    )


def _outcome(runs: "pa.Table", run_id: str | None) -> RunOutcome:
    """How the run went; a rebuild that publishes is complete."""
    if run_id is None:
        return "complete"
    outcomes: dict[str, RunOutcome] = dict(zip(runs["run_id"].to_pylist(), runs["outcome"].to_pylist(), strict=True))
    return outcomes[run_id]


def _why_failed(parsed: "list[dict[str, pa.Table]]", run_id: str | None) -> str:
    """One line on a run that gave nothing usable: how many pages, and the first thing that was wrong."""
    mine = [
        (row["url"], row["message"])
        for segment in parsed
        for row in segment["issues"].to_pylist()
        if row["level"] == "error" and run_id in (None, row["run_id"])
    ]
    where, message = mine[0]
    others = f" (and {len(mine) - 1} more like this)" if len(mine) > 1 else ""
    return f"nothing usable was found, and nothing was published: {_where(where)}{message}{others}"


def _where(url: str | None) -> str:
    """The page that a message is about, as a person knows it: by its file's name, or its address."""
    return f"{unquote(url.removeprefix(file_address('')))}: " if url else ""


def _source_path(source: str) -> Path:
    return SAMPLES if source == SAMPLES_SOURCE else Path(source)


def _source_name(source: str) -> str:
    """How the tables name the source: without the folders of the machine that it was read on."""
    return source if source == SAMPLES_SOURCE else f"saved:{Path(source).resolve().name}"


def _limit(pages: list[SavedPage], collections: tuple[str, ...]) -> list[SavedPage]:
    """The pages of the collections that were asked for; of all, if none was."""
    known = {page.collection.collection_id for page in pages}
    unknown = [collection for collection in collections if collection not in known]
    if unknown:
        raise UsageError(f"{unknown[0]}: the source has no page of this collection")
    return [page for page in pages if not collections or page.collection.collection_id in collections]


def _batches(pages: list[SavedPage]) -> Iterator[tuple[SavedPage, ...]]:
    rest = iter(pages)
    while batch := tuple(islice(rest, BATCH_PAGES)):
        yield batch
