"""The first files of a person's own: a catalog and settings in which every key is explained."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from typer.core import TyperGroup, TyperOption

from extractors.wilson_center import CATALOG_TEMPLATE
from flows.settings import FILE_NAME, settable_options, variable
from schemas.errors import UsageError
from schemas.files import make_folder

CATALOG_NAME = "catalog.toml"

_HEAD = f"""\
# Settings of wcda: what an option is where it is not typed. Take the "#" away to set one.
# The file is read where it is named, by `wcda --settings-file {FILE_NAME} COMMAND` or by WCDA_SETTINGS_FILE in the
# environment, and in ~/.config/wcda. A key at the top holds for every command that has such an option; one in a table,
# such as [harvest], for that command alone. `wcda status --settings` shows what holds and why.
"""


@dataclass(frozen=True, slots=True)
class SetUp:
    """What was written, and what was there before and stays."""

    written: list[str]
    kept: list[str]


def set_up(folder: Path, group: TyperGroup, contact: str | None) -> SetUp:
    """Write a catalog and settings into a folder; one that is there stays as it is.

    Args:
        folder: Made if it is not there.
        group: The commands whose options are the settings.
        contact: For the User-Agent; `None` to leave it open.

    Raises:
        UsageError: Both are there, the folder is a file, or the contact is none.
        OSError: A file cannot be written.
    """
    from extractors.wilson_center.catalog import parse_catalog  # imports pydantic, which is slow

    catalog = CATALOG_TEMPLATE.read_text(encoding="utf-8")
    if contact is not None:
        catalog = catalog.replace(
            '#contact = "you@example.org"', f"contact = {json.dumps(contact, ensure_ascii=False)}"
        )
        parse_catalog(catalog, CATALOG_NAME)
    try:
        make_folder(folder)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"{folder}: a part of this path is a file; name a folder") from error
    done = SetUp([], [])
    for name, text in ((CATALOG_NAME, catalog), (FILE_NAME, settings_text(group))):
        path = folder / name
        (done.written if _write_new(path, text) else done.kept).append(str(path))
    if not done.written:
        raise UsageError(f"{' and '.join(done.kept)}: there already, and stay as they are; name another folder")
    return done


def settings_text(group: TyperGroup) -> str:
    """Settings in which each key is a comment with its meaning, and its default or an example."""
    commands: dict[str, list[str]] = {}
    options: dict[str, TyperOption] = {}
    for command, key, option in settable_options(group):
        commands.setdefault(key, []).append(command)
        options.setdefault(key, option)
    parts = [
        f"# {option.help}\n# Of: {', '.join(commands[key])}. In the environment: {variable(key)}.\n"
        f"#{key} = {_example(option)}\n"
        for key, option in options.items()
    ]
    return "\n".join([_HEAD, *parts])


def _example(option: TyperOption) -> str:
    """The default of an option as TOML, else what it can be."""
    default = option.default
    if option.multiple:
        return "[]"
    if isinstance(default, bool | int):
        return json.dumps(default)
    if default is None and option.type_descriptor.annotation is int:
        return "1"
    return json.dumps(str(default) if default is not None else _EXAMPLES.get(option.name or "", option.name or ""))


_EXAMPLES = {
    "address": "tcp://127.0.0.1:8786",
    "archive": "https://archive.example.org",
    "cron": "0 3 * * *",
    "output": "tables",
    "snapshot": "20260101T000000.000000Z",
    "to": "csv",
    "wayback": "https://web.archive.org/web",
    "who": "me",
    "contact": "you@example.org",
    "since": "2020-01-01",
    "until": "2020-12-31",
    "warehouse": "warehouse/data",
    "catalog": CATALOG_NAME,
}


def _write_new(path: Path, text: str) -> bool:
    """Write a file that is not there yet, whole or not at all; gives whether it was written."""
    partial = path.with_name(f".{path.name}.{token_hex(4)}.part")
    partial.write_text(text, encoding="utf-8")
    try:
        os.link(partial, path)  # unlike a rename, it replaces nothing
    except FileExistsError:
        return False
    finally:
        partial.unlink()
    return True
