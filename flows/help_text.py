"""What `wcda --help` shows, as typer makes it of the commands. `make dictionary` writes it to flows/help.txt."""

import typer.main

from flows.cli import app
from flows.start import MIN_COLUMNS


def help_text() -> str:
    """The help of all commands, as on a terminal of 80 columns or more."""
    command = typer.main.get_command(app)
    with command.make_context("wcda", ["status"], terminal_width=MIN_COLUMNS - 2) as context:
        return context.get_help() + "\n"


if __name__ == "__main__":
    print(help_text(), end="")  # noqa: T201 (it is the output)
