"""Text from outside in Markdown: it is data, and no image, link, heading or HTML comes of it."""

import re

from flows.terminal import visible

_MEANS_SOMETHING = re.compile(r"[\\`*_{}\[\]<>()#!|&~:@$=^+-]")  # of ASCII punctuation each can be escaped
_BACKTICKS = re.compile("`+")


def as_markdown(text: str) -> str:
    """Text on one line of Markdown, which shows each character as it is."""
    return _MEANS_SOMETHING.sub(r"\\\g<0>", _on_one_line(text))


def as_code(text: str) -> str:
    """Text as code on one line of Markdown, whatever backticks are in it."""
    line = _on_one_line(text)
    fence = "`" * (1 + max(map(len, _BACKTICKS.findall(line)), default=0))
    blank = " " if len(fence) > 1 else ""
    return f"{fence}{blank}{line}{blank}{fence}"


def _on_one_line(text: str) -> str:
    return visible(" ".join(text.split()))
