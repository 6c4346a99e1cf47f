"""Publishing with a report, at the size of the samples and of the archive: time, memory, and what each part takes.

Where `make accept` has installed a browser: also how soon the page is ready, and how fast it searches and sorts.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from tests.benchmarks.live import peak_mib

T = TypeVar("T")

SIZES = ((17, 20, 2), (17_000, 170_000, 200))
"""Documents, memberships, collections."""

_READY = "document.querySelector('table.documents')?.ariaBusy === 'false'"
_SEARCH = """(words) => {
    const box = document.getElementById('words'), taken = [];
    for (const word of words) {
        const begun = performance.now();
        box.value = word;
        box.dispatchEvent(new Event('input'));
        document.body.offsetHeight;
        taken.push(performance.now() - begun);
    }
    return taken;
}"""
_SORT = """() => [...document.querySelectorAll('thead button')].reverse().map((button) => {
    const begun = performance.now();
    button.click();
    document.body.offsetHeight;
    return performance.now() - begun;
})"""
_WORDS = ["harvest", "kalcek 1957", "h", "treaties vietnam", ""]


def taken(name: str, work: Callable[[], T]) -> T:
    """Do some work, and print the time and the CPU that it takes."""
    begun, cpu = time.perf_counter(), time.process_time()
    done = work()
    print(f"    {name:<34} {time.perf_counter() - begun:6.3f} s, CPU {time.process_time() - cpu:6.3f} s")
    return done


def measure(place: Path, documents: int, memberships: int, collections: int) -> None:
    """Print the figures of one size; leaves a warehouse at the place."""
    import pandas as pd  # noqa: F401 (what all commands that publish have imported)
    import pyarrow.parquet as pq

    from extractors.wilson_center import ARCHIVE
    from tests.warehouse.large import make_parsed
    from warehouse.building import build_tables
    from warehouse.checks import table_problems
    from warehouse.folder import WarehouseFolder
    from warehouse.products.report.charts import year_charts
    from warehouse.products.report.figures import gather_figures
    from warehouse.products.report.listing import pack_documents
    from warehouse.products.report.page import render_page
    from warehouse.publishing import publish
    from wcda.manifest import REPORT

    folder = WarehouseFolder(place)
    parsed = [make_parsed(documents, memberships, collections)]
    before = peak_mib()
    print(f"{documents:,} documents, {memberships:,} memberships of {collections} collections:")
    tables = taken("building the tables", partial(build_tables, parsed))
    built = peak_mib()
    taken("publishing", partial(publish, folder, tables, {}, archive=ARCHIVE))
    published = peak_mib()
    snapshot = taken("publishing again, nothing changed", partial(publish, folder, tables, {}, archive=ARCHIVE))
    print(f"    peak {before:,.0f} MiB before, {built:,.0f} with the tables, {published:,.0f} with publishing")
    print(f"    {REPORT}: {(snapshot.path / REPORT).stat().st_size / 2**20:.2f} MiB")
    print("  of this:")
    taken("checking the tables", partial(table_problems, tables))

    def write() -> None:
        for name, table in tables.items():
            pq.write_table(table, place / f"{name}.parquet", compression="zstd")

    taken("writing Parquet", write)
    years = gather_figures(tables, None).years
    taken("report: figures", partial(gather_figures, tables, None))
    taken("report: charts", partial(year_charts, years))
    taken("report: list of documents", partial(pack_documents, tables, snapshot.manifest, ARCHIVE))
    figures = gather_figures(tables, None)
    taken("report: page", partial(render_page, snapshot.manifest, figures, tables, ARCHIVE))


def measure_in_browser(report: Path) -> None:
    """Print how soon the page of a report is ready, and how fast it searches and sorts."""
    from tests.browser import open_browser

    with open_browser() as browser, browser.new_page() as page:
        begun = time.perf_counter()
        page.goto(report.as_uri())
        page.wait_for_function(_READY, polling=5)
        ready = page.evaluate("performance.now()")
        print(
            f"  in Chromium: ready {ready:.0f} ms after navigation ({(time.perf_counter() - begun) * 1000:.0f} outside)"
        )
        first = page.evaluate(_SEARCH, _WORDS[:1])
        later = page.evaluate(_SEARCH, _WORDS)
        print(f"    first search {first[0]:.0f} ms; later ones {', '.join(f'{each:.0f}' for each in later)} ms")
        print(f"    sorting by collections, title, date {', '.join(f'{each:.0f}' for each in page.evaluate(_SORT))} ms")


def main() -> None:
    """Print the figures of each size, each in a process of its own, so that peaks are its own."""
    if len(sys.argv) > 1:
        place, *size = json.loads(sys.argv[1])
        measure(Path(place), *size)
        return
    with tempfile.TemporaryDirectory() as place:
        for size in SIZES:
            warehouse = Path(place, str(size[0]))
            argument = json.dumps([str(warehouse), *size])
            subprocess.run([sys.executable, "-m", "tests.benchmarks.publishing", argument], check=True)
            if find_spec("playwright"):
                measure_in_browser((warehouse / "current").resolve() / "report.html")


if __name__ == "__main__":
    main()
