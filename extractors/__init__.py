"""Where captures come from, how they are landed, and how pages are read. Knows nothing of tables."""
