"""How many requests a harvest would take, from what the last snapshot reports."""

from extractors.sources.estimate import Estimable, Estimate
from flows.request import HarvestRequest
from schemas.errors import UsageError
from warehouse.folder import WarehouseFolder
from warehouse.publishing import find_former


def estimate(request: HarvestRequest) -> Estimate:
    """Count the requests that a harvest of a site would take; asks nobody.

    Raises:
        UsageError: The source is not a site, the catalog cannot be read, or a collection is not in it.
    """
    source = request.open_source(request.read_catalog()[1])
    if not isinstance(source, Estimable):
        raise UsageError(f"--dry-run counts requests to a site, and {request.source} is not a site")
    return source.estimate(_reported_totals(WarehouseFolder(request.warehouse)))


def _reported_totals(folder: WarehouseFolder) -> dict[str, int]:

    snapshot = find_former(folder).snapshot
    if snapshot is None:
        return {}
    collections = snapshot.read("collections")
    totals = zip(collections["collection_id"].to_pylist(), collections["reported_total"].to_pylist(), strict=True)
    return {collection_id: total for collection_id, total in totals if total is not None}
