"""What a server that means harm can do to a harvest; `make hostile-report` tries all that is known."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.faults import SITE
from tests.flows.hostile import ATTACKS, harvest
from tests.flows.live import frame, published_documents, true_documents
from tests.replica import ReplicaSite, replica

pytestmark = pytest.mark.accept

ENDLESS = (
    *("a head of one byte at a time", "interim responses without end", "a body without end", "trailers without end"),
    *("gzip in gzip in gzip", "a redirect that grows", "a total that grows for ever"),
)
"""One of each kind."""


@pytest.fixture(scope="module")
def site() -> Iterator[ReplicaSite]:
    with replica(**SITE) as site:
        yield site


@pytest.mark.parametrize("name", ENDLESS)
def test_a_server_that_never_ends_does_not_hold_a_harvest(name: str, site: ReplicaSite, tmp_path: Path) -> None:
    found = harvest(site, ATTACKS[name], tmp_path)

    assert found.is_bounded, found


def test_what_comes_on_an_idle_connection_is_no_page(site: ReplicaSite, tmp_path: Path) -> None:
    found = harvest(site, ATTACKS["bytes on an idle connection"], tmp_path)

    assert (found.exit_code, found.is_bounded) == (0, True), found
    assert len(frame(tmp_path / "w", "documents")) == len(site.truth.documents)


def test_an_answer_that_was_not_asked_for_adds_nothing(site: ReplicaSite, tmp_path: Path) -> None:
    found = harvest(site, ATTACKS["an answer that was not asked for"], tmp_path)

    assert found.is_bounded, found
    documents = published_documents(tmp_path / "w")
    assert documents <= true_documents(site.truth)
    (everything,) = frame(tmp_path / "w", "collections").to_dict("records")
    assert not everything["complete"] or documents == true_documents(site.truth)
