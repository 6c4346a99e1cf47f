"""Where the command `wcda` starts, and what makes it start quickly.

A list of all commands is shown before anything is imported that makes it: `wcda --help` takes 0.03 s of CPU like this,
and 0.15 s by way of typer. The text, `help.txt`, is what typer makes of the commands at a width of 80 columns or more:
`make dictionary` writes it, and a test compares.

Python looks for garbage in circles after so many new objects: as commands import much and leave few circles, at every
50,000 and not at every 700, which takes 7 % off a harvest of the samples.
"""

import gc
import os
import shutil
import sys

HELP = os.path.join(os.path.dirname(__file__), "help.txt")  # noqa: PTH118, PTH120 (pathlib takes as long as all else)
MIN_COLUMNS = 80

NEW_OBJECTS = 50_000

_ASKS_FOR_HELP: tuple[list[str], ...] = ([], ["--help"], ["-h"], ["help"])


def main() -> None:
    """Run the command line."""
    if not _show_help():
        gc.set_threshold(NEW_OBJECTS)
        from flows.cli import main as run  # what is heavy

        run()


def _show_help() -> bool:
    """Show the help of all commands, if that is asked for; else, or if something is in the way, `False`."""
    if (
        sys.argv[1:] not in _ASKS_FOR_HELP
        or os.path.basename(sys.argv[0]) != "wcda"  # noqa: PTH119 (as above)
        or "_WCDA_COMPLETE" in os.environ  # a shell asks what could be typed
        or shutil.get_terminal_size().columns < MIN_COLUMNS
    ):
        return False
    try:
        with open(HELP, "rb") as text:  # noqa: PTH123 (as above)
            os.write(1, text.read())
    except OSError:
        return False
    return True
