"""The archive survives its site: one crawl, kept in any way, gives the same tables as the site itself."""

import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.tables import TABLES
from tests.archives.making import (
    addresses_of,
    crawl_to_folder,
    crawl_to_warc,
    make_wacz,
    pack_tar,
    write_as_browser,
    write_as_scrapy,
)
from tests.archives.playing import playing
from tests.archives.saving import (
    crawl_again,
    mirror_with_httrack,
    save_as_mhtml,
    save_in_browser,
    save_with_singlefile,
    write_with_brotli,
)
from tests.conftest import WCDA, bare_environment, run_wcda
from tests.flows.live import (
    frame,
    published_documents,
    published_memberships,
    true_documents,
    true_memberships,
    write_catalog_for,
)
from tests.flows.test_main_job import lasting, read_tables
from tests.flows.test_readme import archive_commands
from tests.replica import Truth, replica

pytestmark = pytest.mark.accept

COMPARED = ("documents", "memberships", "entries")
OWN_PAGE = "the document's own page"
WAYS = (
    "wget --warc-file",
    "wget --mirror",
    "wget --mirror as .tar.gz",
    "wget --mirror as .tar.zst",
    "WACZ",
    "WARC of Scrapy",
    "WARC of a browser",
    "WARC with brotli",
    "two crawls without order",
    "SingleFile",
    "pages of a browser with side files",
    "MHTML",
    "HTTrack",
    "pywb",
)
# These write a mark into each page, so that it has other bytes, and another `page_id`.
MARKING = {"SingleFile", "pages of a browser with side files", "HTTrack"}

Rows = dict[str, list[dict[str, object]]]


@dataclass(frozen=True)
class Survivals:
    """What is left of a site that is gone.

    Attributes:
        direct: Rows that a harvest of the site itself gave.
        sources: What `--from` is given, by the way in which the crawl was kept.
    """

    truth: Truth
    catalog: Path
    direct: Rows
    sources: dict[str, str | Path]


def published(warehouse: Path) -> Rows:
    """What listings show; the crawls hold the own pages of a few documents too, for which the site was not asked."""
    tables = lasting(read_tables(warehouse))
    of_own_pages = {column.name for column in TABLES["documents"].columns if column.source.startswith(OWN_PAGE)}
    documents = [{key: row[key] for key in row if key not in of_own_pages} for row in tables["documents"]]
    return {name: tables[name] for name in COMPARED} | {"documents": documents}


def without_pages(rows: Rows) -> Rows:
    """The rows without the pages that they stand on, in an order of their own."""
    kept = {name: [{key: row[key] for key in row if key != "page_id"} for row in found] for name, found in rows.items()}
    return {name: sorted(found, key=repr) for name, found in kept.items()}


@pytest.fixture(scope="module", params=[10, 100], ids=["ten a page", "a hundred a page"])
def survivals(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survivals]:
    size, place = int(request.param), tmp_path_factory.mktemp("survivals")
    # Each of wget's ways once: bodies as they are or packed, names of files with .html behind the query or without.
    packing, naming = ("none", ["--adjust-extension"]) if size == 10 else ("auto", [])
    with replica(documents=600, collections=8, items_per_page_ignored=size == 10) as site:
        truth = site.truth
        catalog = write_catalog_for(site, place / "catalog.toml")
        done = run_wcda(place, "harvest", "--catalog", catalog, "--warehouse", place / "direct", "--direct")
        assert done.returncode == 0, done.stderr
        addresses = addresses_of(site, size)
        warc = crawl_to_warc(addresses, place / "crawl.warc.gz", f"--compression={packing}")
        folder = crawl_to_folder(addresses, place / "mirror", *naming)
    sources: dict[str, str | Path] = {
        "wget --warc-file": warc,
        "wget --mirror": folder,
        "wget --mirror as .tar.gz": pack_tar(folder, place / "mirror.tar.gz"),
        "wget --mirror as .tar.zst": pack_tar(folder, place / "mirror.tar.zst"),
        "WACZ": make_wacz(warc, place / "crawl.wacz"),
        "WARC of Scrapy": write_as_scrapy(warc, place / "scrapy.warc.gz"),
        "WARC of a browser": write_as_browser(warc, place / "browser.warc.gz"),
        "WARC with brotli": write_with_brotli(warc, place / "brotli.warc.gz"),
        "two crawls without order": crawl_again(warc, place / "again"),
        "SingleFile": save_with_singlefile(warc, place / "singlefile"),
        "pages of a browser with side files": save_in_browser(warc, place / "complete"),
        "MHTML": save_as_mhtml(warc, place / "mhtml"),
        "HTTrack": mirror_with_httrack(warc, place / "httrack"),
        "pywb": "wayback",
    }
    with ExitStack() as stack:
        player = stack.enter_context(playing([warc], place / "player"))
        asking = f'[wayback]\nurl = "{player.url}"\npages_per_second = inf\nqueries_per_second = inf\n'
        catalog.write_text(f"{catalog.read_text()}\n{asking}")
        yield Survivals(truth, catalog, published(place / "direct"), sources)


@pytest.mark.parametrize("way", WAYS)
def test_a_crawl_kept_in_any_way_gives_the_tables_that_the_site_gave(
    way: str, survivals: Survivals, tmp_path: Path
) -> None:
    done = run_wcda(
        tmp_path,
        "harvest",
        "--from",
        survivals.sources[way],
        "--catalog",
        survivals.catalog,
        "--warehouse",
        tmp_path / "w",
        "--direct",
    )

    assert done.returncode == 0, done.stderr
    assert published_documents(tmp_path / "w") == true_documents(survivals.truth)
    assert published_memberships(tmp_path / "w") == true_memberships(survivals.truth)
    assert set(frame(tmp_path / "w", "collections")["coverage"]) == {1.0}
    strip = without_pages if way in MARKING else dict
    assert strip(published(tmp_path / "w")) == strip(survivals.direct)


def test_the_readme_s_commands_for_archives_work_one_after_the_other(survivals: Survivals, tmp_path: Path) -> None:
    catalog = tomllib.loads(survivals.catalog.read_text())
    environment = {"WCDA_ARCHIVE": catalog["archive"]["url"], "WCDA_WAYBACK": catalog["wayback"]["url"]}
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "wcda").symlink_to(WCDA)
    (tmp_path / "catalog.toml").symlink_to(survivals.catalog)
    (tmp_path / "crawl.warc.gz").symlink_to(survivals.sources["wget --warc-file"])
    (tmp_path / "search-results.tar.zst").symlink_to(survivals.sources["wget --mirror as .tar.zst"])

    for command in archive_commands():
        done = subprocess.run(
            command.split(),
            cwd=tmp_path,
            env={**bare_environment(tmp_path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert published_memberships(tmp_path / "warehouse" / "data") == true_memberships(survivals.truth)


def test_a_mirror_whose_links_wget_converted_gives_the_documents_that_the_site_gave(tmp_path: Path) -> None:
    with replica(documents=40, collections=2) as site:
        catalog = write_catalog_for(site, tmp_path / "catalog.toml")
        options = ("--catalog", catalog, "--direct", "--warehouse")
        assert run_wcda(tmp_path, "harvest", "--documents", *options, tmp_path / "direct").returncode == 0
        addresses = addresses_of(site, 10) + [site.url + one.address for one in site.truth.documents]
        folder = crawl_to_folder(addresses, tmp_path / "mirror", "--adjust-extension", "--convert-links")
    assert 'href="document/' in next(folder.rglob("search*.html")).read_text()

    done = run_wcda(tmp_path, "harvest", "--from", folder, *options, tmp_path / "w")

    assert done.returncode == 0, done.stderr
    assert published_documents(tmp_path / "w") == published_documents(tmp_path / "direct")
    # Not of terms and files: what was not saved has the replica's host in its link, which is none of the archive's.
    for table in ("texts", "relations"):
        ours, theirs = (
            frame(tmp_path / name, table).drop(columns="page_id", errors="ignore") for name in ("w", "direct")
        )
        assert ours.equals(theirs), table
