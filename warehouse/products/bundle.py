"""Export to deposit: all tables in Parquet and CSV, described for people, for validators and for catalogs."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from schemas.croissant import CROISSANT, croissant
from schemas.data_package import DATA_PACKAGE, DESCRIPTION, bundle_package, title
from schemas.identifiers import file_sha256
from schemas.tables import SCHEMA_VERSION, TABLES
from warehouse.products.provenance import archive_of
from warehouse.products.selection import SELECTION_RULES, Selection, select
from warehouse.products.tabular import CSV_RULES, selected, write_csv_files
from wcda.snapshots import Snapshot

README = "README.md"
CITATION = "CITATION.cff"


def write_bundle(snapshot: Snapshot, folder: Path, collections: tuple[str, ...]) -> tuple[int, list[str]]:
    """All tables, `datapackage.json`, `croissant.json`, `README.md` and `CITATION.cff` in one flat folder."""
    folder.mkdir()
    selection = select(snapshot, collections)
    rows = {name: _write_parquet(snapshot, name, selection, folder / f"{name}.parquet") for name in TABLES}
    write_csv_files(snapshot, folder, selection)
    digests = {file.name: file_sha256(file) for file in folder.iterdir()}
    of_what = snapshot.manifest.snapshot_id, snapshot.manifest.created_at, digests, archive_of(snapshot)
    for name, described in ((DATA_PACKAGE, bundle_package(*of_what)), (CROISSANT, croissant(*of_what))):
        (folder / name).write_text(json.dumps(described, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / README).write_text(_readme(snapshot, rows, collections), encoding="utf-8")
    (folder / CITATION).write_text(_citation(snapshot), encoding="utf-8")
    return sum(rows.values()), []


def _write_parquet(snapshot: Snapshot, name: str, selection: Selection | None, path: Path) -> int:
    schema = TABLES[name].arrow_schema()
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in selected(snapshot, name, selection, with_large=True):
            writer.write_batch(batch.select(schema.names).cast(schema))
            rows += batch.num_rows
    return rows


def _readme(snapshot: Snapshot, rows: dict[str, int], collections: tuple[str, ...]) -> str:
    """What is in the folder; the lines at its top let `datasets.load_dataset(FOLDER, TABLE)` find the tables.

    It opens no table without rows, and one that has none would stop it for all: those are not named there.
    """
    archive = archive_of(snapshot)
    found = [f"- config_name: {name}\n  data_files: {name}.parquet\n" for name, count in rows.items() if count]
    listed = [f"| {name} | {count} | {TABLES[name].description} |\n" for name, count in rows.items()]
    limit = f"Only collections: {', '.join(collections)}. {SELECTION_RULES}\n" if collections else ""
    return f"""\
---
configs:
{"".join(found)}---

# {title(archive)}

Snapshot {snapshot.manifest.snapshot_id}, schema {SCHEMA_VERSION}, from {archive.url}. {DESCRIPTION}

{limit}| Table | Rows | What a row is |
|---|---|---|
{"".join(listed)}
Each table is here as TABLE.parquet and as TABLE.csv. `{DATA_PACKAGE}` (Data Package) states each column, the keys and
the SHA-256 of each file, and `frictionless validate {DATA_PACKAGE}` checks them. `{CROISSANT}` says the same of the
Parquet files for catalogs of data sets. `datasets.load_dataset(FOLDER, TABLE)` opens each table that has rows.

Before you deposit it: add who deposits it, and the DOI that the repository gives you, to `{CITATION}`.

## Days in Parquet

A day, such as `date_start`, is a timestamp at midnight without a time zone: cast it to a day where you need one, as
`date_start::DATE` in SQL. In the CSV files it is YYYY-MM-DD.

## The CSV files

{CSV_RULES}"""


def _citation(snapshot: Snapshot) -> str:
    archive = archive_of(snapshot)
    texts = {
        "message": "If you use these tables, please cite them, and name the id of the snapshot.",
        "title": title(archive),
        "abstract": DESCRIPTION,
        "version": snapshot.manifest.snapshot_id,
        "date-released": snapshot.manifest.created_at.date().isoformat(),
        "url": archive.url,
    }
    lines = [f"{name}: {json.dumps(text, ensure_ascii=False)}" for name, text in texts.items()]
    return "\n".join(
        [
            "cff-version: 1.2.0",
            "type: dataset",
            *lines,
            "# doi: 10.… (once a repository has given one, without quotes or https://doi.org/)",
            "authors:",
            f"  - name: {json.dumps(archive.name, ensure_ascii=False)}",
            "# - family-names: … (who deposits it)",
            "#   given-names: …",
            "",
        ]
    )
