"""Options that several commands have, each stated once; those of a harvest come from `HarvestRequest`."""

import datetime as dt
import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from flows.request import HarvestRequest, Parameter, parameters
from wcda.folder import PublishedFolder

T = TypeVar("T")

_BY_NAME = inspect.Parameter.KEYWORD_ONLY

DEFAULT_WAREHOUSE = Path("warehouse/data")
_SAMPLES_WAREHOUSE = DEFAULT_WAREHOUSE / "samples"
_WAREHOUSES = {"samples": _SAMPLES_WAREHOUSE}  # where a source has one of its own, unless one is named
_DEFAULTS = {"source": "site"}  # of fields that only a person at the command line may leave out
_PARAMETERS = {parameter.name: parameter for parameter in parameters()}


def _option(name: str, **more: Any) -> Any:  # noqa: ANN401 (typer.Option gives it)
    """The option of a field of the request."""
    parameter = _PARAMETERS[name]
    about = parameter.about
    return typer.Option(parameter.option, help=about.help, min=about.minimum, max=about.maximum, **more)


WarehouseOption = Annotated[Path | None, _option("warehouse", show_default=str(DEFAULT_WAREHOUSE))]
ArchiveOption = Annotated[str | None, _option("archive")]
ContactOption = Annotated[str | None, _option("contact")]
AcceptLossOption = Annotated[bool, _option("accept_loss")]
KeepOption = Annotated[int, _option("keep")]
SnapshotOption = Annotated[
    str | None, typer.Option("--snapshot", metavar="ID", help="Id of a snapshot; default: the current.")
]
JsonOption = Annotated[bool, typer.Option("--json/--no-json", help="Print one JSON object, for a machine.")]
DirectOption = Annotated[bool, typer.Option("--direct/--no-direct", help="Run without Prefect.")]


def warehouse_to_read(named: Path | None, *, for_tables: bool) -> tuple[Path, str | None]:
    """The warehouse that a command means, and a line on it where that is not the usual one.

    Where none is named and nothing but the samples was published yet, it is theirs.

    Args:
        named: By the user.
        for_tables: Whether only published tables are read, so that what was merely landed counts for nothing.
    """
    if named is not None:
        return named, None
    usual = PublishedFolder(DEFAULT_WAREHOUSE)
    has_something = usual.has_published if for_tables else usual.is_there
    if not has_something and PublishedFolder(_SAMPLES_WAREHOUSE).is_there:
        return _SAMPLES_WAREHOUSE, f"nothing but the samples was published here yet; this is {_SAMPLES_WAREHOUSE}"
    return DEFAULT_WAREHOUSE, None


def takes_request(*without: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Let a command have an option for each field of a request, in place of its first parameter.

    Args:
        without: Fields that the command has no option for.
    """
    options = [_as_option(parameter) for parameter in _PARAMETERS.values() if parameter.name not in without]

    def decorate(command: Callable[..., T]) -> Callable[..., T]:
        _, *own = [each.replace(kind=_BY_NAME) for each in inspect.signature(command).parameters.values()]

        @wraps(command)
        def call(**values: Any) -> T:  # noqa: ANN401 (what was typed)
            return command(_request(values), **values)

        signature = inspect.Signature([*options, *own])
        call.__dict__["__signature__"] = signature
        call.__annotations__ = {name: each.annotation for name, each in signature.parameters.items()}
        return call

    return decorate


def _as_option(parameter: Parameter) -> inspect.Parameter:
    kind: Any = parameter.type
    default = _DEFAULTS.get(parameter.name, parameter.default)
    if parameter.name == "warehouse":
        annotation: Any = WarehouseOption
    elif kind == tuple[str, ...]:
        annotation = Annotated[
            list[str] | None, typer.Argument(metavar="[COLLECTION]...", help=parameter.about.help, show_default=False)
        ]
        default = None
    elif kind == dt.date | None:
        annotation = Annotated[dt.datetime | None, _option(parameter.name, formats=["%Y-%m-%d"])]
    else:
        annotation = Annotated[kind, _option(parameter.name)]
    return inspect.Parameter(parameter.name, _BY_NAME, default=default, annotation=annotation)


def _request(values: dict[str, Any]) -> HarvestRequest:
    """What was typed, as a request; takes the values of its fields out."""
    given = {name: values.pop(name) for name in _PARAMETERS if name in values}
    for name, value in given.items():
        if isinstance(value, dt.datetime):
            given[name] = value.date()
    given["collections"] = tuple(given["collections"] or ())
    given["warehouse"] = given["warehouse"] or _WAREHOUSES.get(given["source"], DEFAULT_WAREHOUSE)
    return HarvestRequest(**given)
