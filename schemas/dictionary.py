"""The data dictionary: every table, column and kind of issue, for people. `make dictionary` writes docs/tables.md."""

from schemas.columns import Column, Table
from schemas.issues import ISSUE_KINDS
from schemas.tables import SCHEMA_VERSION, TABLES

_TYPES = {
    "string": "text",
    "int": "integer",
    "float": "number",
    "bool": "true or false",
    "date": "day (`timestamp[ms]`)",
    "instant": "timestamp, UTC (`timestamp[us]`)",
    "strings": "list of texts",
}


def data_dictionary() -> str:
    """All tables and columns, and the kinds of issues, as Markdown."""
    head = (
        "# The tables\n\n"
        f"Schema version {SCHEMA_VERSION} ([what the number means](downstream.md#versions-of-the-schema)). Written by "
        "`make dictionary` from\n`schemas/tables.py`, where each column is stated once.\n"
        "Absent is null, never an empty text. What is marked *volatile* differs from run to run by its nature, and is "
        "left out of\ncomparisons and of `wcda changes`.\n"
    )
    return head + "".join(_section(table) for table in TABLES.values()) + _issue_kinds()


def _issue_kinds() -> str:
    head = (
        "\n## Kinds of issues\n\n"
        "What `issues.kind` can be, from `schemas/issues.py`. *error*: something that a page holds is not in the "
        "tables, or may be\nwrong there. *warning*: it is in the tables, with a doubt. *info*: worth knowing. The "
        "level of a row can differ from that\nof its kind.\n\n| kind | level | meaning |\n|---|---|---|\n"
    )
    return head + "".join(f"| `{kind.name}` | {kind.level} | {kind.meaning} |\n" for kind in ISSUE_KINDS.values())


def _section(table: Table) -> str:
    volatile = " The whole table is *volatile*." if table.volatile else ""
    lines = [
        f"\n## {table.name}\n",
        f"{table.description}{volatile} Key: {', '.join(f'`{name}`' for name in table.key)}.",
        *[
            f"{', '.join(f'`{name}`' for name in key.columns)} references `{key.table}` "
            f"({', '.join(f'`{name}`' for name in key.reference)})."
            for key in table.foreign_keys
        ],
        "\n| column | type | meaning | source |",
        "|---|---|---|---|",
        *[_row(column) for column in table.columns],
    ]
    return "\n".join(lines) + "\n"


def _row(column: Column) -> str:
    kind = _TYPES[column.type] + (", or null" if column.nullable else "") + (", *volatile*" if column.volatile else "")
    allowed = f" One of {', '.join(f'`{value}`' for value in column.allowed)}." if column.allowed else ""
    cells = (f"`{column.name}`", kind, column.description + allowed, column.source)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    print(data_dictionary(), end="")  # noqa: T201 (it is the output)
