"""WARC records of wcda: how they are written, and how they are read back."""
