"""Ctrl-C on a command: the first ends it within seconds, a second one at once.

A command may be killed at any instruction, so nothing needs to wait: what is left to do in an orderly end is to report
the run as interrupted, and to erase a bar of progress.
"""

import os
import signal
import threading
from types import FrameType
from typing import NoReturn

INTERRUPTED_EXIT_CODE = 130

_ORDERLY_SECONDS = 2.0
"""How long the first Ctrl-C lets a command take to end by itself."""

_AFTER_PROGRESS = b"\r\x1b[K\x1b[?25h"
"""For a terminal on which a bar of progress may be left: erases its line, and shows the cursor again."""


def end_quickly_when_interrupted() -> None:
    """Let Ctrl-C end this process within seconds, unless it was started to ignore it (as `nohup` does)."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def end_interrupted() -> NoReturn:
    """Say that the command was interrupted and end this process now; no thread and no exit handler holds it up."""
    if os.isatty(2):
        os.write(2, _AFTER_PROGRESS)
    os.write(2, b"wcda: interrupted; what was published before is unchanged\n")
    os._exit(INTERRUPTED_EXIT_CODE)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGINT, _interrupt_again)
    timer = threading.Timer(_ORDERLY_SECONDS, end_interrupted)
    timer.daemon = True
    timer.start()
    raise KeyboardInterrupt


def _interrupt_again(_signal: int, _frame: FrameType | None) -> NoReturn:
    end_interrupted()
