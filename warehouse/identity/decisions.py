"""What people decided: pairs of natural keys that are the same document, or are not.

Data, kept in `decisions.csv` in the warehouse; a decision comes before every rule and survives every rebuild.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from schemas.dates import read_date
from schemas.errors import UsageError
from warehouse.identity.union_find import UnionFind

Verdict = Literal["same", "different"]

COLUMNS = ("left", "right", "decision", "who", "when", "why")


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of `decisions.csv`.

    Attributes:
        left: Natural key, as `document_keys.key` has it (`address:…` or `content:…`).
        right: Another.
        when: ISO 8601 date or timestamp.
        more: Names and values of columns that people added.
    """

    left: str
    right: str
    decision: Verdict
    who: str
    when: str
    why: str
    more: tuple[tuple[str, str], ...] = field(default=(), compare=False)


def parse_decisions(text: str, name: str) -> tuple[Decision, ...]:
    """Read and check a list of decisions.

    Args:
        text: CSV with a header (`COLUMNS`).
        name: What to call the file in messages.

    Raises:
        UsageError: A column is missing, a value is none, or decisions contradict each other, also through others.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise UsageError(f"{name}: the column {missing[0]!r} is missing")
        decisions = tuple(_decision(row, f"{name}, line {reader.line_num}") for row in reader)
    except csv.Error as error:
        raise UsageError(f"{name}, line {reader.line_num}: {error}") from error
    _require_no_contradiction(decisions, name)
    return decisions


def format_decisions(decisions: Iterable[Decision]) -> str:
    """The decisions as CSV with a header, as `parse_decisions` reads it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # line ends as RFC 4180 has them: only then are all line ends in a text quoted
    decisions = list(decisions)
    added = list(dict.fromkeys(name for decision in decisions for name, _ in decision.more))
    writer.writerow([*COLUMNS, *added])
    for decision in decisions:
        more = dict(decision.more)
        values = [getattr(decision, column) for column in COLUMNS]
        writer.writerow([*values, *(more.get(name, "") for name in added)])
    return text.getvalue()


def _decision(row: dict[str | Any, str | Any], place: str) -> Decision:
    if any(row.pop(None, ())):
        raise UsageError(f"{place}: more values than columns")
    values = {column: (row[column] or "").strip() for column in COLUMNS}
    verdict = values["decision"]
    for side in ("left", "right"):
        if not values[side].startswith(("address:", "content:")):
            raise UsageError(f"{place}: {side} must be a natural key, `address:…` or `content:…`")
    if verdict not in get_args(Verdict):
        raise UsageError(f"{place}: the decision must be `same` or `different`, not {verdict!r}")
    if values["when"] and not _is_instant(values["when"]):
        raise UsageError(f"{place}: when must be a date such as 2025-01-31, not {values['when']!r}")
    if values["left"] == values["right"]:
        raise UsageError(f"{place}: left and right are one key")
    left, right, _, who, when, why = values.values()
    more = tuple((name, value or "") for name, value in row.items() if name and name not in COLUMNS)
    return Decision(left, right, "same" if verdict == "same" else "different", who, when, why, more)


def _is_instant(text: str) -> bool:
    """Whether a text says when: a timestamp in ISO 8601, or any date that can be read."""
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return read_date(text) is not None
    return True


def _require_no_contradiction(decisions: tuple[Decision, ...], name: str) -> None:
    same = UnionFind()
    for decision in decisions:
        if decision.decision == "same":
            same.join(decision.left, decision.right)
    for decision in decisions:
        if decision.decision == "different" and same.find(decision.left) == same.find(decision.right):
            raise UsageError(f"{name}: {decision.left} and {decision.right} are said to be the same and different")
