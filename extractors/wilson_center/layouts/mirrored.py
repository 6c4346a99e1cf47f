"""Links that a mirror made relative to its own files, as wget does with `--convert-links`, and HTTrack always.

The archive's own pages have no link that is relative to the page.
"""

import re
from urllib.parse import urljoin, urlsplit

from extractors.wilson_center import ARCHIVE_URL

# Looked for first, since it is quick, and what follows is not: such a page has links of other pages too.
_ANY = re.compile(r"""href=["'](?![a-z]+:|[/\#?"'])""")
_LINK = re.compile(
    r"""(?P<before>(?:href|src|data)=["'])
    (?P<link>(?:\.{1,2}/)*(?:[^"'\s<>:?\#/.][^"'\s<>:?\#]*\.html?|(?:document|people|places|topics|sites)/[^"'\s<>:?\#]+))
    (?=["'#])""",
    re.VERBOSE,
)
_OF_A_FILE = re.compile(r"(?:/index)?\.html?\Z", re.IGNORECASE)


def undo_mirroring(text: str, url: str | None) -> str:
    """The page with the links that it had on the site.

    Args:
        text: The page.
        url: Where it was captured; `None` where nobody knows, so that links are taken for those of the site's root.
    """
    if _ANY.search(text) is None:
        return text
    base = url if url is not None and url.startswith("http") else f"{ARCHIVE_URL}/"
    return _LINK.sub(lambda match: match["before"] + _path(match["link"], base), text)


def _path(link: str, base: str) -> str:
    return _OF_A_FILE.sub("", urlsplit(urljoin(base, link)).path)
