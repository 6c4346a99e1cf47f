"""Harvest one case into a warehouse of its own, and say what came of it."""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import run_here
from wcda import open_warehouse

CASES = Path(__file__).parent
_DATE_OF_CAPTURE = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Outcome:
    """What harvests of a case gave.

    Attributes:
        exits: Exit code of each harvest.
        collections: Documents of each collection.
        titles: Of all documents, sorted; `None` for one without a title.
        urls: Addresses of documents, sorted.
        captured: Timestamps of captures, each once.
        issues: Number of issues of each kind, but of those that are only worth knowing.
        messages: All that was printed, and all messages of issues.
    """

    exits: list[int]
    collections: dict[str, int] = field(default_factory=dict)
    titles: list[str | None] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    captured: list[str] = field(default_factory=list)
    issues: dict[str, int] = field(default_factory=dict)
    messages: str = ""


def expectations() -> dict[str, dict[str, Any]]:
    """What each case must give, by its name."""
    return tomllib.loads((CASES / "expected.toml").read_text())


def try_case(sources: Sequence[str], warehouse: Path) -> Outcome:
    """Harvest the sources of a case one after the other, and read the tables."""
    exits, printed = [], []
    for source in sources:
        done = run_here("harvest", "--from", CASES / source, "--direct", "--warehouse", warehouse)
        exits.append(done.returncode)
        printed += [done.stdout, done.stderr]
    if not (warehouse / "current").exists():
        return Outcome(exits, messages=re.sub(r"\s+", " ", "\n".join(printed)))
    tables = open_warehouse(warehouse)
    documents, issues = tables.documents, tables.issues
    times = tables.captures["captured_at"].dropna().unique()
    printed += [f"{message} {found}" for message, found in zip(issues["message"], issues["found"], strict=True)]
    return Outcome(
        exits,
        dict(zip(tables.collections["collection_id"], tables.collections["observed_total"].astype(int), strict=True)),
        sorted(documents["title"].astype(object).where(documents["title"].notna(), None), key=str),
        sorted(documents["url"].dropna()),
        sorted(time.strftime(_DATE_OF_CAPTURE) for time in times),
        dict(Counter(issues.loc[issues["level"] != "info", "kind"])),
        re.sub(r"\s+", " ", "\n".join(printed)),
    )
