"""The one tree of exceptions. Each message is one line that a person can act on, without passwords."""

import re
from collections.abc import Callable


def without_password(text: str) -> str:
    """A text whose URLs tell no user and no password."""
    return re.sub(r"(?<=://)[^/\s?#]+@", "***@", text)


class WcdaError(Exception):
    """Something that stops a command; the message is shown as it is, without a traceback.

    Attributes:
        exit_code: What the command line returns: 1 (failed) or 2 (asked for something impossible).
    """

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(without_password(" ".join(message.splitlines())))


class UsageError(WcdaError):
    """An option, a path or a catalog that cannot be meant as it was given."""

    exit_code = 2


class SourceError(WcdaError):
    """A source gave nothing that can be read."""


class FetchError(SourceError):
    """A page could not be had, though it was asked for as often as is polite.

    Attributes:
        url: What was asked for, without user and password; `None` if the error is not about one URL.
        status: HTTP status of the last response; `None` if none came.
        attempts: How often it was asked for.
        retry_after: Seconds that the site asked us to wait; `None` if it named none.
    """

    def __init__(
        self,
        message: str,
        *,
        url: str | None = None,
        status: int | None = None,
        attempts: int = 1,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.url = None if url is None else without_password(url)
        self.status = status
        self.attempts = attempts
        self.retry_after = retry_after


class TransientFetchError(FetchError):
    """A request failed in a way that another try may change; the message is the reason, in a few words."""


class SiteStoppedError(SourceError):
    """The site must not or cannot be asked any more in this run."""


class RawZoneError(WcdaError):
    """A segment of the raw zone is not what it was when it was finished.

    Attributes:
        segment: Name of the segment's file; `None` if the error is not about one segment.
    """

    def __init__(self, message: str, *, segment: str | None = None) -> None:
        super().__init__(message)
        self.segment = segment


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

    def __reduce__(self) -> tuple[Callable[[list[str]], "CheckError"], tuple[list[str]]]:
        return CheckError, (self.problems,)
