"""The one tree of exceptions, on those of `wcda.errors`. Each message is one line that a person can act on."""

from wcda.errors import UsageError, WarehouseError, WcdaError

__all__ = [
    "CheckError",
    "FetchError",
    "RawZoneError",
    "SiteStoppedError",
    "SourceError",
    "UsageError",
    "WarehouseError",
    "WarehouseLockedError",
    "WcdaError",
]


class SourceError(WcdaError):
    """A source gave nothing that can be read."""


class FetchError(SourceError):
    """A page could not be had, though it was asked for as often as is polite."""


class SiteStoppedError(SourceError):
    """The site must not or cannot be asked any more in this run."""


class RawZoneError(WcdaError):
    """A segment of the raw zone is not what it was when it was finished."""


class WarehouseLockedError(WarehouseError):
    """Another run is writing to the warehouse."""


class CheckError(WarehouseError):
    """Tables break a rule that their schema states.

    Attributes:
        problems: One line for each broken rule.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
