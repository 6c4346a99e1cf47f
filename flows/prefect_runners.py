"""Parsing segments as tasks of Prefect: in its process pool, or on a Dask cluster. Importing this imports Prefect.

A task is given paths, and gives nothing back: what its segments yielded is in the parsed cache, which all workers
share. So a task may run twice, and a worker may die.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.settings import get_current_settings
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from extractors.parsed_cache import ParsedCache, code_version, user_key
from extractors.raw_zone import RawZone
from extractors.reparsing import (
    KILLED,
    ParseAll,
    batches,
    end_with_parent,
    interrupts_blocked,
    parse_segments,
    processes_that_pay,
)
from schemas.errors import RawZoneError, UsageError, WcdaError

if TYPE_CHECKING:
    from prefect_dask.task_runners import DaskTaskRunner

PAYING_BYTES = 320 * 1024 * 1024
"""Of segments. With less, processes that import Prefect take longer to start (some 5 s) than they save."""

BATCHES_FOR_EACH = 4
"""Tasks for each worker: few, as each costs Prefect some 0.1 s; more than one, as not all workers are equally fast."""

CONNECT_SECONDS = 10
WORKERLESS_SECONDS = 60
"""How long a Dask cluster may be without any worker before it is given up."""

_parse_task = task(name="parse segments", cache_policy=NO_CACHE, persist_result=False)(parse_segments)


def parse_in_pool(segments: Sequence[Path], parsed: Path, processes: int | None = None) -> None:
    """As `parse_in_processes` of `extractors.reparsing`, but as tasks: in Prefect's process pool, where that pays."""
    workers = processes or processes_that_pay(segments, PAYING_BYTES)
    if workers == 1:
        _parse_task(segments, parsed, code_version())
        return
    with ProcessPoolTaskRunner(max_workers=workers, initializer=end_with_parent) as runner:
        try:
            with interrupts_blocked():
                futures = _submit(runner, segments, parsed, workers)
            for future in futures:
                future.result()
        except BrokenProcessPool as error:
            raise RawZoneError(KILLED) from error


@contextmanager
def parsing_on_dask(address: str) -> Iterator[ParseAll]:
    """Let the workers of a Dask cluster parse, who must have the warehouse at the same path as this machine.

    Args:
        address: Of the scheduler: `tcp://HOST:PORT`.

    Raises:
        UsageError: The cluster's workers cannot reach Prefect's API.
        WcdaError: The scheduler does not answer, or the cluster gave up.
        RawZoneError: A segment cannot be read.
    """
    from prefect_dask.task_runners import DaskTaskRunner  # an extra, which need not be installed

    api = str(get_current_settings().api.url)
    if _is_of_this_machine(api) and not _is_of_this_machine(address):
        raise UsageError(
            f"the workers of {address} cannot reach Prefect's API at {api}: let PREFECT_API_URL name one that they can"
        )
    with DaskTaskRunner(address=address, client_kwargs={"timeout": CONNECT_SECONDS}) as runner:
        try:
            workers = sum(runner.client.nthreads().values())
        except OSError as error:
            raise WcdaError(f"the Dask scheduler at {address} does not answer") from error
        if not workers:
            raise WcdaError(f"the Dask scheduler at {address} has no workers")
        yield partial(_parse_on_cluster, runner, workers)


def _parse_on_cluster(runner: "DaskTaskRunner", workers: int, segments: Sequence[Path], parsed: Path) -> None:
    try:
        for future in _submit(runner, segments, parsed, workers):
            while not future.wrapped_future.done():
                runner.client.wait_for_workers(1, timeout=WORKERLESS_SECONDS)
                future.wait(timeout=1)
            future.result()
    except WcdaError:
        raise
    except Exception as error:  # whatever a cluster may fail with
        lacks = isinstance(error, ImportError | FileNotFoundError | PermissionError)
        advice = "; its workers need wcda, and the warehouse at the same path as here" if lacks else ""
        raise WcdaError(f"the Dask cluster gave up: {type(error).__name__}: {error}{advice}") from error
    lacking = ParsedCache(parsed).lacking(RawZone(segments[0].parent), segments)
    if lacking:
        raise WcdaError(
            f"{len(lacking)} of {len(segments)} segments were parsed, and what they yielded is not in {parsed}: the "
            "workers must share this folder"
        )


def _is_of_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _submit(runner: TaskRunner[Any], segments: Sequence[Path], parsed: Path, workers: int) -> list[Any]:
    """Submit a task for each batch of segments; gives their futures."""
    return [
        runner.submit(_parse_task, {"segments": batch, "parsed": parsed, "code": code_version(), "key": user_key()})
        for batch in batches(segments, workers * BATCHES_FOR_EACH)
    ]
