"""The exceptions that reading a warehouse raises. Each message is one line to act on, without passwords."""

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_USER = re.compile(r"(?<=://)(?:[^/\s?#@:]*:\S*|[^/\s?#]+)@")
"""User and password in front of a host. A password may hold a slash that is not encoded: where a URL has a colon and an
at sign behind it, all between is taken for a password, even if it was a port and a path."""


def without_password(text: str) -> str:
    """The text with user names and passwords removed from its URLs."""
    return _USER.sub("***@", text)


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


class WarehouseError(WcdaError):
    """The warehouse cannot be written or read."""


def short_traceback(function: Callable[P, T]) -> Callable[P, T]:
    """Let the traceback of a mistake end where the function is called, as its message says all; others stay whole."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except WcdaError as error:
            raise error.with_traceback(None)  # noqa: B904 (the same error, with its cause)

    return call
