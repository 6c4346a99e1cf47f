"""Finding a document or a collection by whatever name it has or had."""

from wcda.errors import UsageError
from wcda.naming import MAX_NAMED, find_named
from wcda.snapshots import Snapshot

MIN_BEGINNING = 4
"""Characters of an id that may stand for the whole of it."""


def find_document(snapshot: Snapshot, name: str) -> str:
    """The present id of a document, by its id or the beginning of it, a former id, a URL or a natural key.

    Raises:
        UsageError: No document, or several, have it.
    """
    ids = snapshot.read("documents", ["document_id"])["document_id"].to_pylist()
    if name in ids:
        return name  # after a split the former id is also that of a part
    keys = snapshot.read("document_keys", ["key", "document_id"])
    wanted = {
        name,
        f"id:{name}",
        f"address:{name}",
    }  # compared in Python: a name in another encoding is no text to Arrow
    rows = zip(keys["key"].to_pylist(), keys["document_id"].to_pylist(), strict=True)
    found = sorted({document_id for key, document_id in rows if key in wanted})
    if not found and len(name) >= MIN_BEGINNING:
        found = sorted(each for each in ids if each.startswith(name))
        if len(found) > 1:
            raise UsageError(f"{name}: {len(found)} ids begin so: {', '.join(found[:MAX_NAMED])}; give more of the id")
    if not found:
        is_short = name and len(name) < MIN_BEGINNING and any(each.startswith(name) for each in ids)
        advice = f"give at least {MIN_BEGINNING} characters of an id" if is_short else "wcda find looks for words"
        raise UsageError(f"{name}: no document has this id, URL or key; {advice}")
    if len(found) > 1:
        raise UsageError(f"{name}: several documents were made of it: {', '.join(found)}")
    return str(found[0])


def collection_names(snapshot: Snapshot) -> dict[str, str | None]:
    """Names of the collections, by id; `None` for one without a name."""
    rows = snapshot.read("collections", ["collection_id", "name"])
    return dict(zip(rows["collection_id"].to_pylist(), rows["name"].to_pylist(), strict=True))


def find_collection(snapshot: Snapshot, name: str) -> str:
    """The id of a collection, by its id or its name, in any case.

    Raises:
        UsageError: No collection, or several, have it.
    """
    return find_named(name, collection_names(snapshot), "there is no such collection in this snapshot")
