"""What the segments of the raw zone yielded, kept in a folder: a harvest reads new segments only.

A segment is parsed once for each version of the code: what it yielded is named after the segment's digest and the
digest of the code that reads pages, so it can never be stale and is never needed.
"""

import shutil
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from extractors.parsing import parse_segment
from extractors.raw_zone import RawZone
from schemas.identifiers import file_sha256
from schemas.parsed import PARSED_TABLES

if TYPE_CHECKING:
    import pyarrow as pa

_DIGESTS = "sha256"


class ParsedCache:
    """Parsed tables of segments, kept in a folder.

    Args:
        folder: May be deleted at any time; it is made again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def parse(self, raw_zone: RawZone, segment: Path) -> dict[str, "pa.Table"]:
        """The parsed tables of a segment, from the cache where it has them."""
        kept = _read_kept(self._place(raw_zone, segment))
        if kept is not None:
            return kept
        tables = parse_segment(segment)
        self.keep(raw_zone, segment, tables)
        return tables

    def keep(self, raw_zone: RawZone, segment: Path, tables: "dict[str, pa.Table]") -> None:
        """Keep what a segment yielded."""
        place = self._place(raw_zone, segment)
        partial = place.with_name(place.name + ".part")
        for leftover in (partial, place):
            shutil.rmtree(leftover, ignore_errors=True)
        _write(partial, tables)
        partial.replace(place)

    def forget_others(self, raw_zone: RawZone) -> None:
        """Delete what belongs to no present segment or to former layouts."""
        if self.folder.is_dir():
            needed = {self._place(raw_zone, segment) for segment in raw_zone.segments()}
            for place in set(self.folder.iterdir()) - needed:
                shutil.rmtree(place, ignore_errors=True)

    def _place(self, raw_zone: RawZone, segment: Path) -> Path:
        return self.folder / f"{raw_zone.digest(segment)[:32]}-{_code_version()}"


def _write(folder: Path, tables: "dict[str, pa.Table]") -> None:
    from pyarrow import feather  # opens ten times as fast as Parquet, and a year has many segments

    folder.mkdir(parents=True)
    for name, table in tables.items():
        feather.write_feather(table, folder / f"{name}.arrow", compression="zstd")
    (folder / _DIGESTS).write_text("".join(f"{file_sha256(folder / f'{name}.arrow')}\n" for name in tables))


def _read_kept(folder: Path) -> "dict[str, pa.Table] | None":
    """The tables kept in a folder; null if they are not there, or not as they were written."""
    from pyarrow import feather

    files = {name: folder / f"{name}.arrow" for name in PARSED_TABLES}
    try:
        if (folder / _DIGESTS).read_text().split() != [file_sha256(file) for file in files.values()]:
            return None
    except OSError:
        return None
    return {name: feather.read_table(file) for name, file in files.items()}


@cache
def _code_version() -> str:
    """Digest of the code that reads pages: it changes by itself when a layout does."""
    room = Path(__file__).parent
    files = sorted([*room.glob("*.py"), *room.glob("layouts/*.py"), *room.parent.glob("schemas/*.py")])
    digest = blake2b(digest_size=8)
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
