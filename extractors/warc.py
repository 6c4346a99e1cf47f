"""The raw zone: the one module that reads and writes WARC.

Every capture is landed here before anything reads it, and every run lands its catalog, its plan and its end, so that
the tables can be made again from this folder alone. One run writes its own segments, `RUN-00000.warc.gz`; while a
segment is being written its name ends in `.open`. What a killed run leaves open is cut back to its last whole record.
Each finished segment has its SHA-256 beside it, in the format of `sha256sum`.

WARC 1.1 (ISO 28500:2017). Each record is a gzip member of its own. A saved page, which has no HTTP response, is a
`resource` record whose WARC-Date is when it was landed; its own instant, where known, is in `WCDA-Captured-At`.
"""

import datetime as dt
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote

from pydantic import TypeAdapter
from warcio.recordloader import ArcWarcRecord
from warcio.warcwriter import WARCWriter

from schemas.errors import RawZoneError
from schemas.identifiers import file_sha256
from schemas.records import Capture, Plan, RunEnd

SEGMENT_BYTES = 64 * 1024 * 1024
"""A segment that has grown past this is finished at the end of its batch: small enough to read as one unit of work."""

_SUFFIX = ".warc.gz"
_OPEN_SUFFIX = _SUFFIX + ".open"
_NUMBER = "[0-9]" * 5
_GZIP_LEVEL = 6  # level 9 takes seven times as long for 2 % less
_GZIP_FORMAT = zlib.MAX_WBITS | 16
_CHUNK_BYTES = 1024 * 1024
_COLLECTION_HEADER = "WCDA-Collection-ID"
_CAPTURED_HEADER = "WCDA-Captured-At"

_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)
_END: TypeAdapter[RunEnd] = TypeAdapter(RunEnd)


@dataclass(frozen=True, slots=True)
class LandedCapture:
    """A capture as it stands in the raw zone.

    Attributes:
        capture_id: UUID of the WARC record.
        warc_offset: Of the record in the segment, in bytes.
    """

    capture_id: str
    run_id: str
    warc_file: str
    warc_offset: int
    capture: Capture


@dataclass(frozen=True, slots=True)
class LandedEnd:
    """The end of a run as it stands in the raw zone."""

    run_id: str
    end: RunEnd


class SegmentWriter:
    """Appends the records of one run to an open segment. Made by `RawZone.write`."""

    def __init__(self, run_id: str, file: BinaryIO) -> None:
        self._run_id = run_id
        self._file = file
        self._builder = WARCWriter(None, gzip=False, warc_version="WARC/1.1")

    def begin(self, segment: str) -> None:
        """Write the warcinfo record that leads a segment."""
        info = {
            "software": "wcda",
            "format": "WARC file version 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "isPartOf": self._run_id,
        }
        self._append(self._builder.create_warcinfo_record(segment, info))

    def land_capture(self, capture: Capture) -> None:
        """Land a saved page as it came."""
        headers = {}
        if capture.collection_id is not None:
            headers[_COLLECTION_HEADER] = quote(capture.collection_id)  # a header keeps no blanks at its ends
        if capture.captured_at is not None:
            headers[_CAPTURED_HEADER] = capture.captured_at.isoformat()
        self._land("resource", capture.url, capture.body, capture.content_type, headers)

    def land_plan(self, plan: Plan) -> None:
        """Land what the run set out to do."""
        self._land("resource", self._about("plan"), _PLAN.dump_json(plan), "application/json")

    def land_catalog(self, text: str) -> None:
        """Land the catalog that the run used, to the letter."""
        self._land("resource", self._about("catalog"), text.encode(), "application/toml")

    def land_end(self, end: RunEnd) -> None:
        """Land how the run's fetching ended."""
        self._land("metadata", self._about("end"), _END.dump_json(end), "application/json")

    def _about(self, what: str) -> str:
        return f"urn:wcda:run:{self._run_id}:{what}"

    def _land(
        self,
        kind: str,
        url: str,
        body: bytes,
        content_type: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        record = self._builder.create_warc_record(
            url,
            kind,
            payload=BytesIO(body),
            length=len(body),
            warc_content_type=content_type,
            warc_headers_dict=headers or {},
        )
        self._append(record)

    def _append(self, record: ArcWarcRecord) -> None:
        plain = BytesIO()  # warcio itself would compress at level 9
        self._builder.out = plain
        self._builder.write_record(record)
        member = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
        self._file.write(member.compress(plain.getvalue()) + member.flush())


class RawZone:
    """The folder of segments.

    Args:
        folder: Made when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def segments(self) -> list[Path]:
        """Finished segments, oldest run first."""
        return sorted(self.folder.glob(f"*{_SUFFIX}"))

    @contextmanager
    def write(self, run_id: str) -> Iterator[SegmentWriter]:
        """Append to the run's open segment; when the block ends, all of it is on disk.

        If the block raises, what it appended is kept as far as it is whole.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._open_segment(run_id) or self._next_segment(run_id)
        with path.open("ab") as file:
            writer = SegmentWriter(run_id, file)
            if file.tell() == 0:
                writer.begin(path.name.removesuffix(".open"))
            yield writer
            file.flush()
            os.fsync(file.fileno())
            full = file.tell() >= SEGMENT_BYTES
        if full:
            self.finish(run_id)

    def finish(self, run_id: str) -> None:
        """Close the run's open segment for good, if there is one."""
        path = self._open_segment(run_id)
        if path is not None:
            self._finish(path)

    def recover(self) -> list[Path]:
        """Cut segments that killed runs left open back to their last whole record, and finish them.

        Call only while holding the warehouse's lock: an open segment may be another run's otherwise.
        """
        recovered = []
        for path in sorted(self.folder.glob(f"*{_OPEN_SUFFIX}")):
            whole = _whole_bytes(path)
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
            for segment in self.segments()
            if _digest_note(segment).exists() and self.digest(segment) != file_sha256(segment)
        ]

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


def read_segment(segment: Path) -> Iterator[LandedCapture | Plan | LandedEnd]:
    """The records of a finished segment in their order, one at a time.

    Raises:
        RawZoneError: The segment is no WARC file that wcda wrote, or not what it was when it was finished.
    """
    if _digest_note(segment).exists() and _noted_digest(segment) != file_sha256(segment):
        raise RawZoneError(_damage(segment))
    try:
        yield from _records(segment)
    except (OSError, ValueError, LookupError, RuntimeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RawZoneError(f"segment {segment.name} cannot be read: {reason}") from error


def _records(segment: Path) -> Iterator[LandedCapture | Plan | LandedEnd]:
    from fastwarc.warc import ArchiveIterator, WarcRecordType  # faster than warcio by far

    run_id: str | None = None
    with segment.open("rb") as file:
        for record in ArchiveIterator(file, parse_http=False):
            if record.record_type == WarcRecordType.warcinfo:
                run_id = _run_id(record.reader.read())
                continue
            if run_id is None:
                break
            url = record.headers["WARC-Target-URI"]
            body = record.reader.read()
            about = f"urn:wcda:run:{run_id}:"
            if url == about + "plan":
                yield _PLAN.validate_json(body)
            elif url == about + "end":
                yield LandedEnd(run_id, _END.validate_json(body))
            elif not url.startswith(about):  # the catalog is kept for people
                captured = record.headers.get(_CAPTURED_HEADER)
                collection = record.headers.get(_COLLECTION_HEADER)
                yield LandedCapture(
                    capture_id=(record.record_id or "").strip("<>").removeprefix("urn:uuid:"),
                    run_id=run_id,
                    warc_file=segment.name,
                    warc_offset=record.stream_pos,
                    capture=Capture(
                        url=url,
                        body=body,
                        content_type=record.headers["Content-Type"],
                        collection_id=None if collection is None else unquote(collection),
                        captured_at=dt.datetime.fromisoformat(captured) if captured else None,
                    ),
                )
    if run_id is None:
        raise ValueError("not a WARC file that wcda wrote")


def _run_id(warcinfo: bytes) -> str | None:
    """The run that a segment belongs to; null if another tool wrote it."""
    lines = (line.partition(":") for line in warcinfo.decode("utf-8", "replace").splitlines())
    fields = {name: value.strip() for name, _, value in lines}
    return fields.get("isPartOf") if fields.get("software") == "wcda" else None


def _whole_bytes(path: Path) -> int:
    """Length of the part of a segment that holds whole records: its whole gzip members."""
    whole = position = 0
    member = zlib.decompressobj(_GZIP_FORMAT)
    with path.open("rb") as file:
        data = file.read(_CHUNK_BYTES)
        while data:
            try:
                member.decompress(data)
            except zlib.error:  # a torn page of the disk: nothing after it can be trusted
                break
            rest = member.unused_data
            position += len(data) - len(rest)
            if member.eof:
                whole = position
                member = zlib.decompressobj(_GZIP_FORMAT)
            data = rest or file.read(_CHUNK_BYTES)
    return whole


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
