"""How many requests a harvest would take, from what the last snapshot reports."""

import datetime as dt

from extractors.sources.estimate import Estimable, Estimate
from flows.request import HarvestRequest
from schemas.errors import UsageError
from warehouse.folder import WarehouseFolder
from warehouse.publishing import find_former
from wcda.snapshots import Snapshot


def estimate(request: HarvestRequest) -> Estimate:
    """Count the requests that a harvest of a site would take; asks nobody.

    Raises:
        UsageError: The source is not a site, the catalog cannot be read, or a collection is not in it.
        WarehouseError: A part of the warehouse is a link, a pipe or a device.
    """
    source = request.open_source(request.read_catalog()[1])
    if not isinstance(source, Estimable):
        raise UsageError(f"--dry-run counts requests to a site, and {request.source} is not a site")
    folder = WarehouseFolder(request.warehouse)
    folder.require_plain()
    snapshot = find_former(folder).snapshot
    if snapshot is None:
        return source.estimate({}, None)
    return source.estimate(_reported_totals(snapshot), _due_documents(snapshot, request.document_days))


def _due_documents(snapshot: Snapshot, days: int) -> int:
    """Documents with a URL whose page was not captured within so many days."""
    documents = snapshot.read("documents", ["url", "page_captured_at"])
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    rows = zip(documents["url"].to_pylist(), documents["page_captured_at"].to_pylist(), strict=True)
    return len([url for url, at in rows if url is not None and (at is None or at <= since)])


def _reported_totals(snapshot: Snapshot) -> dict[str, int]:
    collections = snapshot.read("collections")
    totals = zip(collections["collection_id"].to_pylist(), collections["reported_total"].to_pylist(), strict=True)
    return {collection_id: total for collection_id, total in totals if total is not None}
