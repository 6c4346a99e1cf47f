"""Each fault that a site can have, and what a harvest that meets it comes to.

`python -m tests.flows.faults` (`make fault-report`) meets each of them and prints what was done and published.
"""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import run_here
from tests.flows.live import frame, write_catalog_for
from tests.replica import ReplicaSite, replica

DOCUMENTS = 120
SITE = {"documents": DOCUMENTS, "collections": 3, "items_per_page_ignored": True}
"""A small archive that gives ten entries a page, whatever is asked for."""


@dataclass(frozen=True)
class Fault:
    """A fault, and what a harvest that meets it comes to.

    Attributes:
        said: What is reported, on standard error if nothing was published, else on standard output.
        whole: Whether the tables are all that the archive holds.
        is_lasting: Whether each page that did not come has an issue of its own, which stays.
    """

    name: str
    parameters: dict[str, Any]
    exit_code: int
    said: str = ""
    whole: bool = False
    is_lasting: bool = False


def passing(name: str, **parameters: Any) -> Fault:
    """A fault that is over before patience is."""
    return Fault(name, parameters, 0, whole=True)


ONE_PAGE = r"^/search\?page=4$"
FAULTS = {
    "reset, then well": passing("reset", times=2, match=ONE_PAGE),
    "reset within a body, then well": passing("reset", part=0.5, times=2, match=ONE_PAGE),
    "reset always": Fault("reset", {}, 1, "the connection was"),
    "reset on one page": Fault("reset", {"match": ONE_PAGE}, 3, "page 4"),
    "stall, then well": passing("stall", times=1, match=ONE_PAGE),
    "stall within a body on one page": Fault("stall", {"part": 0.5, "match": ONE_PAGE}, 3, "no answer within 1 s"),
    "cut body, then well": passing("cut-body", times=2, match=ONE_PAGE),
    "cut body of an honest length, then well": passing("cut-body", honest=True, times=2, match=ONE_PAGE),
    "cut body on one page": Fault("cut-body", {"match": ONE_PAGE}, 3, "ended early"),
    "429 that says when": passing("http-429", retry_after=1, times=2),
    "429 that says a date": passing("http-429", retry_after_date=1, times=1),
    "429 that does not say when": passing("http-429", times=2),
    "429 that asks for an hour": Fault("http-429", {"retry_after": 3600}, 1, "3600"),
    "429 that asks for an hour in mid-run": Fault("http-429", {"retry_after": 3600, "after": 6}, 3, "3600"),
    "500, then well": passing("http-500", times=2, match=ONE_PAGE),
    "500 on one page": Fault("http-500", {"match": ONE_PAGE}, 3, "HTTP 500"),
    "502, then well": passing("http-502", times=2, match=ONE_PAGE),
    "503 that says when": passing("http-503", retry_after=1, times=1),
    "503 always": Fault("http-503", {}, 1, "HTTP 503"),
    "challenge with 200": Fault("challenge-200", {}, 1, "use web archives"),
    "challenge with 403": Fault("challenge-403", {}, 1, "use web archives"),
    "challenge with 200 in mid-run": Fault("challenge-200", {"after": 6}, 3, "use web archives"),
    "challenge with 403 in mid-run": Fault("challenge-403", {"after": 6}, 3, "use web archives"),
    "maintenance with 200": Fault("maintenance", {}, 1, "under maintenance"),
    "maintenance with 200 in mid-run": Fault("maintenance", {"after": 6}, 3, "under maintenance"),
    "maintenance with 503": Fault("maintenance", {"status": 503}, 1, "HTTP 503"),
    "redirect loop on one page": Fault("redirect-loop", {"match": ONE_PAGE}, 3, "circle"),
    "redirect off the host on one page": Fault("redirect-off-host", {"match": ONE_PAGE}, 3, "elsewhere.invalid"),
    "200 MB on one page": Fault("huge-body", {"match": ONE_PAGE}, 3, "more than 8 MiB"),
    "200 MB of no declared length on one page": Fault(
        "huge-body", {"declared": False, "match": ONE_PAGE}, 3, "more than 8 MiB"
    ),
    "gzip bomb on one page": Fault("gzip-bomb", {"megabytes": 200, "match": ONE_PAGE}, 3, "page 4"),
    "wrong charset in the header": passing("wrong-charset"),
    "wrong charset in header and page": passing("wrong-charset", in_header=False),
    "empty table on one page": Fault("empty-table", {"match": ONE_PAGE}, 3, "none can be read"),
    "nine rows where the range says ten": Fault("missing-row", {"match": ONE_PAGE}, 3, "9"),
    "nine rows once": passing("missing-row", match=ONE_PAGE, times=1),
    "changed layout": Fault("changed-layout", {}, 1, "layout"),
    "total that grows in mid-crawl": passing("growing-total", after=5, times=1),
    "total that shrinks in mid-crawl": passing("shrinking-total", after=5, times=1),
    "total that grows all the time": Fault("growing-total", {}, 3, "the total kept changing"),
    "the same page for every page=": Fault("same-page", {}, 3, "shows 1 - 10 where"),
    "the same page under another range line": Fault(
        "same-page", {"lying_range": True}, 3, "the same entries as page 0"
    ),
    "a facet that shows nothing": passing("vanished-facet", shows="nothing"),
    "a facet that shows everything": Fault(
        "vanished-facet", {"shows": "everything"}, 3, "as many documents as the whole"
    ),
    "a facet that is not found": Fault("vanished-facet", {"shows": "not-found"}, 3, "HTTP 404"),
    "robots.txt that forbids": Fault("robots-forbids", {}, 1, "robots.txt forbids"),
    "robots.txt that delays": passing("robots-delays", seconds=0.05),
    "robots.txt that is missing": passing("robots-missing"),
    "robots.txt that is broken": passing("robots-broken"),
    "robots.txt that fails": Fault("robots-500", {}, 1, "robots.txt"),
}

QUICK = (
    *("reset within a body, then well", "cut body of an honest length, then well", "429 that does not say when"),
    *("500 on one page", "challenge with 200", "challenge with 403 in mid-run", "maintenance with 200"),
    *("redirect off the host on one page", "gzip bomb on one page", "wrong charset in header and page"),
    *("nine rows once", "nine rows where the range says ten", "total that grows in mid-crawl"),
    *("the same page under another range line", "a facet that shows everything", "robots.txt that forbids"),
)
"""Those that every test run meets; `make accept` meets all."""


ON_DOCUMENTS = {
    "reset within a body, then well": passing("reset", part=0.5, times=2),
    "stall, then well": passing("stall", times=1),
    "stall within a body": Fault("stall", {"part": 0.5, "after": 55}, 3, "no answer within 1 s"),
    "cut body, then well": passing("cut-body", times=2),
    "cut body of an honest length, then well": passing("cut-body", honest=True, times=2),
    "cut within a text, then well": passing("cut-body", honest=True, part=0.7, times=2),
    "cut within a text, always": Fault("cut-body", {"honest": True, "part": 0.7, "after": 10}, 3, "useless answers"),
    "429 that says when": passing("http-429", retry_after=1, times=2),
    "429 that asks for an hour": Fault("http-429", {"retry_after": 3600, "after": 10}, 3, "3600"),
    "500, then well": passing("http-500", times=2),
    "500 always": Fault("http-500", {}, 3, "HTTP 500"),
    "challenge with 200": Fault("challenge-200", {"after": 10}, 3, "use web archives"),
    "challenge with 403": Fault("challenge-403", {"after": 10}, 3, "use web archives"),
    "maintenance, then well": passing("maintenance", times=5),
    "maintenance always": Fault("maintenance", {"after": 10}, 3, "useless answers"),
    "redirect loop": Fault("redirect-loop", {"after": 55}, 3, "circle"),
    "redirect off the host": Fault("redirect-off-host", {"after": 55}, 3, "elsewhere.invalid"),
    "200 MB": Fault("huge-body", {"after": 57}, 3, "more than 8 MiB", is_lasting=True),
    "gzip bomb": Fault("gzip-bomb", {"megabytes": 200, "after": 57}, 3, "unpacks to more than"),
    "wrong charset in the header": passing("wrong-charset"),
    "wrong charset in header and page": passing("wrong-charset", in_header=False),
    "not found": Fault("not-found", {"after": 55}, 3, "has nothing here: HTTP 404", is_lasting=True),
    "the front page for every document": Fault("front-page", {"after": 10}, 3, "useless answers"),
    "the same page for every document": Fault("same-document", {}, 3, "useless answers"),
    "the same record id on every page": Fault("same-record-id", {}, 0, ""),
    "robots.txt that forbids": Fault(
        "robots-forbids", {"path": "/document/"}, 3, "robots.txt forbids", is_lasting=True
    ),
}
"""Those that strike pages of documents, of which the site has `PAGES`, after the listings came."""

PAGES = 60
QUICK_ON_DOCUMENTS = ("cut within a text, then well", "maintenance always", "the same page for every document")


def report(name: str, fault: Fault, site: ReplicaSite, place: Path) -> str:
    """A row of the table: what a harvest that met a fault did, published and said."""
    site.restore()
    catalog, warehouse = write_catalog_for(site, place / "catalog.toml"), place / "warehouse"
    site.set_fault(fault.name, **fault.parameters)
    site.clear_log()
    done = run_here("harvest", "--catalog", catalog, "--warehouse", warehouse, "--direct")
    requests = Counter(entry["path"] for entry in site.log() if not entry["path"].startswith("/__replica__/"))
    again = sum(requests.values()) - len(requests)
    published = "nothing"
    if (warehouse / "current").exists():
        collections = frame(warehouse, "collections")
        complete = sum(collections["complete"])
        published = f"{len(frame(warehouse, 'documents'))} documents, {complete} of {len(collections)} complete"
    reasons = done.stderr.strip().removeprefix("wcda: ") or "; ".join(_reasons(warehouse))
    return f"| {name} | {sum(requests.values())}, {again} again | {published} | {done.returncode} | {reasons} |"


def _reasons(warehouse: Path) -> list[str]:
    return sorted(set(frame(warehouse, "readings")["reason"]) - {None})


def main() -> None:
    """Print the table."""
    print("| fault | requests | published | exit code | said |\n|---|---|---|---|---|")
    with replica(**SITE) as site:
        for name, fault in FAULTS.items():
            with tempfile.TemporaryDirectory() as place:
                print(report(name, fault, site, Path(place)), flush=True)


if __name__ == "__main__":
    main()
