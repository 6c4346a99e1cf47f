"""Resolving entries at scale, beside pandas `drop_duplicates` (exact only) on the same data in the same run."""

import calendar
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SIZES = (10_000, 170_000, 1_000_000)
ENTRIES_OF_A_DOCUMENT = 10
_NAMES = ("Karpov", "Lindqvist", "Marchetti", "Okafor", "Petrescu", "Quang", "Rahimi", "Sokolov", "Tanaka", "Uribe")
_SUBJECTS = ("grain", "uranium", "fisheries", "railways", "credits", "prisoners", "exhibitions", "borders", "shipping")
_MONTHS = tuple(calendar.month_name[1:])


def make_entries(count: int, seed: int = 1) -> pa.Table:
    """Entries of invented documents, ten of each on as many pages.

    A fifth of the documents has addresses on all entries, a fifth on half of them. The listings agree to the letter for
    four fifths of the documents; of the rest three listings of ten differ in quotes, case, date writing, white space
    or a slip of the pen, or lack the date.
    """
    chance = random.Random(seed)
    documents = count // ENTRIES_OF_A_DOCUMENT
    rows: dict[str, list[str | int | None]] = {
        name: [] for name in ("page_id", "position", "date_text", "title", "summary", "url")
    }
    for number in range(count):
        document = number % documents
        about = random.Random(document * 7919 + seed)
        date, title, summary = _document(about, document)
        kind, listing = document % 5, number // documents
        if kind == 4 and listing % 3 == 1:
            date, title, summary = _listed_otherwise(chance, date, title, summary)
        rows["page_id"].append(f"{listing:03d}-{document // 10:08d}")
        rows["position"].append(document % 10 + 1)
        rows["date_text"].append(date)
        rows["title"].append(title)
        rows["summary"].append(summary)
        has_address = kind == 0 or (kind == 1 and listing % 2 == 0)
        rows["url"].append(f"https://digitalarchive.wilsoncenter.org/document/d-{document}" if has_address else None)
    types = {"position": pa.int64()}
    return pa.table({name: pa.array(values, types.get(name, pa.string())) for name, values in rows.items()})


def _document(about: random.Random, number: int) -> tuple[str, str, str]:
    sender, addressee = about.sample(_NAMES, 2)
    subject = about.choice(_SUBJECTS)
    date = f"{about.choice(_MONTHS)} {about.randint(1, 28):02d}, {about.randint(1945, 1989)}"
    title = f"Telegram No. {number}, {sender} to {addressee}, ‘On {subject}’"
    text = " ".join(
        f"{about.choice(_NAMES)} reports on {about.choice(_SUBJECTS)} and asks for instructions concerning "
        f"the {about.choice(_SUBJECTS)} agreed with {about.choice(_NAMES)}."
        for _ in range(4)
    )
    return date, title, f"{sender} writes to {addressee} about {subject} ({number}). {text}"


def _listed_otherwise(chance: random.Random, date: str, title: str, summary: str) -> tuple[str | None, str, str]:
    match chance.randrange(4):
        case 0:
            return date.replace(" 0", " "), title.replace("‘", "'").replace("’", "'"), summary
        case 1:
            return None, title, summary
        case 2:
            return date, title, summary.replace("instructions", "instrutions", 1)
        case _:
            return date, title.upper(), "  ".join(summary.split(" "))


def measure(file: Path) -> str:
    """One line of figures for the entries of a file."""
    import pandas as pd

    from warehouse.identity.resolution import resolve

    entries = pq.read_table(file)
    count, documents = entries.num_rows, entries.num_rows // ENTRIES_OF_A_DOCUMENT
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    found = resolve(entries)
    ours = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    resolved = len(set(found.entries["document_id"].to_pylist()))
    frame = entries.to_pandas(types_mapper=pd.ArrowDtype)
    begun = time.perf_counter()
    exact = len(frame.drop_duplicates(["date_text", "title", "summary"]))
    theirs = time.perf_counter() - begun
    return (
        f"{count:>9,} entries of {documents:,} documents: {ours:6.2f} s, {ours / count * 1e6:5.1f} µs an entry, "
        f"peak {peak / 1024:,.0f} MiB ({before / 1024:,.0f} with the entries alone); {resolved - documents} documents "
        f"too many | drop_duplicates: {theirs:.2f} s, {exact - documents:,} too many"
    )


def main() -> None:
    """Print the figures of each size. Entries are made and resolved in processes of their own, so peaks are theirs."""
    match sys.argv[1:]:
        case [file]:
            print(measure(Path(file)))
        case [file, count]:
            pq.write_table(make_entries(int(count)), file)
        case _:
            with tempfile.TemporaryDirectory() as place:
                for count in SIZES:
                    file = f"{place}/{count}.parquet"
                    for arguments in ([file, str(count)], [file]):
                        subprocess.run([sys.executable, "-m", "tests.benchmarks.identity", *arguments], check=True)


if __name__ == "__main__":
    main()
