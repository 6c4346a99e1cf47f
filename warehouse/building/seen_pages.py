"""Pages of documents as evidence of documents: which sightings they are, and which of their URLs are trusted.

A page counts at the URL at which it was captured, if it calls that its own (its canonical URL, the URL to cite, or its
number in the site's database), so that a page which a host sends for every URL is evidence of none. A page of which
nobody knows where it was captured counts at its canonical URL, unless what else is known of that URL has another title.

A further URL that a page names is taken for the same document's if no other page claims it, and nothing that was seen
at it has another title. So one page can neither take over the URLs of others nor merge them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from schemas.issues import CLAIMED_URL, UNTRUSTED_URL, Issue
from schemas.parsed import PARSED_TABLES
from schemas.records import Alias
from warehouse.building.gathering import Parsed
from warehouse.building.wordings import page_spans
from warehouse.frames import look_up, where
from warehouse.identity.wording import normalise

PAGE_POSITION = 0
"""Position of a document's page among the sightings on it; rows of related documents have those from 1."""

AGE = ("page_id", "is_whole", "last_seen_at")
"""Columns of pages that tell which is the latest of a document."""

_SEEN = ["page_id", "position", "date_text", "date_edtf", "title", "summary", "url"]
_CLAIMS = ["page_id", "title", "own_url", "url", "cited_url", "node_id", "is_whole"]


@dataclass(frozen=True, slots=True)
class SeenPages:
    """What pages of documents and terms show of documents.

    Attributes:
        pages: Pages of documents, each once, with the columns of the parsed table, and first_seen_at and last_seen_at.
        sightings: Of the documents that these pages are about (position 0), and of those that they and pages of terms
            name in rows; the URL is null where it is not trusted.
        relations: Rows of other documents, with the columns of the parsed table.
        aliases: Pairs of URLs that are trusted to be one document's.
        issues: What was not trusted, with the columns of the parsed table.
    """

    pages: pd.DataFrame
    sightings: pd.DataFrame
    relations: pd.DataFrame
    aliases: list[Alias]
    issues: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Claim:
    """What one page says of its URLs; `address` is where it counts."""

    page_id: str
    title: str
    address: str | None
    others: tuple[str, ...]
    refused: str | None


def see_pages(parsed: Parsed, captures: pd.DataFrame) -> SeenPages:
    """What the pages of documents and terms show, of runs that gave something.

    Args:
        parsed: Parsed tables; those of pages of documents are taken out, the entries are looked at.
        captures: Of these runs.
    """
    shown = captures["page_id"].unique()
    pages, rows = (parsed.pop(name) for name in ("document_pages", "page_relations"))
    pages = where(pages, pages["page_id"].isin(shown) & ~pages.duplicated("page_id"))
    rows = where(rows, rows["page_id"].isin(shown) & ~rows.duplicated(["page_id", "position"]))
    pages = look_up(pages, page_spans(captures), "page_id")
    contested = _contested_urls(pages)
    titles = _titles_of_urls(pages[~pages["own_url"].isin(contested)], parsed["entries"], rows)
    claims = [_judge(claim, titles, contested) for claim in pages[_CLAIMS].itertuples(index=False)]
    aliases, claimed = _aliases(claims, titles)
    own = pd.DataFrame({"page_id": [each.page_id for each in claims], "address": [each.address for each in claims]})
    own = own.astype(pd.ArrowDtype(pa.string()))
    seen = look_up(pages.drop(columns="url"), own, "page_id").rename(columns={"address": "url"})
    seen = seen.assign(position=PAGE_POSITION, summary=_one_line_each(seen["summary"]))
    # Of a page that ends early and counts nowhere, too little is certain to join it to anything.
    certain = seen[seen["is_whole"].astype(bool) | seen["url"].notna()]
    sightings = pd.concat([certain[_SEEN], rows[_SEEN]], ignore_index=True)
    issues = [*_refusals(claims), *claimed]
    return SeenPages(pages, sightings, rows, aliases, _issue_frame(issues, captures))


def latest_pages(pages: pd.DataFrame, identified: pd.DataFrame) -> pd.DataFrame:
    """The page of each document that its values come from: whole, and captured last.

    Args:
        pages: As `SeenPages.pages`, or some of its columns, with `AGE`.
        identified: page_id, position and document_id of sightings.
    """
    own = identified.loc[identified["position"] == PAGE_POSITION, ["page_id", "document_id"]]
    placed = pages.merge(own, on="page_id")
    ordered = placed.sort_values(["is_whole", "last_seen_at", "page_id"], na_position="first")
    latest: pd.DataFrame = ordered.drop_duplicates("document_id", keep="last")
    return latest


def _contested_urls(pages: pd.DataFrame) -> set[str]:
    """URLs at which pages of several numbers were captured: what saved one of them wrote a wrong URL into it."""
    numbers = pages.groupby("own_url")["node_id"].nunique()
    return set(numbers.index[numbers > 1])


def _titles_of_urls(pages: pd.DataFrame, entries: pd.DataFrame, rows: pd.DataFrame) -> dict[str, set[str]]:
    """The titles that were seen at the URLs that pages name: in listings, in rows of others, and on pages at them."""
    wanted = pd.concat([pages[name] for name in ("own_url", "url", "cited_url")]).dropna().unique()
    at_home = pages[(pages["own_url"] == pages["url"]).fillna(False).astype(bool)]
    found: dict[str, set[str]] = defaultdict(set)
    for frame in (entries, rows, at_home):
        known = frame.loc[frame["url"].isin(wanted) & frame["title"].notna(), ["url", "title"]].drop_duplicates()
        for url, title in known.itertuples(index=False):
            found[url].add(normalise(title))
    unplaced = pages[pages["own_url"].isna() & pages["url"].notna() & pages["title"].notna()]
    only_claimed: dict[str, set[str]] = defaultdict(set)
    for url, title in unplaced[["url", "title"]].drop_duplicates().itertuples(index=False):
        if url not in found:
            only_claimed[url].add(normalise(title))
    # Pages that nobody knows the place of and that contradict one another leave no title that could agree.
    return {**found, **{url: titles if len(titles) == 1 else {""} for url, titles in only_claimed.items()}}


def _judge(row: Any, titles: Mapping[str, Set[str]], contested: Set[str]) -> _Claim:  # noqa: ANN401 (a named tuple of pandas)
    own, canonical, cited, node = (
        None if value is None or value is pd.NA else str(value)
        for value in (row.own_url, row.url, row.cited_url, row.node_id)
    )
    title = "" if row.title is pd.NA or row.title is None else normalise(row.title)
    address: str | None
    refused = None
    if own is not None:
        is_own = own in (canonical, cited) or canonical is None or (node is not None and own.endswith(f"/{node}"))
        address, refused = (own, None) if is_own else (None, canonical)
        if is_own and own in contested and title not in titles.get(own, ()):
            address, refused = None, own
    elif canonical is not None and not _agrees(canonical, title, titles):
        address, refused = None, canonical
    else:
        address = canonical
    others = tuple(url for url in (canonical, cited) if url is not None and url != address)
    return _Claim(row.page_id, title, address, others if address and row.is_whole else (), refused)


def _agrees(url: str, title: str, titles: Mapping[str, Set[str]]) -> bool:
    """Whether nothing that was seen at a URL has only other titles."""
    known = titles.get(url)
    return not known or title in known


def _aliases(claims: Iterable[_Claim], titles: Mapping[str, Set[str]]) -> tuple[list[Alias], list[tuple[str, Issue]]]:
    """The aliases that are trusted, and an issue for each page whose claim is not."""
    claimants: dict[str, set[str]] = defaultdict(set)
    for claim in claims:
        for other in claim.others:
            claimants[other].add(claim.address or "")
    aliases: set[tuple[str, str]] = set()
    issues = []
    for claim in claims:
        for other in claim.others:
            address = claim.address or ""
            # The two sides of one document claim each other.
            rivals = claimants[other] - {address}
            is_mutual = address in claimants and other in claimants[address]
            if (rivals and not is_mutual) or not (is_mutual or _agrees(other, claim.title, titles)):
                message = "the page names a URL as its own that others have too; it was not trusted"
                issues.append((claim.page_id, CLAIMED_URL.issue(message, expected=address, found=other)))
            else:
                aliases.add((address, other))
    return [Alias(url, other, "citation") for url, other in sorted(aliases)], issues


def _refusals(claims: Iterable[_Claim]) -> Iterator[tuple[str, Issue]]:
    for claim in claims:
        if claim.refused is not None:
            message = "the page gives itself a URL that is not trusted; it joins a document by its content alone"
            yield claim.page_id, UNTRUSTED_URL.issue(message, found=claim.refused)


def _one_line_each(texts: "pd.Series[Any]") -> "pd.Series[Any]":
    """Summaries with each paragraph in one line, as listings have them."""
    return texts.str.replace(r"([^\n])\n([^\n])", r"\1 \2", regex=True)


def _issue_frame(issues: Iterable[tuple[str, Issue]], captures: pd.DataFrame) -> pd.DataFrame:
    runs: dict[str, str] = dict(captures[["page_id", "run_id"]].itertuples(index=False))
    rows = [
        {
            "level": issue.level,
            "kind": issue.kind,
            "message": issue.message,
            "expected": issue.expected,
            "found": issue.found,
            "page_id": page_id,
            "run_id": runs[page_id],
        }
        for page_id, issue in issues
    ]
    table = pa.Table.from_pylist(rows, schema=PARSED_TABLES["issues"].arrow_schema())
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
