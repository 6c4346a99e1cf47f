"""The main job as Prefect flows: each step of `flows.harvest` becomes a task.

Importing this imports Prefect, which reads its settings then: call `set_prefect_settings` first.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.settings import get_current_settings

from flows.harvest import HarvestRequest, P, T, harvest, rebuild
from flows.progress import show_progress
from schemas.errors import WcdaError
from schemas.records import CaptureChoice, Receipt
from warehouse.folder import KEPT_SNAPSHOTS


def call_as_task(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The step as a task of the flow that is running. Nothing is cached: the raw zone is what is kept."""
    name = function.__name__.replace("_", " ")
    as_task = task(name=name, cache_policy=NO_CACHE, persist_result=False)(function)
    result: T = as_task(*args, **kwargs)
    return result


@flow(name="harvest", flow_run_name="harvest from {source}", persist_result=False)
def harvest_flow(
    source: str,
    warehouse: Path,
    catalog: Path | None = None,
    collections: tuple[str, ...] = (),
    archive: str | None = None,
    wayback: str | None = None,
    contact: str | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    captures: CaptureChoice = "latest",
    accept_loss: bool = False,
    keep: int = KEPT_SNAPSHOTS,
) -> Receipt:
    """Land what a source has, and publish the tables. The parameters are those of `HarvestRequest`."""
    request = HarvestRequest(
        source, warehouse, catalog, collections, archive, wayback, contact, since, until, captures, accept_loss, keep
    )
    with show_progress() as watch:
        return harvest(request, call_as_task, watch)


@flow(name="rebuild", persist_result=False)
def rebuild_flow(
    warehouse: Path, accept_loss: bool = False, processes: int | None = None, keep: int = KEPT_SNAPSHOTS
) -> Receipt:
    """Make the tables again from the raw zone."""
    return rebuild(warehouse, call_as_task, accept_loss=accept_loss, processes=processes, keep=keep)


def api_address() -> str | None:
    """The address of the API that Prefect's settings name; null if the embedded one will serve."""
    return get_current_settings().api.url


def embedded_api_pid() -> int | None:
    """The process of the embedded API, if this process has started it."""
    from prefect.server.api.server import SubprocessASGIServer  # seconds, where no embedded API is used

    process = SubprocessASGIServer().server_process
    return process.pid if process else None


def require_api() -> None:
    """Start the embedded API if it is the one to use, and stop if the API does not answer.

    Raises:
        WcdaError: It does not.
    """
    address = api_address()
    try:
        with get_client(sync_client=True) as client:
            problem = client.api_healthcheck()
    except RuntimeError as error:  # the embedded API did not start
        problem = error
    if problem is not None:
        named = f"at {address}" if address else "embedded in this run"
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise WcdaError(f"Prefect's API {named} does not answer: {reason}; --direct runs without Prefect")
