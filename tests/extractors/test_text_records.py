"""What a page in plain text shows of its entries: where titles end as sentences do, and where the page is cut."""

from itertools import product

import pytest

from extractors.parsing import read_page
from schemas.listings import listing_entries

DATES = ("March 14, 1951", "November 2, 1957", "July 30, 1962", "May 5, 1958")
Record = tuple[str, str, str | None]


def page_of(records: list[Record], end: str = "\n") -> bytes:
    text = "\n\n".join(part for record in records for part in record if part)
    return f"Skip to content\n\n\n1 - {len(records)} of {len(records)}\n\n\n{text}{end}".encode()


@pytest.mark.parametrize(
    "end",
    [
        *("U.S.", "p.m.", "Jr.", "Vol.", "No. 7.", "1958.", "etc.", "?", "!", "…", "...", '"Peace."', "“Peace?”"),
        *("(Excerpt).", "[Excerpts].", "Comrade K. L.", "Folder 7. The Grain Anthology."),
    ],
)
@pytest.mark.parametrize("with_summary", list(product((True, False), repeat=4)), ids=str)
def test_titles_that_end_as_sentences_stay_titles_with_and_without_summaries(
    end: str, with_summary: tuple[bool, ...]
) -> None:
    records: list[Record] = [
        (date, f"Telegram from Omsk on the Grain of District {number}, {end}", summary if has_summary else None)
        for number, (date, has_summary) in enumerate(zip(DATES, with_summary, strict=True))
        for summary in [f"The mission describes the port, the warehouses and the prices of sugar in {1950 + number}."]
    ]
    page = read_page(page_of(records), url=None)
    assert [(entry.date_text, entry.title, entry.summary) for entry in listing_entries(page)] == records
    assert not page.issues


def test_a_page_that_is_cut_anywhere_in_its_last_summary_says_so_and_keeps_what_is_whole() -> None:
    summary = (
        "Karpov met Mr. Smith and Gen. Lee of the U.S. at 5 p.m. in No. 7, with J. K. Orlov and Dr. Hall, on sugar"
    )
    records: list[Record] = [
        (DATES[0], "Letter to the Committee", "A letter about trade."),
        (DATES[1], "Talk", summary),
    ]
    whole = page_of(records, end="")
    for length in range(len(whole) - len(summary) + 1, len(whole) + 1):
        page = read_page(whole[:length], url=None)
        assert [entry.title for entry in listing_entries(page)] == ["Letter to the Committee"], whole[:length]
        assert "cut-off" in [issue.kind for issue in page.issues]


@pytest.mark.parametrize("end", ["\n", "\n\n", "\r\n\r\n"])
def test_a_page_that_ends_between_a_title_and_its_summary_is_in_doubt_and_keeps_the_entry(end: str) -> None:
    whole = "".join(f"May {day}, 1958\n\nReport {day}\n\nThe mission reports.\n\n" for day in range(1, 6))
    cut = f"1 - 6 of 9\n\n{whole}May 6, 1958\n\nReport on Trade{end}"

    page = read_page(cut.encode())

    assert [(issue.level, issue.kind, issue.found) for issue in page.issues] == [
        ("warning", "cut-off", "May 6, 1958\n\nReport on Trade")
    ]
    assert [entry.title for entry in listing_entries(page)][-2:] == ["Report 5", "Report on Trade"]
