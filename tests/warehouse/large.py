"""A warehouse as large as the archive, without a crawl: what the pages of many collections would have yielded."""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from schemas.identifiers import stable_id
from schemas.parsed import PARSED_TABLES
from tests.replica.records import Document, generate

DOCUMENTS, MEMBERSHIPS, COLLECTIONS = 17_000, 170_000, 200
SITE = "https://digitalarchive.wilsoncenter.org"
PAGE_SIZE = 100
RUN = "20250301T080000.000000Z-0001"
BEGUN = dt.datetime(2025, 3, 1, 8, tzinfo=dt.UTC)


def make_parsed(
    documents: int = DOCUMENTS, memberships: int = MEMBERSHIPS, collections: int = COLLECTIONS, run: str = RUN
) -> dict[str, pa.Table]:
    """The parsed tables (`schemas.parsed`) of one run that read all collections; the first lists every document.

    Of every seventh collection some documents were not seen, and a page of it has an issue.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in PARSED_TABLES}
    truth = generate(documents, collections)
    rows["events"] = [
        {"run_id": run, "event": "plan", "at": BEGUN, "source": f"site:{SITE}", "live": True},
        {"run_id": run, "event": "end", "at": BEGUN + dt.timedelta(hours=1)},
    ]
    chance = random.Random(1)
    sizes = [documents, *_sizes(memberships - documents, collections - 1, documents)]
    for number, (collection, size) in enumerate(zip(truth.collections, sizes, strict=True)):
        url = SITE + collection.path
        named = {"collection_id": collection.collection_id, "name": collection.name, "kind": collection.kind}
        rows["collections"].append({"run_id": run, "url": url, **named})
        listed = sorted(chance.sample(range(documents), size))
        total = size + number % 5 * 3 if number % 7 == 6 else size
        for first in range(0, size, PAGE_SIZE):
            shown = [truth.documents[place] for place in listed[first : first + PAGE_SIZE]]
            page_id = stable_id(collection.collection_id, str(first))
            rows["captures"].append(
                {
                    "capture_id": stable_id(run, page_id),
                    "page_id": page_id,
                    "run_id": run,
                    "url": f"{url}&page={first // PAGE_SIZE}",
                    "captured_at": BEGUN + dt.timedelta(seconds=len(rows["captures"])),
                    "http_status": 200,
                    "warc_file": f"{run}-00000.warc.gz",
                    "warc_offset": 1000 * len(rows["captures"]),
                    "collection_id": collection.collection_id,
                    "layout": "drupal-listing",
                    "outcome": "listing",
                }
            )
            rows["listings"].append(
                {
                    "page_id": page_id,
                    "range_first": first + 1,
                    "range_last": first + len(shown),
                    "range_total": total,
                    "entry_count": len(shown),
                }
            )
            rows["entries"] += _entries(page_id, shown)
            if total > size and first == 0:
                rows["issues"].append(
                    {
                        "level": "warning",
                        "kind": "count-mismatch",
                        "message": "the page holds fewer entries than its range line says",
                        "expected": str(total),
                        "found": str(size),
                        "url": f"{url}&page=0",
                        "page_id": page_id,
                        "run_id": run,
                    }
                )
    return {name: pa.Table.from_pylist(rows[name], table.arrow_schema()) for name, table in PARSED_TABLES.items()}


def _entries(page_id: str, shown: list[Document]) -> Iterator[dict[str, Any]]:
    for position, document in enumerate(shown, 1):
        texts = {"date_text": document.date_text, "title": document.title, "summary": document.summary}
        yield {
            "page_id": page_id,
            "position": position,
            "url": SITE + document.address,
            "entry_key": document.record_id,
            **texts,
        }


def _sizes(total: int, count: int, most: int) -> list[int]:
    """From large to small, that many in all."""
    weights = [(number + 5) ** -0.8 for number in range(count)]
    sizes = [max(1, min(most, round(total * weight / sum(weights)))) for weight in weights]
    sizes[0] += total - sum(sizes)
    return sizes
