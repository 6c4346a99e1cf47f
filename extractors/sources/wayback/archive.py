"""A web archive that is asked over HTTP, as a source of captures."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from extractors.known_pages import KnownPages
from extractors.sources import Choice, SourceRequest
from extractors.sources.asking import entered, open_site, user_agent
from extractors.sources.captured import CapturedSource
from extractors.sources.wayback.index import Index
from extractors.sources.wayback.replay import Replay
from extractors.sources.wayback.selection import Selection, Wanted
from extractors.wilson_center.catalog import Catalog
from schemas.issues import SITE_STOPPED
from schemas.records import Item

_BATCH_CAPTURES = 32  # bodies that are held at once


class WaybackArchive(CapturedSource):
    """A web archive that is asked over HTTP."""

    uses_known = True

    def __init__(self, request: SourceRequest) -> None:
        super().__init__(request, f"wayback:{request.catalog.wayback.url}")

    def check(self) -> None:
        """Find out whether there is a contact for the User-Agent.

        Raises:
            UsageError: There is none.
        """
        user_agent(self._request.catalog)

    def _read(self, known: KnownPages) -> Iterator[Item]:
        return read_wayback(self._request.catalog, self._request.choice, known, self._skipped)


def read_wayback(catalog: Catalog, choice: Choice, known: KnownPages, skipped: Counter[str]) -> Iterator[Item]:
    """The captures that a web archive has of the archive's pages of every kind that is read, each page's body once.

    It runs an event loop of its own, and holds some bodies at a time. What the raw zone has is not asked for: of that,
    references are given. The robots.txt is not read: it is for crawlers that follow links, and these URLs are there
    for programs.

    Args:
        catalog: Says where the archive was, which web archive to ask, and how politely.
        choice: Which captures are wanted.
        known: What the raw zone has.
        skipped: What was left out, by kind; counted as it is met.

    Raises:
        UsageError: There is no contact.
        SourceError: The index cannot be had, is no CDX, or has no capture of such a page.
        SiteStoppedError: The web archive must not or cannot be asked for its index.
    """
    wayback = catalog.wayback
    with asyncio.Runner() as runner:
        with entered(
            runner, open_site(catalog, wayback.index_url, wayback.queries_per_second, is_web_archive=True)
        ) as site:
            index = Index(site, catalog, choice)
            runner.run(index.read())
        yield from index.issues
        selection = Selection(catalog, choice, skipped)
        yield from selection.add(index.lines)
        with entered(runner, open_site(catalog, wayback.url, wayback.pages_per_second, is_web_archive=True)) as site:
            replay = Replay(site, catalog, choice, known, skipped, is_pywb=index.is_pywb)
            yield from _read_pages(runner, replay, selection.wanted())


def _read_pages(runner: asyncio.Runner, replay: "Replay", wanted: Iterator[Wanted]) -> Iterator[Item]:
    """What comes of asking for captures, some at a time, until nothing is left or the web archive wants no more."""
    while (batch := tuple(islice(wanted, _BATCH_CAPTURES))) and replay.stopped is None:
        yield from runner.run(replay.read(batch))
    if replay.stopped is not None:
        left = replay.left + sum(len(each.lines) for each in (*batch, *wanted))
        message = f"{replay.stopped}; {left:,} captures were not read"
        yield SITE_STOPPED.issue(message)
