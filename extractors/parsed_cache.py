"""What the segments of the raw zone yielded, kept in a folder: a harvest reads new segments only.

A segment is parsed once for each version of the code: what it yielded is named after the segment's digest and the
digest of the code that reads pages, so it can never be stale and is never needed.

Several processes, also on several machines that share the folder, may keep at once, and even the same: what is whole is
never touched again, so that who reads it is not disturbed.
"""

import shutil
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex

import pyarrow as pa
from pyarrow import feather  # opens ten times as fast as Parquet, and a year has many segments

from extractors.parsing import parse_segment
from extractors.raw_zone import RawZone
from schemas.identifiers import file_sha256
from schemas.parsed import PARSED_TABLES

_DIGESTS = "sha256"


class ParsedCache:
    """Parsed tables of segments, kept in a folder.

    Args:
        folder: May be deleted at any time; it is made again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def parse(self, raw_zone: RawZone, segment: Path) -> dict[str, pa.Table]:
        """The parsed tables of a segment, from the cache where it has them."""
        kept = _read_kept(self._place(raw_zone, segment), PARSED_TABLES)
        if kept is not None:
            return kept
        tables = parse_segment(segment)
        self.keep(raw_zone, segment, tables)
        return tables

    def keep(self, raw_zone: RawZone, segment: Path, tables: dict[str, pa.Table]) -> None:
        """Keep what a segment yielded."""
        _keep(self._place(raw_zone, segment), tables)

    def lacking(self, raw_zone: RawZone, segments: Iterable[Path]) -> list[Path]:
        """The segments of which nothing is kept."""
        # A listing asks a file server anew, where a look at one name might be answered from what was there before.
        kept = {place.name for place in self.folder.iterdir()} if self.folder.is_dir() else set()
        return [segment for segment in segments if self._place(raw_zone, segment).name not in kept]

    def forget(self) -> None:
        """Delete all that is kept."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def forget_others(self, raw_zone: RawZone) -> None:
        """Delete what belongs to no present segment, or to former layouts."""
        if self.folder.is_dir():
            needed = {self._place(raw_zone, segment) for segment in raw_zone.segments()}
            for place in set(self.folder.iterdir()) - needed:
                shutil.rmtree(place, ignore_errors=True)

    def _place(self, raw_zone: RawZone, segment: Path) -> Path:
        return self.folder / f"{raw_zone.digest(segment)[:32]}-{code_version()}"


def _keep(place: Path, tables: Mapping[str, pa.Table]) -> None:
    partial = place.with_name(f"{place.name}.{token_hex(8)}.part")
    _write(partial, tables)
    try:
        partial.rename(place)
    except OSError:  # something is there: what another kept meanwhile, or what is damaged
        if not _is_whole(place, tables):
            shutil.rmtree(place, ignore_errors=True)
            partial.rename(place)
        shutil.rmtree(partial, ignore_errors=True)


def _write(folder: Path, tables: Mapping[str, pa.Table]) -> None:
    folder.mkdir(parents=True)
    for name, table in tables.items():
        feather.write_feather(table, folder / f"{name}.arrow", compression="zstd")
    (folder / _DIGESTS).write_text("".join(f"{file_sha256(folder / f'{name}.arrow')}\n" for name in tables))


def _is_whole(folder: Path, names: Iterable[str]) -> bool:
    """Whether a folder has the tables as they were written."""
    try:
        return (folder / _DIGESTS).read_text().split() == [file_sha256(folder / f"{name}.arrow") for name in names]
    except OSError:
        return False


def _read_kept(folder: Path, names: Collection[str]) -> dict[str, pa.Table] | None:
    """The tables kept in a folder; `None` if they are not there, or not as they were written."""
    if not _is_whole(folder, names):
        return None
    return {name: feather.read_table(folder / f"{name}.arrow") for name in names}


@cache
def code_version() -> str:
    """Digest of the code that reads pages: it changes by itself when a layout does."""
    root = Path(__file__).parents[1]
    rooms = [root / name for name in ("extractors", "schemas")]
    files = sorted(path for room in rooms for path in room.glob("**/*.py"))
    digest = blake2b(digest_size=8)
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
