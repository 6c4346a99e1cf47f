"""The report: its figures are those of the tables, and what the tables hold cannot do anything to the page."""

import base64
import datetime as dt
import gzip
import json
import random
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from itertools import accumulate, chain, combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from extractors.wilson_center import ARCHIVE
from schemas.dates import read_date
from schemas.errors import UsageError
from schemas.tables import TABLES
from tests.conftest import WCDA, Command, bare_environment
from tests.warehouse.conftest import Tables
from warehouse.changes import ChangeSummary
from warehouse.checks import snapshot_problems
from warehouse.folder import WarehouseFolder
from warehouse.products.report import find_report, write_report
from warehouse.products.report.charts import year_charts
from warehouse.products.report.figures import MIN_SHARED, YEAR_BARS, Figures, PageCoverage, Years, gather_figures
from warehouse.products.report.listing import pack_documents
from warehouse.products.report.page import START
from warehouse.publishing import publish
from wcda import open_warehouse
from wcda.changes import Change
from wcda.manifest import REPORT, Manifest
from wcda.overlaps import find_overlaps
from wcda.snapshots import current_snapshot

AT = dt.datetime(2025, 3, 1, 8, tzinfo=dt.UTC)
NOTHING = ChangeSummary(Counter())

DOCUMENT = {"date_precision": "unknown", "date_approximate": False, "collection_count": 0}
COLLECTION = {"kind": "topics", "observed_total": 0, "complete": True}


def made(**rows: list[dict[str, Any]]) -> Tables:
    """Tables of these rows; the other tables are empty."""
    return {
        name: pa.Table.from_pylist(rows.get(name, []), schema=table.arrow_schema()) for name, table in TABLES.items()
    }


def document(name: str, date: str | None = None, **values: Any) -> dict[str, Any]:
    reading = read_date(date) if date else None
    dated = {} if reading is None else {
        "date_edtf": reading.edtf,
        "date_start": reading.start and dt.datetime.combine(reading.start, dt.time()),
        "date_end": reading.end and dt.datetime.combine(reading.end, dt.time()),
        "date_precision": reading.precision,
        "date_approximate": reading.approximate,
    }  # fmt: skip
    return {**DOCUMENT, "document_id": name, "title": f"Title of {name}", "date_text": date, **dated, **values}


def collection(collection_id: str, **values: Any) -> dict[str, Any]:
    return {**COLLECTION, "collection_id": collection_id, "name": collection_id.upper(), **values}


def members(*pairs: str) -> list[dict[str, Any]]:
    """Memberships, such as `ax`: document a in collection x."""
    return [{"document_id": pair[0], "collection_id": pair[1]} for pair in pairs]


def figures_of(changes: ChangeSummary | None = NOTHING, **rows: list[dict[str, Any]]) -> Figures:
    return gather_figures(made(**rows), changes)


def documents_dated(*dates: str | None) -> list[dict[str, Any]]:
    return [document(str(number), date) for number, date in enumerate(dates)]


# Coverage


def reading(name: str, run: str, reason: str | None, started: dt.datetime | None = None) -> dict[str, Any]:
    return {
        "reading_id": f"{name}-{run}",
        "collection_id": name,
        "run_id": run,
        "started_at": started,
        "observed_total": 1,
        "complete": reason is None,
        "reason": reason,
    }


def test_collections_with_gaps_come_first_and_of_these_the_least_covered() -> None:
    figures = figures_of(
        collections=[
            collection("a", reported_total=4, observed_total=4, coverage=1.0),
            collection("b", reported_total=4, observed_total=3, coverage=0.75, complete=False),
            collection("c", reported_total=4, observed_total=1, coverage=0.25, complete=False),
            collection("d", complete=False),
        ]
    )

    assert [(row.name, row.share, row.reason is None) for row in figures.coverage] == [
        ("D", None, False),
        ("C", 0.25, False),
        ("B", 0.75, False),
        ("A", 1.0, True),
    ]


def test_a_gap_has_the_reason_of_the_latest_reading() -> None:
    figures = figures_of(
        collections=[collection("a", complete=False), collection("b", complete=False), collection("c", complete=False)],
        readings=[
            reading("a", "2", "the older", AT),
            reading("a", "1", "the newer", AT + dt.timedelta(days=1)),
            reading("b", "1", "the first run's"),
            reading("b", "2", "the second run's"),
        ],
    )

    assert [row.reason for row in figures.coverage] == ["the newer", "the second run's", "no page was read"]


def test_a_collection_without_a_name_goes_by_its_id() -> None:
    figures = figures_of(collections=[collection("topics-1", name=None)])

    assert [row.name for row in figures.coverage] == ["topics-1"]


# Dates


def test_documents_count_in_the_first_year_that_their_date_can_mean() -> None:
    figures = figures_of(
        documents=documents_dated("May 10, 1957", "1957", "1950s", "before 1958", "December 1956", None)
    )

    found = {row.first: (row.exact, row.others) for row in figures.years if row.exact or row.others}
    assert found == {1950: (0, 1), 1956: (0, 1), 1957: (1, 1), 1958: (0, 1)}
    assert [row.first for row in figures.years] == [*range(1950, 1959)]
    assert figures.undated == 1


@pytest.mark.parametrize(
    ("years", "span"),
    [
        ((1957, 1957), 1),
        ((1935, 2008), 1),
        ((1900, 1999), 1),
        ((1900, 2000), 2),
        ((1000, 2000), 20),
        ((1, 9999), 100),
        ((1, 200), 5),
    ],
)
def test_years_that_are_too_many_for_the_chart_are_put_together(years: tuple[int, int], span: int) -> None:
    rows = [document(str(year), date_start=dt.datetime(year, 1, 1), date_precision="day") for year in {*years}]

    found = figures_of(documents=rows).years

    assert len(found) <= YEAR_BARS
    assert {row.last - row.first + 1 for row in found} == {span}
    assert sum(row.exact for row in found) == len(rows)
    assert found[0].first <= years[0]
    assert found[-1].last >= years[1]


def test_precisions_are_counted_with_an_example_as_printed() -> None:
    figures = figures_of(documents=documents_dated("May 10, 1957", "May 11, 1957", "1957", "circa 1958", None))

    found = {row.precision: (row.documents, row.example) for row in figures.precision if row.documents}
    assert found == {"day": (2, "May 10, 1957"), "year": (2, "1957"), "unknown": (1, None)}
    assert figures.approximate == 1


def test_a_date_in_the_title_counts_if_it_contradicts_that_of_the_record() -> None:
    rows = [
        document("a", "1957", title="Talk, 1957", title_date_edtf="1957"),
        document("b", "1957", title="Talk, 1958", title_date_edtf="1958"),
        document("c", "1957"),
        document("d", None, title="Talk, 1958", title_date_edtf="1958"),
    ]

    assert figures_of(documents=rows).title_dates == 1


def test_a_date_that_is_only_more_precise_contradicts_nothing() -> None:
    rows = [
        document("a", "1935", title="Letter, 8 June 1935", title_date_edtf="1935-06-08"),
        document("b", "June 8, 1935", title="Letter, June 1935", title_date_edtf="1935-06"),
        document("c", "June 9, 1935", title="Letter, 8 June 1935", title_date_edtf="1935-06-08"),
    ]

    assert figures_of(documents=rows).title_dates == 1


def test_the_list_of_the_whole_archive_is_no_second_collection() -> None:
    figures = figures_of(
        documents=[document(name, collection_count=2) for name in "abc"],
        collections=[collection("w", kind="all"), collection("x"), collection("y")],
        memberships=members("aw", "bw", "cw", "ax", "bx", "by"),
    )

    assert figures.sharing == {0: 1, 1: 1, 2: 1}
    assert [(pair.left, pair.right) for pair in figures.overlaps] == [("X", "Y")]


# Overlap


def test_overlaps_are_those_of_two_collections_and_their_share_is_of_the_smaller() -> None:
    shared = members("ax", "bx", "cx", "by", "cy", "az", "dz")
    counts = Counter(row["document_id"] for row in shared)
    figures = figures_of(
        documents=[document(name, collection_count=counts[name]) for name in "abcd"],
        collections=[collection(name) for name in "xyz"],
        memberships=shared,
    )

    (first, second) = figures.overlaps
    assert (first.left, first.right, first.shared, first.left_total, first.right_total) == ("X", "Y", 2, 3, 2)
    assert first.share == 1.0
    assert (second.left, second.right, second.shared, second.share) == ("X", "Z", 1, 0.5)
    assert figures.sharing == {1: 1, 2: 3}


def test_a_collection_that_lists_every_document_is_in_no_pair() -> None:
    figures = figures_of(
        documents=[document(name) for name in "ab"],
        collections=[collection(name) for name in "xyz"],
        memberships=members("ax", "bx", "ay", "az"),
    )

    assert [(pair.left, pair.right) for pair in figures.overlaps] == [("Y", "Z")]


def lists(**sets: range) -> dict[str, list[dict[str, Any]]]:
    """Collections that were read whole, of a hundred documents of which each lists some."""
    return {
        "documents": [document(str(number)) for number in range(100)],
        "collections": [collection(name) for name in sets],
        "memberships": [
            {"document_id": str(at), "collection_id": name} for name, places in sets.items() for at in places
        ],
    }


def test_overlaps_beyond_chance_come_before_larger_ones_that_chance_explains() -> None:
    figures = figures_of(**lists(v=range(80), w=range(20, 100), x=range(6), y=range(5), z=range(3)))

    found = [(pair.left + pair.right, pair.shared, pair.by_chance, pair.times) for pair in figures.overlaps]
    assert found[0] == ("XY", 5, 0.3, pytest.approx(5 / 0.3))
    assert found[1] == ("VX", 6, 4.8, pytest.approx(1.25))
    assert [each[0] for each in found[-1:]] == ["VW"]  # the largest, and less than by chance
    assert found[-1][1:] == (60, 64.0, pytest.approx(60 / 64))
    few = [each[0] for each in found if each[1] < MIN_SHARED]
    assert few == ["YZ", "XZ", "VZ"]  # most beyond chance, and last of those that are
    assert [each[0] for each in found] == ["XY", "VX", "VY", *few, "VW"]


def test_of_collections_that_were_not_read_whole_no_chance_is_told_and_they_come_last() -> None:
    rows = lists(x=range(30), y=range(20), z=range(5))
    rows["collections"][0]["complete"] = False

    overlaps = figures_of(**rows).overlaps

    assert [(pair.left + pair.right, pair.times is None) for pair in overlaps] == [
        ("YZ", False),
        ("XY", True),
        ("XZ", True),
    ]


def test_overlaps_are_those_that_one_counts_one_by_one() -> None:
    chance = random.Random(1)
    sets = {f"c{number}": {*chance.sample(range(60), chance.randint(1, 40))} for number in range(12)}
    rows = [{"document_id": str(each), "collection_id": name} for name, listed in sets.items() for each in listed]
    chance.shuffle(rows)

    found = find_overlaps(made(memberships=rows)["memberships"]).to_pylist()

    assert {(row["left_id"], row["right_id"]): row["shared"] for row in found} == {
        (left, right): len(sets[left] & sets[right])
        for left, right in combinations(sorted(sets), 2)
        if sets[left] & sets[right]
    }
    assert all(row["left_total"] == len(sets[row["left_id"]]) for row in found)
    assert all(row["right_total"] == len(sets[row["right_id"]]) for row in found)
    assert all(row["jaccard"] == row["shared"] / len(sets[row["left_id"]] | sets[row["right_id"]]) for row in found)
    assert found == sorted(found, key=lambda row: (-row["shared"], row["left_id"], row["right_id"]))


# Pages of documents


def test_documents_with_and_without_their_own_page_are_counted_and_what_did_not_come() -> None:
    site = "https://digitalarchive.wilsoncenter.org/document"
    rows = [
        document("a", node_id="1", url=f"{site}/a", collection_count=1),
        document("b", url=f"{site}/b", collection_count=1),
        document("c", url=f"{site}/c", collection_count=1),
        document("d", url=f"{site}/d", collection_count=1),
        document("e", record_id="5"),
    ]
    issues = [
        {**issue(1, "error", "fetch-failed"), "url": f"{site}/a"},  # came later
        {**issue(2, "error", "fetch-failed"), "url": f"{site}/b"},
        {**issue(3, "warning", "failed-capture"), "url": f"{site}/c"},
        {**issue(4, "warning", "doubtful-alias"), "url": f"{site}/d"},
        {**issue(5, "error", "fetch-failed"), "url": "https://example.org/"},
    ]

    assert figures_of(documents=rows, issues=issues).pages == PageCoverage(listed=4, captured=2, absent=3, failed=2)


# Changes and issues


def test_changes_are_counted_by_table_and_told_by_name() -> None:
    summary = ChangeSummary(
        Counter({("documents", "changed"): 1, ("documents", "merged"): 1, ("memberships", "removed"): 3}),
        (
            Change("documents", "changed", "a", "title", None, "Title of a"),
            Change("documents", "merged", "gone", None, None, "a"),
            Change("collections", "changed", "x", "reported_total", 3, 4),
            Change("memberships", "removed", "a/x"),
        ),
    )

    changes = figures_of(summary, documents=[document("a")], collections=[collection("x")]).changes

    assert changes is not None
    assert changes.counts == {"documents": {"changed": 1, "merged": 1}, "memberships": {"removed": 3}}
    assert [(each.name, each.change, each.former, each.present) for each in changes.examples] == [
        ("Title of a", "changed", None, "Title of a"),
        ("gone", "merged", None, "Title of a"),
        ("X", "changed", "3", "4"),
    ]


def issue(number: int, level: str, kind: str) -> dict[str, Any]:
    return {"issue_id": str(number), "level": level, "kind": kind, "message": f"message {number}", "run_id": "r"}


def test_issues_come_by_kind_the_gravest_first_with_some_examples() -> None:
    rows = [issue(number, "info", "often") for number in range(9)]
    rows += [
        issue(10, "error", "bad"),
        issue(11, "warning", "rare"),
        issue(12, "warning", "more"),
        issue(13, "warning", "more"),
    ]

    found = figures_of(issues=rows).issues

    assert [(each.kind, each.count, len(each.examples)) for each in found] == [
        ("bad", 1, 1),
        ("more", 2, 2),
        ("rare", 1, 1),
        ("often", 9, 3),
    ]


# The page


class Page(HTMLParser):
    """What a browser makes of the page, as far as the tests ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = dict(attrs).get("id") or tag
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts[self._inside] = self.texts.get(self._inside, "") + data

    def listing(self) -> dict[str, Any]:
        """The documents that the page's script reads."""
        listing: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(self.texts["packed"])))
        return listing


def sections(page: Page) -> list[str | None]:
    return [attributes["id"] for tag, attributes in page.elements if tag == "h2"]


def test_what_is_complete_or_unchanged_is_a_line_and_no_section(tmp_path: Path) -> None:
    folder = WarehouseFolder(tmp_path)
    calm = made(
        documents=[document("a", collection_count=1)],
        collections=[collection("x", reported_total=1, observed_total=1, coverage=1.0)],
        memberships=members("ax"),
    )
    first = publish(folder, calm, {}, archive=ARCHIVE)
    second = publish(folder, calm, {}, archive=ARCHIVE)
    text = (second.path / REPORT).read_text(encoding="utf-8")

    assert "This is the first snapshot: all of it is new." in (first.path / REPORT).read_text(encoding="utf-8")
    assert sections(Page(text)) == ["documents", "precision", "rest", "terms"]
    assert "Every collection was seen whole: 1 collection with 1 place." in text
    assert "No two collections share a document" in text
    assert f"Nothing changed since snapshot {first.manifest.snapshot_id}." in text
    assert "Every page was read without a doubt." in text
    assert "Pages of documents: 0 of 1; all are known from listings alone." in text


def test_the_sections_and_the_links_to_them_are_the_same(harvested: Path) -> None:
    page = Page((harvested / "current" / REPORT).read_text(encoding="utf-8"))
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]

    assert {f"#{name}" for name in sections(page)} <= {*links}
    assert sections(page)[0] == "documents"
    assert "coverage" in sections(page)


def test_terms_of_documents_pages_are_packed_by_kind_once_for_each_document() -> None:
    terms = [("people/mao", "people", "Mao Zedong"), ("people/x", "people", None), ("donors/d", "donors", "Donor")]
    roles = [("a", "author", 1, "people/mao"), ("a", "person", 1, "people/mao"), ("c", "person", 1, "people/mao")]
    roles += [("b", "person", 1, "people/x"), ("b", "donor", 1, "donors/d")]
    tables = made(
        documents=[document(name, source="Fond 1" if name == "a" else None) for name in "abc"],
        terms=[dict(zip(("term_id", "kind", "name"), each, strict=True)) for each in terms],
        document_terms=[dict(zip(("document_id", "role", "position", "term_id"), each, strict=True)) for each in roles],
    )
    manifest = Manifest("s", AT, "2.0", None, (), ())

    listing = json.loads(gzip.decompress(base64.b64decode(pack_documents(tables, manifest, ARCHIVE))))

    assert listing["groups"] == [
        {
            "param": "term",
            "label": "People",
            "ids": ["people/mao", "people/x"],
            "names": ["Mao Zedong", "people/x"],
            "rows": [[0, 2], [1]],
        }
    ]
    assert listing["source"] == ["Fond 1", None, None]
    assert listing["about"] == {"archive": ARCHIVE.name, "snapshot": "s", "read": "20250301"}


HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a\u202eb",
    "\x01\x7f{{ 7*7 }}",
    "&lt;",
]


def test_nothing_that_the_tables_hold_becomes_markup(tmp_path: Path) -> None:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for number, text in enumerate(HOSTILE):
        rows["documents"].append(
            document(str(number), title=text, date_text=text, summary=text, url="javascript:alert(1)")
        )
        rows["collections"].append(collection(str(number), name=text, url="javascript:alert(1)", complete=False))
        rows["issues"].append(
            {**issue(number, "error", text), "message": text, "found": text, "url": "javascript:alert(1)"}
        )
    rows["runs"] = [{"run_id": "r", "started_at": AT, "source": "s", "outcome": "complete"}]
    rows["runs"][0] |= dict.fromkeys(("capture_count", "entry_count", "issue_count"), 0)
    folder = WarehouseFolder(tmp_path)
    publish(folder, made(), {}, archive=ARCHIVE)
    snapshot = publish(folder, made(**rows), {}, archive=ARCHIVE)

    page = Page((snapshot.path / REPORT).read_text(encoding="utf-8"))

    assert [attributes for tag, attributes in page.elements if tag == "script"] == [
        {"type": "application/gzip", "id": "packed"},
        {},
    ]
    assert "img" not in {tag for tag, _ in page.elements}
    assert {attributes["href"] for tag, attributes in page.elements if tag == "a"} == {
        "https://digitalarchive.wilsoncenter.org",
        *(f"#{attributes['id']}" for tag, attributes in page.elements if tag == "h2"),
    }
    assert page.listing()["title"] == HOSTILE
    assert page.listing()["url"] == ["javascript:alert(1)"] * len(HOSTILE)  # of which the script makes no link


def test_the_page_may_ask_nobody_and_has_no_style_or_script_that_it_does_not_name(harvested: Path) -> None:
    text = (harvested / "current" / REPORT).read_text(encoding="utf-8")

    page = Page(text)
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-\S+'; base-uri 'none'", policy)
    assert [tag for tag, attributes in page.elements if {"src", "style", "onclick"} & {*attributes}] == []
    assert "link" not in {tag for tag, _ in page.elements}


def test_the_list_has_every_document_with_its_collections(harvested: Path) -> None:
    listing = Page((harvested / "current" / REPORT).read_text(encoding="utf-8")).listing()

    w = open_warehouse(harvested)
    assert listing["title"] == w.documents["title"].tolist()
    assert listing["summary"] == w.documents["summary"].tolist()
    assert listing["id"] == w.documents["document_id"].tolist()
    assert listing["dated"] == 19
    (group,) = listing["groups"]
    assert (group["param"], group["ids"]) == ("in", [*w.collections["collection_id"]])
    places = [[*accumulate(steps)] for steps in group["rows"]]
    assert Counter(chain(*places)) == Counter(dict(enumerate(w.documents["collection_count"].tolist())))
    at = listing["title"].index("Notes by Anastas Mikoyan ahead of Meetings with Mao Zedong")
    assert [at in each for each in places] == [True, True]


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0.0%"),
        (0.57, "57.0%"),
        (10 / 71, "14.1%"),
        (0.05098, "5.1%"),
        (0.9999, "99.9%"),
        (1.0, "100%"),
        (1.0001, "100.1%"),
        (1.25, "125.0%"),
        (-1e308, "0.0%"),
    ],
)
def test_a_share_is_rounded_and_100_percent_is_only_what_is_whole(share: float, shown: str, tmp_path: Path) -> None:
    row = collection("x", reported_total=1, observed_total=0, coverage=share, complete=False)

    text = (publish(WarehouseFolder(tmp_path), made(collections=[row]), {}, archive=ARCHIVE).path / REPORT).read_text(
        encoding="utf-8"
    )

    assert f'<span class="number">{shown}</span>' in text


def test_an_empty_warehouse_has_a_report(tmp_path: Path) -> None:
    snapshot = publish(WarehouseFolder(tmp_path), made(), {}, archive=ARCHIVE)

    text = (snapshot.path / REPORT).read_text(encoding="utf-8")

    assert "Nothing is in the tables yet." in text
    assert Page(text).listing()["title"] == []


def test_a_chart_has_a_bar_for_each_year_as_high_as_its_documents() -> None:
    years = [Years(year, year, year % 3, year % 2) for year in range(1935, 2009)]

    for chart in year_charts(years):
        assert len(chart.bars) == len(years)
        (bar,) = (bar for bar in chart.bars if bar.label.startswith("1951:"))
        assert bar.label == "1951: 1 dated to the day, 1 less exactly"
        unit = chart.lines[0].y - chart.lines[1].y
        per_line = chart.lines[1].number
        for each, drawn in zip(years, chart.bars, strict=True):
            assert drawn.exact_height == pytest.approx(each.exact * unit / per_line, abs=0.02)
            assert drawn.others_height == pytest.approx(each.others * unit / per_line, abs=0.02)
            assert drawn.others_top + drawn.others_height == pytest.approx(drawn.exact_top, abs=0.02)


def test_the_charts_on_the_page_have_a_name_and_a_title_for_each_bar(harvested: Path) -> None:
    text = (harvested / "current" / REPORT).read_text(encoding="utf-8")

    for svg in re.findall(r'<svg class="year-chart".*?</svg>', text, flags=re.DOTALL):
        assert 'role="img" aria-label="Documents by year' in svg
        assert svg.count('class="bar"') == svg.count("<title>") > 1
        assert " style=" not in svg
    assert text.count('<svg class="year-chart"') == 2


def test_the_same_tables_give_the_same_report(harvested: Path, tables: Tables, tmp_path: Path) -> None:
    snapshot = current_snapshot(WarehouseFolder(harvested))
    assert snapshot is not None

    texts = []
    for _ in range(2):
        write_report(tmp_path / REPORT, snapshot.manifest, tables, NOTHING, ARCHIVE)
        texts.append((tmp_path / REPORT).read_bytes())

    assert texts[0] == texts[1]


# The command


def test_the_report_of_a_snapshot_is_the_one_that_was_published_with_it(
    folder: WarehouseFolder, tables: Tables
) -> None:
    former = folder.current.resolve()
    publish(folder, tables, {}, archive=ARCHIVE)

    assert find_report(folder.path, archive=ARCHIVE) == folder.current.resolve() / REPORT
    assert find_report(folder.path, former.name, archive=ARCHIVE) == former / REPORT


def test_a_snapshot_without_a_report_gets_one(folder: WarehouseFolder) -> None:
    file = folder.current.resolve() / REPORT
    published = file.read_bytes()
    file.unlink()

    assert find_report(folder.path, archive=ARCHIVE) == file
    assert file.read_bytes() == published
    snapshot = current_snapshot(folder)
    assert snapshot is not None
    assert snapshot_problems(snapshot) == []


def test_a_report_says_that_the_snapshot_before_is_gone(
    folder: WarehouseFolder, tables: Tables, tmp_path: Path
) -> None:
    former = folder.current.resolve()
    publish(folder, tables, {}, archive=ARCHIVE)
    former.rename(tmp_path / "elsewhere")

    text = find_report(folder.path, output=tmp_path / "report.html", archive=ARCHIVE).read_text(encoding="utf-8")

    assert f"The snapshot before, {former.name}, is not kept any more." in text


def test_a_report_can_be_made_elsewhere_and_replaces_a_report_alone(folder: WarehouseFolder, tmp_path: Path) -> None:
    output, mine = tmp_path / "mine.html", tmp_path / "notes.txt"
    mine.write_text("mine")

    for _ in range(2):
        assert find_report(folder.path, output=output, archive=ARCHIVE) == output
    assert output.read_bytes().startswith(START)
    for path in (mine, tmp_path):
        with pytest.raises(UsageError, match="is not a report"):
            find_report(folder.path, output=path, archive=ARCHIVE)
    assert mine.read_text() == "mine"


def test_the_command_prints_where_the_report_is(harvested: Path, wcda_here: Command) -> None:
    done = wcda_here("report", "--warehouse", harvested)

    assert (done.returncode, done.stderr) == (0, "")
    assert Path(done.stdout.removesuffix("\n")) == (harvested / "current").resolve() / REPORT


@pytest.mark.parametrize(("options", "opened"), [([], True), (["--no-open"], False)])
def test_on_a_terminal_the_command_opens_it(options: list[str], opened: bool, harvested: Path, tmp_path: Path) -> None:
    browser, asked = tmp_path / "browser", tmp_path / "asked"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {asked}\n')
    browser.chmod(0o755)
    on_terminal = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]))"
    environment = {**bare_environment(tmp_path), "BROWSER": f"{browser} %s"}

    command = [sys.executable, "-c", on_terminal, WCDA, "report", *options, "--warehouse", harvested]
    subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    assert asked.exists() == opened
    assert not opened or asked.read_text() == ((harvested / "current").resolve() / REPORT).as_uri()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--warehouse", "nowhere"], 2, "there is no warehouse here"),
        (["--snapshot", "nothing"], 1, "there is no such snapshot"),
        (["--output", "."], 2, "is not a report"),
        (["--output", "no/such/folder/report.html"], 1, "No such file"),
    ],
)
def test_what_is_asked_for_wrongly_is_said_in_a_line(
    arguments: list[str], code: int, said: str, harvested: Path, wcda_here: Command
) -> None:
    done = wcda_here("report", "--warehouse", harvested, *arguments)

    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
