"""The table `texts` as a file: texts go from segments to Parquet in batches, and are never all in memory.

They are parted by the beginning of their document's id into temporary files, each of which is sorted and written in
turn. So the file is the same whatever the order of the segments.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.tables import TEXTS

_PARTS = "0123456789abcdef"
_KEY = [(name, "ascending") for name in TEXTS.key]
_GROUP_ROWS = 256
_FULL = [column.name for column in TEXTS.columns if not column.large]


class Texts:
    """The texts of all segments.

    Args:
        segments: Gives the parsed tables of all segments, one after the other, each time that it is called.
    """

    def __init__(self, segments: Callable[[], Iterable[Mapping[str, pa.Table]]]) -> None:
        self._segments = segments

    def write(self, rows: pa.Table, file: Path) -> None:
        """Write the table with its texts.

        Args:
            rows: The table without its large columns.
            file: To be made; temporary files are beside it.
        """
        with TemporaryDirectory(prefix="texts.", suffix=".part", dir=file.parent) as folder:
            parts = [Path(folder) / part for part in _PARTS]
            _part(rows, self._segments(), parts)
            with pq.ParquetWriter(file, TEXTS.arrow_schema(), compression="zstd") as writer:
                for part in parts:
                    with pa.memory_map(str(part)) as source, pa.ipc.open_file(source) as reader:
                        table = reader.read_all()
                    writer.write_table(table.sort_by(_KEY), row_group_size=_GROUP_ROWS)

    def is_in(self, rows: pa.Table, file: Path) -> bool:
        """Whether a file has the very table with its texts: of each text, the digests are compared.

        Args:
            rows: The table without its large columns.
            file: A table of texts, in the order of its key.
        """
        ordered = rows.select(_FULL).sort_by(_KEY)
        with pq.ParquetFile(file) as former:
            if not former.read(columns=_FULL).equals(ordered):
                return False
            batches = former.iter_batches(_GROUP_ROWS, columns=["text"])
            digests = [digest for batch in batches for digest in _digests(batch["text"])]
        lacking = _places(ordered["page_id"], ordered["position"])
        for segment in self._segments():
            held = segment["page_texts"]
            for batch in held.select(["page_id", "position", "text"]).to_batches(_GROUP_ROWS):
                keys = zip(batch["page_id"].to_pylist(), batch["position"].to_pylist(), strict=True)
                for key, digest in zip(keys, _digests(batch["text"]), strict=True):
                    place = lacking.pop(key, None)  # the first is what `write` takes
                    if place is not None and digests[place] != digest:
                        return False
        return not lacking


def _digests(texts: pa.Array) -> Iterator[bytes]:
    """The digest of each text, so that of two tables neither need be in memory."""
    return (sha256(text).digest() for text in texts.cast(pa.binary()).to_pylist())


def _part(rows: pa.Table, segments: Iterable[Mapping[str, pa.Table]], parts: list[Path]) -> None:
    """Put each wanted text into the file of its document, once, though several segments may have its page."""
    places = _places(rows["page_id"], rows["position"])
    missing = np.ones(len(rows), np.bool_)
    first = np.array([int(text[0], 16) for text in rows["document_id"].to_pylist()], np.int64)
    with ExitStack() as stack:
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        writers = [
            stack.enter_context(pa.ipc.new_file(str(part), TEXTS.arrow_schema(), options=options)) for part in parts
        ]
        for segment in segments:
            held = segment["page_texts"]
            keys = zip(held["page_id"].to_pylist(), held["position"].to_pylist(), strict=True)
            place = np.array([places.get(key, -1) for key in keys], np.int64)
            wanted = (place >= 0) & missing[place] if len(rows) else np.zeros(len(place), np.bool_)
            candidates = np.flatnonzero(wanted)
            target, first_of = np.unique(place[candidates], return_index=True)
            source = candidates[first_of]
            missing[target] = False
            for number, writer in enumerate(writers):
                of_part = first[target] == number
                if of_part.any():
                    batch = rows.select(_FULL).take(pa.array(target[of_part]))
                    batch = batch.append_column("text", held["text"].take(pa.array(source[of_part])))
                    writer.write_table(batch.select(TEXTS.column_names).cast(TEXTS.arrow_schema()))


def _places(pages: pa.ChunkedArray, positions: pa.ChunkedArray) -> dict[tuple[str, int], int]:
    return {key: place for place, key in enumerate(zip(pages.to_pylist(), positions.to_pylist(), strict=True))}
