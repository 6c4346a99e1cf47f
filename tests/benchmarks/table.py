"""The table of `make bench`: each figure beside its peer and its goal."""

import operator
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

ROUNDS = 3
"""Of each measurement, all sides in turn, since the machine's speed varies."""

_COMPARE = {"at least": operator.ge, "at most": operator.le, "below": operator.lt}


@dataclass(frozen=True, slots=True)
class Goal:
    """What a number must be: `at least`, `at most` or `below` another, in a unit."""

    how: str
    number: float
    unit: str

    def is_met(self, number: float) -> bool:
        """Whether a number meets it."""
        return bool(_COMPARE[self.how](number, self.number))

    def __str__(self) -> str:
        return f"{self.how} {_shown(self.number)} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Attributes:
        number: What the goal is about.
        figure: The number, and what else was measured, for a person.
        peer: What it is measured beside.
    """

    what: str
    number: float
    figure: str
    peer: str
    goal: Goal


def line(what: str, number: float, goal: Goal, peer: str = "", more: str = "") -> Line:
    """A line whose figure is its number."""
    figure = f"{_shown(number)} {goal.unit}".rstrip()
    return Line(what, number, f"{figure}; {more}" if more else figure, peer, goal)


def median_ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios of what was measured in the same round."""
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))


def in_turn(*sides: Callable[[int], float]) -> list[list[float]]:
    """What each side measures in each round."""
    rounds = [[side(turn) for side in sides] for turn in range(ROUNDS)]
    return [list(measured) for measured in zip(*rounds, strict=True)]


def print_table(lines: Sequence[Line]) -> None:
    """Print the table, and how many goals are met."""
    table = Table("what", "figure", "beside", "goal", "met")
    met = [each.goal.is_met(each.number) for each in lines]
    for each, is_met in zip(lines, met, strict=True):
        table.add_row(each.what, each.figure, each.peer, str(each.goal), "yes" if is_met else "NO")
    Console(width=170).print(table)
    print(f"{sum(met)} of {len(met)} goals are met; medians of {ROUNDS} rounds")


def _shown(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 or number == int(number) else f"{number:.2f}"
