"""The table `issues`: what could not be read or is doubtful, each once, with its place."""

import re

import pandas as pd

from schemas.identifiers import stable_id
from schemas.issues import LASTING
from warehouse.frames import group

_HOST = re.compile(r"^https?://[^/]+")


def describe_issues(
    issues: pd.DataFrame, captures: pd.DataFrame, current_pages: pd.DataFrame, last_run: str
) -> pd.DataFrame:
    """Issues of the pages that say what is there now or belong nowhere, and those of the last run itself.

    And of all pages that others captured: what they say of the past is not put in doubt by what is there now. What the
    site does not give is not asked for in each run, so that it stays until it came.
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
    of_runs = issues[issues["page_id"].isna() & (issues["run_id"] == last_run) & ~issues["kind"].isin(LASTING)]
    found = pd.concat([of_pages, of_runs, _lasting(issues, captures)], ignore_index=True)
    place = ["kind", "page_id", "collection_id", "url", "message", "expected", "found"]
    found["issue_id"] = [
        stable_id(*(part if isinstance(part, str) else None for part in row))
        for row in found[place].itertuples(index=False, name=None)
    ]
    distinct: pd.DataFrame = found.drop_duplicates("issue_id")
    return distinct


def _lasting(issues: pd.DataFrame, captures: pd.DataFrame) -> pd.DataFrame:
    """What the site does not give: the last that was reported of each URL, unless that came later."""
    lasting = issues[issues["kind"].isin(LASTING)].sort_values("run_id").drop_duplicates("url", keep="last")
    if lasting.empty:
        return lasting
    came = captures.groupby(_paths(captures["url"]))["run_id"].max()
    return lasting[_paths(lasting["url"]).map(came).fillna("") <= lasting["run_id"]]


def _paths(urls: pd.Series) -> pd.Series:
    """URLs without their hosts: an issue names the archive, a capture the site that was asked."""
    return urls.str.replace(_HOST, "", regex=True)
