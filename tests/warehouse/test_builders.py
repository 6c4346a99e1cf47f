"""Each published table is made in one place."""

from collections import Counter

from schemas.parsed import PARSED_TABLES
from schemas.tables import TABLES
from warehouse.building import BUILDERS

COMMON = ("pages", "captures", "issues", "runs")


def test_every_published_table_has_one_maker() -> None:
    made = Counter([*COMMON, *(name for builder in BUILDERS for name in builder.FILLS)])
    assert made == Counter(TABLES.keys())


def test_builders_need_parsed_tables_that_no_other_reads() -> None:
    needed = [name for builder in BUILDERS for name in builder.NEEDS]
    assert len(needed) == len(set(needed))
    assert set(needed) <= PARSED_TABLES.keys()
