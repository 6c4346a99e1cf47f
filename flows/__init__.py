"""What runs, in which order: the command line and the Prefect flows. No parsing, no table logic."""

import logging

# What is logged is for the log of a Prefect run; at the command line, what a person needs to know is printed.
logging.getLogger(__name__).addHandler(logging.NullHandler())
