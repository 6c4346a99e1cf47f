"""The published tables of a warehouse, for pandas: `wcda.open_warehouse(path).documents`."""

from importlib.metadata import version

from wcda.access import Warehouse, open_warehouse
from wcda.errors import UsageError, WarehouseError, WcdaError

__version__ = version("wcda")

__all__ = ["UsageError", "Warehouse", "WarehouseError", "WcdaError", "__version__", "open_warehouse"]
