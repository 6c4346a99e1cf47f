"""The places of the bars of the report's chart, which `report.html.jinja` draws as SVG for a wide and a narrow page."""

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.products.report.figures import Years

WIDE, NARROW = 1000, 360
"""Widths for which the chart is drawn, in pixels: what stands in it keeps its size on a phone."""

HEIGHT = 140
"""Of the chart, in pixels."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 24, 12, 28
_LABEL_WIDTH = 60
_YEAR_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_MAX_LINES = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """The documents of a year, or of several: those dated to the day below, the others above.

    Attributes:
        label: What it stands for, in words.
        tick: The year below it; `None` where there is no room for one.
        years: What it stands for.
    """

    x: float
    width: float
    exact_top: float
    exact_height: float
    others_top: float
    others_height: float
    label: str
    tick: str | None
    years: Years


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the chart, and the number of documents that it stands for."""

    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of one width; all places are in pixels from its upper left corner."""

    width: int
    height: int
    left: int
    right: int
    bottom: int
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]


def year_charts(years: Sequence[Years]) -> tuple[Chart, Chart]:
    """The documents of each year as bars: a wide and a narrow chart.

    Args:
        years: At least one.
    """
    return _chart(years, WIDE), _chart(years, NARROW)


def span_label(years: Years) -> str:
    """The year, or the first and last of several."""
    return str(years.first) if years.first == years.last else f"{years.first}–{years.last}"


def _chart(years: Sequence[Years], width: int) -> Chart:
    highest = max(1, *(each.exact + each.others for each in years))
    step = _line_step(highest)
    top_number = -(-highest // step) * step
    bottom, right = HEIGHT - _BOTTOM, width - _RIGHT
    scale, bar_width = (bottom - _TOP) / top_number, (right - _LEFT) / len(years)
    label_step = _label_step(years, width)
    bars = []
    for place, each in enumerate(years):
        exact, others = each.exact * scale, each.others * scale
        bars.append(
            Bar(
                x=round(_LEFT + place * bar_width, 2),
                width=round(bar_width * 0.9, 2),
                exact_top=round(bottom - exact, 2),
                exact_height=round(exact, 2),
                others_top=round(bottom - exact - others, 2),
                others_height=round(others, 2),
                label=f"{span_label(each)}: {each.exact:,} dated to the day, {each.others:,} less exactly",
                tick=str(each.first) if each.first % label_step == 0 else None,
                years=each,
            )
        )
    lines = (Line(round(bottom - number * scale, 2), number) for number in range(0, top_number + 1, step))
    return Chart(width, HEIGHT, _LEFT, right, bottom, tuple(bars), tuple(lines))


def _line_step(highest: int) -> int:
    """Documents from one line to the next: round, and so many that there are few lines."""
    magnitude = 1
    while True:
        for step in (magnitude, 2 * magnitude, 5 * magnitude):
            if highest <= step * _MAX_LINES:
                return step
        magnitude *= 10


def _label_step(years: Sequence[Years], width: int) -> int:
    """Years from one label to the next: round, and so many that the labels do not touch."""
    least = (years[-1].last + 1 - years[0].first) / (width / _LABEL_WIDTH)
    span = years[0].last + 1 - years[0].first
    return next(step for step in _YEAR_STEPS if step >= least and step % span == 0)
