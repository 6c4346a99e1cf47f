"""The report's chart, drawn by pygal as a static SVG; its colours are those of the page (report.css)."""

from collections.abc import Sequence
from xml.etree import ElementTree

from warehouse.products.report.figures import Years

WIDE, NARROW = 1000, 360
"""Widths for which the chart is drawn, in pixels: what stands in it keeps its size on a phone."""

_HEIGHT = 300
_LABEL_WIDTH = 60
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_FEW = 7
"""With fewer documents than that in each year, each number has a line: pygal would draw lines of halves."""
_SVG = "http://www.w3.org/2000/svg"
_UNWANTED = {f"{{{_SVG}}}defs", f"{{{_SVG}}}title"}


def draw_years(years: Sequence[Years]) -> tuple[str, str]:
    """The documents of each year as bars, those dated to the day below, the others above: a wide and a narrow chart.

    Args:
        years: At least one.
    """
    return _draw(years, WIDE), _draw(years, NARROW)


def span_label(years: Years) -> str:
    """The year, or the first and last of several."""
    return str(years.first) if years.first == years.last else f"{years.first}–{years.last}"


def _draw(years: Sequence[Years], width: int) -> str:
    import pygal

    chart = pygal.StackedBar(
        width=width,
        height=_HEIGHT,
        show_legend=False,
        show_minor_x_labels=False,
        truncate_label=-1,
        max_scale=6,
        spacing=0,
        margin=4,
        margin_right=24,  # of the last label
        css=[],
        js=[],
        no_prefix=True,
        disable_xml_declaration=True,
        value_formatter="{:,.0f}".format,
    )
    chart.x_labels = [str(each.first) for each in years]
    chart.x_labels_major = [str(each.first) for each in years if each.first % _label_step(years, width) == 0]
    highest = max(each.exact + each.others for each in years)
    if highest < _FEW:
        chart.y_labels = range(highest + 1)
    chart.add("to the day", [{"value": each.exact, "label": _label(each)} for each in years])
    chart.add("less exactly", [{"value": each.others, "label": _label(each)} for each in years])
    return _plain(chart.render())


def _label_step(years: Sequence[Years], width: int) -> int:
    """Years from one label to the next: round, and so many that the labels do not touch."""
    least = (years[-1].last + 1 - years[0].first) / (width / _LABEL_WIDTH)
    span = years[0].last + 1 - years[0].first
    return next(step for step in _STEPS if step >= least and step % span == 0)


def _label(years: Years) -> str:
    return f"{span_label(years)}: {years.exact:,} dated to the day, {years.others:,} less exactly"


def _plain(drawn: bytes) -> str:
    """The picture alone, without script, styles and dates; what pygal's script would show becomes each bar's title."""
    ElementTree.register_namespace("", _SVG)
    svg = ElementTree.fromstring(drawn)  # noqa: S314 (it is our own)
    for element in list(svg.iter()):
        notes = element.findall(f"{{{_SVG}}}desc")
        label = next((note.text for note in notes if note.get("class") == "label"), None)
        for child in [*element]:
            if child in notes or child.tag in _UNWANTED or "overlay" in child.get("class", ""):
                element.remove(child)
        if label is not None:
            ElementTree.SubElement(element, f"{{{_SVG}}}title").text = label
    svg.attrib.pop("id", None)
    svg.set("aria-hidden", "true")  # the figure has a text alternative
    return ElementTree.tostring(svg, encoding="unicode")
