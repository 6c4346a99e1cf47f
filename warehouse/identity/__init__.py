"""Which entries are the same document. Pure: entries go in, the same entries with a document come out."""
