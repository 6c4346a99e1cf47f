"""From parsed segments to the published tables. Pure: the same segments give the same rows, in the same order.

Works on whole columns; what needs Python for each value (dates, ids) is done once for each distinct value. A page kind
has one builder (`evidence.Builder`), a module with a place in `BUILDERS`; what is common to all kinds (runs, captures,
pages, issues) is made here.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import astuple
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa

from schemas.records import Alias
from schemas.revisits import OtherDigests
from schemas.tables import TABLES
from warehouse.building import document_pages, listings
from warehouse.building.captures import captures_of_giving_runs
from warehouse.building.evidence import Builder, Built, Evidence, Put
from warehouse.building.finishing import finish
from warehouse.building.gathering import Parsed, gather
from warehouse.building.issues import describe_issues
from warehouse.building.readings import in_readings
from warehouse.building.runs import describe_runs, failed_runs
from warehouse.building.seen_pages import see_pages
from warehouse.identity.decisions import Decision
from warehouse.stored_tables import StoredTables

BUILDERS: tuple[Builder, ...] = (listings, document_pages)
"""By page kind; the first one says which documents there are."""


def build_tables(
    segments: Iterable[Mapping[str, pa.Table]],
    decisions: Sequence[Decision] = (),
    digests: OtherDigests = dict,
    folder: Path | None = None,
) -> MutableMapping[str, pa.Table]:
    """All tables of `schemas.tables` from the parsed tables (`schemas.parsed`) of all segments.

    Each row stands once, sorted as its table's schema says.

    Args:
        segments: The parsed tables of each.
        decisions: What people decided on the identity of documents.
        digests: Of the captures of the segments.
        folder: Where tables wait while others are made, those that are given too; empty. `None` if they may be in
            memory.

    Raises:
        WarehouseError: Segments of a run are there, and its first, which has its plan, is not.
    """
    if folder is None:
        with TemporaryDirectory() as place:
            return dict(build_tables(segments, decisions, digests, Path(place)))
    tables = StoredTables(folder / "tables")

    def put(name: str, frame: pd.DataFrame | None) -> None:
        tables.write(name, TABLES[name].arrow_schema(with_large=False), finish(name, frame))
        _give_back_memory()

    parsed = gather(segments, StoredTables(folder / "parsed"), digests)
    _give_back_memory()
    _build(parsed, decisions, put)
    for name in TABLES:
        if name not in tables:
            put(name, None)
    return tables


def _give_back_memory() -> None:
    """Give back what is free between blocks that are not: some 20 MiB after each step with 8,000 pages."""
    pa.default_memory_pool().release_unused()


def _build(parsed: Parsed, decisions: Sequence[Decision], put: Put) -> None:
    """Make the tables; those without rows may be left out."""
    failed = failed_runs(parsed)
    events = parsed["events"]
    live = events.loc[events["live"].fillna(False).astype(bool), "run_id"]
    parsed["captures"] = in_readings(parsed["captures"], parsed["listings"], failed.union(live))
    runs = describe_runs(parsed, failed)
    giving = runs.loc[runs["outcome"] != "failed", "run_id"]
    planned = parsed["collections"][parsed["collections"]["run_id"].isin(giving)]
    put("runs", runs)
    captures = captures_of_giving_runs(parsed["captures"], planned, runs)
    if captures.empty:
        return
    issues = parsed["issues"]
    of_giving = issues[issues["run_id"].isin(giving)]
    aliases = _aliases(parsed["aliases"], giving)
    last_run = giving.max()
    seen = see_pages(parsed, captures)
    aliases = sorted({*aliases, *seen.aliases}, key=astuple)
    identified = seen.sightings[["page_id", "position"]]
    built: list[Built] = []
    for builder in BUILDERS:
        _give_back_memory()
        needed = {name: parsed.pop(name) for name in builder.NEEDS}
        evidence = Evidence(
            needed, captures, planned, of_giving, aliases, decisions, last_run, seen=seen, identified=identified
        )
        built.append(builder.build(evidence, put))
        identified = identified if built[-1].identified is None else built[-1].identified
    current_pages = pd.concat([each.current_pages for each in built])
    issues = pd.concat([issues, *(each.issues for each in built)])
    put("pages", captures.drop_duplicates("page_id"))
    put("captures", captures)
    put("issues", describe_issues(issues, captures, current_pages, last_run))


def _aliases(aliases: pd.DataFrame, giving: "pd.Series[Any]") -> list[Alias]:
    """What runs that gave something say of URLs, each once, in an order that does not depend on the runs."""
    asserted = aliases.loc[aliases["run_id"].isin(giving), ["url", "other_url", "evidence"]].drop_duplicates()
    return [Alias(*row) for row in sorted(asserted.itertuples(index=False, name=None))]
