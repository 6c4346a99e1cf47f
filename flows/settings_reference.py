"""The reference of options and settings, for people. `make dictionary` writes docs/settings.md."""

import typer
from typer.core import TyperGroup, TyperOption

from flows.cli import app
from flows.settings import FILE_NAME, key_of, settable_options, variable

_HEAD = f"""# Options and settings

Written by `make dictionary` from the options of the commands, where each is stated once.

What an option is, is looked for in this order, and what is found first holds:

1. the **command line**: `--warehouse /srv/wcda`;
2. the **environment**: `WCDA_WAREHOUSE=/srv/wcda`. The variable is the option in capitals behind `WCDA_`. A switch is
   `1` or `0`, a list has spaces between its parts; an empty variable counts as none;
3. the **file** that `wcda --settings-file FILE COMMAND` or `WCDA_SETTINGS_FILE` names, else `{FILE_NAME}` in the
   folder `wcda` of the user's configuration (`$XDG_CONFIG_HOME`, or `~/.config`). A `{FILE_NAME}` in the working
   directory is not read, since that may be a folder that somebody sent; wcda reports one that sets something;
4. the **default**.

The file is TOML. A key is the option with `_` for `-`. At the top it holds for every command that has such an option;
in a table it holds for the command of that name, and comes first. A path is relative to the working directory, as when
it is typed.

```toml
warehouse = "/srv/wcda"
contact = "you@example.org"

[harvest]
catalog = "/srv/wcda.toml"

[rebuild]
processes = 4
```

A key that no option has, or a value that an option cannot be, is an error that names file and key. `wcda status
--settings` shows what each option is and where that came from; passwords in URLs are never shown.

What has no variable below can only be typed, as it is meant for one call. In a file that is read every night,
`--accept-loss` would defeat the guard that it gets around, and `--dry-run` would let every run quietly do nothing.

The settings say how wcda runs; the catalog says what is harvested and how politely, and is landed with each run. Where
both know a thing (`--archive`, `--wayback`, `--contact`), the setting takes the place of the catalog's.
"""


def settings_reference() -> str:
    """All commands and their options as Markdown."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)  # noqa: S101 (for the type checker)
    settable = {id(option) for _, _, option in settable_options(group)}
    return _HEAD + "".join(
        _section(name, [option for option in command.params if isinstance(option, TyperOption)], settable)
        for name, command in group.commands.items()
        if any(isinstance(option, TyperOption) for option in command.params)
    )


def _section(command: str, options: list[TyperOption], settable: set[int]) -> str:
    lines = [
        f"\n## wcda {command}\n",
        "| option | variable | key | default | meaning |",
        "|---|---|---|---|---|",
        *[_row(option, id(option) in settable) for option in options],
    ]
    return "\n".join(lines) + "\n"


def _row(option: TyperOption, settable: bool) -> str:
    key = key_of(option)
    names = [f"`{variable(key)}`", f"`{key}`"] if settable else ["", ""]
    default = option.show_default if isinstance(option.show_default, str) else option.default
    cells = [
        " ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts)),
        *names,
        "" if option.is_flag or default in (None, "") else f"`{default}`",
        option.help or "",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    print(settings_reference(), end="")  # noqa: T201 (it is the output)
