"""The exceptions that reading a warehouse raises. Each message is one line to act on, without passwords."""

import re

# What follows a colon is a password, and no port, unless it is a number up to the path.
_USER_AND_PASSWORD = re.compile(r"(?<=://)(?:[^/\s?#]+|[^/\s?#@:\[]*:(?!\d{1,5}(?:[/?#]|\s|$))\S*)@")


def without_password(text: str) -> str:
    """The text with user names and passwords removed from its URLs, also passwords with a `/`, `?` or `#` in them."""
    return _USER_AND_PASSWORD.sub("***@", text)


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
