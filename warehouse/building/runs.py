"""The table `runs`: how each run went, as its end, its pages and their issues show."""

from collections.abc import Mapping

import pandas as pd

from schemas.records import READ_OUTCOMES
from warehouse.frames import group, look_up


def failed_runs(parsed: Mapping[str, pd.DataFrame]) -> set[str]:
    """Runs that ended and gave neither a page that could be read nor an alias."""
    events, captures, aliases = parsed["events"], parsed["captures"], parsed["aliases"]
    giving = captures.loc[captures["outcome"].isin(READ_OUTCOMES), "run_id"]
    return set(events.loc[events["event"] == "end", "run_id"]).difference(giving, aliases["run_id"])


def describe_runs(parsed: Mapping[str, pd.DataFrame], failed: set[str]) -> pd.DataFrame:
    """Each run, and how it went, as its end, its pages and their issues show.

    Of captures that others made, everything that could not be read is reported, even if the same page was captured
    again later.
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
