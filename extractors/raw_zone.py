"""The raw zone: the folder of WARC segments that all tables are made of.

Every capture is landed here before anything reads it, and every run lands its catalog, its plan, what failed and its
end, so that the tables can be made again from this folder alone. One run writes its own segments,
`RUN-00000.warc.gz`; while a segment is being written its name ends in `.open`. What a killed run leaves open is cut
back to its last whole record. Each finished segment has its SHA-256 beside it, in the format of `sha256sum`. A rollback
deletes nothing, nor does the loss guard: it lands, in a segment `…-rollback-00000.warc.gz`, which segments count no
more.
"""

import datetime as dt
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

from extractors.warc.landed import Landed, LandedIssue
from extractors.warc.reader import read_records, whole_bytes
from extractors.warc.writer import WarcWriter
from schemas.errors import RawZoneError
from schemas.files import make_folder, open_file, sync_file, sync_folder, write_text
from schemas.identifiers import file_sha256
from schemas.issues import UNREADABLE_RECORD
from schemas.records import Withdrawal

SEGMENT_BYTES = 16 * 1024 * 1024
"""A segment that has grown past this is finished at the end of its batch: some 700 pages, so that what one segment
yields is small in memory, and one unit of work."""

_SUFFIX = ".warc.gz"
_OPEN_SUFFIX = _SUFFIX + ".open"
_NUMBER = "[0-9]" * 5
_ROLLBACK = "-rollback"
_DIGEST_LENGTH = 64
_SHA256 = re.compile(f"[0-9a-f]{{{_DIGEST_LENGTH}}}")


class RawZone:
    """The folder of segments.

    Args:
        folder: Made when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: dict[Path, hashlib._Hash] = {}  # of what was written to the segments that this one began

    def segments(self) -> list[Path]:
        """Finished segments of runs that count, oldest run first: all but those that were withdrawn."""
        withdrawal = self.withdrawal()
        withdrawn = frozenset(withdrawal.segments if withdrawal else ())
        return [segment for segment in self.all_segments() if segment.name not in withdrawn]

    def all_segments(self) -> list[Path]:
        """Finished segments of runs, oldest run first."""
        return sorted({*self.folder.glob(f"*{_SUFFIX}")}.difference(self._rollbacks()))

    def withdrawal(self) -> Withdrawal | None:
        """What the last rollback or refusal withdrew; `None` if there was none.

        Raises:
            RawZoneError: The segment of a rollback cannot be read.
        """
        withdrawals: list[Withdrawal] = []
        for rollback in self._rollbacks():
            for record in read_segment(rollback):
                if isinstance(record, Withdrawal):
                    withdrawals.append(record)
                elif _is_unreadable(record):
                    raise RawZoneError(record.issue.message, segment=rollback.name, offset=record.offset)
        # By their numbers, since the clock may have been set back; those of former releases have only their names.
        numbered = sorted(withdrawals, key=lambda each: each.number)  # stable
        return numbered[-1] if numbered else None

    def withdraw(self, run_id: str, withdrawal: Withdrawal) -> None:
        """Land which segments count no more, in place of what any former rollback withdrew.

        Args:
            run_id: Of the rollback, as of a run that begins now.
            withdrawal: Names finished segments; its number is given here.
        """
        rollback = run_id + _ROLLBACK
        former = self.withdrawal()
        number = 1 + (former.number if former else 0)
        with self.write(rollback) as writer:
            writer.land_withdrawal(replace(withdrawal, number=number))
        self.finish(rollback)

    def refused(self) -> tuple[str, ...]:
        """Names of the segments that the loss guard set aside, and that nobody has accepted since."""
        withdrawal = self.withdrawal()
        there = {segment.name for segment in self.all_segments()}
        return tuple(name for name in withdrawal.refused if name in there) if withdrawal else ()

    def set_aside(self, run_id: str, segments: Iterable[str], current: str) -> None:
        """Land that segments count no more, since what they would publish was refused.

        Args:
            run_id: Of the refusal, as of a run that begins now.
            segments: Names of finished segments.
            current: Id of the snapshot that stays.
        """
        former = self.withdrawal() or Withdrawal(current, dt.datetime.now(dt.UTC), ())
        named = tuple(segments)
        self.withdraw(
            run_id,
            replace(
                former,
                withdrawn_at=dt.datetime.now(dt.UTC),
                segments=(*former.segments, *named),
                refused=(*former.refused, *named),
            ),
        )

    def take_back(self, run_id: str) -> None:
        """Let all segments count again that the loss guard set aside.

        Args:
            run_id: As of a run that begins now.
        """
        former = self.withdrawal()
        if former is not None and former.refused:
            kept = tuple(name for name in former.segments if name not in former.refused)
            accepted = replace(former, withdrawn_at=dt.datetime.now(dt.UTC), segments=kept, refused=())
            self.withdraw(run_id, accepted)

    @contextmanager
    def write(self, run_id: str) -> Iterator[WarcWriter]:
        """Append to the run's open segment; when the block ends, all of it is on disk.

        If the block raises, what it appended is kept as far as it is whole.
        """
        make_folder(self.folder)
        former = self._open_segment(run_id)
        path = former or self._next_segment(run_id)
        if former is None:
            self._written[path] = hashlib.sha256()
        written = self._written.get(path)
        with path.open("ab") as file:
            yield WarcWriter(run_id, path.name.removesuffix(".open"), file, written)
            file.flush()
            os.fsync(file.fileno())
        if former is None:
            sync_folder(self.folder)

    def is_full(self, run_id: str) -> bool:
        """Whether the run's open segment has grown enough."""
        path = self._open_segment(run_id)
        return path is not None and path.stat().st_size >= SEGMENT_BYTES

    def finish(self, run_id: str) -> Path | None:
        """Close the run's open segment for good, and give it; `None` if there is none.

        Where the file is what was written, to the byte, no record is read: that takes a tenth of a repeated harvest.

        Raises:
            RawZoneError: It cannot be read back. `recover` keeps what can be.
        """
        path = self._open_segment(run_id)
        if path is None:
            return None
        written, digest = self._written.pop(path, None), file_sha256(path)
        if written is None or written.hexdigest() != digest:
            _require_readable(path)
        return self._finish(path, digest)

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
            sync_file(path)
            recovered.append(self._finish(path, file_sha256(path)))
        return recovered

    def digest(self, segment: Path) -> str:
        """SHA-256 of a finished segment, as noted when it was finished."""
        noted = _noted_digest(segment)
        if noted is not None:
            return noted
        # It was killed between the two, or the segment was copied here.
        return _write_digest(segment, file_sha256(segment))

    def problems(self) -> list[str]:
        """A line for each segment that is not what it was when it was finished, and for each record that is unreadable.

        All of the raw zone is read.
        """
        return [
            problem for segment in [*self.all_segments(), *self._rollbacks()] for problem in _segment_problems(segment)
        ]

    def _rollbacks(self) -> list[Path]:
        """Finished segments of rollbacks, oldest first."""
        return sorted(self.folder.glob(f"*{_ROLLBACK}-{_NUMBER}{_SUFFIX}"))

    def _open_segment(self, run_id: str) -> Path | None:
        return next(iter(self.folder.glob(f"{run_id}-{_NUMBER}{_OPEN_SUFFIX}")), None)

    def _next_segment(self, run_id: str) -> Path:
        names = [path.name for path in self.folder.glob(f"{run_id}-{_NUMBER}{_SUFFIX}")]
        number = 1 + max([int(name.removeprefix(f"{run_id}-").removesuffix(_SUFFIX)) for name in names], default=-1)
        return self.folder / f"{run_id}-{number:05d}{_OPEN_SUFFIX}"

    def _finish(self, path: Path, digest: str) -> Path:
        finished = path.with_name(path.name.removesuffix(".open"))
        path.replace(finished)
        _write_digest(finished, digest)  # syncs the folder
        return finished


def read_segment(segment: Path) -> Iterator[Landed]:
    """The records of a finished segment in their order, one at a time; in place of an unreadable one, an issue.

    Raises:
        RawZoneError: The segment is no WARC file that wcda wrote, or not what it was when it was finished.
    """
    if _noted_digest(segment) not in (None, file_sha256(segment)):
        raise RawZoneError(_damage(segment), segment=segment.name)
    try:
        yield from read_records(segment)
    except (OSError, ValueError, LookupError, RuntimeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RawZoneError(f"segment {segment.name} cannot be read: {reason}", segment=segment.name) from error


def _digest_note(segment: Path) -> Path:
    return segment.with_name(segment.name + ".sha256")


def _noted_digest(segment: Path) -> str | None:
    """The digest beside a segment; `None` if there is none, or one that a loss of power has emptied."""
    try:
        with open_file(_digest_note(segment)) as file:
            noted = _SHA256.match(file.read(_DIGEST_LENGTH).decode(errors="replace"))
    except FileNotFoundError:
        return None
    return noted[0] if noted else None


def _damage(segment: Path) -> str:
    return f"segment {segment.name} is not what it was when it was finished (its SHA-256 differs)"


def _write_digest(segment: Path, digest: str) -> str:
    write_text(_digest_note(segment), f"{digest}  {segment.name}\n")
    sync_folder(segment.parent)
    return digest


def _require_readable(path: Path) -> None:
    """Raise an error for the first record of an open segment that cannot be read."""
    unreadable = next((record for record in read_records(path) if _is_unreadable(record)), None)
    if unreadable is not None:
        message = f"{unreadable.issue.message}; start again, and what can be read is kept"
        raise RawZoneError(message, segment=path.name, offset=unreadable.offset)


def _segment_problems(segment: Path) -> list[str]:
    try:
        return [record.issue.message for record in read_segment(segment) if _is_unreadable(record)]
    except RawZoneError as error:
        return [str(error)]


def _is_unreadable(record: Landed) -> TypeGuard[LandedIssue]:
    return isinstance(record, LandedIssue) and record.issue.kind == UNREADABLE_RECORD.name
