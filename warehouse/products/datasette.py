"""Export for Datasette (datasette.io): a folder with the database, and what its pages say and show of each table."""

import json
from pathlib import Path
from typing import Any

from schemas.columns import Table
from schemas.tables import TABLES
from warehouse.products.database import ROLES, write_sqlite
from warehouse.products.provenance import archive_of
from wcda.snapshots import Snapshot

DATABASE = "wcda.db"
METADATA = "metadata.json"
DATASETTE_RULES = f"""\
For Datasette: after `pip install datasette`, `datasette FOLDER` shows the tables in the browser, with the meaning of
each column, filters, facets and full-text search. It listens on this machine alone.

- {DATABASE} is the SQLite database of all tables. {METADATA} is what Datasette shows of them; with another command
  line: `datasette FOLDER/{DATABASE} --metadata FOLDER/{METADATA}`.
- documents_by_collection has a row for each document in each collection, document_terms_wide one for each document with
  the names of its people, places, topics and subjects. Search in documents, in both of these, and in texts.
- Days are YYYY-MM-DD, timestamps YYYY-MM-DDThh:mm:ss.ffffffZ (UTC). The texts of a list are joined by "; ".
"""

_SETTINGS = {"facet_time_limit_ms": 5000, "sql_time_limit_ms": 10000, "suggest_facets": False}
"""Datasette's own limits (200 and 1000 ms) leave facets of the whole archive out. To suggest more of them it counts the
values of each column of each page that is shown, which takes seconds."""
_FACETS = {
    "documents": ["date_precision", "languages", "document_type"],
    "collections": ["kind", "complete"],
    "memberships": ["collection_id"],
    "pages": ["outcome", "collection_id"],
    "terms": ["kind"],
    "document_terms": ["role"],
    "texts": ["kind", "language"],
    "files": ["kind", "media_type"],
    "issues": ["level", "kind"],
    "runs": ["source", "outcome"],
}
_LABELS = {"documents": "title", "collections": "name", "terms": "name", "pages": "page_id", "runs": "run_id"}
_SORTED = {"documents": "date_start", "collections": "name", "terms": "name"}


def write_datasette(snapshot: Snapshot, folder: Path, collections: tuple[str, ...]) -> tuple[int, list[str]]:
    """The database, `metadata.json` and `settings.json`, which `datasette FOLDER` finds by their names.

    Raises:
        WarehouseError: As `write_sqlite`.
    """
    folder.mkdir()
    rows, notes = write_sqlite(snapshot, folder / DATABASE, collections)
    for name, value in ((METADATA, _metadata(snapshot)), ("settings.json", _SETTINGS)):
        (folder / name).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return rows, notes


def _metadata(snapshot: Snapshot) -> dict[str, Any]:
    archive = archive_of(snapshot)
    about = {
        "title": f"Listings of the {archive.name}, normalized",
        "description": f"Snapshot {snapshot.manifest.snapshot_id}. Search in documents by title and summary.",
        "source": archive.name,
        "source_url": archive.url,
    }
    tables = {table.name: _described(table) for table in TABLES.values()}
    return {**about, "databases": {"wcda": {**about, "tables": {**_views(), **tables}}}}


def _described(table: Table) -> dict[str, Any]:
    return {
        "description": table.description,
        "columns": {column.name: f"{column.description} Source: {column.source}." for column in table.columns},
        **({"facets": _FACETS[table.name]} if table.name in _FACETS else {}),
        **({"label_column": _LABELS[table.name]} if table.name in _LABELS else {}),
        **({"sort": _SORTED[table.name]} if table.name in _SORTED else {}),
    }


def _views() -> dict[str, dict[str, Any]]:
    # The index is over documents, whose rows it knows by their number.
    searched = {"fts_table": "documents_fts", "fts_pk": "document_number"}
    known = {column.name: column.description for column in TABLES["documents"].columns}
    of_document = {
        name: known[name] for name in ("document_id", "title", "date_text", "date_start", "date_end", "url")
    } | {"document_number": "Number of the document's row in this database, by which the search finds it."}
    return {
        "documents_by_collection": {
            "description": "One row for each document in each collection that lists it.",
            "columns": {
                **of_document,
                "collection_id": "Id of the collection.",
                "collection": "Name of the collection, or else its id.",
                "rank": "Place of the document in the collection's listing, from 1.",
                "year": "Year of the date; null if there is none or it can mean several years.",
                "date_precision": known["date_precision"],
                "summary": known["summary"],
                "collection_count": known["collection_count"],
            },
            "facets": ["collection", "year", "date_precision"],
            **searched,
        },
        "document_terms_wide": {
            "description": "One row for each document, with the names of its terms by role; null where its page was "
            "not read.",
            "columns": {
                **of_document,
                **{column: f"Names of the terms of the role `{role}`, joined." for column, role in ROLES.items()},
            },
            **searched,
        },
    }
