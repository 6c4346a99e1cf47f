import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from extractors.byte_streams import MAX_PAGE_BYTES
from extractors.content_encoding import STEP_BYTES, DamagedBodyError, UndecodableError, content_encoding_of, decode_body

PAGE = b"<p>Memorandum of Conversation, \xe2\x80\x98Mao\xe2\x80\x99</p>\n" * 2000


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("coding", [None, "", "identity", " Identity "])
def test_a_body_without_a_coding_stays_as_it_is(coding: str | None) -> None:
    assert decode_body(PAGE, coding) == PAGE


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "identity, gzip"])
def test_gzip_is_undone_by_any_of_its_names(coding: str) -> None:
    assert decode_body(gzip.compress(PAGE), coding) == PAGE


def test_all_members_of_a_gzip_body_are_read() -> None:
    assert decode_body(b"".join(gzip.compress(part) for part in (b"one ", b"", b"two")), "gzip") == b"one two"


def test_zeros_behind_a_gzip_body_mean_nothing() -> None:
    assert decode_body(gzip.compress(PAGE) + b"\x00" * 30, "gzip") == PAGE


@pytest.mark.parametrize("pack", [zlib.compress, raw_deflate])
def test_deflate_is_undone_with_its_frame_and_without(pack: Callable[[bytes], bytes]) -> None:
    assert decode_body(pack(PAGE), "deflate") == PAGE


def test_brotli_and_zstandard_are_undone() -> None:
    assert decode_body(brotli.compress(PAGE), "br") == PAGE
    assert decode_body(zstandard.compress(PAGE), "zstd") == PAGE
    assert decode_body(zstandard.compress(PAGE) + zstandard.compress(b"more"), "zstd") == PAGE + b"more"


def test_the_last_of_several_codings_is_undone_first() -> None:
    assert decode_body(gzip.compress(brotli.compress(PAGE)), "br, gzip") == PAGE
    assert decode_body(zstandard.compress(zlib.compress(PAGE)), "Deflate,identity,ZSTD") == PAGE
    with pytest.raises(UndecodableError, match="more than 5"):
        decode_body(PAGE, ", ".join(["gzip"] * 6))


def test_headers_of_one_name_are_one_list() -> None:
    assert content_encoding_of((("Content-Encoding", "br"), ("ETag", "x"), ("content-encoding", "gzip"))) == "br, gzip"
    assert content_encoding_of(()) is None


def test_an_empty_body_has_nothing_to_undo() -> None:
    assert decode_body(b"", "gzip") == b""


@pytest.mark.parametrize("coding", ["compress", "compress, gzip", "aes128gcm"])
def test_an_unknown_coding_is_refused_by_name(coding: str) -> None:
    with pytest.raises(UndecodableError, match=coding.removesuffix(", gzip")) as caught:
        decode_body(PAGE, coding)
    assert not isinstance(caught.value, DamagedBodyError)


@pytest.mark.parametrize(
    ("pack", "coding"),
    [(gzip.compress, "gzip"), (zlib.compress, "deflate"), (brotli.compress, "br"), (zstandard.compress, "zstd")],
)
def test_a_body_that_was_cut_off_is_damaged(pack: Callable[[bytes], bytes], coding: str) -> None:
    packed = pack(PAGE)
    for length in (1, 5, len(packed) // 2, len(packed) - 1):
        with pytest.raises(DamagedBodyError):
            decode_body(packed[:length], coding)


def test_a_second_member_that_was_cut_off_is_damage_too() -> None:
    with pytest.raises(DamagedBodyError, match="early"):
        decode_body(gzip.compress(PAGE) + gzip.compress(PAGE)[:-4], "gzip")


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (PAGE, "gzip"),
        (PAGE, "deflate"),
        (PAGE, "br"),
        (PAGE, "zstd"),
        (gzip.compress(PAGE) + b"more", "gzip"),
        (zlib.compress(PAGE) + b"x", "deflate"),
    ],
)
def test_what_is_not_packed_as_it_says_is_damaged(body: bytes, coding: str) -> None:
    with pytest.raises(DamagedBodyError, match="damaged"):
        decode_body(body, coding)


def test_a_changed_byte_is_found_by_the_checksum() -> None:
    packed = bytearray(gzip.compress(PAGE))
    packed[-6] ^= 1
    with pytest.raises(DamagedBodyError):
        decode_body(bytes(packed), "gzip")


def test_the_cap_is_the_largest_body_that_is_unpacked() -> None:
    assert len(decode_body(gzip.compress(bytes(MAX_PAGE_BYTES)), "gzip")) == MAX_PAGE_BYTES
    with pytest.raises(UndecodableError, match="more than 32 MiB") as caught:
        decode_body(gzip.compress(bytes(MAX_PAGE_BYTES + 1)), "gzip")
    assert not isinstance(caught.value, DamagedBodyError)


def test_the_cap_holds_for_all_members_together() -> None:
    with pytest.raises(UndecodableError, match="more than 32 MiB"):
        decode_body(gzip.compress(bytes(MAX_PAGE_BYTES // 2 + 1)) * 2, "gzip")


@pytest.mark.parametrize(
    ("pack", "coding"),
    [(gzip.compress, "gzip"), (zlib.compress, "deflate"), (partial(brotli.compress, quality=1), "br")],
)
def test_a_bomb_never_occupies_much_more_memory_than_the_cap(pack: Callable[[bytes], bytes], coding: str) -> None:
    bomb = pack(bytes(100_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(UndecodableError, match="more than 32 MiB"):
            decode_body(bomb, coding)
        assert tracemalloc.get_traced_memory()[1] < 1.25 * MAX_PAGE_BYTES
    finally:
        tracemalloc.stop()


def test_very_many_members_are_given_up_on() -> None:
    with pytest.raises(UndecodableError, match="100 gzip members"):
        decode_body(gzip.compress(b"") * 200_000, "gzip")


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "zstd", "br, gzip", None]))
def test_no_bytes_raise_anything_else(body: bytes, coding: str | None) -> None:
    with suppress(UndecodableError):
        assert isinstance(decode_body(body, coding), bytes)


@given(st.binary(max_size=300))
def test_what_was_packed_comes_out(data: bytes) -> None:
    assert decode_body(gzip.compress(data), "gzip") == data
    assert decode_body(zlib.compress(data), "deflate") == data
    assert decode_body(raw_deflate(data), "deflate") == data


@given(st.integers(-300, 300), st.integers(1, 2), st.sampled_from([b"\x00", b"<td>Mao</td>\n", bytes(range(256)) * 40]))
def test_a_body_about_as_long_as_some_steps_comes_out_whole(more: int, steps: int, text: bytes) -> None:
    size = steps * STEP_BYTES + more
    data = (text * (size // len(text) + 1))[:size]
    assert decode_body(gzip.compress(data, 1), "gzip") == data
    assert decode_body(zlib.compress(data, 1), "deflate") == data


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_changed_bit_never_changes_what_comes_out(place: int, bit: int) -> None:
    packed = bytearray(gzip.compress(PAGE[:1000]))
    packed[place % len(packed)] ^= 1 << bit
    with suppress(UndecodableError):
        assert decode_body(bytes(packed), "gzip") == PAGE[:1000]


def test_a_coding_that_is_stated_twice_and_done_once_is_undone_once() -> None:
    assert decode_body(gzip.compress(PAGE), "gzip, gzip") == PAGE
