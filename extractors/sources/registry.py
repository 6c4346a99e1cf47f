"""The registry of sources: one line for each. What is no name in it is a path."""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import cast

from extractors.sources import Source, SourceRequest

SOURCES: dict[str, str] = {
    "site": "extractors.sources.live:LiveSite",
    "wayback": "extractors.sources.wayback.archive:WaybackArchive",
    "samples": "extractors.sources.archives:Samples",
}
"""What opens each source, as `module:callable`: a module is imported when its source is asked for."""

PATH_SOURCE = "extractors.sources.archives:SavedPages"


def open_source(request: SourceRequest) -> Source:
    """The source that a request names; nothing is asked or read yet.

    Raises:
        UsageError: A collection that was asked for cannot be had from it.
    """
    opener = cast("Callable[[SourceRequest], Source]", resolve_name(SOURCES.get(request.name, PATH_SOURCE)))
    return opener(request)
