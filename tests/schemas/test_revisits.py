"""A revisit shows what the capture shows that it refers to, wherever that stands and in whatever order they came."""

import base64
import datetime as dt
import hashlib
import random
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.parsed import PARSED_TABLES
from schemas.revisits import Resolved, digest_key, other_digests, page_id_of, resolve_revisits

MARCH, APRIL, MAY = (dt.datetime(2025, month, 1, 12, tzinfo=dt.UTC) for month in (3, 4, 5))
SHA1 = hashlib.sha1(b"one", usedforsecurity=False)
DIGEST = f"sha1:{SHA1.hexdigest()}"


def capture(name: str, at: dt.datetime | None = MARCH, place: str = "a", **values: Any) -> dict[str, Any]:
    return {
        "capture_id": name,
        "run_id": "run",
        "url": f"https://{place}",
        "captured_at": at,
        "http_status": 200,
        "warc_file": "w",
        "warc_offset": 0,
        "collection_id": None,
        "place": place,
        **values,
    }


def original(
    name: str, at: dt.datetime | None = MARCH, place: str = "a", body: str = "one", **values: Any
) -> dict[str, Any]:
    owner = values.get("collection_id")
    shown = {"page_id": page_id_of(owner, f"https://{place}", body), "body": body, "outcome": "listing"}
    return capture(name, at, place, **shown, **values)


def resolve(*rows: dict[str, Any], bodies: Mapping[str, bytes] | None = None) -> Resolved:
    """The captures with what each shows, given the bodies of those whose digests of other kinds may be asked for."""
    digests = {name: other_digests(body) for name, body in (bodies or {}).items()}
    captures = pa.Table.from_pylist(list(rows), schema=PARSED_TABLES["captures"].arrow_schema())
    return resolve_revisits(captures, lambda: digests)


def bodies(resolved: Resolved) -> dict[str, str | None]:
    """The capture whose body each one has."""
    rows = resolved.captures.to_pylist()
    return {row["capture_id"]: row["revisits"] if row["body"] is None and row["page_id"] else None for row in rows}


REFERENCES = {
    "id of the record here": {"revisits": "o"},
    "id of the record in the archive": {"revisits": "source"},
    "address and time": {"refers_to_place": "a", "refers_to_at": MARCH},
    "address and time, to the second": {"refers_to_place": "a", "refers_to_at": MARCH.replace(microsecond=5)},
    "digest of what was landed": {"digest": DIGEST},
    "digest that the archive states": {"digest": "sha256:abc"},
    "an id that is not there, and a digest that is": {"revisits": "gone", "digest": DIGEST},
    "nothing but that it was not modified": {"is_not_modified": True},
    "id in capitals": {"revisits": "SOURCE"},
    "digest of a kind that the archive did not state": {"digest": f"md5:{hashlib.md5(b'one').hexdigest()}"},
    "address alone": {"refers_to_place": "a"},
    "address, and a digest of an unknown kind": {"refers_to_place": "a", "digest": "blake3:00"},
}


@pytest.mark.parametrize("reference", REFERENCES.values(), ids=REFERENCES)
def test_a_revisit_shows_what_it_refers_to(reference: dict[str, Any]) -> None:
    known = original("o", source_id="source", digest=DIGEST, source_digest="sha256:abc")
    other = original("other", APRIL, "b", "two", digest="sha1:00")

    resolved = resolve(capture("r", MAY, **reference), other, known, bodies={"o": b"one", "other": b"two"})

    row = resolved.captures.to_pylist()[0]
    assert (row["page_id"], row["outcome"], row["revisits"]) == (known["page_id"], "listing", "o")
    assert resolved.copies == ()


def test_a_revisit_whose_digest_no_capture_of_the_address_has_shows_none_of_them() -> None:
    known = original("o", digest=DIGEST)
    revisit = capture("r", MAY, refers_to_place="a", digest=f"sha256:{hashlib.sha256(b'two').hexdigest()}")

    assert bodies(resolve(known, revisit, bodies={"o": b"one"}))["r"] is None


def test_digests_are_computed_only_where_a_revisit_names_its_original_by_one_of_them() -> None:
    asked: list[str] = []

    def digests() -> dict[str, str]:
        asked.append("digests")
        return {"o": other_digests(b"one")}

    def resolved(**reference: Any) -> str | None:
        rows = [original("o", digest=DIGEST), capture("r", MAY, **reference)]
        schema = PARSED_TABLES["captures"].arrow_schema()
        return bodies(resolve_revisits(pa.Table.from_pylist(rows, schema=schema), digests))["r"]

    md5 = f"md5:{hashlib.md5(b'one').hexdigest()}"
    assert resolved(revisits="o", digest=md5) == resolved(digest=DIGEST) == "o"
    assert asked == []
    assert resolved(digest=md5) == "o"
    assert asked == ["digests"]


def test_a_chain_of_revisits_leads_to_the_capture_with_a_body() -> None:
    rows = [capture("3", MAY, revisits="2"), capture("2", APRIL, revisits="1"), original("1")]

    assert bodies(resolve(*rows)) == {"3": "1", "2": "1", "1": None}


def test_revisits_in_a_circle_show_nothing() -> None:
    resolved = resolve(
        capture("1", revisits="2"), capture("2", revisits="1"), capture("3", revisits="3"), original("o")
    )

    assert bodies(resolved) == dict.fromkeys(["1", "2", "3", "o"])


def test_a_chain_that_leads_to_nothing_shows_what_has_the_digest_that_it_states() -> None:
    known = original("o", digest=DIGEST)
    circle = [capture("1", revisits="2", digest=DIGEST), capture("2", revisits="1")]
    broken = [capture("3", revisits="4"), capture("4", revisits="gone"), capture("5", revisits="4", digest=DIGEST)]

    found = bodies(resolve(*circle, *broken, known))

    assert found == {"1": "o", "2": "o", "3": None, "4": None, "5": "o", "o": None}


def test_what_was_not_modified_at_a_url_without_a_time_shows_the_latest_earlier_capture_there() -> None:
    revisit = capture("r", MAY, "b", is_not_modified=True, refers_to_place="a")

    assert bodies(resolve(original("o"), original("b", place="b", body="two"), revisit))["r"] == "o"


def test_what_was_not_modified_shows_the_latest_earlier_capture_of_its_own_address() -> None:
    rows = [
        original("march", MARCH),
        original("april", APRIL, body="two"),
        original("later", MAY + dt.timedelta(days=1), body="three"),
        original("elsewhere", MAY, "b", "four"),
        capture("r", MAY, is_not_modified=True),
        capture("early", MARCH - dt.timedelta(days=1), is_not_modified=True),
    ]

    found = bodies(resolve(*rows))

    assert (found["r"], found["early"]) == ("april", None)


def test_what_was_not_modified_since_a_capture_that_is_not_there_shows_nothing() -> None:
    gone = capture("r", MAY, is_not_modified=True, refers_to_place="a", refers_to_at=APRIL)

    assert bodies(resolve(original("o"), gone))["r"] is None


def test_a_revisit_in_another_collection_shows_a_page_of_its_own() -> None:
    known = original("o", collection_id="c")
    revisit = capture("r", MAY, "b", revisits="o", collection_id="d")

    resolved = resolve(known, revisit)

    own = page_id_of("d", "https://b", "one")
    assert [row["page_id"] for row in resolved.captures.to_pylist()] == [known["page_id"], own]
    assert [(copy.page_id, copy.of, copy.url, copy.collection_id) for copy in resolved.copies] == [
        (own, known["page_id"], "https://b", "d")
    ]


def test_a_page_that_is_there_itself_is_not_copied() -> None:
    rows = [
        original("o", collection_id="c"),
        original("p", collection_id="d"),
        capture("r", MAY, revisits="o", collection_id="d"),
    ]

    assert resolve(*rows).copies == ()


references = st.one_of(
    st.builds(lambda name: {"revisits": name}, st.sampled_from(["0", "1", "2", "3", "s0", "s1", "gone"])),
    st.builds(
        lambda place, at: {"refers_to_place": place, "refers_to_at": at},
        st.sampled_from("ab"),
        st.sampled_from([MARCH, APRIL, MAY]),
    ),
    st.builds(lambda digest: {"digest": digest}, st.sampled_from(["sha1:one", "sha1:two"])),
    st.just({"is_not_modified": True}),
)
some_captures = st.builds(
    lambda at, place, collection, body, reference: (at, place, collection, body, reference),
    st.sampled_from([MARCH, APRIL, MAY]),
    st.sampled_from("ab"),
    st.sampled_from([None, "c", "d"]),
    st.sampled_from([None, "one", "two"]),
    references,
)


@given(st.lists(some_captures, min_size=1, max_size=7), st.randoms())
def test_the_order_of_captures_never_matters(drawn: list[tuple[Any, ...]], chance: random.Random) -> None:
    rows = [
        original(str(number), at, place, body, collection_id=owner, digest=f"sha1:{body}", source_id=f"s{number}")
        if body
        else capture(str(number), at, place, collection_id=owner, **reference)
        for number, (at, place, owner, body, reference) in enumerate(drawn)
    ]
    shuffled = chance.sample(rows, len(rows))

    first, second = resolve(*rows), resolve(*shuffled)

    assert {row["capture_id"]: row for row in first.captures.to_pylist()} == {
        row["capture_id"]: row for row in second.captures.to_pylist()
    }
    assert first.copies == second.copies


FORMS = [
    DIGEST,
    f"SHA1:{SHA1.hexdigest().upper()}",
    f"sha-1: {base64.b32encode(SHA1.digest()).decode()}",
    base64.b32encode(SHA1.digest()).decode().lower(),
    SHA1.hexdigest(),
]


@pytest.mark.parametrize("form", FORMS)
def test_a_digest_has_one_form(form: str) -> None:
    assert digest_key(form) == DIGEST


def test_digests_of_other_kinds_keep_theirs() -> None:
    sha256 = hashlib.sha256(b"one")
    in_base_32 = base64.b32encode(sha256.digest()).decode()
    assert digest_key(f"SHA-256:{in_base_32}") == f"sha256:{sha256.hexdigest()}" == digest_key(in_base_32.rstrip("="))
    assert digest_key("blake3:XyZ") == "blake3:XyZ"


@pytest.mark.parametrize("nothing", [None, "", " ", "-", "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"])
def test_the_digest_of_nothing_tells_nothing(nothing: str | None) -> None:
    assert digest_key(nothing) is None
