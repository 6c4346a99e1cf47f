"""What the slow tests share: one harvest of the full archive, a hundred a page; one Prefect server."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import run_wcda
from tests.flows.live import write_catalog_for
from tests.prefect_server import PrefectServer, prefect_server
from tests.replica import Truth, replica


@dataclass(frozen=True)
class Harvested:
    """A warehouse, not to be written to, and what the replica held."""

    warehouse: Path
    truth: Truth


def harvest_everything(place: Path, *, items_per_page_ignored: bool) -> Harvested:
    """Harvest the full archive: every document, every collection."""
    with replica(items_per_page_ignored=items_per_page_ignored) as site:
        catalog = write_catalog_for(site, place / "catalog.toml", timeout_seconds=30.0)
        done = run_wcda(place, "harvest", "--catalog", catalog, "--warehouse", place / "w", "--direct")
        assert done.returncode == 0, done.stderr
        return Harvested(place / "w", site.truth)


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Harvested:
    """The full archive, harvested once with a hundred entries a page."""
    return harvest_everything(tmp_path_factory.mktemp("everything"), items_per_page_ignored=False)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A Prefect server that runs on the loopback."""
    with prefect_server(tmp_path_factory.mktemp("server")) as running:
        yield running
