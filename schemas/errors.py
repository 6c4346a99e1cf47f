"""The one tree of exceptions, on those of `wcda.errors`. Each message is one line that a person can act on."""

from collections.abc import Callable

from wcda.errors import UsageError, WarehouseError, WcdaError, without_password

__all__ = [
    "CheckError",
    "FetchError",
    "RawZoneError",
    "RequestError",
    "SiteStoppedError",
    "SourceError",
    "TransientFetchError",
    "UsageError",
    "WarehouseError",
    "WarehouseLockedError",
    "WcdaError",
    "without_password",
]


class SourceError(WcdaError):
    """A source gave nothing that can be read."""


class RequestError(SourceError):
    """What was asked for over the network did not come.

    Attributes:
        url: What was asked for last, without user and password; `None` if the error is not about one URL.
        status: HTTP status of the last response; `None` if none came.
        attempts: How often it was asked for.
        retry_after: Seconds that the site asked us to wait; `None` if it named none.
        is_archived: Whether a web archive played an error that it had captured.
    """

    def __init__(
        self,
        message: str,
        *,
        url: str | None = None,
        status: int | None = None,
        attempts: int = 1,
        retry_after: float | None = None,
        is_archived: bool = False,
    ) -> None:
        super().__init__(message)
        self.is_archived = is_archived
        self.url = None if url is None else without_password(url)
        self.status = status
        self.attempts = attempts
        self.retry_after = retry_after


class FetchError(RequestError):
    """A page could not be had, though it was asked for as often as is polite."""


class TransientFetchError(FetchError):
    """A request failed in a way that another try may change; the message is the reason, in a few words."""


class SiteStoppedError(RequestError):
    """The site must not or cannot be asked any more in this run."""


class RawZoneError(WcdaError):
    """A segment of the raw zone is not what it was when it was finished.

    Attributes:
        segment: Name of the segment's file; `None` if the error is not about one segment.
        offset: Bytes before the record that cannot be read; `None` if the error is not about one record.
    """

    def __init__(self, message: str, *, segment: str | None = None, offset: int | None = None) -> None:
        super().__init__(message)
        self.segment = segment
        self.offset = offset


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

    def __reduce__(self) -> tuple[Callable[[list[str]], "CheckError"], tuple[list[str]]]:
        return CheckError, (self.problems,)
