"""Pages of documents in the tables: metadata, terms, texts and files, and what a page is evidence of."""

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wcda
from flows.harvest import harvest, rebuild
from flows.request import HarvestRequest
from schemas.identifiers import file_sha256
from schemas.tables import TABLES
from tests.code_blocks import code_blocks, run_python
from tests.conftest import REPOSITORY
from tests.extractors.foreign import response
from tests.extractors.test_document_pages import SITE, TERM, page
from wcda.manifest import MANIFEST

PAGES = Path(__file__).parents[1] / "pages" / "documents"
SLUG, OTHER, NUMBER = f"{SITE}/document/a-report", f"{SITE}/document/another", f"{SITE}/document/116000"


def tables_of(warehouse: Path, *sources: Path) -> wcda.Warehouse:
    for source in sources:
        harvest(HarvestRequest(str(source), warehouse))
    return wcda.open_warehouse(warehouse)


def warc(path: Path, pages: Mapping[str, str]) -> Path:
    """Pages as a crawler captured them, each at its URL."""
    path.write_bytes(b"".join(response(url, html.encode()) for url, html in pages.items()))
    return path


def kinds(w: wcda.Warehouse) -> set[str]:
    return set(w.issues["kind"])


def titled(title: str, **parts: str) -> str:
    return page(**parts).replace("<span>A Report </span>", f"<span>{title}</span>")


def test_fifteen_pages_fill_the_tables_and_each_is_one_document(tmp_path: Path) -> None:
    w = tables_of(tmp_path / "w", PAGES)
    captured = w.documents[w.documents["record_id"].notna()]

    assert len(captured) == 15
    assert captured["languages"].notna().all()
    assert len(w.texts) == 7
    assert set(w.texts["document_id"]) <= set(captured["document_id"])
    assert len(w.files) == 11
    assert w.relations["related_id"].notna().all()
    assert kinds(w) <= {"passed-over"}
    assert w.terms.loc[w.terms["term_id"] == "languages/Russian", "name"].tolist() == ["Russian"]


def texts_file(warehouse: Path) -> int:
    """The file of the texts, as the file system numbers it."""
    return (warehouse / "current" / "texts.parquet").stat().st_ino


def test_texts_that_did_not_change_are_not_written_again(tmp_path: Path) -> None:
    tables_of(tmp_path / "w", PAGES)
    first = texts_file(tmp_path / "w")

    rebuild(tmp_path / "w")

    assert texts_file(tmp_path / "w") == first


def test_a_text_that_is_read_otherwise_is_written_again(tmp_path: Path) -> None:
    before = tables_of(tmp_path / "w", PAGES).texts
    file = tmp_path / "w" / "current" / "texts.parquet"
    former = pq.read_table(file)
    other = pa.array([*former["text"].to_pylist()[:-1], "another reading"], pa.string())
    pq.write_table(former.set_column(former.schema.get_field_index("text"), former.schema.field("text"), other), file)
    manifest = file.with_name(MANIFEST)
    noted = next(note for note in json.loads(manifest.read_text())["tables"] if note["name"] == file.name)
    manifest.write_text(manifest.read_text().replace(noted["sha256"], file_sha256(file)))
    damaged = texts_file(tmp_path / "w")

    rebuild(tmp_path / "w")

    assert texts_file(tmp_path / "w") != damaged
    assert wcda.open_warehouse(tmp_path / "w").texts.equals(before)


def test_texts_are_the_same_whatever_the_order_of_runs(tmp_path: Path) -> None:
    halves = [tmp_path / "a", tmp_path / "b"]
    for half in halves:
        half.mkdir()
    for half, file in zip(itertools.cycle(halves), sorted(PAGES.glob("*.html")), strict=False):
        (half / file.name).write_bytes(file.read_bytes())
    one, other = (tmp_path / name for name in ("one", "other"))
    tables_of(one, *halves)
    tables_of(other, *reversed(halves))

    for name in ("documents", "terms", "document_terms", "texts", "files", "relations"):
        lasting = [column.name for column in TABLES[name].columns if not column.volatile]
        left, right = (pq.read_table(each / "current" / f"{name}.parquet", columns=lasting) for each in (one, other))
        assert left.equals(right), name
    rebuild(one)
    assert pq.read_table(one / "current" / "texts.parquet").num_rows == 7


def test_a_sample_s_entry_and_the_page_of_its_document_are_one_document(harvested: Path, tmp_path: Path) -> None:
    before = wcda.open_warehouse(harvested)
    warehouse = tmp_path / "w"
    harvest(HarvestRequest("samples", warehouse))
    pages = {}
    for number, row in enumerate(before.documents.head(2).to_dict("records")):
        html = titled(
            row["title"], canonical=f"/document/d-{number}", cited=f"{SITE}/document/{number}", record=f"{number}"
        )
        html = html.replace("May 5, 1955", row["date_text"]).replace("<p>A summary.</p>", f"<p>{row['summary']}</p>")
        pages[f"{SITE}/document/d-{number}"] = html
    w = tables_of(warehouse, warc(tmp_path / "pages.warc", pages))

    assert len(w.documents) == len(before.documents) == 19
    with_page = w.documents[w.documents["record_id"].notna()]
    assert len(with_page) == 2
    assert set(with_page["title"]) == set(before.documents["title"].head(2))
    assert set(w.texts["document_id"]) == set(with_page["document_id"])
    assert len(w.entries) == len(before.entries)


def test_the_page_at_a_slug_makes_the_number_an_address_of_the_document(tmp_path: Path) -> None:
    w = tables_of(tmp_path / "w", warc(tmp_path / "a.warc", {SLUG: page()}))

    assert w.documents["url"].tolist() == [SLUG]
    assert len(w.collections_of(NUMBER)) == 0  # known, though no collection lists it
    assert len(w.collections_of("node:5")) == 0


@pytest.mark.parametrize(
    ("printed", "day"),
    [("2013-04-04", "2013-04-04"), ("April 4, 2013", "2013-04-04"), ("2013-04-04T09:30:00Z", "2013-04-04")]
    + [(text, None) for text in ("2013-02-30", "April 2013", "soon")],
)
def test_the_day_of_upload_is_a_day_or_an_issue(printed: str, day: str | None, tmp_path: Path) -> None:
    block = (
        f'<div class="information-block"><h3 class="sub-title">Original Uploaded Date</h3><div class="text">{printed}'
    )
    w = tables_of(tmp_path / "w", warc(tmp_path / "a.warc", {SLUG: page(information=block + "</div></div>")}))

    (found,) = w.documents["uploaded_on"]
    assert (None if pd.isna(found) else found.date().isoformat()) == day
    assert ("unreadable-date" in kinds(w)) == (day is None)


def test_two_pages_that_claim_one_record_id_are_two_documents(tmp_path: Path) -> None:
    hostile = titled("Another Thing", canonical="/document/another", shortlink="/node/6").replace("node/5", "node/6")
    w = tables_of(tmp_path / "w", warc(tmp_path / "a.warc", {SLUG: page(), OTHER: hostile}))

    assert sorted(w.documents["url"]) == sorted([SLUG, OTHER])
    assert "claimed-url" in kinds(w)


def test_a_page_whose_canonical_link_is_another_document_s_takes_nothing_over(tmp_path: Path) -> None:
    hostile = titled("Another Thing", cited="", record="999")
    w = tables_of(tmp_path / "w", warc(tmp_path / "a.warc", {SLUG: page(), OTHER: hostile}))

    own = w.documents[w.documents["url"] == SLUG]
    assert own[["title", "record_id"]].to_numpy().tolist() == [["A Report", "116000"]]
    assert len(w.documents) == 2
    assert "untrusted-url" in kinds(w)


def test_a_page_that_a_host_serves_for_every_address_is_one_document(tmp_path: Path) -> None:
    served = {f"{SITE}/document/d-{number}": page() for number in range(5)}
    w = tables_of(tmp_path / "w", warc(tmp_path / "a.warc", served))

    assert len(w.documents) == 1
    assert w.documents["url"].isna().all()


def test_a_file_of_unknown_place_cannot_give_a_known_url_another_title(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "saved.html").write_text(titled("Another Thing", record="999", cited=""))
    w = tables_of(tmp_path / "w", warc(tmp_path / "a.warc", {SLUG: page()}), folder)

    assert w.documents.loc[w.documents["url"] == SLUG, "title"].tolist() == ["A Report"]
    assert len(w.documents) == 2


def test_the_page_of_a_term_describes_it_and_its_documents_are_known(tmp_path: Path) -> None:
    w = tables_of(tmp_path / "w", warc(tmp_path / "a.warc", {f"{SITE}/people/zhou-enlai": TERM}))

    assert w.terms["description"].tolist() == ["Premier of China.\n\nUntil 1976."]
    assert w.documents["title"].tolist() == ["A Talk"]


def test_a_former_snapshot_without_the_tables_is_read(harvested: Path) -> None:
    w = wcda.open_warehouse(harvested)
    assert all(getattr(w, name).empty for name in ("terms", "document_terms", "texts", "files", "relations"))
    assert w.documents["languages"].isna().all()


def test_a_person_is_found_by_id_and_by_name(tmp_path: Path) -> None:
    w = tables_of(tmp_path / "w", PAGES)
    by_id, by_name = w.of_person("people/har-floste"), w.of_person("HAR,  Floste")
    pd.testing.assert_frame_equal(by_id, by_name)
    assert by_id["role"].tolist() == ["participant"]
    with pytest.raises(wcda.UsageError, match="no person"):
        w.of_person("Nobody")


def test_a_phrase_is_found_in_any_text(tmp_path: Path) -> None:
    w = tables_of(tmp_path / "w", PAGES)
    found = w.find_text("brawelo: drik AND")
    assert len(found) == 1
    assert "Brawelo: Drik and" in found["passage"].iloc[0]


def test_the_three_questions_of_the_analysis_page_are_answered(tmp_path: Path) -> None:
    tables_of(tmp_path / "w", PAGES)
    text = (REPOSITORY / "docs" / "analysis.md").read_text()
    blocks = [code for language, code in code_blocks(text[text.index("## Authors, names") :]) if language == "python"]
    opened = f"import wcda\nw = wcda.open_warehouse({str(tmp_path / 'w')!r})\n"
    written, together, found = run_python("".join(f"```python\n{code}```\n" for code in (opened, *blocks)))[0].values()

    assert written.to_numpy().tolist() == [[1944, "Page, Balinl", 1]]
    assert together["documents"].max() >= 1
    assert ["Har, Floste", "Plamudim, Flowelo V."] in together[["name", "name_of_other"]].to_numpy().tolist()
    assert len(found) == 3
    assert found["passage"].str.contains("top secret", case=False).all()
