"""The docs as a site: every link leads somewhere, and a browser that opens it from its folder asks nobody."""

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page

from tests.browser import open_browser
from tests.conftest import REPOSITORY, Done, bare_environment

pytestmark = pytest.mark.accept

MKDOCS = Path(sys.executable).with_name("mkdocs")
NAMES = ("docs", "mkdocs.yml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "CITATION.cff")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what the site is made of."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for name in NAMES:
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        copy(REPOSITORY / name, folder / name)
    return folder


def build(folder: Path) -> Done:
    return subprocess.run(
        [MKDOCS, "build", "--site-dir", folder.parent / "site"],
        cwd=folder,
        env={**bare_environment(folder), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def is_found(tab: Page, page: Path, words: str) -> bool:
    """Whether the search of a page opened anew finds words; one whose worker was not there yet may never answer."""
    tab.goto(page.as_uri())
    tab.wait_for_load_state()
    tab.get_by_role("textbox", name="Search").fill(words)
    with suppress(Error):
        tab.locator(".md-search-result__item").first.wait_for(timeout=8000)
        return True
    return False


def test_the_site_has_every_page_and_is_read_and_searched_without_network(sources: Path, tmp_path: Path) -> None:
    done = build(sources)

    assert done.returncode == 0, done.stderr
    pages = sorted((tmp_path / "site").glob("*.html"))
    written = {path.stem for path in (REPOSITORY / "docs").glob("*.md")}
    assert {page.stem for page in pages} == written | {"index", "contributing", "changelog", "security", "404"}
    asked: list[str] = []
    failed: list[str] = []
    with open_browser() as browser:
        tab = browser.new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("pageerror", lambda error: failed.append(str(error)))
        for page in (one for one in pages if one.stem != "404"):  # which is for servers: its links begin at the root
            tab.goto(page.as_uri())
            tab.wait_for_load_state()
        assert any(is_found(tab, tmp_path / "site" / "index.html", "retry-after") for _ in range(5))
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert failed == []


@pytest.mark.parametrize("link", ["nowhere.md", "tables.md#nowhere", "../nowhere.md"])
def test_a_link_that_leads_nowhere_is_an_error(link: str, sources: Path) -> None:
    page = sources / "docs" / "scaling.md"
    page.write_text(f"{page.read_text()}\n[a link]({link})\n")

    done = build(sources)

    assert done.returncode != 0
    assert Path(link).name in done.stderr
