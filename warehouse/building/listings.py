"""The tables that listing pages fill: entries, documents, collections, memberships, readings, and identity's own."""

from dataclasses import asdict

import pandas as pd
import pyarrow as pa

from schemas.issues import DOUBTFUL_ALIAS, UNKNOWN_KEY, Issue
from schemas.parsed import PARSED_TABLES
from schemas.records import PageKind
from warehouse.building.document_pages import page_columns
from warehouse.building.documents import describe_documents
from warehouse.building.evidence import Built, Evidence, Put
from warehouse.building.readings import Readings
from warehouse.building.seen_pages import AGE, latest_pages
from warehouse.building.wordings import find_wordings, number_revisions
from warehouse.frames import count, group, look_up, where
from warehouse.identity.nodes import ADDRESS_KEY
from warehouse.identity.plausibility import DoubtfulAlias

KIND: PageKind = "listing"
NEEDS: tuple[str, ...] = ("entries",)
FILLS: tuple[str, ...] = (
    "documents",
    "collections",
    "memberships",
    "entries",
    "readings",
    "document_keys",
    "candidate_pairs",
    "revisions",
)


def build(evidence: Evidence, put: Put) -> Built:
    """Make the tables of listing pages."""
    captures = evidence.captures
    entries = evidence.parsed.pop("entries")
    observed = Readings(captures, entries, evidence.issues, evidence.decisions, evidence.aliases, evidence.seen)
    del entries
    put("readings", observed.readings)
    put("candidate_pairs", observed.pairs)
    put("document_keys", pd.concat([observed.keys, _node_keys(evidence, observed.identified)]))
    is_current = observed.entries["page_id"].isin(observed.current_pages["page_id"].unique())
    put("entries", where(observed.entries, is_current))
    memberships = _memberships(observed)
    put("memberships", memberships)
    put("collections", _collections(evidence.planned, captures, observed.readings, memberships))
    wordings = find_wordings(observed.sightings)
    put("revisions", number_revisions(wordings))
    put("documents", describe_documents(wordings, memberships, page_columns(evidence, observed.identified)))
    issues = _issues_of_identity(observed, evidence.last_run)
    return Built(observed.current_pages[["page_id"]], issues, observed.identified)


def _node_keys(evidence: Evidence, identified: pd.DataFrame) -> pd.DataFrame:
    """The number of the site's database for each document whose page shows one that no other document's page shows."""
    latest = latest_pages(evidence.seen.pages[[*AGE, "node_id"]], identified)[["document_id", "node_id"]].dropna()
    own = latest[~latest["node_id"].duplicated(keep=False)]
    return pd.DataFrame({"key": "node:" + own["node_id"], "document_id": own["document_id"], "kind": "node"})


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


def _issues_of_identity(observed: Readings, run_id: str) -> pd.DataFrame:
    """Decisions that had no effect, and aliases that were not believed."""
    issues = [
        *(
            UNKNOWN_KEY.issue(
                "a decision is about a key that no entry has; it had no effect",
                found=f"{each.left} {each.decision} {each.right}",
            )
            for each in observed.unknown_decisions
        ),
        *map(_doubtful_alias, observed.doubtful_aliases),
    ]
    rows = [{**asdict(issue), "run_id": run_id} for issue in issues]
    table = pa.Table.from_pylist(rows, schema=PARSED_TABLES["issues"].arrow_schema())
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _doubtful_alias(doubtful: DoubtfulAlias) -> Issue:
    url, *others = (key.removeprefix(ADDRESS_KEY) for key in (doubtful.key, *doubtful.others))
    message = f"the archive says that this URL and others are one document's; nothing was joined: {doubtful.reason}"
    return DOUBTFUL_ALIAS.issue(message, found=" ".join(others), url=url)
