"""A real browser for pages: Debian's Chromium, headless, which asks nobody but whom the page asks."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Without these Chromium looks for updates and for Google's hosts as it starts.
_QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"]


@contextmanager
def open_browser() -> Iterator["Browser"]:
    """A browser while the block lasts; `make accept` installs it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", *_QUIET])
        try:
            yield browser
        finally:
            browser.close()
