"""The columns of the table `documents`: its preferred wording, when it was seen, and what its dates mean."""

from typing import Any

import pandas as pd
import pyarrow as pa

from schemas.dates import DateReading, find_date, read_date
from schemas.tables import TABLES
from warehouse.building.wordings import preferred_wordings
from warehouse.frames import count, group, look_up


def describe_documents(wordings: pd.DataFrame, memberships: pd.DataFrame, of_pages: pd.DataFrame) -> pd.DataFrame:
    """A row for each document, from its wordings and memberships, and from its own page if that was captured."""
    documents = (
        preferred_wordings(wordings).rename(columns={"first_seen_at": "last_changed_at"}).drop(columns="last_seen_at")
    )
    by = ["document_id"]
    seen = group(wordings, by, first_seen_at=("first_seen_at", "min"), last_seen_at=("last_seen_at", "max"))
    documents = look_up(documents, seen, "document_id")
    documents = look_up(documents, count(memberships, by, "collection_count"), "document_id")
    documents["collection_count"] = documents["collection_count"].fillna(0)
    documents = look_up(documents, _date_columns(documents["date_text"]), "date_text")
    documents["title_date_edtf"] = _title_dates(documents["title"])
    return look_up(documents, of_pages, "document_id")


def _date_columns(texts: "pd.Series[Any]") -> pd.DataFrame:
    """The date columns for each distinct text, null included."""
    distinct = pa.array(texts.drop_duplicates(), pa.string(), from_pandas=True)
    nothing = DateReading(None, None, None, "unknown", approximate=False)
    readings = [nothing if text is None else read_date(text) or nothing for text in distinct.to_pylist()]
    columns = {
        field.name: pa.array([getattr(reading, name) for reading in readings]).cast(field.type)
        for field in TABLES["documents"].arrow_schema()
        if (name := field.name.removeprefix("date_")) in DateReading.__slots__
    }
    found: pd.DataFrame = pa.table({"date_text": distinct, **columns}).to_pandas(types_mapper=pd.ArrowDtype)
    return found


def _title_dates(titles: "pd.Series[Any]") -> "pd.api.extensions.ExtensionArray":
    found = (None if title is None else find_date(title) for title in pa.array(titles, from_pandas=True).to_pylist())
    dates = [reading.edtf if reading else None for reading in found]
    return pd.array(pa.array(dates, pa.string()), dtype=pd.ArrowDtype(pa.string()))
