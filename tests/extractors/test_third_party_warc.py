"""WARC files of other tools: each whole record is read to the letter, and each damage is named with its place."""

import datetime as dt
import gzip
import hashlib
import random
import re
import subprocess
import tracemalloc
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import repeat
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from extractors import third_party_warc
from extractors.byte_streams import ByteStream
from extractors.third_party_warc import ThirdPartyRecord, read_http, read_third_party_warc
from extractors.warc_records import Damage, begins_warc
from schemas.records import Reference
from tests.extractors.foreign import LISTING, PAGE, page_url, pages, response


def stream(data: bytes, step: int = 10**9) -> ByteStream:
    """A stream of the data that gives no more than `step` bytes at once."""
    parts = iter([data[at : at + step] for at in range(0, len(data), step)])
    return ByteStream(lambda _size: next(parts, b""))


def read(data: bytes) -> tuple[list[ThirdPartyRecord], list[Damage]]:
    items = list(read_third_party_warc(stream(data)))
    return [item for item in items if isinstance(item, ThirdPartyRecord)], [
        item for item in items if isinstance(item, Damage)
    ]


def one(data: bytes) -> ThirdPartyRecord:
    (record,), damages = read(data)
    assert damages == []
    return record


def numbers(records: list[ThirdPartyRecord]) -> list[int]:
    return [int(record.url.rpartition("=")[2]) for record in records]


# What a record says


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_response_is_read_to_the_letter(packed: bool) -> None:
    record = one(response(packed=packed))

    assert record.kind == "response"
    assert (record.url, record.status, record.body) == (LISTING, 200, PAGE)
    assert record.captured_at == dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert record.headers == (("Content-Type", "text/html; charset=UTF-8"),)
    assert record.content_type == "text/html; charset=UTF-8"
    assert record.place == "at byte 0"
    assert record.digest_problem is None
    assert record.payload_digest == stated_digest(response())


def stated_digest(data: bytes) -> str:
    """The payload digest that warcio gave a record."""
    (record,) = ArchiveIterator(BytesIO(data))
    return str(record.rec_headers["WARC-Payload-Digest"])


def test_addresses_in_angle_brackets_as_wget_writes_them_are_addresses() -> None:
    assert one(response(f"<{LISTING}>")).url == LISTING


@pytest.mark.parametrize(
    ("date", "instant"),
    [
        ("2025-01-02T03:04:05.123456789Z", dt.datetime(2025, 1, 2, 3, 4, 5, 123456, tzinfo=dt.UTC)),
        ("2025-01-02T05:04:05+02:00", dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        ("2025", None),
        ("yesterday", None),
    ],
)
def test_the_instant_is_that_of_the_archive_or_unknown(date: str, instant: dt.datetime | None) -> None:
    assert one(response(warc={"WARC-Date": date})).captured_at == instant


CHUNKED = (("Transfer-Encoding", "chunked"), ("Content-Type", "text/html"))
CHUNKS = [
    (b"5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n", b"helloabc"),
    (b"5;name=value\r\nhello\r\n3 \r\nabc\r\n0\r\nTrailer: x\r\n\r\n", b"helloabc"),
    (b"5\r\nhello\r\n3\r\na", b"helloa"),
    (b"0\r\n\r\n", b""),
    (b"<p>undone before", b"<p>undone before"),
]


@pytest.mark.parametrize(("body", "plain"), CHUNKS)
def test_chunks_are_undone_and_not_among_the_headers(body: bytes, plain: bytes) -> None:
    record = one(response(body=body, headers=CHUNKED))

    assert record.body == plain
    assert record.headers == (("Content-Type", "text/html"),)
    assert record.digest_problem is None


def test_a_content_encoding_is_kept() -> None:
    packed = gzip.compress(PAGE)

    record = one(response(body=packed, headers=(("Content-Encoding", "gzip"),)))

    assert record.body == packed
    assert record.header("content-encoding") == "gzip"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_content_encoding_that_a_browser_has_undone_is_no_header_of_the_body(coding: str) -> None:
    record = one(response(headers=(("Content-Encoding", coding), ("X", "y"))))

    assert record.body == PAGE
    assert record.headers == (("X-Archive-Orig-Content-Encoding", coding), ("X", "y"))


def test_heads_with_bare_line_feeds_are_read() -> None:
    data = response().replace(b"\r\n", b"\n")
    length = len(data.partition(b"\n\n")[2]) - 2
    data = data.replace(b"Content-Length: ", b"X: ", 1).replace(
        b"WARC-Type", b"Content-Length: %d\nWARC-Type" % length, 1
    )

    record = one(data)

    assert (record.status, record.body) == (200, PAGE)


def test_a_resource_has_no_status() -> None:
    record = one(response(kind="resource"))

    assert (record.kind, record.status, record.headers, record.body) == ("resource", None, (), PAGE)
    assert record.content_type == "text/html"


def test_a_revisit_says_what_it_refers_to() -> None:
    refers = {
        "WARC-Refers-To": "<urn:uuid:1>",
        "WARC-Refers-To-Target-URI": LISTING,
        "WARC-Refers-To-Date": "2024-01-02T03:04:05Z",
        "WARC-Payload-Digest": "sha1:ABC",
    }

    record = one(response(body=b"", kind="revisit", warc=refers))

    assert (record.kind, record.body, record.status) == ("revisit", b"", 200)
    at = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert record.refers_to == Reference("1", LISTING, at, "sha1:ABC")
    assert record.digest_problem is None


def test_what_tells_of_the_crawl_and_not_of_a_page_is_left_out() -> None:
    others = [response(kind=kind) for kind in ("request", "metadata", "warcinfo")]
    others.append(response("dns:example.org", kind="resource"))
    others.append(response("metadata://gnu.org/software/wget/warc/MANIFEST.txt", kind="resource"))

    assert read(b"".join(others)) == ([], [])


def test_what_a_tool_made_of_a_page_is_given_so_that_it_is_counted() -> None:
    assert one(response(kind="conversion")).kind == "conversion"


def test_a_page_that_was_kept_without_its_head_is_a_resource() -> None:
    page = b"<!DOCTYPE html><p>1 - 2 of 4</p>"
    whole = response(kind="response", body=b"")
    head, _, _ = whole.partition(b"\r\n\r\n")
    lines = [
        line for line in head.split(b"\r\n") if not line.startswith((b"Content-Length", b"WARC-Block", b"WARC-Pay"))
    ]
    data = b"\r\n".join([*lines, b"Content-Length: %d" % len(page), b"", page, b"", b""])

    record = one(data)

    assert (record.kind, record.status, record.content_type, record.body) == ("resource", None, "text/html", page)


# Digests


def test_a_missing_digest_is_computed_and_no_problem() -> None:
    record = one(response(without=["WARC-Payload-Digest", "WARC-Block-Digest"]))

    assert record.payload_digest == stated_digest(response())
    assert record.digest_problem is None


@pytest.mark.parametrize("name", ["WARC-Block-Digest", "WARC-Payload-Digest"])
def test_a_wrong_digest_is_said_and_the_record_read(name: str) -> None:
    others = {"WARC-Block-Digest", "WARC-Payload-Digest"} - {name}
    data = response(without=others)

    record = one(data.replace(b"11 - 20 of 89", b"11 - 20 of 98"))

    assert record.body == PAGE.replace(b"89", b"98")
    assert record.digest_problem is not None
    assert name in record.digest_problem


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha-256", "md5", "sha512"])
def test_digests_of_other_kinds_and_forms_are_understood(algorithm: str) -> None:
    value = hashlib.new(algorithm.replace("-", ""), PAGE).hexdigest()
    data = response(without=["WARC-Block-Digest", "WARC-Payload-Digest"])

    def with_digest(digest: str) -> bytes:
        return data.replace(b"WARC-Type", f"WARC-Payload-Digest: {algorithm}:{digest}\r\nWARC-Type".encode(), 1)

    assert one(with_digest(value)).digest_problem is None
    assert one(with_digest("0" * len(value))).digest_problem is not None


def test_a_digest_of_an_unknown_kind_is_no_problem() -> None:
    assert one(response(without=["WARC-Block-Digest"], warc={"WARC-Payload-Digest": "crc:1"})).digest_problem is None


def test_a_payload_digest_may_be_that_of_the_chunks() -> None:
    body = b"5\r\nhello\r\n0\r\n\r\n"
    for payload in (body, b"hello"):
        digest = f"sha1:{hashlib.sha1(payload).hexdigest()}"
        data = response(body=body, headers=CHUNKED, warc={"WARC-Payload-Digest": digest}, without=["WARC-Block-Digest"])
        assert one(data).digest_problem is None


# What is amiss

FORMS = {
    "plain": b"".join(pages(5)),
    "gzip members": b"".join(pages(5, packed=True)),
    "one gzip member": gzip.compress(b"".join(pages(5))),
    "mixed": b"".join(pages(7, packed=number % 2 == 1)[number] for number in range(7)),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_records_are_read_in_their_order_whatever_the_packing(form: str) -> None:
    records, damages = read(FORMS[form])

    assert numbers(records) == list(range(7 if form == "mixed" else 5))
    assert damages == []


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_what_is_read_does_not_depend_on_the_pieces_in_which_it_comes(step: int) -> None:
    data = FORMS["mixed"] + b"junk" + pages(1)[0]

    assert list(read_third_party_warc(stream(data, step))) == list(read_third_party_warc(stream(data)))


@pytest.mark.parametrize("form", FORMS)
def test_of_a_file_that_is_cut_off_all_whole_records_are_read(form: str) -> None:
    data = FORMS[form]

    records, damages = read(data[: len(data) // 2])

    assert numbers(records) == list(range(len(records)))
    assert 1 <= len(records) <= 4
    assert len(damages) == 1


def test_the_place_of_a_cut_off_record_is_its_beginning() -> None:
    plain, packed = pages(3), pages(3, packed=True)

    cut = read(b"".join(plain)[:-5000])[1]
    assert [damage.place for damage in cut] == [f"at byte {len(plain[0] + plain[1])}"]
    reason = "this gzip member cannot be read: its packed data end early"
    assert read(b"".join(packed)[:-5])[1] == [
        Damage(f"at byte {len(packed[0] + packed[1])}", len(packed[0] + packed[1]), reason)
    ]


def test_a_damaged_gzip_member_is_skipped_and_the_next_read() -> None:
    members = pages(5, packed=True)
    members[2] = members[2][:100] + b"\xff" * 300 + members[2][400:]

    records, damages = read(b"".join(members))

    assert numbers(records) == [0, 1, 3, 4]
    assert [damage.place for damage in damages] == [f"at byte {len(members[0]) + len(members[1])}"]


def test_a_gzip_member_whose_checksum_is_wrong_is_no_record() -> None:
    members = pages(3, packed=True)
    members[1] = members[1][:-8] + bytes(4) + members[1][-4:]

    records, damages = read(b"".join(members))

    assert numbers(records) == [0, 2]
    assert len(damages) == 1


def test_a_first_gzip_member_that_is_damaged_is_skipped() -> None:
    members = pages(3, packed=True)
    members[0] = members[0][:10] + b"\xff" * 50 + members[0][60:]

    records, damages = read(b"".join(members))

    assert numbers(records) == [1, 2]
    assert [damage.place for damage in damages] == ["at byte 0"]


def test_within_one_gzip_member_the_place_is_that_of_what_it_unpacks_to() -> None:
    plain = pages(3)
    plain[1] = plain[1].replace(b"Content-Length: ", b"Content-Length: x", 1)

    records, damages = read(gzip.compress(b"".join(plain)))

    assert numbers(records) == [0, 2]
    assert [damage.place for damage in damages] == [f"at byte 0, unpacked byte {len(plain[0])}"]


LENGTHS = [b"x", b"", b"-5", b"1" * 30, b"9999999", b"123456789012", b"999999999999999999", b"40", b"0"]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("length", LENGTHS)
def test_a_record_with_a_wrong_length_is_skipped_and_the_next_read(length: bytes, packed: bool) -> None:
    plain = pages(4)
    head, _, rest = plain[1].partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    plain[1] = b"\r\n".join([*lines, b"Content-Length: " + length]) + b"\r\n\r\n" + rest
    records = [gzip.compress(record) for record in plain] if packed else plain

    found, damages = read(b"".join(records))

    assert numbers(found) == [0, 2, 3]
    assert damages[0].place.startswith(f"at byte {len(records[0])}")


HEADS = [
    b"WARC-Target-URI: http://a/\xff\xfe",
    b"\xff: \xff",
    b": x",
    b"x" * 9000,
    b" folded",
    b"WARC-Date: \x00",
    b"\r: a",
]


@pytest.mark.parametrize("line", HEADS)
@pytest.mark.parametrize("place", [b"WARC-Record-ID", b"Content-Type: text"], ids=["WARC", "HTTP"])
def test_a_strange_line_in_a_head_makes_no_error(line: bytes, place: bytes) -> None:
    plain = pages(2)
    strange = plain[0].replace(place, line + b"\r\n" + place, 1)
    if place.startswith(b"Content"):
        length = len(strange.partition(b"\r\n\r\n")[2]) - 4
        strange = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % length, strange, count=1)

    records, damages = read(strange + plain[1])

    assert records[-1].url == page_url(1)
    assert len(records) + len(damages) == 2


def test_junk_between_records_is_named_and_skipped() -> None:
    first, second, third = pages(3)
    other = pages(4, packed=True)[3]

    records, damages = read(first + b"junk" * 10 + second + b"\x00" * 100 + third + b"more junk" + other)

    assert numbers(records) == [0, 1, 2, 3]
    assert len(damages) == 3
    assert damages[0] == Damage(f"at byte {len(first)}", len(first), "no WARC record begins here")


def test_a_gzip_member_without_a_record_is_named_and_skipped() -> None:
    records, damages = read(pages(1, packed=True)[0] + gzip.compress(b"<html>") + pages(2, packed=True)[1])

    assert numbers(records) == [0, 1]
    assert len(damages) == 1


def test_an_empty_gzip_member_is_nothing() -> None:
    records, damages = read(gzip.compress(b"") + pages(1, packed=True)[0])

    assert (numbers(records), damages) == ([0], [])


def test_a_record_whose_head_has_no_end_is_skipped() -> None:
    records, damages = read(b"WARC/1.0\r\n" + b"A: b\r\n" * 100_000 + pages(1)[0])

    assert numbers(records) == [0]
    assert damages[0] == Damage("at byte 0", 0, "a WARC record cannot be read: its head has no end")


def test_nonsense_is_one_damage() -> None:
    assert read(random.Random(1).randbytes(3_000_000))[0] == []


@settings(max_examples=60)
@given(st.data())
def test_no_damage_anywhere_makes_an_error_or_a_page_that_is_not_there(data: st.DataObject) -> None:
    whole = FORMS[data.draw(st.sampled_from(sorted(FORMS)))]
    at = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(at, min(len(whole), at + 3000)))
    filling = data.draw(st.binary(max_size=50))

    records, damages = read(whole[:at] + filling + whole[end:])

    assert len(records) >= 3 or damages
    assert len(damages) <= 10


# Size


def test_a_record_that_is_too_large_to_be_a_page_has_no_body_and_the_next_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(third_party_warc, "MAX_PAGE_BYTES", 50_000)
    large = response(page_url(0), b"x" * 100_000)

    for data in (large + pages(2)[1], gzip.compress(large) + pages(2, packed=True)[1]):
        records, damages = read(data)
        assert [record.body is None for record in records] == [True, False]
        assert (numbers(records), damages) == ([0, 1], [])


def test_a_bomb_takes_no_memory() -> None:
    size = 300_000_000
    head = response(page_url(0), b"").replace(b"Content-Length: ", b"X: ", 1)
    head = head.partition(b"\r\n\r\n")[0] + b"\r\nContent-Length: %d\r\n\r\n" % size
    block = bytes(1_000_000)
    parts = iter([head, *repeat(block, size // len(block)), b"\r\n\r\n", pages(2)[1]])

    tracemalloc.start()
    records = list(read_third_party_warc(ByteStream(lambda _size: next(parts, b""))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [record.body is None for record in records if isinstance(record, ThirdPartyRecord)] == [True, False]
    assert peak < 120_000_000


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(count: int) -> int:
        members = pages(20, packed=True)
        parts = (members[number % 20] for number in range(count))
        tracemalloc.start()
        assert sum(1 for _ in read_third_party_warc(ByteStream(lambda _size: next(parts, b"")))) == count
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(20)
    assert peak(2000) < peak(200) + 200_000


# A tool that others use


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


def test_a_file_that_wget_made_is_read(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "search").write_bytes(PAGE)
    handler = partial(Quiet, directory=str(tmp_path / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        base = f"http://127.0.0.1:{server.server_port}"
        urls = [f"{base}/search?page=1", f"{base}/missing"]
        command = ["wget", "-q", f"--warc-file={tmp_path / 'crawl'}", "-O", "/dev/null", *urls]
        subprocess.run(command, check=False, cwd=tmp_path)
        server.shutdown()

    with (tmp_path / "crawl.warc.gz").open("rb") as file:
        items = list(read_third_party_warc(ByteStream(file.read)))

    records = [item for item in items if isinstance(item, ThirdPartyRecord)]
    assert len(records) == len(items)
    assert [(record.url, record.status) for record in records] == list(zip(urls, (200, 404), strict=True))
    assert records[0].body == PAGE
    assert [record.digest_problem for record in records] == [None, None]


STATUS_LINES = [
    b"http/1.1 200 OK",
    b"HTTP/1.1\t200\tOK",
    b"HTTP/2 200",
    b"HTTP/1.1 200",
    b"\r\nHTTP/1.0 200 Fine",
    b"HTTP 200",
    b"ICY 200 OK",
    b"Status: 200 OK",
    b"\xef\xbb\xbfHTTP/1.1 200 OK",
]


def test_a_head_with_the_line_ends_of_old_macs_is_read() -> None:
    block = b"HTTP/1.1 200 OK\rContent-Type: text/html\r\r" + PAGE

    assert read_http(block) == (200, (("Content-Type", "text/html"),), PAGE)


@pytest.mark.parametrize("body", [gzip.compress(PAGE), PAGE], ids=["as it came", "undone by a tool"])
@pytest.mark.parametrize("is_chunked", [True, False])
@pytest.mark.parametrize("lines", [["gzip, chunked"], ["GZIP", "Chunked"]])
def test_a_page_that_was_packed_on_its_way_is_unpacked(lines: list[str], is_chunked: bool, body: bytes) -> None:
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if is_chunked else body
    headers = [("Content-Type", "text/html"), *(("Transfer-Encoding", line) for line in lines)]

    record = one(response(body=sent, headers=headers))

    assert (record.body, record.headers) == (PAGE, (("Content-Type", "text/html"),))


def test_a_page_that_is_packed_and_does_not_say_it_is_said_to_be() -> None:
    record = one(response(body=gzip.compress(PAGE)))

    assert record.header("content-encoding") == "gzip"


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n"])
@pytest.mark.parametrize("magic", [b"WARC/1.0", b"warc/1.0"])
def test_a_file_of_records_is_known_by_its_first_record(before: bytes, magic: bytes) -> None:
    data = before + response().replace(b"WARC/1.0", magic)

    assert begins_warc(stream(data))
    assert one(data).body == PAGE


def test_a_time_of_fourteen_digits_is_a_time() -> None:
    record = one(response(warc={"WARC-Date": "20250102030405"}))

    assert record.captured_at == dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize("line", STATUS_LINES)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_status_line_is_read_as_tools_write_it(line: bytes, end: bytes) -> None:
    block = line + end + b"Content-Type: text/html" + end + b"X-Long: a" + end + b" b" + end + end + PAGE

    assert read_http(block) == (200, (("Content-Type", "text/html"), ("X-Long", "a b")), PAGE)


@pytest.mark.parametrize("block", [b"", b"<html>", b"HTTP/1.1 OK", b"HTTP/1.1 2000 OK", b"GET / HTTP/1.1\r\n\r\n"])
def test_what_has_no_status_is_no_answer_of_http(block: bytes) -> None:
    assert read_http(block) == (None, (), b"")


@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n\r\n"])
def test_records_are_told_apart_whatever_line_ends_are_between_them(between: bytes) -> None:
    records = [response(page_url(number)).removesuffix(b"\r\n\r\n") for number in range(3)]

    found = list(read_third_party_warc(ByteStream(BytesIO(between.join(records) + between).read)))

    assert [record.url for record in found if isinstance(record, ThirdPartyRecord)] == [page_url(n) for n in range(3)]
    assert [damage for damage in found if isinstance(damage, Damage)] == []


def test_records_with_line_feeds_alone_are_read() -> None:
    record = response(body=b"<html>\n")
    head, _, rest = record.partition(b"\r\n\r\n")
    bare = head.replace(b"\r\n", b"\n") + b"\n\n" + rest.removesuffix(b"\r\n\r\n") + b"\n\n"

    found = list(read_third_party_warc(ByteStream(BytesIO(bare * 2).read)))

    assert [record.body for record in found if isinstance(record, ThirdPartyRecord)] == [b"<html>\n"] * 2


@pytest.mark.parametrize(
    "before",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n",
        b"HTTP/1.0 200 Connection established\r\n\r\n",
    ],
)
def test_of_several_heads_of_an_answer_the_last_counts(before: bytes) -> None:
    assert read_http(before + b"HTTP/2 200\r\nContent-Type: text/html\r\n\r\n" + PAGE) == (
        200,
        (("Content-Type", "text/html"),),
        PAGE,
    )
