"""Hosts, paths, facets and markup of this archive stand in extractors/wilson_center/ alone."""

import re

from tests.conftest import REPOSITORY

OURS = re.compile(
    r"""wilsoncenter\.org | drivingcreative | dvincitest | Wilson\ Center\ Digital
      | ["'`(]/(?:search|document|collection|people|places|topics|search-results)\b
      | \b(?:topics|people|places):[0-9] | f\[0\] | items_per_page=
      | table-hover | history-node | citation-url | pill-list""",
    re.VERBOSE,
)


def test_no_code_outside_its_package_names_what_only_this_archive_has() -> None:
    naming = [
        f"{path.relative_to(REPOSITORY)}: {match[0]}"
        for room in ("extractors", "flows", "schemas", "warehouse", "wcda")
        for path in sorted((REPOSITORY / room).rglob("*.py"))
        if "wilson_center" not in path.parts
        for match in OURS.finditer(path.read_text("utf-8"))
    ]

    assert naming == []
