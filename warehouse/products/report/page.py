"""The report as a page: the figures and the documents put into `report.html.jinja`, with its style and its script.

The page may ask nobody for anything: its Content-Security-Policy permits its own style and script alone.
"""

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from schemas.archive import Archive
from schemas.identifiers import page_name
from schemas.percent import percent
from warehouse.products.report.charts import span_label, year_charts
from warehouse.products.report.figures import MIN_SHARED, Figures, Years
from warehouse.products.report.listing import pack_documents
from wcda.manifest import Manifest

START = b"<!doctype html>\n<!-- wcda report -->\n"
"""By which a file is known to be a report."""

SCRIPTS = ("dates", "text", "search", "references", "elements", "facets", "list", "page")
"""Parts of the page's script, in the order in which they stand on it: each uses those before it."""

_HERE = Path(__file__).parent
_LONGEST = 300
"""Characters of a text that is shown as an example."""


def render_page(manifest: Manifest, figures: Figures, tables: Mapping[str, pa.Table], archive: Archive) -> str:
    """The page of a snapshot.

    Args:
        manifest: The snapshot's.
        figures: Of the tables.
        tables: All of `schemas.tables.TABLES`, by name.
        archive: Whose tables they are.
    """
    style = (_HERE / "report.css").read_text(encoding="utf-8")
    parts = ((_HERE / "scripts" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    script = f'(() => {{\n"use strict";\n{"".join(parts)}}})();'
    page = _template().render(
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 (our own)
        script=Markup(script),  # noqa: S704 (our own)
        archive=archive,
        manifest=manifest,
        figures=figures,
        charts=year_charts(figures.years) if figures.years else (),
        decades=_decades(figures.years),
        min_shared=MIN_SHARED,
        documents=pack_documents(tables, manifest, archive),
    )
    return START.decode() + page


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "page_name": page_name,
        "percent": percent,
        "sentence": _sentence,
        "short": _short,
        "span": span_label,
        "width": _width,
    }
    environment.tests["web"] = lambda url: url is not None and url.startswith(("https://", "http://"))
    return environment.get_template("report.html.jinja")


def _policy(style: str, script: str) -> str:
    return f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none'"


def _decades(years: Sequence[Years]) -> list[int]:
    """First years of the decades in which there are documents; of longer spans in the chart, of their first decade."""
    return sorted({each.first // 10 * 10 for each in years if each.exact or each.others})


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"


def _width(share: float) -> str:
    """How much of a bar a share fills, from 0 to 100."""
    return f"{min(max(share, 0), 1) * 100:.1f}"


def _sentence(text: str) -> str:
    """With a capital at its beginning; the rest as it is."""
    return text[:1].upper() + text[1:]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
