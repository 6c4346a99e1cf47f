"""How much differs between two snapshots, and whether so much would go that the site has likely changed."""

from collections import Counter
from collections.abc import Mapping
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

    Args:
        former: The snapshot that the tables would follow.
        tables: All tables, not published yet.
    """
    if former is None:
        return []
    key = list(MEMBERSHIPS.key)
    then, now = former.read("memberships", key), tables["memberships"].select(key)
    missing = then.join(now, key, join_type="left anti")
    if not missing.num_rows:
        return []
    # A document that has another id now has not left.
    renamed = tables["document_keys"].select(["key", "document_id"]).rename_columns(["former", "document_id"])
    former_ids = pc.binary_join_element_wise("id:", missing["document_id"], "")
    successors = missing.select(["collection_id"]).append_column("former", former_ids).join(renamed, "former")
    stays = successors.join(now, key, join_type="left semi").select(["collection_id", "former"])
    gone = Counter(missing["collection_id"].to_pylist())
    gone.subtract(stays.group_by(stays.column_names).aggregate([])["collection_id"].to_pylist())
    before = Counter(then["collection_id"].to_pylist())
    return [
        f"{count} of {before[name]} documents would leave the collection {name} at once"
        for name, count in sorted(gone.items())
        if before[name] >= MIN_WATCHED and count > MAX_LOST_SHARE * before[name]
    ]


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
