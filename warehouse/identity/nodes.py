"""What identity compares: distinct contents, and nodes, which need no rule to be one document.

All is done on codes, a number for each distinct text; what needs Python is done once for each distinct value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.dates import read_date
from schemas.identifiers import stable_id
from warehouse.codes import Bools, Ints, codes_of, combine, extremes, ranks_of
from warehouse.identity.wording import normalise

_NUMERIC_ADDRESS = r"/[0-9]+$"
_BATCH = 1024
ADDRESS_KEY = "address:"
"""What the natural key of an address begins with."""


@dataclass(frozen=True, slots=True)
class Part:
    """The dates, titles or summaries of the distinct contents. Texts stay in Arrow, where they take a third.

    Attributes:
        places: Place of each content's text among the distinct ones.
        texts: The distinct ones as the pages have them; the last is null, for what is absent.
        plain: Likewise, normalised; empty if absent.
        lengths: Characters of each content's text; -1 if absent.
        ranks: Place of each content's normalised text among all, sorted; -1 if empty.
    """

    places: Ints
    texts: pa.Array
    plain: pa.Array
    lengths: Ints
    ranks: Ints

    def text_of(self, content: int) -> str | None:
        """As the pages have it; `None` if absent."""
        text: str | None = self.texts[int(self.places[content])].as_py()
        return text

    def plain_of(self, content: int) -> str:
        """Normalised; empty if absent."""
        return str(self.plain[int(self.places[content])])


@dataclass(frozen=True, slots=True)
class Contents:
    """The distinct dates, titles and summaries, column by column: a content is a place in each.

    Attributes:
        plain: A number for each distinct normalised content, for each content.
    """

    date: Part
    title: Part
    summary: Part
    plain: Ints


@dataclass(frozen=True, slots=True)
class Nodes:
    """What needs no rule to be one document.

    Attributes:
        of_entry: Node of each entry.
        keys: Natural key of each node.
        slugs: Whether each node has a present-day address.
        addressed: Whether each node has an address of any kind.
        repeated: Whether each node is an equal block, other than the first, of a page.
        shown: Content with which each node is first seen; the only one, unless an address shows several.
        owners: Each node as often as it has contents.
        contents: Content of each of these.
    """

    of_entry: Ints
    keys: list[str]
    slugs: list[bool]
    addressed: list[bool]
    repeated: list[bool]
    shown: Ints
    owners: Ints
    contents: Ints


def find_contents(entries: pa.Table) -> tuple[Ints, Contents]:
    """The content of each entry, as a number, and the distinct contents."""
    encoded = [codes_of(entries[name]) for name in ("date_text", "title", "summary")]
    code = combine(*(codes for codes, _ in encoded))
    first = _first(code)
    date, title, summary = (
        _part(codes[first], values, plainly)
        for (codes, values), plainly in zip(encoded, (_plain_date, normalise, normalise), strict=True)
    )
    return code, Contents(date, title, summary, combine(date.ranks, title.ranks, summary.ranks))


def _part(codes: Ints, values: pa.Array, plainly: Callable[[str], str]) -> Part:
    """A part of contents, given the code of each, -1 for none, and the distinct values."""
    texts = pa.concat_arrays([values, pa.nulls(1, values.type)])
    places = np.where(codes < 0, len(values), codes)
    batches = (texts.slice(start, _BATCH).to_pylist() for start in range(0, len(texts), _BATCH))
    plain = pa.concat_arrays(
        [pa.array(["" if text is None else plainly(text) for text in batch], pa.string()) for batch in batches]
    )
    return Part(
        places=places,
        texts=texts,
        plain=plain,
        lengths=pc.utf8_length(texts).fill_null(-1).to_numpy().astype(np.int64)[places],
        ranks=ranks_of(plain)[places] - 1,
    )


def _plain_date(text: str) -> str:
    """What a date means, whatever way it is written; empty where the text says that there is none."""
    reading = read_date(text)
    return normalise(text) if reading is None else reading.edtf or ""


def find_nodes(urls: pa.ChunkedArray, page: Ints, position: Ints, content: Ints, contents: Contents) -> Nodes:
    """The nodes of entries, given the codes of their pages and contents: one for each address, and each equal block."""
    url_codes, url_values = codes_of(urls)
    addressed = url_codes >= 0
    ordinal = _ordinals(page, position, content, addressed)
    node = combine(np.where(addressed, url_codes, len(url_values) + content), ordinal)
    first = _first(node)
    addresses = url_values.to_pylist()
    parts = contents.date, contents.title, contents.summary
    keys = [
        address_key(addresses[url])
        if url >= 0
        else "content:" + stable_id(*(part.text_of(shown) for part in parts), str(number))
        for url, shown, number in zip(*(codes[first].tolist() for codes in (url_codes, content, ordinal)), strict=True)
    ]
    count = len(contents.plain) or 1
    variants = pd.unique(node * count + content)
    variants = variants[np.argsort(variants // count, kind="stable")]
    return Nodes(
        of_entry=node,
        keys=keys,
        slugs=np.append(_are_slugs(url_values), False)[url_codes[first]].tolist(),
        addressed=addressed[first].tolist(),
        repeated=(ordinal[first] > 0).tolist(),
        shown=content[first],
        owners=variants // count,
        contents=variants % count,
    )


def with_addresses(nodes: Nodes, keys: Sequence[str]) -> Nodes:
    """The nodes and, behind them, one for each further address, which no entry has and which so has no content.

    Args:
        nodes: Of all entries.
        keys: Natural keys of the addresses.
    """
    count = len(keys)
    return replace(
        nodes,
        keys=[*nodes.keys, *keys],
        slugs=[*nodes.slugs, *_are_slugs(pa.array(keys, pa.string())).tolist()],
        addressed=[*nodes.addressed, *[True] * count],
        repeated=[*nodes.repeated, *[False] * count],
        shown=np.append(nodes.shown, np.zeros(count, np.int64)),
    )


def address_key(address: str) -> str:
    """The natural key of an address."""
    return ADDRESS_KEY + address


def _are_slugs(addresses: pa.Array) -> Bools:
    """Whether each address is a present-day one; the others have a number."""
    numeric: Bools = pc.match_substring_regex(addresses, _NUMERIC_ADDRESS).to_numpy(zero_copy_only=False)
    return ~numeric


def _ordinals(page: Ints, position: Ints, content: Ints, addressed: Bools) -> Ints:
    """Place of each block without an address among the equals of its page, from 0."""
    block = page * (content.max(initial=0) + 1) + content
    frame = pd.DataFrame({"block": block, "position": position})[~addressed]
    frame = frame[frame["block"].duplicated(keep=False)]
    counted = frame.sort_values("position").groupby("block", sort=False).cumcount()
    ordinal = np.zeros(len(page), np.int64)
    ordinal[counted.index.to_numpy()] = counted.to_numpy()
    return ordinal


def pages_of(node: Ints, page: Ints, count: int) -> Callable[[int], set[int]]:
    """A function that gives the pages on which a node stands."""
    order = np.argsort(node, kind="stable")
    bounds = np.searchsorted(node[order], np.arange(count + 1)).tolist()
    pages = page[order]
    return lambda which: set(pages[bounds[which] : bounds[which + 1]].tolist())


def dates_of(nodes: Nodes, contents: Contents) -> Ints:
    """Rank of the one date of each node; -1 if it has none, or if listings of one address differ."""
    least, greatest = extremes(nodes.owners, contents.date.ranks[nodes.contents], len(nodes.keys))
    return np.where(least == greatest, least, -1)


def _first(codes: Ints) -> Ints:
    """Where each code is first seen, of codes in order of first sight."""
    return np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))
