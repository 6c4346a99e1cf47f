"""What a harvest is asked for, stated once.

The options of the command line, the parameters of the flow and the reference of settings are made from the fields of
`HarvestRequest`. Nothing heavy is imported before it is needed: `wcda --help` must be quick.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

from extractors.sources import DOCUMENT_DAYS, FILE_MEBIBYTES, CaptureChoice, Choice, SourceRequest
from extractors.sources.registry import SOURCES, open_source
from extractors.wilson_center import SAMPLES_CATALOG
from schemas.errors import UsageError
from warehouse.folder import KEPT_SNAPSHOTS, MIN_KEPT

if TYPE_CHECKING:
    from extractors.sources import Source
    from extractors.wilson_center.catalog import Catalog


@dataclass(frozen=True, slots=True)
class About:
    """What a field of a request is, for people.

    Attributes:
        help: One sentence, shown wherever the field can be set.
        option: Its option on the command line, where that is not the field's name.
        minimum: The least that a number can be.
        maximum: The most, likewise.
    """

    help: str
    option: str | None = None
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class HarvestRequest:
    """What a person asked for. Each field says what it is."""

    source: Annotated[
        str, About("site, wayback, samples, or a path: saved pages, WARC, WACZ, a tarball, a folder of them.", "--from")
    ]
    warehouse: Annotated[Path, About("Folder of the tables.")]
    catalog: Annotated[
        Path | None, About("TOML file that names the collections; without it, the whole archive is one.")
    ] = None
    collections: Annotated[
        tuple[str, ...], About("Only these collections, by id or name; none for all of the catalog.")
    ] = ()
    archive: Annotated[str | None, About("URL of the site, if not the catalog's.")] = None
    wayback: Annotated[str | None, About("URL of the web archive, if not the catalog's.")] = None
    contact: Annotated[str | None, About("Contact e-mail or URL sent in the User-Agent, if not the catalog's.")] = None
    since: Annotated[dt.date | None, About("Only captures that others made on or after this day.")] = None
    until: Annotated[dt.date | None, About("Only captures that others made up to this day.")] = None
    captures: Annotated[CaptureChoice, About("Which captures of each page, from the web archive.")] = "latest"
    documents: Annotated[
        bool, About("Ask the site for the pages of documents too, after the listings.", "--documents/--no-documents")
    ] = False
    document_days: Annotated[int, About("Days after which the page of a document is asked for again.", minimum=1)] = (
        DOCUMENT_DAYS
    )
    files: Annotated[
        bool,
        About("Fetch the files of documents, such as scans, into the raw zone too, each once.", "--files/--no-files"),
    ] = False
    file_mebibytes: Annotated[int, About("The most MiB that a file may have.", minimum=1, maximum=60)] = FILE_MEBIBYTES
    accept_loss: Annotated[bool, About("Publish even if over 5 % of a collection disappeared.")] = False
    keep: Annotated[int, About("How many snapshots are kept; older ones are deleted.", minimum=MIN_KEPT)] = (
        KEPT_SNAPSHOTS
    )

    def read_catalog(self) -> "tuple[str | None, Catalog]":
        """The text and content of the catalog, as the request has it; the samples have one of their own.

        Raises:
            UsageError: As `read_catalog`.
        """
        own = SAMPLES_CATALOG if self.source == "samples" else None
        return read_catalog(self.catalog or own, self.archive, self.contact, self.wayback)

    def collection_ids(self, catalog: "Catalog") -> tuple[str, ...]:
        """The ids of the collections that are asked for, which a person can name.

        Raises:
            UsageError: Several collections of the catalog have the name.
        """
        from extractors.wilson_center.result_sets import collection_ids  # imports pydantic, which is slow

        return collection_ids(catalog, self.collections)

    def open_source(self, catalog: "Catalog") -> "Source":
        """The source that is asked for; nothing is asked or read yet.

        Raises:
            UsageError: A collection that was asked for cannot be had from it.
        """
        wanted = self.collection_ids(catalog)
        choice = Choice(
            self.since,
            self.until,
            self.captures,
            wanted,
            self.documents,
            self.document_days,
            self.files,
            self.file_mebibytes,
        )
        return open_source(SourceRequest(self.source, catalog, self.warehouse, choice))

    def with_absolute_paths(self) -> "HarvestRequest":
        """The same request, wherever the process works."""
        return replace(
            self,
            source=self.source if self.source in SOURCES else str(Path(self.source).absolute()),
            warehouse=self.warehouse.absolute(),
            catalog=self.catalog.absolute() if self.catalog else None,
        )

    def check(self) -> None:
        """Find the mistakes in it, before anything slow.

        Raises:
            UsageError: The source, the catalog or a collection is not there, or there is no contact for a site.
            SourceError: The source has no pages.
        """
        self.open_source(self.read_catalog()[1]).check()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field of a request.

    Attributes:
        type: Without `about`.
        default: `None` if it must be given.
    """

    name: str
    type: Any
    default: Any
    about: About
    is_required: bool

    @property
    def option(self) -> str:
        """Its option on the command line."""
        return self.about.option or f"--{self.name.replace('_', '-')}"


def parameters() -> Iterator[Parameter]:
    """The fields of a request."""
    hints = get_type_hints(HarvestRequest, include_extras=True)
    for field in fields(HarvestRequest):
        of_type, about = get_args(hints[field.name])
        is_required = field.default is MISSING
        yield Parameter(field.name, of_type, None if is_required else field.default, about, is_required)


def read_catalog(
    path: Path | None, archive: str | None = None, contact: str | None = None, wayback: str | None = None
) -> "tuple[str | None, Catalog]":
    """The text and content of a catalog; the empty catalog if there is no path.

    Args:
        path: TOML.
        archive: Takes the place of the catalog's site, if it is given.
        contact: Likewise.
        wayback: Likewise, of the web archive.

    Raises:
        UsageError: It cannot be opened or read, or the site, contact or web archive is none.
    """
    from extractors.wilson_center.catalog import override, parse_catalog  # imports pydantic, which is slow

    text = _read_text(path) if path is not None else None
    catalog = parse_catalog(text or "", str(path))
    return text, override(catalog, archive, contact, wayback)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"catalog {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"catalog {path}: not UTF-8 text") from error
