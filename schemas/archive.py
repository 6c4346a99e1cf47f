"""What the rooms that know no archive are told of the one that they serve."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive.

    Attributes:
        name: As people write it.
        url: Of its home page.
        document_slug: The part of a document's URL that names it; `None` for another URL.
        collection_kinds: Kinds of collections that it has.
    """

    name: str
    url: str
    document_slug: Callable[[str], str | None]
    collection_kinds: tuple[str, ...]
