"""What is exported holds what the tables hold, is read by others, and never stands half written."""

import csv
import datetime as dt
import errno
import fcntl
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import rispy
from citeproc.source import Date, DateRange, LiteralDate
from citeproc.source.json import CiteProcJSON
from hypothesis import example, given, settings
from hypothesis import strategies as st

from extractors.wilson_center import ARCHIVE
from schemas.columns import Column, Table
from schemas.dates import read_date
from schemas.errors import UsageError, WarehouseError
from schemas.tables import TABLES
from tests.conftest import WCDA, Done, long_csv_fields
from tests.warehouse.with_pages import CHINA, SOURCE
from warehouse.folder import WarehouseFolder
from warehouse.products.exports import Kind, export
from warehouse.products.references import csl_date, ris_date
from warehouse.products.tabular import CSV_RULES, file_stem
from warehouse.publishing import publish

Rows = dict[str, list[dict[str, Any]]]
KINDS: tuple[Kind, ...] = ("csv", "jsonl", "parquet", "sqlite", "datasette", "bundle", "csl", "ris")

HOSTILE = (
    '=HYPERLINK("http://x","y")', "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''=1", "'tis", "'",
    'a,"b"\r\nc', '"', "TY  - GEN\r\nER  - ", "a\nTI  - b", "\x00", "a\x00b\x1b[0m\x7f\x9b", "\x85a\u2028b\u2029c\x1cd",
    "\ufeffBOM", "מכתב אל ״מאו״ \u200f(1950)\u200e", "رسالة", "e\u0301 q\u0323\u0307", "한국어", "👩‍👩‍👧", " x ",
    "NULL", "null", "very long " * 20_000, "</script><i>x</i>", "\\N", "1e5", "a\\,b", "2001-01-01", "a\n\nb",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(min_size=1, max_size=40),
    st.builds(str.__add__, st.sampled_from("=+-@\t\r'"), st.text(max_size=9)),
)
DATES = (
    *("11 October 1957", "October 1956", "1977", "circa 1958", "Spring 1956", "1950s", "October 11-13, 1950", "??"),
    None,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXTS,
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "date": st.dates().map(lambda day: dt.datetime.combine(day, dt.time())),
    "strings": st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=2),
    "instant": st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2200, 1, 1)).map(lambda t: t.replace(tzinfo=dt.UTC)),
}
# Those that others refer to come first.
ORDER = sorted(TABLES, key=["documents", "collections", "runs", "pages", *TABLES].index)


@st.composite
def all_rows(draw: st.DrawFn) -> Rows:
    """Sound tables by the schemas, with anything in them that the schemas allow."""
    rows: Rows = {}
    for name in ORDER:
        rows[name] = _unique(TABLES[name], draw(_some(TABLES[name], rows)))
    _count(rows)
    return rows


def _some(table: Table, rows: Rows) -> st.SearchStrategy[list[dict[str, Any]]]:
    parents = {key.columns[0]: [row[key.reference[0]] for row in rows[key.table]] for key in table.foreign_keys}
    if any(not parents[column.name] and not column.nullable for column in table.columns if column.name in parents):
        return st.just([])
    values = {column.name: _value(column, parents.get(column.name)) for column in table.columns}
    if table.name == "documents":
        dates = st.sampled_from(DATES).map(lambda text: (text, edtf_of(text)))
        dated = st.builds(lambda date: {"date_text": date[0], "date_edtf": date[1]}, dates)
        return st.lists(st.builds(dict.__or__, st.fixed_dictionaries(values), dated), max_size=3)
    return st.lists(st.fixed_dictionaries(values), max_size=3)


def _value(column: Column, parents: list[Any] | None) -> st.SearchStrategy[Any]:
    choices = parents if parents is not None else column.allowed
    value = st.sampled_from(choices) if choices else st.nothing() if parents is not None else VALUES[column.type]
    if column.name == "url" and column.nullable:
        value = st.from_regex(r"https://example\.org/document/[a-z0-9-]{1,9}", fullmatch=True)
    if column.name == "document_id" and parents is None:
        value = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)
    return st.none() | value if column.nullable else value


def _unique(table: Table, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({tuple(row[name] for name in table.key): row for row in found}.values())


def _count(rows: Rows) -> None:
    for name, key, column, counted in (
        ("documents", "document_id", "collection_count", "memberships"),
        ("collections", "collection_id", "observed_total", "memberships"),
        ("pages", "page_id", "entry_count", "entries"),
    ):
        counts = Counter(row[key] for row in rows[counted])
        for row in rows[name]:
            row[column] = counts[row[key]]


def edtf_of(text: str | None) -> str | None:
    return getattr(read_date(text), "edtf", None) if text is not None else None


def null_rows() -> Rows:
    """A row of each table in which all is null that may be."""
    rows: Rows = {}
    values = {"string": "x", "int": 0, "float": 0.0, "bool": False, "instant": dt.datetime(2025, 1, 2, tzinfo=dt.UTC)}
    for name, table in TABLES.items():
        given = {column.name: (column.allowed or (values.get(column.type),))[0] for column in table.columns}
        rows[name] = [{column.name: None if column.nullable else given[column.name] for column in table.columns}]
    _count(rows)
    return rows


def hostile_rows() -> Rows:
    """A document and a collection for each hostile text; all else is null where it may be."""
    rows: Rows = {name: [] for name in TABLES}
    for number, text in enumerate(HOSTILE):
        known = {
            "document_id": f"{number:016x}", "title": text, "summary": text, "collection_id": text, "name": text,
            "kind": text, "date_text": DATES[number % len(DATES)], "date_precision": "unknown",
            "date_approximate": False, "complete": False,
        }  # fmt: skip
        known["date_edtf"] = edtf_of(known["date_text"])
        for name in ("documents", "collections", "memberships"):
            rows[name].append({column: known.get(column) for column in TABLES[name].column_names})
    _count(rows)
    return rows


@contextmanager
def exported(rows: Rows, kind: Kind) -> Iterator[Path]:
    """What an export makes of a warehouse with these rows."""
    with tempfile.TemporaryDirectory() as place:
        folder = WarehouseFolder(Path(place) / "warehouse")
        tables = {name: pa.Table.from_pylist(rows[name], schema=TABLES[name].arrow_schema()) for name in TABLES}
        publish(folder, tables, {}, archive=ARCHIVE)
        export(folder.path, kind, Path(place) / "out")
        yield Path(place) / "out"


def plain(rows: Rows, name: str, *, joined: bool = True) -> list[dict[str, Any]]:
    """Rows with days and timestamps as text, and lists too where a cell has one text only."""
    formats: dict[str, Callable[[dt.datetime], str]] = {
        "date": lambda value: value.date().isoformat(),
        "instant": lambda value: value.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    if joined:
        formats["strings"] = "; ".join  # type: ignore[assignment]
    timed = {column.name: formats[column.type] for column in TABLES[name].columns if column.type in formats}
    return [
        {key: timed[key](value) if key in timed and value is not None else value for key, value in row.items()}
        for row in rows[name]
    ]


def undo(text: str) -> str:
    """A text without its guard, by the regular expression that stands in the README.txt beside the CSV files."""
    (rule,) = re.findall(r"^ *(\S+) becomes nothing", CSV_RULES, flags=re.MULTILINE)
    return re.sub(rule, "", text)


def essence(text: str | None) -> str:
    """A text without white space, marks of paragraphs and control characters."""
    kept = (text or "").replace("¶", "")
    return "".join(char for char in kept if not char.isspace() and unicodedata.category(char) != "Cc")


@settings(max_examples=20)
@given(all_rows())
@example(hostile_rows())
@example(null_rows())
def test_csv_holds_every_value_and_no_cell_is_a_formula(rows: Rows) -> None:
    with exported(rows, "csv") as folder, long_csv_fields():
        for name, table in TABLES.items():
            data = (folder / f"{name}.csv").read_bytes()
            assert data.startswith(b"\xef\xbb\xbf")
            header, *found = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
            assert tuple(header) == tuple(column.name for column in table.columns if not column.large)
            for cells, row in zip(found, plain(rows, name), strict=True):
                for cell, column in zip(cells, [each for each in table.columns if not each.large], strict=True):
                    assert _cell(cell, column) == row[column.name]


def _cell(cell: str, column: Column) -> Any:
    if not cell:
        return None
    if column.type in {"string", "strings"}:
        assert not re.match(r"[=+\-@\t\r\n＝＋－＠]", cell)
        return undo(cell)
    readers: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "bool": {"true": True, "false": False}.get}
    return readers.get(column.type, str)(cell)


def test_csv_tells_null_from_what_is_there(harvested: Path, tmp_path: Path) -> None:
    export(harvested, "csv", tmp_path / "out")

    options = pa_csv.ConvertOptions(
        strings_can_be_null=True, quoted_strings_can_be_null=False, column_types={"title": pa.string()}
    )
    parsing = pa_csv.ParseOptions(newlines_in_values=True)
    read = pa_csv.read_csv(tmp_path / "out" / "documents.csv", parse_options=parsing, convert_options=options)
    sound = pq.read_table(harvested / "current" / "documents.parquet")
    assert read["url"].null_count == sound["url"].null_count == 19
    assert read["title"].to_pylist() == sound["title"].to_pylist()
    assert CSV_RULES in (tmp_path / "out" / "README.txt").read_text()


@settings(max_examples=20)
@given(all_rows())
@example(hostile_rows())
@example(null_rows())
def test_json_lines_hold_every_value(rows: Rows) -> None:
    with exported(rows, "jsonl") as folder:
        for name in TABLES:
            lines = (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
            assert [json.loads(line) for line in lines] == plain(rows, name, joined=False)


@settings(max_examples=20)
@given(all_rows())
@example(hostile_rows())
@example(null_rows())
def test_parquet_has_the_documents_of_each_collection(rows: Rows) -> None:
    documents = {row["document_id"]: row for row in rows["documents"]}
    with exported(rows, "parquet") as folder:
        assert len([*folder.glob("*.parquet")]) == len(rows["collections"])
        for collection in rows["collections"]:
            name = collection["collection_id"]
            found = pq.ParquetFile(folder / f"{file_stem(name)}.parquet").read().to_pylist()
            members = [row for row in rows["memberships"] if row["collection_id"] == name]
            members.sort(key=lambda row: (row["rank"] is None, row["rank"] or 0, row["document_id"]))
            assert found == [
                {"collection_id": name, "rank": row["rank"], **documents[row["document_id"]]} for row in members
            ]


@pytest.mark.parametrize("name", ["..", "a/b", "topics 86494", "Ä", "con/../x", "x" * 300, "", "\x00", "A"])
def test_a_file_is_named_safely_and_by_one_collection(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", file_stem(name))
    assert file_stem(name) != file_stem(name + "?")
    assert file_stem("topics-86494") == "topics-86494"


@settings(max_examples=20)
@given(all_rows())
@example(hostile_rows())
@example(null_rows())
def test_sqlite_holds_every_value_and_its_keys_hold(rows: Rows) -> None:
    with exported(rows, "sqlite") as file, closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        for name, table in TABLES.items():
            found = database.execute(f"SELECT * FROM {name} ORDER BY rowid").fetchall()
            assert [dict(zip(table.column_names, row, strict=True)) for row in found] == plain(rows, name)


def test_sqlite_declares_what_the_schemas_state(harvested: Path, tmp_path: Path) -> None:
    export(harvested, "sqlite", tmp_path / "out.sqlite")

    with closing(sqlite3.connect(tmp_path / "out.sqlite")) as database:
        for name, table in TABLES.items():
            info = database.execute(f"PRAGMA table_info({name})").fetchall()
            keys = database.execute(f"PRAGMA foreign_key_list({name})").fetchall()
            indices = [row[1] for row in database.execute(f"PRAGMA index_list({name})")]
            leading = {database.execute(f"PRAGMA index_info({index})").fetchone()[2] for index in indices}
            ranks = sorted((row[5], row[1]) for row in info if row[5])
            assert tuple(column for _, column in ranks) == table.key
            assert [row[1] for row in info if not row[3]] == [col.name for col in table.columns if col.nullable]
            assert {(row[3], row[2], row[4]) for row in keys} == {
                (key.columns[0], key.table, key.reference[0]) for key in table.foreign_keys
            }
            assert {key.columns[0] for key in table.foreign_keys} <= leading


@settings(max_examples=20)
@given(all_rows())
@example(hostile_rows())
@example(null_rows())
def test_csl_json_is_read_back_by_citeproc_without_loss(rows: Rows) -> None:
    with exported(rows, "csl") as file:
        items = json.loads(file.read_text(encoding="utf-8"))
        read = CiteProcJSON(items)
        for item, row in zip(items, rows["documents"], strict=True):
            assert (item.get("title"), item.get("abstract")) == (row["title"], row["summary"])
            if row["date_text"] not in PLAIN:
                assert row["date_text"] in item.get("note", item["issued"].get("literal", ""))
            reference = read[row["document_id"]]
            for ours, theirs in (("title", "title"), ("summary", "abstract"), ("url", "URL")):
                assert (str(reference[theirs]) if theirs in reference else None) == row[ours]
            assert (_told(reference["issued"]) if "issued" in reference else None) == EXPECTED_CSL[row["date_text"]]


def _told(date: Any) -> Any:
    if isinstance(date, LiteralDate):
        return str(date.text)
    if isinstance(date, DateRange):
        return (_told(date.begin), _told(date.end))
    assert isinstance(date, Date)
    return tuple(date[part] for part in ("year", "month", "day") if part in date) + ("circa",) * bool(date.circa)


PLAIN = ("11 October 1957", "October 1956", "1977", None)
EXPECTED_CSL = {
    None: None,
    "11 October 1957": (1957, 10, 11),
    "October 1956": (1956, 10),
    "1977": (1977,),
    "circa 1958": (1958, "circa"),
    "Spring 1956": (1956,),
    "1950s": "1950s",
    "October 11-13, 1950": ((1950, 10, 11), (1950, 10, 13)),
    "??": "??",
}


@settings(max_examples=20)
@given(all_rows())
@example(hostile_rows())
@example(null_rows())
def test_ris_is_read_back_by_rispy_without_loss(rows: Rows) -> None:
    with exported(rows, "ris") as file:
        read = rispy.loads(file.read_bytes().decode("utf-8"))
        for record, row in zip(read, rows["documents"], strict=True):
            assert record["id"] == row["document_id"]
            assert record.get("urls", []) == ([row["url"]] if row["url"] else [])
            assert essence(record.get("title")) == essence(row["title"])
            assert essence(record.get("abstract")) == essence(row["summary"])
            assert record.get("date", "") == EXPECTED_RIS[row["date_text"]]
            assert record.get("year", "") == record.get("date", "").split("/")[0]
            assert not any("\x00" <= char < " " for char in record.get("title", "").replace("\t", " "))


EXPECTED_RIS = {
    None: "",
    "11 October 1957": "1957/10/11/",
    "October 1956": "1956/10//",
    "1977": "1977///",
    "circa 1958": "1958///circa 1958",
    "Spring 1956": "1956///Spring 1956",
    "1950s": "///1950s",
    "October 11-13, 1950": "1950/10/11/October 11-13, 1950",
    "??": "///??",
}


def test_paragraphs_of_a_summary_are_told_apart_in_ris() -> None:
    rows = null_rows()
    summary = "He reports “a dinner”.\n\nA copy was\nsent.\n \nThis summary was reviewed."
    rows["documents"][0].update(summary=summary, title="مذكرة e\u0301")

    with exported(rows, "ris") as file:
        (record,) = rispy.loads(file.read_bytes().decode("utf-8"))

    assert record["abstract"].split(" ¶ ") == [
        "He reports “a dinner”.",
        "A copy was sent.",
        "This summary was reviewed.",
    ]
    assert record["title"] == "مذكرة e\u0301"


@pytest.mark.parametrize(
    ("edtf", "text", "csl", "ris"),
    [
        (None, None, None, (None, None)),
        ("1956-22", "Summer 1956", {"date-parts": [[1956]], "season": 2}, ("1956", "1956///Summer 1956")),
        ("1950~/1951", "ca. 1950-51", {"date-parts": [[1950], [1951]], "circa": True}, ("1950", "1950///ca. 1950-51")),
        ("1956-21/1956-22", "Spring-Summer", {"literal": "Spring-Summer"}, (None, "///Spring-Summer")),
        ("../1950", "before 1950", {"literal": "before 1950"}, (None, "///before 1950")),
        ("[1950,1952]", "1950 or 1952", {"literal": "1950 or 1952"}, (None, "///1950 or 1952")),
    ],
)
def test_a_date_without_a_plain_day_says_what_was_printed(
    edtf: str | None, text: str | None, csl: Any, ris: tuple[str | None, str | None]
) -> None:
    assert csl_date(edtf, text) == csl
    assert ris_date(edtf, text) == ris


@pytest.mark.parametrize("kind", KINDS)
def test_only_documents_of_the_named_collection_are_exported(kind: Kind, harvested: Path, tmp_path: Path) -> None:
    whole = {row["document_id"] for row in pq.read_table(harvested / "current" / "documents.parquet").to_pylist()}
    listed = {row["document_id"] for row in members_of(harvested, CHINA)}

    export(harvested, kind, tmp_path / "out", collections=(CHINA, CHINA))

    found = "".join(text_of(path) for path in paths_of(tmp_path / "out"))
    assert {each for each in whole if each in found} == listed
    assert len(listed) == 10


def members_of(warehouse: Path, collection_id: str) -> list[dict[str, Any]]:
    rows = pq.read_table(warehouse / "current" / "memberships.parquet").to_pylist()
    return [row for row in rows if row["collection_id"] == collection_id]


def paths_of(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else [path]


def text_of(path: Path) -> str:
    if path.suffix == ".parquet":
        return str(pq.ParquetFile(path).read().to_pylist())
    if path.read_bytes().startswith(b"SQLite"):
        with closing(sqlite3.connect(path)) as database:
            return "\n".join(database.iterdump())
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "sqlite", "bundle"])
def test_tables_of_one_collection_refer_to_nothing_that_is_not_there(
    kind: Kind, with_pages: Path, tmp_path: Path
) -> None:
    found = tables_of(kind, with_pages, tmp_path / "out", (CHINA,))

    assert {row["collection_id"] for row in found["collections"]} == {CHINA}
    assert {row["collection_id"] for row in found["memberships"]} == {CHINA}
    for name, table in TABLES.items():
        for key in table.foreign_keys:
            column, parent, reference = key.columns[0], key.table, key.reference[0]
            there = {row[reference] for row in found[parent]}
            assert {row[column] for row in found[name]} - {None, ""} <= there, (name, column)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "sqlite", "bundle"])
def test_tables_of_all_collections_named_one_by_one_lack_only_what_is_of_none(
    kind: Kind, with_pages: Path, tmp_path: Path
) -> None:
    every = tables_of(kind, with_pages, tmp_path / "every", ())
    names = tuple(row["collection_id"] for row in every["collections"])

    found = tables_of(kind, with_pages, tmp_path / "found", names)

    listed = {row["document_id"] for row in every["memberships"]}
    assert {row["document_id"] for row in found["documents"]} == listed
    assert found["memberships"] == every["memberships"]
    for name in ("document_terms", "texts", "files", "document_keys", "revisions", "entries"):
        assert found[name] == [row for row in every[name] if row["document_id"] in listed], name
    assert found["document_terms"]
    assert found["texts"]


def tables_of(
    kind: Kind, warehouse: Path, output: Path, collections: tuple[str, ...]
) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table that an export has, as it has them."""
    export(warehouse, kind, output, collections=collections)
    if kind == "sqlite":
        with closing(sqlite3.connect(output)) as database:
            database.row_factory = sqlite3.Row
            return {name: [dict(row) for row in database.execute(f"SELECT * FROM {name}")] for name in TABLES}
    readers: dict[str, Callable[[Path, str], list[dict[str, Any]]]] = {
        "bundle": lambda folder, name: pq.ParquetFile(folder / f"{name}.parquet").read().to_pylist(),
        "jsonl": lambda folder, name: [*map(json.loads, (folder / f"{name}.jsonl").read_bytes().splitlines())],
        "csv": lambda folder, name: [
            *csv.DictReader(io.StringIO((folder / f"{name}.csv").read_bytes().decode("utf-8-sig"), newline=""))
        ],
    }
    return {name: readers[kind](output, name) for name in TABLES}


def test_a_reference_has_authors_keywords_day_of_access_archive_and_location(with_pages: Path, tmp_path: Path) -> None:
    export(with_pages, "ris", tmp_path / "out.ris", collections=(CHINA,))
    export(with_pages, "csl", tmp_path / "out.json", collections=(CHINA,))

    records = [record for record in rispy.loads((tmp_path / "out.ris").read_text("utf-8")) if "authors" in record]
    items = [item for item in json.loads((tmp_path / "out.json").read_text("utf-8")) if "author" in item]
    assert sorted(record["access_date"] for record in records) == ["2025/01/02/", "2025/01/03/"]
    assert sorted(item["accessed"]["date-parts"] for item in items) == [[[2025, 1, 2]], [[2025, 1, 3]]]
    keywords = ["Zhou, Enlai", "Mao, Zedong", "Beijing", "China--Foreign relations--Soviet Union"]
    for record in records:
        assert record["authors"] == ["Mao, Zedong", "Ministry of Trade"]
        assert record["keywords"] == keywords
        assert (record["name_of_database"], record["accession_number"]) == (ARCHIVE.name, SOURCE)
    read = CiteProcJSON(items)
    for item in items:
        assert (item["archive"], item["archive_location"]) == (ARCHIVE.name, SOURCE)
        assert item["keyword"] == "; ".join(keywords)
        person, office = read[item["id"]]["author"]
        assert (str(person["family"]), str(person["given"])) == ("Mao", "Zedong")
        assert office["literal"] == "Ministry of Trade"


# RIS.js of github.com/zotero/translators, commit f50d4465fc40623d76d23d0690b71008ba4186c0: what `importTypeMap`,
# `fieldMap` and `degenerateImportFieldMap` make of a type, and of the tags of a manuscript.
ZOTERO_TYPES = {"MANSCPT": "manuscript", "GEN": "journalArticle", "UNPB": "journalArticle", "UNPD": "manuscript"}
ZOTERO_FIELDS = {
    "AB": "abstractNote", "AN": "archiveLocation", "AU": "creators/author", "DA": "date", "DB": "archive",
    "DP": "libraryCatalog", "ID": "__ignore", "KW": "tags", "PY": "date", "TI": "title", "UR": "url",
    "Y2": "accessDate",
}  # fmt: skip


def test_zotero_imports_each_tag_of_ris_into_a_field_of_a_manuscript(with_pages: Path, tmp_path: Path) -> None:
    export(with_pages, "ris", tmp_path / "out.ris")

    lines = (tmp_path / "out.ris").read_text("utf-8").splitlines()
    tags = {line[:2] for line in lines} - {"TY", "ER"}
    assert {ZOTERO_TYPES[line[6:]] for line in lines if line.startswith("TY")} == {"manuscript"}
    assert tags == ZOTERO_FIELDS.keys()


def test_what_ris_cannot_hold_is_said(folder: WarehouseFolder, tmp_path: Path) -> None:
    tables = {name: pq.read_table(folder.current / f"{name}.parquet") for name in TABLES}
    documents = tables["documents"]
    titles = pa.array(["a\nb\x00", *documents["title"].to_pylist()[1:]])
    at = documents.schema.get_field_index("title")
    tables["documents"] = documents.set_column(at, documents.schema.field("title"), titles)
    tables = {name: table.cast(TABLES[name].arrow_schema()) for name, table in tables.items()}
    publish(folder, tables, {}, archive=ARCHIVE)

    done = export(folder.path, "ris", tmp_path / "out.ris")

    assert done.notes[-1] == "1 control characters were removed"
    assert b"TI  - a b\r\n" in (tmp_path / "out.ris").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("former", KINDS)
def test_a_former_export_of_any_kind_is_replaced(kind: Kind, former: Kind, harvested: Path, tmp_path: Path) -> None:
    export(harvested, former, tmp_path / "out")
    export(harvested, kind, tmp_path / "out")
    export(harvested, kind, tmp_path / "fresh")

    assert _contents(tmp_path / "out") == _contents(tmp_path / "fresh")
    assert {path.name for path in tmp_path.iterdir()} == {"out", "fresh"}


def _contents(path: Path) -> dict[str, bytes]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return {file.name if path.is_dir() else "": file.read_bytes() for file in files}


@pytest.mark.parametrize("theirs", ["file", "folder", "added", "database"])
@pytest.mark.parametrize("kind", ["csv", "ris"])
def test_what_no_export_made_is_left_as_it_is(kind: Kind, theirs: str, harvested: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if theirs == "file":
        out.write_text("mine")
    elif theirs == "database":
        with closing(sqlite3.connect(out)) as database:
            database.execute("CREATE TABLE mine (x)")
    elif theirs == "folder":
        out.mkdir()
    else:
        export(harvested, "jsonl", out)
        (out / "mine.txt").write_text("mine")
    before = _contents(out)

    with pytest.raises(UsageError, match="exists and was not created by"):
        export(harvested, kind, out)

    assert _contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def change_a_cell(out: Path) -> None:
    file = out / "documents.csv"
    file.write_bytes(file.read_bytes().replace(b"Mikoyan", b"MIKOYAN"))


def replace_by_a_link(out: Path) -> None:
    (out / "documents.csv").rename(out.with_name("mine.csv"))
    (out / "documents.csv").symlink_to(out.with_name("mine.csv"))


def add_a_table(out: Path) -> None:
    with closing(sqlite3.connect(out)) as database:
        database.execute("CREATE TABLE mine (x)")


def change_a_row(out: Path) -> None:
    with closing(sqlite3.connect(out)) as database, database:
        database.execute("UPDATE documents SET title = 'mine'")


def add_an_item(out: Path) -> None:
    out.write_text(out.read_text().removesuffix("\n]\n") + ',\n{"id":"mine"}\n]\n')


def add_a_record(out: Path) -> None:
    with out.open("a", newline="") as file:
        file.write("TY  - BOOK\r\nTI  - Mine\r\nER  - \r\n")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("csv", change_a_cell),
        ("csv", replace_by_a_link),
        ("sqlite", add_a_table),
        ("sqlite", change_a_row),
        ("csl", add_an_item),
        ("ris", add_a_record),
    ],
)
def test_an_export_in_which_a_person_has_written_is_left_as_it_is(
    kind: Kind, change: Callable[[Path], None], harvested: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export(harvested, kind, out)
    change(out)
    before = _contents(out)

    with pytest.raises(UsageError, match="or was changed since"):
        export(harvested, kind, out)

    assert _contents(out) == before


def test_an_export_of_a_former_release_which_noted_names_alone_is_replaced(harvested: Path, tmp_path: Path) -> None:
    export(harvested, "csv", tmp_path / "out")
    note = json.loads((tmp_path / "out" / "export.json").read_text())
    (tmp_path / "out" / "export.json").write_text(json.dumps({**note, "files": [*note["files"]]}))

    export(harvested, "jsonl", tmp_path / "out")

    assert (tmp_path / "out" / "documents.jsonl").is_file()


def test_an_error_at_the_second_rename_puts_the_former_export_back(
    harvested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export(harvested, "csv", out)
    before = _contents(out)
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", fail)
        with pytest.raises(OSError, match="Input/output error"):
            export(harvested, "csv", out)

    assert _contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_former_export_that_cannot_be_put_back_is_kept_until_it_can(
    harvested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, place = tmp_path / "out", tmp_path / ".out.wcda-part"
    export(harvested, "csv", out)
    before = _contents(out)
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path.name != "out":
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", fail)
        with pytest.raises(OSError, match="Input/output error"):
            export(harvested, "csv", out)

    assert _contents(place / "former") == before
    out.write_text("mine")
    with pytest.raises(UsageError, match="was not created by"):
        export(harvested, "csv", out)
    assert _contents(place / "former") == before
    out.unlink()
    export(harvested, "csv", out)
    assert _contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("kind", ["jsonl", "csl"])
def test_of_several_exporters_to_one_place_each_writes_or_says_that_another_does(
    kind: Kind, harvested: Path, tmp_path: Path
) -> None:
    def export_often(_: int) -> set[str]:
        said = set()
        for _ in range(15):
            try:
                export(harvested, kind, tmp_path / "out")
            except Exception as error:  # whatever it is, it is compared below
                said.add(f"{type(error).__name__}: {error}")
        return said

    with ThreadPoolExecutor(4) as pool:
        said = set().union(*pool.map(export_often, range(4)))

    wanted = f"WarehouseError: {tmp_path / 'out'}: another export is writing there; try again when it has ended"
    assert said <= {wanted}
    export(harvested, kind, tmp_path / "fresh")
    assert _contents(tmp_path / "out") == _contents(tmp_path / "fresh")
    assert {path.name for path in tmp_path.iterdir()} == {"out", "fresh"}


def test_a_file_in_the_way_of_temporary_files_is_named_and_left(harvested: Path, tmp_path: Path) -> None:
    (tmp_path / ".out.wcda-part").write_text("mine")

    with pytest.raises(UsageError, match=r"\.out\.wcda-part: is in the way"):
        export(harvested, "csl", tmp_path / "out")

    assert (tmp_path / ".out.wcda-part").read_text() == "mine"


def test_no_two_ids_of_collections_give_one_name_of_a_file() -> None:
    odd = "Mao / Stalin"

    assert file_stem(file_stem(odd)) != file_stem(odd)


@pytest.mark.parametrize("kind", ["csv", "sqlite", "csl"])
def test_an_export_that_cannot_be_written_leaves_the_former_one(kind: Kind, harvested: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(harvested, kind, out)
    before = _contents(out)
    # No file may be longer than a block, as on a full disk.
    command = f"ulimit -f 1; exec '{WCDA}' export --warehouse '{harvested}' --to {kind} --output '{out}'"

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert _contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("kind", ["jsonl", "csl"])
def test_a_killed_export_leaves_a_whole_one_and_the_next_clears_up(kind: Kind, harvested: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(harvested, kind, out)
    before = _contents(out)
    running = subprocess.Popen([WCDA, "export", "--warehouse", harvested, "--to", kind, "--output", out])
    while running.poll() is None and not (tmp_path / ".out.wcda-part").exists():
        pass
    running.send_signal(signal.SIGKILL)
    running.wait()

    left = out if out.exists() else tmp_path / ".out.wcda-part" / "former"
    assert _contents(left) == before
    export(harvested, kind, out)
    assert _contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_export_killed_between_its_two_renames_loses_nothing(harvested: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(harvested, "csv", out)
    before = _contents(out)
    place = tmp_path / ".out.wcda-part"
    place.mkdir()
    out.rename(place / "former")
    (place / "new").write_text("half")

    export(harvested, "csv", out)

    assert _contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_two_exports_do_not_write_to_one_place(harvested: Path, tmp_path: Path) -> None:
    place = tmp_path / ".out.wcda-part"
    place.mkdir()
    handle = os.open(place, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)

    with pytest.raises(WarehouseError, match="another export is writing there"):
        export(harvested, "csl", tmp_path / "out")

    os.close(handle)
    export(harvested, "csl", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_named_snapshot_is_exported(folder: WarehouseFolder, tmp_path: Path) -> None:
    first = folder.current.resolve().name
    tables = {name: pq.read_table(folder.current / f"{name}.parquet") for name in TABLES}
    second = publish(folder, tables, {}, archive=ARCHIVE).manifest.snapshot_id

    assert export(folder.path, "csl", tmp_path / "out").snapshot_id == second
    assert export(folder.path, "csl", tmp_path / "out", first).snapshot_id == first
    with pytest.raises(WarehouseError, match="no such snapshot"):
        export(folder.path, "csl", tmp_path / "out", "19990101T000000.000000Z")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "xml", "--output", "x"), "xml"),
        (("--to", "csl"), "--output"),
        (("--to", "csl", "--output", "x", "--collection", "nowhere"), "nowhere: there is no such collection"),
        (("--to", "sqlite", "--output", "x", "--collection", "nowhere"), "nowhere: there is no such collection"),
    ],
)
def test_a_mistake_in_the_command_is_one_line(
    arguments: tuple[str, ...], said: str, wcda_here: Callable[..., Done], harvested: Path
) -> None:
    done = wcda_here("export", "--warehouse", harvested, *arguments)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr
    assert not Path("x").exists()


def test_the_command_says_what_it_wrote(wcda_here: Callable[..., Done], harvested: Path) -> None:
    done = wcda_here("export", "--warehouse", harvested, "--to", "ris", "--output", "x.ris", "--json")

    assert json.loads(done.stdout)["rows"] == 19
    assert Path("x.ris").read_bytes().count(b"TY  - MANSCPT\r\n") == 19
