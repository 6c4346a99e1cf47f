"""A warehouse that was harvested once from the bundled samples, and copies of it that a test may damage."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.harvest import harvest
from flows.request import HarvestRequest
from schemas.tables import TABLES
from tests.warehouse.with_pages import harvest_with_pages
from warehouse.folder import WarehouseFolder

Tables = dict[str, pa.Table]


@pytest.fixture(scope="session")
def harvested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be changed."""
    path = tmp_path_factory.mktemp("harvested") / "warehouse"
    harvest(HarvestRequest("samples", path))
    return path


@pytest.fixture(scope="session")
def with_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples with pages of some documents. Not to be changed."""
    path = tmp_path_factory.mktemp("with-pages") / "warehouse"
    harvest_with_pages(path)
    return path


@pytest.fixture
def folder(harvested: Path, tmp_path: Path) -> WarehouseFolder:
    """A copy of the harvested warehouse."""
    shutil.copytree(harvested, tmp_path / "warehouse", symlinks=True)
    return WarehouseFolder(tmp_path / "warehouse")


@pytest.fixture(scope="session")
def _sound(harvested: Path) -> Tables:
    return {name: pq.read_table(harvested / "current" / f"{name}.parquet") for name in TABLES}


@pytest.fixture
def tables(_sound: Tables) -> Tables:
    """The tables of the samples; a test may put others in their places."""
    return dict(_sound)
