"""What tests of live harvests share: a catalog for a replica, and what is published beside what the replica holds."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from extractors.wilson_center.catalog import Catalog, CatalogEntry, write_catalog
from tests.replica import Collection, ReplicaSite, Truth

QUICK: dict[str, Any] = {
    "requests_per_second": float("inf"),
    "workers": 16,
    "contact": "tests@example.org",
    "timeout_seconds": 1.0,
    "attempts": 3,
    "backoff_seconds": 0.01,
}
EVERYTHING = CatalogEntry(address="/search")


def entry_of(collection: Collection) -> CatalogEntry:
    """The catalog entry of a collection of the replica."""
    if collection.kind == "text":
        return CatalogEntry(name=collection.name, text=collection.id)
    return CatalogEntry(name=collection.name, facets=(f"{collection.kind}:{collection.id}",))


def write_catalog_for(
    site: ReplicaSite, path: Path, collections: Iterable[Collection] | None = None, **politeness: Any
) -> Path:
    """A catalog with the whole archive and collections of the replica; all of them unless told."""
    chosen = site.truth.collections if collections is None else collections
    catalog = Catalog.model_validate(
        {
            "archive": {"url": site.url},
            "politeness": {**QUICK, **politeness},
            "collections": [EVERYTHING, *map(entry_of, chosen)],
        }
    )
    path.write_text(write_catalog(catalog), encoding="utf-8")
    return path


def frame(warehouse: Path, table: str) -> pd.DataFrame:
    """A published table, with null as None."""
    read = pd.read_parquet(warehouse / "current" / f"{table}.parquet")
    return read.astype(object).where(read.notna(), None)


def published_documents(warehouse: Path) -> set[tuple[object, ...]]:
    """Address, date, title and summary of each document."""
    return set(
        frame(warehouse, "documents")[["url", "date_text", "title", "summary"]].itertuples(index=False, name=None)
    )


def published_memberships(warehouse: Path) -> dict[str, list[tuple[object, object]]]:
    """Rank and address of each document of each collection."""
    documents = frame(warehouse, "documents")[["document_id", "url"]]
    memberships = frame(warehouse, "memberships").merge(documents, on="document_id")
    return {
        str(name): sorted(zip(rows["rank"], rows["url"], strict=True))
        for name, rows in memberships.groupby("collection_id")
    }


def true_documents(truth: Truth) -> set[tuple[object, ...]]:
    """What `published_documents` must be."""
    return {(canonical(one.address), one.date_text, one.title, one.summary) for one in truth.documents}


def true_memberships(
    truth: Truth, collections: Iterable[Collection] | None = None
) -> dict[str, list[tuple[object, object]]]:
    """What `published_memberships` must be."""
    chosen = truth.collections if collections is None else collections
    listed = {entry_of(one).collection.collection_id: one.addresses for one in chosen}
    listed["all"] = tuple(one.address for one in truth.documents)
    return {
        name: [(rank, canonical(address)) for rank, address in enumerate(addresses, 1)]
        for name, addresses in listed.items()
        if addresses
    }


def canonical(address: str) -> str:
    """The canonical address of a document of the replica."""
    return "https://digitalarchive.wilsoncenter.org/document/" + quote(address.removeprefix("/document/"), safe="")
