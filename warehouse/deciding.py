"""What people decide on identity: the pairs that wait for a decision, and the file of decisions in a warehouse."""

from dataclasses import replace
from io import TextIOWrapper
from typing import Any

import pyarrow as pa

from schemas.errors import UsageError
from schemas.files import open_file, sync_folder, write_text
from warehouse.folder import WarehouseFolder
from warehouse.identity.decisions import Decision, format_decisions, parse_decisions


def read_decisions(folder: WarehouseFolder) -> tuple[Decision, ...]:
    """The decisions of a warehouse; none if it has no file of them.

    Raises:
        UsageError: The file cannot be read, breaks its form, or contradicts itself.
    """
    name = str(folder.decisions)
    try:
        with TextIOWrapper(open_file(folder.decisions), encoding="utf-8-sig", newline="") as file:
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
        former = read_decisions(folder)
        kept = [each for each in former if {each.left, each.right} != pair]
        more = next((each.more for each in former if {each.left, each.right} == pair), ())
        # Columns that people added stay, also where no decision is left that has a value in them.
        columns = tuple((name, "") for name in dict.fromkeys(name for each in former for name, _ in each.more))
        text = format_decisions([*kept, replace(decision, more=more or columns)])
        parse_decisions(text, str(folder.decisions))
        write_text(folder.decisions, text)
        sync_folder(folder.path)


def undecided_pairs(pairs: pa.Table, documents: pa.Table) -> list[dict[str, Any]]:
    """Candidate pairs that nobody has decided, the most similar first.

    Args:
        pairs: The table `candidate_pairs`.
        documents: The table `documents`.

    Returns:
        The columns of each pair, with `left` and `right`: id, date, title and URL of both documents.
    """
    shown = documents.select(["document_id", "date_text", "title", "url"]).to_pylist()
    by_id = {row["document_id"]: row for row in shown}
    undecided = [row for row in pairs.to_pylist() if row["decision"] is None]
    undecided.sort(key=lambda row: (-row["score"], row["left_id"], row["right_id"]))
    return [{**row, "left": by_id[row["left_id"]], "right": by_id[row["right_id"]]} for row in undecided]
