"""The version of the schema rises with what a reader of the tables can notice, and shows how much that breaks."""

import re
from itertools import pairwise

import pytest

from schemas.columns import Table
from schemas.tables import SCHEMA_VERSION, TABLES
from tests.conftest import REPOSITORY

VERSIONS = REPOSITORY / "tests" / "schemas" / "versions"


def statement() -> list[str]:
    """A line for each key, foreign key and column; not the words of descriptions, nor the order of columns."""
    return sorted(line for table in TABLES.values() for line in lines_of(table))


def lines_of(table: Table) -> list[str]:
    lines = [f"{table.name}: key {', '.join(table.key)}{'; volatile' if table.volatile else ''}"]
    lines += [f"{table.name}: {', '.join(key.columns)} in {key.table}" for key in table.foreign_keys]
    for column in table.columns:
        null = " or null" if column.nullable else ""
        volatile = "; volatile" if column.volatile else ""
        allowed = f"; one of {', '.join(column.allowed)}" if column.allowed else ""
        lines.append(f"{table.name}.{column.name}: {column.type}{null}{volatile}{allowed}")
    return lines


def recorded(version: str) -> list[str]:
    return (VERSIONS / f"{version}.txt").read_text(encoding="utf-8").splitlines()


def numbers(version: str) -> tuple[int, int]:
    assert re.fullmatch(r"[1-9]\d*\.(0|[1-9]\d*)", version)
    major, minor = version.split(".")
    return int(major), int(minor)


def is_minor(former: list[str], present: list[str]) -> bool:
    """Whether only tables and columns that can be null were added."""
    tables = {line.partition(":")[0] for line in former if ": key " in line}
    new = set(present) - set(former)
    to_known = [line for line in new if re.split(r"[.:]", line)[0] in tables]
    return set(former) <= set(present) and all(re.match(r"\w+\.\w+: \w+ or null", line) for line in to_known)


def test_what_is_stated_is_what_was_recorded_of_its_version() -> None:
    file = VERSIONS / f"{SCHEMA_VERSION}.txt"
    if not file.exists():  # to be read, and committed with what made it needed
        file.write_text("\n".join(statement()) + "\n", encoding="utf-8")
        pytest.fail(f"{file.name} was written: see that it differs from the version before as the number says")

    assert statement() == recorded(SCHEMA_VERSION), "the statement changed: SCHEMA_VERSION must rise"


def test_each_version_differs_from_the_one_before_as_its_number_says() -> None:
    versions = sorted((path.stem for path in VERSIONS.iterdir()), key=numbers)

    assert versions[-1] == SCHEMA_VERSION
    for former, present in pairwise(versions):
        (major, minor), after = numbers(former), numbers(present)
        assert after == ((major, minor + 1) if is_minor(recorded(former), recorded(present)) else (major + 1, 0))


CHANGES: dict[str, tuple[dict[str, str | None], bool]] = {
    "a column that can be null is new": ({"a.c: string or null": ""}, True),
    "a table is new": ({"b: key x": "", "b.x: string": ""}, True),
    "a column that is never null is new": ({"a.c: int": ""}, False),
    "a column went": ({"a.x: string or null": None}, False),
    "a column has another type": ({"a.x: string or null": "a.x: int or null"}, False),
    "a value is allowed that was not": ({"a.k: string; one of p": "a.k: string; one of p, q"}, False),
    "a key is another": ({"a: key k": "a: key x"}, False),
    "a foreign key is new": ({"a: x in b": ""}, False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_minor_if_what_read_the_tables_reads_them_still(change: str) -> None:
    former = ["a: key k", "a.k: string; one of p", "a.x: string or null"]
    lines, minor = CHANGES[change]
    kept = [lines.get(line, line) for line in former] + [line for line in lines if line not in former]

    assert is_minor(former, [line for line in kept if line is not None]) == minor
