"""How many requests a harvest would take, from what the last snapshot reports."""

import datetime as dt

import pyarrow.compute as pc

from extractors.sources.estimate import Estimable, Estimate
from extractors.wilson_center import ARCHIVE_URL
from extractors.wilson_center.catalog import Catalog
from flows.request import HarvestRequest
from schemas.errors import UsageError
from schemas.issues import GONE
from warehouse.folder import WarehouseFolder
from warehouse.publishing import find_former
from wcda.snapshots import Snapshot


def estimate(request: HarvestRequest) -> Estimate:
    """Count the requests that a harvest of a site would take; asks nobody.

    Raises:
        UsageError: The source is not a site, the catalog cannot be read, or a collection is not in it.
        WarehouseError: A part of the warehouse is a link, a pipe or a device.
    """
    catalog = request.read_catalog()[1]
    source = request.open_source(catalog)
    if not isinstance(source, Estimable):
        raise UsageError(f"--dry-run counts requests to a site, and {request.source} is not a site")
    folder = WarehouseFolder(request.warehouse)
    folder.require_plain()
    snapshot = find_former(folder).snapshot
    if snapshot is None:
        return source.estimate({}, None)
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=request.document_days)
    gone = _gone(snapshot, since)
    return source.estimate(
        _reported_totals(snapshot), _due_documents(snapshot, since, gone), _due_files(snapshot, catalog, gone)
    )


def _due_documents(snapshot: Snapshot, since: dt.datetime, gone: set[str]) -> int:
    """Documents with a URL whose page was neither captured since a day, nor found to be none."""
    documents = snapshot.read("documents", ["url", "page_captured_at"])
    rows = zip(documents["url"].to_pylist(), documents["page_captured_at"].to_pylist(), strict=True)
    return len([url for url, at in rows if url is not None and url not in gone and (at is None or at <= since)])


def _due_files(snapshot: Snapshot, catalog: Catalog, gone: set[str]) -> int:
    """Files of the site that pages of documents show, and that were never captured."""
    shown = {url for url in snapshot.read("files", ["url"])["url"].to_pylist() if url and url.startswith(ARCHIVE_URL)}
    pages = snapshot.read("pages", ["page_id", "outcome"])
    of_files = pages.filter(pc.equal(pages["outcome"], "file"))["page_id"].combine_chunks()
    captures = snapshot.read("captures", ["page_id", "url"])
    captured = captures.filter(pc.is_in(captures["page_id"], value_set=of_files))["url"].to_pylist()
    known = {ARCHIVE_URL + url.removeprefix(catalog.archive.url) for url in captured}
    return len(shown - known - gone)


def _gone(snapshot: Snapshot, since: dt.datetime) -> set[str]:
    """URLs of which runs since a day know that the site has nothing there."""
    runs = snapshot.read("runs", ["run_id", "started_at"])
    latest = set(runs.filter(pc.greater(runs["started_at"], since))["run_id"].to_pylist())
    issues = snapshot.read("issues", ["kind", "url", "run_id"]).to_pylist()
    return {row["url"] for row in issues if row["kind"] == GONE.name and row["run_id"] in latest}


def _reported_totals(snapshot: Snapshot) -> dict[str, int]:
    collections = snapshot.read("collections")
    totals = zip(collections["collection_id"].to_pylist(), collections["reported_total"].to_pylist(), strict=True)
    return {collection_id: total for collection_id, total in totals if total is not None}
