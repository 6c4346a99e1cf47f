"""A revisit that names its original by a digest alone, of a kind that nothing else states, whenever it is landed."""

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
def test_a_revisit_shows_the_body_of_its_digest(
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
