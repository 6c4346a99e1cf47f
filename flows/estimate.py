"""How many requests a harvest would take, from what the last snapshot reports."""

import datetime as dt

import pyarrow as pa
import pyarrow.compute as pc

from extractors.document_planning import Absence
from extractors.sources.estimate import Estimable, Estimate
from extractors.wilson_center import ARCHIVE_URL
from extractors.wilson_center.catalog import Catalog
from flows.request import HarvestRequest
from schemas.errors import UsageError
from schemas.issues import GONE, LASTING, TOO_LARGE_TO_FETCH
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
    absent = _absent(snapshot, since, request.file_mebibytes)
    return source.estimate(
        _reported_totals(snapshot), _due_documents(snapshot, since, absent), _due_files(snapshot, catalog, absent)
    )


def _due_documents(snapshot: Snapshot, since: dt.datetime, absent: set[str]) -> int:
    """Documents with a URL whose page was neither captured since a day, nor reported as absent."""
    documents = snapshot.read("documents", ["url", "page_captured_at"])
    rows = zip(documents["url"].to_pylist(), documents["page_captured_at"].to_pylist(), strict=True)
    return len([url for url, at in rows if url is not None and url not in absent and (at is None or at <= since)])


def _due_files(snapshot: Snapshot, catalog: Catalog, absent: set[str]) -> int:
    """Files of the site that pages of documents show, and that were never captured."""
    shown = {url for url in snapshot.read("files", ["url"])["url"].to_pylist() if url and url.startswith(ARCHIVE_URL)}
    pages = snapshot.read("pages", ["page_id", "outcome"])
    of_files = pages.filter(pc.equal(pages["outcome"], "file"))["page_id"].combine_chunks()
    captures = snapshot.read("captures", ["page_id", "url"])
    captured = captures.filter(pc.is_in(captures["page_id"], value_set=of_files))["url"].to_pylist()
    known = {ARCHIVE_URL + url.removeprefix(catalog.archive.url) for url in captured}
    return len(shown - known - absent)


def _absent(snapshot: Snapshot, since: dt.datetime, file_mebibytes: int) -> set[str]:
    """URLs that the site does not give, as runs reported; what it does not have is asked for again since a day."""
    runs = snapshot.read("runs", ["run_id", "started_at"])
    began = dict(zip(runs["run_id"].to_pylist(), runs["started_at"].to_pylist(), strict=True))
    issues = snapshot.read("issues", ["kind", "url", "expected", "run_id"])
    lasting = issues.filter(pc.is_in(issues["kind"], value_set=pa.array(sorted(LASTING)))).to_pylist()
    known = {row["url"]: Absence(row["kind"], began[row["run_id"]], row["expected"]) for row in lasting}
    max_bytes = file_mebibytes * 1024**2
    return {url for url, one in known.items() if _is_left_out(one, since, max_bytes)}


def _is_left_out(absence: Absence, since: dt.datetime, max_bytes: int) -> bool:
    if absence.kind == GONE.name:
        return absence.at > since
    return absence.kind != TOO_LARGE_TO_FETCH.name or absence.is_final(max_bytes)


def _reported_totals(snapshot: Snapshot) -> dict[str, int]:
    collections = snapshot.read("collections")
    totals = zip(collections["collection_id"].to_pylist(), collections["reported_total"].to_pylist(), strict=True)
    return {collection_id: total for collection_id, total in totals if total is not None}
