"""Every text that enters from outside, hostile in each way, on its way to every place where it is written.

It may be read, or refused in one line; it is never interpreted, and whatever was published can be read again.
"""

import csv
import json
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import rispy
from selectolax.lexbor import LexborHTMLParser

from schemas.tables import TABLES
from tests.conftest import Command, long_csv_fields
from tests.extractors.foreign import response

HOSTS = "https://digitalarchive.wilsoncenter.org"
LISTING = f"{HOSTS}/search?f%5B0%5D=topics%3A1"
TEXTS = {
    "terminal escapes": "a\x1b]0;owned\x07\x1b[2J\x1b]52;c;ZXZpbA==\x07b",
    "control characters": "a" + "".join(map(chr, [*range(1, 32), 127, *range(128, 160)])) + "b",
    "a zero byte": "a\0b",
    "line breaks": "a\r\nWARC-Type: response\r\n\r\nTY  - ART\nER  - \u2028\u2029b",
    "bidirectional marks": "a\u202enihton\u2066\u2069\u200fb",
    "markup of a terminal": "[bold]a[/x] [link=file:///etc/passwd]b[/link]",
    "markup of a page": "</script><script>owned()</script><img src=x onerror=owned()>",
    "markup of a document": "[a](javascript:owned()) ![b](http://192.0.2.1/x.png) `c` <b>",
    "a formula": '=HYPERLINK("http://192.0.2.1/")',
    "a template": "{{ 7*7 }}${owned}%(x)s{0.__class__}",
    "a path": "../../../../etc/passwd",
    "half of a pair": "a\ud800b\udfff",
    "noncharacters": "a\ufffe\uffff\U0001fffe\ufeffb",
    "much": "word " * 200_000,
    "much in one word": "x" * 2**20,
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def as_page(date: str = "May 1, 1950", title: str = "A letter", summary: str = "He writes.") -> bytes:
    return encoded(f"1 - 1 of 1\n\n{date}\n\n{title}\n\n{summary}\n")


def as_html(href: str) -> bytes:
    row = f'<tr><td><a href="{href}">A letter</a></td></tr>'
    return encoded(f'<html><body><p>1 - 1 of 1</p><table class="table-hover">{row}</table></body></html>')


def saved(place: Path, body: bytes, name: str = "page.txt") -> Path:
    (place / "pages").mkdir()
    (place / "pages" / name).write_bytes(body)
    return place / "pages"


def in_date(place: Path, text: str) -> Path:
    return saved(place, as_page(date=text))


def in_title(place: Path, text: str) -> Path:
    return saved(place, as_page(title=text))


def in_summary(place: Path, text: str) -> Path:
    return saved(place, as_page(summary=text))


def in_link(place: Path, text: str) -> Path:
    return saved(place, as_html(f"/document/{text}"), "page.html")


def in_file_name(place: Path, text: str) -> Path:
    name = text.replace("/", "-").replace("\0", "").encode("utf-8", "ignore")[:200]
    return saved(place, as_page(), name.decode("utf-8", "ignore") + ".txt")


def in_page_list(place: Path, text: str) -> Path:
    folder = saved(place, as_page())
    (folder / "pages.csv").write_bytes(encoded(f'file,url,captured_at\npage.txt,"{LISTING}&x={text}",2025-01-01\n'))
    return folder


def in_collection_name(place: Path, text: str) -> Path:
    catalog = '[[collections]]\nname = %s\nfiles = ["*.txt"]\n'
    (place / "catalog.toml").write_bytes(encoded(catalog % json.dumps(text, ensure_ascii=False)))
    return saved(place, as_page())


def in_warc_url(place: Path, text: str) -> Path:
    data = response().replace(b"https://digitalarchive", encoded(f"https://digitalarchive.wilsoncenter.org/{text}"), 1)
    return in_warc(place, data)


def in_http_header(place: Path, text: str) -> Path:
    return in_warc(place, response(body=as_page()).replace(b"text/html;", b"text/html; x=" + encoded(text)))


def in_http_status(place: Path, text: str) -> Path:
    return in_warc(place, response(body=as_page()).replace(b"200 OK", b"200 " + encoded(text)))


def in_warc(place: Path, data: bytes) -> Path:
    (place / "pages.warc").write_bytes(data)
    return place / "pages.warc"


PLACES: dict[str, Callable[[Path, str], Path]] = {
    "the date of an entry": in_date,
    "the title of an entry": in_title,
    "the summary of an entry": in_summary,
    "the link of an entry": in_link,
    "the name of a file": in_file_name,
    "the list of pages": in_page_list,
    "the name of a collection": in_collection_name,
    "the URL of a WARC record": in_warc_url,
    "an HTTP header": in_http_header,
    "an HTTP status line": in_http_status,
}


def case(number: int, text: str, place: str) -> Any:
    """Of all cases a fifth is in every `make accept`, with another place for each text; all are in `make sweep`."""
    is_accepted = (number + number // len(PLACES)) % 5 == 0
    marks = [pytest.mark.sweep, *([pytest.mark.accept] if is_accepted else [])]
    return pytest.param(PLACES[place], TEXTS[text], id=f"{text} in {place}", marks=marks)


CASES = [case(number, *each) for number, each in enumerate(product(TEXTS, PLACES))]


@pytest.mark.parametrize(("put", "text"), CASES)
def test_a_text_from_outside_is_data_wherever_it_is_written(
    put: Callable[[Path, str], Path], text: str, tmp_path: Path, wcda_here: Command
) -> None:
    source, warehouse = put(tmp_path, text), tmp_path / "w"
    catalog = ["--catalog", tmp_path / "catalog.toml"] if (tmp_path / "catalog.toml").exists() else []

    def run(*arguments: str | Path, exit_codes: tuple[int, ...] = (0,)) -> str:
        done = wcda_here(*arguments)
        assert "Traceback" not in done.stderr
        assert done.returncode in exit_codes, done.stderr
        shown = done.stdout + done.stderr
        assert not _CONTROL.search(shown), shown[:2000]
        return shown

    run("harvest", "--from", source, "--warehouse", warehouse, "--direct", *catalog, exit_codes=(0, 1, 2, 3))
    if not (warehouse / "current").exists():
        return
    before = {name: pd.read_parquet(warehouse / "current" / f"{name}.parquet") for name in TABLES}
    run("check", "--warehouse", warehouse)
    for command in ("status", "changes"):
        run(command, "--warehouse", warehouse)
    for document in before["documents"]["document_id"]:
        run("explain", document, "--warehouse", warehouse)
    for kind, name in (("csv", "csv"), ("ris", "a.ris"), ("csl", "a.json"), ("sqlite", "a.db"), ("jsonl", "lines")):
        run("export", "--to", kind, "--output", tmp_path / name, "--warehouse", warehouse)
    run("rebuild", "--warehouse", warehouse, "--direct", exit_codes=(0, 3))
    for name, table in before.items():
        pd.testing.assert_frame_equal(table, pd.read_parquet(warehouse / "current" / f"{name}.parquet"))
    written_as_data(warehouse, tmp_path, before["documents"])


def written_as_data(warehouse: Path, place: Path, documents: pd.DataFrame) -> None:
    """Nothing that the tables hold is a part of what they are written into."""
    page = LexborHTMLParser((warehouse / "current" / "report.html").read_text(encoding="utf-8"))
    assert not [node for node in page.css("[onerror], img") if "owned" in (node.html or "")]
    assert "owned()" not in "".join(script.text() for script in page.css("script:not([type])"))
    with long_csv_fields(), (place / "csv" / "documents.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(documents)
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "@", "\t", "\r")]
    with (place / "a.ris").open(encoding="utf-8") as file:
        assert len(rispy.load(file)) == len(documents)
    assert len(json.loads((place / "a.json").read_text(encoding="utf-8"))) == len(documents)
