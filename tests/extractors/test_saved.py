"""Saved pages: which files are pages, to which collection they belong, and what cannot be opened."""

import os
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest

from extractors.sources import saved
from extractors.sources.archives import read_archive
from extractors.sources.saved import find_origin, read_page_file
from extractors.wilson_center import ARCHIVE_URL, SAMPLES
from extractors.wilson_center.catalog import Catalog, CatalogEntry
from schemas.errors import SourceError, UsageError
from schemas.identifiers import file_url
from schemas.issues import Issue
from schemas.records import ArchivedPage, Capture, Collection

NOTHING = Catalog()


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def pages_of(path: Path, catalog: Catalog = NOTHING) -> list[ArchivedPage]:
    return [item for item in read_archive(path, catalog, Counter()) if isinstance(item, ArchivedPage)]


def found(path: Path, catalog: Catalog = NOTHING) -> dict[str, str]:
    """Names of the pages, in order, with the ids of their collections."""
    return {
        unquote(page.capture.url.removeprefix(file_url(""))): page.collection.collection_id
        for page in pages_of(path, catalog)
    }


def test_the_files_of_a_folder_are_found_in_order_of_their_names(tmp_path: Path) -> None:
    fill(tmp_path, "b.txt", "a/z.txt", "a.txt", "A.txt", "10.txt", "9.txt", "a/b/c.html")

    assert list(found(tmp_path)) == ["10.txt", "9.txt", "A.txt", "a.txt", "a/b/c.html", "a/z.txt", "b.txt"]


def test_hidden_files_and_folders_are_no_pages(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt", ".hidden.txt", ".DS_Store", ".git/a.txt", "b/.c/d.txt", "b/.e.txt", "b/f.txt")

    assert list(found(tmp_path)) == ["a.txt", "b/f.txt"]


def test_a_hidden_folder_that_is_named_is_read(tmp_path: Path) -> None:
    assert list(found(fill(tmp_path / ".pages", "a.txt"))) == ["a.txt"]


def test_one_file_is_a_source_of_its_own(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt", "b.txt")

    assert found(tmp_path / "a.txt") == {"a.txt": "a"}


def test_a_path_that_is_not_there_is_a_mistake_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder") as caught:
        pages_of(tmp_path / "missing")
    assert str(tmp_path / "missing") in str(caught.value)


@pytest.mark.parametrize("names", [(), (".hidden",), (".git/a.txt",)], ids=["empty", "hidden file", "hidden folder"])
def test_a_folder_without_pages_gives_nothing_and_says_so(names: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the folder holds no pages"):
        pages_of(fill(tmp_path, *names))


def test_folders_without_files_are_no_pages(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt")
    (tmp_path / "empty" / "deeper").mkdir(parents=True)

    assert list(found(tmp_path)) == ["a.txt"]


# Collections

STEMS = {
    "one": ({"a.txt": "a"}),
    "other stems": ({"a.txt": "a", "b.txt": "b"}),
    "only the last suffix goes": ({"a.page.html": "a.page"}),
    "no suffix": ({"a": "a"}),
    "in a folder": ({"x/a.txt": "a"}),
    "the same stem in two folders": ({"x/a.txt": "x/a", "y/a.txt": "y/a"}),
    "the same stem above and below": ({"a.txt": "a.txt", "x/a.txt": "x/a"}),
    "the same stem, other letter case": ({"A.txt": "A", "a.txt": "a"}),
    "some share a stem": ({"b.txt": "b", "x/a.txt": "x/a", "y/a.txt": "y/a"}),
    "as a listing is called": ({"all.txt": "file:all", "x/topics-86494.html": "file:topics-86494"}),
    "as another kind of facet is": ({"contributors-5.txt": "file:contributors-5"}),
    "other letters": ({"中文 é.txt": "中文 é"}),
}


@pytest.mark.parametrize("wanted", STEMS.values(), ids=STEMS)
def test_a_file_of_no_collection_is_one_of_its_own_named_after_its_stem(wanted: dict[str, str], tmp_path: Path) -> None:
    assert found(fill(tmp_path, *wanted)) == wanted


def test_a_file_is_no_collection_of_the_catalog_by_its_stem_alone(tmp_path: Path) -> None:
    catalog = Catalog(collections=(CatalogEntry(id="mine", files=("page*.txt",)),))

    assert found(fill(tmp_path, "mine.txt", "page1.txt"), catalog) == {"mine.txt": "file:mine", "page1.txt": "mine"}


def test_files_that_differ_only_in_their_suffix_are_collections_of_their_own(tmp_path: Path) -> None:
    assert len(set(found(fill(tmp_path, "a.html", "a.txt")).values())) == 2


def test_a_file_is_not_named_as_another_file_is(tmp_path: Path) -> None:
    assert len(set(found(fill(tmp_path, "a.html", "a.txt", "a.txt.bak")).values())) == 3


def test_of_a_collection_of_its_own_nothing_is_known_but_the_id(tmp_path: Path) -> None:
    (page,) = pages_of(fill(tmp_path, "a.txt"))

    assert page.collection == Collection("a", kind="unknown", name=None, query=None, url=None)


def test_a_name_in_another_encoding_still_has_a_collection_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"x")

    (page,) = pages_of(tmp_path)

    assert page.collection.collection_id.encode() == b"caf?"
    assert page.capture.body == b"x"
    assert page.capture.url == "urn:wcda:file:caf%E9.txt"


def test_the_catalog_says_what_belongs_to_its_collections_and_the_rest_stays_alone(tmp_path: Path) -> None:
    catalog = Catalog(
        collections=(
            CatalogEntry(id="china", name="China", kind="topics", files=("china-*.txt", "more/*")),
            CatalogEntry(id="all-html", files=("*.html",)),
        )
    )
    fill(tmp_path, "china-1.txt", "china-2.txt", "more/x.html", "y.html", "alone.txt")

    assert found(tmp_path, catalog) == {
        "alone.txt": "alone",
        "china-1.txt": "china",
        "china-2.txt": "china",
        "more/x.html": "china",
        "y.html": "all-html",
    }
    assert pages_of(tmp_path, catalog)[1].collection == Collection("china", "topics", "China")


def test_one_file_is_matched_by_its_name_alone(tmp_path: Path) -> None:
    catalog = Catalog(collections=(CatalogEntry(id="china", files=("more/a.txt",)),))
    fill(tmp_path, "more/a.txt")

    assert found(tmp_path, catalog) == {"more/a.txt": "china"}
    assert found(tmp_path / "more" / "a.txt", catalog) == {"a.txt": "a"}


# Captures

TYPES = [("a.txt", "text/plain"), ("a.html", "text/html"), ("a", "application/octet-stream")]


@pytest.mark.parametrize(("name", "content_type"), TYPES)
def test_a_capture_has_the_bytes_and_no_instant(name: str, content_type: str, tmp_path: Path) -> None:
    (page,) = pages_of(fill(tmp_path, f"deep/{name}"))

    assert page.capture == Capture(
        url=f"urn:wcda:file:deep/{name}",
        body=f"deep/{name}".encode(),
        content_type=content_type,
        collection_id="a",
        captured_at=None,
        http_status=None,
    )


def test_a_file_as_large_as_allowed_is_read_and_a_larger_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MAX_PAGE_BYTES", 10)
    (tmp_path / "ten.txt").write_bytes(b"x" * 10)
    (tmp_path / "eleven.txt").write_bytes(b"x" * 11)

    assert read_page_file(tmp_path / "ten.txt") == b"x" * 10
    with pytest.raises(SourceError, match=r"eleven\.txt: 11 bytes are no page \(at most 10 bytes\)"):
        read_page_file(tmp_path / "eleven.txt")


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(SourceError, match=r"huge\.txt"):
        read_page_file(tmp_path / "huge.txt")


def test_a_link_to_nothing_is_an_issue_of_its_own_and_not_of_the_folder(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt")
    (tmp_path / "gone.txt").symlink_to("nowhere")
    (tmp_path / "loop.txt").symlink_to("loop.txt")

    first, gone, loop = read_archive(tmp_path, NOTHING, Counter())

    assert isinstance(first, ArchivedPage)
    assert first.capture.body == b"a.txt"
    for name, issue in [("gone.txt", gone), ("loop.txt", loop)]:
        assert isinstance(issue, Issue)
        assert (issue.level, issue.kind, issue.url) == ("error", "unreadable-file", file_url(name))
        assert len(issue.message.splitlines()) == 1


def test_a_link_that_cannot_be_followed_does_not_end_the_harvest(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt")
    (tmp_path / "long.txt").symlink_to("x" * 300)  # no file system has such a name

    first, long = read_archive(tmp_path, NOTHING, Counter())

    assert isinstance(first, ArchivedPage)
    assert isinstance(long, Issue)
    assert (long.kind, long.url) == ("unreadable-file", file_url("long.txt"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt")
    (tmp_path / "a.txt").chmod(0)

    with pytest.raises(SourceError, match=r"a\.txt: Permission denied"):
        read_page_file(tmp_path / "a.txt")


@pytest.mark.parametrize("name", ["mem", "environ"])
def test_what_the_kernel_makes_as_it_is_read_is_empty(name: str) -> None:
    assert read_page_file(Path("/proc/self") / name) == b""


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr(Path, "read_bytes", lambda path: opened.append(path.name) or b"")
    os.mkfifo(tmp_path / "pipe.txt")

    with pytest.raises(SourceError, match=r"pipe\.txt"):
        read_page_file(tmp_path / "pipe.txt")
    assert opened == []


def test_a_link_within_the_folder_is_read_as_what_it_leads_to(tmp_path: Path) -> None:
    fill(tmp_path / "pages", "b.txt", "c/a.txt")
    (tmp_path / "pages" / "more").symlink_to("c")
    (tmp_path / "linked").symlink_to("pages")

    names = list(found(tmp_path / "pages"))
    assert names in (["b.txt", "c/a.txt"], ["b.txt", "more/a.txt"])  # once, by the name that the system lists first
    assert list(found(tmp_path / "linked")) == names


def test_a_link_that_leads_out_of_the_folder_is_reported_and_not_followed(tmp_path: Path) -> None:
    fill(tmp_path / "secret", "key.txt")
    fill(tmp_path / "pages", "b.txt")
    (tmp_path / "pages" / "images").symlink_to(tmp_path / "secret")
    (tmp_path / "pages" / "environ.txt").symlink_to("/proc/self/environ")
    (tmp_path / "pages" / "kmsg.txt").symlink_to("/proc/kmsg")

    items = list(read_archive(tmp_path / "pages", NOTHING, Counter()))
    issues = [item for item in items if isinstance(item, Issue)]

    assert list(found(tmp_path / "pages")) == ["b.txt"]
    assert [(issue.kind, issue.url) for issue in issues] == [
        ("unsafe-member", file_url(name)) for name in ("environ.txt", "images", "kmsg.txt")
    ]


def test_the_samples_are_two_pages_with_collections_of_their_own() -> None:
    pages = found(SAMPLES)

    assert pages == {f"{stem}.txt": stem for stem in ("000_56f256ad2640980a", "004_483692c85964be7d")}
    assert all(b" of " in page.capture.body for page in pages_of(SAMPLES))


@pytest.mark.parametrize(
    "name",
    [
        "digitalarchive.wilsoncenter.org:443/search?f[0]=topics:86494",
        "digitalarchive.wilsoncenter.org+80/search@f[0]=topics%3A86494.html",
        "digitalarchive.wilsoncenter.org/search?f[0]=topics:86494.1",
        "digitalarchive.wilsoncenter.org/search?f[0]=topics:86494.1.html",
        "digitalarchive.wilsoncenter.org/search?f[0]=topics:86494.html.tmp",
        "digitalarchive.wilsoncenter.org/search/index.html?f[0]=topics:86494",
    ],
)
def test_names_that_wget_gives_lead_to_the_listing(name: str) -> None:
    listing = find_origin(tuple(name.split("/")), ARCHIVE_URL).listing

    assert listing is not None
    assert listing.collection_id == "topics-86494"


def test_what_crawlers_write_of_their_own_work_is_counted_and_no_page(tmp_path: Path) -> None:
    for name in ("hts-log.txt", "hts-cache/doit.log", "wget-log", "indexes/index.cdxj", "pages/pages.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("some words")
    (tmp_path / "index.html").write_text(
        '<html><meta name="description" content="HTTrack is an easy-to-use website mirror utility." /></html>'
    )
    skipped: Counter[str] = Counter()

    assert list(read_archive(tmp_path, Catalog(), skipped)) == []
    assert skipped.total() == 6
