"""The exceptions that reading a warehouse raises. Each message is one line that a person can act on."""


class WcdaError(Exception):
    """Something that stops a command; the message is shown as it is, without a traceback.

    Attributes:
        exit_code: What the command line returns: 1 (failed) or 2 (asked for something impossible).
    """

    exit_code = 1


class UsageError(WcdaError):
    """An option, a path or a catalog that cannot be meant as it was given."""

    exit_code = 2


class WarehouseError(WcdaError):
    """The warehouse cannot be written or read."""
