"""What runs, in which order: the command line and the Prefect flows. No parsing, no table logic."""
