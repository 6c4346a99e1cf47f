"""What a program wrote into the pages that it saved: a mark that many pages share makes no document of several."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Command
from wcda import open_warehouse

PAGES = sorted((Path(__file__).parents[1] / "pages" / "documents").glob("*.html"))
OTHER = "https://digitalarchive.wilsoncenter.org/document/document-not-found"
CANONICAL = re.compile(r'<link rel="canonical" href="([^"]+)"')


def browser_mark(page: str, url: str) -> str:
    return f"<!-- saved from url=({len(url):04}){url} -->\n{page}"


def singlefile_mark(page: str, url: str) -> str:
    return (
        f"<!--\n Page saved with SingleFile \n url: {url} \n saved date: Sat Mar 01 2025 12:00:00 GMT+0000\n-->\n{page}"
    )


def canonical_link(page: str, url: str) -> str:
    return CANONICAL.sub(f'<link rel="canonical" href="{url}"', page)


def browser_mark_and_canonical_link(page: str, url: str) -> str:
    return browser_mark(canonical_link(page, url), url)


def titles_of(folder: Path, command: Command, warehouse: Path) -> list[str]:
    done = command("harvest", "--from", folder, "--direct", "--warehouse", warehouse)
    assert done.returncode in (0, 3), done.stderr
    assert command("check", "--warehouse", warehouse).returncode == 0
    titles: list[str] = open_warehouse(warehouse).documents["title"].dropna().tolist()
    return sorted(titles)


def write_pages(folder: Path, mark: Callable[[str, str], str], url: str) -> Path:
    folder.mkdir()
    for number, path in enumerate(PAGES):
        (folder / f"{number}.html").write_text(mark(path.read_text(encoding="utf-8"), url), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "mark",
    [browser_mark, singlefile_mark, canonical_link, browser_mark_and_canonical_link],
    ids=lambda mark: mark.__name__,
)
@pytest.mark.parametrize("is_of_a_page", [False, True], ids=["of a page that is not there", "of one of the pages"])
def test_pages_that_share_a_mark_are_as_many_documents_as_without_it(
    mark: Callable[[str, str], str], is_of_a_page: bool, tmp_path: Path, wcda_here: Command
) -> None:
    first = CANONICAL.search(PAGES[0].read_text(encoding="utf-8"))
    assert first is not None
    plain = titles_of(write_pages(tmp_path / "plain", lambda page, _: page, ""), wcda_here, tmp_path / "w")

    folder = write_pages(tmp_path / "marked", mark, first[1] if is_of_a_page else OTHER)

    assert titles_of(folder, wcda_here, tmp_path / "v") == plain
    assert set(open_warehouse(tmp_path / "v").issues["kind"]) == {"untrusted-url"}
