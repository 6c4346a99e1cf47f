"""All that only the Wilson Center Digital Archive has: hosts, URLs, facets, page layouts, samples."""

from pathlib import Path

from schemas.archive import Archive

ARCHIVE_URL = "https://digitalarchive.wilsoncenter.org"

ARCHIVE = Archive(name="Wilson Center Digital Archive", url=ARCHIVE_URL)

SAMPLES = Path(__file__).parent / "samples"
"""Folder of two real listing pages that come with wcda."""

SAMPLES_CATALOG = Path(__file__).parent / "samples.toml"
"""Their names, where a person gives no catalog."""

CATALOG_TEMPLATE = Path(__file__).parent / "catalog_template.toml"
"""A catalog in which every key is explained, for a person to fill in."""
