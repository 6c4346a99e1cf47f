"""What docs/operations.md says of containers, done with processes in their place: see tests/compose.py."""

import re
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.accept.test_deployments import shell
from tests.compose import SERVICES, Compose, instructions
from tests.conftest import REPOSITORY
from tests.replica import replica
from wcda import open_warehouse

pytestmark = pytest.mark.operations


def test_the_commands_of_the_docs_bring_the_services_up_and_the_tables_out(tmp_path: Path) -> None:
    with replica(documents=60, collections=2) as site, ExitStack() as stack:
        services = Compose(tmp_path, stack)
        printed = "".join(services.run(command, WCDA_ARCHIVE=site.url) for command in shell("In containers"))
        documents = site.truth.documents

    assert "60 documents" in printed
    assert len(documents) == 60
    assert len(open_warehouse(tmp_path / "image" / "warehouse" / "data").documents) == 60
    assert (tmp_path / "tables" / "documents.parquet").is_file()


def test_the_image_is_made_of_files_that_are_there_and_of_the_python_that_tests_run_on() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text().splitlines()
    copied = [word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]]

    assert ignored[0] == "*"
    assert [name for name in copied if not (REPOSITORY / name).exists() or f"!{name}" not in ignored] == []
    assert {re.split("[ :-]", line)[1] for line in instructions("FROM")} == {"3.11"}
    assert {service["image"].partition(":")[0] for service in SERVICES.values()} == {"wcda", "postgres"}
