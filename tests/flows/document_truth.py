"""Documents with their pages from the site, a WARC and Wayback, beside what the generator of the replica made.

`python -m tests.flows.document_truth` does so with as many documents as the archive has; a number names another size.
"""

import sys
import tempfile
import time
from pathlib import Path

from flows.harvest import harvest
from flows.request import HarvestRequest
from tests.archives.playing import playing
from tests.extractors.foreign import response
from tests.flows.live import write_catalog_for
from tests.flows.true_tables import SITE, assert_true
from tests.replica import Truth, replica
from tests.replica.pages import Appearance, Renderer
from tests.replica.records import generate
from tests.replica.results import Archive

WAYS = ("site", "WARC", "Wayback by pywb")


def crawl_of(truth: Truth, path: Path) -> Path:
    """The pages of all documents as a crawler captured them."""
    render, archive = Renderer(Appearance()).document, Archive(truth)
    with path.open("wb") as out:
        for one in truth.documents:
            html = render(one, archive.related_to(one))
            out.write(response(SITE + one.address, html.encode(), packed=True))
    return path


def harvest_documents(way: str, documents: int, place: Path) -> tuple[Path, Truth]:
    """Harvest so many documents with their pages.

    Returns:
        The warehouse, and what is true of it.
    """
    warehouse = place / "w"
    if way == "site":
        with replica(documents=documents, collections=20) as site:
            catalog = write_catalog_for(site, place / "catalog.toml", timeout_seconds=30.0)
            harvest(HarvestRequest("site", warehouse, catalog, documents=True))
            return warehouse, site.truth
    truth = generate(documents=documents, collections=0)
    crawl = crawl_of(truth, place / "crawl.warc.gz")
    if way == "WARC":
        harvest(HarvestRequest(str(crawl), warehouse))
    else:
        with playing([crawl], place / "pywb") as player:
            catalog = place / "catalog.toml"
            asking = f'[wayback]\nurl = "{player.url}"\npages_per_second = inf\nqueries_per_second = inf\n'
            catalog.write_text(f'[politeness]\ncontact = "tests@example.org"\n{asking}')
            harvest(HarvestRequest("wayback", warehouse, catalog))
    return warehouse, truth


def main(documents: int = 16_750) -> None:
    """Print how long each way took; ends with an error at the first row that is not true."""
    for way in WAYS:
        with tempfile.TemporaryDirectory() as place:
            begun = time.perf_counter()
            warehouse, truth = harvest_documents(way, documents, Path(place))
            taken = time.perf_counter() - begun
            assert_true(warehouse, truth, are_listed=way == "site")
            print(f"{way}: {documents:,} documents are as they were made, {taken:.0f} s", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
