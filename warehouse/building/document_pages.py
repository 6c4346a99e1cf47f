"""The tables that pages of documents and terms fill: terms, document_terms, texts, files, relations."""

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.document_records import day_of
from schemas.records import PageKind
from warehouse.building.evidence import Built, Evidence, Put
from warehouse.building.seen_pages import AGE, latest_pages
from warehouse.frames import count, group, look_up, ordinal, sort, where

KIND: PageKind = "document"
NEEDS: tuple[str, ...] = ("page_terms", "page_texts", "page_files", "term_pages")
FILLS: tuple[str, ...] = ("terms", "document_terms", "texts", "files", "relations")


def build(evidence: Evidence, put: Put) -> Built:
    """Make the tables of pages of documents and terms; of each document, those of its latest page."""
    parsed, identified = evidence.parsed, evidence.identified
    shown = (evidence.seen.pages, evidence.seen.relations, parsed["term_pages"])
    if all(frame.empty for frame in shown):  # the usual case of listings alone, and quick
        return Built(evidence.seen.pages[["page_id"]], evidence.seen.issues)
    latest = latest_pages(evidence.seen.pages[[*AGE]], identified)[["page_id", "document_id"]]
    every = pd.concat([evidence.seen.pages["page_id"], parsed["term_pages"]["page_id"]])
    rows = evidence.seen.relations["page_id"]
    nameless = rows[~rows.isin(every)]  # pages of terms of which nobody knows which
    term_pages = _latest_term_pages(parsed.pop("term_pages"), evidence.captures)
    of_documents = _of_latest(parsed.pop("page_terms"), latest)
    put("terms", _terms(of_documents, term_pages))
    put("document_terms", _document_terms(of_documents))
    del of_documents
    put("texts", _of_latest(parsed.pop("page_texts"), latest))
    put("files", _of_latest(parsed.pop("page_files"), latest))
    put("relations", _relations(evidence, latest))
    pages = pd.concat([latest["page_id"], term_pages["page_id"], nameless]).to_frame()
    return Built(pages, evidence.seen.issues)


def page_columns(evidence: Evidence, identified: pd.DataFrame) -> pd.DataFrame:
    """The columns of `documents` that come from the latest page of each document, by document_id."""
    latest = latest_pages(evidence.seen.pages, identified)
    latest = latest.rename(columns={"last_seen_at": "page_captured_at"})
    latest["uploaded_on"] = _days(latest["uploaded_on"])
    columns = ["record_id", "node_id", "document_type", "source", "original_archive", "original_classification"]
    columns += ["rights", "credits", "uploaded_on", "languages", "page_captured_at"]
    found: pd.DataFrame = latest[["document_id", *columns]]
    return found


def _days(texts: "pd.Series[Any]") -> "pd.Series[Any]":
    """Texts that name a day as such; null for others."""
    named = texts.astype(object).map(day_of, na_action="ignore")
    days = pd.to_datetime(named, format="%Y-%m-%d", errors="coerce")
    return pd.Series(
        pa.array(days, pa.timestamp("ms"), from_pandas=True), texts.index, pd.ArrowDtype(pa.timestamp("ms"))
    )


def _of_latest(rows: pd.DataFrame, latest: pd.DataFrame) -> pd.DataFrame:
    """Rows of the latest pages, each once, with their document; rows that all stay are not copied, as they are many."""
    named = look_up(where(rows, ~rows.duplicated(["page_id", "position"])), latest, "page_id")
    return where(named, named["document_id"].notna())


def _latest_term_pages(term_pages: pd.DataFrame, captures: pd.DataFrame) -> pd.DataFrame:
    """The page of each term that was captured last."""
    order = captures[["page_id"]].drop_duplicates(keep="last").reset_index(drop=True).reset_index(names="place")
    placed = term_pages.drop_duplicates("page_id").merge(order, on="page_id")
    latest: pd.DataFrame = placed.sort_values(["place", "page_id"]).drop_duplicates("term_id", keep="last")
    return latest


def _terms(named: pd.DataFrame, term_pages: pd.DataFrame) -> pd.DataFrame:
    """Each term once: named as most pages name it, or as its own page does."""
    columns = ["term_id", "kind", "name", "url", "facet_id"]
    every = count(named, columns, "size")  # a few thousand rows, where there were some twenty of each page
    every = every.astype(dict.fromkeys(columns, pd.ArrowDtype(pa.string())))
    own = term_pages[columns[:-1]].assign(size=1).astype({"size": every["size"].dtype})
    every = pd.concat([every, own], ignore_index=True)
    terms = every[["term_id", "kind"]].drop_duplicates("term_id")
    for column in ("name", "url", "facet_id"):
        terms = look_up(terms, _most_frequent(every, column), "term_id")
    return look_up(terms, term_pages[["term_id", "description"]], "term_id")


def _most_frequent(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """The value of a column that each term has most often; of several, the first by its text."""
    counts = group(where(rows, rows[column].notna()), ["term_id", column], size=("size", "sum"))
    ordered = counts.sort_values(["term_id", "size", column], ascending=[True, False, True])
    most: pd.DataFrame = ordered.drop_duplicates("term_id")[["term_id", column]]
    return most.astype(pd.ArrowDtype(pa.string()))


def _document_terms(named: pd.DataFrame) -> pd.DataFrame:
    """Terms of documents, numbered within each role."""
    ordered = sort(named[["document_id", "role", "position", "term_id"]], ["document_id", "position"])
    ordered["position"] = ordinal(ordered, ["document_id", "role"]) + 1
    return ordered


def _relations(evidence: Evidence, latest: pd.DataFrame) -> pd.DataFrame:
    """The related documents on the page of each; those of former pages are sightings alone."""
    related = evidence.identified.rename(columns={"document_id": "related_id"})
    rows = evidence.seen.relations.merge(latest, on="page_id").merge(related, on=["page_id", "position"], how="left")
    same = pa.array(rows["related_id"], pa.string()), pa.array(rows["document_id"], pa.string())
    mask = pc.fill_null(pc.equal(*same), False).to_numpy(zero_copy_only=False)
    found: pd.DataFrame = rows.assign(related_id=rows["related_id"].mask(mask))
    return found
