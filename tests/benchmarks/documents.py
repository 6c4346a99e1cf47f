"""Pages of documents from a WARC, as many as the archive has: time, memory, size, and one page that changed."""

import random
import re
import sys
import tempfile
from itertools import accumulate, product
from pathlib import Path

from tests.benchmarks.live import WCDA, cost_of
from tests.extractors.foreign import response

PAGES = sorted((Path(__file__).parents[1] / "pages" / "documents").glob("*.html"))
SITE = "https://digitalarchive.wilsoncenter.org"
COUNT = 16_750

_WORDS_OF_TEXT = 2_000  # some 10 kB
_WORDS_OF_PARAGRAPH = 80
_SYLLABLES = ("ba", "ce", "di", "fo", "gru", "ha", "kin", "lo", "mar", "na", "or", "pe", "ri", "sta", "tu", "vel", "ze")
_WORDS = tuple("".join(syllables) for count in (1, 2, 3) for syllables in product(_SYLLABLES, repeat=count))
_SHARES = tuple(accumulate(1 / rank for rank in range(1, len(_WORDS) + 1)))  # as often as in a language (Zipf's law)
_PANE = re.compile(r'<div class="tab-pane[^>]*>')


def text(number: int) -> str:
    """A text of some 10 kB that no other page has, as an editor pasted it from a word processor."""
    words = random.Random(number).choices(_WORDS, cum_weights=_SHARES, k=_WORDS_OF_TEXT)
    return "".join(
        '<p class="MsoNormal" style="margin:0cm 0cm 8pt"><span style="font-size:11pt"><span style="line-height:107%">'
        f"{' '.join(words[start : start + _WORDS_OF_PARAGRAPH])}.</span></span></p>\n"
        for start in range(0, _WORDS_OF_TEXT, _WORDS_OF_PARAGRAPH)
    )


def page(number: int, note: str = "") -> tuple[str, bytes]:
    """URL and body of one of many pages, with the markup of real ones, and addresses and a text of their own."""
    pages = [path for path in PAGES if not path.name.startswith("listing")]
    html = pages[number % len(pages)].read_text("utf-8")
    slug = html.split('rel="canonical" href="', 1)[1].split('"', 1)[0].rpartition("/")[2]
    record = html.split('id="citation-url">', 1)[1].split("<", 1)[0].rpartition("/")[2]
    node = html.split('rel="shortlink" href="', 1)[1].split('"', 1)[0].rpartition("/")[2]
    changed = {slug: f"{slug}-{number}", record: str(1_000_000 + number), f"node/{node}": f"node/{2_000_000 + number}"}
    for former, present in changed.items():
        html = html.replace(former, present)
    html = html.replace("</span>\n</h1>", f" {number}{note}</span>\n</h1>")
    pane = [*_PANE.finditer(html)][-1]
    html = f"{html[: pane.end()]}{text(number)}{html[pane.end() :]}"
    return f"{SITE}/document/{slug}-{number}", html.encode()


def write_crawl(file: Path, count: int) -> None:
    """A WARC of so many pages, packed as servers send them."""
    with file.open("wb") as out:
        for number in range(count):
            out.write(response(*page(number), packed=True))


def measured(pages: int, *arguments: str) -> None:
    """Run a command, and print what it takes: as CPU too, which other work on the machine changes little."""
    cost = cost_of(WCDA, *arguments)
    rates = f"{pages / cost.cpu_seconds:,.0f} pages a second of CPU, {pages / cost.seconds:,.0f} of waiting"
    print(
        f"    {arguments[0]:<10} {cost.seconds:7.1f} s, CPU {cost.cpu_seconds:.1f} s: {rates}; "
        f"peak of the largest process {cost.peak_mib:,.0f} MiB",
        flush=True,
    )


def main(count: int = COUNT) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as place:
        crawl, later, warehouse = (Path(place, name) for name in ("crawl.warc.gz", "later.warc.gz", "warehouse"))
        write_crawl(crawl, count)
        later.write_bytes(response(*page(0, note=" (revised)"), packed=True))
        print(f"  {count:,} pages, {crawl.stat().st_size / 2**20:.0f} MiB of WARC; landing, reading and publishing:")
        options = ("--direct", "--warehouse", str(warehouse))
        measured(count, "harvest", "--from", str(crawl), *options)
        texts = warehouse / "current" / "texts.parquet"
        print(f"    texts.parquet: {texts.stat().st_size / 2**20:.1f} MiB")
        for processes in ("1", "2"):
            print(f"  reading all again in {processes} processes, and publishing:")
            measured(count, "rebuild", *options, "--processes", processes)
        print("  one page changed, landed and published:")
        measured(1, "harvest", "--from", str(later), *options)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
