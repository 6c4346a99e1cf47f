"""Options that several commands have, each stated once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from warehouse.folder import FEWEST_KEPT

DEFAULT_WAREHOUSE = Path("warehouse/data")

WarehouseOption = Annotated[
    Path | None,
    typer.Option(
        "--warehouse",
        help="Folder of the tables.",
        show_default=str(DEFAULT_WAREHOUSE),
    ),
]
SnapshotOption = Annotated[
    str | None, typer.Option("--snapshot", metavar="ID", help="Id of a snapshot; default: the current.")
]
JsonOption = Annotated[bool, typer.Option("--json/--no-json", help="Print one JSON object, for a machine.")]
CatalogOption = Annotated[Path | None, typer.Option("--catalog", help="TOML file that names the collections.")]
ArchiveOption = Annotated[
    str | None,
    typer.Option("--archive", help="Address of the site, if not the catalog's."),
]
ContactOption = Annotated[
    str | None,
    typer.Option("--contact", help="E-mail or web address that the site is told to write to."),
]
CollectionsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[COLLECTION]...", help="Only these collections.")
]
SourceOption = Annotated[
    str,
    typer.Option(
        "--from", help="site, wayback, samples, or a path: saved pages, WARC, WACZ, a tarball, a folder of them."
    ),
]
WaybackOption = Annotated[
    str | None,
    typer.Option("--wayback", help="Address of the web archive, if not the catalog's."),
]
CapturesOption = Annotated[
    Literal["earliest", "latest", "all"],
    typer.Option("--captures", help="Of each page, from the web archive."),
]
AcceptLossOption = Annotated[
    bool, typer.Option("--accept-loss", help="Publish though much of a collection has left at once.")
]
DirectOption = Annotated[bool, typer.Option("--direct/--no-direct", help="Run without Prefect.")]
KeepOption = Annotated[
    int,
    typer.Option("--keep", min=FEWEST_KEPT, help="How many snapshots are kept; older ones are deleted."),
]
