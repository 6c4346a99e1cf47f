"""The catalog: which collections there are, and what belongs to them. A TOML file that a person writes."""

import tomllib
from collections import Counter
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import UsageError
from schemas.records import Collection


class _Strict(BaseModel):
    """Unknown keys are mistakes, and are said to be."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class CatalogEntry(_Strict):
    """One `[[collections]]` of the catalog.

    Attributes:
        id: Id of the collection, as it will stand in the tables.
        kind: Kind of facet, if a person knows it.
        files: Globs of saved pages that belong to the collection, relative to the folder of pages.
    """

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", max_length=100)]
    name: Annotated[str, Field(min_length=1)] | None = None
    kind: Annotated[str, Field(min_length=1)] = "unknown"
    files: tuple[Annotated[str, Field(min_length=1)], ...] = ()

    @property
    def collection(self) -> Collection:
        """The collection that the entry describes."""
        return Collection(collection_id=self.id, kind=self.kind, name=self.name)


class Catalog(_Strict):
    """All entries of a catalog."""

    collections: tuple[CatalogEntry, ...] = ()

    def collection_of(self, file: str) -> Collection | None:
        """The first collection with a glob that the file's name, relative to its folder, matches."""
        for entry in self.collections:
            if any(fnmatchcase(file, pattern) for pattern in entry.files):
                return entry.collection
        return None


def parse_catalog(text: str, name: str) -> Catalog:
    """Read a catalog.

    Args:
        text: TOML.
        name: What to call the catalog in messages.

    Raises:
        UsageError: It is no TOML, has an unknown key or a wrong value, or an id twice.
    """
    try:
        catalog = Catalog.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"catalog {name}: not TOML: {error}") from error
    except ValidationError as error:
        raise UsageError(f"catalog {name}: {_first_problem(error)}") from error
    repeated = [key for key, count in Counter(entry.id for entry in catalog.collections).items() if count > 1]
    if repeated:
        raise UsageError(f"catalog {name}: the id {repeated[0]!r} stands more than once")
    return catalog


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key {place!r}"
    return f"{place}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
