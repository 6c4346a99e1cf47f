"""What is exported is opened by the programs that it is for: Datasette, frictionless, mlcroissant, datasets, DuckDB."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pyarrow.parquet as pq
import pytest
import yaml
from frictionless import validate

from flows.harvest import harvest
from flows.request import HarvestRequest
from schemas.tables import TABLES
from tests.conftest import REPOSITORY, bare_environment
from tests.warehouse.with_pages import CHINA, harvest_with_pages
from warehouse.products.exports import export

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def with_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples with pages of some documents."""
    path = tmp_path_factory.mktemp("with-pages") / "warehouse"
    harvest_with_pages(path)
    return path


def run_python(place: Path, code: str, *arguments: str | Path) -> Any:
    """What a process of its own prints as JSON; libraries that others use warn of things of theirs as they begin."""
    environment = {**bare_environment(place), "HF_HUB_OFFLINE": "1", "HF_HOME": str(place / "huggingface")}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# Datasette


@contextmanager
def datasette(place: Path, *arguments: str | Path) -> Iterator[httpx.Client]:
    """A client of a Datasette that was started with these arguments."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [Path(sys.executable).with_name("datasette"), *arguments, "--port", str(port)]
    running = subprocess.Popen(
        command, env=bare_environment(place), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, follow_redirects=True) as client:
            while running.poll() is None:
                try:
                    client.get("/-/versions.json").raise_for_status()
                    break
                except httpx.TransportError:
                    time.sleep(0.2)
            assert running.poll() is None
            yield client
    finally:
        running.terminate()
        running.wait()


@pytest.fixture(scope="module")
def folder(with_pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a Datasette that serves an exported folder, as README.txt there says."""
    place = tmp_path_factory.mktemp("datasette")
    export(with_pages, "datasette", place / "tables")
    with datasette(place, place / "tables") as client:
        yield client


def rows(client: httpx.Client, path: str, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(path, params={**query, "_shape": "array"}).raise_for_status().json()
    return found


MIKOYAN = "Notes by Anastas Mikoyan ahead of Meetings with Mao Zedong"


def test_datasette_shows_what_each_table_and_column_is(folder: httpx.Client) -> None:
    assert "Listings of the Wilson Center Digital Archive, normalized" in folder.get("/").text
    for name, table in TABLES.items():
        described = unescape(folder.get(f"/wcda/{name}").raise_for_status().text)
        assert table.description in described
        assert described.count("<dt>") == len(table.columns)


def test_datasette_searches_documents_texts_and_views(folder: httpx.Client) -> None:
    assert [row["title"] for row in rows(folder, "/wcda/documents.json", _search="mikoyan")] == [MIKOYAN]
    found = rows(folder, "/wcda/documents_by_collection.json", _search="mikoyan")
    assert [row["title"] for row in found] == [MIKOYAN] * 2
    assert len({row["collection"] for row in found}) == 2
    assert len(rows(folder, "/wcda/texts.json", _search="sparrows")) == 3
    (row,) = rows(folder, "/wcda/document_terms_wide.json", _search="unlisted")
    assert (row["authors"], row["places"], row["topics"]) == ("Mao, Zedong; Ministry of Trade", "Beijing", None)
    for page in ("documents", "documents_by_collection", "document_terms_wide", "texts"):
        assert 'name="_search"' in folder.get(f"/wcda/{page}").text


def test_datasette_shows_facets_without_being_asked(folder: httpx.Client) -> None:
    shown = folder.get("/wcda/documents_by_collection.json").json()["facet_results"]

    years = {result["value"]: result["count"] for result in shown["year"]["results"]}
    assert years[1949] == 5  # four documents, of which one is in two collections
    assert shown["collection"]["results"][0]["count"] == 10


def test_datasette_finds_the_search_of_a_database_by_itself(with_pages: Path, tmp_path: Path) -> None:
    export(with_pages, "sqlite", tmp_path / "tables.db", collections=(CHINA,))

    with datasette(tmp_path, tmp_path / "tables.db") as client:
        assert [row["title"] for row in rows(client, "/tables/documents.json", _search="mikoyan")] == [MIKOYAN]
        assert len(rows(client, "/tables/documents_by_collection.json")) == 10


# A bundle to deposit


@pytest.fixture(scope="module", params=["whole", "one collection", "pages of documents"])
def bundle(request: pytest.FixtureRequest, with_pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bundle")
    warehouse = with_pages
    if request.param == "pages of documents":
        warehouse = place / "warehouse"
        harvest(HarvestRequest(str(REPOSITORY / "tests" / "pages" / "documents"), warehouse))
    export(warehouse, "bundle", place / "deposit", collections=(CHINA,) if request.param == "one collection" else ())
    return place / "deposit"


def test_a_bundle_is_a_valid_data_package(bundle: Path) -> None:
    report = validate(bundle / "datapackage.json")

    assert report.flatten(["title", "message"]) == []
    assert [task.name for task in report.tasks] == [*TABLES, *(f"{name}_csv" for name in TABLES)]
    assert {task.name: task.stats["rows"] for task in report.tasks if task.name.startswith("documents")} == {
        "documents": count(bundle, "documents"),
        "documents_csv": count(bundle, "documents"),
    }


def test_a_data_package_with_a_changed_cell_is_found_broken(with_pages: Path, tmp_path: Path) -> None:
    export(with_pages, "bundle", tmp_path / "out")
    file = tmp_path / "out" / "documents.csv"
    file.write_bytes(file.read_bytes().replace(b'"day"', b'"century"', 1))

    faults = {fault for (fault,) in validate(tmp_path / "out" / "datapackage.json").flatten(["type"])}

    assert faults == {"hash-count", "constraint-error"}


CROISSANT = """
import json, sys, mlcroissant
dataset = mlcroissant.Dataset(jsonld=sys.argv[1])
issues = dataset.metadata.ctx.issues
counts = {one.uuid: sum(1 for _ in dataset.records(one.uuid)) for one in dataset.metadata.record_sets}
title = next(iter(dataset.records("documents")))["documents/title"].decode()
print(json.dumps([sorted([*issues.errors, *issues.warnings]), counts, title]))
"""


def test_a_bundle_is_valid_croissant_and_its_records_are_read_by_it(bundle: Path) -> None:
    issues, counts, title = run_python(bundle.parent, CROISSANT, bundle / "croissant.json")

    assert issues == []
    assert counts == {name: count(bundle, name) for name in TABLES}
    assert title == pq.ParquetFile(bundle / "documents.parquet").read()["title"][0].as_py()


DATASETS = """
import json, sys, datasets
names = datasets.get_dataset_config_names(sys.argv[1])
print(json.dumps({name: datasets.load_dataset(sys.argv[1], name)["train"].num_rows for name in names}))
"""


def test_datasets_opens_each_table_of_a_bundle_that_has_rows(bundle: Path) -> None:
    found = run_python(bundle.parent, DATASETS, bundle)

    assert found == {name: count(bundle, name) for name in TABLES if count(bundle, name)}
    assert len(found) < len(TABLES)


def test_duckdb_reads_the_same_from_both_forms_of_a_bundle(bundle: Path) -> None:
    for name, table in TABLES.items():
        columns = ", ".join(f"{column.name}::VARCHAR" for column in table.columns if column.type in {"string", "int"})
        columns = columns.replace("text::VARCHAR", "NULL") if name == "texts" else columns
        read = f"SELECT {columns} FROM '{bundle}/{name}.parquet' ORDER BY ALL"
        texts = read.replace(f"'{bundle}/{name}.parquet'", f"read_csv('{bundle}/{name}.csv', all_varchar = true)")
        assert duckdb.sql(read).fetchall() == duckdb.sql(texts).fetchall(), name


def test_the_citation_of_a_bundle_names_the_snapshot_and_leaves_the_doi_open(bundle: Path) -> None:
    text = (bundle / "CITATION.cff").read_text(encoding="utf-8")
    citation = yaml.safe_load(text)

    assert citation["version"] == json.loads((bundle / "export.json").read_text())["snapshot_id"]
    assert (citation["cff-version"], citation["type"]) == ("1.2.0", "dataset")
    assert {"authors", "message", "title"} <= citation.keys()
    assert "doi" not in citation
    assert "\n# doi: " in text


def test_the_readme_of_a_bundle_counts_the_rows_of_each_table(bundle: Path) -> None:
    text = (bundle / "README.md").read_text(encoding="utf-8")

    for name in TABLES:
        assert f"\n| {name} | {count(bundle, name)} | " in text


def count(bundle: Path, name: str) -> int:
    rows: int = pq.ParquetFile(bundle / f"{name}.parquet").metadata.num_rows
    return rows
