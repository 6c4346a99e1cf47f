"""JSON in which readers keep a page: Mozilla's Readability, Postlight's parser, trafilatura, Jina's and Firecrawl's.

One object for a page, or a list of them, perhaps below `data`, with what the page shows as HTML, Markdown or text.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_BEGIN = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*\"")
_CONTENTS = ("content", "html", "markdown", "textContent", "raw_text", "text")
_URLS = ("url", "source", "sourceURL", "canonicalUrl")
_HAS_CONTENT = re.compile(rb"\"(?:content|html|markdown|textContent|raw_text|text)\"\s*:\s*\"")
_HAS_NAME = re.compile(
    rb"\"(?:title|byline|excerpt|siteName|url|source|sourceURL|word_count|hostname|fingerprint)\"\s*:"
)
_MARKUP = re.compile(r"<(?:div|p|table|article|section|h[1-6]|ul|body|html|a)\b", re.IGNORECASE)
_DOCUMENT = re.compile(r"<(?:!doctype|html)\b", re.IGNORECASE)


class ReaderJsonError(ValueError):
    """Such a file that cannot be read; the message is the reason."""


def begins_reader_json(head: bytes) -> bool:
    """Whether a file is the JSON of a reader, by its first bytes."""
    return all(mark is not None for mark in (_BEGIN.match(head), _HAS_CONTENT.search(head), _HAS_NAME.search(head)))


def read_reader_json(body: bytes) -> Iterator[tuple[str, str | None, str]]:
    """What each page shows, its URL, if the file says it, and its MIME type; nothing of JSON that holds no page.

    Raises:
        ReaderJsonError: It is damaged.
    """
    try:
        objects = list(_objects(json.loads(body)))
    except (ValueError, RecursionError) as error:
        raise ReaderJsonError(f"the JSON of a reader is damaged: {error}; save the page anew") from error
    for each in objects:
        content = _first(each, _CONTENTS)
        if content is None:
            continue
        metadata = each.get("metadata")
        url = _first(each, _URLS) or (_first(metadata, _URLS) if isinstance(metadata, dict) else None)
        if _MARKUP.search(content) is None:
            yield content, url, "text/plain; charset=utf-8"
        elif _DOCUMENT.match(content.lstrip()):
            yield content, url, "text/html; charset=utf-8"
        else:
            yield f"<!DOCTYPE html><html><body>{content}</body></html>", url, "text/html; charset=utf-8"


def _objects(value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - whatever JSON holds
    """The objects of pages: one, those of a list, or what is below `data`."""
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))
    elif isinstance(value, dict) and isinstance(value.get("data"), dict | list):
        yield from _objects(value["data"])
    elif isinstance(value, dict):
        yield value


def _first(value: dict[str, Any], names: tuple[str, ...]) -> str | None:
    return next((value[name] for name in names if isinstance(value.get(name), str) and value[name].strip()), None)
