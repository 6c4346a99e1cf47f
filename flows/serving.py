"""A harvest on a schedule, on one machine, without a work pool: what `wcda serve` does.

The schedule is kept by a Prefect server, on which this process registers the deployment `harvest/NAME`; each run is a
process of its own. Prefect's embedded API keeps no schedules.
"""

import logging
import signal
import warnings
from dataclasses import asdict

from flows.prefect_settings import away_from_data, set_defaults
from flows.printing import print_lines
from flows.request import HarvestRequest
from schemas.errors import UsageError

_WITHOUT_SERVER = "without a server, let cron run 'wcda harvest --direct'"
_NO_SERVER = (
    "a schedule needs a Prefect server: start one with 'prefect server start', "
    f"and name it by PREFECT_API_URL=http://127.0.0.1:4200/api or in your Prefect profile; {_WITHOUT_SERVER}"
)


def serve(request: HarvestRequest, cron: str, timezone: str, name: str) -> None:
    """Run a harvest at the times of a schedule, one at a time, until the process is interrupted or ended.

    Args:
        request: What each run is asked for.
        cron: Five fields, as of cron.
        timezone: Name of the zone in which they are meant, as `America/New_York`.
        name: Of the deployment.

    Raises:
        UsageError: The request, the schedule or the zone is none, or no server is named.
        SourceError: The source has no pages.
        WcdaError: The server does not answer.
    """
    request.check()
    set_defaults()
    absolute = request.with_absolute_paths()
    # Prefect ends by SIGTERM in the middle of its coroutines, which is meant and needs no warning.
    warnings.filterwarnings("ignore", message="coroutine .* was never awaited", category=RuntimeWarning)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Prefect pauses the schedule and ends runs first
    with away_from_data():
        _serve(absolute, cron, timezone, name)


def _serve(request: HarvestRequest, cron: str, timezone: str, name: str) -> None:
    # Prefect reads its settings when it is imported, so they must be set before.
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType
    from pydantic import ValidationError
    from pydantic_core import to_jsonable_python

    from flows.prefect_flows import api_address, harvest_flow, require_api

    try:
        CronSchedule(cron=cron, timezone=timezone)
    except ValidationError as error:
        problem = error.errors()[0]
        raise UsageError(f"--{problem['loc'][0]}: {problem['msg'].removeprefix('Value error, ')}") from error
    if api_address() is None:
        raise UsageError(_NO_SERVER)
    require_api(f"start the server with 'prefect server start', or name another by PREFECT_API_URL; {_WITHOUT_SERVER}")
    logging.getLogger("prefect").setLevel(logging.WARNING)  # of this process: runs log in their own
    print_lines([f"serving {harvest_flow.name}/{name} at '{cron}' ({timezone}); Ctrl-C ends it"])
    harvest_flow.serve(
        name=name,
        schedule=Cron(cron, timezone=timezone),
        parameters=to_jsonable_python(asdict(request)),
        tags=["wcda"],
        limit=1,
        print_starting_message=False,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    print_lines(["serving has ended; the schedule is paused until it is served again"])
