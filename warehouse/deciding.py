"""The file of decisions in a warehouse: read, and added to."""

import os

from schemas.errors import UsageError
from warehouse.folder import WarehouseFolder
from warehouse.identity.decisions import Decision, format_decisions, parse_decisions


def read_decisions(folder: WarehouseFolder) -> tuple[Decision, ...]:
    """The decisions of a warehouse; none if it has no file of them.

    Raises:
        UsageError: The file cannot be read, breaks its form, or contradicts itself.
    """
    name = str(folder.decisions)
    try:
        with folder.decisions.open(encoding="utf-8-sig", newline="") as file:
            return parse_decisions(file.read(), name)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: not UTF-8 text") from error


def add_decision(folder: WarehouseFolder, decision: Decision) -> None:
    """Add a decision, if it contradicts none. It takes the place of an earlier one on the same pair.

    Raises:
        UsageError: It contradicts others; nothing was written.
        WarehouseLockedError: Another run holds the warehouse.
    """
    with folder.locked():
        pair = {decision.left, decision.right}
        kept = [each for each in read_decisions(folder) if {each.left, each.right} != pair]
        text = format_decisions([*kept, decision])
        parse_decisions(text, str(folder.decisions))
        partial = folder.decisions.with_name(folder.decisions.name + ".part")
        with partial.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder.decisions)
