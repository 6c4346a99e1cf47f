"""One crawl as people save pages, with the traits of each program: browsers, SingleFile, MHTML, HTTrack, crawlers."""

import datetime as dt
import io
import random
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple

import brotli
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter


class Answer(NamedTuple):
    """A page of the crawl."""

    url: str
    at: dt.datetime
    headers: list[tuple[str, str]]
    body: bytes


def answers_of(warc: Path) -> list[Answer]:
    """The pages of a crawl, unpacked."""
    with warc.open("rb") as file:
        return list(_answers(file))


def _answers(file: io.BufferedReader) -> Iterator[Answer]:
    for record in ArchiveIterator(file):
        if record.rec_type != "response" or record.http_headers.get_statuscode() != "200":
            continue
        url = str(record.rec_headers.get_header("WARC-Target-URI")).strip("<>")
        at = dt.datetime.fromisoformat(record.rec_headers.get_header("WARC-Date"))
        kept = [field for field in record.http_headers.headers if field[0].lower() in ("content-type", "etag")]
        body = record.content_stream().read()
        if not url.endswith("/robots.txt"):
            yield Answer(url, at, kept, body)


def write_with_brotli(warc: Path, written: Path) -> Path:
    """As browsers and crawlers that ask for it get their bodies."""
    with written.open("wb") as out:
        writer = WARCWriter(out, gzip=True)
        for answer in answers_of(warc):
            packed = brotli.compress(answer.body, quality=5)
            headers = [*answer.headers, ("Content-Encoding", "br"), ("Content-Length", str(len(packed)))]
            _write(writer, answer, packed, headers, {})
    return written


def crawl_again(warc: Path, folder: Path, seed: int = 1) -> Path:
    """A crawl and a second one, of revisits alone, in files and records without order."""
    folder.mkdir()
    answers = answers_of(warc)
    random.Random(seed).shuffle(answers)
    with (folder / "z-first.warc.gz").open("wb") as out:
        writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
        for answer in answers:
            _write(writer, answer, answer.body, answer.headers, {})
    random.Random(seed + 1).shuffle(answers)
    for name, part in (("b", answers[::2]), ("a", answers[1::2])):
        with (folder / f"{name}-second.warc.gz").open("wb") as out:
            writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
            for number, answer in enumerate(part):
                writer.write_record(_revisit(writer, answer, number))
    return folder


def _revisit(writer: WARCWriter, answer: Answer, number: int) -> object:
    """The page, two months later; crawlers name the first by its digest, by address and time, or not at all."""
    later = {"WARC-Date": _warc_date(answer.at + dt.timedelta(days=60))}
    digest = writer.create_warc_record("urn:x", "resource", payload=io.BytesIO(answer.body), length=len(answer.body))
    writer.ensure_digest(digest, block=False, payload=True)
    stated = digest.rec_headers.get_header("WARC-Payload-Digest")
    status = StatusAndHeaders(("200 OK", "304 Not Modified")[number % 3 == 2], answer.headers, protocol="HTTP/1.1")
    record = writer.create_revisit_record(
        answer.url, stated, answer.url, _warc_date(answer.at), http_headers=status, warc_headers_dict=later
    )
    if number % 3:
        record.rec_headers.remove_header("WARC-Refers-To-Target-URI")
        record.rec_headers.remove_header("WARC-Refers-To-Date")
    if number % 3 == 2:
        record.rec_headers.remove_header("WARC-Payload-Digest")
        profile = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
        record.rec_headers.replace_header("WARC-Profile", profile)
    return record


def _write(
    writer: WARCWriter, answer: Answer, body: bytes, headers: list[tuple[str, str]], warc_headers: dict[str, str]
) -> None:
    record = writer.create_warc_record(
        answer.url,
        "response",
        payload=io.BytesIO(body),
        length=len(body),
        http_headers=StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1"),
        warc_headers_dict={"WARC-Date": _warc_date(answer.at), **warc_headers},
    )
    writer.write_record(record)


def _warc_date(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def save_with_singlefile(warc: Path, folder: Path) -> Path:
    """As SingleFile names pages, and what it writes into them."""
    folder.mkdir()
    for number, answer in enumerate(answers_of(warc)):
        time = f"{answer.at.astimezone(dt.UTC):%a %b %d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)"
        mark = f"<!--\n Page saved with SingleFile \n url: {answer.url} \n saved date: {time}\n-->"
        (folder / f"Search _ Digital Archive ({number}).html").write_bytes(_behind_html(answer.body, mark))
    return folder


def save_in_browser(warc: Path, folder: Path) -> Path:
    """As Chromium saves complete pages: its mark, and a folder with what else was on the page."""
    folder.mkdir()
    for number, answer in enumerate(answers_of(warc)):
        name = f"Search ({number})"
        mark = f"<!-- saved from url=({len(answer.url):04}){answer.url} -->\n"
        (folder / f"{name}.html").write_bytes(_behind_doctype(answer.body, mark))
        beside = folder / f"{name}_files"
        beside.mkdir()
        (beside / "saved_resource.html").write_text("<!-- saved from url=(0011)about:blank -->\n<html></html>")
        (beside / "js_x.js.download").write_text("var a")
        (beside / "f(2).txt").write_text("x")
        (beside / "webp").write_bytes(b"RIFF\0\0\0\0WEBP")
    return folder


def save_as_mhtml(warc: Path, folder: Path) -> Path:
    """As Chromium saves pages in one file."""
    folder.mkdir()
    for number, answer in enumerate(answers_of(warc)):
        message = EmailMessage()
        message["From"] = "<Saved by Blink>"
        message["Snapshot-Content-Location"] = answer.url
        message["Date"] = format_datetime(answer.at.astimezone(dt.UTC))
        message["MIME-Version"] = "1.0"
        message.make_related()
        message.add_related(answer.body, "text", "html", cte="quoted-printable")
        for part in message.iter_parts():
            part["Content-Location"] = answer.url
        message.add_related(b"a{}", "text", "css")
        (folder / f"Search ({number}).mhtml").write_bytes(message.as_bytes())
    return folder


def mirror_with_httrack(warc: Path, folder: Path) -> Path:
    """As HTTrack names files, and what it writes into them."""
    for number, answer in enumerate(answers_of(warc)):
        address = answer.url.partition("://")[2]
        time = f"{answer.at.astimezone(dt.UTC):%a, %d %b %Y %H:%M:%S} GMT"
        mark = f"<!-- Mirrored from {answer.url} by HTTrack Website Copier/3.x [XR&CO'2014], {time} -->\n"
        path = folder / address.partition("/")[0].replace(":", "_") / f"search{number:04x}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_behind_doctype(answer.body, mark))
    return folder


def _behind_doctype(body: bytes, mark: str) -> bytes:
    begin = body.find(b">") + 1 if body.lower().startswith(b"<!doctype") else 0
    return body[:begin] + b"\n" + mark.encode() + body[begin:]


def _behind_html(body: bytes, mark: str) -> bytes:
    begin = body.find(b">", max(0, body.find(b"<html"))) + 1
    return body[:begin] + mark.encode() + body[begin:]
