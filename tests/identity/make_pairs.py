"""Generates the labelled pairs that entity resolution is measured on: `python -m tests.identity.make_pairs`.

Persons, places, offices and subjects are invented; what differs within a pair is what the archive was seen to do. What
nobody could decide from the two entries alone is left out: one entry without a summary, an editor's note on one side
only, a year or a month against a day in it, one letter of a *long* name, initials present on one side only.
"""

import itertools
import json
import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path

SEED = 4
PAIRS_FILE = Path(__file__).with_name("pairs.jsonl")

_SITE = "https://digitalarchive.wilsoncenter.org/document/"
_SAME, _DIFFERENT = "same", "different"

_SURNAME_STARTS = (
    *("Abr", "Brel", "Chov", "Drav", "Esk", "Feld", "Gavr", "Hrab", "Ilm", "Jask", "Kelv", "Lubr", "Mosk", "Nerv"),
    *("Orl", "Pav", "Quil", "Rasm", "Sved", "Tolm", "Umbr", "Vask", "Wern", "Ylm", "Zdar", "Ček", "Şur", "Štef"),
)
_SURNAME_MIDDLES = ("ad", "ebr", "ind", "ost", "ul", "ar", "em", "iv", "ogr", "únt")
_SURNAME_ENDS = ("ak", "elde", "ic", "oran", "uvin", "yanov", "enko", "ossi", "ilde", "öm", "askar", "edze", "ul")
_PLACE_STARTS = ("Al", "Ber", "Cor", "Dun", "Ev", "Fal", "Gor", "Har", "Ist", "Kar", "Lor", "Mel", "Nor", "Os", "Tir")
_PLACE_MIDDLES = ("ban", "dev", "gol", "kem", "lut", "mar", "nov", "pol", "ras", "sev", "tam", "vel")
_PLACE_ENDS = ("avia", "burg", "eşti", "holm", "ia", "mark", "ograd", "stan", "ura", "vár")
_INITIALS = "ABDEFGHIKLMNPRSTVZ"
_OFFICE_KINDS = ("Board", "Bureau", "Chancellery", "Commissariat", "Directorate", "Inspectorate", "Secretariat")
_OFFICE_MATTERS = (
    *("Canals", "Ferries", "Fisheries", "Forests", "Granaries", "Lighthouses", "Mines", "Mints", "Pastures"),
    *("Ports", "Quarries", "Railways", "Statistics", "Telegraphs", "Waterways", "Weights and Measures"),
)
_PROCESSES = (
    *("construction", "delivery", "dismantling", "exchange", "financing", "inspection", "insurance", "licensing"),
    *("protection", "repatriation", "resettlement", "taxation", "transport", "withdrawal"),
)
_THINGS = (
    *("border fisheries", "copper smelters", "grain elevators", "lighthouse keepers", "orchard cooperatives"),
    *("peat cutters", "printing presses", "quarantine hospitals", "railway sleepers", "river pilots", "salt mines"),
    *("seed potatoes", "textile looms", "timber barges", "tractor stations", "visiting scholars", "weather balloons"),
)
_TITLES = (
    "Memorandum of Conversation between {a} and {b} concerning {subject}",
    "Telegram from {a} to {b} regarding {subject} in {p}",
    "Letter, {a} to {b}, with proposals on {subject}",
    "Report by {a}, {office} of {p}, on {subject}",
    "From the Journal of {a}, Record of Conversation with {b} about {subject}",
    "{office} of {p}, Information from {a} on {subject}",
)
_DATED_TITLES = (
    "From the Diary of {a}, Memorandum of Conversation with {b} on {day}",
    "Minutes of the Meeting between {a} and {b} concerning {subject}, {day}",
)
_OPENINGS = (
    "{a} of the {office} informs {b} about the present state of {subject} in {p}.",
    "{a} and {b} discuss {subject}, a question that the governments of {p} and {q} had left unsettled for years.",
    "Conversation between {a} and {b}, mainly about {subject} and the position of the {office}.",
    "{a} reports to {b} on {subject}, as seen from {p}.",
)
_SENTENCES = (
    "He explains why the negotiations with {q} were interrupted and which questions remain unresolved.",
    "{B} answers that the government of {q} considers further concessions dangerous before the harvest.",
    "Both sides complain about the newspapers of {q}, whose correspondents are described as badly informed.",
    "{A} recommends that the embassy in {p} should remain patient and avoid public statements.",
    "The {office} is criticized for its slow handling of applications from the eastern provinces.",
    "{B} recalls an earlier agreement with {q} and asks for a copy of its confidential annexes.",
    "A long passage describes the economic difficulties of {p} and the shortage of experienced engineers.",
    "{A} mentions rumours about changes in the leadership of {q}, which he believes to be exaggerated.",
    "Attached is a list of the participants and a short biography of the delegation's chairman.",
    "The participants also consider cultural relations, tourism, and the exchange of agricultural experts.",
    "{B} stresses that military questions should be discussed separately, and only through the {office}.",
    "In the final paragraphs, the author evaluates the influence of {q} on the smaller neighbouring countries.",
    "{A} expresses gratitude for the assistance provided during the floods in {p}.",
    "The document closes with handwritten remarks by an unidentified official, mostly about transport costs.",
)
_QUOTING = (
    "{B} calls {A}'s proposal \"a step in the right direction\" but doesn't commit himself.",
    'According to {A}, the "question of {p}" is the government\'s own concern.',
    '{A} quotes the slogan "bread and rails" and doubts {B}\'s sincerity.',
)
_DASHING = (
    "The {office} - long opposed to the plan - withdraws its objections for the years 1951-1953.",
    "{A} lists every open issue - tariffs, visas, patents - and hopes for a long-term settlement.",
    "Relations between {p} and {q} - never simple - are reviewed for 1948-1955.",
)
_DASHED_TITLES = (
    "Survey by {a}: The {p}-{q} Border, 1948-1955, and {subject}",
    "{office} of {p} - Report by {a} to {b} on {subject}",
)
# Nothing that is a number, an ordinal or a negation, and no word that a misprint makes another word of.
_NEVER_MISPRINTED = frozenset({"separately", "confidential", "unresolved", "unidentified", "unsettled"})

_NUMBERS = (
    *(("two", "three"), ("six", "seven"), ("eight", "eighteen"), ("twelve", "twenty"), ("fourteen", "forty")),
    *(("sixteen", "sixty"), ("five", "nine"), ("ten", "eleven")),
)
_ORDINALS_IN_TITLE = (
    *((", Part I", ", Part II"), (", Part II", ", Part III"), (" (First Session)", " (Second Session)")),
    *((", Volume 1", ", Volume 2"), (", 3rd Meeting", ", 4th Meeting"), (", Session III", ", Session IV")),
    *((" - Third Draft", " - Fourth Draft"), (", Annex A", ", Annex B")),
)
_ORDINALS_IN_SUMMARY = (("first", "second"), ("second", "third"), ("fifth", "sixth"), ("1st", "2nd"))
_NEGATIONS_IN_TITLE = (
    ("{a}, Decision to Renew the Treaty on {subject}", "{a}, Decision Not to Renew the Treaty on {subject}"),
    ("Note by {a} on the Recognition of {p}", "Note by {a} on the Non-Recognition of {p}"),
    ("{a}, Reasons for Joining the Talks in {p}", "{a}, Reasons for Not Joining the Talks in {p}"),
    ("{a} to {b}: {q} Will Attend the Conference", "{a} to {b}: {q} Will Not Attend the Conference"),
)
_NEGATIONS_IN_SUMMARY = (
    ("{B} agrees to receive the delegation.", "{B} does not agree to receive the delegation."),
    ("The {office} is willing to pay.", "The {office} is not willing to pay."),
    ("{A} can accept the draft.", "{A} cannot accept the draft."),
    ("The plan was approved by {q}.", "The plan was never approved by {q}."),
    ("{q} has an interest in the port.", "{q} has no interest in the port."),
)
_FILE_NUMBERS = ("File No. {}", "Telegram No. {}", "Fond 5, File {}", "Document No. {}/K")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one page shows of a document; null where it shows nothing."""

    date_text: str | None
    title: str
    summary: str | None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries, what differs between them, and whether they are one document."""

    id: str
    kind: str
    label: str
    left: Entry
    right: Entry

    @property
    def same(self) -> bool:
        """Whether the two are one document."""
        return self.label == _SAME


class _Names:
    """Names that are given out once each, so that no two pairs can be about one document."""

    def __init__(self, rng: random.Random) -> None:
        surnames = ["".join(parts) for parts in itertools.product(_SURNAME_STARTS, _SURNAME_MIDDLES, _SURNAME_ENDS)]
        places = ["".join(parts) for parts in itertools.product(_PLACE_STARTS, _PLACE_MIDDLES, _PLACE_ENDS)]
        rng.shuffle(surnames)
        rng.shuffle(places)
        self.surname = iter(surnames).__next__
        self.place = iter(places).__next__
        self.record_id = itertools.count(110_003, 7).__next__


class _Scene:
    """The persons, places, subject and day of one pair, and the texts that are made of them."""

    def __init__(self, rng: random.Random, names: _Names, days: list[date]) -> None:
        self.rng = rng
        self.names = names
        self.surnames = [names.surname() for _ in range(4)]
        self.initials = [self._initials() for _ in range(4)]
        self.day = rng.choice(days)
        self.number = names.record_id()
        self.places = {"p": names.place(), "q": names.place()}
        self.office = f"{rng.choice(_OFFICE_KINDS)} for {rng.choice(_OFFICE_MATTERS)}"
        self.subject = f"the {rng.choice(_PROCESSES)} of {rng.choice(_THINGS)}"

    def _initials(self) -> str:
        return " ".join(f"{letter}." for letter in self.rng.sample(_INITIALS, self.rng.choice((1, 2, 2))))

    def person(self, place: int) -> str:
        """Initials and surname."""
        return f"{self.initials[place]} {self.surnames[place]}"

    def fill(self, template: str) -> str:
        """A template with the scene's names in it."""
        a, b, c, d = (self.person(place) for place in range(4))
        text = template.format(
            a=a,
            b=b,
            c=c,
            d=d,
            A=self.surnames[0],
            B=self.surnames[1],
            **self.places,
            office=self.office,
            subject=self.subject,
            day=f"{self.day.day} {self.day:%B} {self.day.year}",
        )
        return text[0].upper() + text[1:]

    def title(self, *, dated: bool = False) -> str:
        """A title; one in three has its day in it, if it may."""
        return self.fill(self.rng.choice(_DATED_TITLES if dated and self.rng.random() < 1 / 3 else _TITLES))

    def sentences(self, count: int) -> list[str]:
        """An opening that names two persons, and others."""
        chosen = [self.rng.choice(_OPENINGS), *self.rng.sample(_SENTENCES, count - 1)]
        return [self.fill(one) for one in chosen]

    def entry(self, *, dated: bool = False, sentences: int = 3, precision: str = "day") -> Entry:
        """An entry without address."""
        return Entry(written(self.day, precision), self.title(dated=dated), " ".join(self.sentences(sentences)))

    def slug(self, title: str) -> str:
        """The address that the present site would give to a title."""
        plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
        return _SITE + re.sub(r"[^a-z0-9]+", "-", plain)[:100].strip("-")

    def old_address(self) -> str:
        """An address by number."""
        return f"{_SITE}{self.number}"

    def other_slug(self, title: str) -> str:
        """The address of another document of the same title, as Drupal makes them."""
        return f"{self.slug(title)}-{self.rng.choice('0123')}"

    def shorter_day(self) -> date:
        """A day whose number has one digit."""
        return self.day.replace(day=self.rng.randint(1, 9))


def written(day: date, precision: str = "day") -> str:
    """The date line of the present site."""
    return f"{day:%B} {day.year}" if precision == "month" else f"{day:%B} {day.day}, {day.year}"


_Two = tuple[Entry, Entry]


def _one_addressed(scene: _Scene, left: Entry, right: Entry, number: int) -> _Two:
    """For one document: an address on neither side, or on one; a number now and then."""
    match number % 4:
        case 0 | 2:
            return left, right
        case 1:
            return replace(left, url=scene.slug(left.title)), right
        case _:
            url = scene.old_address() if number % 8 == 3 else scene.slug(right.title)
            return left, replace(right, url=url)


def _addressed_apart(scene: _Scene, left: Entry, right: Entry, number: int) -> _Two:
    """For two documents: mostly without addresses, so that nothing but the text can keep them apart."""
    match number % 7:
        case 0 | 2 | 4:
            return left, right
        case 1:
            return replace(left, url=scene.slug(left.title)), right
        case 3:
            return left, replace(right, url=scene.slug(right.title))
        case 5:
            return replace(left, url=scene.slug(left.title)), replace(right, url=scene.old_address())
        case _:
            return replace(left, url=scene.slug(left.title)), replace(right, url=scene.other_slug(right.title))


def _with_dates(left: Entry, right: Entry, number: int) -> _Two:
    """For two documents that something else keeps apart: a fifth of them undated, a fifth on one side only."""
    match number % 5:
        case 3:
            return replace(left, date_text=None), replace(right, date_text=None)
        case 4:
            return left, replace(right, date_text=None)
        case _:
            return left, right


# One document


def _letter_for_letter(scene: _Scene, number: int) -> _Two:
    entry = scene.entry(dated=True, sentences=1 + number % 4)
    if number % 5 == 3:
        entry = replace(entry, summary=None)
    elif number % 5 == 4:
        entry = replace(entry, date_text=None)
    return entry, entry


def _letter_for_letter_one_addressed(scene: _Scene, number: int) -> _Two:
    left, right = _letter_for_letter(scene, number)
    return left, replace(right, url=scene.old_address() if number % 6 == 5 else scene.slug(right.title))


def _same_address(scene: _Scene, number: int) -> _Two:
    left = scene.entry(dated=True, sentences=2 + number % 3)
    url = scene.old_address() if number % 4 == 3 else scene.slug(left.title)
    right = scene.entry(dated=True, sentences=1 + number % 2)
    match number % 5:
        case 2:
            right = replace(right, date_text=None)
        case 3:
            right = replace(right, summary=None)
        case 4:
            right = replace(right, title=left.title.replace(" of ", ", ", 1))
    return replace(left, url=url), replace(right, url=url)


def _date_on_one_side(scene: _Scene, number: int) -> _Two:
    left = scene.entry(dated=True, sentences=2 + number % 2, precision="month" if number % 4 == 3 else "day")
    return left, replace(left, date_text=None)


def _date_on_one_side_one_addressed(scene: _Scene, number: int) -> _Two:
    left, right = _date_on_one_side(scene, number)
    url = scene.slug(left.title)
    return (replace(left, url=url), right) if number % 2 else (left, replace(right, url=url))


def _comma_after_month(scene: _Scene, number: int) -> _Two:
    left = scene.entry(precision="month", sentences=1 + number % 3)
    return _one_addressed(scene, left, replace(left, date_text=f"{scene.day:%B}, {scene.day.year}"), number)


def _day_with_zero(scene: _Scene, number: int) -> _Two:
    scene.day = scene.shorter_day()
    left = scene.entry(dated=True, sentences=1 + number % 3)
    return _one_addressed(scene, left, replace(left, date_text=f"{scene.day:%B %d, %Y}"), number)


def _typographic(text: str) -> str:
    """Straight quotes made typographic."""
    return re.sub(r'"(?=\w)', "“", text).replace('"', "”").replace("'", "’")


def _quotes(scene: _Scene, number: int) -> _Two:
    left = scene.entry(sentences=2)
    quoting = scene.fill(scene.rng.choice(_QUOTING))
    left = replace(left, summary=f"{left.summary} {quoting}")
    if number % 2:
        left = replace(left, title=scene.fill('{a} to {b}: "On {subject} in {p}" and {q}\'s Reply'))
    right = replace(left, title=_typographic(left.title), summary=_typographic(left.summary or ""))
    return _one_addressed(scene, left, right, number)


def _dashes(scene: _Scene, number: int) -> _Two:
    left = scene.entry(sentences=2)
    left = replace(left, summary=f"{left.summary} {scene.fill(scene.rng.choice(_DASHING))}")
    if number % 2:
        left = replace(left, title=scene.fill(scene.rng.choice(_DASHED_TITLES)))
    dash = "–—‑"[number % 3]
    right = replace(left, title=left.title.replace("-", dash), summary=(left.summary or "").replace("-", dash))
    return _one_addressed(scene, left, right, number)


def _blanks(scene: _Scene, number: int) -> _Two:
    left = scene.entry(dated=True)
    title, words = left.title, (left.summary or "").split(" ")
    place = scene.rng.randrange(3, len(words) - 3)
    before, after = " ".join(words[:place]), " ".join(words[place:])
    match number % 4:
        case 0:
            title, summary = title.replace(" ", "  ", 1), f"{before}  {after}"
        case 1:
            title, summary = f"{title} ", f"{before} {after}  "
        case 2:
            summary = f"{before}\n{after}"
        case _:
            summary = f"{before}\u00a0{after}"
    return _one_addressed(scene, left, replace(left, title=title, summary=summary), number)


def _case(scene: _Scene, number: int) -> _Two:
    left = scene.entry(dated=True)
    text = left.title if number % 2 else left.summary or ""
    word = scene.rng.choice(re.findall(r"\b[a-z]{6,}\b", text) or re.findall(r"\b[a-z]{2,}\b", text))
    changed = re.sub(rf"\b{word}\b", word.capitalize() if number % 3 else word.upper(), text, count=1)
    right = replace(left, title=changed) if number % 2 else replace(left, summary=changed)
    return _one_addressed(scene, left, right, number)


def _full_stop(scene: _Scene, number: int) -> _Two:
    left = scene.entry(dated=True, sentences=1 + number % 3)
    return _one_addressed(scene, left, replace(left, summary=(left.summary or "").removesuffix(".")), number)


def _several_writings(scene: _Scene, number: int) -> _Two:
    scene.day = scene.shorter_day()
    left = scene.entry(sentences=2)
    summary = f"{left.summary} {scene.fill(scene.rng.choice(_QUOTING))} {scene.fill(scene.rng.choice(_DASHING))}"
    left = replace(left, summary=summary)
    right = Entry(
        f"{scene.day:%B %d, %Y}",
        left.title.replace(" ", "  ", 1),
        _typographic(summary).replace(" - ", " – ").removesuffix(".") + " ",
    )
    return _one_addressed(scene, left, right, number)


def _number_and_slug(scene: _Scene, number: int) -> _Two:
    left = scene.entry(dated=True, sentences=1 + number % 3, precision="month" if number % 5 == 4 else "day")
    return replace(left, url=scene.slug(left.title)), replace(left, url=scene.old_address())


_LETTERS_NEARBY = dict(zip("abcdefghijklmnopqrstuvwxyz", "svxfrghjoklknmpowtdyibecux", strict=True))


def _misprinted(scene: _Scene, text: str, number: int) -> str:
    """One long lower-case word misprinted by one letter, inside."""
    words = [word for word in re.findall(r"(?<![\w'’])[a-z]{8,}(?![\w'’])", text) if word not in _NEVER_MISPRINTED]
    word = scene.rng.choice(words)
    place = scene.rng.randrange(3, len(word) - 2)
    match number % 4:
        case 0:
            changed = word[:place] + word[place + 1 :]
        case 1:
            changed = word[:place] + word[place] + word[place:]
        case 2:
            changed = word[:place] + _LETTERS_NEARBY[word[place]] + word[place + 1 :]
        case _:
            while word[place] == word[place + 1]:
                place -= 1
            changed = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return re.sub(rf"\b{word}\b", changed, text, count=1)


def _misprint_in_summary(scene: _Scene, number: int) -> _Two:
    left = scene.entry(dated=True, sentences=3 + number % 2)
    right = replace(left, summary=_misprinted(scene, left.summary or "", number))
    return _one_addressed(scene, left, right, number // 2)


def _doubled_word(scene: _Scene, number: int) -> _Two:
    left = scene.entry(dated=True, sentences=3 + number % 2)
    word = scene.rng.choice(re.findall(r" (the|and|of|that|which|a|by|to|for) ", left.summary or ""))
    summary = (left.summary or "").replace(f" {word} ", f" {word} {word} ", 1)
    return _one_addressed(scene, left, replace(left, summary=summary), number)


def _misprint_in_title(scene: _Scene, number: int) -> _Two:
    left = scene.entry(sentences=2 + number % 2)
    template = scene.rng.choice(
        (
            "Telegram from {a} to {b} concerning {subject}",
            "Report by {a} on the unsatisfactory progress of the negotiations with {p}",
            "Letter, {a} to {b}, requesting additional assistance for {q}",
            "Note on the preparation of the conference in {p}, by {a}",
        )
    )
    left = replace(left, title=scene.fill(template))
    return _one_addressed(scene, left, replace(left, title=_misprinted(scene, left.title, number)), number // 2)


# Two documents


def _two_days_apart(scene: _Scene, number: int) -> _Two:
    sentences = scene.sentences(3)
    left = Entry(written(scene.day), scene.title(), " ".join(sentences))
    changed = scene.fill(scene.rng.choice([one for one in _SENTENCES if scene.fill(one) not in sentences]))
    summary = " ".join([*sentences[:2], changed]) if number % 3 else " ".join([sentences[0], *sentences[:0:-1]])
    right = Entry(written(scene.day + timedelta(days=2)), left.title, summary)
    return _addressed_apart(scene, left, right, number)


def _sides_swapped(scene: _Scene, number: int) -> _Two:
    template = scene.rng.choice(
        (
            "Telegram from {a} to {b}",
            "Letter, {a} to {b}, on {subject}",
            "Ciphered Telegram, {a} to {b}",
            "Note from {a} to {b} regarding {subject}",
        )
    )
    told = "{a} informs {b} that the talks in {p} on {subject} were postponed. A reply is expected by {q}."
    swap = str.maketrans("abAB", "baBA")

    def swapped(text: str) -> str:
        return re.sub(r"\{[abAB]\}", lambda match: match[0].translate(swap), text)

    left = Entry(written(scene.day), scene.fill(template), scene.fill(told))
    right = Entry(left.date_text, scene.fill(swapped(template)), scene.fill(told if number % 3 else swapped(told)))
    if number % 4 == 3:
        left, right = replace(left, summary=None), replace(right, summary=None)
    return _addressed_apart(scene, left, right, number)


def _file_numbers(scene: _Scene) -> tuple[str, str]:
    """Two file numbers of four digits that differ in one."""
    digits = str(scene.rng.randint(1000, 9999))
    place = scene.rng.randrange(4)
    digit = scene.rng.choice([one for one in "123456789" if one != digits[place]])
    form = scene.rng.choice(_FILE_NUMBERS)
    return form.format(digits), form.format(digits[:place] + digit + digits[place + 1 :])


def _days_in_one_month(scene: _Scene, left: Entry, right: Entry, number: int) -> _Two:
    """One month on both, one day on both, or two days of one month."""
    if number % 3 == 0:
        month = written(scene.day, "month")
        return replace(left, date_text=month), replace(right, date_text=month)
    if number % 3 == 1:
        return left, right
    first = scene.day.replace(day=scene.rng.randint(1, 14))
    return replace(left, date_text=written(first)), replace(right, date_text=written(first + timedelta(days=11)))


def _file_number_in_title(scene: _Scene, number: int) -> _Two:
    left = scene.entry(sentences=2)
    one, other = _file_numbers(scene)
    two = _days_in_one_month(
        scene, replace(left, title=f"{left.title}, {one}"), replace(left, title=f"{left.title}, {other}"), number
    )
    if number % 5 == 4:
        two = replace(two[0], summary=None), replace(two[1], summary=None)
    return _addressed_apart(scene, *two, number)


def _file_number_in_summary(scene: _Scene, number: int) -> _Two:
    left = scene.entry(sentences=3)
    opening, rest = (left.summary or "").split(". ", 1) if number % 2 else ("", left.summary)
    one, other = _file_numbers(scene)
    form = f"{opening} (see {{}}). {rest}" if opening else f"{rest} See also {{}}."
    two = replace(left, summary=form.format(one)), replace(left, summary=form.format(other))
    return _addressed_apart(scene, *_days_in_one_month(scene, *two, number // 2), number)


def _initials_closed_up(scene: _Scene, number: int) -> _Two:
    scene.initials[0] = " ".join(f"{letter}." for letter in scene.rng.sample(_INITIALS, 2))
    left = scene.entry(sentences=1 + number % 3)
    right = replace(
        left,
        date_text=written(scene.day + timedelta(days=5)),
        title=left.title.replace(scene.initials[0], scene.initials[0].replace(" ", "")),
    )
    return _addressed_apart(scene, left, right, number)


def _title_superset(scene: _Scene, number: int) -> _Two:
    title = scene.fill(
        scene.rng.choice(("Telegram from {a} to {b}", "Letter, {a} to {b}", "Conversation between {a} and {b}"))
    )
    sentences = scene.sentences(4)
    summary = " ".join(sentences[:3])
    left = Entry(written(scene.day), title, summary)
    match number % 3:
        case 0:
            added = scene.rng.choice((" and {c}", ", {c} and {d}"))
            left, other = replace(left, summary=None), None
        case 1:
            added = scene.rng.choice((" (Excerpts)", ", with Annex on {p}", ": Supplement on {subject}"))
            other = " ".join([sentences[0], *sentences[3:]])
        case _:
            added = scene.rng.choice((" and {c}", ", in the Presence of {c}"))
            other = summary
    if number % 3 != 1 and number % 2:  # a long title of which little is added
        title, added = scene.fill("Telegram from {a} to {b} regarding {subject} in {p}"), " and {q}"
        left = replace(left, title=title)
    right = replace(left, title=scene.fill(title + added), summary=other)
    return _addressed_apart(scene, left, right, number)


def _two_accounts(scene: _Scene, number: int) -> _Two:
    stem = scene.rng.choice(
        (
            "From the Diary of {}: Conversation of {{b}} with {{c}} on {{day}}",
            "{}'s Notes on the Meeting between {{b}} and {{c}}",
            "Meeting of {{b}} with {{c}} concerning {{subject}}, as Recorded by {}",
        )
    )
    middle = "{b} and {c} meet in {p} to discuss {subject}."
    told = scene.rng.sample(_SENTENCES, 4)
    left = Entry(written(scene.day), scene.fill(stem.format("{a}")), scene.fill(" ".join([middle, *told[:2]])))
    right = Entry(left.date_text, scene.fill(stem.format("{d}")), scene.fill(" ".join([middle, *told[2:]])))
    return _addressed_apart(scene, left, right, number)


def _another_date(scene: _Scene, left: Entry, number: int) -> Entry:
    """The same text under another date: a day, a week, a month or a year later; or another month or year."""
    day = scene.day.replace(day=min(scene.day.day, 28))
    later = (
        written(scene.day + timedelta(days=1)),
        written(day.replace(year=day.year + 1)),
        written(scene.day + timedelta(days=10)),
        written(day.replace(month=day.month % 12 + 1)),
    )
    if left.date_text == written(scene.day, "month"):
        return replace(left, date_text=written(day.replace(month=day.month % 12 + 1), "month"))
    return replace(left, date_text=later[number % 4])


def _run_of_dates(scene: _Scene, number: int) -> _Two:
    scene.day = scene.day.replace(day=min(scene.day.day, 28))
    left = scene.entry(sentences=1 + number % 3, precision="month" if number % 5 == 4 else "day")
    if number % 6 == 5:
        left = replace(left, summary=None)
    return left, _another_date(scene, left, number)


def _run_of_dates_addressed(scene: _Scene, number: int) -> _Two:
    left, right = _run_of_dates(scene, number)
    left = replace(left, url=scene.slug(left.title))
    match number % 3:
        case 0:
            return left, replace(right, url=scene.other_slug(right.title))
        case 1:
            return left, replace(right, url=scene.old_address())
        case _:
            return left, right


def _exchanged(scene: _Scene, left: Entry, old: str, new: str, number: int) -> _Two:
    """The same entry with one text exchanged: in title and summary, in the title alone, or in the summary alone."""

    def exchange(text: str | None) -> str:
        return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new, text or "")

    in_title, in_summary = number % 3 != 2, number % 3 != 1
    right = replace(
        left,
        title=exchange(left.title) if in_title else left.title,
        summary=exchange(left.summary) if in_summary else left.summary,
    )
    return _addressed_apart(scene, *_with_dates(left, right, number), number)


def _name(scene: _Scene, number: int) -> _Two:
    return _exchanged(scene, scene.entry(), scene.surnames[0], scene.surnames[2], number)


def _initial(scene: _Scene, number: int) -> _Two:
    initials = scene.initials[0].split(" ")
    place = scene.rng.randrange(len(initials))
    other = scene.rng.choice([letter for letter in _INITIALS if f"{letter}." not in initials])
    changed = " ".join([*initials[:place], f"{other}.", *initials[place + 1 :]])
    old = scene.person(0)
    return _exchanged(scene, scene.entry(sentences=2), old, f"{changed} {scene.surnames[0]}", number)


def _letter_of_a_name(scene: _Scene, number: int) -> _Two:
    before, vowel, after = scene.rng.choice("BDGHKLPRSTV"), scene.rng.choice("aeiou"), scene.rng.choice("lmnrst")
    changed = (
        before + vowel + scene.rng.choice([one for one in "lmnrst" if one != after]),
        before + scene.rng.choice([one for one in "aeiou" if one != vowel]) + after,
        scene.rng.choice([one for one in "BDGHKLPRSTV" if one != before]) + vowel + after,
    )[number % 3]
    old = before + vowel + after
    if number % 2:  # short surname, with initials
        scene.surnames[0] = old
    else:  # short surname before a given name
        scene.initials[0] = old
    return _exchanged(scene, scene.entry(), old, changed, number // 2)


def _ordinal(scene: _Scene, number: int) -> _Two:
    left = scene.entry(sentences=2)
    if number % 3 < 2:
        one, other = _ORDINALS_IN_TITLE[number % len(_ORDINALS_IN_TITLE)]
        two = replace(left, title=left.title + one), replace(left, title=left.title + other)
    else:
        told = "This is the {} conversation between {{A}} and {{B}} about {{p}}. "
        one, other = (scene.fill(told.format(word)) for word in _ORDINALS_IN_SUMMARY[number // 3 % 4])
        two = replace(left, summary=one + (left.summary or "")), replace(left, summary=other + (left.summary or ""))
    return _addressed_apart(scene, *_with_dates(*two, number), number)


def _number_word(scene: _Scene, number: int) -> _Two:
    left = scene.entry(sentences=2)
    words = _NUMBERS[number // 2 % len(_NUMBERS)]
    if number % 2:
        form = "{{a}} to {{b}}, Request for {} Locomotives from {{q}}"
        one, other = (replace(left, title=scene.fill(form.format(word.capitalize()))) for word in words)
    else:
        form = "{{A}} requests {} locomotives from {{q}} before the winter. "
        one, other = (
            replace(left, summary=f"{left.summary} {scene.fill(form.format(word)).strip()}") for word in words
        )
    return _addressed_apart(scene, *_with_dates(one, other, number), number)


def _negation(scene: _Scene, number: int) -> _Two:
    left = scene.entry(sentences=2)
    if number % 2:
        two = _NEGATIONS_IN_TITLE[number // 2 % len(_NEGATIONS_IN_TITLE)]
        one, other = (replace(left, title=scene.fill(title)) for title in two)
    else:
        two = _NEGATIONS_IN_SUMMARY[number // 2 % len(_NEGATIONS_IN_SUMMARY)]
        one, other = (replace(left, summary=f"{left.summary} {scene.fill(told)}") for told in two)
    return _addressed_apart(scene, *_with_dates(one, other, number), number)


def _two_addresses(scene: _Scene, number: int) -> _Two:
    left = scene.entry(dated=True, sentences=1 + number % 3)
    if number % 6 == 5:
        left = replace(left, date_text=None)
    return replace(left, url=scene.slug(left.title)), replace(left, url=scene.other_slug(left.title))


def _two_addresses_without_summary(scene: _Scene, number: int) -> _Two:
    left = scene.entry(dated=True, precision="month" if number % 3 == 2 else "day")
    left = replace(left, summary=None)
    return replace(left, url=scene.slug(left.title)), replace(left, url=scene.other_slug(left.title))


_KINDS: tuple[tuple[str, str, int, Callable[[_Scene, int], _Two]], ...] = (
    (_SAME, "letter for letter, no address", 20, _letter_for_letter),
    (_SAME, "letter for letter, one addressed", 20, _letter_for_letter_one_addressed),
    (_SAME, "same address, other wording", 20, _same_address),
    (_SAME, "date on one side, no address", 16, _date_on_one_side),
    (_SAME, "date on one side, one addressed", 16, _date_on_one_side_one_addressed),
    (_SAME, "comma after the month", 14, _comma_after_month),
    (_SAME, "day with a leading zero", 16, _day_with_zero),
    (_SAME, "typographic and straight quotes", 16, _quotes),
    (_SAME, "dashes", 15, _dashes),
    (_SAME, "blanks", 16, _blanks),
    (_SAME, "case of a word", 14, _case),
    (_SAME, "missing full stop", 12, _full_stop),
    (_SAME, "several writings at once", 12, _several_writings),
    (_SAME, "number and slug address", 20, _number_and_slug),
    (_SAME, "misprint in the summary", 20, _misprint_in_summary),
    (_SAME, "word doubled in the summary", 12, _doubled_word),
    (_SAME, "misprint in the title", 16, _misprint_in_title),
    (_DIFFERENT, "same title two days apart", 18, _two_days_apart),
    (_DIFFERENT, "sender and addressee swapped", 18, _sides_swapped),
    (_DIFFERENT, "file number in the title", 18, _file_number_in_title),
    (_DIFFERENT, "file number in the summary", 18, _file_number_in_summary),
    (_DIFFERENT, "initials closed up, five days apart", 15, _initials_closed_up),
    (_DIFFERENT, "title a superset, same day", 18, _title_superset),
    (_DIFFERENT, "two accounts of one meeting", 16, _two_accounts),
    (_DIFFERENT, "run of dates, no address", 20, _run_of_dates),
    (_DIFFERENT, "run of dates, addressed", 16, _run_of_dates_addressed),
    (_DIFFERENT, "another name", 18, _name),
    (_DIFFERENT, "another initial", 16, _initial),
    (_DIFFERENT, "one letter of a short name", 18, _letter_of_a_name),
    (_DIFFERENT, "another ordinal", 18, _ordinal),
    (_DIFFERENT, "another number in words", 16, _number_word),
    (_DIFFERENT, "a negation", 18, _negation),
    (_DIFFERENT, "equal under two addresses", 18, _two_addresses),
    (_DIFFERENT, "two addresses, no summaries", 15, _two_addresses_without_summary),
)


def generate() -> list[Pair]:
    """All pairs, kind by kind; the same at each call."""
    rng = random.Random(SEED)
    names = _Names(rng)
    # Few days, so that entries of many pairs meet on each.
    days = [date(1946, 1, 1) + timedelta(days=rng.randrange(44 * 365)) for _ in range(80)]
    pairs = []
    for label, kind, count, make in _KINDS:
        stem = re.sub(r"\W+", "-", kind)
        for number in range(count):
            two = make(_Scene(rng, names, days), number)
            left, right = two if rng.random() < 1 / 2 else two[::-1]
            pairs.append(Pair(f"{stem}-{number:02}", kind, label, left, right))
    return pairs


def to_bytes(pairs: list[Pair]) -> bytes:
    """As `pairs.jsonl` holds them."""
    return "".join(json.dumps(asdict(pair), ensure_ascii=False) + "\n" for pair in pairs).encode()


def read() -> list[Pair]:
    """The pairs of `pairs.jsonl`."""
    # Not `splitlines`: it would also break at separators inside a text.
    rows = map(json.loads, PAIRS_FILE.read_text("utf-8").strip().split("\n"))
    return [Pair(**row | {"left": Entry(**row["left"]), "right": Entry(**row["right"])}) for row in rows]


if __name__ == "__main__":
    PAIRS_FILE.write_bytes(to_bytes(generate()))
