"""How a run on Prefect is called, and in which state it ends, so that an operator need not open it to know."""

import logging
from collections.abc import Callable
from pathlib import Path

from prefect import State
from prefect.exceptions import ParameterTypeError
from prefect.logging.handlers import APILogHandler
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.artifacts import show_receipt
from schemas.errors import WarehouseLockedError, WcdaError
from schemas.records import Receipt

_NAMED_COLLECTIONS = 3


def harvest_run_name() -> str:
    """What the run that begins is called: its collections and its source, a path without its folders."""
    collections = list(flow_run.parameters.get("collections", ()))
    others = len(collections) - _NAMED_COLLECTIONS
    if others > 1:
        collections[_NAMED_COLLECTIONS:] = [f"{others} others"]
    return f"harvest {', '.join(collections) or 'every collection'} from {_name_of(flow_run.parameters['source'])}"


def rebuild_run_name() -> str:
    """What the run that begins is called: its warehouse, without the folders that it lies in."""
    return f"rebuild {_name_of(flow_run.parameters['warehouse'])}"


def _name_of(path: str | Path) -> str:
    return Path(path).resolve().name


def final_state(work: Callable[[], Receipt]) -> State[Receipt]:
    """Do the work of a run, and report how it ended.

    Returns:
        Completed, and named `Complete`; `Incomplete` if something of what was asked for could not be read; `Skipped` if
        another run is writing to the warehouse. Failed, with the one line that says why, for each error that we know.
    """
    try:
        receipt = work()
    except WarehouseLockedError as error:
        return Completed(name="Skipped", message=str(error))
    except WcdaError as error:
        return Failed(message=str(error), data=error)
    show_receipt(receipt)
    published = f"{receipt.counts['documents']:,} documents in snapshot {receipt.snapshot}"
    if receipt.outcome == "complete":
        return Completed(name="Complete", message=published, data=receipt)
    reasons = "; ".join(receipt.issue_examples)
    return Completed(name="Incomplete", message=f"{published}; not all was read: {reasons}", data=receipt)


def one_line_of_known_errors(record: logging.LogRecord) -> bool:
    """Let an error that we know, or a wrong parameter, be one line in the log of a worker: no traceback helps."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, WcdaError | ParameterTypeError):
        reason = " ".join(str(error).split())
        record.msg, record.args = f"{record.getMessage()}: {reason}", ()
        record.exc_info = record.exc_text = None
    return True


def log_to_runs() -> None:
    """Send what our own modules log to the log of the run that they work for, and spare it a line for each batch."""
    logging.getLogger("prefect.task_runs").setLevel(logging.WARNING)
    for name in ("prefect.engine", "prefect.flow_runs"):  # which of them reports depends on who started the process
        logging.getLogger(name).addFilter(one_line_of_known_errors)
    ours = logging.getLogger("flows")
    ours.setLevel(logging.INFO)
    ours.addHandler(APILogHandler())
