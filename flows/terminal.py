"""Text from outside on a terminal: it is data, and nothing in it is obeyed."""

import io
import os
import re
import sys
from pathlib import Path

_TEMPORARY = re.compile(r"[.](?:wcda-)?part$|[.]part[.-]|^[.].+[.]tmp$")  # as every writer of ours calls them

# Control characters but line feed and tab, marks that turn the direction of text, halves of surrogate pairs.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """The text with each character that a terminal would obey as an escape, as JSON has it."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def lasting_path(path: str | bytes | int) -> str:
    """A path for a message: of a temporary file, the folder that lasts, in which somebody can do something."""
    place = Path(os.fsdecode(path)) if isinstance(path, str | bytes) else Path(str(path))
    parts = place.parts
    temporary = next((number for number, part in enumerate(parts) if _TEMPORARY.search(part)), None)
    return str(place if temporary is None else Path(*parts[:temporary]))


def replace_what_cannot_be_written() -> None:
    """Let a letter that the encoding of the output lacks be an escape, and no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
