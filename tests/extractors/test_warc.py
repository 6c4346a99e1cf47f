"""The raw zone: what is landed comes back to the letter, whatever the moment at which a run is killed."""

import base64
import datetime as dt
import gzip
import hashlib
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from extractors.raw_zone import RawZone, read_segment
from extractors.warc.landed import Landed, LandedCapture, LandedEnd, LandedIssue
from schemas.errors import RawZoneError
from schemas.identifiers import file_sha256, file_url
from schemas.issues import Issue
from schemas.records import Capture, Collection, Exchange, KnownCapture, Plan, RunEnd, Validators

RUN = "20250102T030405.000006Z-abcd"
OTHER_RUN = "20250102T030405.000006Z-abce"
AT = dt.datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
PLAN = Plan(RUN, "saved:folder", AT, (Collection("topics-1", "topics", "Čína", "f[0]=topics:1", "https://a/b"),))
END = RunEnd(AT, (Issue("error", "unreadable-file", "ä.txt: gone", expected=None, found="—"),))


def capture(name: str = "page.txt", body: bytes = b"11 - 20 of 89\n", collection: str | None = "topics-1") -> Capture:
    return Capture(file_url(name), body, "text/plain", collection)


CAPTURES = [
    capture("a.txt", b"first\r\n"),
    Capture(file_url("deep/é.html"), bytes(range(256)), "text/html", None, AT),
    capture("empty.txt", b""),
]


def land(folder: Path, captures: Iterable[Capture] = CAPTURES, run: str = RUN, *, finish: bool = True) -> RawZone:
    """A raw zone with one run in one segment."""
    zone = RawZone(folder)
    with zone.write(run) as segment:
        segment.land_plan(Plan(run, PLAN.source, PLAN.started_at, PLAN.collections))
        segment.land_catalog('[[collections]]\nid = "topics-1"\n')
        for one in captures:
            segment.land_saved_page(one)
        segment.land_end(END)
    if finish:
        zone.finish(run)
    return zone


def only(zone: RawZone) -> Path:
    (segment,) = zone.segments()
    return segment


def open_segment(zone: RawZone) -> Path:
    (segment,) = zone.folder.glob("*.open")
    return segment


def captures_in(segment: Path) -> list[LandedCapture]:
    return [record for record in read_segment(segment) if isinstance(record, LandedCapture)]


def record_ends(segment: Path) -> list[int]:
    """Where each record of a whole segment ends, as warcio sees it."""
    ends = []
    with segment.open("rb") as file:
        records = ArchiveIterator(file)
        for _ in records:
            records.read_to_end()
            ends.append(records.get_record_offset() + records.get_record_length())
    return ends


def test_a_run_is_read_as_it_was_landed(tmp_path: Path) -> None:
    plan, *captures, end = read_segment(only(land(tmp_path)))

    assert plan == PLAN
    assert end == LandedEnd(RUN, END)
    assert [landed.capture for landed in captures] == CAPTURES
    assert {(landed.run_id, landed.warc_file) for landed in captures} == {(RUN, f"{RUN}-00000.warc.gz")}


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
collections = st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}", fullmatch=True) | st.just("Größe/頁 1")
landable = st.builds(
    lambda name, body, kind, collection, at: Capture(file_url(name), body, kind, collection, at),
    names,
    st.binary(max_size=3000),
    st.sampled_from(["text/plain", "text/html", "application/octet-stream"]),
    collections,
    st.none() | st.datetimes(timezones=st.just(dt.UTC)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(landable, max_size=4))
def test_any_captures_come_back_to_the_letter(captures: list[Capture]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        landed = captures_in(only(land(Path(folder), captures)))

    assert [record.capture for record in landed] == captures
    assert len({record.capture_id for record in landed}) == len(captures)


ODD_COLLECTIONS = {"blanks around": " a ", "only a blank": " ", "line end": "a\r\nX-Other: b"}


@pytest.mark.parametrize("collection", ODD_COLLECTIONS.values(), ids=ODD_COLLECTIONS)
def test_a_collection_named_after_an_odd_file_keeps_its_id(collection: str, tmp_path: Path) -> None:
    (landed,) = captures_in(only(land(tmp_path, [capture(collection=collection)])))

    assert landed.capture.collection_id == collection


def test_a_body_that_looks_like_a_warc_record_is_a_body(tmp_path: Path) -> None:
    inner = land(tmp_path / "inner")
    bodies = [only(inner).read_bytes(), gzip.decompress(only(inner).read_bytes())]

    landed = captures_in(only(land(tmp_path / "outer", [capture(body=body) for body in bodies])))

    assert [record.capture.body for record in landed] == bodies


def test_the_offset_of_a_capture_is_where_its_record_begins(tmp_path: Path) -> None:
    segment = only(land(tmp_path))

    for landed in captures_in(segment):
        with segment.open("rb") as file:
            file.seek(landed.warc_offset)
            record = next(iter(ArchiveIterator(file)))
            assert record.rec_headers["WARC-Record-ID"] == f"<urn:uuid:{landed.capture_id}>"
            assert record.rec_headers["WARC-Target-URI"] == landed.capture.url
            assert record.content_stream().read() == landed.capture.body


def test_other_tools_find_the_records_and_their_kinds(tmp_path: Path) -> None:
    with only(land(tmp_path)).open("rb") as file:
        records = [
            (record.format, record.rec_type, record.rec_headers["WARC-Target-URI"]) for record in ArchiveIterator(file)
        ]

    assert {version for version, _, _ in records} == {"warc"}
    assert [(kind, url) for _, kind, url in records] == [
        ("warcinfo", None),
        ("resource", f"urn:wcda:run:{RUN}:plan"),
        ("resource", f"urn:wcda:run:{RUN}:catalog"),
        *(("resource", one.url) for one in CAPTURES),
        ("metadata", f"urn:wcda:run:{RUN}:end"),
    ]


def test_the_catalog_is_kept_to_the_letter(tmp_path: Path) -> None:
    with only(land(tmp_path)).open("rb") as file:
        bodies = {r.rec_headers["WARC-Target-URI"]: r.content_stream().read() for r in ArchiveIterator(file)}

    assert bodies[f"urn:wcda:run:{RUN}:catalog"] == b'[[collections]]\nid = "topics-1"\n'


def check(path: Path) -> "subprocess.CompletedProcess[str]":
    """What warcio says of the digests of a WARC file."""
    command = [Path(sys.executable).with_name("warcio"), "check", "-v", path]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_warcio_check_passes_on_what_was_written_and_fails_on_what_was_changed(tmp_path: Path) -> None:
    segment = only(land(tmp_path))
    plain = tmp_path / "changed.warc"
    plain.write_bytes(gzip.decompress(segment.read_bytes()).replace(b"first", b"fIrst"))

    done = check(segment)
    assert (done.returncode, done.stdout.count("digest pass")) == (0, 7), done.stdout
    assert check(plain).returncode == 1


def test_landing_leaves_no_file_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raised = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: raised.append(what.exc_value))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        land(tmp_path)

    for warning in raised:
        raise warning


# What a site answered

URL = "https://example.org/search?page=3"
EXCHANGE = Exchange(
    url=URL,
    request_headers=(("Host", "example.org"), ("User-Agent", "wcda"), ("Accept-Encoding", "gzip")),
    status=200,
    reason="OK",
    headers=(("Date", "today"), ("Content-Type", "text/html"), ("Content-Length", "7")),
    body=b"<p>a\r\nb",
    received_at=AT,
)
KNOWN = KnownCapture("11111111-2222-3333-4444-555555555555", f"{URL}&a=%C3%A9", AT, Validators('"e"'))
NOT_MODIFIED = replace(EXCHANGE, status=304, reason="Not Modified", headers=(("ETag", '"e"'),), body=b"")


def land_exchange(
    folder: Path, exchange: Exchange, collection: str | None = "c", revisits: KnownCapture | None = None
) -> tuple[Path, LandedCapture]:
    """A segment with one exchange, and what landing it gave."""
    zone = RawZone(folder)
    with zone.write(RUN) as segment:
        landed = segment.land_exchange(exchange, collection, revisits)
    zone.finish(RUN)
    return only(zone), landed


def records_of(segment: Path, kind: str) -> list[tuple[dict[str, str], str, list[tuple[str, str]], bytes]]:
    """Records of a kind as warcio reads them: WARC headers, first line and headers of HTTP, and body."""
    with segment.open("rb") as file:
        return [
            (
                dict(record.rec_headers.headers),
                f"{record.http_headers.protocol} {record.http_headers.statusline}",
                record.http_headers.headers,
                record.raw_stream.read(),
            )
            for record in ArchiveIterator(file)
            if record.rec_type == kind
        ]


CHUNKED = replace(EXCHANGE, headers=(("Content-Type", "text/html"), ("Vary", "Cookie")))
EXCHANGES = {
    "page": EXCHANGE,
    "chunked, without a length": CHUNKED,
    "no headers": replace(EXCHANGE, headers=(), request_headers=()),
    "equal headers": replace(EXCHANGE, headers=(("Set-Cookie", "a=1"), ("Vary", ""), ("Set-Cookie", "b=2"))),
    "values that are not ASCII": replace(EXCHANGE, headers=(("ETag", '"\xe9\x80\xc3\xa9"'), ("X", "a \xa4; b=\xff"))),
    "a reason that is not ASCII": replace(EXCHANGE, status=404, reason="Non trouv\xe9"),
    "no reason": replace(EXCHANGE, reason=""),
    "gzip": replace(EXCHANGE, headers=(("Content-Encoding", "gzip"),), body=gzip.compress(b"<p>" * 9)),
    "a wrong length": replace(EXCHANGE, headers=(("Content-Length", "3"),)),
    "no body": replace(EXCHANGE, body=b""),
    "large": replace(EXCHANGE, body=bytes(range(256)) * 1000),
    "large, gzip": replace(EXCHANGE, headers=(("Content-Encoding", "gzip"),), body=bytes(range(256)) * 1000),
}


@pytest.mark.parametrize("exchange", EXCHANGES.values(), ids=EXCHANGES)
def test_an_exchange_is_read_as_it_was_landed(exchange: Exchange, tmp_path: Path) -> None:
    segment, landed = land_exchange(tmp_path, exchange, " Größe/頁 ")

    assert captures_in(segment) == [landed]
    assert landed.revisits is None
    assert landed.capture == Capture(
        url=URL,
        body=exchange.body,
        content_type=exchange.header("content-type") or "",
        collection_id=" Größe/頁 ",
        captured_at=AT,
        http_status=exchange.status,
        headers=exchange.headers,
    )


@pytest.mark.parametrize("exchange", EXCHANGES.values(), ids=EXCHANGES)
def test_the_digests_of_an_exchange_are_those_of_what_went_over_the_wire(exchange: Exchange, tmp_path: Path) -> None:
    segment, _ = land_exchange(tmp_path, exchange)

    done = check(segment)

    assert (done.returncode, done.stdout.count("digest pass")) == (0, 3), done.stdout
    ((headers, _, _, body),) = records_of(segment, "response")
    head = "".join(f"{name}: {value}\r\n" for name, value in exchange.headers)
    line = f"HTTP/1.1 {exchange.status} {exchange.reason}".strip()
    block = f"{line}\r\n{head}\r\n".encode("latin-1") + exchange.body
    assert body == exchange.body
    assert headers["Content-Length"] == str(len(block))
    assert headers["WARC-Block-Digest"] == sha1_of(block)
    assert headers["WARC-Payload-Digest"] == sha1_of(exchange.body)


def sha1_of(data: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(data).digest()).decode()}"


tokens = st.text("abcXYZ-019", min_size=1, max_size=12)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30)
fields = st.lists(st.tuples(tokens, values.map(lambda value: value.strip(" "))), max_size=6).map(tuple)
exchanges = st.builds(
    Exchange,
    url=st.sampled_from([URL, "https://example.org", "https://example.org/?", "https://example.org/%E9#part"]),
    request_headers=fields,
    status=st.integers(100, 599),
    reason=st.sampled_from(["", "OK", "Non trouv\xe9", "a b"]),
    headers=fields,
    body=st.binary(max_size=6000),
    received_at=st.datetimes(timezones=st.just(dt.UTC)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(exchanges, max_size=4))
def test_any_exchanges_come_back_to_the_letter(exchanges: list[Exchange]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        zone = RawZone(Path(folder))
        with zone.write(RUN) as segment:
            landed = [segment.land_exchange(exchange, "c") for exchange in exchanges]
        zone.finish(RUN)

        assert captures_in(only(zone)) == landed


def test_other_tools_read_a_response_and_the_request_beside_it(tmp_path: Path) -> None:
    segment, landed = land_exchange(tmp_path, replace(EXCHANGE, reason="Just fine"))

    ((response, status, headers, body),) = records_of(segment, "response")
    ((request, line, sent, nothing),) = records_of(segment, "request")

    assert (status, headers, body) == ("HTTP/1.1 200 Just fine", list(EXCHANGE.headers), EXCHANGE.body)
    assert (line, sent, nothing) == ("GET /search?page=3 HTTP/1.1", list(EXCHANGE.request_headers), b"")
    assert response["WARC-Record-ID"] == request["WARC-Concurrent-To"] == f"<urn:uuid:{landed.capture_id}>"
    assert response["WARC-Record-ID"] != request["WARC-Record-ID"]
    assert {record["WARC-Date"] for record in (response, request)} == {"2025-01-02T03:04:05.000006Z"}
    assert {record["WARC-Target-URI"] for record in (response, request)} == {URL}
    assert response["Content-Type"] == "application/http; msgtype=response"
    assert request["Content-Type"] == "application/http; msgtype=request"


TARGETS = {
    "https://example.org": "/",
    "https://example.org/": "/",
    "https://example.org/a%20b?c=d&e": "/a%20b?c=d&e",
    "https://example.org?c": "/?c",
    "https://example.org/a#b": "/a",
}


@pytest.mark.parametrize(("url", "target"), TARGETS.items(), ids=TARGETS)
def test_a_request_names_its_target_as_http_does(url: str, target: str, tmp_path: Path) -> None:
    segment, _ = land_exchange(tmp_path, replace(EXCHANGE, url=url))

    ((_, line, _, _),) = records_of(segment, "request")

    assert line == f"GET {target} HTTP/1.1"


def test_an_answer_that_nothing_changed_is_a_revisit_of_the_capture_that_it_names(tmp_path: Path) -> None:
    segment, landed = land_exchange(tmp_path, NOT_MODIFIED, "c", KNOWN)

    assert captures_in(segment) == [landed]
    assert landed.revisits == replace(KNOWN.reference, is_not_modified=True)
    assert (landed.capture.http_status, landed.capture.headers, landed.capture.body) == (304, (), b"")
    with segment.open("rb") as file:
        records = {r.rec_type: (dict(r.rec_headers.headers), r.raw_stream.read()) for r in ArchiveIterator(file)}
    headers, block = records["revisit"]
    assert (headers["Content-Length"], block) == ("0", b"")
    assert headers["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert headers["WARC-Refers-To"] == f"<urn:uuid:{KNOWN.capture_id}>"
    assert headers["WARC-Refers-To-Target-URI"] == KNOWN.url
    assert headers["WARC-Refers-To-Date"] == "2025-01-02T03:04:05.000006Z"
    assert "WARC-Payload-Digest" not in headers
    assert headers["WARC-Block-Digest"] == sha1_of(b"")
    assert records["request"][0]["WARC-Concurrent-To"] == headers["WARC-Record-ID"]


def test_what_belongs_to_no_collection_is_kept_and_read_as_no_capture(tmp_path: Path) -> None:
    hop = replace(EXCHANGE, status=302, reason="Found", headers=(("Location", "/a"),), body=b"")
    zone = RawZone(tmp_path)
    with zone.write(RUN) as segment:
        for aside in (replace(EXCHANGE, url="https://example.org/robots.txt"), hop):
            segment.land_exchange(aside, None)
        landed = segment.land_exchange(EXCHANGE, "c")
    zone.finish(RUN)

    assert list(read_segment(only(zone))) == [landed]
    assert len(records_of(only(zone), "response")) == len(records_of(only(zone), "request")) == 3


def test_an_issue_is_read_as_it_was_landed(tmp_path: Path) -> None:
    issue = Issue("error", "fetch-failed", "gone: ä", found="—", url=URL, collection_id="c")
    zone = RawZone(tmp_path)
    with zone.write(RUN) as segment:
        landed = segment.land_issue(issue)
    zone.finish(RUN)

    assert list(read_segment(only(zone))) == [landed] == [LandedIssue(RUN, issue)]


def test_records_of_all_kinds_follow_one_another_over_several_batches(tmp_path: Path) -> None:
    zone = RawZone(tmp_path)
    landed: list[Landed] = []
    for _ in range(3):
        with zone.write(RUN) as segment:
            landed += [
                segment.land_exchange(EXCHANGE, "c"),
                segment.land_exchange(NOT_MODIFIED, "c", KNOWN),
                segment.land_issue(END.issues[0]),
                segment.land_saved_page(CAPTURES[0]),
            ]
    zone.finish(RUN)

    assert list(read_segment(only(zone))) == landed
    done = check(only(zone))
    assert (done.returncode, done.stdout.count("digest pass")) == (0, 1 + 3 * 5), done.stdout
    assert done.stdout.count("not checked (revisit)") == 3


# Killed runs


def test_a_segment_cut_at_any_byte_is_cut_back_to_its_last_whole_record(tmp_path: Path) -> None:
    whole = land(tmp_path / "whole", [capture("a.txt", b"a"), capture("b.txt", b"b")])
    data, ends = only(whole).read_bytes(), record_ends(only(whole))
    records = list(read_segment(only(whole)))  # all but the warcinfo and the catalog
    zone = RawZone(tmp_path / "cut")
    zone.folder.mkdir()
    assert ends[-1] == len(data)
    read = set()

    for cut in range(len(data) + 1):
        (zone.folder / f"{RUN}-00000.warc.gz.open").write_bytes(data[:cut])
        kept = max((end for end in ends if end <= cut), default=0)

        recovered = zone.recover()

        assert recovered == zone.segments()
        assert not list(zone.folder.glob("*.open"))
        if kept == 0:
            assert recovered == []
            continue
        assert only(zone).read_bytes() == data[:kept]
        assert zone.digest(only(zone)) == hashlib.sha256(data[:kept]).hexdigest()
        if kept not in read:  # the same bytes need not be read again
            read.add(kept)
            count = ends.index(kept) + 1
            assert list(read_segment(only(zone))) == records[: count - 1 - (count > 2)]

    assert len(read) == len(ends) == 6


TAILS = {"zeros": bytes(5000), "noise": bytes(range(1, 256)) * 20, "text": b"WARC/1.1\r\n", "gzip": b"\x1f\x8b\x08\0"}


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
def test_what_a_torn_disk_left_after_the_records_is_cut_off(tail: bytes, tmp_path: Path) -> None:
    zone = land(tmp_path, finish=False)
    whole = open_segment(zone).read_bytes()
    open_segment(zone).write_bytes(whole + tail)

    zone.recover()

    assert only(zone).read_bytes() == whole


def test_a_record_larger_than_a_chunk_is_found_whole(tmp_path: Path) -> None:
    body = bytes(range(256)) * 20_000
    zone = land(tmp_path, [capture(body=body), capture("b.txt")], finish=False)
    whole = open_segment(zone).read_bytes()
    open_segment(zone).write_bytes(whole + whole[:100])

    zone.recover()

    assert only(zone).read_bytes() == whole
    assert captures_in(only(zone))[0].capture.body == body


def test_recovering_leaves_finished_segments_alone(tmp_path: Path) -> None:
    zone = land(tmp_path)
    land(tmp_path, run=OTHER_RUN, finish=False)
    open_segment(zone).write_bytes(open_segment(zone).read_bytes()[:-1])
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.glob(f"{RUN}*")}

    (recovered,) = zone.recover()

    assert recovered.name == f"{OTHER_RUN}-00000.warc.gz"
    assert before == {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.glob(f"{RUN}*")}
    assert len(before) == 2


def test_there_is_nothing_to_recover_where_nothing_was_landed(tmp_path: Path) -> None:
    zone = RawZone(tmp_path / "none")

    assert (zone.recover(), zone.segments(), zone.problems()) == ([], [], [])


def test_what_was_landed_before_a_failure_is_kept(tmp_path: Path) -> None:
    zone = RawZone(tmp_path)

    def fail() -> None:
        with zone.write(RUN) as segment:
            segment.land_plan(PLAN)
            segment.land_saved_page(CAPTURES[0])
            raise KeyError("on the way")

    with pytest.raises(KeyError, match="on the way"):
        fail()
    zone.recover()

    assert [landed.capture for landed in captures_in(only(zone))] == CAPTURES[:1]


# Segments


def test_a_segment_is_open_until_it_is_finished(tmp_path: Path) -> None:
    zone = land(tmp_path, finish=False)
    assert zone.segments() == []
    assert open_segment(zone).name == f"{RUN}-00000.warc.gz.open"

    zone.finish(RUN)
    zone.finish(RUN)  # the second time there is nothing to do

    assert [path.name for path in zone.segments()] == [f"{RUN}-00000.warc.gz"]
    assert not list(tmp_path.glob("*.open"))


def test_batches_of_a_run_go_into_one_segment(tmp_path: Path) -> None:
    zone = RawZone(tmp_path)
    for one in CAPTURES:
        with zone.write(RUN) as segment:
            segment.land_saved_page(one)
    zone.finish(RUN)

    assert [landed.capture for landed in captures_in(only(zone))] == CAPTURES


def test_a_batch_is_on_disk_when_its_block_ends(tmp_path: Path) -> None:
    zone = land(tmp_path / "a", finish=False)

    copy = RawZone(tmp_path / "b")
    shutil.copytree(zone.folder, copy.folder)
    copy.recover()

    assert [landed.capture for landed in captures_in(only(copy))] == CAPTURES


def test_a_full_segment_is_followed_by_another_of_the_same_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extractors.raw_zone.SEGMENT_BYTES", 3000)
    captures = [capture(f"{number}.txt", bytes([number]) * 5) for number in range(40)]
    zone = RawZone(tmp_path)
    for one in captures:
        with zone.write(RUN) as segment:
            segment.land_saved_page(one)
        if zone.is_full(RUN):
            zone.finish(RUN)
    zone.finish(RUN)

    segments = zone.segments()
    landed = [record for segment in segments for record in captures_in(segment)]

    assert [path.name for path in segments] == [f"{RUN}-{number:05d}.warc.gz" for number in range(len(segments))]
    assert len(segments) > 2
    assert all(3000 <= path.stat().st_size < 4500 for path in segments[:-1])
    assert [record.capture for record in landed] == captures
    assert {record.run_id for record in landed} == {RUN}
    assert zone.problems() == []


def test_segments_stand_oldest_run_first(tmp_path: Path) -> None:
    land(tmp_path, run=OTHER_RUN)

    assert [path.name[:28] for path in land(tmp_path, run=RUN).segments()] == [RUN, OTHER_RUN]


def test_two_runs_never_share_a_segment(tmp_path: Path) -> None:
    zone = land(tmp_path, CAPTURES[:1], RUN, finish=False)
    land(tmp_path, CAPTURES[1:], OTHER_RUN, finish=False)
    zone.finish(RUN)
    zone.finish(OTHER_RUN)

    one, other = zone.segments()

    assert [(landed.run_id, landed.capture) for landed in captures_in(one)] == [(RUN, CAPTURES[0])]
    assert [(landed.run_id, landed.capture) for landed in captures_in(other)] == [
        (OTHER_RUN, later) for later in CAPTURES[1:]
    ]


# Digests


def test_a_finished_segment_has_its_digest_beside_it_as_sha256sum_reads_it(tmp_path: Path) -> None:
    segment = only(land(tmp_path))

    note = tmp_path / f"{segment.name}.sha256"

    assert note.read_text() == f"{file_sha256(segment)}  {segment.name}\n"
    assert (
        subprocess.run(["sha256sum", "--check", note.name], cwd=tmp_path, check=False, capture_output=True).returncode
        == 0
    )


def test_a_missing_digest_is_made(tmp_path: Path) -> None:
    zone = land(tmp_path)
    note = tmp_path / f"{only(zone).name}.sha256"
    note.unlink()

    assert zone.digest(only(zone)) == file_sha256(only(zone))
    assert note.read_text().split() == [file_sha256(only(zone)), only(zone).name]


def test_a_changed_byte_is_a_problem_of_its_segment(tmp_path: Path) -> None:
    zone = land(tmp_path)
    land(tmp_path, run=OTHER_RUN)
    assert zone.problems() == []
    segment = zone.segments()[1]
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)

    (problem,) = zone.problems()

    assert segment.name in problem
    assert zone.digest(segment) != file_sha256(segment)  # the note stands


# What wcda did not write


def foreign_warc(**info: str) -> bytes:
    """A WARC file as a crawler writes it."""
    out = BytesIO()
    writer = WARCWriter(out, gzip=True)
    if info:
        writer.write_record(writer.create_warcinfo_record("crawl.warc.gz", info))
    http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
    writer.write_record(
        writer.create_warc_record("https://a/", "response", payload=BytesIO(b"<p>"), length=3, http_headers=http)
    )
    return out.getvalue()


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


FOREIGN = {
    "empty file": b"",
    "WARC without warcinfo": foreign_warc(),
    "WARC of another tool": foreign_warc(software="Wget/1.21"),
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
def test_a_segment_that_wcda_did_not_write_is_refused_by_name(data: bytes, tmp_path: Path) -> None:
    segment = tmp_path / "foreign.warc.gz"
    segment.write_bytes(data)

    with pytest.raises(RawZoneError, match=r"foreign\.warc\.gz") as caught:
        list(read_segment(segment))
    assert len(str(caught.value).splitlines()) == 1


FOREIGN_THROUGH = {
    "plain text": b"11 - 20 of 89\n",
    "gzip of plain text": gzip.compress(b"11 - 20 of 89\n"),
    "WARC of another tool that is part of a crawl": foreign_warc(software="Heritrix", isPartOf="crawl-1"),
}


@pytest.mark.parametrize("data", FOREIGN_THROUGH.values(), ids=FOREIGN_THROUGH)
def test_a_segment_of_any_other_kind_is_refused_by_name(data: bytes, tmp_path: Path) -> None:
    segment = tmp_path / "foreign.warc.gz"
    segment.write_bytes(data)

    with pytest.raises(RawZoneError, match=r"foreign\.warc\.gz"):
        list(read_segment(segment))


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_finished_segment_that_was_damaged_is_never_read_as_if_it_were_whole(damage: str, tmp_path: Path) -> None:
    whole = land(tmp_path / "whole")
    data, records = only(whole).read_bytes(), list(read_segment(only(whole)))
    segment = tmp_path / only(whole).name
    shutil.copy(f"{only(whole)}.sha256", tmp_path)
    wrong = []

    for at in range(0, len(data), 7):
        segment.write_bytes(data[:at] if damage == "cut" else changed(data, at))
        try:
            if list(read_segment(segment)) != records:
                wrong.append((at, "fewer records or others"))
        except RawZoneError:
            continue
        except Exception as error:  # whatever it is, it is not ours
            wrong.append((at, repr(error)))

    assert wrong == []
