"""Files that are pages as people saved them, or hold some: each page with the URL and time that are known of it."""

import re
from collections.abc import Iterator
from dataclasses import replace

from extractors.byte_streams import MAX_PAGE_BYTES, ByteStream
from extractors.decoding import charset_of, decode
from extractors.saved_forms import FoundPage, UnreadableFormError, is_form, pages_in
from extractors.saved_marks import MARK_BYTES
from extractors.sources.archive_context import ArchiveContext
from extractors.sources.archive_parts import ArchivePart
from extractors.sources.page_list import ListedPage
from extractors.sources.saved import (
    Origin,
    find_origin,
    guess_type,
    is_no_page,
    kind_of_type,
    name_forms,
    origin_of,
    own_collection,
)
from extractors.wilson_center.layouts import LAYOUTS, kind_by_content
from extractors.wilson_center.layouts.plain_text import page_starts
from extractors.wilson_center.urls import classify
from schemas.identifiers import file_url
from schemas.issues import UNREADABLE_FILE
from schemas.records import ArchivedPage, Capture, Collection, Item
from schemas.sizes import shown_size

_DOCUMENT = "document"
_MAX_PAGES = 20_000  # in one file: ten times as many as the whole archive's listing has
# Folders of what belongs to a page, as browsers and Windows name them in many languages ("connected files").
_SIDE_FOLDER = re.compile(
    r".+(?:_(?:files|archivos|arquivos|bestanden|bylos|datoteke|dosyalar|elemei|failid|fails|fajlovi|ficheiros|fichiers|file"
    r"|fitxategiak|fitxers|pliki|soubory|tiedostot|файлы|文件)|-(?:Dateien|Filer|filer)|\.files|\.fld)"
)
# What crawlers and downloaders write of their own work.
_TOOL_FOLDER = re.compile(r"hts-cache")
_TOOL_FILE = re.compile(
    r"hts-(?:log|err)\.txt|cookies\.txt|robots\.txt|sitemap\.xml|wget-log(?:\.[0-9]+)?|thumbs\.db|desktop\.ini"
    r"|index\.rdf"  # of MAFF
    r"|.+\.(?:cdxj?|idx|ndx|jsonl|log|ya?ml|toml|cxml|lst|md5|sha(?:1|256|512)|sqlite3?|db|url|webloc|lnk)",
    re.IGNORECASE,
)
_TOOL_PAGE = b"HTTrack is an easy-to-use website mirror utility"  # its list of the sites that it mirrored


class PageReader:
    """Makes captures of saved pages.

    Args:
        context: What is known while the archive is read.
        listed: What `pages.csv` says of files, by name; each is taken out when its file is met.
        own: Names of files by the id of their own collection.
    """

    def __init__(self, context: ArchiveContext, listed: dict[str, ListedPage], own: dict[str, str]) -> None:
        self._context = context
        self._listed = listed
        self._own = own

    def read(self, stream: ByteStream, item: ArchivePart) -> Iterator[Item]:
        """The pages that a file holds; what is no page is counted."""
        head = stream.peek(MARK_BYTES)
        self._context.note_file(item.member)
        listed = self._listed.pop(item.name, None)
        if listed is not None and listed.captured_at is not None and listed.captured_at > self._context.latest:
            yield self._context.future_issue(item, listed.captured_at)
            listed = replace(listed, captured_at=None)
        mime = guess_type(item.member, head)
        named = self._context.catalog.collection_of(item.member)
        if named is None and listed is None and is_no_page(mime) and not is_form(head):
            self._context.skipped[kind_of_type(mime)] += 1
            return
        body = stream.read(MAX_PAGE_BYTES + 1)
        if stream.damage is not None:
            yield item.issue(UNREADABLE_FILE, stream.damage)
            return
        if len(body) > MAX_PAGE_BYTES:
            yield item.issue(UNREADABLE_FILE, f"more than {shown_size(MAX_PAGE_BYTES)} are no page")
            return
        try:
            pages = pages_in(body, page_starts)
        except UnreadableFormError as error:
            yield item.issue(UNREADABLE_FILE, str(error))
            return
        if not pages and named is None and listed is None:
            self._context.skipped[kind_of_type(mime)] += 1
            return
        if not pages:
            yield item.issue(UNREADABLE_FILE, "JSON without what a page shows; save the page itself, as HTML or text")
            return
        if len(pages) > _MAX_PAGES:
            yield item.issue(
                UNREADABLE_FILE, f"it holds {len(pages):,} pages; those behind {_MAX_PAGES:,} are not read"
            )
        for number, page in enumerate(pages[:_MAX_PAGES], start=1):
            name = item.name if number == 1 else f"{item.name}#{number}"
            yield from self._read_page(item, name, page, listed, named, mime)

    def _read_page(
        self,
        item: ArchivePart,
        name: str,
        page: FoundPage,
        listed: ListedPage | None,
        named: Collection | None,
        mime: str | None,
    ) -> Iterator[Item]:
        origin = self._origin(item, page, listed)
        captured_at = (listed and listed.captured_at) or page.captured_at or origin.captured_at
        if captured_at is not None and captured_at > self._context.latest:
            yield self._context.future_issue(item, captured_at)
            captured_at = None
        content_type = page.content_type or mime or "application/octet-stream"
        capture = Capture("", page.body, content_type, captured_at=captured_at)
        if named is None and origin.listing is None:
            if origin.url is not None and classify(origin.url) in LAYOUTS:
                yield ArchivedPage(replace(capture, url=origin.url), None)
                return
            if kind_by_content(page.body) is not None:
                yield ArchivedPage(replace(capture, url=file_url(name)), None)
                return
            if origin.url is not None:
                self._context.skipped[_DOCUMENT] += 1
                return
            is_beside = _is_side_file(item) or _is_of_tool(item, page.body)
            if (origin.is_known or is_beside) and not _shows_listing(page.body, content_type):
                self._context.skipped[kind_of_type(mime)] += 1
                return
        if origin.listing is not None and origin.url is not None:
            collection = named or self._context.collection_of(origin.listing)
            url = origin.url
        else:
            collection = named or self._own_collection(item)
            url = file_url(name)
        yield ArchivedPage(replace(capture, url=url, collection_id=collection.collection_id), collection)

    def _origin(self, item: ArchivePart, page: FoundPage, listed: ListedPage | None) -> Origin:
        """Where a page came from: what a person says, what the page says, or what the file is called."""
        if listed is not None and listed.origin is not None:
            return listed.origin
        of_path = find_origin(item.parts, self._context.base)
        if page.url is None:
            return of_path
        # A page of another site is none of the archive, as one of its own that is no listing.
        origin = replace(origin_of(page.url, self._context.base), is_known=page.url.partition(":")[0] != "file")
        return replace(origin, captured_at=of_path.captured_at)

    def _own_collection(self, item: ArchivePart) -> Collection:
        """The collection of a page of which nothing else is known; named so that no other file has it."""
        if item.own is not None:
            return item.own
        forms = (*name_forms(item.member), item.name)
        form = next((each for each in forms if self._own.setdefault(each, item.name) == item.name), item.name)
        return own_collection(form, self._context.catalog_ids)


def _is_side_file(item: ArchivePart) -> bool:
    """Whether a file was saved beside a page, as a picture, a script or a frame of it."""
    return any(_SIDE_FOLDER.fullmatch(folder) for folder in item.name.split("/")[:-1])


def _is_of_tool(item: ArchivePart, body: bytes) -> bool:
    """Whether a file is what a crawler or a downloader wrote of its own work."""
    *folders, name = item.name.split("/")
    is_named = _TOOL_FILE.fullmatch(name) is not None or any(map(_TOOL_FOLDER.fullmatch, folders))
    return is_named or _TOOL_PAGE in body[:MARK_BYTES]


def _shows_listing(body: bytes, content_type: str) -> bool:
    """Whether a page is a page of a listing by what it shows, whatever its URL."""
    text, _ = decode(body, charset_of(content_type))
    return text is not None and any(layout.recognises(text) for layout in LAYOUTS["listing"])
