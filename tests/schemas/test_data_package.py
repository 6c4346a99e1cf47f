"""What is said of the tables elsewhere is what the schemas state: the Data Package, and the data dictionary."""

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq

from schemas.data_package import DATA_PACKAGE
from schemas.dictionary import data_dictionary
from schemas.tables import TABLES
from tests.conftest import REPOSITORY


def test_each_snapshot_describes_each_of_its_files(harvested_samples: Path) -> None:
    snapshot = harvested_samples / "current"
    package = json.loads((snapshot / DATA_PACKAGE).read_text(encoding="utf-8"))

    assert package["id"] == snapshot.resolve().name
    assert [resource["path"] for resource in package["resources"]] == [f"{name}.parquet" for name in TABLES]
    for resource in package["resources"]:
        file = snapshot / resource["path"]
        assert resource["hash"] == f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == pq.read_schema(file).names
        assert all(field["description"] for field in fields)


def test_keys_of_the_package_name_fields_that_there_are(harvested_samples: Path) -> None:
    package = json.loads((harvested_samples / "current" / DATA_PACKAGE).read_text(encoding="utf-8"))
    fields = {each["name"]: {field["name"] for field in each["schema"]["fields"]} for each in package["resources"]}

    for resource in package["resources"]:
        assert set(resource["schema"]["primaryKey"]) <= fields[resource["name"]]
        for key in resource["schema"].get("foreignKeys", []):
            assert set(key["fields"]) <= fields[resource["name"]]
            assert set(key["reference"]["fields"]) <= fields[key["reference"]["resource"] or resource["name"]]
    assert any("foreignKeys" in resource["schema"] for resource in package["resources"])


def test_the_data_dictionary_is_that_of_the_code() -> None:
    assert (REPOSITORY / "docs" / "tables.md").read_text(encoding="utf-8") == data_dictionary()
