"""The main job and its twin, as plain functions: land the captures, read them, publish the tables.

`harvest` and `rebuild` call each of their steps through `step`, so that Prefect can make a task of it and nothing here
knows of Prefect. Steps take paths and small records and return receipts; what is large stays in the warehouse.
"""

import datetime as dt
import logging
import secrets
import shlex
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

import pyarrow as pa

from extractors.known_pages import KnownPages
from extractors.landing import Landing
from extractors.parsed_cache import ParsedCache
from extractors.parsing import digests_of_bodies
from extractors.raw_zone import RawZone
from extractors.reparsing import ParseAll, parse_in_processes
from extractors.sources import Source
from extractors.wilson_center import ARCHIVE
from flows.memory import give_memory_back_soon
from flows.progress import Watch
from flows.request import HarvestRequest
from flows.withdrawals import interrupted_rollback
from schemas.errors import SourceError, WarehouseError
from schemas.issues import Issue
from schemas.records import Item, Plan, Progress, Receipt, RunEnd
from warehouse.broken_rows import set_aside_broken_rows
from warehouse.building import build_tables
from warehouse.building.texts import Texts
from warehouse.changes import ChangeSummary, find_losses
from warehouse.deciding import read_decisions
from warehouse.folder import KEPT_SNAPSHOTS, WarehouseFolder
from warehouse.publishing import find_former, forget_old, publish
from warehouse.receipts import describe, outcome_of, remarks, why_failed
from wcda.snapshots import Snapshot

P = ParamSpec("P")
T = TypeVar("T")

BATCH_PAGES = 100
"""Pages of one step: enough that what a Prefect task costs (some 10 ms of CPU, all threads) does not show."""

_logger = logging.getLogger(__name__)
# What is logged is for the log of a Prefect run; at the command line, what a person needs to know is printed.
logging.getLogger("flows").addHandler(logging.NullHandler())


class Step(Protocol):
    """How a step is called: inline, or as a task of Prefect."""

    def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function with the arguments."""
        ...


def call_inline(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The step without Prefect."""
    return function(*args, **kwargs)


def ignore_progress(_progress: Progress) -> None:
    """Do nothing."""


def harvest(request: HarvestRequest, step: Step = call_inline, watch: Watch = ignore_progress) -> Receipt:
    """Land what a source has, and publish the tables of all that was ever landed.

    Args:
        request: What a person asked for.
        step: How the steps are called.
        watch: Called for each page, with how far the run is.

    Raises:
        UsageError: The source, the catalog or a collection is not there, there is no contact for a site, or the
            warehouse's decisions cannot be read.
        SourceError: Nothing usable came; nothing was published.
        WarehouseError: The warehouse is locked or cannot be written, or too many documents would disappear; nothing
            was published, and what was landed is set aside.
    """
    give_memory_back_soon()
    folder = WarehouseFolder(request.warehouse)
    catalog_text, catalog = request.read_catalog()
    source = request.open_source(catalog)
    source.check()
    with folder.locked():
        read_decisions(folder)  # a mistake in it is reported before anything is fetched
        run_id = _land(source, request.collection_ids(catalog), folder, catalog_text, step, watch)
        del source  # what it knows of the site takes memory that publishing needs
        return step(publish_tables, folder, run_id, request.accept_loss, request.keep)


def _land(
    source: Source,
    requested: tuple[str, ...],
    folder: WarehouseFolder,
    catalog_text: str | None,
    step: Step,
    watch: Watch,
) -> str:
    """Land all that a source has, as a run; gives its id."""
    landing, known = step(begin_run, folder, _plan(source, requested), source.uses_known, catalog_text)
    with closing(_watched(source, known, watch)) as items:
        while step(land_pages, landing, items, BATCH_PAGES):
            pass
    step(end_run, landing, tuple(source.issues()))
    return landing.run_id


def _watched(source: Source, known: KnownPages, watch: Watch) -> Generator[Item, None, None]:
    """The items of a source; after each that was landed, progress is reported."""
    reported: Progress | None = None
    with closing(source.items(known)) as items:
        for item in items:
            yield item
            progress = source.progress
            if progress != reported:
                watch(progress)
                reported = progress


def rebuild(
    warehouse: Path,
    step: Step = call_inline,
    *,
    accept_loss: bool = False,
    parse_all: ParseAll | None = None,
    keep: int = KEPT_SNAPSHOTS,
) -> Receipt:
    """Make the tables again from the raw zone alone. No run, no network; what was parsed before does not count.

    Args:
        warehouse: Its folder.
        step: How the steps are called.
        accept_loss: Whether to publish even if over 5 % of a collection disappeared, and what was set aside for that.
        parse_all: Lets all segments be parsed; `None` for this machine, in as many processes as pay.
        keep: How many snapshots are kept.

    Raises:
        UsageError: There is no warehouse.
        SourceError: Its raw zone holds nothing.
        WarehouseError: The warehouse is locked or cannot be written, or too many documents would disappear; nothing
            was published.
    """
    give_memory_back_soon()
    folder = WarehouseFolder(warehouse)
    folder.require_existing()
    parse_all = parse_all or parse_in_processes
    with folder.locked():
        if accept_loss:
            step(take_back_refused, folder)
        parse_all(step(begin_rebuild, folder), folder.parsed.absolute())
        return step(publish_tables, folder, None, accept_loss, keep)


def new_run_id() -> str:
    """An id that sorts by time; the random end keeps machines apart."""
    return f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"


def _plan(source: Source, requested: tuple[str, ...]) -> Plan:
    return Plan(
        run_id=new_run_id(),
        source=source.name,
        started_at=dt.datetime.now(dt.UTC),
        collections=source.collections,
        requested=requested,
        live=source.live,
    )


def begin_run(
    folder: WarehouseFolder, plan: Plan, uses_known: bool, catalog_text: str | None
) -> tuple[Landing, KnownPages]:
    """Put right what a killed run left; go on with it if it did the same work, else land the plan and the catalog.

    Only a run that asks the site itself is gone on with, since its captures are one reading. What another had landed
    is known, where its source uses that.

    Args:
        folder: The warehouse.
        plan: What the run sets out to do.
        uses_known: Whether its source asks for less where the raw zone has something.
        catalog_text: The catalog; `None` if there is none.
    """
    raw_zone, cache = RawZone(folder.raw), ParsedCache(folder.parsed)
    raw_zone.recover()
    segments = raw_zone.segments() if uses_known else []
    parsed = [cache.parse(raw_zone, segment, with_large=False) for segment in segments]
    known = KnownPages(parsed, partial(digests_of_bodies, segments))
    interrupted = known.resume(plan) if plan.live else None
    landing = Landing(raw_zone, cache, interrupted or plan.run_id)
    _logger.info(
        "run %s from %s %s", landing.run_id, plan.source, "goes on: it was killed" if interrupted else "begins"
    )
    if interrupted is None:
        with landing.batch():
            landing.land_plan(plan, catalog_text)
    return landing, known


def land_pages(landing: Landing, items: Iterator[Item], count: int) -> bool:
    """Land and read some items of a source; all that came is on disk in the end.

    Returns:
        Whether there may be more.
    """
    with landing.batch():
        for _ in range(count):
            item = next(items, None)
            if item is None:
                return False
            landing.land(item)
    return True


def end_run(landing: Landing, issues: tuple[Issue, ...]) -> None:
    """Land the run's end, and finish its segment."""
    with landing.batch():
        landing.land_end(RunEnd(dt.datetime.now(dt.UTC), issues))
    landing.finish()


def begin_rebuild(folder: WarehouseFolder) -> list[Path]:
    """Forget what was parsed before; gives the segments, by absolute paths.

    Raises:
        SourceError: There are none.
    """
    raw_zone = RawZone(folder.raw.absolute())
    raw_zone.recover()
    segments = raw_zone.segments()
    if not segments:
        raise SourceError(f"{folder.path}: the raw zone is empty; run wcda harvest first")
    for segment in segments:
        raw_zone.digest(segment)  # noted before several look at once, and may not write there
    ParsedCache(folder.parsed).forget()
    _logger.info("%s segments of the raw zone are to be parsed again", len(segments))
    return segments


def take_back_refused(folder: WarehouseFolder) -> None:
    """Let count again what the loss guard set aside."""
    RawZone(folder.raw).take_back(new_run_id())


def publish_tables(
    folder: WarehouseFolder, run_id: str | None, accept_loss: bool, keep: int | None, *, rolls_back: bool = False
) -> Receipt:
    """Read the raw zone, build the tables and publish them; let go of old snapshots.

    Args:
        folder: The warehouse.
        run_id: The run that it is for, whose outcome is reported; `None` for a rebuild.
        accept_loss: Whether to publish even if over 5 % of a collection disappeared.
        keep: How many snapshots are kept; `None` for all.
        rolls_back: Whether it is for a rollback, which then is not one that was interrupted before.

    Raises:
        SourceError: The run, or the whole raw zone, gave nothing usable; nothing was published.
        WarehouseError: The tables break a rule of their schemas, or too many documents would disappear; nothing was
            published.
    """
    raw_zone = RawZone(folder.raw)
    segments = raw_zone.segments()
    cache = ParsedCache(folder.parsed)

    def parsed(*, with_large: bool = False) -> Iterator[dict[str, pa.Table]]:
        """Each segment as it is asked for, so that what was made into tables is not kept."""
        for segment in segments:
            yield cache.parse(raw_zone, segment, with_large=with_large)

    bodies = partial(digests_of_bodies, segments)
    with folder.room_for_building() as room:
        tables = set_aside_broken_rows(build_tables(parsed(), read_decisions(folder), bodies, room))
        outcome = outcome_of(tables["runs"], run_id)
        if outcome == "failed" or not tables["pages"].num_rows:
            raise SourceError(why_failed(parsed(), run_id))
        former = find_former(folder)
        completed = None if rolls_back else interrupted_rollback(folder, raw_zone, former.snapshot)
        losses = find_losses(former.snapshot, tables)
        if losses and not accept_loss:
            raise WarehouseError(f"nothing was published: {losses[0]}; {_refuse(folder, raw_zone, former.snapshot)}")

        digests = {path.name: raw_zone.digest(path) for path in segments}
        large = {"texts": Texts(partial(parsed, with_large=True))}
        changes: list[ChangeSummary] = []
        snapshot = publish(
            folder, tables, digests, archive=ARCHIVE, large=large, former=former, checked=True, tell=changes.append
        )
        manifest = snapshot.manifest
        receipt = describe(str(folder.path), manifest.snapshot_id, tables, run_id, outcome, changes[0], manifest.former)
        notes = [note for note in (former.note, completed and _completed(completed)) if note]
        receipt = replace(receipt, notes=(*notes, *remarks(tables["issues"])))
    cache.forget_others(raw_zone)
    _log_receipt(receipt)
    if keep is not None:
        forget_old(folder, keep)
    return receipt


def _completed(snapshot_id: str) -> str:
    return f"a rollback to {snapshot_id} had been interrupted before it published, and is complete with this snapshot"


def _refuse(folder: WarehouseFolder, raw_zone: RawZone, former: Snapshot | None) -> str:
    """Set aside what was landed since the former snapshot, so that it is in no later run's way; gives the advice."""
    published = {note.name for note in former.manifest.segments} if former else set()
    added = [segment.name for segment in raw_zone.segments() if segment.name not in published]
    if not added or former is None:
        return f"`{accept_command(folder)}` publishes anyway"
    raw_zone.set_aside(new_run_id(), added, former.manifest.snapshot_id)
    return f"what was landed is set aside, and `{accept_command(folder)}` publishes it anyway"


def accept_command(folder: WarehouseFolder) -> str:
    """What a person types to publish what the loss guard set aside."""
    return f"wcda rebuild --accept-loss --warehouse {shlex.quote(str(folder.path))}"


def _log_receipt(receipt: Receipt) -> None:
    _logger.info("snapshot %s published: %s documents", receipt.snapshot, f"{receipt.counts['documents']:,}")
    for note in receipt.notes:
        _logger.warning("%s", note)
    if receipt.counts["issues"]:
        levels = ", ".join(f"{count} {level}" for level, count in receipt.issues.items() if count)
        first = f"; first of all, {receipt.issue_examples[0]}" if receipt.issue_examples else ""
        _logger.warning("%s issues (%s)%s", receipt.counts["issues"], levels, first)
