"""Trees of pages, and what a hostile tag costs."""

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from extractors.html.tree import MAX_ATTRIBUTES, parse_html

MANY = 2 * MAX_ATTRIBUTES
NAMES = " ".join(f"a{number}" for number in range(MANY))
TAGS = {
    "names alone": f"<div {NAMES}>",
    "values": f"<div {' '.join(f'a{number}=1' for number in range(MANY))}>",
    "values without blanks": "<div " + "".join(f'a{number}="1"' for number in range(MANY)) + ">",
    "slashes": f"<div/{NAMES.replace(' ', '/')}>",
    "angle brackets in quotes": "<div " + " ".join(f'a{number}=">"' for number in range(MANY)) + ">",
    "angle brackets in other quotes": "<div " + " ".join(f"a{number}='<b>'" for number in range(MANY)) + ">",
    "angle brackets in names": "<div " + " ".join(f"<a{number}" for number in range(MANY)) + ">",
    "a quote in a name": f'<div x" {NAMES} y">',
    "an equals sign first": f'<div ="x {NAMES}">',
    "a quote within a value": f'<div a=b="x {NAMES}">',
    "capitals": f"<DIV {NAMES.upper()}>",
    "in a comment that has ended": f"<!--><div {NAMES}>",
    "in a drawing": f"<svg><style><div {NAMES}></style></svg>",
    "behind a false tag in a comment": f'<!-- <x y=" --><div {NAMES}>',
}


@pytest.mark.parametrize("tag", TAGS.values(), ids=TAGS)
def test_a_tag_keeps_its_first_attributes(tag: str) -> None:
    page = f"<html><body><p>before</p>{tag}<p>behind</p></body></html>"
    root = parse_html(page).root

    assert root is not None
    assert max(len(node.attributes) for node in root.css("*")) <= MAX_ATTRIBUTES + 1
    assert "before" in root.text()


@pytest.mark.parametrize(
    "text",
    [
        f"<p title='{'x ' * MANY}'>text</p>",
        f"<p>1 < 2 {'and so on ' * MANY}</p>",
        f"<p title='a > b'>{'and so on ' * MANY}</p><a href=/x>link</a>",
        f"<div {' '.join(f'a{number}' for number in range(MAX_ATTRIBUTES))}>text</div>",
    ],
)
def test_every_other_page_stays_as_it_is(text: str) -> None:
    page = f"<html><body>{text}</body></html>"

    assert parse_html(page).html == LexborHTMLParser(page).html


def test_the_words_behind_a_tag_with_too_many_attributes_are_read() -> None:
    text = parse_html(f"<html><body><div {NAMES} title='x > y'>words</div></body></html>").root

    assert text is not None
    assert re.sub(r"\s", "", text.text()) == "words"
