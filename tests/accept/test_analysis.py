"""What others do with the tables, with tools of their own: SQL, a notebook, a validator of Data Packages."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from importlib.util import module_from_spec, spec_from_file_location
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
import vl_convert
from frictionless import Package, Report, validate

from schemas.data_package import DATA_PACKAGE
from tests.accept.conftest import Harvested
from tests.browser import open_browser
from tests.code_blocks import code_blocks, run_python
from tests.conftest import REPOSITORY, bare_environment
from tests.flows.live import canonical, entry_of
from warehouse.products.exports import export

pytestmark = pytest.mark.accept

DAY = re.compile(r"\b\d{1,2} [A-Z][a-z]{2,8} \d{4}$", re.MULTILINE)
ANALYSIS = (REPOSITORY / "docs" / "analysis.md").read_text()


def rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Rows with null as None, and numbers to nine places."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [
        tuple(round(value, 9) if isinstance(value, float) else value for value in row)
        for row in plain.itertuples(index=False, name=None)
    ]


@pytest.mark.usefixtures("beside_the_samples")
def test_each_query_of_the_docs_gives_what_the_lines_of_pandas_before_it_give() -> None:
    shown, _ = run_python(ANALYSIS)
    blocks = code_blocks(ANALYSIS)
    (_, views), *queries = [block for block in blocks if block[0] == "sql"]
    with duckdb.connect() as database:
        database.execute(views)
        for query in queries:
            _, lines = blocks[blocks.index(query) - 1]
            found = database.sql(query[1])
            assert found.columns == list(shown[lines].columns), query
            assert rows(found.df()) == rows(shown[lines]), query
    assert len(queries) == 8


def test_blocks_that_need_a_package_that_make_run_does_not_bring_name_it_and_run(
    harvested_samples: Path, tmp_path: Path
) -> None:
    (tmp_path / "warehouse" / "data").mkdir(parents=True)
    (tmp_path / "warehouse" / "data" / "samples").symlink_to(harvested_samples)
    export(harvested_samples, "bundle", tmp_path / "bundle")
    environment = {**bare_environment(tmp_path), "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "huggingface")}
    blocks = [code for language, code in code_blocks(ANALYSIS) if language == "py"]

    for code in blocks:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        (package, *_) = re.findall(r"^(?:import|from) (\w+)", code, flags=re.MULTILINE)
        assert f"pip install {package}`" in ANALYSIS
    assert len(blocks) == 2


# The notebook


def answers(warehouse: Path) -> dict[str, Any]:
    """All that the notebook defines, after it has run on a warehouse."""
    spec = spec_from_file_location("questions", REPOSITORY / "docs" / "questions.py")
    assert spec is not None
    assert spec.loader is not None
    notebook = module_from_spec(spec)
    spec.loader.exec_module(notebook)
    _, defined = notebook.app.run(defs={"path": str(warehouse)})
    return dict(defined)


def test_the_notebook_answers_three_questions_from_the_samples(harvested_samples: Path) -> None:
    found = answers(harvested_samples)

    china = "000_56f256ad2640980a"
    years = found["years_of"](china).set_index("year")["dated"]
    assert (years.index.min(), years.index.max(), years.loc[1949], years.sum()) == (1949, 1961, 4, 10)
    assert found["gaps_of"](china).to_dict("records") == [
        {"first": first, "last": last, "possible": 0, "verdict": "not known: 79 of 89 documents were not seen"}
        for first, last in ((1950, 1955), (1960, 1960))
    ]
    assert dict(zip(found["disagreeing"]["date_text"], found["disagreeing"]["days"], strict=True)) == {
        "December 15, 1947": 714,
        "April 19, 1958": 14,  # written down a fortnight after the conversation
        "January 6, 1961": 11,
        "April 5, 1956": 5,
    }
    assert found["by_kind"]["documents"].tolist() == [0, 5, 3, 0, 1]
    (pair,) = found["connected"].to_dict("records")
    assert (pair["shared"], pair["at_least"], pair["times"]) == (1, True, None)
    (shared,) = found["connecting"](pair["left_id"], pair["right_id"]).to_dict("records")
    assert shared["title"] == "Notes by Anastas Mikoyan ahead of Meetings with Mao Zedong"


def test_the_notebook_answers_from_the_full_archive_what_its_generator_made(everything: Harvested) -> None:
    found, truth = answers(everything.warehouse), everything.truth
    years = {document.address: year_of(document.date_text) for document in truth.documents}
    listed = {entry_of(one).collection.collection_id: one.addresses for one in truth.collections}

    for name in ("all", *sorted(listed, key=lambda name: len(listed[name]))[:: len(listed) // 5]):
        addresses = listed.get(name, [*years])
        counts = Counter(years[address] for address in addresses if years[address])
        stated = found["years_of"](name)
        assert {year: count for year, count in zip(stated["year"], stated["dated"], strict=True) if count} == counts
        undated = sum(years[address] is None for address in addresses)
        gaps = found["gaps_of"](name)
        empty = {
            year for first, last in zip(gaps["first"], gaps["last"], strict=True) for year in range(first, last + 1)
        }
        assert empty == set(range(min(counts), max(counts) + 1)) - set(counts)
        doubt = f"; {undated} have no date" if undated else ""
        assert set(gaps["verdict"]) <= {f"the collection has none dated to these years{doubt}"}

    lists: dict[str, list[str]] = {}
    for name in sorted(listed):
        for address in listed[name]:
            lists.setdefault(address, []).append(name)
    shared = Counter(pair for names in lists.values() for pair in combinations(names, 2))
    connected = found["connected"].set_index(["left_id", "right_id"])
    assert connected["shared"].to_dict() == shared
    assert not connected["at_least"].any()
    left, right = connected.index[0]
    both = {canonical(address) for address in {*listed[left]} & {*listed[right]}}
    assert set(found["connecting"](left, right)["url"]) == both

    compared = found["compared"]
    to_the_day = compared[compared["title_date_edtf"].str.len() == len("1958-04-05")]
    assert len(to_the_day) == sum(
        bool(document.date_text and DAY.search(document.title)) for document in truth.documents
    )
    assert set(to_the_day["days"]) == {0}  # the generator writes into titles the day of the document


def year_of(date_text: str | None) -> int | None:
    return int(date_text[-4:]) if date_text else None


def test_the_notebook_is_exported_with_its_answers(harvested_samples: Path, tmp_path: Path) -> None:
    marimo = Path(sys.executable).with_name("marimo")
    notebook, page = REPOSITORY / "docs" / "questions.py", tmp_path / "questions.html"

    done = subprocess.run(
        [marimo, "export", "html", notebook, "-o", page, "--", "--warehouse", harvested_samples],
        env=bare_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "79 of 89 documents were not seen" in page.read_text()
    assert subprocess.run([marimo, "check", "--strict", notebook], check=False).returncode == 0


def test_the_answers_are_saved_as_one_page_that_a_browser_without_network_shows(
    harvested_samples: Path, tmp_path: Path
) -> None:
    script, page = REPOSITORY / "docs" / "questions_page.py", tmp_path / "questions.html"
    done = subprocess.run(
        [sys.executable, script, page, "--warehouse", harvested_samples],
        env=bare_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    with open_browser() as browser, closing(browser.new_context(offline=True, java_script_enabled=False)) as context:
        opened = context.new_page()
        asked: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(page.as_uri())
        text = opened.inner_text("body")
        assert "79 of 89 documents were not seen" in text
        assert "Notes by Anastas Mikoyan ahead of Meetings with Mao Zedong" in text
        assert "1949" in opened.locator("svg text").all_text_contents()
    assert asked == [page.as_uri()]
    assert "<NA>" not in page.read_text(encoding="utf-8")
    assert "<marimo" not in page.read_text(encoding="utf-8")


def test_years_on_the_axis_are_told_apart_and_collections_are_named_once(harvested_samples: Path) -> None:
    found = answers(harvested_samples)

    drawn = re.findall(r">([0-9,]+)</text>", vl_convert.vegalite_to_svg(found["chart"]))
    assert [label for label in drawn if len(label) > 1] == [str(year) for year in range(1949, 1962)]
    names = ["Sample: Soviet foreign policy", "Sample: conversations with Mao Zedong"]
    assert sorted(found["collection"].options) == names
    assert [*found["connected"].columns][:4] == ["times", "shared", "left", "right"]


# The Data Package


def faults(report: Report) -> list[list[str]]:
    return [list(fault) for fault in report.flatten(["type", "message"])]


def test_frictionless_finds_the_samples_valid(harvested_samples: Path) -> None:
    assert faults(validate(harvested_samples.resolve() / "current" / DATA_PACKAGE)) == []


def rows_inline(snapshot: Path) -> dict[str, Any]:
    """The Data Package with each table's rows in the place of its file.

    frictionless makes a dictionary of the whole row for each cell of a Parquet file, which takes minutes with the whole
    archive; what it shows of the rows is the same.
    """
    described: dict[str, Any] = json.loads((snapshot / DATA_PACKAGE).read_text(encoding="utf-8"))
    for resource in described["resources"]:
        names = [field["name"] for field in resource["schema"]["fields"]]
        rows = pq.read_table(snapshot / resource.pop("path")).select(names).to_pylist()
        resource["data"] = [names, *([row[name] for name in names] for row in rows)]
        for of_the_file in ("format", "mediatype", "hash"):
            del resource[of_the_file]
    return described


def test_frictionless_finds_the_full_archive_valid(everything: Harvested) -> None:
    described = rows_inline(everything.warehouse / "current")

    assert {resource["name"]: len(resource["data"]) - 1 for resource in described["resources"]}["documents"] == 16_750
    assert faults(Package.from_descriptor(described).validate()) == []


BREAKAGES: dict[str, tuple[str, Callable[[dict[str, list[Any]]], object]]] = {
    "primary-key": ("documents", lambda column: column["document_id"].__setitem__(0, column["document_id"][1])),
    "foreign-key": ("memberships", lambda column: column["document_id"].__setitem__(0, "0" * 16)),
    "constraint-error": ("documents", lambda column: column["date_precision"].__setitem__(0, "century")),
    "type-error": ("pages", lambda column: column["entry_count"].__setitem__(0, "many")),
}


@pytest.mark.parametrize("kind", BREAKAGES)
def test_frictionless_would_find_a_row_that_breaks_a_rule(kind: str, harvested_samples: Path) -> None:
    described = rows_inline(harvested_samples / "current")
    table, change = BREAKAGES[kind]
    (resource,) = (resource for resource in described["resources"] if resource["name"] == table)
    header, *body = resource["data"]
    columns = dict(zip(header, map(list, zip(*body, strict=True)), strict=True))
    change(columns)
    resource["data"] = [header, *map(list, zip(*columns.values(), strict=True))]

    assert kind in {fault for fault, _ in faults(Package.from_descriptor(described).validate())}
