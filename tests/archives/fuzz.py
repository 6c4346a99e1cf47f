"""Mutations of tar, zip and WARC files under a watchdog: none hangs, fails, or takes much memory.

`python -m tests.archives.fuzz --seconds 60` prints how many inputs were read, and what was found.
"""

import argparse
import gzip
import io
import random
import resource
import signal
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from types import FrameType

from extractors.sources.archives import read_archive
from extractors.wilson_center.catalog import Catalog
from tests.extractors.foreign import pages

MAX_SECONDS = 5
"""Of one input."""

MAX_MEBIBYTES = 500
"""Of the whole process."""

_EDGES = (
    b"\x00",
    b"\xff",
    b"\x80",
    b"\r\n\r\n",
    b"WARC/1.0\r\n",
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"7777",
)
_SIZE_FIELD = slice(124, 136)  # of the head of a file in a tar
_CATALOG = Catalog()


class HungError(BaseException):
    """An input took too long; no boundary of the reader may catch it."""


def make_seeds() -> dict[str, bytes]:
    """Whole archives that the mutations start from."""
    records = pages(2)
    warc = b"".join(records)
    seeds = {"warc": warc, "warc.gz": b"".join(pages(2, packed=True)), "whole.gz": gzip.compress(warc)}
    for name, layout in (("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT), ("ustar", tarfile.USTAR_FORMAT)):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=layout) as tar:
            for member in ("a.html", "b.warc", "é" * 40 + ".html"):
                head = tarfile.TarInfo(member)
                head.size = len(records[0])
                tar.addfile(head, io.BytesIO(records[0]))
        seeds[f"{name}.tar"] = out.getvalue()
    for name, method in (("stored", 0), ("deflate", 8), ("bzip2", 12), ("lzma", 14)):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            archive.writestr("archive/a.warc", warc)
            archive.writestr("archive/b.warc.gz", seeds["warc.gz"])
        seeds[f"{name}.wacz"] = out.getvalue()
    return seeds


def mutate(data: bytes, chance: random.Random) -> bytes:
    """The data with one to eight bytes or pieces changed, cut, doubled or moved."""
    body = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at, size = chance.randrange(len(body) + 1), chance.choice((1, 4, 12, 64, 512))
        match chance.randrange(7):
            case 0:
                body[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                edge = chance.choice(_EDGES)
                body[at : at + len(edge)] = edge
            case 2:
                del body[at : at + size]
            case 3:
                body[at:at] = body[at : at + size] * chance.choice((1, 2, 50))
            case 4:
                body[at : at + size] = chance.randbytes(size)
            case 5:
                del body[at:]
            case _:
                _mutate_tar_head(body, at, chance)
    return bytes(body)


def _mutate_tar_head(body: bytearray, at: int, chance: random.Random) -> None:
    """Another size or type in a head of a tar, whose checksum is right again."""
    begin = at // 512 * 512
    if len(body) < begin + 512:
        return
    head = body[begin : begin + 512]
    if chance.random() < 0.5:
        head[_SIZE_FIELD] = chance.choice((b"\x80" + b"\x7f" * 11, b"\xff" * 12, b"77777777777\0", b"\x80" + bytes(11)))
    else:
        head[156] = chance.choice(b"0123456789LKxgSVXD")
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % (sum(head) & 0o777777)
    body[begin : begin + 512] = head


def run(seconds: float, seed: int, keep: Path) -> tuple[Counter[str], list[str]]:
    """Read mutations for some time.

    Args:
        seconds: How long.
        seed: The same one gives the same inputs.
        keep: Folder for the inputs with which something was found.

    Returns:
        How many of each kind were read, and what was found.
    """
    chance, seeds = random.Random(seed), make_seeds()
    counts: Counter[str] = Counter()
    found = []

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise HungError

    signal.signal(signal.SIGALRM, stop)
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        while time.monotonic() < end:
            name = chance.choice(list(seeds))
            path.write_bytes(mutate(seeds[name], chance))
            counts[name] += 1
            problem = _problem_of(path)
            if problem is not None:
                kept = keep / f"fuzz-{seed}-{counts.total()}.{name}"
                kept.write_bytes(path.read_bytes())
                found.append(f"{kept}: {problem}")
    return counts, found


def _problem_of(path: Path) -> str | None:
    before = _peak_mebibytes()
    signal.alarm(MAX_SECONDS)
    try:
        for _ in read_archive(path, _CATALOG, Counter()):
            pass
    except HungError:
        return f"over {MAX_SECONDS} seconds"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    after = _peak_mebibytes()
    return f"{after:.0f} MiB of memory" if after > max(before, MAX_MEBIBYTES) else None


def _peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Read mutations, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    counts, found = run(options.seconds, options.seed, options.keep)
    for name, count in sorted(counts.items()):
        sys.stdout.write(f"{name:14}{count:>10,}\n")
    sys.stdout.write(f"{counts.total():,} inputs, {len(found)} findings, at most {_peak_mebibytes():.0f} MiB\n")
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
