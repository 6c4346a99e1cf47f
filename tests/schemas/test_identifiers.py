"""Ids depend on content alone, and content that differs has ids that differ."""

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers import file_sha256, stable_id

parts = st.lists(st.none() | st.text(st.characters(), max_size=5), max_size=4)


def test_an_id_is_the_same_on_every_machine_and_for_ever() -> None:
    # From the definition: lengths and parts, one after the other, -1 for null. A change of these changes every id.
    assert stable_id("a", None, "é") == hashlib.blake2b(b"1:a-1:2:\xc3\xa9", digest_size=8).hexdigest()
    assert stable_id("April 19, 1958") == "fc17bb2cc465ce92"


@pytest.mark.parametrize("of", [(), ("",), ("a",), (None,), ("中文",), ("\ud800",)])
def test_an_id_is_16_hexadecimal_digits(of: tuple[str | None, ...]) -> None:
    assert re.fullmatch("[0-9a-f]{16}", stable_id(*of))


DIFFERENT = [
    ("null and empty", (None,), ("",)),
    ("null and its name", (None,), ("None",)),
    ("order", ("a", "b"), ("b", "a")),
    ("parts that run together", ("a", "b"), ("ab",)),
    ("where a part ends", ("ab", "c"), ("a", "bc")),
    ("one more null", ("a",), ("a", None)),
    ("one more empty", ("a",), ("a", "")),
    ("nothing and null", (), (None,)),
    ("text that looks like a length", ("1:a",), ("a",)),
    ("two parts as one text", ("a", "b"), ("a1:b",)),
    ("letter case", ("a",), ("A",)),
    ("composed and decomposed", ("\u00e9",), ("e\u0301",)),
]


@pytest.mark.parametrize(("one", "other"), [case[1:] for case in DIFFERENT], ids=[case[0] for case in DIFFERENT])
def test_what_differs_has_another_id(one: tuple[str | None, ...], other: tuple[str | None, ...]) -> None:
    assert stable_id(*one) != stable_id(*other)


@given(parts, parts)
def test_ids_are_equal_where_the_parts_are(one: list[str | None], other: list[str | None]) -> None:
    assert (stable_id(*one) == stable_id(*other)) == (one == other)


@pytest.mark.parametrize("body", [b"", b"abc", bytes(300_000)])
def test_the_digest_of_a_file_is_that_of_its_bytes(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(body)

    assert file_sha256(tmp_path / "file") == hashlib.sha256(body).hexdigest()


def test_the_digest_is_the_one_that_sha256sum_prints(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")

    assert file_sha256(tmp_path / "file") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
