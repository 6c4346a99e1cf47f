"""From what the pages hold to published tables: identity, building, checking, snapshots."""
