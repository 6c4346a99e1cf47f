"""All that is promised, measured, in one table: of all sections or some, at the size of the archive or another.

`python -m tests.benchmarks rebuild repeat --scale 10`
"""

import argparse

from tests.benchmarks.goals import SECTIONS, Size
from tests.benchmarks.table import print_table

parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
parser.add_argument("sections", nargs="*", metavar="section", help=f"of {', '.join(SECTIONS)}; all if none is named")
parser.add_argument("--scale", type=float, default=1.0, help="how many times the archive (default: 1)")
arguments = parser.parse_args()
if unknown := set(arguments.sections).difference(SECTIONS):
    parser.error(f"no such section: {', '.join(sorted(unknown))}")
print_table([line for name in arguments.sections or SECTIONS for line in SECTIONS[name](Size(arguments.scale))])
