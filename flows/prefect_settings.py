"""Prefect's settings for a run of wcda: set before Prefect is imported, which reads them once.

What a user has set stays as it is; the API is the one that `PREFECT_API_URL` or the user's profile names, else
Prefect's embedded one, whose database is in the user's state folder. Prefect's configuration never comes from a folder
of data: it also looks for `.env`, `prefect.toml` and `pyproject.toml` in the working directory, and Python for modules,
so wcda leaves the working directory before it imports Prefect (docs/trust.md).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from schemas.identifiers import stable_id
from schemas.user_folders import state_folder
from warehouse.folder import WarehouseFolder

_DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}

_DATABASE_VARIABLES = ("PREFECT_SERVER_DATABASE_CONNECTION_URL", "PREFECT_API_DATABASE_CONNECTION_URL")

_STARTING = "wcda: starting Prefect's embedded API, which takes some seconds (--direct runs without)"


def set_defaults() -> None:
    """Set what wcda prefers and nobody has set, wherever its API is."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)


@contextmanager
def away_from_data() -> Iterator[None]:
    """Work in an empty folder of the user's while Prefect, its server and its workers read their settings.

    Raises:
        WcdaError: The folder cannot be made.
    """
    with chdir(state_folder("empty")):
        yield


def set_prefect_settings(state: Path) -> None:
    """Set what is not set, in the environment of this process and of the embedded API that it starts.

    Args:
        state: Folder for the embedded API's database.
    """
    set_defaults()
    # What a person needs to know is printed by wcda; Prefect's own lines still go to its API.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    if not any(name in os.environ for name in _DATABASE_VARIABLES):
        os.environ[_DATABASE_VARIABLES[0]] = f"sqlite+aiosqlite:///{state / 'prefect.db'}"


@contextmanager
def on_prefect(warehouse: Path) -> Iterator[None]:
    """Hold the warehouse, which comes before anything slow, and let Prefect's API be there.

    The working directory is another one meanwhile: paths must be absolute.

    Raises:
        WcdaError: The warehouse cannot be had, or the API does not answer.
    """
    folder = WarehouseFolder(warehouse.absolute())
    with folder.locked(), away_from_data():
        state = state_folder("prefect", stable_id(str(folder.path.resolve())))
        set_prefect_settings(state)
        # Prefect reads its settings when it is imported, so they must be set before.
        from flows.embedded_api import start_embedded_api
        from flows.prefect_flows import api_address, require_api, using_api_at

        started = None
        if api_address() is None:
            print(_STARTING, file=sys.stderr)  # noqa: T201 (some seconds of silence look like a fault)
            started = start_embedded_api(state / "embedded-api.log")
        with using_api_at(started):
            require_api("--direct runs without Prefect")
            yield
