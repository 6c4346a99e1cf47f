"""The raw zone: the folder of WARC segments that all tables are made of.

Every capture is landed here before anything reads it, and every run lands its catalog, its plan, what failed and its
end, so that the tables can be made again from this folder alone. One run writes its own segments,
`RUN-00000.warc.gz`; while a segment is being written its name ends in `.open`. What a killed run leaves open is cut
back to its last whole record. Each finished segment has its SHA-256 beside it, in the format of `sha256sum`. A rollback
deletes nothing: it lands, in a segment `…-rollback-00000.warc.gz`, which segments count no more.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extractors.warc import Landed, WarcWriter, read_records, whole_bytes
from schemas.errors import RawZoneError
from schemas.identifiers import file_sha256
from schemas.records import Withdrawal

SEGMENT_BYTES = 16 * 1024 * 1024
"""A segment that has grown past this is finished at the end of its batch: some 700 pages, so that what one segment
yields is small in memory, and one unit of work."""

_SUFFIX = ".warc.gz"
_OPEN_SUFFIX = _SUFFIX + ".open"
_NUMBER = "[0-9]" * 5
_ROLLBACK = "-rollback"


class RawZone:
    """The folder of segments.

    Args:
        folder: Made when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def segments(self) -> list[Path]:
        """Finished segments of runs that count, oldest run first: all but those that a rollback withdrew."""
        withdrawal = self.withdrawal()
        withdrawn = frozenset(withdrawal.segments if withdrawal else ())
        return [segment for segment in self.all_segments() if segment.name not in withdrawn]

    def all_segments(self) -> list[Path]:
        """Finished segments of runs, oldest run first."""
        return sorted({*self.folder.glob(f"*{_SUFFIX}")}.difference(self._rollbacks()))

    def withdrawal(self) -> Withdrawal | None:
        """What the last rollback withdrew; `None` if there was none.

        Raises:
            RawZoneError: Its segment cannot be read.
        """
        for rollback in reversed(self._rollbacks()):
            for record in read_segment(rollback):
                if isinstance(record, Withdrawal):
                    return record
        return None

    def withdraw(self, run_id: str, withdrawal: Withdrawal) -> None:
        """Land which segments count no more, in place of what any former rollback withdrew.

        Args:
            run_id: Of the rollback, as of a run that begins now.
            withdrawal: Names finished segments.
        """
        rollback = run_id + _ROLLBACK
        with self.write(rollback) as writer:
            writer.land_withdrawal(withdrawal)
        self.finish(rollback)

    @contextmanager
    def write(self, run_id: str) -> Iterator[WarcWriter]:
        """Append to the run's open segment; when the block ends, all of it is on disk.

        If the block raises, what it appended is kept as far as it is whole.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._open_segment(run_id) or self._next_segment(run_id)
        with path.open("ab") as file:
            yield WarcWriter(run_id, path.name.removesuffix(".open"), file)
            file.flush()
            os.fsync(file.fileno())

    def is_full(self, run_id: str) -> bool:
        """Whether the run's open segment has grown enough."""
        path = self._open_segment(run_id)
        return path is not None and path.stat().st_size >= SEGMENT_BYTES

    def finish(self, run_id: str) -> Path | None:
        """Close the run's open segment for good, and give it; `None` if there is none."""
        path = self._open_segment(run_id)
        return self._finish(path) if path is not None else None

    def recover(self) -> list[Path]:
        """Cut segments that killed runs left open back to their last whole record, and finish them.

        Call only while holding the warehouse's lock: an open segment may be another run's otherwise.
        """
        recovered = []
        for path in sorted(self.folder.glob(f"*{_OPEN_SUFFIX}")):
            whole = whole_bytes(path)
            if whole == 0:
                path.unlink()
                continue
            os.truncate(path, whole)
            recovered.append(self._finish(path))
        return recovered

    def digest(self, segment: Path) -> str:
        """SHA-256 of a finished segment, as noted when it was finished."""
        note = _digest_note(segment)
        if not note.exists():  # killed between the two, or a segment that was copied here
            _write_digest(segment)
        return _noted_digest(segment)

    def problems(self) -> list[str]:
        """A line for each segment that is not what it was when it was finished."""
        return [
            _damage(segment)
            for segment in [*self.all_segments(), *self._rollbacks()]
            if _digest_note(segment).exists() and self.digest(segment) != file_sha256(segment)
        ]

    def _rollbacks(self) -> list[Path]:
        """Finished segments of rollbacks, oldest first."""
        return sorted(self.folder.glob(f"*{_ROLLBACK}-{_NUMBER}{_SUFFIX}"))

    def _open_segment(self, run_id: str) -> Path | None:
        return next(iter(self.folder.glob(f"{run_id}-{_NUMBER}{_OPEN_SUFFIX}")), None)

    def _next_segment(self, run_id: str) -> Path:
        number = len(list(self.folder.glob(f"{run_id}-{_NUMBER}{_SUFFIX}")))
        return self.folder / f"{run_id}-{number:05d}{_OPEN_SUFFIX}"

    def _finish(self, path: Path) -> Path:
        finished = path.with_name(path.name.removesuffix(".open"))
        path.replace(finished)
        _write_digest(finished)
        return finished


def read_segment(segment: Path) -> Iterator[Landed]:
    """The records of a finished segment in their order, one at a time.

    Raises:
        RawZoneError: The segment is no WARC file that wcda wrote, or not what it was when it was finished.
    """
    if _digest_note(segment).exists() and _noted_digest(segment) != file_sha256(segment):
        raise RawZoneError(_damage(segment), segment=segment.name)
    try:
        yield from read_records(segment)
    except (OSError, ValueError, LookupError, RuntimeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RawZoneError(f"segment {segment.name} cannot be read: {reason}", segment=segment.name) from error


def _digest_note(segment: Path) -> Path:
    return segment.with_name(segment.name + ".sha256")


def _noted_digest(segment: Path) -> str:
    return _digest_note(segment).read_text().split()[0]


def _damage(segment: Path) -> str:
    return f"segment {segment.name} is not what it was when it was finished (its SHA-256 differs)"


def _write_digest(segment: Path) -> None:
    note = _digest_note(segment)
    partial = note.with_name(note.name + ".part")
    partial.write_text(f"{file_sha256(segment)}  {segment.name}\n")
    partial.replace(note)
