"""How a site is asked: as politely as the catalog says, over one event loop, with a contact."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from extractors.sources.site import Site
from extractors.wilson_center.catalog import Catalog
from schemas.errors import UsageError


def user_agent(catalog: Catalog) -> str:
    """The User-Agent: who asks, and a contact.

    Raises:
        UsageError: The catalog has no contact.
    """
    contact = catalog.politeness.contact
    if contact is None:
        raise UsageError(
            "a site must know whom to write to: give --contact, or contact under [politeness] of the catalog"
        )
    return f"wcda/{version('wcda')} (+{contact})"


def open_site(
    catalog: Catalog,
    url: str | None = None,
    requests_per_second: float | None = None,
    *,
    is_web_archive: bool = False,
) -> Site:
    """A site, to be asked as politely as a catalog says; a context manager.

    Args:
        catalog: Says how.
        url: Of the site; `None` for the catalog's archive.
        requests_per_second: `None` for the catalog's.
        is_web_archive: Whether it is one, so that nobody who asks it is sent to web archives.

    Raises:
        UsageError: There is no contact.
    """
    politeness = catalog.politeness
    return Site(
        url or catalog.archive.url,
        user_agent=user_agent(catalog),
        requests_per_second=requests_per_second or politeness.requests_per_second,
        workers=politeness.workers,
        timeout_seconds=politeness.timeout_seconds,
        attempts=politeness.attempts,
        backoff_seconds=politeness.backoff_seconds,
        longest_wait_seconds=politeness.longest_wait_seconds,
        is_web_archive=is_web_archive,
    )


@contextmanager
def entered(runner: asyncio.Runner, site: Site) -> Iterator[Site]:
    """A site that is asked from time to time on a runner's event loop, while the block lasts."""
    runner.run(site.__aenter__())
    try:
        yield site
    finally:
        runner.run(site.__aexit__(None, None, None))
