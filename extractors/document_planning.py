"""Which pages of documents to ask for next: those never captured first, then the oldest. Pure.

Asked for is each URL of a document that a page shows. A page that was captured within the last days is not asked for
again; one that calls itself by another URL stands for that one too.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from schemas.parsed import PARSED_TABLES
from schemas.revisits import resolve_revisits

_LINKS = ("entries", "page_relations")


def known_files(segments: Sequence[Mapping[str, pa.Table]]) -> dict[str, bool]:
    """Each URL of a file that pages of documents show or that was captured, and whether it was captured.

    Args:
        segments: Parsed tables (`schemas.parsed`).
    """
    found: dict[str, bool] = {}
    for segment in segments:
        captures = segment["captures"]
        files = captures.filter(pc.equal(captures["outcome"], "file"))
        found.update(dict.fromkeys(files["url"].to_pylist(), True))
        for url in pc.unique(segment["page_files"]["url"]).drop_null().to_pylist():
            found.setdefault(url, False)
    return found


def known_documents(segments: Sequence[Mapping[str, pa.Table]]) -> dict[str, dt.datetime | None]:
    """Each URL of a document that pages show, and when its page was captured last; `None` if it never was.

    Args:
        segments: Parsed tables (`schemas.parsed`).
    """
    found: dict[str, dt.datetime | None] = {}
    for segment in segments:
        for table in _LINKS:
            found.update(dict.fromkeys(pc.unique(segment[table]["url"]).drop_null().to_pylist()))
    captured = _captured(segments)
    return {url: captured.get(url) for url in sorted({*found, *captured})}


def due_documents(known: Mapping[str, dt.datetime | None], now: dt.datetime, ask_again: dt.timedelta) -> list[str]:
    """URLs to ask for, in this order: those never captured, then those captured longest ago.

    Args:
        known: URLs, and when the page of each was captured last.
        now: Timestamp of the run.
        ask_again: How old a capture is when its page is asked for again.
    """
    due = [(at is not None, at or now, url) for url, at in known.items() if at is None or now - at >= ask_again]
    return [url for _, _, url in sorted(due)]


def _captured(segments: Sequence[Mapping[str, pa.Table]]) -> dict[str, dt.datetime]:
    """When the pages of documents were captured last, by each URL that they were asked at or call their own."""
    of_page: dict[str, set[str]] = {}
    none = PARSED_TABLES["captures"].arrow_schema().empty_table()
    captures = resolve_revisits(pa.concat_tables([none, *(segment["captures"] for segment in segments)])).captures
    for segment in segments:
        for page in segment["document_pages"].select(["page_id", "own_url", "url", "cited_url"]).to_pylist():
            of_page.setdefault(page.pop("page_id"), set()).update(filter(None, page.values()))
    shown = captures.filter(pc.and_(pc.equal(captures["page_kind"], "document"), pc.is_valid(captures["captured_at"])))
    latest: dict[str, dt.datetime] = {}
    for row in shown.select(["page_id", "captured_at"]).to_pylist():
        for url in of_page.get(row["page_id"], ()):
            latest[url] = max(row["captured_at"], latest.get(url, row["captured_at"]))
    return latest
