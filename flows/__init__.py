"""What runs, in which order: the command line and the Prefect flows. No parsing, no table logic."""

import os

# What is freed goes back to the system: Arrow's own pool keeps some 100 MiB. It is chosen as Arrow is first imported.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
