"""Timestamps as files and protocols state them (ISO 8601); dates of documents are in `schemas.dates`."""

import datetime as dt


def parse_timestamp(text: str) -> dt.datetime | None:
    """A timestamp of ISO 8601 in UTC; `None` if it is none.

    Without a time zone it is UTC, and a day is its beginning.
    """
    try:
        timestamp = dt.datetime.fromisoformat(text.strip())
        return timestamp.replace(tzinfo=dt.UTC) if timestamp.tzinfo is None else timestamp.astimezone(dt.UTC)
    except (ValueError, OverflowError):  # the second for what a time zone carries out of the years that there are
        return None
