"""On which Dask cluster a rebuild is to run, if on any: what can be said before Prefect and Dask are imported."""

from importlib.util import find_spec
from typing import Literal
from urllib.parse import urlsplit

from schemas.errors import UsageError

Runner = Literal["processes", "dask"]


def cluster_address(runner: Runner, address: str | None, *, direct: bool) -> str | None:
    """The address of the cluster's scheduler; `None` where processes of this machine are to do the work.

    Args:
        runner: What was asked for.
        address: Likewise.
        direct: Whether the run is to do without Prefect.

    Raises:
        UsageError: They do not go together, the address is none, or the extra `dask` is not installed.
    """
    if runner == "processes":
        return None
    if direct:
        raise UsageError("--runner dask is a runner of Prefect, and --direct runs without Prefect")
    if address is None:
        raise UsageError("--runner dask needs the --address of the cluster's scheduler: tcp://HOST:PORT")
    if not _is_address(address):
        raise UsageError(f"--address {address}: no address of a Dask scheduler; it looks like tcp://HOST:8786")
    if find_spec("prefect_dask") is None:
        raise UsageError("--runner dask needs the extra dask, which is not installed: pip install 'wcda[dask]'")
    return address


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        whole = bool(parts.hostname) and parts.port is not None and parts.username is None
        return parts.scheme in ("tcp", "tls") and whole
    except ValueError:
        return False
