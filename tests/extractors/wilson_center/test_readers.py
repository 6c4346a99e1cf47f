"""Text that readers and text browsers render: titles and addresses are those of the page."""

import pytest

from extractors.parsing import read_page
from extractors.wilson_center.layouts.readers import undo_rendering
from schemas.listings import Entry, listing_entries, listing_range

SITE = "https://digitalarchive.wilsoncenter.org"
FIRST = Entry(
    1, "March 14, 1951", "Telegram from Karpov [Excerpt]", "Karpov reports on the talks.", f"{SITE}/document/a"
)
SECOND = Entry(2, "1962", "Report (Draft) of the Mission", None, f"{SITE}/document/b")

RENDITIONS = {
    "headings that are links": f"""Title: Search

URL Source: {SITE}/search

Markdown Content:
[Skip to content]({SITE}/search#main)

Results: 1 - 2 of 2 Documents

March 14, 1951

### [Telegram from Karpov \\[Excerpt\\]]({SITE}/document/a)

[Karpov]({SITE}/people/karpov) reports on **the** talks.

1962

### [Report (Draft) of the Mission]({SITE}/document/b "Report")
""",
    "relative links, a range in bold": """Results: **1 - 2 of 2** Documents

March 14, 1951

* [Telegram from Karpov [Excerpt]](/document/a)

Karpov reports on the talks.

1962

**[Report (Draft) of the Mission](</document/b>)**
""",
    "numbers and references": f"""
   [1]Skip to content

   Results: 1 - 2 of 2 Documents

   March 14, 1951

   [2]Telegram from Karpov
   [Excerpt]

   [3]Karpov reports on the talks.

   1962

[4]Report (Draft) of the Mission

References

   Visible links:
   1. {SITE}/search#main
   2. {SITE}/document/a
   3. {SITE}/people/karpov
   4. {SITE}/document/b
""",
}


@pytest.mark.parametrize("text", RENDITIONS.values(), ids=RENDITIONS)
def test_a_rendition_gives_the_titles_and_addresses_of_the_page(text: str) -> None:
    page = read_page(text.encode())

    held = listing_range(page)
    assert held is not None
    assert held.total == 2
    assert listing_entries(page) == (FIRST, SECOND)
    assert page.issues == ()


PLAIN = ["", "March 14, 1951\n\nLetter [1]\n\nA [draft] (see above).\n", "References\n\n1. A list of books\n"]


@pytest.mark.parametrize("text", PLAIN)
def test_text_that_no_reader_rendered_stays_as_it_is(text: str) -> None:
    assert undo_rendering(text).text == text


DUMPS = {
    "lynx": """   Results: 1 - 2 of 2 Documents

   March 14, 1951

[1]First
title

   A summary that
   goes on.
   1962

[2]Second

   Another.

References

   1. SITE/document/a
   2. SITE/document/b
""",
    "lynx with URLs in the text": """   Results: 1 - 2 of 2 Documents

   March 14, 1951

[SITE/document/a]First
title

   A summary that
   goes on.
   1962

[SITE/document/b]Second

   Another.
""",
    "w3m": """Results: 1 - 2 of 2 Documents

March 14, 1951

[1]First
title

A summary that
goes on.

1962

[2]Second

Another.

References:

[1] SITE/document/a
[2] SITE/document/b
""",
    "html2text": """Results: **1 - 2 of 2** Documents

March 14, 1951

### [First
title](SITE/document/a)

A summary that
goes on.\x20\x20
---\x20\x20
1962

### [Second](SITE/document/b)

Another.
""",
    "html2text with references": """Results: **1 - 2 of 2** Documents

March 14, 1951

### [First title][1]

A summary that goes on.
1962

### [Second][2]

Another.

   [1]: SITE/document/a
   [2]: SITE/document/b
""",
    "underlined headings": """Results: 1 - 2 of 2 Documents

March 14, 1951

[First title](SITE/document/a)
------------------------------

A summary that goes on.

*   1962

[Second](SITE/document/b)
-------------------------

Another.
""",
}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("dump", DUMPS.values(), ids=DUMPS)
def test_dumps_as_their_tools_write_them_hold_titles_dates_and_urls(dump: str, end: str) -> None:
    page = read_page(dump.replace("SITE", SITE).replace("\n", end).encode())

    assert page.issues == ()
    assert listing_entries(page) == (
        Entry(1, "March 14, 1951", "First title", "A summary that goes on.", f"{SITE}/document/a"),
        Entry(2, "1962", "Second", "Another.", f"{SITE}/document/b"),
    )


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read_with_a_warning(codec: str) -> None:
    page = read_page("1 - 1 of 1\n\n\nMarch 14, 1951\n\nПисьмо посла\n\nСодержание.\n".encode(codec))

    assert [entry.title for entry in listing_entries(page)] == ["Письмо посла"]
    assert [issue.kind for issue in page.issues] == ["encoding"]


def test_a_null_costs_one_character_and_a_warning() -> None:
    page = read_page(b"1 - 1 of 1\n\n\nMarch 14, 1951\n\nA\x00B\n\nA summary.\n")

    assert [entry.title for entry in listing_entries(page)] == ["A\ufffdB"]
    assert [issue.kind for issue in page.issues] == ["encoding"]


@pytest.mark.parametrize(
    "line", ["12.V.1958", "19 Mai 1958", "Juin 1958", "Undated (1958)", "May 12, 1958 (approx.)", "N/A", "Unknown", "—"]
)
def test_a_line_in_place_of_a_date_begins_a_record_though_it_cannot_be_read(line: str) -> None:
    page = read_page(
        f"1 - 2 of 2\n\n\nMarch 14, 1951\n\nA Title\n\nA summary.\n\n{line}\n\nAnother\n\nIts summary.\n".encode()
    )

    assert [(entry.date_text, entry.title) for entry in listing_entries(page)] == [
        ("March 14, 1951", "A Title"),
        (line, "Another"),
    ]
