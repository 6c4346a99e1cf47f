"""Finding a document by whatever name it has or had."""

from wcda.errors import UsageError
from wcda.snapshots import Snapshot

MIN_BEGINNING = 4
"""Characters of an id that may stand for the whole of it."""
MAX_NAMED = 5


def find_document(snapshot: Snapshot, name: str) -> str:
    """The present id of a document, by its id or the beginning of it, a former id, a URL or a natural key.

    Raises:
        UsageError: No document, or several, have it.
    """
    ids = snapshot.read("documents", ["document_id"])["document_id"].to_pylist()
    if name in ids:
        return name  # after a split the former id is also that of a part
    keys = snapshot.read("document_keys").to_pandas()
    wanted = {name, f"id:{name}", f"address:{name}"}
    found = sorted(set(keys.loc[keys["key"].isin(wanted), "document_id"]))
    if not found and len(name) >= MIN_BEGINNING:
        found = sorted(each for each in ids if each.startswith(name))
        if len(found) > 1:
            raise UsageError(f"{name}: {len(found)} ids begin so: {', '.join(found[:MAX_NAMED])}; give more of the id")
    if not found:
        raise UsageError(f"{name}: no document has this id, URL or key")
    if len(found) > 1:
        raise UsageError(f"{name}: several documents were made of it: {', '.join(found)}")
    return str(found[0])
