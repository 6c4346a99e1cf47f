"""The published tables of a warehouse, for pandas: `wcda.open_warehouse(path).documents`."""

from typing import TYPE_CHECKING

from wcda.errors import UsageError, WarehouseError, WcdaError

if TYPE_CHECKING:
    from wcda.access import Warehouse, open_warehouse

    __version__: str

__all__ = ["UsageError", "Warehouse", "WarehouseError", "WcdaError", "__version__", "open_warehouse"]


def __getattr__(name: str) -> object:
    """What takes time to import is imported when it is first asked for (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("wcda")
    if name in __all__:
        from wcda import access

        return getattr(access, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
