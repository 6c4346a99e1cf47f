"""The one tree of exceptions. Each message is one line that a person can act on."""


class WcdaError(Exception):
    """Something that stops a command; the message is shown as it is, without a traceback.

    Attributes:
        exit_code: What the command line returns: 1 (failed) or 2 (asked for something impossible).
    """

    exit_code = 1


class UsageError(WcdaError):
    """An option, a path or a catalog that cannot be meant as it was given."""

    exit_code = 2


class SourceError(WcdaError):
    """A source gave nothing that can be read."""


class FetchError(SourceError):
    """A page could not be had, though it was asked for as often as is polite."""


class SiteStoppedError(SourceError):
    """The site must not or cannot be asked any more in this run."""


class RawZoneError(WcdaError):
    """A segment of the raw zone is not what it was when it was finished."""


class WarehouseError(WcdaError):
    """The warehouse cannot be written or read."""


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
