"""Pages whose links a mirror made relative to its files."""

import pytest

from extractors.wilson_center.layouts.mirrored import undo_mirroring

SITE = "https://digitalarchive.wilsoncenter.org"


@pytest.mark.parametrize(
    ("url", "link", "meant"),
    [
        (f"{SITE}/search?page=1", "document/a-letter.html", "/document/a-letter"),
        (f"{SITE}/search", "document/a-letter/index.html#top", "/document/a-letter#top"),
        (f"{SITE}/document/one", "two.html", "/document/two"),
        (f"{SITE}/document/one", "../people/zhou-enlai.html", "/people/zhou-enlai"),
        (f"{SITE}/document/one", "../sites/default/files/a.pdf", "/sites/default/files/a.pdf"),
        (None, "../document/a-letter.html", "/document/a-letter"),
        ("urn:wcda:file:a.html", "document/a-letter", "/document/a-letter"),
    ],
)
def test_a_link_that_a_mirror_made_relative_is_that_of_the_site(url: str | None, link: str, meant: str) -> None:
    assert undo_mirroring(f'<a class="x" href="{link}">A</a>', url) == f'<a class="x" href="{meant}">A</a>'


@pytest.mark.parametrize(
    "link",
    ["/document/a", "https://example.org/a.html", "#document/a.html", "?page=1", "mailto:a@example.org", "a b.html"],
)
def test_other_links_are_not_touched(link: str) -> None:
    text = f'<a href="document/b.html"></a><a href="{link}">'

    assert undo_mirroring(text, None).endswith(f'<a href="{link}">')
