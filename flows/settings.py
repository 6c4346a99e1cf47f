"""Settings: what an option is where it is not typed. One precedence: command line, environment, file, default.

The names follow from the option's: `--warehouse` is `WCDA_WAREHOUSE` in the environment, and `warehouse` in the file:
at the top for every command that has such an option, or in a table `[harvest]` for one, which comes first.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import typer
from typer.core import TyperGroup, TyperOption

from schemas.errors import UsageError, without_password
from schemas.plain_words import plain_words

FILE_NAME = "wcda.toml"

TYPED_ONLY = frozenset({"accept_loss", "cite", "different", "dry_run", "help", "same", "settings", "changes.since"})
"""What is meant for one call alone: left in a file, it would defeat a guard, or a run would quietly do nothing."""

_SOURCES = {"COMMANDLINE": "command line", "ENVIRONMENT": "environment", "DEFAULT_MAP": "file", "DEFAULT": "default"}


@dataclass(frozen=True, slots=True)
class Setting:
    """What an option is, and why.

    Attributes:
        name: As in the file: of one command (`harvest.captures`), or of all that have it (`warehouse`).
        value: Without passwords; `None` if there is none.
        source: `command line`, `environment`, `file` or `default`.
        place: The option, the variable or the file; `None` for a default.
    """

    name: str
    value: Any
    source: str
    place: str | None


MEANT = {
    "search": "find WORDS",
    "query": "find WORDS",
    "grep": "find WORDS",
    "cite": "explain DOCUMENT --cite",
    "show": "explain DOCUMENT",
    "open": "report",
    "list": "status",
    "ls": "status",
    "collections": "status",
    "diff": "changes",
    "log": "changes",
    "run": "harvest",
    "fetch": "harvest",
    "download": "harvest",
    "undo": "rollback SNAPSHOT",
}
"""What to type for words that people bring from other programs."""


class SettableGroup(TyperGroup):
    """A group of commands whose options can be set in the environment."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 (what typer gives to its own)
        super().__init__(**attributes)
        for _, _, option in settable_options(self):
            option.envvar = variable(key_of(option))
            option.show_envvar = True

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 (classes of typer's own)
        """As the library's own; a word by which other programs call a command is answered with what to type.

        Raises:
            UsageError: It is such a word.
        """
        if args and args[0] not in self.commands and (meant := MEANT.get(args[0])):
            raise UsageError(f"there is no command {args[0]}; type wcda {meant} (see 'wcda --help')")
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 (a class of typer's own)
        """As the library's own; `help COMMAND` is `COMMAND --help`."""
        asked = [*args[1:2], "--help"] if args[:1] == ["help"] else args
        return super().parse_args(ctx, asked)


def key_of(option: TyperOption) -> str:
    """The option's name in a file."""
    return max(option.opts, key=len).lstrip("-").replace("-", "_")


def variable(key: str) -> str:
    """The option's name in the environment."""
    return f"WCDA_{key.upper()}"


def settable_options(group: TyperGroup) -> Iterator[tuple[str, str, TyperOption]]:
    """Each option that can be set: its command, its key, and itself."""
    for name, command in group.commands.items():
        for option in command.params:
            if isinstance(option, TyperOption) and TYPED_ONLY.isdisjoint({key_of(option), f"{name}.{key_of(option)}"}):
                yield name, key_of(option), option


def use_file(context: typer.Context, path: Path | None) -> None:
    """Let the file's values be the defaults of the commands of a group.

    Args:
        context: Of the group.
        path: TOML; `None` for the default file, if there is one.

    Raises:
        UsageError: The file cannot be read, has a key that no option has, or a value that the option cannot be.
    """
    path = path or default_file()
    if path is None:
        return
    context.obj = path
    values = _flat(_read(path))
    used = set()
    context.default_map = {}
    for command, key, option in settable_options(_group(context)):
        for name in (key, f"{command}.{key}"):
            if name in values:
                used.add(name)
                _check(values[name], option, context, f"{path}: {name}")
                context.default_map.setdefault(command, {})[option.name] = values[name]
    for name in values.keys() - used:
        raise UsageError(f"{path}: {_why_unknown(name, _group(context))}")


def default_file() -> Path | None:
    """The file of that name in the user's configuration folder (XDG Base Directory Specification), if it is there.

    One in the working directory is not read: that may be a folder that somebody sent.
    """
    base = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    path = (base if base.is_absolute() else Path("~/.config").expanduser()) / "wcda" / FILE_NAME
    return path if path.exists() else None


def sets_something(path: Path) -> bool:
    """Whether a file is there that sets something, or that cannot be read; what `wcda init` writes is all comment."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as lines:
            return any(line.strip() and not line.lstrip().startswith(b"#") for line in lines)
    except OSError:
        return True


def list_settings(context: typer.Context) -> list[Setting]:
    """Every setting as commands have it; the command that asks, with what was typed.

    Args:
        context: Of the command that asks.
    """
    root = cast(typer.Context, context.find_root())
    found: dict[str, dict[str, Setting]] = {}
    for command, key, option in settable_options(_group(root)):
        own = context if command == context.info_name else _context(root, command)
        typed = own.get_parameter_source(option.name)
        value, source = option.consume_value(own, own.params if typed and typed.name == "COMMANDLINE" else {})
        if value is None and isinstance(option.show_default, str):
            value = option.show_default
        places = {"COMMANDLINE": option.opts[0], "ENVIRONMENT": variable(key), "DEFAULT_MAP": str(root.obj)}
        found.setdefault(key, {})[command] = Setting(key, _shown(value), _SOURCES[source.name], places.get(source.name))
    return [setting for by_command in found.values() for setting in _joined(by_command)]


def every_command(context: typer.Context) -> TyperGroup:
    """The group of all commands.

    Args:
        context: Of one of them.
    """
    return _group(cast(typer.Context, context.find_root()))


def _group(context: typer.Context) -> TyperGroup:
    if not isinstance(context.command, TyperGroup):
        raise TypeError("the settings are those of a group of commands")
    return context.command


def _context(root: typer.Context, command: str) -> typer.Context:
    return typer.Context(_group(root).commands[command], parent=root, info_name=command)


def _read(path: Path) -> dict[str, Any]:
    import tomllib  # most commands have no such file

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: not TOML: {error}") from error


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name; those of a table by its name and theirs."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= {f"{name}.{key}": each for key, each in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _check(value: object, option: TyperOption, context: typer.Context, where: str) -> None:
    """Stop if an option cannot be a value.

    Raises:
        UsageError: It cannot.
    """
    if option.is_flag:
        wanted, words = isinstance(value, bool), "true or false"
    elif option.multiple:
        wanted, words = isinstance(value, list) and all(isinstance(each, str) for each in value), "a list of texts"
    elif option.type_descriptor.annotation is int:
        wanted, words = isinstance(value, int) and not isinstance(value, bool), "a whole number"
    else:
        wanted, words = isinstance(value, str), "a text in quotes"
    if not wanted:
        raise UsageError(f"{where}: {value!r} is not {words}")
    if without_password(str(value)) != str(value):
        raise UsageError(f"{where}: no option takes a user and a password")
    try:
        option.process_value(context, value)
    except typer.TyperException as error:
        raise UsageError(f"{where}: {plain_words(str(error))}") from error


def _why_unknown(name: str, group: TyperGroup) -> str:
    options = list(settable_options(group))
    key = name.rpartition(".")[2]
    if key in TYPED_ONLY or name in TYPED_ONLY:
        return f"{name}: can only be typed, for one call"
    known = {key for _, key, _ in options} | {f"{command}.{key}" for command, key, _ in options}
    nearest = get_close_matches(name, sorted(known), 1, 0)
    return f"{name}: no such setting; the nearest is {nearest[0]}"


def _shown(value: object) -> object:
    """A value for people and JSON."""
    if isinstance(value, list):
        return [_shown(each) for each in value]
    return value if value is None or isinstance(value, bool | int) else without_password(str(value))


def _joined(by_command: Mapping[str, Setting]) -> list[Setting]:
    """One setting, if it is the same for all commands, else one for each."""
    if len(set(map(str, by_command.values()))) == 1:
        return [next(iter(by_command.values()))]
    return [replace(setting, name=f"{command}.{setting.name}") for command, setting in by_command.items()]
