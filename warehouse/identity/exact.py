"""Exact identity: the same address, or, without an address, the same date, title and summary.

Two entries of one page are never one document: the archive does not list a document twice on a page, so equal blocks
without an address are different documents whose blocks happen to agree. They are told apart by their ordinal among the
equals of their page.
"""

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa
from pandas.arrays import ArrowExtensionArray

from schemas.identifiers import stable_id

_BLOCK = ["date_text", "title", "summary"]


def identify(entries: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Give each entry its document.

    Args:
        entries: page_id, position, date_text, title, summary, url.

    Returns:
        The entries with `document_id` and `rule` added, in the same order; and the keys: `key`, `document_id`,
        `kind`, without repeats.
    """
    frame = entries.to_pandas(types_mapper=pd.ArrowDtype)
    order = frame.sort_values(["page_id", "position"]).index
    blocks = ["page_id", *_BLOCK]
    frame["ordinal"] = frame.loc[order].groupby(blocks, dropna=False, sort=False).cumcount()
    addressed = frame["url"].notna()
    by_content = frame.loc[~addressed, [*_BLOCK, "ordinal"]].drop_duplicates()
    by_content["key"] = _strings(
        "content:" + stable_id(_text(date), _text(title), _text(summary), str(ordinal))
        for date, title, summary, ordinal in by_content.itertuples(index=False)
    )
    frame = frame.merge(by_content, on=[*_BLOCK, "ordinal"], how="left", sort=False)
    frame["key"] = frame["key"].where(~addressed.to_numpy(), "address:" + frame["url"])
    frame["rule"] = _strings("address" if has_address else "content" for has_address in addressed)
    keys = frame[["key", "rule"]].drop_duplicates()
    keys["document_id"] = _strings(stable_id(key) for key in keys["key"])
    frame = frame.merge(keys[["key", "document_id"]], on="key", how="left", sort=False)
    string = pa.string()
    for name in ("document_id", "rule"):
        entries = entries.append_column(name, pa.array(frame[name], string))
    natural = keys.rename(columns={"rule": "kind"})[["key", "document_id", "kind"]]
    own = natural.assign(key="id:" + natural["document_id"].astype(str), kind="id")
    every = pd.concat([natural, own]).astype(str)
    return entries, pa.Table.from_pandas(every, preserve_index=False)


def _strings(values: Iterable[str]) -> ArrowExtensionArray:
    """A column of text, also where there are no values to tell the type from."""
    return ArrowExtensionArray(pa.array(values, pa.string()))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
