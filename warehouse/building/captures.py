"""The captures that the tables are made of: those of runs that gave something."""

import pandas as pd

from schemas.errors import WarehouseError
from schemas.records import READ_OUTCOMES
from warehouse.frames import look_up, where


def captures_of_giving_runs(captures: pd.DataFrame, planned: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Captures of runs that gave something.

    A page that could not be read belongs to a collection only if the catalog or another page says that there is one.
    """
    lost = set(captures["run_id"]) - set(runs["run_id"])
    if lost:
        raise WarehouseError(f"the raw zone lacks the first segment of run {min(lost)}")
    giving = runs.loc[runs["outcome"] != "failed", ["run_id", "source"]]
    captures = look_up(where(captures, captures["run_id"].isin(giving["run_id"])), giving, "run_id")
    captures = captures.reset_index(drop=True)
    read = captures.loc[captures["outcome"].isin(READ_OUTCOMES), "collection_id"]
    known = pd.concat([planned["collection_id"], read]).unique()
    captures["collection_id"] = captures["collection_id"].where(captures["collection_id"].isin(known))
    return captures
