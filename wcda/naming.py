"""What a person may call a thing: its id or its name, in any case; and which known name is near to a mistaken one."""

import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from wcda.errors import UsageError

MAX_NAMED = 5
"""Ids that a message names."""

_MAX_NEAR = 3
_MIN_PART = 4  # characters of a name that say which one is meant


def plain(name: str) -> str:
    """A name without what people write in different ways: case, white space, composed letters."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def match_named(wanted: str, names: Mapping[str, str | None]) -> list[str]:
    """The ids that a person can mean: the one that is written so, else those with this id or name in any case.

    Args:
        wanted: An id or a name.
        names: Names by id; `None` for a thing without a name.
    """
    if wanted in names:
        return [wanted]
    exact = [each for each, name in names.items() if name == wanted]
    if len(exact) == 1:
        return exact
    meant = plain(wanted)
    return [each for each, name in names.items() if meant in {plain(each), plain(name or "")}] if meant else []


def find_named(wanted: str, names: Mapping[str, str | None], lack: str) -> str:
    """The one id that a person means.

    Args:
        wanted: An id or a name.
        names: Names by id.
        lack: What to say if there is none, such as "there is no such collection".

    Raises:
        UsageError: Nothing has the name, or several have it.
    """
    found = match_named(wanted, names)
    if not found:
        raise UsageError(f"{wanted}: {lack}{suggestion(wanted, names)}")
    if len(found) > 1:
        ids = ", ".join(found[:MAX_NAMED])
        raise UsageError(f"{wanted}: {len(found)} have this name; give the id of one: {ids}")
    return found[0]


def suggestion(wanted: str, names: Mapping[str, str | None]) -> str:
    """What a message on an unknown name ends with: near ones; empty if none is near."""
    by_form: dict[str, str] = {}
    for each, name in names.items():
        shown = f"'{name}' ({each})" if name and name != each else f"'{each}'"
        for form in (each, name):
            by_form.setdefault(plain(form or ""), shown)
    near = list(dict.fromkeys(by_form[form] for form in _near(plain(wanted), by_form)))
    return f"; did you mean {' or '.join(near[:_MAX_NEAR])}?" if near else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """What a message on an unknown word ends with: the nearest known one; empty if none is near."""
    return suggestion(word, dict.fromkeys(known)) if word else ""


def _near(wanted: str, forms: Iterable[str]) -> list[str]:
    every = list(forms)
    parts = [form for form in every if len(wanted) >= _MIN_PART and wanted in form]
    return [*get_close_matches(wanted, every, _MAX_NEAR, 0.6), *parts]
