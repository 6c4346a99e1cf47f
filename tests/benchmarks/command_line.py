"""Medians of what a person waits for at the command line."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WCDA = Path(sys.executable).with_name("wcda")
TIMES = 7


def seconds(*arguments: str) -> float:
    """Median of the time that a command takes."""
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        subprocess.run([WCDA, *arguments], check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as place:
        print(f"wcda --help                           {seconds('--help'):.2f} s")
        harvest = seconds("harvest", "--from", "samples", "--direct", "--warehouse", place)
        print(f"wcda harvest --from samples --direct  {harvest:.2f} s")


if __name__ == "__main__":
    main()
