"""The catalog: where the archive is, how gently to ask it, which collections there are, and what belongs to them.

A TOML file that a person writes, or `wcda discover`.
"""

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from extractors.wilson_center import ARCHIVE_URL
from extractors.wilson_center.urls import (
    FACET_KINDS,
    ListingUrl,
    listing_url,
    read_facet,
    read_listing_url,
)
from schemas.errors import UsageError
from schemas.plain_words import plain_words
from schemas.records import Collection
from wcda.naming import nearest

_SITE = re.compile(r"https?://(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_NEAR = 0.75  # of a kind that is a slip: `topic` for `topics`
_INTERNET_ARCHIVE = "https://web.archive.org"
# Printable ASCII without what would end or escape the comment of a User-Agent (RFC 9110, 5.6.5).
_CONTACT_LETTERS = r"[!-'*-\[\]-~]"
_CONTACT = re.compile(rf"https?://{_CONTACT_LETTERS}+|{_CONTACT_LETTERS}+@{_CONTACT_LETTERS}+")


def _site(value: str) -> str:
    """The URL of a site without the slash behind it, in small letters."""
    site = value.lower().removesuffix("/")
    if _SITE.fullmatch(site) is None:
        raise ValueError(
            f"{value!r} is not an http:// or https:// URL of a host, with a port if needed, and nothing after it"
        )
    _ = urlsplit(site).port  # beyond 65535 is an error
    return site


def _address(value: str) -> str:
    """A URL that others are built upon: a site and a path, without the slash behind it."""
    start = value.removesuffix("/")
    parts = start.split("/", 3)
    path = start.removeprefix("/".join(parts[:3]))
    if _PATH.fullmatch(path) is None:
        raise ValueError(f"{value!r} is not the URL of a web archive, such as {_INTERNET_ARCHIVE}/web")
    return _site("/".join(parts[:3])) + path


def _contact(value: str) -> str:
    if _CONTACT.fullmatch(value) is None:
        raise ValueError(f"{value!r} is not an e-mail address or http URL in ASCII without blanks and parentheses")
    return value


def _facet(value: str) -> str:
    kind, term = read_facet(value)
    if kind not in FACET_KINDS and (near := get_close_matches(kind, FACET_KINDS, 1, _NEAR)):
        raise ValueError(f"{value!r}: the site has no facets of the kind {kind!r}; did you mean '{near[0]}:{term}'?")
    return f"{kind}:{term}"


def _single_blanks(value: str) -> str:
    return " ".join(value.split())


_Name = Annotated[str, Field(min_length=1)]
_Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    """Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Archive(_Strict):
    """Where the archive is.

    Attributes:
        url: Scheme and host, with a port if need be; no slash at its end.
    """

    url: Annotated[str, AfterValidator(_site)] = ARCHIVE_URL


class Politeness(_Strict):
    """How gently the site is asked.

    Attributes:
        requests_per_second: Infinite for no delay at all.
        workers: Requests that are under way at once.
        contact: E-mail or URL for the User-Agent.
        timeout_seconds: How long to wait for an answer.
        attempts: Times that a page is asked for before it counts as failed.
        backoff_seconds: First wait after a failure; it doubles each time.
        longest_wait_seconds: A site that asks for a longer pause ends the run.
    """

    requests_per_second: Annotated[float, Field(strict=True, gt=0)] = 1.0
    workers: Annotated[int, Field(strict=True, ge=1, le=64)] = 4
    contact: Annotated[str, AfterValidator(_contact)] | None = None
    timeout_seconds: _Seconds = 30.0
    attempts: Annotated[int, Field(strict=True, ge=1, le=10)] = 5
    backoff_seconds: _Seconds = 1.0
    longest_wait_seconds: _Seconds = 600.0


class Wayback(_Strict):
    """The web archive that has captures of the archive, and how gently it is asked.

    The rates are those that the Internet Archive agreed with the makers of the package `wayback`; all else, such as how
    long to wait, is as politeness says.

    Attributes:
        url: What comes before the timestamp in the URL of a capture; no slash at its end.
        cdx_url: Where its index is asked; `None` for the usual place.
        pages_per_second: Captures; infinite for no delay at all.
        queries_per_second: Of the index, likewise.
    """

    url: Annotated[str, AfterValidator(_address)] = f"{_INTERNET_ARCHIVE}/web"
    cdx_url: Annotated[str, AfterValidator(_address)] | None = None
    pages_per_second: Annotated[float, Field(strict=True, gt=0)] = 8.0
    queries_per_second: Annotated[float, Field(strict=True, gt=0)] = 0.4

    @property
    def index_url(self) -> str:
        """Where the index is asked: as `cdx_url` says, else where the Internet Archive has it, or pywb."""
        if self.cdx_url is not None:
            return self.cdx_url
        # The place that the README of its CDX server names; pywb's manual names the other.
        is_internet_archive = urlsplit(self.url).hostname == urlsplit(_INTERNET_ARCHIVE).hostname
        return f"{_INTERNET_ARCHIVE}/cdx/search/cdx" if is_internet_archive else f"{self.url}/cdx"


class CatalogEntry(_Strict):
    """One `[[collections]]` of the catalog: a result set of the listing, or saved pages under an id.

    Attributes:
        facets: Such as `topics:86494`; all of them are asked for.
        text: What is searched for.
        address: Of the listing, in place of facets and text; what page of it does not matter.
        id: Of a collection of saved pages; that of a result set follows from what is asked for.
        kind: Of a collection of saved pages, if a person knows it.
        count: Documents that the site reported when the entry was written.
        files: Globs of saved pages that belong to the collection, relative to the folder of pages.
    """

    name: _Name | None = None
    facets: Annotated[tuple[Annotated[str, AfterValidator(_facet)], ...], Field(min_length=1)] | None = None
    text: Annotated[str, AfterValidator(_single_blanks), Field(min_length=1)] | None = None
    address: str | None = None
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", max_length=100)] | None = None
    kind: _Name | None = None
    count: Annotated[int, Field(strict=True, ge=0)] | None = None
    files: tuple[_Name, ...] = ()

    @model_validator(mode="after")
    def _is_one_collection(self) -> Self:
        if self.address is not None and (self.facets or self.text):
            raise ValueError("has an address and also facets or text; give one of them")
        listing = self.listing
        if listing is None and self.id is None:
            raise ValueError("needs facets, text or an address, or for saved pages alone an id")
        if listing is not None and (self.id or self.kind):
            raise ValueError(f"id and kind follow from what is asked for ({listing.collection_id!r}); leave them out")
        return self

    @property
    def listing(self) -> ListingUrl | None:
        """What the entry asks the site for; `None` for saved pages alone."""
        if self.address is not None:
            # The catalog decides whether it is on a host of the archive.
            return replace(read_listing_url(self.address, base=self.address), page=0, items_per_page=None)
        if self.facets or self.text:
            return ListingUrl(tuple(sorted({read_facet(facet) for facet in self.facets or ()})), self.text or "")
        return None

    @property
    def collection(self) -> Collection:
        """The collection that the entry describes."""
        listing = self.listing
        if listing is None:
            return Collection(self.id or "", self.kind or "unknown", self.name)
        return listed_collection(listing, self.name)


def listed_collection(listing: ListingUrl, name: str | None = None) -> Collection:
    """The collection that a URL of the listing asks for."""
    return Collection(listing.collection_id, listing.kind, name, listing.query, listing_url(listing, 0, None))


class Catalog(_Strict):
    """A whole catalog; without collections, it names none."""

    archive: Archive = Archive()
    politeness: Politeness = Politeness()
    wayback: Wayback = Wayback()
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
        UsageError: It is no TOML, has an unknown key or a wrong value, a URL that is none of the archive's
            listing, or one collection twice.
    """
    try:
        catalog = Catalog.model_validate(_parse_toml(text))
        _check_hosts(catalog)
        _check_ids(catalog.collections)
    except ValidationError as error:
        raise UsageError(f"catalog {name}: {_first_problem(error)}") from error
    except ValueError as error:
        raise UsageError(f"catalog {name}: {error}") from error
    return catalog


def override(catalog: Catalog, archive: str | None, contact: str | None, wayback: str | None = None) -> Catalog:
    """The catalog with another site, contact or web archive; `None` leaves each as it is.

    The index of another web archive is where that has it usually.

    Raises:
        UsageError: One of them is none.
    """
    values = catalog.model_dump(exclude={"collections"})
    if archive is not None:
        values["archive"]["url"] = archive
    if contact is not None:
        values["politeness"]["contact"] = contact
    if wayback is not None:
        values["wayback"] |= {"url": wayback, "cdx_url": None}
    try:
        settings = Catalog.model_validate(values)
    except ValidationError as error:
        raise UsageError(_first_problem(error)) from error
    return settings.model_copy(update={"collections": catalog.collections})


def write_catalog(catalog: Catalog) -> str:
    """The catalog as TOML that `parse_catalog` reads, without what is a matter of course.

    Collections come by kind, name and id, so that the same ones give the same text; before them, as they are, those
    with files, since the first glob that a file matches is the one that counts.
    """
    sections = [
        _section("[archive]", catalog.archive),
        _section("[politeness]", catalog.politeness),
        _section("[wayback]", catalog.wayback),
        *(_section("[[collections]]", entry) for entry in sorted(catalog.collections, key=_place)),
    ]
    return "\n".join(filter(None, sections))


def _parse_toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # beside wrong TOML: a number or a nesting beyond any measure
        raise ValueError(f"not TOML: {error}") from error


def _check_hosts(catalog: Catalog) -> None:
    for number, entry in enumerate(catalog.collections, 1):
        if entry.address is not None:
            try:
                read_listing_url(entry.address, base=catalog.archive.url)
            except ValueError as error:
                raise ValueError(f"collections.{number}.address: {error}") from error


def _check_ids(entries: Iterable[CatalogEntry]) -> None:
    numbers: dict[str, int] = {}
    for number, entry in enumerate(entries, 1):
        key = entry.collection.collection_id
        first = numbers.setdefault(key, number)
        if first != number:
            raise ValueError(f"the id {key!r} is used more than once, for collections.{first} and collections.{number}")


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key {place!r}{_near_key(problem['loc'])}"
    message = plain_words(problem["msg"])
    return f"{place}: {message[0].lower()}{message[1:]}"


def _near_key(place: tuple[int | str, ...]) -> str:
    """What a message on an unknown key ends with: a near one of its table, or the table that has such a key."""
    table, key = str(place[0]) if len(place) > 1 else None, str(place[-1])
    keys: dict[str | None, type[BaseModel]] = {
        None: Catalog,
        "archive": Archive,
        "politeness": Politeness,
        "wayback": Wayback,
        "collections": CatalogEntry,
    }
    own = list(keys[table].model_fields) if table in keys else []
    if near := nearest(key, own):
        return near
    elsewhere = [f"[{name}]" for name, model in keys.items() if name and name != table and key in model.model_fields]
    if elsewhere:
        return f"; it belongs below {elsewhere[0].replace('[collections]', '[[collections]]')}"
    return f"; known here: {', '.join(own)}"


def _place(entry: CatalogEntry) -> tuple[str, ...]:
    if entry.files:
        return ()
    collection = entry.collection
    return collection.kind, entry.name or "", collection.collection_id


def _section(header: str, values: BaseModel) -> str:
    """A table of TOML with what differs from the defaults; empty if nothing does."""
    lines = [f"{key} = {_toml(value)}\n" for key, value in values.model_dump(exclude_defaults=True).items()]
    return "".join([f"{header}\n", *lines]) if lines else ""


def _toml(value: str | float | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        # JSON's string is TOML's basic string, but for the one control character that JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
