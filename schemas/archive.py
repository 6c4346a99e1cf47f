"""What rooms that know no archive are handed of the one that they serve."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive.

    Attributes:
        name: As people write it.
        url: Of its home page.
    """

    name: str
    url: str
