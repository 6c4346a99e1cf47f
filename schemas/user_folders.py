"""Where files of the user lie that are no data, so that nobody who sends a warehouse can have written them."""

import os
from pathlib import Path

from schemas.errors import WcdaError


def state_folder(*names: str) -> Path:
    """A folder below the user's state folder for wcda (XDG Base Directory Specification), which it makes.

    Raises:
        WcdaError: It cannot be made.
    """
    base = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    folder = (base if base.is_absolute() else Path("~/.local/state").expanduser()).joinpath("wcda", *names)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise WcdaError(
            f"{folder}: cannot be made: {error.strerror}; set XDG_STATE_HOME to a folder of yours"
        ) from error
    return folder
