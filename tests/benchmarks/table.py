"""The table of `make bench`: each figure beside its peer and its goal."""

import operator
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


class TableOnTheWay:
    """The table in Markdown, of which each line is printed as it comes: to measure all takes hours, and may be cut off.

    Args:
        scale: How many times the archive is measured.
    """

    def __init__(self, scale: float) -> None:
        self._met: list[bool] = []
        self._scale = scale

    def add(self, line: Line) -> None:
        """Print a line, with the head before the first one."""
        if not self._met:
            _print_row("what", "figure", "beside", "goal", "met")
            _print_row(*["---"] * 5)
        self._met.append(line.goal.is_met(line.number))
        _print_row(line.what, line.figure, line.peer, str(line.goal), "yes" if self._met[-1] else "NO")

    def end(self, failed: Sequence[str]) -> None:
        """Print how many goals are met, and of what size.

        Args:
            failed: Sections that could not be measured to their end.
        """
        print(f"\n{sum(self._met)} of {len(self._met)} goals are met; medians of {ROUNDS} rounds")
        if self._scale != 1:
            print(f"Sizes are {self._scale:g} times the archive's; the goals are meant for those of the archive.")
        if failed:
            print(f"Not measured to the end: {', '.join(failed)}")


def _print_row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def _shown(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 or number == int(number) else f"{number:.2f}"
