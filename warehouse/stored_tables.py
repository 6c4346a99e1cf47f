"""Tables that wait in files while others are made, checked and written, so that they take no memory of the process.

Each is mapped as it is asked for: what is not looked at takes nothing, and what was is let go with the table. Without
it a harvest of 8,375 pages of documents holds 40 MiB of finished tables to its end, and one of 16,750 entries 28 MiB;
to write them takes 0.1 s.
"""

from collections.abc import Iterable, Iterator, MutableMapping
from pathlib import Path

import pyarrow as pa

from schemas.files import naming


class StoredTables(MutableMapping[str, pa.Table]):
    """Tables by name, in the files of a folder.

    Args:
        folder: To be made.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._files: dict[str, Path] = {}

    def __getitem__(self, name: str) -> pa.Table:
        with pa.memory_map(str(self._files[name])) as source, pa.ipc.open_file(source) as reader:
            return reader.read_all()

    def __setitem__(self, name: str, table: pa.Table) -> None:
        self.write(name, table.schema, table.to_batches())

    def write(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """Take a table of which some rows at a time are made."""
        file = self._folder / f"{name}.arrow"
        new = file.with_suffix(".part")  # the table may be mapped from the former file
        with naming(new), pa.ipc.new_file(str(new), schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        self._files[name] = new.replace(file)

    def __delitem__(self, name: str) -> None:
        self._files.pop(name).unlink()  # a table that is still in use stays readable

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
