"""The main job as Prefect flows: each step of `flows.harvest` becomes a task.

Importing this imports Prefect, which reads its settings then: call `set_prefect_settings` first.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from functools import cache, partial, wraps
from pathlib import Path
from typing import Annotated, Any, cast

from prefect import State, Task, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings
from pydantic import Field

from flows.artifacts import progress_artifact
from flows.harvest import P, T, harvest, rebuild
from flows.inspection import check_warehouse
from flows.prefect_runners import parse_in_pool, parsing_on_dask
from flows.progress import show_progress
from flows.request import HarvestRequest, Parameter, parameters
from flows.run_states import final_state, harvest_run_name, log_to_runs, rebuild_run_name
from schemas.errors import WcdaError
from schemas.records import Progress, Receipt
from warehouse.folder import KEPT_SNAPSHOTS, MIN_KEPT

Kept = Annotated[int, Field(ge=MIN_KEPT)]

log_to_runs()


def call_as_task(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The step as a task of the flow that is running.

    Nothing is cached: the raw zone is what is kept. Nothing is retried: its source has asked for a page as often as is
    polite, and a batch that failed is half landed. The next run goes on from what was landed.
    """
    return cast("T", _task_of(function)(*args, **kwargs))


@cache
def _task_of(function: Callable[P, T]) -> Task[P, T]:
    """Made once, as Prefect looks into the source of the function each time."""
    name = function.__name__.replace("_", " ")
    return task(name=name, cache_policy=NO_CACHE, persist_result=False)(function)


def with_request_parameters(run: Callable[[HarvestRequest], T]) -> Callable[..., T]:
    """Let a function be called with the fields of a request by name; Prefect shows each with its description."""

    @wraps(run)
    def call(**values: Any) -> T:  # noqa: ANN401 (each as its field has it)
        return run(HarvestRequest(**values))

    fields = list(parameters())
    call.__dict__["__signature__"] = inspect.Signature([_as_parameter(field) for field in fields])
    lines = [f"    {field.name}: {field.about.help}" for field in fields]
    call.__doc__ = "\n".join([inspect.getdoc(run) or "", "", "Args:", *lines])
    return call


def _as_parameter(field: Parameter) -> inspect.Parameter:
    return inspect.Parameter(
        field.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if field.is_required else field.default,
        annotation=Annotated[field.type, Field(ge=field.about.minimum, le=field.about.maximum)]
        if field.about.minimum is not None
        else field.type,
    )


@flow(name="harvest", flow_run_name=harvest_run_name, persist_result=False)
@with_request_parameters
def harvest_flow(request: HarvestRequest) -> State[Receipt]:
    """Land what a source has, and publish the tables.

    Relative paths start at the working directory of the deployment.
    """

    def work() -> Receipt:
        with show_progress() as show, progress_artifact() as put_down:

            def watch(progress: Progress) -> None:
                show(progress)
                put_down(progress)

            return harvest(request, call_as_task, watch)

    return final_state(work)


@flow(name="rebuild", flow_run_name=rebuild_run_name, persist_result=False)
def rebuild_flow(
    warehouse: Path,
    accept_loss: bool = False,
    processes: int | None = None,
    keep: Kept = KEPT_SNAPSHOTS,
    address: str | None = None,
    check: bool = False,
) -> State[Receipt]:
    """Make the tables again from the raw zone alone, without network.

    Relative paths start at the working directory of the deployment.

    Args:
        warehouse: Folder of the tables.
        accept_loss: Publish even if over 5 % of a collection disappeared.
        processes: How many parse at once; none for as many as pay.
        keep: How many snapshots are kept; older ones are deleted.
        address: Of the scheduler of a Dask cluster whose workers parse instead, tcp://HOST:PORT; none for this machine.
        check: Check the warehouse afterwards: keys, counts, and the digest of every file.
    """

    def work() -> Receipt:
        in_pool = nullcontext(partial(parse_in_pool, processes=processes))
        with parsing_on_dask(address) if address else in_pool as parse_all:
            receipt = rebuild(warehouse, call_as_task, accept_loss=accept_loss, parse_all=parse_all, keep=keep)
        if check:
            call_as_task(check_warehouse, warehouse).require_sound()
        return receipt

    return final_state(work)


def harvest_on_prefect(request: HarvestRequest) -> Receipt:
    """Run the harvest as a flow. Raises as `harvest` does."""
    return cast("Receipt", harvest_flow(**asdict(request)))  # Prefect gives what the final state holds, or raises it


def rebuild_on_prefect(
    warehouse: Path, accept_loss: bool, processes: int | None, keep: int, address: str | None
) -> Receipt:
    """Run the rebuild as a flow. Raises as `rebuild` does."""
    return cast("Receipt", rebuild_flow(warehouse, accept_loss, processes, keep, address))


def api_address() -> str | None:
    """The URL of the API that Prefect's settings name; `None` if the embedded one will serve."""
    return get_current_settings().api.url


@contextmanager
def using_api_at(url: str | None) -> Iterator[None]:
    """Let Prefect's settings name the API at a URL; `None` for the one that they name already."""
    with temporary_settings({PREFECT_API_URL: url}) if url else nullcontext():
        yield


def require_api(advice: str) -> None:
    """Stop if the API does not answer.

    Args:
        advice: What a person can do in the command that needs it.

    Raises:
        WcdaError: It does not.
    """
    with get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
    if problem is not None:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise WcdaError(f"Prefect's API at {api_address()} does not answer: {reason}; {advice}")
