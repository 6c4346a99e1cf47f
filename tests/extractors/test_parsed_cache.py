"""The cache of parsed segments: never needed, never stale."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from extractors import parsed_cache
from extractors.parsed_cache import ParsedCache
from extractors.parsing import parse_segment
from extractors.raw_zone import RawZone
from schemas.identifiers import file_sha256
from tests.extractors.test_parsing import LISTING, OTHER_LISTING, capture, land, zone

__all__ = ["zone"]  # a fixture


@pytest.fixture
def cache(tmp_path: Path) -> ParsedCache:
    return ParsedCache(tmp_path / "parsed")


@pytest.fixture
def parsed_segments(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the segments that were parsed and not taken from the cache."""
    parsed: list[str] = []

    def parse(segment: Path) -> dict[str, pa.Table]:
        parsed.append(segment.name)
        return parse_segment(segment)

    monkeypatch.setattr(parsed_cache, "parse_segment", parse)
    return parsed


def test_the_cache_gives_what_a_fresh_parse_gives(
    zone: RawZone, cache: ParsedCache, parsed_segments: list[str]
) -> None:
    segments = zone.segments()
    for _ in range(3):
        for segment in segments:
            kept, fresh = cache.parse(zone, segment), parse_segment(segment)
            assert list(kept) == list(fresh)
            for name in fresh:
                assert kept[name].equals(fresh[name])
                assert kept[name].schema.equals(fresh[name].schema, check_metadata=True)

    assert parsed_segments == [segment.name for segment in segments]


def test_other_layouts_have_another_place_in_the_cache(
    zone: RawZone, cache: ParsedCache, parsed_segments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = zone.segments()[0]
    cache.parse(zone, segment)

    monkeypatch.setattr(parsed_cache, "code_version", lambda: "other")
    cache.parse(zone, segment)

    assert parsed_segments == [segment.name] * 2
    assert len(list(cache.folder.iterdir())) == 2


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the code that reads pages, which `code_version` looks at."""
    here = Path(parsed_cache.__file__).parent
    for part in ("extractors", "schemas"):
        shutil.copytree(here.parent / part, tmp_path / "code" / part)
    monkeypatch.setattr(parsed_cache, "__file__", str(tmp_path / "code" / "extractors" / "parsed_cache.py"))
    parsed_cache.code_version.cache_clear()
    yield tmp_path / "code"
    parsed_cache.code_version.cache_clear()


@pytest.mark.parametrize(
    "file",
    [
        "extractors/parsing.py",
        "extractors/wilson_center/layouts/plain_text.py",
        "extractors/wilson_center/layouts/new.py",
        "schemas/dates.py",
    ],
)
def test_the_version_changes_with_the_code_that_reads_pages(file: str, room: Path) -> None:
    before = parsed_cache.code_version()
    with (room / file).open("a") as code:
        code.write("# changed\n")
    parsed_cache.code_version.cache_clear()

    assert parsed_cache.code_version() != before


def test_another_segment_of_the_same_name_has_another_place(
    tmp_path: Path, cache: ParsedCache, parsed_segments: list[str]
) -> None:
    zone, other = RawZone(tmp_path / "one"), RawZone(tmp_path / "other")
    land(zone, "run-1", capture("a.txt", LISTING))
    land(other, "run-1", capture("a.txt", OTHER_LISTING))

    (one,), (second,) = (cache.parse(raw, raw.segments()[0])["listings"].to_pylist() for raw in (zone, other))

    assert (one["range_total"], second["range_total"]) == (89, 71)
    assert len(parsed_segments) == 2


def test_forgetting_deletes_what_no_segment_needs_and_nothing_else(
    zone: RawZone, cache: ParsedCache, parsed_segments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = zone.segments()
    with monkeypatch.context() as former:
        former.setattr(parsed_cache, "code_version", lambda: "former")
        cache.parse(zone, first)
    cache.parse(zone, first)
    before = set(cache.folder.iterdir())
    cache.parse(zone, second)
    gone = next(iter(set(cache.folder.iterdir()) - before))
    (cache.folder / "killed.part").mkdir()
    second.unlink()
    beside = cache.folder.parent / "beside"
    beside.mkdir()

    cache.forget_others(zone)

    assert len(list(cache.folder.iterdir())) == 1
    assert not gone.exists()
    assert beside.exists()
    del parsed_segments[:]
    cache.parse(zone, first)
    assert parsed_segments == []


def test_there_is_nothing_to_forget_where_nothing_was_kept(zone: RawZone, cache: ParsedCache) -> None:
    cache.forget_others(zone)

    assert not cache.folder.exists()


def test_what_a_killed_run_left_half_written_is_no_hindrance(
    zone: RawZone, cache: ParsedCache, parsed_segments: list[str]
) -> None:
    segment = zone.segments()[0]
    cache.parse(zone, segment)
    (place,) = cache.folder.iterdir()
    partial = place.rename(place.with_name(f"{place.name}.part"))
    (partial / "captures.arrow").write_bytes(b"half")

    for _ in range(2):
        assert cache.parse(zone, segment)["captures"].equals(parse_segment(segment)["captures"])
    assert parsed_segments == [segment.name] * 2


def test_several_may_keep_the_same_at_once_while_others_read_it(zone: RawZone, cache: ParsedCache) -> None:
    segment = zone.segments()[0]
    fresh = parse_segment(segment)

    def keep_and_read(_: int) -> bool:
        cache.keep(zone, segment, fresh)
        return all(cache.parse(zone, segment)[name].equals(table) for name, table in fresh.items())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(keep_and_read, range(30)))
    assert len(list(cache.folder.iterdir())) == 1


def test_what_is_kept_and_whole_is_not_touched_again(zone: RawZone, cache: ParsedCache) -> None:
    segment = zone.segments()[0]
    cache.parse(zone, segment)
    (place,) = cache.folder.iterdir()
    before = place.stat().st_mtime_ns

    cache.keep(zone, segment, parse_segment(segment))

    assert place.stat().st_mtime_ns == before


def test_the_segments_that_are_lacking_are_known(zone: RawZone, cache: ParsedCache) -> None:
    first, second = zone.segments()
    assert cache.lacking(zone, [first, second]) == [first, second]
    cache.parse(zone, first)
    assert cache.lacking(zone, [first, second]) == [second]
    cache.forget()
    assert cache.lacking(zone, [first]) == [first]


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "changed"])
def test_a_damaged_cache_is_never_needed(damage: str, zone: RawZone, cache: ParsedCache) -> None:
    segment = zone.segments()[0]
    fresh = cache.parse(zone, segment)
    (file,) = cache.folder.glob("*/entries.arrow")
    data = file.read_bytes()
    wrong = []

    for at in range(0, len(data), 97):
        match damage:
            case "missing":
                file.unlink(missing_ok=True)
            case "empty":
                file.write_bytes(b"")
            case "cut":
                file.write_bytes(data[:at])
            case _:
                file.write_bytes(data[:at] + bytes([data[at] ^ 0x15]) + data[at + 1 :])
        try:
            kept = cache.parse(zone, segment)
            same = all(kept[name].equals(fresh[name]) for name in fresh)
        except Exception as error:  # it must be read again instead
            wrong.append((at, repr(error)))
        else:
            wrong += [] if same else [(at, "other rows")]

    assert wrong == []


def sha256_of(place: Path) -> str:
    return "".join(f"{file_sha256(file)}\n" for file in sorted(place.glob("*.arrow")))


def test_what_another_user_kept_is_parsed_again(zone: RawZone, cache: ParsedCache, parsed_segments: list[str]) -> None:
    segment = zone.segments()[0]
    forged = {name: table.slice(0, 0) for name, table in parse_segment(segment).items()}
    ParsedCache(cache.folder, b"the key of another").keep(zone, segment, forged)
    (place,) = cache.folder.iterdir()
    (place / "sha256").write_text(sha256_of(place))  # what former releases took for a signature

    for _ in range(2):
        assert cache.parse(zone, segment)["captures"].num_rows > 0
    assert parsed_segments == [segment.name]


def test_what_was_kept_of_one_segment_is_not_taken_for_what_another_yielded(
    zone: RawZone, cache: ParsedCache, parsed_segments: list[str]
) -> None:
    first, second = zone.segments()
    cache.parse(zone, first)
    (kept,) = cache.folder.iterdir()
    fresh = cache.parse(zone, second)
    (other,) = set(cache.folder.iterdir()) - {kept}
    shutil.rmtree(other)
    kept.rename(other)

    assert cache.parse(zone, second)["captures"].equals(fresh["captures"])
    assert parsed_segments == [first.name, second.name, second.name]


def test_a_pipe_or_a_link_in_the_cache_is_neither_waited_for_nor_followed(
    zone: RawZone, cache: ParsedCache, parsed_segments: list[str]
) -> None:
    segment = zone.segments()[0]
    cache.parse(zone, segment)
    (file,) = cache.folder.glob("*/entries.arrow")
    file.unlink()
    os.mkfifo(file)
    cache.parse(zone, segment)
    (file,) = cache.folder.glob("*/entries.arrow")
    elsewhere = file.rename(cache.folder.parent / "entries.arrow")
    file.symlink_to(elsewhere)
    cache.parse(zone, segment)

    assert parsed_segments == [segment.name] * 3


@pytest.mark.parametrize("delete", [ParsedCache.forget, lambda cache: cache.forget_others(RawZone(cache.folder))])
def test_nothing_is_deleted_in_a_folder_to_which_a_link_in_place_of_the_cache_leads(
    delete: Callable[[ParsedCache], None], cache: ParsedCache, tmp_path: Path
) -> None:
    (tmp_path / "home" / "letters").mkdir(parents=True)
    cache.folder.symlink_to(tmp_path / "home")

    delete(cache)

    assert (tmp_path / "home" / "letters").is_dir()
    assert not cache.folder.is_symlink()


def test_the_version_changes_with_a_release_of_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    before = parsed_cache.code_version()
    monkeypatch.setattr(parsed_cache, "version", lambda _library: "99.9")
    parsed_cache.code_version.cache_clear()
    after = parsed_cache.code_version()
    parsed_cache.code_version.cache_clear()

    assert before != after


def test_the_key_is_the_user_s_alone_and_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    keys = {parsed_cache.user_key() for _ in range(2)}

    (file,) = (tmp_path / "wcda").iterdir()
    assert keys == {file.read_bytes()}
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_state_folder_that_cannot_be_written_stops_nothing(
    zone: RawZone, cache: ParsedCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))

    kept = ParsedCache(cache.folder).parse(zone, zone.segments()[0])

    assert kept["captures"].num_rows > 0
