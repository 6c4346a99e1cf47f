"""The documents as the page's script reads them: columns as JSON, packed so that 17,000 of them are a small file."""

import base64
import json
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
from isal import igzip

from warehouse.products.report.figures import collection_names

_SHOWN = ["title", "date_text", "summary", "url"]


def pack_documents(tables: Mapping[str, pa.Table]) -> str:
    """What the searchable table shows, as base64 of gzip of JSON: it can hold anything, and is no markup.

    Columns have a value for each document, in the order of the table `documents`: title, date_text, summary, url, and
    listed, the places of its collections in `collections`, which are their names. `dated` is how many documents, the
    first, have a date to sort by.
    """
    listed, names = _listed(tables)
    dated = tables["documents"].num_rows - tables["documents"]["date_start"].null_count
    return _pack(listed, {"dated": dated, "collections": names})


def _listed(tables: Mapping[str, pa.Table]) -> tuple[pa.Table, list[str]]:
    """What is shown of each document, and the names of the collections, by name."""
    names = sorted(collection_names(tables["collections"]).items(), key=lambda pair: (pair[1].casefold(), pair))
    ids = pa.array([collection_id for collection_id, _ in names], pa.string())
    members, documents = tables["memberships"], tables["documents"]
    places = pa.table(
        {
            "document_id": members["document_id"],
            "listed": pc.index_in(members["collection_id"], value_set=ids),
        }
    ).sort_by("listed")
    of_each = places.group_by("document_id", use_threads=False).aggregate([("listed", "list")])
    row = pc.index_in(documents["document_id"], value_set=of_each["document_id"])
    shown = documents.select(_SHOWN).append_column("listed", of_each["listed_list"].take(row))
    return shown, [name for _, name in names]


def _pack(listed: pa.Table, rest: dict[str, object]) -> str:

    columns = {name: listed[name].to_pylist() for name in listed.column_names}
    columns["listed"] = [places or [] for places in columns["listed"]]
    text = json.dumps({**columns, **rest}, separators=(",", ":"))
    return base64.b64encode(igzip.compress(text.encode(), mtime=0)).decode()
