"""From parsed segments to the published tables. Pure: the same segments give the same rows, in the same order.

Works on whole columns; what needs Python for each value (dates, ids) is done once for each distinct value.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from schemas.dates import DateReading, find_date, read_date
from schemas.errors import WarehouseError
from schemas.identifiers import stable_id
from schemas.parsed import PARSED_TABLES, resolve_revisits
from schemas.records import Alias
from schemas.tables import TABLES
from warehouse.frames import count, group, look_up, where
from warehouse.identity.decisions import Decision
from warehouse.readings import USABLE, Readings, in_readings
from warehouse.steps import Recall, make_anew
from warehouse.wordings import find_wordings, number_revisions, read_whole, standing


def build_tables(
    segments: Iterable[Mapping[str, pa.Table]], decisions: Sequence[Decision] = (), recall: Recall = make_anew
) -> dict[str, pa.Table]:
    """All tables of `schemas.tables` from the parsed tables (`schemas.parsed`) of all segments.

    Each row stands once, sorted as its table's schema says. Costly steps are taken through `recall`.

    Raises:
        WarehouseError: Segments of a run are there, and its first, which has its plan, is not.
    """
    frames = _frames(_gather(segments), decisions, recall)
    pa.default_memory_pool().release_unused()  # identity works on texts in Python, which are not needed any more
    # The largest first: what it was made from is let go before the next is made.
    largest_first = sorted(TABLES, key=lambda name: -len(frames.get(name, ())))
    tables = {name: _finish(name, frames.pop(name, None)) for name in largest_first}
    return {name: tables[name] for name in TABLES}


def _frames(parsed: dict[str, pd.DataFrame], decisions: Sequence[Decision], recall: Recall) -> dict[str, pd.DataFrame]:
    """What the tables hold, by name; those without rows may be left out. Takes the entries out of what was parsed."""
    failed = _failed_runs(parsed)
    events = parsed["events"]
    live = events.loc[events["live"].fillna(False).astype(bool), "run_id"]
    captures = in_readings(parsed["captures"], failed.union(live))
    parsed["captures"] = captures.assign(whole=read_whole(captures))
    runs = _runs(parsed, failed)
    giving = runs.loc[runs["outcome"] != "failed", "run_id"]
    planned = parsed["collections"][parsed["collections"]["run_id"].isin(giving)]
    captures = _captures(parsed["captures"], planned, runs)
    if captures.empty:
        return {"runs": runs}
    issues = parsed["issues"]
    aliases = _aliases(parsed["aliases"], giving)
    of_giving = issues[issues["run_id"].isin(giving)]
    observed = Readings(captures, parsed.pop("entries"), of_giving, decisions, aliases, recall)
    wordings = find_wordings(observed.sightings)
    memberships = _memberships(observed)
    issues = pd.concat([issues, _decision_issues(observed.unknown_decisions, giving.max())])
    return {
        "documents": _documents(wordings, memberships, recall),
        "collections": _collections(planned, captures, observed.readings, memberships),
        "memberships": memberships,
        "entries": where(
            observed.entries, observed.entries["page_id"].isin(observed.current_pages["page_id"].unique())
        ),
        "pages": captures.drop_duplicates("page_id"),
        "captures": captures,
        "readings": observed.readings,
        "document_keys": observed.keys,
        "candidate_pairs": observed.pairs,
        "revisions": number_revisions(wordings),
        "issues": _issues(issues, captures, observed.current_pages, giving.max()),
        "runs": runs,
    }


def _gather(segments: Iterable[Mapping[str, pa.Table]]) -> dict[str, pd.DataFrame]:
    parts: dict[str, list[pa.Table]] = {
        name: [table.arrow_schema().empty_table()] for name, table in PARSED_TABLES.items()
    }
    for segment in segments:
        for name, part in parts.items():
            part.append(segment[name])
    tables = {name: pa.concat_tables(part) for name, part in parts.items()}
    tables["captures"] = resolve_revisits(tables["captures"])
    frames = {name: table.to_pandas(types_mapper=pd.ArrowDtype) for name, table in tables.items()}
    shown = frames["captures"]["page_id"].notna()
    frames["issues"] = pd.concat([frames["issues"], _lost_revisits(frames["captures"][~shown])], ignore_index=True)
    frames["captures"] = frames["captures"][shown]
    return frames


def _lost_revisits(captures: pd.DataFrame) -> pd.DataFrame:
    """An issue for each revisit of a capture that the raw zone does not have."""
    lost = captures[["url", "collection_id", "run_id"]].assign(found=captures["revisits"])
    said = "the site said that this page had not changed, and the capture that it was compared with is not there"
    return lost.assign(level="error", kind="lost-revisit", message=said)


def _failed_runs(parsed: Mapping[str, pd.DataFrame]) -> set[str]:
    """Runs that ended and gave neither a page that could be read nor an alias."""
    events, captures, aliases = parsed["events"], parsed["captures"], parsed["aliases"]
    giving = captures.loc[captures["outcome"].isin(USABLE), "run_id"]
    return set(events.loc[events["event"] == "end", "run_id"]).difference(giving, aliases["run_id"])


def _runs(parsed: Mapping[str, pd.DataFrame], failed: set[str]) -> pd.DataFrame:
    """Each run, and how it went, as its end, its pages and their issues show.

    Of what others made all is told that could not be read, also where the same page was captured again later.
    """
    events, captures, issues = parsed["events"], parsed["captures"], parsed["issues"]
    plans = events[events["event"] == "plan"].rename(columns={"at": "started_at"})
    ends = events[events["event"] == "end"].rename(columns={"at": "ended_at"})
    runs = look_up(plans[["run_id", "started_at", "source"]], ends[["run_id", "ended_at"]], "run_id")
    counts = group(
        captures,
        ["run_id"],
        capture_count=("capture_id", "count"),
        entry_count=("entry_count", "sum"),
    )
    runs = look_up(runs, counts, "run_id")
    met = captures.loc[captures["counts"] | captures["archived"], ["run_id", "page_id"]].drop_duplicates()
    found = issues[["page_id", "level", "kind", "message", "found"]].drop_duplicates()
    of_pages = met.merge(found[found["page_id"].notna()], on="page_id")
    of_runs = issues.loc[issues["page_id"].isna(), ["run_id", "level"]]
    every = pd.concat([of_pages[["run_id", "level"]], of_runs])
    every["error"] = every["level"] == "error"
    counted = group(every, ["run_id"], issue_count=("level", "count"), errors=("error", "sum"))
    runs = look_up(runs, counted, "run_id")
    numbers = ["capture_count", "entry_count", "issue_count", "errors"]
    runs[numbers] = runs[numbers].fillna(0)
    runs["outcome"] = "complete"
    runs.loc[runs["errors"] > 0, "outcome"] = "short"
    runs.loc[runs["run_id"].isin(failed), "outcome"] = "failed"
    runs.loc[runs["ended_at"].isna(), "outcome"] = "interrupted"
    return runs


def _aliases(aliases: pd.DataFrame, giving: "pd.Series[Any]") -> list[Alias]:
    """What runs that gave something say of addresses, each once, in an order that does not depend on the runs."""
    said = aliases.loc[aliases["run_id"].isin(giving), ["url", "other_url", "evidence"]].drop_duplicates()
    return [Alias(*row) for row in sorted(said.itertuples(index=False, name=None))]


def _captures(captures: pd.DataFrame, planned: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Captures of runs that gave something.

    A page that could not be read belongs to a collection only if the catalog or another page says that there is one.
    """
    lost = set(captures["run_id"]) - set(runs["run_id"])
    if lost:
        raise WarehouseError(f"the raw zone lacks the first segment of run {min(lost)}")
    giving = runs.loc[runs["outcome"] != "failed", ["run_id", "source"]]
    captures = look_up(where(captures, captures["run_id"].isin(giving["run_id"])), giving, "run_id")
    captures = captures.reset_index(drop=True)
    read = captures.loc[captures["outcome"].isin(USABLE), "collection_id"]
    known = pd.concat([planned["collection_id"], read]).unique()
    captures["collection_id"] = captures["collection_id"].where(captures["collection_id"].isin(known))
    return captures


def _documents(wordings: pd.DataFrame, memberships: pd.DataFrame, recall: Recall) -> pd.DataFrame:
    documents = standing(wordings).rename(columns={"first_seen_at": "last_changed_at"}).drop(columns="last_seen_at")
    by = ["document_id"]
    seen = group(wordings, by, first_seen_at=("first_seen_at", "min"), last_seen_at=("last_seen_at", "max"))
    documents = look_up(documents, seen, "document_id")
    documents = look_up(documents, count(memberships, by, "collection_count"), "document_id")
    documents["collection_count"] = documents["collection_count"].fillna(0)
    documents = look_up(documents, _date_columns(documents["date_text"], recall), "date_text")
    documents["title_date_edtf"] = _title_dates(documents["title"], recall)
    return documents


def _date_columns(texts: "pd.Series[Any]", recall: Recall) -> pd.DataFrame:
    """The date columns for each distinct text, null included."""
    given = pa.table({"date_text": pa.array(texts.drop_duplicates(), pa.string(), from_pandas=True)})

    def make() -> list[pa.Table]:
        nothing = DateReading(None, None, None, "unknown", approximate=False)
        readings = [nothing if text is None else read_date(text) or nothing for text in given["date_text"].to_pylist()]
        columns = {
            field.name: pa.array([getattr(reading, name) for reading in readings]).cast(field.type)
            for field in TABLES["documents"].arrow_schema()
            if (name := field.name.removeprefix("date_")) in DateReading.__slots__
        }
        return [pa.table(columns)]

    (made,) = recall("dates", given, "", 1, make)
    dates = pa.table([*given.columns, *made.columns], names=[*given.column_names, *made.column_names])
    found: pd.DataFrame = dates.to_pandas(types_mapper=pd.ArrowDtype)
    return found


def _title_dates(titles: "pd.Series[Any]", recall: Recall) -> "pd.api.extensions.ExtensionArray":
    given = pa.table({"title": pa.array(titles, pa.string(), from_pandas=True)})

    def make() -> list[pa.Table]:
        found = (None if title is None else find_date(title) for title in given["title"].to_pylist())
        dates = [reading.edtf if reading else None for reading in found]
        return [pa.table({"edtf": pa.array(dates, pa.string())})]

    (made,) = recall("title-dates", given, "", 1, make)
    return pd.array(made["edtf"], dtype=pd.ArrowDtype(pa.string()))


def _memberships(observed: Readings) -> pd.DataFrame:
    by = ["document_id", "collection_id"]
    present = observed.current
    rank = (present["range_first"] + present["position"] - 1).where(present["whole"])
    # A document that stands in two places of a listing has the place where it was seen last.
    ranks = present[by].assign(rank=rank).drop_duplicates(by, keep="last")
    spans = group(observed.sightings, by, first_seen_at=("first_seen_at", "min"), last_seen_at=("last_seen_at", "max"))
    placed: pd.DataFrame = ranks.merge(spans, on=by)
    return placed


def _collections(
    planned: pd.DataFrame, captures: pd.DataFrame, readings: pd.DataFrame, memberships: pd.DataFrame
) -> pd.DataFrame:
    own = captures[["collection_id"]].dropna().assign(run_id="", kind="unknown")
    collections = pd.concat([own, planned]).sort_values("run_id").drop_duplicates("collection_id", keep="last")
    by = ["collection_id"]
    latest = group(readings, by, reported_total=("reported_total", "last"), complete=("complete", "last"))
    collections = look_up(collections, latest, "collection_id")
    collections = look_up(collections, count(memberships, by, "observed_total"), "collection_id")
    collections["observed_total"] = collections["observed_total"].fillna(0)
    collections["complete"] = collections["complete"].fillna(False)
    reported = collections["reported_total"].where((collections["reported_total"] > 0).fillna(False))
    coverage = collections["observed_total"] / reported
    # All of nothing is everything.
    collections["coverage"] = coverage.mask((collections["reported_total"] == 0).fillna(False), 1.0)
    return collections


def _issues(issues: pd.DataFrame, captures: pd.DataFrame, current_pages: pd.DataFrame, last_run: str) -> pd.DataFrame:
    """Issues of the pages that say what is there now or belong nowhere, and those of the last run itself.

    And of all pages that others captured: what they say of the past is not put in doubt by what is there now.
    """
    current = captures["page_id"].isin(current_pages["page_id"].unique())
    counts = current | captures["collection_id"].isna() | captures["archived"]
    places = group(
        captures[counts],
        ["page_id"],
        run_id=("run_id", "max"),
        collection_id=("collection_id", "first"),
        url=("url", "first"),
    )
    of_pages = issues.drop(columns=["run_id", "collection_id", "url"]).merge(places, on="page_id")
    of_runs = issues[issues["page_id"].isna() & (issues["run_id"] == last_run)]
    found = pd.concat([of_pages, of_runs], ignore_index=True)
    place = ["kind", "page_id", "collection_id", "url", "message", "expected", "found"]
    found["issue_id"] = [
        stable_id(*(part if isinstance(part, str) else None for part in row))
        for row in found[place].itertuples(index=False, name=None)
    ]
    distinct: pd.DataFrame = found.drop_duplicates("issue_id")
    return distinct


def _decision_issues(decisions: Sequence[Decision], run_id: str) -> pd.DataFrame:
    rows = [
        {
            "level": "warning",
            "kind": "unknown-key",
            "message": "a decision is about a key that no entry has; it had no effect",
            "found": f"{each.left} {each.decision} {each.right}",
            "run_id": run_id,
        }
        for each in decisions
    ]
    table = pa.Table.from_pylist(rows, schema=PARSED_TABLES["issues"].arrow_schema())
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _finish(name: str, frame: pd.DataFrame | None) -> pa.Table:
    """The table as its schema states it: columns, types, order of rows."""
    table = TABLES[name]
    schema = table.arrow_schema()
    if frame is None or frame.empty:  # pandas loses the types of columns without values
        return schema.empty_table()
    columns = [pa.array(frame[field.name], from_pandas=True).cast(field.type) for field in schema]
    made = pa.Table.from_arrays(columns, schema=schema)
    order = [(column, "ascending") for column in (*table.order, *table.key)]
    return made.sort_by(order)
