r"""Dates as the archive writes them, read into EDTF with the first and last day they can mean.

Pure: no clock, no locale, no network. Nothing is guessed: what has two meanings is not read.
EDTF is ISO 8601-2:2019, in the profile of the Library of Congress (loc.gov/standards/datetime).
Level 0: plain dates, closed intervals. Level 1: `?`, `~`, `%`, seasons `YYYY-21..24`, decades
`YYYX`, open intervals `../Y` and `Y/..`. Level 2: sets `{a,b}`, marks on decades (`195X~`).

A text is cut into tokens; tokens make *points* (`May 5`, `7, 1958`, `1957`), which may lack a
month or a year; points joined by dashes, commas and words make an expression, in which a point
borrows what it lacks from its neighbours. Every step looks at a bounded number of tokens, so
that the time is linear in the length of the text.
"""

import calendar
import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

Precision = Literal["day", "month", "season", "year", "decade", "interval", "unknown"]

_MAX_DATE = 200  # characters; a longer text is prose
_MAX_WORD = 30  # characters; what stands before a date is looked at no further back than that
_MAX_TITLE = 2000  # characters; a longer text is no title, and takes seconds where it is hostile
_MAX_POINTS = 9  # in one expression; the bound that keeps hostile input linear


@dataclass(frozen=True, slots=True)
class DateReading:
    """What a text says of a date: EDTF, and the bounds that follow from it.

    `edtf` is None only where the text itself says that there is no date (`undated`, `n.d.`).
    `start` and `end` are the first and last day of the units named, None where open or unknown;
    `~`, `?` and `%` do not widen them. `before 1958` is `../1958`, as inclusive as EDTF is.
    """

    edtf: str | None
    start: datetime.date | None
    end: datetime.date | None
    precision: Precision
    approximate: bool


_UNDATED = DateReading(None, None, None, "unknown", approximate=False)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_RUSSIAN_MONTHS = (  # as they stand behind a day, and alone
    *(("января", "январь"), ("февраля", "февраль"), ("марта", "март"), ("апреля", "апрель"), ("мая", "май")),
    *(("июня", "июнь"), ("июля", "июль"), ("августа", "август"), ("сентября", "сентябрь")),
    *(("октября", "октябрь"), ("ноября", "ноябрь"), ("декабря", "декабрь")),
)
_DAY_LINE = re.compile(r"([A-Z][a-z]{2,8}) ([0-9]{1,2}), ((?:1[0-9]|20)[0-9]{2})")
_WINTER = 24
_WORDS = {
    **{name[:3]: ("month", number) for number, name in enumerate(_MONTHS, 1)},
    **{name: ("month", number) for number, name in enumerate(_MONTHS, 1)},
    "sept": ("month", 9),
    **{name: ("month", number) for number, names in enumerate(_RUSSIAN_MONTHS, 1) for name in names},
    **{name: ("season", number) for number, name in enumerate(("spring", "summer", "autumn"), 21)},
    "fall": ("season", 23),
    "winter": ("season", _WINTER),
    **dict.fromkeys(("circa", "ca", "c.", "about", "around", "approximately"), ("circa", 0)),
    "approx": ("circa", 0),
    **dict.fromkeys(("early", "mid", "late"), ("part", 0)),
    **dict.fromkeys(("to", "until", "till", "through"), ("to", 0)),
    **{word: (word, 0) for word in ("and", "before", "after", "from", "between", "of", "the")},
    **dict.fromkeys(("&", "и"), ("and", 0)),
}
_ANY_MONTH = "|".join(sorted((word for word, (kind, _) in _WORDS.items() if kind == "month"), key=len, reverse=True))
# The order matters: each alternative is tried before the wider ones below it.
_TOKEN = re.compile(
    r"""
      (?P<undated>(?<![\w.])(?:(?i:undated|no\s+date)(?!\w)
                               |n\.\s*d\.(?!\w)|N\.\s*D\.(?!\s*\w)))  # but not N. D. Smith
    | (?P<bound>(?<!\w)(?i:not?\s+(?:earlier|later|before|after)(?:\s+than)?
                          |не\s+(?:ранее|раньше|позднее|позже)(?:\s+чем)?)(?!\w))
    | (?P<iso>(?:1[0-9]|20)[0-9]{2}-(?:0[1-9]|1[0-2])(?:-[0-9]{2})?(?!-?\w))
    | (?P<east_asian>(?:1[0-9]|20)[0-9]{2}(?:\s?年\s?[0-9]{1,2}\s?月\s?[0-9]{1,2}\s?日
                                             |\.\s*[0-9]{1,2}\.\s*[0-9]{1,2}\.?)(?![\w.]))
    | (?P<day_first>(?:1[3-9]|2[0-9]|3[01])\.\s*[0-9]{1,2}\.\s*(?:1[0-9]|20)[0-9]{2}(?!\w))  # no month has this number
    | (?P<quantity>[0-9]{1,3}(?:,[0-9]{3})+(?!\w))
    | (?P<decade>(?:1[0-9][1-9]|20[1-9])0['\u2019]?[sS](?!\w))  # 1900s may be the century
    | (?P<day>[0-9]{1,2}(?:(?i:st|nd|rd|th)|\.(?=\s*(?:[-\u2013/]\s*[0-9]{1,2}\.\s*)?(?i:MONTH)\b))?(?!\w))
    | (?P<year_word>(?<!\w)(?i:г\.|года?)(?!\w))  # Russian, behind a year
    | (?P<year>(?:1[0-9]|20)[0-9]{2}(?!\w))
    | (?P<short>(?<![\w.])(?i:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|approx|ca?)\.)
    | (?P<word>[^\W_]+|&)
    | (?P<mark>\(\?\)|[?~%])
    | (?P<dash>--|[-\u2010-\u2015\u2212])
    | (?P<slash>/)
    | (?P<comma>,)
    | (?P<open>\[)
    | (?P<close>\])
    | (?P<sign>\S)
    """.replace("MONTH", _ANY_MONTH),
    re.VERBOSE,
)


# Without one of these a text has no date, and need not be cut up.
# Each branch begins with a letter of its own, not with a class: `re` then skips to these letters.
_DATING = re.compile(r"1[0-9]{3}|20[0-9]{2}|u(?i:ndated)|U(?i:ndated)|n(?i:o\s+date|\.\s*d\.)|N(?i:o\s+date|\.\s*d\.)")
_MEANINGFUL = frozenset(
    {*_WORDS, "undated", "no", "date", "not", "earlier", "later", "than", "года", "год"}
    | {"не", "ранее", "раньше", "позднее", "позже", "чем"}
)
"""Words that an expression can contain; every other word ends it."""

_BEGINNINGS = frozenset(
    {
        *("undated", "before", "after", "from", "between", "the", "circa", "part"),
        *("year", "decade", "iso", "numbers", "season", "month", "day"),
    }
)
"""Kinds of token with which an expression can begin."""


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    begin: int
    end: int
    value: int = 0
    bracketed: bool = False


def _token(match: re.Match[str]) -> _Token:
    kind, text = match.lastgroup or "sign", match[0]
    token = _Token(kind, text, *match.span())
    if kind in {"word", "short"}:
        word = text.lower()
        token.kind, token.value = _WORDS.get(word) or _WORDS.get(word.rstrip("."), ("word", 0))
    elif kind in {"day", "year", "decade"}:
        token.value = int(text if text.isdecimal() else re.sub(r"\D", "", text))
    elif kind in {"east_asian", "day_first"}:
        token.kind = "numbers"
    elif kind == "bound":
        token.kind = "after" if re.search("earlier|before|ран", text, re.IGNORECASE) else "before"
    elif kind == "iso" and len(text) == 7 and text[2:4] < text[5:7]:
        token.kind = "word"  # 2003-04 is a month or two years
    return token


def _tokens(text: str, begin: int = 0, end: int = _MAX_TITLE) -> list[_Token]:
    """Cut the text up; brackets that hold nothing but a date become a property of its tokens."""
    tokens: list[_Token] = []
    opened: int | None = None
    for token in map(_token, _TOKEN.finditer(text, begin, end)):
        if token.kind == "close" and opened is not None:
            del tokens[opened]
            for inner in tokens[opened:]:
                inner.bracketed = True
            opened = None
        else:
            if token.kind == "open":
                opened = len(tokens)
            elif token.kind in {"word", "quantity", "sign", "close"}:
                opened = None
            tokens.append(token)
    return tokens


def _is_foreign(chunk: str) -> bool:
    """Tell whether a chunk between blanks is a word that no date contains, perhaps with a comma."""
    word = chunk.strip(" ,:;")
    return word.isalpha() and word.lower() not in _MEANINGFUL


def _chunk_end(text: str, at: int) -> int:
    return text.find(" ", at) + 1 or len(text)


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the parts of a title begin and end that may hold a date.

    No expression and no pair of brackets spans a foreign word, so each part lies between two of
    them; the second belongs to it, as some tokens depend on what follows them.
    """
    end = 0
    while dating := _DATING.search(text, end):
        chunks = text[end : dating.start()].split(" ")
        begin = dating.start() - len(chunks.pop())
        while chunks and not _is_foreign(chunks[-1]):
            begin -= len(chunks.pop()) + 1
        end = at = _chunk_end(text, dating.end())
        while end < len(text) and (at == end or not _is_foreign(text[at:end])):
            at, end = end, _chunk_end(text, end)
        yield begin, end


@dataclass(slots=True)
class _Point:
    """One date of an expression; what it lacks, its neighbours may lend."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    season: int | None = None
    decade: bool = False
    month_first: bool = False  # May 5
    two_winters: bool = False  # Winter 1957-58
    two_digits: bool = False  # a bare `58`: the year before it shows whether it is one
    marks: str = ""  # of ~ ? %

    def is_bare_year(self) -> bool:
        return self.month is None and self.day is None and self.season is None

    def is_bare_day(self) -> bool:
        return self.month is None and self.day is not None


class _Cursor:
    """A place among the tokens that moves forward."""

    def __init__(self, tokens: list[_Token], at: int) -> None:
        self.tokens, self.at = tokens, at

    def take(self, *kinds: str) -> _Token | None:
        """Step over a token if it is of these kinds."""
        if self.at < len(self.tokens) and (token := self.tokens[self.at]).kind in kinds:
            self.at += 1
            return token
        return None

    def take_value(self, kind: str, *links: str) -> int | None:
        """Step over a token of the kind, with a mark (`May? 1958`) and a link (`, 1958`) before."""
        start = self.at
        self.take("mark")
        self.take(*links)
        if token := self.take(kind):
            if kind == "year":
                self.take("year_word")
            return token.value
        self.at = start
        return None

    def take_month_and_day(self) -> tuple[int, int] | None:
        """Step over the rest of `1984 March 27`, which no other year follows."""
        start = self.at
        self.take("comma")
        month, day = self.take("month"), self.take("day")
        behind = self.at + (self.at < len(self.tokens) and self.tokens[self.at].kind == "comma")
        if month and day and not (behind < len(self.tokens) and self.tokens[behind].kind == "year"):
            return month.value, day.value
        self.at = start
        return None

    def take_next_year(self, year: int) -> bool:
        """Step over the rest of `1957-58`."""
        start = self.at
        token = self.take("dash", "slash") and self.take("day", "year")
        if token and token.text in {str(year + 1), str(year + 1)[2:]}:
            return True
        self.at = start
        return False


def _point_of_numbers(numbers: list[int]) -> _Point | None:
    """The point that three numbers name, the year first or last; None if there is no such month."""
    year, month, day = numbers if numbers[0] > numbers[2] else numbers[::-1]
    return _Point(year, month, day) if 1 <= month <= 12 else None


def _body(cursor: _Cursor) -> _Point | None:
    """Read one point without prefixes."""
    token = cursor.take("year", "decade", "iso", "numbers", "season", "month", "day")
    if token is None:
        return None
    if token.kind == "numbers":
        return _point_of_numbers([int(number) for number in re.findall("[0-9]+", token.text)])
    if token.kind == "iso":
        year, month, day = (*map(int, token.text.split("-")), None)[:3]
        return _Point(year, month, day)
    if token.kind == "season":
        year = cursor.take_value("year", "comma", "of")
        winters = token.value == _WINTER and year is not None and cursor.take_next_year(year)
        return _Point(year, season=token.value, two_winters=winters)
    if token.kind == "month":
        day = cursor.take_value("day")
        year = cursor.take_value("year", "comma", "of")
        return _Point(year, token.value, day, month_first=day is not None)
    if token.kind == "day":
        month = cursor.take_value("month", "of")
        year = cursor.take_value("year", "comma", "of")
        bare = month is None and year is None and len(token.text) == 2
        return _Point(year, month, token.value, two_digits=bare)
    if token.kind == "year":
        cursor.take("year_word")
        if (month_and_day := cursor.take_month_and_day()) is not None:
            return _Point(token.value, *month_and_day, month_first=True)
    return _Point(token.value, decade=token.kind == "decade")


def _point(tokens: list[_Token], at: int) -> tuple[_Point, int] | None:
    """Read one point with its prefixes (`circa the early`) and marks; also where it ends."""
    cursor = _Cursor(tokens, at)
    prefixes: list[str] = []
    while len(prefixes) < 3 and (prefix := cursor.take("the", "circa", "part")):
        prefixes.append(prefix.kind)
        if prefix.kind == "part":
            cursor.take("dash")  # mid-1950s
    point = _body(cursor)
    if point is None or ("part" in prefixes and point.day is not None):
        return None
    cursor.take("mark")
    if "circa" in prefixes or "part" in prefixes:
        point.marks = "~"
    for token in tokens[at : cursor.at]:
        if token.kind == "mark":
            point.marks += token.text
        if token.bracketed:
            point.marks += "?"  # supplied by an archivist
    return point, cursor.at


def _borrow(points: list[_Point], joins: list[str]) -> list[_Point] | None:
    """Complete the points from their neighbours; `None` if the year is not known."""
    points = list(points)
    for at, join in enumerate(joins):
        left, right = points[at : at + 2]
        if right.is_bare_day() and left.month_first:  # May 5-7, 1958
            points[at + 1] = replace(right, month=left.month, month_first=True)
        elif right.two_digits and left.is_bare_year() and left.year and join in {"dash", "slash"}:
            year = left.year - left.year % 100 + (right.day or 0)  # 1957-58
            points[at + 1] = replace(right, year=year, day=None)
    for at in reversed(range(len(joins))):
        left, right = points[at : at + 2]
        if left.year is None and not right.is_bare_year():
            if left.month and right.month and left.month > right.month:
                return None  # December and January 1958
            left = replace(left, year=right.year)
        if left.is_bare_day() and right.day is not None and not right.month_first:
            left = replace(left, month=right.month)  # 5-7 May 1958
        points[at] = left
    return points


@lru_cache(maxsize=1024)  # the same months come again and again
def _months(year: int, first: int, last: int) -> tuple[datetime.date, datetime.date]:
    last_day = calendar.monthrange(year, last)[1]
    return datetime.date(year, first, 1), datetime.date(year, last, last_day)


def _season(year: int, season: int, *, two_winters: bool) -> tuple[datetime.date, datetime.date]:
    """Bound a season by whole months, as meteorologists of the northern hemisphere do.

    Source: NOAA NCEI, "Meteorological Versus Astronomical Seasons": spring is March to May,
    winter December to February. `Winter 1958` can be either winter that has months in 1958.
    """
    if season != _WINTER:
        return _months(year, 3 * (season - 20), 3 * (season - 20) + 2)
    return datetime.date(year if two_winters else year - 1, 12, 1), _months(year + 1, 1, 2)[1]


def _unit(point: _Point, marks: str) -> DateReading | None:
    """Read one complete point with these marks; None if the calendar has no such day."""
    year, month, day = point.year, point.month, point.day
    if year is None or point.is_bare_day():
        return None
    precision: Precision = "year"
    edtf, (start, end) = f"{year}", _months(year, month or 1, month or 12)
    if point.decade:
        edtf, end, precision = f"{year // 10}X", end.replace(year=year + 9), "decade"
    elif point.season:
        edtf, precision = f"{year}-{point.season}", "season"
        start, end = _season(year, point.season, two_winters=point.two_winters)
    elif day is not None:
        if not start.day <= day <= end.day:
            return None
        start = end = start.replace(day=day)
        edtf, precision = start.isoformat(), "day"
    elif month is not None:
        edtf, precision = f"{year}-{month:02}", "month"
    rough, unsure = "~" in marks or "%" in marks, "?" in marks or "%" in marks
    mark = "%" if rough and unsure else "~" * rough + "?" * unsure
    return DateReading(edtf + mark, start, end, precision, bool(mark))


_LIST_JOINS = {"comma", "and"}


def _combine(points: list[_Point], joins: list[str], marks: str) -> DateReading | None:
    """Read points and what joins them: one date, a range, or a set of dates and ranges."""
    lists = [join for join in joins if join in _LIST_JOINS]
    if lists and lists[-1] != "and":
        return None  # `9, 12 July 1956`: the 9 may be the number of something
    if not joins:
        return _unit(points[0], points[0].marks + marks)
    complete = _borrow(points, joins)
    if complete is None:
        return None
    groups: list[list[DateReading]] = []
    for join, point in zip(["and", *joins], complete, strict=True):
        unit = _unit(point, point.marks + marks)
        if unit is None:
            return None
        if join in _LIST_JOINS:
            groups.append([unit])
        else:
            groups[-1].append(unit)
    members = {span for group in groups if (span := _span(group))}
    if len(members) < len(groups):
        return None  # one is impossible, or stands there twice
    return _set(members) if len(members) > 1 else members.pop()


def _set(members: set[DateReading]) -> DateReading:
    """Make a set of dates and ranges, in the order of time."""
    starts = sorted((member.start, member.edtf) for member in members if member.start)
    form = ",".join(edtf or "" for _, edtf in starts).replace("/", "..")
    end = max(member.end for member in members if member.end)
    rough = any(member.approximate for member in members)
    return DateReading(f"{{{form}}}", starts[0][0], end, "interval", rough)


def _span(group: list[DateReading]) -> DateReading | None:
    """Make a range of two readings; None if it ends before it begins."""
    if len(group) == 1:
        return group[0]
    first, last = group
    if first.start is None or last.end is None or last.end < first.start:
        return None
    rough = first.approximate or last.approximate
    return DateReading(f"{first.edtf}/{last.edtf}", first.start, last.end, "interval", rough)


def _join(tokens: list[_Token], at: int) -> tuple[str, int] | None:
    """Read what stands between two points; also where it ends."""
    cursor = _Cursor(tokens, at)
    token = cursor.take("dash", "to", "and", "comma", "slash")
    if token is None:
        return None
    # 3/4/1958 is April or March; 20./21. November is two days.
    if token.kind == "slash" and tokens[at - 1].kind not in {"year", "iso"} and not tokens[at - 1].text.endswith("."):
        return None
    return "and" if token.kind == "comma" and cursor.take("and") else token.kind, cursor.at


def _sequences(
    tokens: list[_Token], at: int, marks: str = "", *, between: bool = False
) -> Iterator[tuple[DateReading, int]]:
    """Yield the readings that begin here, the longest first, each with where it ends."""
    points: list[_Point] = []
    joins: list[str] = []
    ends: list[int] = []
    begin = at
    while len(points) < _MAX_POINTS and (found := _point(tokens, begin)):
        points.append(found[0])
        ends.append(found[1])
        if not (join := _join(tokens, found[1])):
            break
        joins.append("to" if between and join[0] == "and" else join[0])
        if len(joins) > 1 and _LIST_JOINS.isdisjoint(joins[-2:]):
            break  # no range has three ends
        begin = join[1]
    for count in range(len(points), 0, -1):
        if points[count - 1].year is None and not points[count - 1].two_digits:
            continue  # nobody lends to the last
        last = tokens[ends[count - 1] - 1]
        # A `circa` before and a `?` behind an expression speak of all of it.
        whole = marks + (last.text if last.kind == "mark" else "")
        whole += "~" if tokens[at].kind == "circa" and not between else ""
        if reading := _combine(points[:count], joins[: count - 1], whole):
            yield reading, ends[count - 1]


def _expressions(tokens: list[_Token], at: int) -> Iterator[tuple[DateReading, int]]:
    """Yield the same as `_sequences`, with the words that may stand before them."""
    kind = tokens[at].kind
    if kind == "undated":  # undated [1955]
        cursor = _Cursor(tokens, at + 1)
        cursor.take("comma")
        yield from _sequences(tokens, cursor.at, "?")
        yield _UNDATED, at + 1
    elif kind in {"before", "after", "from", "between"}:
        for reading, end in _sequences(tokens, at + 1, between=kind == "between"):
            if kind in {"from", "between"}:
                if "/" in (reading.edtf or ""):
                    yield reading, end
            elif reading.precision != "interval":
                yield _open(reading, kind), end
    else:
        yield from _sequences(tokens, at)


def _open(reading: DateReading, side: str) -> DateReading:
    if side == "before":
        return replace(reading, edtf=f"../{reading.edtf}", start=None, precision="interval")
    return replace(reading, edtf=f"{reading.edtf}/..", end=None, precision="interval")


# What shows, in a title, that a number is no date or that a date is a part of something longer.
# A look at the first letter spares trying each word.
_MONTHS_AND_SEASONS = "|".join(word for word, (kind, _) in _WORDS.items() if kind in {"month", "season"})
_DATE_WORDS = rf"(?=[adfjmnoswавдимнос\u044f\u0444])(?:{_MONTHS_AND_SEASONS})"
_GLUED_BEFORE = re.compile(r"""[^\s(\[{"'\u201c\u2018\u201e\u00ab,;:\u2013\u2014]$""")  # A-1958, $1950
_SPOILT_BEFORE = re.compile(
    rf"""(?:\d(?:st|nd|rd|th)?\.?|\b{_DATE_WORDS}\.?)\s*(?:[-\u2010-\u2015/:]|\b(?:to|and)\b)?\s*$
    |\b{_DATE_WORDS},\s*$  # January, February 1958
    |\b[0-9]{{1,2}},\s*[0-9]{{1,2}},\s*$  # 5, 6, 7 May 1958
    |\blong\s*$  # the Long March""",
    re.VERBOSE | re.IGNORECASE,
)
_LISTED_BEFORE = re.compile(r"\b(?:[0-9]{1,2}(?:st|nd|rd|th)?|[0-9]{4}),\s*$", re.IGNORECASE)  # May 32, 1958
_DAY_BEFORE = re.compile(r"(?:^|[,;:(\[])\s*[0-9]{1,2}(?:st|nd|rd|th)?,\s*$", re.IGNORECASE)  # Minutes, 5, May 1958
_CHANGING = frozenset(
    {
        *("since", "until", "till", "to", "through", "thru", "by", "than", "prior"),
        *("before", "after", "between", "or", "latest", "earliest", "circa", "about", "around"),
        *("approximately", "early", "mid", "late", "end", "beginning", "start", "middle", "week"),
        *("ending", "eve", "year-end", "yearend", "pre", "post", "anniversary"),
        *("possibly", "presumably", "perhaps", "probably", "likely", "maybe", "apparently"),
        *("с", "до", "по", "после", "перед", "около", "начало", "начале", "середина"),
        *("середине", "конец", "конце", "или", "половина", "половине", "квартал"),
    }
)
"""Words that give the date behind them another meaning."""

_CHANGED_OF = re.compile(
    r"""(?<!\w)(?:half|quarter|third|part|end|beginning|start|middle|close|turn|weeks?|days?|eve|anniversary|decade
    |first|second|third|(?:[a-z]*teen|four|fif|six|seven|eigh|nin|ten|eleven|twelf|twentie|thirtie)th
    |[0-9]+(?:st|nd|rd|th))\s+(?:day\s+)?of(?:\s+the)?$""",
    re.VERBOSE | re.IGNORECASE,
)
"""What does so with an `of`, such as `the end of`."""

_PERIOD_BEFORE = re.compile(
    r"\b(?:for|during|throughout|over|years?|periods?|covering)(?:\s+of)?(?:\s+the)?\s*$", re.IGNORECASE
)
_LABEL = (
    r"""nos?|numbers?|nr|files?|folders?|box|fond|opis|op|delo|list|pages?|pp?|items?|reel|vol|volume|ref|reference"""
    r"""|rooms?|apartment|apt|suite|building|chapter|part|article|annex|appendix|section|sheets?|table|figure|tape|frame"""
    r"""|flight|unit|division|department|sector|version|issue|entry"""
)
_NUMBER_BEFORE = re.compile(rf"(?:[#\u2116]|\b(?:{_LABEL})\b[.:]?)\s*$", re.IGNORECASE)
_LABEL_BEFORE = re.compile(
    rf"""[#\u2116]\s*$|\b(?:{_LABEL}|records?|documents?|docs?|telegram|cable|order|resolution|protocol|notes?|memos?
    |memorandum|reports?|instructions?|directives?|bulletins?|dispatch|messages?)[.:]?\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
# All that may stand before a mere year: after any other word it may be a number, or the word a month.
_YEAR_AFTER_WORD = re.compile(r"(?<![\w.-])(?:in|of|from|the|dated|en|в)\s*$", re.IGNORECASE)
_BORN_OR_DIED = re.compile(r"\b(?:born|died)\s+in\s*$", re.IGNORECASE)
_YEAR_AFTER_SIGN = re.compile(
    r"""(?:^|[,;:(\[{"'\u201c\u2018\u201e\u00ab\u2013\u2014]|\s[-\u2010\u2011]|(?:\b[A-Z]\.){2,})\s*$"""
)
_SPOILT_BEHIND = re.compile(
    rf"""[-\u2010\u2011]?\w|[/\\_@#%+=*]|[.,:][0-9]
    |\s*[-\u2010-\u2015]\s*(?:[0-9]|$|[\])}},;]|(?:the\s+)?(?:present|today|now)\b)
    |\s+(?:to|until|till|through)\s+(?:the\s+)?(?:present|today|now)\b
    |,?\s+(?:(?:or|and)\s+(?:later|earlier|after|before|thereafter|onwards?)\b|at\s+the\s+(?:latest|earliest)\b
             |onwards?\b|on(?:$|[\])}},;.:]))
    |\s+(?:thru|up\s+to|or)\s+(?:the\s+)?(?:early\s+|mid-?\s*|late\s+)?(?:[0-9]|{_DATE_WORDS}\b)
    |,?\s+[0-9]{{1,4}}\s*(?:$|[\])}},;])""",
    re.VERBOSE | re.IGNORECASE,
)
_DAY_GOES_ON_BEHIND = re.compile(
    rf"\s*(?:[-\u2010-\u2015/&]|\b(?:to|and|or|through)\b)\s*(?:[0-9]|{_DATE_WORDS}\b)", re.IGNORECASE
)  # 1958 May 5 and 7
_YEAR_GOES_ON_BEHIND = re.compile(
    rf"[.,:;(]*\s*(?:[0-9]|\(?{_DATE_WORDS}\b)|\.\s+(?-i:[^\W\d_A-ZА-Я])", re.IGNORECASE
)  # 1958: May 5; 1976 09 21
_SPOILT_YEAR_BEHIND = re.compile(
    r"""\s+(?:tons|tonnes|people|persons|men|women|troops|soldiers|workers|prisoners|delegates
    |copies|pages|rubles|roubles|dollars|yuan|percent|[mb]illion|km|kilomet(?:er|re)s
    |met(?:er|re)s|miles|hectares|kg|pounds|aircraft|tanks|hours|hrs)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_WORD_BEHIND = re.compile(
    r"\s+(?!(?:and|at|in|on|of|to|by|with|from|between|against|about|concerning|regarding)\b)\w", re.IGNORECASE
)
_DAY_WITHOUT_YEAR = re.compile(
    rf"""(?<!\w)(?:[0-9]{{1,2}}(?:st|nd|rd|th)?[\s.,/-]*(?:of\s+)?{_DATE_WORDS}(?![^\W\d])
    |{_DATE_WORDS}[\s.,-]*(?:[0-9]{{1,2}}(?!\d)|(?:first|second|third|[a-z]+th)\b)
    |[0-9]{{1,2}}\.\s?[0-9]{{1,2}}\.(?!\s?[0-9]))""",
    re.VERBOSE | re.IGNORECASE,
)


def _stands_alone(text: str, first: _Token, last: _Token, edtf: str) -> bool:
    """Tell whether a date is neither a mere number nor part of a longer date not understood."""
    if last.text == "%" or _GLUED_BEFORE.search(text[max(0, first.begin - 2) : first.begin]):
        return False
    # What follows looks at no more than three words.
    before = " ".join(text[max(0, first.begin - 40) : first.begin].split()[-3:])
    if _SPOILT_BEFORE.search(before) or _is_changed(before) or _SPOILT_BEHIND.match(text, last.end):
        return False
    if first.kind in {"before", "after"} and first.text.isalpha() and not _YEAR_AFTER_SIGN.search(before):
        return False  # `Life after 1956` is a subject
    if first.kind == "day" and _NUMBER_BEFORE.search(before):
        return False  # No. 5 May 1958
    if last.kind == "day" and _DAY_GOES_ON_BEHIND.match(text, last.end):
        return False
    coarse = re.search(r"-[0-9]{2}-[0-9]{2}", edtf) is None
    if coarse and (_PERIOD_BEFORE.search(before) or _DAY_BEFORE.search(before)):
        return False
    if edtf.startswith("{") and _LISTED_BEFORE.search(before):
        return False
    return first.kind not in {"year", "iso", "decade"} or not coarse or _is_year(text, first, last, before)


def _is_changed(before: str) -> bool:
    """Tell whether the words before a date give it another meaning, such as `until` or `the end of`."""
    word = before.replace("/", " ").rpartition(" ")[2].strip("-\u2010\u2011").lower()
    return word in _CHANGING or (word in {"of", "the"} and _CHANGED_OF.search(before) is not None)


def _is_year(text: str, first: _Token, last: _Token, before: str) -> bool:
    """Tell whether a year without a day or month before it is one, and no number."""
    if _LABEL_BEFORE.search(before) or _LISTED_BEFORE.search(before) or _BORN_OR_DIED.search(before):
        return False
    after_word = _YEAR_AFTER_WORD.search(before) is not None
    if not after_word and _YEAR_AFTER_SIGN.search(before) is None:
        return False
    if last is not first:
        return True
    goes_on = _YEAR_GOES_ON_BEHIND.match(text, last.end) or _SPOILT_YEAR_BEHIND.match(text, last.end)
    return goes_on is None and (after_word or _WORD_BEHIND.match(text, last.end) is None)


def _alone(text: str, tokens: list[_Token], at: int) -> tuple[DateReading, int] | None:
    for reading, end in _expressions(tokens, at):
        if _stands_alone(text, tokens[at], tokens[end - 1], reading.edtf or ""):
            return reading, end
    return None


_BLANK = r"[ \t\u00a0\u2007\u202f]"
_LISTING = re.compile(
    rf"(?:(?:{'|'.join(_MONTHS)})(?:{_BLANK}+[0-9]{{1,2}},|,)?{_BLANK}+)?[0-9]{{4}}",
    re.IGNORECASE | re.ASCII,
)


@lru_cache(maxsize=16_384)  # each date is asked about several times; a whole archive has some 12,000
def read_date(text: str) -> DateReading | None:
    """Read a text that is a date and nothing else; None if it cannot be read. Raises nothing.

    Shapes, in years 1000 to 2099: day, month and year in either order or ISO; month and year;
    year; season; decade; ranges and sets of these; `circa`, `early`, `mid`, `late`, `before`,
    `after`, `no earlier than`, `not later than`, `?`, `~`, `%` and brackets; `undated`; days with a
    full stop (`4. December 1997`, `20./21. November 1997`), month and day behind the year (`1984
    March 27`, `1976. 9. 21`, `1955年1月31日`), Russian months. White space and case do not matter.
    Not read, as they have two meanings: `3/4/1958`, `5.4.1958`, `2003-04`, `1900s`, `23 August 45`,
    `December-January 1958`.
    """
    if len(text) > _MAX_DATE:
        return None
    plain = _read_day_line(text)
    if plain is not None:
        return plain
    tokens = _tokens(text)
    readings = _expressions(tokens, 0) if tokens else iter(())
    return next((reading for reading, end in readings if end == len(tokens)), None)


def _read_day_line(text: str) -> DateReading | None:
    """The shape of nearly all date lines, `May 10, 1943`, read thirty times as fast as by the grammar."""
    match = _DAY_LINE.fullmatch(text)
    if match is None or match[1].lower() not in _MONTHS:
        return None
    try:
        day = datetime.date(int(match[3]), _MONTHS.index(match[1].lower()) + 1, int(match[2]))
    except ValueError:  # February 30
        return None
    return DateReading(day.isoformat(), day, day, "day", approximate=False)


def is_listing_date(text: str) -> bool:
    """Tell whether a line is a date as the listing prints it. Raises nothing.

    Shapes: `May 10, 1943`, `August 04, 1961`, `February 1942`, `March, 1960`, `1977`; a day that
    the calendar has, in years 1000 to 2099. Case and blanks around and between do not matter.
    """
    return _LISTING.fullmatch(text.strip()) is not None and read_date(text.strip()) is not None


def find_date(text: str) -> DateReading | None:
    """Read the one date that stands within a title. Raises nothing.

    The longest expression counts, not a part of it. A period of whole years (`Korean War, 1950-1952`)
    is what the title is about, and no date of the document. None if there is no date, if there are
    several that differ, if the title also says `undated`, or if the number is not surely a date:
    an archive number (`File 1956`, `1958/12`), a quantity (`1950 tons`), part of a longer
    expression that could not be read (`February 30, 1958`).
    """
    if len(text) > _MAX_TITLE:
        return None
    plain = _read_day_at_end(text)
    if plain is not None:
        return plain
    found: set[DateReading] = set()
    spans: list[tuple[int, int]] = []
    for begin, end in _stretches(text):
        tokens = _tokens(text, begin, end)
        at = 0
        while at < len(tokens):
            reading, after = (tokens[at].kind in _BEGINNINGS and _alone(text, tokens, at)) or (None, at + 1)
            if reading:
                spans.append((tokens[at].begin, tokens[after - 1].end))
            if reading and not _PERIOD.fullmatch(reading.edtf or ""):
                found.add(reading)
            at = after
    only = found.pop() if len(found) == 1 else None
    return None if only is None or only == _UNDATED or _names_another_day(text, spans, only) else only


_PERIOD = re.compile(r"\d{3}[\dX][~?%]?/\d{3}[\dX][~?%]?|\{(?:\d{3}[\dX][~?%]?(?:,|\.\.|\}))+")
"""EDTF of an interval or a set of whole years or decades."""


def _names_another_day(text: str, spans: list[tuple[int, int]], only: DateReading) -> bool:
    """Tell whether the title has a day without a year (`of 5 May, received 7 May 1958`) not among its days."""
    for day in _DAY_WITHOUT_YEAR.finditer(text):
        if any(begin < day.end() and day.start() < end for begin, end in spans):
            continue
        if only.precision not in {"day", "interval"} or not (only.start and only.end):
            return True
        other = read_date(f"{day[0]} {only.start.year}")
        if other is None or other.start is None or not only.start <= other.start <= only.end:
            return True
    return False


def _read_day_at_end(text: str) -> DateReading | None:
    """The day with which most titles end that have a date, `Entry for 26 April 1996`, without the grammar.

    The word before it is foreign, and no other date is in the title, so that it stands for itself.
    """
    words = text.rsplit(" ", 4)
    if len(words) < 5 or len(words[1]) > _MAX_WORD or not _is_foreign(words[1]):
        return None
    if _is_changed(words[1]) or _NUMBER_BEFORE.match(words[1]):
        return None
    first, second, year = words[2:]
    day = _read_day_line(f"{first} {second} {year}" if second[-1:] == "," else f"{second} {first}, {year}")
    dating = _DATING.search(text) if day is not None else None
    if day is None or dating is None or dating.start() < len(text) - len(year):
        return None
    begin = len(text) - len(first) - len(second) - len(year) - 2
    has_number = _DIGIT.search(text, 0, begin) is not None  # most titles have none, and then no other day
    return None if has_number and _names_another_day(text, [(begin, len(text))], day) else day


_DIGIT = re.compile("[0-9]")
