"""What the page of a document has and no listing shows: invented, and the same for the same record id.

Each kind of body that editors paste is drawn in turn, with several texts, languages, values and names of each role.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from urllib.parse import quote

from tests.replica.records import Document

LANGUAGE_FACETS = {"Russian": "3966", "German": "3971", "Chinese": "3984", "English": "3990"}
STEP = 3
"""Between the record ids of two documents that are neighbours in the archive."""

_KINDS_OF_ROLES = {
    "author": "people",
    "participant": "people",
    "person": "people",
    "place": "places",
    "topic": "topics",
}
_NAMES = ("Aranyi", "Bělský", "Čapek", "Doležal", "Étienne", "Fürst", "García", "Hölzl", "Ilić", "Jiménez", "Kovács")
_PLACES = ("Ghana", "Laos", "Mongolia", "Peru", "Yemen")
_TOPICS = ("Border Talks", "Grain Deliveries", "Railway Treaties")
_SUBJECTS = ("Grain--Trade", "Albania--Foreign relations--Peru", "Railways (Narrow gauge)", "Steel")
_TYPES = ("Telegram", "Memorandum", "Letter", "Report")
_RIGHTS = "Invented Archive welcomes reuse of its records.\n\nTo ask about rights, contact nobody."


@dataclass(frozen=True, slots=True)
class Named:
    """A person, place, topic or subject, as what the page of a document names it.

    Attributes:
        href: Where its pill leads.
    """

    role: str
    kind: str
    name: str
    href: str

    @property
    def term_id(self) -> str:
        """Kind and slug, or kind and name of what has no page."""
        last = self.href.rpartition("/")[2] if self.href.startswith(f"/{self.kind}/") else quote(self.name, safe="")
        return f"{self.kind}/{last}"


@dataclass(frozen=True, slots=True)
class Body:
    """A text of a document, as it is pasted and as it is read."""

    kind: str
    language: str | None
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that a pane shows."""

    kind: str
    language: str | None
    path: str


@dataclass(frozen=True, slots=True)
class Details:
    """What the page of a document has."""

    node_id: int
    names: tuple[Named, ...]
    source: str
    original_archive: tuple[str, ...]
    rights: str
    credits: str | None
    donors: tuple[str, ...]
    uploaded_on: date
    document_type: tuple[str, ...]
    languages: tuple[str, ...]
    original_classification: str | None
    texts: tuple[Body, ...]
    files: tuple[File, ...]

    def of_role(self, role: str) -> list[Named]:
        """The names of one role, in the order of the page."""
        return [named for named in self.names if named.role == role]


def document_details(document: Document) -> Details:
    """What the page of a document has; the same for the same record id."""
    number = document.record_id
    draw = number // STEP
    donors = ("Widget Foundation", "Blum and Sons Fund")[: draw % 3]
    languages = tuple(LANGUAGE_FACETS)[draw % 4 : draw % 4 + 1 + (draw % 7 == 0)]
    return Details(
        node_id=number + 80_000,
        names=tuple(_names(draw)),
        source=f"Invented Archive, fond {number % 97}, file {number}.",
        original_archive=(f"Central Archive, {_PLACES[draw % 5]}", "Party Archive (Prague)")[: draw % 3],
        rights=_RIGHTS,
        credits=f"This document was made possible with support from {donors[0]}" if donors else None,
        donors=donors,
        uploaded_on=date(2010, 1, 1) + timedelta(days=draw % 4000),
        document_type=tuple(_TYPES[draw % 4 : draw % 4 + draw % 3]),
        languages=languages,
        original_classification=("Secret", "Top Secret", None)[draw % 3],
        texts=tuple(_texts(number)),
        files=tuple(_files(number)),
    )


def related_numbers(document: Document) -> tuple[int, ...]:
    """Record ids of the documents that a document's page names as related, where there are such documents."""
    number = document.record_id
    return tuple(number + STEP * away for away in (7, -2, 1)) if number // STEP % 3 else ()


def _names(draw: int) -> list[Named]:
    """Names that several documents share in several roles; a quarter has participants."""
    people = [f"{_NAMES[(draw + step) % 11]}, {chr(65 + (draw + step) % 26)}." for step in range(4)]
    roles = [("author", people[: 1 + draw % 2]), ("participant", people[2:] if draw % 4 == 0 else [])]
    roles += [("person", people[1:3] if draw % 2 else []), ("place", [_PLACES[draw % 5], _PLACES[(draw + 2) % 5]])]
    roles += [("topic", [_TOPICS[draw % 3]] if draw % 3 else [])]
    found = [_with_page(role, name) for role, names in roles for name in names]
    return found + [_found_by_text(_SUBJECTS[(draw + step) % 4], " " * (draw % 2)) for step in range(draw % 4)]


def _with_page(role: str, name: str) -> Named:
    kind = _KINDS_OF_ROLES[role]
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return Named(role, kind, name, f"/{kind}/" + "-".join(re.findall(r"[a-z]+", plain)))


def _found_by_text(name: str, behind: str) -> Named:
    return Named("subject", "subjects", name, f"/search?search_api_fulltext={name}{behind}")


def _files(number: int) -> list[File]:
    path = f"/sites/default/files/{number}"
    match number // STEP % 4:
        case 0:
            return []
        case 3:
            return [File("original", None, f"{path}.pdf"), File("transcript", None, f"{path}-transcript.pdf")]
        case _:
            return [File("original", None, f"{path}.pdf")]


def _texts(number: int) -> list[Body]:
    draw = number // STEP
    found = [_body("translation", "English", number, draw % 5)]
    if draw % 6 == 0:
        found.append(_body("translation", "French", number, (draw + 1) % 5))
    if draw % 4 == 0:
        found.insert(0, _body("original", None, number, (draw + 2) % 5))
    if draw % 4 in (1, 2):
        found.insert(0, _body("transcript", None, number, (draw + 3) % 5))
    return found


def _body(kind: str, language: str | None, number: int, way: int) -> Body:
    words = [f"Paragraph {each} of record {number} ({kind}), on grain & “steel”." for each in range(1, 4)]
    html, text = _WAYS[way](words)
    return Body(kind, language, html, text)


def _plain(words: list[str]) -> tuple[str, str]:
    return "".join(f"<p>{escape(each)}</p>" for each in words), "\n\n".join(words)


def _of_a_converter(words: list[str]) -> tuple[str, str]:
    """A whole HTML document within the pane, with the guard's script."""
    paragraphs = "".join(f'<p class="cs2654AE3A"><span class="cs1"> {escape(each)}\n</span></p>' for each in words)
    head = "<meta charset=utf-8><title></title><style>.cs2654AE3A{text-align:left}</style>"
    guard = "<script>(function(){/* /cdn-cgi/challenge-platform/scripts/jsd/main.js */})();</script>"
    return f'{head}<span>{paragraphs}<p class="cs2"><span>&nbsp;</span></p></span>{guard}', "\n\n".join(words)


def _of_a_word_processor(words: list[str]) -> tuple[str, str]:
    """Nested spans, a break, a footnote, a numbered list."""
    first, second, third = words
    html = (
        f'<h1>Minutes</h1><p style="margin:0"><span><span lang="EN-US">{escape(first)}<a href="#f1">'
        f'<sup class="MsoFootnoteReference">[1]</sup></a><br>\nSecond&nbsp;line</span></span></p>'
        f'<ol start="4"><li>{escape(second)}</li><li value="9"><p>{escape(third)}</p></li></ol>'
    )
    return html, f"Minutes\n\n{first}[1]\nSecond line\n\n4. {second}\n\n9. {third}"


def _with_a_table(words: list[str]) -> tuple[str, str]:
    first, second, third = words
    html = (
        f"<p>{escape(first)}</p><table><tr><th>Year</th><th>Grain</th></tr><tr><td>1956</td><td><p>{escape(second)}"
        f"</p></td></tr></table><blockquote><p>{escape(third)}</p></blockquote>"
    )
    return html, f"{first}\n\nYear\tGrain\n1956\t{second}\n\n{third}"


def _in_other_scripts(words: list[str]) -> tuple[str, str]:
    """Right to left, and without blanks; an empty element stands between words that run together."""
    html = f'<div dir="rtl"><p>שלום <b>עולם</b></p></div><p>苏联<span></span>代表团</p><p>{escape(words[0])}</p>'
    return html, f"שלום עולם\n\n苏联代表团\n\n{words[0]}"


_WAYS = (_plain, _of_a_converter, _of_a_word_processor, _with_a_table, _in_other_scripts)
