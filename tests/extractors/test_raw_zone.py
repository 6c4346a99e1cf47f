"""The raw zone under what is hostile or broken: what is landed can be read back, and one bad record stops nothing."""

import datetime as dt
import gzip
import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from extractors.landing import Landing
from extractors.parsed_cache import ParsedCache
from extractors.parsing import parse_segment
from extractors.raw_zone import RawZone, read_segment
from extractors.warc.landed import Landed, LandedCapture, LandedIssue
from extractors.warc.writer import UnwritableError, WarcWriter
from schemas.errors import RawZoneError
from schemas.identifiers import file_sha256
from schemas.issues import Issue
from schemas.records import Alias, ArchivedPage, Capture, Collection, Exchange, Plan, RunEnd, Withdrawal
from tests.extractors.test_warc import AT, CAPTURES, EXCHANGE, RUN, captures_in, land, only, open_segment

Land = Callable[[WarcWriter], Landed]

# Latin-1 is what HTTP has; surrogates come from names of files that are not UTF-8.
texts = st.text(st.characters(), max_size=30) | st.sampled_from(
    [
        "a\r\nWARC-Type: response",
        "a b",
        " a ",
        "\r\n\r\n",
        "\x00",
        "\x1b[2J",
        "\ud800",
        "\udcff",
        "a" * 1000,
        "",
    ]
)
fields = st.lists(st.tuples(texts, texts), max_size=4).map(tuple)
exchanges = st.builds(
    lambda url, sent, reason, headers, body: Exchange(f"https://a/{url}", sent, 200, reason, headers, body, AT),
    texts,
    fields,
    texts,
    fields,
    st.binary(max_size=50),
)
captures = st.builds(
    lambda url, body, kind, collection: Capture(url, body, kind, collection, AT),
    texts,
    st.binary(max_size=50),
    texts,
    st.none() | texts,
)


def read_back(*land_one: Land) -> tuple[list[Landed], list[Landed]]:
    """What landing gave, and what is read of the segment."""
    with tempfile.TemporaryDirectory() as folder:
        zone = RawZone(Path(folder))
        with zone.write(RUN) as writer:
            landed = [land(writer) for land in land_one]
        zone.finish(RUN)
        with only(zone).open("rb") as file:
            kinds = [record.rec_type for record in ArchiveIterator(file)]
        assert kinds.count("warcinfo") == 1
        return landed, list(read_segment(only(zone)))


@settings(max_examples=150, deadline=None)
@given(exchanges, texts)
def test_whatever_a_site_answers_is_read_as_it_was_landed(exchange: Exchange, collection: str) -> None:
    landed, read = read_back(lambda writer: writer.land_exchange(exchange, collection))

    assert read == landed


@settings(max_examples=150, deadline=None)
@given(captures)
def test_whatever_a_saved_or_archived_page_is_it_is_read_as_it_was_landed(capture: Capture) -> None:
    landed, read = read_back(
        lambda writer: writer.land_saved_page(capture),
        lambda writer: writer.land_archived_page(replace(capture, http_status=200, collection_id="c")),
    )

    assert read == landed


@settings(max_examples=100, deadline=None)
@given(texts)
def test_whatever_a_run_states_is_read_as_it_was_landed(text: str) -> None:
    landed, read = read_back(
        lambda writer: writer.land_plan(Plan(RUN, text, AT, (Collection(text, "unknown", text, text, text),), (text,))),
        lambda writer: writer.land_issue(Issue("error", "unreadable-file", text, text, text, url=text)),
        lambda writer: writer.land_collection(Collection(text, name=text)),
        lambda writer: writer.land_alias(Alias(text, text, "redirect")),
        lambda writer: writer.land_end(RunEnd(AT, (Issue("error", "x", text),))),
    )

    assert read == landed


def test_a_url_with_line_ends_is_percent_encoded_and_forges_no_header() -> None:
    url = "https://a/search?page=1\r\nWARC-Type: warcinfo\r\n\r\nb c"

    ((landed, *_), _) = read_back(lambda writer: writer.land_exchange(replace(EXCHANGE, url=url), "c"))

    assert isinstance(landed, LandedCapture)
    assert landed.capture.url == "https://a/search?page=1%0D%0AWARC-Type:%20warcinfo%0D%0A%0D%0Ab%20c"


@pytest.mark.parametrize("size", [33_000, 64 * 1024, 1024 * 1024])
def test_a_page_with_very_long_headers_is_read_as_it_was_landed(size: int) -> None:
    exchange = replace(EXCHANGE, headers=(("Content-Type", "text/html"), ("X-Long", "a" * size)))

    landed, read = read_back(lambda writer: writer.land_exchange(exchange, "c"))

    assert read == landed


def listing(url: str, page: bytes = b"1 - 1 of 1\n\n\nMay 1, 1950\n\nA title\n\nA summary.\n") -> ArchivedPage:
    return ArchivedPage(Capture(url, page, "text/plain", "c", AT, 200), Collection("c"))


def landed_by(zone: RawZone, cache: ParsedCache, *pages: ArchivedPage) -> list[Landed]:
    landing = Landing(zone, cache, RUN)
    with landing.batch():
        for page in pages:
            landing.land(page)
    landing.finish()
    return list(read_segment(only(zone)))


def test_a_page_whose_url_is_too_long_to_be_read_is_an_issue_and_the_next_is_landed(tmp_path: Path) -> None:
    zone, cache = RawZone(tmp_path / "raw"), ParsedCache(tmp_path / "parsed")
    long = "https://a/" + "x" * 33_000

    read = landed_by(zone, cache, listing(long), listing("https://a/2"))

    (issue,) = [record.issue for record in read if isinstance(record, LandedIssue)]
    assert (issue.level, issue.kind) == ("error", "not-landed")
    assert "33" in issue.message
    assert [record.capture.url for record in read if isinstance(record, LandedCapture)] == ["https://a/2"]


def test_a_url_that_was_made_safe_is_an_issue_and_the_tables_are_those_of_a_rebuild(tmp_path: Path) -> None:
    zone, cache = RawZone(tmp_path / "raw"), ParsedCache(tmp_path / "parsed")

    read = landed_by(zone, cache, listing("https://a/x\r\ny z"))

    (issue,) = [record.issue for record in read if isinstance(record, LandedIssue)]
    assert (issue.kind, issue.url) == ("unsafe-url", "https://a/x%0D%0Ay%20z")
    kept, fresh = cache.parse(zone, only(zone)), parse_segment(only(zone))
    assert all(kept[name].equals(fresh[name]) for name in fresh)


def test_the_password_of_a_url_is_landed_nowhere(tmp_path: Path) -> None:
    zone, cache = RawZone(tmp_path / "raw"), ParsedCache(tmp_path / "parsed")

    read = landed_by(zone, cache, listing("https://jane:secret@a/x@y"))

    assert [record.capture.url for record in read if isinstance(record, LandedCapture)] == ["https://a/x@y"]
    (issue,) = [record.issue for record in read if isinstance(record, LandedIssue)]
    assert (issue.kind, issue.url, issue.found) == ("unsafe-url", "https://a/x@y", "'https://***@y'")
    assert b"secret" not in gzip.decompress(only(zone).read_bytes())


def test_a_record_that_would_be_too_large_to_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extractors.warc.writer.MAX_BLOCK_BYTES", 5000)
    zone = RawZone(tmp_path)
    with zone.write(RUN) as writer, pytest.raises(UnwritableError, match=r"at most 4\.9 KB"):
        writer.land_exchange(replace(EXCHANGE, body=bytes(5000)), "c")
    zone.finish(RUN)

    assert list(read_segment(only(zone))) == []


# Raw zones with a bad record


def replaced(zone: RawZone, old: bytes, new: bytes) -> Path:
    """The segment with other bytes in one of its records, as a former release may have written it; it has no note."""
    segment = only(zone)
    data = segment.read_bytes()
    ends = [landed.warc_offset for landed in captures_in(segment)] + [len(data)]
    begin, end = next((begin, end) for begin, end in pairwise(ends) if old in gzip.decompress(data[begin:end]))
    segment.write_bytes(data[:begin] + gzip.compress(gzip.decompress(data[begin:end]).replace(old, new)) + data[end:])
    Path(f"{segment}.sha256").unlink()
    return segment


BAD = {
    "line end in a URL": (b"Target-URI: urn:wcda:file:a.txt", b"Target-URI: urn:wcda:\r\nfile a.txt"),
    "no kind": (b"WARC-Type: ", b"WARC-Tope: "),
    "no URL": (b"WARC-Target-URI: ", b"WARC-Target-URO: "),
    "wrong length": (b"Content-Length: 7", b"Content-Length: 9"),
    "no length": (b"Content-Length: 7", b"Content-Length: x"),
    "not UTF-8": (b"urn:wcda:file:a.txt", b"urn:wcda:file:\xff.txt"),
    "no record": (b"WARC/1.1\r\n", b"what is this\r\n"),
}


@pytest.mark.parametrize(("old", "new"), BAD.values(), ids=BAD)
def test_a_bad_record_is_an_issue_with_file_and_byte_and_the_rest_is_read(
    old: bytes, new: bytes, tmp_path: Path
) -> None:
    zone = land(tmp_path)
    offset = captures_in(only(zone))[0].warc_offset
    segment = replaced(zone, old, new)

    read = list(read_segment(segment))

    (issue,) = [record.issue for record in read if isinstance(record, LandedIssue)]
    assert (issue.level, issue.kind) == ("error", "unreadable-record")
    assert f"{segment.name}, at byte {offset}" in issue.message
    assert [landed.capture for landed in captures_in(segment)] == CAPTURES[1:]
    (problem,) = zone.problems()
    assert problem == issue.message


def test_a_segment_that_cannot_be_read_back_gets_no_digest_and_what_can_be_is_kept(tmp_path: Path) -> None:
    zone = land(tmp_path, finish=False)
    segment = open_segment(zone)
    data = bytearray(segment.read_bytes())
    offsets = [at for at in range(len(data)) if data[at : at + 3] == b"\x1f\x8b\x08"]
    data[offsets[4] : offsets[4] + 3] = b"\0\0\0"
    segment.write_bytes(data)

    with pytest.raises(RawZoneError, match="at byte") as caught:
        zone.finish(RUN)

    assert (caught.value.segment, caught.value.offset) == (segment.name, offsets[4])
    assert not list(tmp_path.glob("*.sha256"))
    zone.recover()
    assert [landed.capture for landed in captures_in(only(zone))] == CAPTURES[:1]


# Digests and names


@pytest.mark.parametrize("note", [b"", b"\0" * 80, b"\n", b"0123"])
def test_a_digest_that_a_loss_of_power_emptied_is_made_again(note: bytes, tmp_path: Path) -> None:
    zone = land(tmp_path)
    segment = only(zone)
    Path(f"{segment}.sha256").write_bytes(note)

    assert zone.problems() == []
    assert len(list(read_segment(segment))) == len(CAPTURES) + 2
    assert zone.digest(segment) == file_sha256(segment)
    assert Path(f"{segment}.sha256").read_text().split() == [file_sha256(segment), segment.name]


def test_a_new_segment_never_takes_the_name_of_another_where_one_is_missing(tmp_path: Path) -> None:
    zone = RawZone(tmp_path)
    for capture in CAPTURES:
        with zone.write(RUN) as writer:
            writer.land_saved_page(capture)
        zone.finish(RUN)
    zone.segments()[0].unlink()

    with zone.write(RUN) as writer:
        writer.land_saved_page(CAPTURES[0])
    zone.finish(RUN)

    assert [path.name[-13:-8] for path in zone.segments()] == ["00001", "00002", "00003"]


def test_the_last_withdrawal_holds_whatever_the_clock_said(tmp_path: Path) -> None:
    zone = land(tmp_path)
    for run, snapshot in (("20990101T000000.000000Z-abcd", "first"), ("20010101T000000.000000Z-abcd", "second")):
        zone.withdraw(run, Withdrawal(snapshot, dt.datetime(2001, 1, 1, tzinfo=dt.UTC), ()))

    withdrawal = zone.withdrawal()

    assert withdrawal is not None
    assert (withdrawal.snapshot_id, withdrawal.number) == ("second", 2)
