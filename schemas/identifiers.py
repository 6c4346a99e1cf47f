"""Stable ids and digests: the same content gives the same one, in any order and on any machine."""

import hashlib
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote, unquote

from schemas.files import open_file

_FILE = "urn:wcda:file:"


def stable_id(*parts: str | None) -> str:
    """16 hexadecimal digits (64 bits) of BLAKE2b over the parts; `None` and the empty string differ.

    With 1,000,000 ids the chance that any two meet is 3 in 100 million; the key check before publishing would find it.
    """
    framed = bytearray()
    for part in parts:
        if part is None:
            framed += b"-1:"
        else:
            data = part.encode("utf-8", "surrogatepass")
            framed += b"%d:" % len(data)  # led by its length, so that parts cannot run together
            framed += data
    return blake2b(framed, digest_size=8).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal, as `sha256sum` prints it."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_url(name: str) -> str:
    """URL of a saved page of which only the file's name is known, relative to its folder."""
    return _FILE + quote(name, errors="surrogateescape")


def page_name(address: str) -> str:
    """A page as a person knows it: by its file's name, or its URL."""
    return unquote(address.removeprefix(_FILE))
