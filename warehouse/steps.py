"""Costly steps whose outcome may be kept: pure functions, so that the same input need not be worked on again."""

from collections.abc import Callable, Sequence

import pyarrow as pa

Make = Callable[[], Sequence[pa.Table]]

Recall = Callable[[str, pa.Table, str, int, Make], Sequence[pa.Table]]
"""Gives what a step makes, from where it is kept or by making it: the name of the step, the table and the text that are
all that it depends on, how many tables it makes, and what makes them."""


def make_anew(_step: str, _given: pa.Table, _text: str, _count: int, make: Make) -> Sequence[pa.Table]:
    """Nothing is kept."""
    return make()
