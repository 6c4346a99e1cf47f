"""What a person asks for, and the texts and dates in which it is looked for.

The report's scripts `text.js` and `dates.js` read a question, fold texts and compare dates in the same way, so that
both find the same and agree on what is the better hit.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wcda.errors import UsageError

Period = tuple[str, str]
"""First and last day, as texts of ten characters, which compare as days do."""

_FIRST_DAY, _LAST_DAY = "0000-00-00", "9999-99-99"
_AROUND = 60  # characters of a passage on each side
_GAP = " … "  # between parts of a passage

_QUOTES = re.compile("[“”„«»]")
_PART = re.compile(r'([-−–]?)(?:"([^"]*)("?)|([^\s"]+))')
_ID_BEGINNING = re.compile(r"[0-9a-f]{4,16}")
_UNIT = re.compile(r"([0-9]{4}|[0-9]{3}X|[0-9]{2}XX)(?:-([0-9]{2}|XX))?(?:-([0-9]{2}|XX))?[~?%]*")
_DECADE = re.compile(r"([0-9]{3})0['’]?S")
_YEARS = re.compile(r"([0-9]{4})[-–—]([0-9]{4})")
_SEASONS, _WINTER = 20, 24  # months from 21 on are seasons in EDTF
_MONTHS, _DAYS = 12, 31

_ONE_LETTER = dict(zip("ßæœøđłðþħıς", ("ss", "ae", "oe", "o", "d", "l", "d", "th", "h", "i", "σ"), strict=True))
# Letters of scripts that write no spaces between words: each counts as a word.
_ALONE = re.compile(
    r"[\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufad9\U00020000-\U000323af"
    r"\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\u31f0-\u31ff\u0e01-\u0e3a\u0e40-\u0e5b]"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is asked for, or that must not be there.

    Attributes:
        text: As it was typed, without quotes and minus.
        is_phrase: Whether its last word is whole.
        needle: What must stand in a folded text, with a space behind it if its last word is whole; empty if it has no
            words.
        period: The days that it names; `None` if it is no date.
        id_beginning: What an id may begin with; `None` if none can.
    """

    text: str
    is_phrase: bool = False
    is_unwanted: bool = False
    needle: str = ""
    period: Period | None = None
    id_beginning: str | None = None

    def __str__(self) -> str:
        """As it can be typed; only the last phrase of a question can lack its second quotation mark."""
        is_open = not self.is_phrase and " " in self.text
        quotes = '"' if self.is_phrase or is_open else ""
        return f"{'-' * self.is_unwanted}{quotes}{self.text}{'' if is_open else quotes}"


def read_query(query: str) -> list[Part]:
    """The parts of what a person typed.

    Raises:
        UsageError: There is nothing to look for.
    """
    parts = [_part(*groups) for groups in _PART.findall(_QUOTES.sub('"', query))]
    wanted = [part for part in parts if part.needle or part.period]
    if not wanted:
        raise UsageError("nothing to look for: give a word, a phrase in quotes, a date, or an id")
    return wanted


def _part(minus: str, phrase: str, end: str, word: str) -> Part:
    text = word or phrase
    needle = fold(text).rstrip()
    if needle and end:
        needle += " "
    is_id = word and _ID_BEGINNING.fullmatch(word.lower())
    return Part(
        text, bool(end), bool(minus), needle, period_of(word) if word else None, word.lower() if is_id else None
    )


# Texts


class _Letters(dict[int, str]):
    """What each letter counts as, once it is small: without accents, and a space for what is no letter or digit."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        plain = "".join(each for each in unicodedata.normalize("NFKD", letter).lower() if not _is_mark(each))
        plain = "".join(_ONE_LETTER.get(each, each) for each in plain)
        found = "".join(f" {each} " if _ALONE.match(each) else each if _is_in_words(each) else " " for each in plain)
        self[code] = found
        return found


def _is_mark(letter: str) -> bool:
    category = unicodedata.category(letter)
    return category[0] == "M" or category == "Cf"


def _is_in_words(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LN"


_LETTERS = _Letters()
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ASCII_GAPS = re.compile(r"[\x00-\x2f\x3a-\x60\x7b-\x7f]+")


def fold(text: str) -> str:
    """Words without accents, capitals and punctuation, each with one space on either side; empty if there are none."""
    lower = text.lower()
    if not lower.isascii():  # few letters are not, and a text without them is folded ten times as fast
        lower = _NOT_ASCII.sub(lambda letter: _LETTERS[ord(letter[0])], lower)
    plain = lower.translate(_LETTERS) if lower.isascii() else _ASCII_GAPS.sub(" ", lower)
    words = plain.split()
    return f" {' '.join(words)} " if words else ""


def is_in(part: Part, folded: str) -> bool:
    """Whether the words of a part stand in a folded text, from the beginning of the first."""
    return bool(part.needle) and part.needle in folded


def split_hits(text: str, parts: Iterable[Part]) -> list[tuple[str, bool]]:
    """A text in pieces, in order, each with whether it is a hit; a hit is marked as whole words."""
    pieces, done = [], 0
    for begin, end in _hits(text, parts):
        pieces += [(text[done:begin], False), (text[begin:end], True)]
        done = end
    return [piece for piece in [*pieces, (text[done:], False)] if piece[0]]


def passage(text: str, parts: Iterable[Part]) -> str:
    """What stands around the first place of each part, in one line; empty if none of them stands there."""
    folded = fold(text)
    found = sorted((folded.find(part.needle), part.needle) for part in parts if is_in(part, folded))
    windows: list[tuple[int, int]] = []
    for at, needle in found:
        place = _place_of_word(text, folded.count(" ", 0, at))
        begin, end = max(0, place - _AROUND), min(len(text), place + len(needle) + _AROUND)
        if windows and begin <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        else:
            windows.append((begin, end))
    whole = [_whole_words(text, begin, end) for begin, end in windows]
    if not whole:
        return ""
    start, stop = ("…" if windows[0][0] else ""), ("…" if windows[-1][1] < len(text) else "")
    return f"{start}{_GAP.join(whole)}{stop}"


def _whole_words(text: str, begin: int, end: int) -> str:
    """A part of a text in one line, without the words that it begins or ends within."""
    words = text[begin:end].split()
    if begin and not text[begin - 1].isspace() and not text[begin].isspace() and len(words) > 1:
        words = words[1:]
    if end < len(text) and not text[end].isspace() and not text[end - 1].isspace() and len(words) > 1:
        words = words[:-1]
    return " ".join(words)


def _place_of_word(text: str, number: int) -> int:
    """Where the word with this number, from 0 as folding counts them, begins in a text."""
    for run in re.finditer(r"\S+", text):
        words = len(fold(run[0]).split())
        if words > number:
            folded, places = _folded_with_places(run[0])
            starts = [at + 1 for at, letter in enumerate(folded[:-1]) if letter == " "]
            return run.start() + places[starts[number]]
        number -= words
    return len(text)


def _hits(text: str, parts: Iterable[Part]) -> Iterator[tuple[int, int]]:
    """Begin and end of each hit in a text, in order, none in another."""
    folded, places = _folded_with_places(text)
    found = set()
    for part in parts:
        at = folded.find(part.needle) if part.needle else -1
        while at != -1:
            last = folded.index(" ", at + len(part.needle.rstrip())) - 1
            found.add((places[at + 1], _with_marks(text, places[last] + 1)))
            at = folded.find(part.needle, at + 1)
    done = 0
    for begin, end in sorted(found):
        if end > done:
            yield max(begin, done), end
            done = end


def _with_marks(text: str, end: int) -> int:
    """The end of a word, behind the accents of its last letter."""
    while end < len(text) and _is_mark(text[end]):
        end += 1
    return end


def _folded_with_places(text: str) -> tuple[str, list[int]]:
    """A folded text, and of each of its characters the place in the text."""
    letters, places = [" "], [0]
    for place, letter in enumerate(text):
        for each in letter.lower().translate(_LETTERS):
            if each != " " or letters[-1] != " ":
                letters.append(each)
                places.append(place)
    if letters[-1] != " ":
        letters.append(" ")
        places.append(len(text))
    return "".join(letters), places


# Dates


def span_of(edtf: str) -> Period | None:
    """First and last day that a date in EDTF can mean; of an open interval, of the end that is known.

    `None` if it is no date.
    """
    units = [_unit_span(each) for each in re.split(r"[/,]|\.\.", re.sub(r"^[\[{]|[\]}]$", "", edtf)) if each]
    spans = [span for span in units if span is not None]
    if not spans or len(spans) < len(units):
        return None
    return min(first for first, _ in spans), max(last for _, last in spans)


def period_of(text: str) -> Period | None:
    """The days that a person asks for, in EDTF, or as `1960s` and `1962-1965`. An open end is open.

    `None` if it is no date.
    """
    asked = text.upper()
    if decade := _DECADE.fullmatch(asked):
        asked = f"{decade[1]}X"
    if years := _YEARS.fullmatch(asked):
        asked = f"{years[1]}/{years[2]}"
    span = span_of(asked)
    if span is None:
        return None
    return (
        _FIRST_DAY if asked.startswith(("..", "/")) else span[0],
        _LAST_DAY if asked.endswith(("..", "/")) else span[1],
    )


def _unit_span(text: str) -> Period | None:
    found = _UNIT.fullmatch(text)
    if not found:
        return None
    month, day = found[2] or "XX", found[3] or "XX"
    first, last = found[1].replace("X", "0"), found[1].replace("X", "9")
    if month == "XX":
        return f"{first}-01-01", f"{last}-12-31"
    number = int(month)
    if number == _WINTER:  # either that has months in its year
        return f"{int(first) - 1:04}-12-01", f"{int(last) + 1:04}-02-31"
    season = 3 * (number - _SEASONS)
    begin, end = (season, season + 2) if number > _SEASONS else (number, number)
    if number == 0 or end > _MONTHS or (day != "XX" and int(day) > _DAYS):
        return None
    if day == "XX":
        return f"{first}-{begin:02}-01", f"{last}-{end:02}-31"
    return f"{first}-{begin:02}-{day}", f"{last}-{end:02}-{day}"


def is_within(span: Period, period: Period) -> bool:
    """Whether all days of the first lie in the second."""
    return span[0] >= period[0] and span[1] <= period[1]


def is_touching(span: Period, period: Period) -> bool:
    """Whether the two share a day."""
    return span[0] <= period[1] and span[1] >= period[0]
