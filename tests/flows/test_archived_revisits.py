"""Revisits of WARC files whose original is hard to find, or is not there."""

import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.benchmarks.documents import page
from tests.conftest import Command
from tests.extractors.foreign import response

LATER = "2025-06-01T12:00:00Z"


@pytest.mark.parametrize("kind", ["md5", "sha256", "sha512"])
@pytest.mark.parametrize("revisit_first", [False, True])
def test_a_revisit_shows_the_body_of_its_digest_whichever_is_landed_first(
    kind: str, revisit_first: bool, tmp_path: Path, wcda_here: Command
) -> None:
    url, body = page(0)
    stated = {"WARC-Payload-Digest": f"{kind}:{hashlib.new(kind, body).hexdigest()}", "WARC-Date": LATER}
    files = {
        "original": response(url, body, without=["WARC-Payload-Digest"]),
        "revisit": response(url, b"", kind="revisit", warc=stated),
    }
    # What is landed beside the revisit is a page too, since a run that gives none publishes nothing.
    files["revisit"] += response(*page(1))
    warehouse = tmp_path / "warehouse"
    for name in sorted(files, reverse=revisit_first):
        (tmp_path / f"{name}.warc").write_bytes(files[name])
        done = wcda_here("harvest", "--from", tmp_path / f"{name}.warc", "--direct", "--warehouse", warehouse)
        assert done.returncode in (0, 3), done.stderr
    kinds = pq.read_table(warehouse / "current" / "issues.parquet")["kind"].to_pylist()
    captures = pq.read_table(warehouse / "current" / "captures.parquet").to_pylist()

    assert "lost-revisit" not in kinds
    assert len({each["page_id"] for each in captures if each["url"] == url}) == 1
    assert len([each for each in captures if each["url"] == url]) == 2


RECORD = "6f9bb2a4-1d84-4b6c-9d4e-0b0c7a9d1e11"
ELSEWHERE = "https://digitalarchive.wilsoncenter.org/document/elsewhere"
PLACE = ELSEWHERE.removeprefix("https://")
DIGEST = f"sha1:{'A' * 32}"


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ({"WARC-Refers-To": f"<urn:uuid:{RECORD}>"}, RECORD),
        ({"WARC-Refers-To-Target-URI": ELSEWHERE, "WARC-Refers-To-Date": LATER}, f"{PLACE} of 2025-06-01 12:00:00"),
        ({"WARC-Refers-To-Target-URI": ELSEWHERE}, PLACE),
        ({"WARC-Payload-Digest": DIGEST}, f"sha1:{'00' * 20}"),
    ],
    ids=["id", "URL and time", "URL", "digest"],
)
def test_a_revisit_whose_original_is_not_there_is_an_issue_that_names_it(
    stated: dict[str, str], found: str, tmp_path: Path, wcda_here: Command
) -> None:
    file, warehouse = tmp_path / "a.warc", tmp_path / "warehouse"
    headers = {"WARC-Date": LATER} | stated
    lost = response(page(1)[0], b"", kind="revisit", warc=headers, without={"WARC-Payload-Digest"} - {*stated})
    file.write_bytes(response(*page(0)) + lost)
    done = wcda_here("harvest", "--from", file, "--direct", "--warehouse", warehouse)
    assert done.returncode == 3, done.stderr
    issues = pq.read_table(warehouse / "current" / "issues.parquet").to_pylist()

    (issue,) = (each for each in issues if each["kind"] == "lost-revisit")
    assert issue["url"] == page(1)[0]
    assert issue["found"].startswith(found)
    assert not issue["found"].endswith(" of ")
