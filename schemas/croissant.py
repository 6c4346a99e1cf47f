"""The tables as Croissant (docs.mlcommons.org/croissant): what catalogs of data sets and machine learning read."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from schemas.archive import Archive
from schemas.columns import Column, Table
from schemas.data_package import DESCRIPTION, title
from schemas.tables import SCHEMA_VERSION, TABLES

CROISSANT = "croissant.json"

_TYPES = {"string": "sc:Text", "strings": "sc:Text", "int": "sc:Integer", "float": "sc:Float", "bool": "sc:Boolean"}
_TYPES |= {"date": "sc:Date", "instant": "sc:DateTime"}

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{
        name: f"cr:{name}"
        for name in (
            *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet"),
            *("format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
            *("references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField"),
            "transform",
        )
    },
}
"""Of version 1.0, to the key: readers warn of any other."""


def croissant(
    snapshot_id: str, created_at: dt.datetime, digests: Mapping[str, str], archive: Archive
) -> dict[str, Any]:
    """The description of Parquet files that lie beside it, as JSON values.

    Args:
        snapshot_id: Of the tables.
        created_at: UTC.
        digests: SHA-256 of each file, by its name.
        archive: Whose listings the tables hold.
    """
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "wcda",
        "alternateName": title(archive),
        "description": DESCRIPTION,
        "identifier": snapshot_id,
        "version": f"{SCHEMA_VERSION}.0",
        "datePublished": created_at.date().isoformat(),
        "url": archive.url,
        "license": f"The records are the archive's and its contributors', under its terms: {archive.url}",
        "creator": {"@type": "sc:Organization", "name": archive.name, "url": archive.url},
        "citeAs": f"{title(archive)}. Snapshot {snapshot_id}. {created_at.date().isoformat()}.",
        "distribution": [_file(table, digests[f"{table.name}.parquet"]) for table in TABLES.values()],
        "recordSet": [_records(table) for table in TABLES.values()],
    }


def _file(table: Table, digest: str) -> dict[str, Any]:
    name = f"{table.name}.parquet"
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": table.description,
        "contentUrl": name,
        "encodingFormat": "application/x-parquet",
        "sha256": digest,
    }


def _records(table: Table) -> dict[str, Any]:
    keys = [{"@id": f"{table.name}/{name}"} for name in table.key]
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.description,
        "key": keys[0] if len(keys) == 1 else keys,
        "field": [_field(table, column) for column in table.columns],
    }


def _field(table: Table, column: Column) -> dict[str, Any]:
    # Readers join what a field refers to, and then give rows in which it is absent more than once.
    keys = () if column.nullable else table.foreign_keys
    referred = next((key for key in keys if key.columns == (column.name,)), None)
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": f"{column.description} Source: {column.source}.",
        "dataType": _TYPES[column.type],
        **({"repeated": True} if column.type == "strings" else {}),
        **({"references": {"field": {"@id": f"{referred.table}/{referred.reference[0]}"}}} if referred else {}),
        "source": {"fileObject": {"@id": f"{table.name}.parquet"}, "extract": {"column": column.name}},
    }
