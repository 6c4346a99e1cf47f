"""How much differs between two snapshots, and whether so much would go that the site has likely changed."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from schemas.tables import MEMBERSHIPS
from wcda.changes import COMPARED, Change, find_changes
from wcda.manifest import ChangeKind
from wcda.snapshots import Snapshot

MAX_LOST_SHARE = 0.05
MIN_WATCHED = 20
"""More than this share of a collection of at least this size never left at once; a changed site looks like that."""

EXAMPLES = 10
"""How many changes of each kind a summary names."""


@dataclass(frozen=True, slots=True)
class ChangeSummary:
    """How much differs between two snapshots.

    Attributes:
        counts: Changes of each table and kind.
        examples: The first `EXAMPLES` of each table and kind, for people; none against no snapshot.
    """

    counts: Counter[tuple[str, ChangeKind]]
    examples: tuple[Change, ...] = ()

    @property
    def by_kind(self) -> dict[ChangeKind, int]:
        """Changes of each kind in all tables together."""
        totals: Counter[ChangeKind] = Counter()
        for (_, kind), number in self.counts.items():
            totals[kind] += number
        return dict(totals)

    @property
    def by_table(self) -> dict[str, dict[str, int]]:
        """Changes of each table and kind."""
        tables: dict[str, dict[str, int]] = {}
        for (table, kind), number in self.counts.items():
            tables.setdefault(table, {})[kind] = number
        return tables


def find_losses(former: Snapshot | None, tables: Mapping[str, pa.Table]) -> list[str]:
    """A line for each collection of which so much would leave that the site, and not the archive, has likely changed.

    And one if so many documents would become one with others that what joins them is likely wrong.

    Args:
        former: The snapshot that the tables would follow.
        tables: All tables, not published yet.
    """
    if former is None:
        return []
    before = former.read("documents", ["document_id"])["document_id"].to_pylist()
    present = _present_ids(before, tables)
    lines = [*_losses_of_collections(former, tables, present)]
    merged = len(present) - len(set(present.values()))
    if len(before) >= MIN_WATCHED and merged > MAX_LOST_SHARE * len(before):
        lines.append(f"{merged} of {len(before)} documents would become one with others at once")
    return lines


def _present_ids(former: Collection[str], tables: Mapping[str, pa.Table]) -> dict[str, str]:
    """The present id of each former document; of one that became several, the first."""
    unchanged = set(former).intersection(tables["documents"]["document_id"].to_pylist())
    present = {document: document for document in unchanged}
    changed = pa.array([f"id:{document}" for document in former if document not in present], pa.string())
    keys = tables["document_keys"].select(["key", "document_id"])
    successors = keys.filter(pc.is_in(keys["key"], value_set=changed))
    for key, document in zip(*(column.to_pylist() for column in successors.columns), strict=True):
        former_id = key.removeprefix("id:")
        present[former_id] = min(document, present.get(former_id, document))
    return present


def _losses_of_collections(
    former: Snapshot, tables: Mapping[str, pa.Table], present: Mapping[str, str]
) -> Iterator[str]:
    members: dict[str, set[str]] = defaultdict(set)
    for document, collection in zip(*_members(tables["memberships"]), strict=True):
        members[collection].add(document)
    before: Counter[str] = Counter()
    kept: dict[str, set[str]] = defaultdict(set)
    for document, collection in zip(*_members(former.read("memberships", [*MEMBERSHIPS.key])), strict=True):
        before[collection] += 1
        if (now := present.get(document)) in members[collection]:
            kept[collection].add(str(now))
    for name, count in sorted(before.items()):
        lost = count - len(kept[name])
        if count >= MIN_WATCHED and lost > MAX_LOST_SHARE * count:
            yield f"{lost} of {count} documents would leave the collection {name} at once, or become one"


def _members(memberships: pa.Table) -> tuple[list[str], list[str]]:
    return memberships["document_id"].to_pylist(), memberships["collection_id"].to_pylist()


def summarise_changes(former: Snapshot | None, present: Snapshot) -> ChangeSummary:
    """How much there is of each kind of change from one snapshot to another, and the first of each."""
    if former is None:  # no need to name each row
        return ChangeSummary(Counter({(table.name, "added"): present.note(table.name).rows or 0 for table in COMPARED}))
    counts: Counter[tuple[str, ChangeKind]] = Counter()
    examples = []
    for change in find_changes(former, present):
        counts[change.table, change.change] += 1
        if counts[change.table, change.change] <= EXAMPLES:
            examples.append(change)
    return ChangeSummary(counts, tuple(examples))
