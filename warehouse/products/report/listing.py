"""The documents as the page's script reads them: columns as JSON, packed so that 17,000 of them are a small file."""

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.archive import Archive
from warehouse.products.report.figures import collection_names
from wcda.manifest import Manifest
from wcda.overlaps import WHOLE_ARCHIVE_KIND

_COLUMNS = {"document_id": "id"} | {name: name for name in ("title", "date_text", "date_edtf", "summary", "url")}
_TERM_KINDS = ("people", "places", "topics", "languages")
_FIRST_KINDS = ("topics", "people", "places")  # of collections; what most people look for
_KIND_NAMES = {
    "all": "Whole archive",
    "text": "Searches",
    "mixed": "Several facets",
    "collection": "Old collections",
    "old-search": "Old searches",
    "unknown": "Other lists",
}
_ROWS = 1024
_GZIP = 31  # zlib's name for the format


def pack_documents(tables: Mapping[str, pa.Table], manifest: Manifest, archive: Archive) -> str:
    """What the list of documents shows and searches, as base64 of gzip of JSON: it can hold anything, and is no markup.

    Columns have a value for each document, in the order of the table `documents`: id, title, date_text, date_edtf,
    summary, url, source where a document has one, and seen, the day on which its page, or a listing that has it, was
    seen last. `dated` is how many documents, the first, have a date to sort by.
    `groups` are the names that filter, collections by kind and terms by kind: param (`in` or `term`), label, ids,
    names, and rows: of each name, the places of its documents in order, each as the step from the one before.

    Args:
        tables: All of `schemas.tables.TABLES`, by name.
        manifest: The snapshot's.
        archive: Whose tables they are.
    """
    documents = tables["documents"]
    read_at = pc.max(tables["captures"]["captured_at"]).as_py() or manifest.created_at
    about = {"archive": archive.name, "snapshot": manifest.snapshot_id, "read": read_at.strftime("%Y%m%d")}
    listing: dict[str, Any] = {shown: documents[name] for name, shown in _COLUMNS.items()}
    if documents["source"].null_count < documents.num_rows:
        listing["source"] = documents["source"]
    seen = pc.coalesce(documents["page_captured_at"], documents["last_seen_at"])
    if seen.null_count < documents.num_rows:
        listing["seen"] = pc.strftime(seen, "%Y-%m-%d")
    dated = documents.num_rows - documents["date_start"].null_count
    groups = [*_collection_groups(tables), *_term_groups(tables)]
    return _pack({**listing, "dated": dated, "groups": groups, "about": about})


def _collection_groups(tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """Collections by kind: those that most people look for first, the whole archive last."""
    collections = tables["collections"]
    kinds = dict(zip(collections["collection_id"].to_pylist(), collections["kind"].to_pylist(), strict=True))
    names = collection_names(collections)
    found = []
    for kind in sorted({*kinds.values()}, key=_kind_order):
        label = _KIND_NAMES.get(kind, kind.replace("_", " ").capitalize())
        of_kind = {key: name for key, name in names.items() if kinds[key] == kind}
        found.append(_group("in", label, of_kind, tables["memberships"], "collection_id", tables["documents"]))
    return found


def _kind_order(kind: str) -> tuple[int, str]:
    place = _FIRST_KINDS.index(kind) if kind in _FIRST_KINDS else len(_FIRST_KINDS)
    return place + (kind == WHOLE_ARCHIVE_KIND), kind


def _term_groups(tables: Mapping[str, pa.Table]) -> Iterator[dict[str, Any]]:
    """People, places, topics and languages that pages of documents name, whatever their role there."""
    terms = tables["terms"]
    for kind in _TERM_KINDS:
        of_kind = terms.filter(pc.equal(terms["kind"], kind))
        names = pc.coalesce(of_kind["name"], of_kind["term_id"]).to_pylist()
        if names:
            by_id = dict(zip(of_kind["term_id"].to_pylist(), names, strict=True))
            yield _group("term", kind.capitalize(), by_id, tables["document_terms"], "term_id", tables["documents"])


def _group(
    param: str, label: str, names: Mapping[str, str], links: pa.Table, column: str, documents: pa.Table
) -> dict[str, Any]:
    """Names that filter, by name, with the places of their documents.

    Args:
        param: By which a name is asked for in the page's URL.
        label: What the names are.
        names: By id.
        links: Which document has which, be it several times: document_id and `column`.
        column: The column of `links` that has the ids.
        documents: The table.
    """
    ordered = sorted(names.items(), key=lambda pair: (pair[1].casefold(), pair))
    ids = [key for key, _ in ordered]
    value = pc.index_in(links[column], value_set=pa.array(ids, pa.string()))
    row = pc.index_in(links["document_id"], value_set=documents["document_id"].combine_chunks())
    pairs = pa.table({"value": value, "row": row}).drop_null()
    count = documents.num_rows or 1
    places = np.unique(pairs["value"].to_numpy().astype(np.int64) * count + pairs["row"].to_numpy())
    values, rows = places // count, places % count
    parts = np.split(rows, np.searchsorted(values, np.arange(1, len(ids)))) if ids else []
    steps = [np.diff(part, prepend=0).tolist() for part in parts]
    return {"param": param, "label": label, "ids": ids, "names": [name for _, name in ordered], "rows": steps}


def _pack(listing: dict[str, Any]) -> str:
    packer = zlib.compressobj(6, wbits=_GZIP)  # a fifth smaller than isal, for a second more
    packed = b"".join(packer.compress(piece.encode()) for piece in _pieces(listing))
    return base64.b64encode(packed + packer.flush()).decode()


def _pieces(listing: dict[str, Any]) -> Iterator[str]:
    """The listing as JSON, some rows of a column at a time: the texts of a whole column take 10 MiB and more."""
    encode = json.JSONEncoder(separators=(",", ":")).encode
    for place, (name, value) in enumerate(listing.items()):
        yield f"{',' if place else '{'}{encode(name)}:"
        if isinstance(value, pa.ChunkedArray):
            for number, batch in enumerate(value.slice(at, _ROWS) for at in range(0, max(len(value), 1), _ROWS)):
                yield ("," if number else "[") + encode(batch.to_pylist())[1:-1]
            yield "]"
        else:
            yield encode(value)
    yield "}"
