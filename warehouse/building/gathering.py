"""From parsed segments to frames: the rows of all segments, each revisit with what it shows."""

from collections.abc import Iterable, Mapping

import pandas as pd
import pyarrow as pa

from schemas.issues import LOST_REVISIT
from schemas.parsed import PARSED_TABLES, resolve_revisits

Parsed = dict[str, pd.DataFrame]
"""Frames with the columns of `schemas.parsed.PARSED_TABLES`, by name."""


def gather(segments: Iterable[Mapping[str, pa.Table]]) -> Parsed:
    """The parsed tables of all segments as one; a revisit that shows nothing is an issue and no capture.

    Large columns are left out (`building.texts` writes them).
    """
    schemas = {name: table.arrow_schema(with_large=False) for name, table in PARSED_TABLES.items()}
    parts: dict[str, list[pa.Table]] = {name: [schema.empty_table()] for name, schema in schemas.items()}
    for segment in segments:
        for name, part in parts.items():
            part.append(segment[name].select(schemas[name].names))
    tables = {name: pa.concat_tables(part) for name, part in parts.items()}
    tables["captures"] = resolve_revisits(tables["captures"])
    frames = {name: table.to_pandas(types_mapper=pd.ArrowDtype) for name, table in tables.items()}
    shown = frames["captures"]["page_id"].notna()
    frames["issues"] = pd.concat([frames["issues"], _lost_revisits(frames["captures"][~shown])], ignore_index=True)
    frames["captures"] = frames["captures"][shown]
    return frames


def _lost_revisits(captures: pd.DataFrame) -> pd.DataFrame:
    """An issue for each revisit of a capture that the raw zone does not have."""
    lost = captures[["url", "collection_id", "run_id"]].assign(found=captures["revisits"])
    message = "the site said that this page had not changed, and the capture that it was compared with is not there"
    return lost.assign(level=LOST_REVISIT.level, kind=LOST_REVISIT.name, message=message)
