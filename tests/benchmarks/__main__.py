"""All that is promised, measured, in one table: of all sections or some, at the size of the archive or another.

`python -m tests.benchmarks rebuild repeat --scale 10`. Each line is printed as soon as it is measured.
"""

import argparse
import sys
from collections.abc import Callable, Iterator

from tests.benchmarks import again, cluster, goals
from tests.benchmarks.live import BenchmarkError
from tests.benchmarks.size import Size
from tests.benchmarks.table import Line, TableOnTheWay

SECTIONS: dict[str, Callable[[Size], Iterator[Line]]] = {
    "start": goals.start,
    "scrapy": goals.beside_scrapy,
    "memory": goals.memory,
    "rebuild": goals.rebuild,
    "repeat": again.repeat,
    "documents": again.repeat_documents,
    "disk": again.disk,
    "cluster": cluster.two_workers,
    "scale": again.scale,
}


def main() -> int:
    """Measure, and print; gives the exit code, which is 1 if something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "sections", nargs="*", metavar="section", help=f"of {', '.join(SECTIONS)}; all if none is named"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="how many times the archive (default: 1)")
    arguments = parser.parse_args()
    if unknown := set(arguments.sections).difference(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    table, failed = TableOnTheWay(arguments.scale), []
    for name in arguments.sections or SECTIONS:
        try:
            for line in SECTIONS[name](Size(arguments.scale)):
                table.add(line)
        except BenchmarkError as error:
            failed.append(name)
            print(f"FAILED, in section {name}: {error}", file=sys.stderr, flush=True)
    table.end(failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
