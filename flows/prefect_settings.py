"""Prefect's settings for a run of wcda: set before Prefect is imported, which reads them once.

What a user has set stays as it is; the API is the one that `PREFECT_API_URL` or the user's profile names, else
Prefect's embedded one, whose state is kept in the warehouse.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from warehouse.folder import WarehouseFolder

_DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # The embedded API answers after 5 to 30 seconds, and Prefect gives up after 20.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}

_STARTING = "wcda: starting Prefect's embedded API, which takes some seconds (--direct runs without)"


def set_defaults() -> None:
    """Set what wcda prefers and nobody has set, wherever its API is."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)


def set_prefect_settings(folder: WarehouseFolder) -> None:
    """Set what is not set, in the environment of this process and of the embedded API that it starts.

    Prefect's home moves into the warehouse, and with it the embedded API's database; the profile stays the user's.
    """
    set_defaults()
    # What a person needs to know is printed by wcda; Prefect's own lines still go to its API.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    profiles = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser() / "profiles.toml"
    if profiles.is_file():
        os.environ.setdefault("PREFECT_PROFILES_PATH", str(profiles))
    os.environ["PREFECT_HOME"] = str(folder.prefect.resolve())


@contextmanager
def on_prefect(warehouse: Path) -> Iterator[None]:
    """Hold the warehouse, which comes before anything slow, and let Prefect's API be there.

    Raises:
        WcdaError: The warehouse cannot be had, or the API does not answer.
    """
    folder = WarehouseFolder(warehouse)
    with folder.locked():
        set_prefect_settings(folder)
        from flows.prefect_flows import api_address, embedded_api_pid, named_embedded_api, require_api

        embedded = api_address() is None
        if embedded:
            print(_STARTING, file=sys.stderr)  # noqa: T201 (some seconds of silence look like a fault)
            _end_leftover_api(folder)
        require_api()
        if embedded:
            _pid_note(folder).write_text(str(embedded_api_pid()))
        with named_embedded_api() if embedded else nullcontext():
            yield


def _pid_note(folder: WarehouseFolder) -> Path:
    return folder.prefect / "embedded-api.pid"


def _end_leftover_api(folder: WarehouseFolder) -> None:
    """End the embedded API of a run that was killed: it outlives its run, and would for good."""
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        pid = int(_pid_note(folder).read_text())
        # The number may be another process's by now.
        if b"prefect.server.api.server:create_app" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGTERM)
