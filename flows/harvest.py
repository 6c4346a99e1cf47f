"""The main job and its twin, as plain functions: land the captures, read them, publish the tables.

`harvest` and `rebuild` call each of their steps through `step`, so that Prefect can make a task of it and nothing here
knows of Prefect. Steps take paths and small records and return receipts; what is large stays in the warehouse.
"""

import datetime as dt
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar, get_args

from extractors.catalog import Catalog, override, parse_catalog
from extractors.sources.archives import read_archive
from extractors.sources.saved import SAMPLES, check_path
from extractors.wilson_center import ARCHIVE
from flows.archives import ArchiveHarvest, within
from flows.crawl import Crawl, Watch, open_crawl, requested_entries, user_agent, with_result_sets
from schemas.errors import SourceError, UsageError, WarehouseError
from schemas.identifiers import page_name
from schemas.records import (
    ArchiveItem,
    CaptureChoice,
    CollectionReceipt,
    Issue,
    Level,
    Plan,
    Progress,
    Receipt,
    RunEnd,
    RunOutcome,
)
from warehouse.deciding import read_decisions
from warehouse.folder import KEPT_SNAPSHOTS, WarehouseFolder
from wcda.manifest import ChangeKind

if TYPE_CHECKING:
    import pyarrow as pa

    from extractors.known_pages import KnownPages
    from extractors.landing import Landing
    from extractors.reparsing import ParseAll
    from wcda.snapshots import Snapshot

P = ParamSpec("P")
T = TypeVar("T")

SITE_SOURCE = "site"
WAYBACK_SOURCE = "wayback"
SAMPLES_SOURCE = "samples"
BATCH_PAGES = 100
"""Pages of one step: enough that what a Prefect task costs (some 10 ms of CPU, all threads) does not show."""

ISSUE_EXAMPLES = 3

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HarvestRequest:
    """What a person asked for.

    Attributes:
        source: `site`, `wayback`, `samples`, or a path: a saved page, a web archive, a tarball, a folder of them.
        collections: Ids to which the harvest is limited; empty for all.
        archive: Address of the site; null to take the catalog's.
        wayback: Address of the archive of the web; null to take the catalog's.
        contact: Whom the site can write to; null to take the catalog's.
        since: First day of captures that others made; null for no such limit.
        until: Last day of them.
        captures: Which captures of each page the archive of the web is asked for.
        accept_loss: Whether to publish though much of a collection has left at once.
        keep: How many snapshots are kept.
    """

    source: str
    warehouse: Path
    catalog: Path | None = None
    collections: tuple[str, ...] = ()
    archive: str | None = None
    wayback: str | None = None
    contact: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    captures: CaptureChoice = "latest"
    accept_loss: bool = False
    keep: int = KEPT_SNAPSHOTS

    def read_catalog(self) -> tuple[str | None, Catalog]:
        """The text and content of the catalog, as the request has it.

        Raises:
            UsageError: As `read_catalog`.
        """
        return read_catalog(self.catalog, self.archive, self.contact, self.wayback)


class Step(Protocol):
    """How a step is called: plainly, or as a task of Prefect."""

    def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function with the arguments."""
        ...


def call_plainly(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The step without Prefect."""
    return function(*args, **kwargs)


def no_watch(_progress: Progress) -> None:
    """Nobody looks on."""


def harvest(request: HarvestRequest, step: Step = call_plainly, watch: Watch = no_watch) -> Receipt:
    """Land what a source has, and publish the tables of all that was ever landed.

    Args:
        request: What a person asked for.
        step: How the steps are called.
        watch: Is told of each page that a site sent.

    Raises:
        UsageError: The source, the catalog or a collection is not there, a site would not know whom to write to, or
            the warehouse's decisions are no such file.
        SourceError: Nothing usable came; nothing was published.
        WarehouseError: The warehouse is locked or cannot be written, or too much would leave it; nothing was published.
    """
    folder = WarehouseFolder(request.warehouse)
    catalog_text, catalog = request.read_catalog()
    fetch = _fetch_of(request, catalog, watch)
    with folder.locked():
        read_decisions(folder)  # a mistake in it is told before anything is fetched
        landing, known = step(begin_run, folder, _plan(request, catalog), catalog_text)
        issues = fetch(landing, known, step)
        step(end_run, landing, tuple(issues))
        del known
        return step(publish_tables, folder, landing.run_id, request.accept_loss, request.keep)


_Fetch = Callable[["Landing", "KnownPages", Step], list[Issue]]
"""Lands what a source has; gives what concerns the run and no page."""


def _fetch_of(request: HarvestRequest, catalog: Catalog, watch: Watch) -> _Fetch:
    """How to get what a request means; finds the mistakes in it.

    Raises:
        UsageError: As `harvest`.
        SourceError: The source is there, and empty.
    """
    if request.source == SITE_SOURCE:
        return _site_fetch(request, catalog, watch)
    return _archive_fetch(request, catalog, watch)


def _archive_fetch(request: HarvestRequest, catalog: Catalog, watch: Watch) -> _Fetch:
    passed_over: Counter[str] = Counter()
    items = _items(request, catalog, passed_over)

    def fetch(landing: "Landing", _known: "KnownPages", step: Step) -> list[Issue]:
        archive = ArchiveHarvest(items, passed_over, landing, request.collections, watch)
        while not archive.finished:
            step(land_pages, archive, BATCH_PAGES)
        return archive.issues()

    return fetch


def _items(request: HarvestRequest, catalog: Catalog, passed_over: Counter[str]) -> Iterator[ArchiveItem]:
    if request.source == WAYBACK_SOURCE:
        from extractors.sources.wayback import WaybackChoice, read_wayback

        choice = WaybackChoice(request.since, request.until, request.captures, request.collections)
        return read_wayback(catalog, user_agent(catalog.politeness.contact), choice, passed_over)
    path = SAMPLES if request.source == SAMPLES_SOURCE else Path(request.source)
    check_path(path)
    if request.warehouse.resolve().is_relative_to(path.resolve()):
        raise UsageError(f"{path}: the warehouse {request.warehouse} lies in it, and would be read as a source")
    return within(read_archive(path, catalog, passed_over), request.since, request.until, passed_over)


def _site_fetch(request: HarvestRequest, catalog: Catalog, watch: Watch) -> _Fetch:
    entries = requested_entries(catalog, request.collections)
    user_agent(catalog.politeness.contact)

    def fetch(landing: "Landing", known: "KnownPages", step: Step) -> list[Issue]:
        with open_crawl(catalog, entries, landing, known, watch) as crawl:
            step(ask_permission, crawl)
            while not crawl.finished:
                step(fetch_pages, crawl, BATCH_PAGES)
            return crawl.issues()

    return fetch


def check_request(request: HarvestRequest) -> None:
    """Find the mistakes in a request, before anything slow.

    Raises:
        UsageError: As `harvest`.
        SourceError: The source has no pages.
    """
    _fetch_of(request, request.read_catalog()[1], no_watch)


def rebuild(
    warehouse: Path,
    step: Step = call_plainly,
    *,
    accept_loss: bool = False,
    parse_all: "ParseAll | None" = None,
    keep: int = KEPT_SNAPSHOTS,
) -> Receipt:
    """Make the tables again from the raw zone alone. No run, no network; what was parsed before does not count.

    Args:
        warehouse: Its folder.
        step: How the steps are called.
        accept_loss: Whether to publish though much of a collection has left at once.
        parse_all: Lets all segments be parsed; null for this machine, in as many processes as pay.
        keep: How many snapshots are kept.

    Raises:
        UsageError: There is no warehouse.
        SourceError: Its raw zone holds nothing.
        WarehouseError: The warehouse is locked or cannot be written, or too much would leave it; nothing was published.
    """
    from extractors.reparsing import parse_in_processes

    folder = WarehouseFolder(warehouse)
    folder.require_existing()
    parse_all = parse_all or parse_in_processes
    with folder.locked():
        parse_all(step(begin_rebuild, folder), folder.parsed.absolute())
        return step(publish_tables, folder, None, accept_loss, keep)


def read_catalog(
    path: Path | None, archive: str | None = None, contact: str | None = None, wayback: str | None = None
) -> tuple[str | None, Catalog]:
    """The text and content of a catalog; the empty catalog if there is no path.

    Args:
        path: TOML.
        archive: Takes the place of the catalog's site, if it is given.
        contact: Likewise.
        wayback: Likewise, of the archive of the web.

    Raises:
        UsageError: It cannot be opened or read, or the site, contact or archive is none.
    """
    text = _read_text(path) if path is not None else None
    catalog = parse_catalog(text or "", str(path))
    return text, override(catalog, archive, contact, wayback)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"catalog {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"catalog {path}: not UTF-8 text") from error


def new_run_id() -> str:
    """An id that sorts by time; the random end tells machines apart."""
    return f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"


def _plan(request: HarvestRequest, catalog: Catalog) -> Plan:
    planned = with_result_sets(catalog) if request.source == SITE_SOURCE else catalog
    return Plan(
        run_id=new_run_id(),
        source=_source_name(request.source, catalog),
        started_at=dt.datetime.now(dt.UTC),
        collections=tuple(entry.collection for entry in planned.collections),
        requested=request.collections,
        live=request.source == SITE_SOURCE,
    )


def begin_run(folder: WarehouseFolder, plan: Plan, catalog_text: str | None) -> "tuple[Landing, KnownPages]":
    """Put right what a killed run left; go on with it if it did the same work, else land the plan and the catalog.

    Only a run that fetches from a site is gone on with: all else is read again in no time.
    """
    from extractors.known_pages import KnownPages
    from extractors.landing import Landing
    from extractors.parsed_cache import ParsedCache
    from extractors.raw_zone import RawZone

    raw_zone, cache = RawZone(folder.raw), ParsedCache(folder.parsed)
    raw_zone.recover()
    if not plan.live:
        known, interrupted = KnownPages([]), None
    else:
        known = KnownPages([cache.parse(raw_zone, segment) for segment in raw_zone.segments()])
        interrupted = known.interrupted_run(plan)
    landing = Landing(raw_zone, cache, interrupted or plan.run_id)
    _logger.info(
        "run %s from %s %s", landing.run_id, plan.source, "goes on: it was killed" if interrupted else "begins"
    )
    if interrupted is None:
        with landing.batch():
            landing.land_plan(plan, catalog_text)
    return landing, known


def land_pages(archive: ArchiveHarvest, items: int) -> None:
    """Land and read some of what others captured."""
    archive.land_batch(items)


def ask_permission(crawl: Crawl) -> None:
    """Read the site's robots.txt, and land it."""
    crawl.begin()


def fetch_pages(crawl: Crawl, pages: int) -> None:
    """Ask the site for some pages; land and read what comes."""
    crawl.read_batch(pages)


def end_run(landing: "Landing", issues: tuple[Issue, ...]) -> None:
    """Land the run's end, and finish its segment."""
    with landing.batch():
        landing.land_end(RunEnd(dt.datetime.now(dt.UTC), issues))
    landing.finish()


def begin_rebuild(folder: WarehouseFolder) -> list[Path]:
    """Forget what was parsed before; gives the segments, by absolute paths.

    Raises:
        SourceError: There are none.
    """
    from extractors.parsed_cache import ParsedCache
    from extractors.raw_zone import RawZone

    raw_zone = RawZone(folder.raw.absolute())
    raw_zone.recover()
    segments = raw_zone.segments()
    if not segments:
        raise SourceError(f"{folder.path}: the raw zone is empty; there is nothing to rebuild from")
    for segment in segments:
        raw_zone.digest(segment)  # noted before several look at once, and may not write there
    ParsedCache(folder.parsed).forget()
    _logger.info("%s segments of the raw zone are to be parsed again", len(segments))
    return segments


def publish_tables(folder: WarehouseFolder, run_id: str | None, accept_loss: bool, keep: int | None) -> Receipt:
    """Read the raw zone, build the tables and publish them; let go of old snapshots.

    Args:
        folder: The warehouse.
        run_id: The run that it is for, whose outcome is told; null for a rebuild, which recalls no step.
        accept_loss: Whether to publish though much of a collection has left at once.
        keep: How many snapshots are kept; null for all.

    Raises:
        SourceError: The run, or the whole raw zone, gave nothing usable; nothing was published.
        WarehouseError: The tables break a rule of their schemas, or too much would leave; nothing was published.
    """
    from extractors.parsed_cache import ParsedCache
    from extractors.raw_zone import RawZone
    from warehouse.changes import find_losses
    from warehouse.publishing import forget_old, former_snapshot, publish
    from warehouse.steps import make_anew
    from warehouse.tables import build_tables

    raw_zone = RawZone(folder.raw)
    segments = raw_zone.segments()
    cache = ParsedCache(folder.parsed)

    def parsed() -> "Iterator[dict[str, pa.Table]]":
        """Each segment as it is asked for, so that what was made into tables is not kept."""
        for segment in segments:
            yield cache.parse(raw_zone, segment)

    recall = make_anew if run_id is None else cache.recall
    tables = build_tables(parsed(), read_decisions(folder), recall)
    outcome = _outcome(tables["runs"], run_id)
    if outcome == "failed" or not tables["pages"].num_rows:
        raise SourceError(_why_failed(list(parsed()), run_id))
    former = former_snapshot(folder)
    losses = find_losses(former, tables)
    if losses and not accept_loss:
        raise WarehouseError(f"nothing was published: {losses[0]}; --accept-loss publishes all the same")
    snapshot = publish(folder, tables, {path.name: raw_zone.digest(path) for path in segments}, archive=ARCHIVE)
    cache.forget_others(raw_zone)
    receipt = describe(folder, snapshot, tables, run_id, outcome, snapshot.manifest.changes)
    _log_receipt(receipt)
    if keep is not None:
        forget_old(folder, keep)
    return receipt


def _log_receipt(receipt: Receipt) -> None:
    _logger.info("snapshot %s published: %s documents", receipt.snapshot, f"{receipt.counts['documents']:,}")
    if receipt.counts["issues"]:
        levels = ", ".join(f"{count} {level}" for level, count in receipt.issues.items() if count)
        first = f"; first of all, {receipt.issue_examples[0]}" if receipt.issue_examples else ""
        _logger.warning("%s issues (%s)%s", receipt.counts["issues"], levels, first)


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
    # What stopped the whole run tells most.
    grave = sorted((row for row in issues if row["level"] == "error"), key=lambda row: row["kind"] != "site-stopped")
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
    if not mine:
        return "nothing usable was found, and nothing was published: no page is there that can be read"
    where, message = mine[0]
    others = f" (and {len(mine) - 1} more like this)" if len(mine) > 1 else ""
    return f"nothing usable was found, and nothing was published: {_where(where)}{message}{others}"


def _where(url: str | None) -> str:
    """What stands before a message: the page that it is about."""
    return f"{page_name(url)}: " if url else ""


def _source_name(source: str, catalog: Catalog) -> str:
    """How the tables name the source: without the folders of the machine that it was read on."""
    if source == SITE_SOURCE:
        return f"site:{catalog.archive.url}"
    if source == WAYBACK_SOURCE:
        return f"wayback:{catalog.wayback.url}"
    return source if source == SAMPLES_SOURCE else f"saved:{Path(source).resolve().name}"
