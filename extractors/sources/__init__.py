"""Where captures come from. All sources yield the same `Capture`; none reads what a page says."""
