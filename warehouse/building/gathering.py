"""From parsed segments to frames: the rows of all segments, each revisit with what it shows."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import asdict

import pandas as pd
import pyarrow as pa

from schemas.issues import LOST_REVISIT
from schemas.parsed import PARSED_CAPTURES, PARSED_TABLES
from schemas.revisits import OtherDigests, PageCopy, resolve_revisits
from schemas.tables import CAPTURES, PAGES

_REPEATED = {
    "page_terms": ("role", "kind", "term_id", "name", "url", "facet_id"),
    "document_pages": ("credits", "source", "rights"),
}
"""Columns whose few values stand in very many rows: each row has the number of its value (an Arrow dictionary)."""

_OF_REVISITS = frozenset(column.name for column in PARSED_CAPTURES.columns) - {
    column.name for table in (CAPTURES, PAGES) for column in table.columns
}
"""Columns of captures that only say what each shows: 1 KiB of each."""


class Parsed(MutableMapping[str, pd.DataFrame]):
    """Frames with the columns of `schemas.parsed.PARSED_TABLES`, by name; each is made as it is asked for.

    Args:
        tables: What the frames are made of.
    """

    def __init__(self, tables: MutableMapping[str, pa.Table]) -> None:
        self._tables = tables
        self._changed: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name in self._changed:
            return self._changed[name]
        frame: pd.DataFrame = self._tables[name].to_pandas(types_mapper=pd.ArrowDtype)
        return frame

    def __setitem__(self, name: str, frame: pd.DataFrame) -> None:
        self._changed[name] = frame
        self._tables.pop(name, None)

    def __delitem__(self, name: str) -> None:
        if self._changed.pop(name, None) is None:
            del self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._tables, *self._changed])

    def __len__(self) -> int:
        return len(self._tables) + len(self._changed)


def gather(
    segments: Iterable[Mapping[str, pa.Table]], keep: MutableMapping[str, pa.Table], digests: OtherDigests = dict
) -> Parsed:
    """The parsed tables of all segments as one; a revisit that shows nothing is an issue and no capture.

    Large columns are left out (`building.texts` writes them).

    Args:
        segments: The parsed tables of each.
        keep: Where they wait until they are asked for; empty.
        digests: Of their captures.
    """
    schemas = {name: table.arrow_schema(with_large=False) for name, table in PARSED_TABLES.items()}
    parts: dict[str, list[pa.Table]] = {
        name: [_numbered(name, schema.empty_table())] for name, schema in schemas.items()
    }
    for segment in segments:
        for name, part in parts.items():
            part.append(_numbered(name, segment[name].select(schemas[name].names)))
    for name in schemas:
        keep[name] = pa.concat_tables(parts.pop(name)).unify_dictionaries()
    resolved = resolve_revisits(keep["captures"], digests)
    keep["captures"] = resolved.captures
    frames = Parsed(keep)
    _add_copies(frames, resolved.copies)
    captures = frames["captures"]
    shown = captures["page_id"].notna()
    frames["issues"] = pd.concat([frames["issues"], _lost_revisits(captures[~shown])], ignore_index=True)
    frames["captures"] = captures.loc[shown, ~captures.columns.isin(_OF_REVISITS)]
    return frames


def _numbered(name: str, table: pa.Table) -> pa.Table:
    """A parsed table with each value of a repeated column once."""
    for column in _REPEATED.get(name, ()):
        place = table.schema.get_field_index(column)
        table = table.set_column(place, column, table[column].combine_chunks().dictionary_encode())
    return table


def _add_copies(frames: Parsed, copies: Sequence[PageCopy]) -> None:
    """Add what the pages hold that only revisits at another URL show."""
    if not copies:
        return
    pairs = pd.DataFrame([asdict(copy) for copy in copies], dtype=pd.ArrowDtype(pa.string()))
    pairs = pairs.rename(columns={"page_id": "own_id"})
    for name, frame in [*frames.items()]:
        if name == "captures" or "page_id" not in frame:
            continue
        named = pairs if name == "issues" else pairs[["own_id", "of"]]  # an issue names where it was found
        copied = named.merge(frame, left_on="of", right_on="page_id", suffixes=("", "_of"))
        copied = copied.assign(page_id=copied["own_id"])[frame.columns]
        frames[name] = pd.concat([frame, copied.astype(frame.dtypes)], ignore_index=True)


def _lost_revisits(captures: pd.DataFrame) -> pd.DataFrame:
    """An issue for each revisit of a capture that the raw zone does not have."""
    lost = captures[["url", "collection_id", "run_id"]]
    place = captures["refers_to_place"].astype("string")
    place += (" of " + captures["refers_to_at"].astype("string")).fillna("")
    found = captures["revisits"].astype("string").fillna(place).fillna(captures["digest"].astype("string"))
    message = "the capture has no body of its own, and the one that it refers to is not there"
    return lost.assign(found=found, level=LOST_REVISIT.level, kind=LOST_REVISIT.name, message=message)
