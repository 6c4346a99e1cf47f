"""What the loss guard refuses is set aside: it is reported, is in nobody's way, and can be accepted later."""

from pathlib import Path

import pytest

from extractors.raw_zone import RawZone
from flows.harvest import harvest, rebuild
from flows.inspection import check_warehouse, refusal_line
from flows.request import HarvestRequest
from flows.rollback import roll_back
from schemas.errors import WarehouseError
from tests.extractors.foreign import DATE, response
from wcda import open_warehouse

SITE = "https://digitalarchive.wilsoncenter.org"
COUNT = 30


def listing(count: int, day: int, facet: str = "topics:31", word: str = "Letter") -> bytes:
    """A WARC record of a whole listing, whose documents have slugs and titles of their own."""
    rows = "".join(
        f'<tr><td class="document"><div class="date">May {number % 28 + 1}, {1900 + number}</div><h3 class="title">'
        f'<a href="/document/{facet[-2:]}-{number}">{number * 7919:x} {word} {number * 104729:x}</a></h3>'
        f"<p>{word} with the number {number}.</p></td></tr>"
        for number in range(count)
    )
    body = f'<html><body><p>1 - {count} of {count}</p><table class="table-hover">{rows}</table></body></html>'
    url = f"{SITE}/search?f[0]={facet}&items_per_page=100"
    return response(url, body.encode(), warc={"WARC-Date": DATE.replace("-02T", f"-{day:02}T")})


def redirects(target: str, count: int = COUNT) -> bytes:
    return b"".join(
        response(f"{SITE}/document/31-{number}", b"", "301 Moved", (("Location", target.format(number)),))
        for number in range(count)
    )


def harvest_warc(path: Path, *records: bytes, accept_loss: bool = False) -> None:
    warc = path / "input.warc"
    warc.write_bytes(b"".join(records))
    harvest(HarvestRequest(str(warc), path / "tables", accept_loss=accept_loss))


def count_documents(path: Path) -> int:
    return len(open_warehouse(path / "tables").documents)


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A folder with a warehouse of 30 documents."""
    harvest_warc(tmp_path, listing(COUNT, day=2))
    return tmp_path


def refuse(path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"would leave the collection.* is set aside, and `wcda rebuild"):
        harvest_warc(path, listing(5, day=9))


def test_what_was_refused_is_not_in_the_way_of_the_next_harvest(full: Path) -> None:
    refuse(full)

    harvest_warc(full, listing(4, day=3, facet="topics:32"))

    assert count_documents(full) == COUNT + 4


def test_what_a_killed_run_landed_is_not_in_the_way_either(full: Path) -> None:
    refuse(full)
    RawZone(full / "tables" / "raw").take_back("29990101T000000.000000Z-abcd")  # as landed, and never judged

    with pytest.raises(WarehouseError, match="set aside"):
        harvest_warc(full, listing(4, day=3, facet="topics:32"))
    harvest_warc(full, listing(4, day=3, facet="topics:32"))

    assert count_documents(full) == COUNT + 4


def test_what_was_refused_is_kept_and_reported_until_it_is_accepted(full: Path) -> None:
    before = len(RawZone(full / "tables" / "raw").segments())
    refuse(full)
    raw_zone = RawZone(full / "tables" / "raw")

    assert (len(raw_zone.segments()), len(raw_zone.all_segments())) == (before, before + 1)
    assert "set aside" in (refusal_line(full / "tables") or "")
    report = check_warehouse(full / "tables")
    assert report.problems == []
    assert "wcda rebuild --accept-loss" in report.summary
    rebuild(full / "tables")
    assert len(open_warehouse(full / "tables").memberships) == COUNT

    rebuild(full / "tables", accept_loss=True)

    assert refusal_line(full / "tables") is None
    assert len(open_warehouse(full / "tables").memberships) == 5


def test_a_rollback_leaves_set_aside_what_was(full: Path) -> None:
    (first,) = (full / "tables" / "snapshots").iterdir()
    refuse(full)
    harvest_warc(full, listing(4, day=3, facet="topics:32"))

    roll_back(full / "tables", first.name)

    assert "set aside" in (refusal_line(full / "tables") or "")
    assert len(open_warehouse(full / "tables").memberships) == COUNT


def test_thirty_documents_that_redirect_to_one_page_stay_thirty(full: Path) -> None:
    harvest_warc(full, redirects("/document/not-found"), listing(1, day=4, facet="topics:33"))

    tables = open_warehouse(full / "tables")
    assert len(tables.documents) == COUNT + 1
    ((kind, found),) = tables.issues.loc[tables.issues["kind"] == "doubtful-alias", ["kind", "found"]].to_numpy()
    assert kind == "doubtful-alias"
    assert len(found.split()) == COUNT


def test_documents_that_become_one_count_as_lost(full: Path) -> None:
    harvest_warc(full, listing(COUNT, day=3, facet="topics:32", word="Note of another kind"))
    assert count_documents(full) == 2 * COUNT

    with pytest.raises(WarehouseError, match=f"{COUNT} of {2 * COUNT} documents would become one with others"):
        harvest_warc(full, redirects("/document/32-{}"), listing(1, day=4, facet="topics:33"))
