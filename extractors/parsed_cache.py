"""What the segments of the raw zone yielded, kept in a folder: a harvest reads new segments only.

A segment is parsed once for each version of the code: what it yielded is named after the segment's digest and the
digest of the code that reads pages, with the libraries that it reads them with, so that it can never be stale and is
never needed. It is signed with a key of the user's: what another user left in a warehouse, or anyone changed in it, is
parsed again.

Several processes, also on several machines that share the folder, may keep at once, and even the same: what is whole is
never touched again, so that who reads it is not disturbed.
"""

import hmac
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from secrets import token_bytes, token_hex

import pyarrow as pa
from pyarrow import feather  # opens ten times as fast as Parquet, and a year has many segments

from extractors.parsing import parse_segment
from extractors.raw_zone import RawZone
from schemas.errors import WcdaError
from schemas.identifiers import file_sha256
from schemas.parsed import PARSED_TABLES
from schemas.user_folders import state_folder

_SIGNATURE = "hmac-sha256"
_KEY_BYTES = 32
_LIBRARIES = ("brotli", "isal", "pyarrow", "pydantic", "selectolax", "webencodings", "zstandard")
"""Of those that the code imports here, each whose release may change what a segment yields."""


class ParsedCache:
    """Parsed tables of segments, kept in a folder.

    Args:
        folder: May be deleted at any time; it is made again. A link in its place is removed and not followed, since
            what it leads to is not ours to delete; so is what else is no folder.
        key: What is kept is signed with it; `None` for the user's own.
    """

    def __init__(self, folder: Path, key: bytes | None = None) -> None:
        self.folder = folder
        self._key = user_key() if key is None else key

    def parse(self, raw_zone: RawZone, segment: Path, *, with_large: bool = True) -> dict[str, pa.Table]:
        """The parsed tables of a segment, from the cache where it has them.

        Args:
            raw_zone: Which the segment is of.
            segment: Finished.
            with_large: Whether with their large columns, which are most of their memory.
        """
        columns = {
            name: None if with_large else table.arrow_schema(with_large=False).names
            for name, table in PARSED_TABLES.items()
        }
        kept = _read_kept(self._place(raw_zone, segment), columns, self._key)
        if kept is not None:
            return kept
        tables = parse_segment(segment)
        self.keep(raw_zone, segment, tables)
        return {
            name: table if (wanted := columns[name]) is None else table.select(wanted) for name, table in tables.items()
        }

    def keep(self, raw_zone: RawZone, segment: Path, tables: dict[str, pa.Table]) -> None:
        """Keep what a segment yielded."""
        self._make_way()
        _keep(self._place(raw_zone, segment), tables, self._key)

    def lacking(self, raw_zone: RawZone, segments: Iterable[Path]) -> list[Path]:
        """The segments of which nothing is kept."""
        # A listing asks a file server anew, where a look at one name might be answered from what was there before.
        kept = {place.name for place in self.folder.iterdir()} if self.folder.is_dir() else set()
        return [segment for segment in segments if self._place(raw_zone, segment).name not in kept]

    def forget(self) -> None:
        """Delete all that is kept."""
        self._make_way()
        shutil.rmtree(self.folder, ignore_errors=True)

    def forget_others(self, raw_zone: RawZone) -> None:
        """Delete what belongs to no present segment, or to former layouts."""
        self._make_way()
        if self.folder.is_dir():
            needed = {self._place(raw_zone, segment) for segment in raw_zone.segments()}
            for place in set(self.folder.iterdir()) - needed:
                shutil.rmtree(place, ignore_errors=True)

    def _make_way(self) -> None:
        if self.folder.is_symlink() or (self.folder.exists() and not self.folder.is_dir()):
            self.folder.unlink()

    def _place(self, raw_zone: RawZone, segment: Path) -> Path:
        return self.folder / f"{raw_zone.digest(segment)[:32]}-{code_version()}"


def _keep(place: Path, tables: Mapping[str, pa.Table], key: bytes) -> None:
    partial = place.with_name(f"{place.name}.{token_hex(8)}.part")
    _write(partial, tables, _signing_key(key, place))
    try:
        partial.rename(place)
    except OSError:  # something is there: what another kept meanwhile, or what is damaged
        if not _is_whole(place, tables, _signing_key(key, place)):
            _remove(place)
            partial.rename(place)
        shutil.rmtree(partial, ignore_errors=True)


def _write(folder: Path, tables: Mapping[str, pa.Table], key: bytes) -> None:
    folder.mkdir(parents=True)
    for name, table in tables.items():
        feather.write_feather(table, folder / f"{name}.arrow", compression="zstd")
    (folder / _SIGNATURE).write_text(_signature(folder, tables, key))


def _is_whole(folder: Path, names: Iterable[str], key: bytes) -> bool:
    """Whether a folder has the tables as they were written by one who has the key."""
    try:
        if folder.is_symlink() or any(file.is_symlink() or not file.is_file() for file in folder.iterdir()):
            return False  # a pipe would be waited for
        signature = (folder / _SIGNATURE).read_bytes()
        return hmac.compare_digest(signature, _signature(folder, names, key).encode())
    except OSError:
        return False


def _signature(folder: Path, names: Iterable[str], key: bytes) -> str:
    digests = "".join(f"{name} {file_sha256(folder / f'{name}.arrow')}\n" for name in names)
    return hmac.digest(key, digests.encode(), "sha256").hex()


def _signing_key(key: bytes, place: Path) -> bytes:
    """The key for one place, so that what was kept of one segment is not taken for what another yielded."""
    return hmac.digest(key, place.name.encode(), "sha256")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _read_kept(folder: Path, columns: Mapping[str, list[str] | None], key: bytes) -> dict[str, pa.Table] | None:
    """The tables kept in a folder, with some of their columns or all; `None` if they are not as they were written."""
    if not _is_whole(folder, columns, _signing_key(key, folder)):
        return None
    return {name: feather.read_table(folder / f"{name}.arrow", wanted) for name, wanted in columns.items()}


@cache
def code_version() -> str:
    """Digest of the code that reads pages, and of its libraries' releases: it changes by itself when a layout does."""
    root = Path(__file__).parents[1]
    rooms = [root / name for name in ("extractors", "schemas")]
    files = sorted(path for room in rooms for path in room.glob("**/*.py"))
    digest = blake2b(digest_size=8)
    for file in files:
        digest.update(file.read_bytes())
    releases = [python_version(), *(f"{library} {version(library)}" for library in _LIBRARIES)]
    digest.update("\n".join(releases).encode())
    return digest.hexdigest()


def user_key() -> bytes:
    """The user's key, made when it is first asked for; where it cannot be kept, one that this process alone knows."""
    try:
        return _key_in(state_folder())
    except (WcdaError, OSError):
        return _own_key()


@cache
def _key_in(folder: Path) -> bytes:
    file = folder / "parsed.key"
    if not file.exists():
        partial = folder / f"parsed.key.{token_hex(8)}.part"
        partial.touch(mode=0o600)
        partial.write_bytes(token_bytes(_KEY_BYTES))
        with suppress(FileExistsError):  # another process was first
            os.link(partial, file)
        partial.unlink()
    key = file.read_bytes()
    return key if len(key) == _KEY_BYTES else _own_key()


@cache
def _own_key() -> bytes:
    return token_bytes(_KEY_BYTES)
