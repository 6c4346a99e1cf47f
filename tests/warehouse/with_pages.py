"""A warehouse of the samples in which some documents of the listings have pages of their own."""

from pathlib import Path

import wcda
from flows.harvest import harvest
from flows.request import HarvestRequest
from tests.extractors.foreign import response
from tests.extractors.test_document_pages import SITE, page

CHINA = "000_56f256ad2640980a"
SOURCE = "Archive of the President, fond 3, opis 65, delo 606"


def harvest_with_pages(path: Path) -> None:
    """The samples, and pages of the first two documents of one listing and of one that is in none."""
    harvest(HarvestRequest("samples", path))
    listed = wcda.open_warehouse(path).documents_of(CHINA).head(2).to_dict("records")
    other = {"title": "Unlisted", "date_text": "May 1, 1950", "summary": "None lists it."}
    pages = b"".join(_captured(number, row) for number, row in enumerate([*listed, other]))
    (path.parent / "pages.warc").write_bytes(pages)
    harvest(HarvestRequest(str(path.parent / "pages.warc"), path))


def _captured(number: int, row: dict[str, str]) -> bytes:
    authors = '<h2 class="title">Author(s):</h2>\n' + _pills("people", "Mao, Zedong", "Ministry of Trade")
    blocks = [
        ("Associated People &amp; Organizations", _pills("people", "Zhou, Enlai", "Mao, Zedong")),
        ("Associated Places", _pills("places", "Beijing")),
        ("Subjects Discussed", _pills("subject", "China--Foreign relations--Soviet Union")),
    ]
    html = page(
        canonical=f"/document/d-{number}",
        shortlink=f"/node/{70 + number}",
        settings=f'{{"path": {{"currentPath": "node/{70 + number}"}}}}',
        cited=f"{SITE}/document/{900 + number}",
        record=f"{900 + number}",
        body=f"<p>The sparrows of text {number}.</p>",
        more=authors
        + "".join(f'<div class="pill-block"><h3 class="title">{label}</h3>{pills}</div>' for label, pills in blocks),
        information='<div class="information-block"><h3 class="sub-title">Source</h3>'
        f'<div class="text">{SOURCE}</div></div>',
    )
    for former, new in (
        ("<span>A Report </span>", f"<span>{row['title']}</span>"),
        ("May 5, 1955", row["date_text"]),
        ("<p>A summary.</p>", f"<p>{row['summary']}</p>"),
    ):
        html = html.replace(former, new)
    when = {"WARC-Date": f"2025-01-0{number + 2}T23:30:00Z"}
    return response(f"{SITE}/document/d-{number}", html.encode(), warc=when)


def _pills(kind: str, *names: str) -> str:
    pills = [
        f'<li class="pill-item"><a class="pill pill-{kind}" href="/{kind}/{name.lower().replace(", ", "-")}">'
        f'<span class="name">{name}</span></a></li>'
        for name in names
    ]
    return f'<ul class="pill-list">\n {"".join(pills)}\n</ul>'
