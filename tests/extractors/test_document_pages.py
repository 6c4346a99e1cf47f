"""Pages of documents: real markup is read as an independent reading has it; bad pages as far as is certain."""

import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from extractors.byte_streams import MAX_PAGE_BYTES
from extractors.parsing import read_page
from flows.inspection import page_to_dict
from schemas.records import ParsedPage

PAGES = Path(__file__).parents[1] / "pages" / "documents"
READINGS = sorted(PAGES.glob("*.json"))
SITE = "https://digitalarchive.wilsoncenter.org"
ROLES = {"Places": "place", "Topics": "topic", "Subjects Discussed": "subject", "People": "person"}
LANGUAGES = {"Russian", "Chinese", "Italian", "English", "Hungarian", "Japanese", "Hebrew"}


def name_of(path: Path) -> str:
    return path.stem[:40]


@pytest.fixture(params=READINGS, ids=name_of)
def reading(request: pytest.FixtureRequest) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(request.param.read_text("utf-8"))
    return {**read, "found": page_to_dict(read_page(request.param.with_suffix(".html").read_bytes()))}


def kinds(page: ParsedPage) -> list[str]:
    return [issue.kind for issue in page.issues]


def joined(paragraphs: list[str]) -> str | None:
    return "\n\n".join(paragraphs) or None


def names(pills: list[dict[str, str]]) -> list[str]:
    return [pill["name"] for pill in pills]


def test_a_page_has_no_issue_and_is_a_document(reading: dict[str, Any]) -> None:
    found = reading["found"]
    assert (found["kind"], found["outcome"], found["issues"]) == ("document", "document", [])


def test_the_fields_equal_an_independent_reading(reading: dict[str, Any]) -> None:
    held = reading["information"]
    donors = held.get("Donors", {"list": []})["list"]
    found = dict(reading["found"]["document"])
    found.pop("date_edtf")
    assert found == {
        "url": reading["canonical"],
        "record_id": held["Record ID"],
        "node_id": reading["node_id"],
        "date_text": reading["date_line"],
        "title": reading["title"],
        "summary": joined(reading["summary"]),
        "credits": reading["donated_line"],
        "source": held["Source"],
        "original_archive": names(held.get("Original Archive", [])),
        "rights": joined(held["Rights"]),
        "uploaded_on": held["Original Uploaded Date"],
        "document_type": held.get("Type", []),
        "languages": names(held["Language"]),
        "original_classification": held.get("Original Classification"),
        "donors": donors,
        "download_url": SITE + reading["download"],
    }


def test_the_terms_equal_an_independent_reading_role_by_role(reading: dict[str, Any]) -> None:
    runs = [run for run in reading["authors_runs"] if run]
    expected = [("author", pill) for pill in runs[-1]]
    expected = [*(("participant", pill) for run in runs[:-1] for pill in run), *expected]
    for label, pills in reading["pill_blocks"].items():
        role = next(role for part, role in ROLES.items() if part in label)
        expected += [(role, pill) for pill in pills]
    found = [(term["role"], term["name"], unquote(term["url"])) for term in reading["found"]["terms"]]
    assert found == [(role, pill["name"], SITE + pill["href"].strip()) for role, pill in expected]


def test_the_texts_equal_an_independent_reading_but_for_numbers_of_lists(reading: dict[str, Any]) -> None:
    panes = [pane for pane in reading["panes"] if pane.get("text")]
    found = reading["found"]["texts"]
    assert [(text["kind"], text["language"] or None) for text in found] == [
        (pane["kind"], pane["language"] or reading["information"]["Language"][0]["name"]) for pane in panes
    ]
    for text, pane in zip(found, panes, strict=True):
        # The other reader leaves out the numbers that a browser shows before the items of a list.
        pairs = zip(text["text"].split("\n\n"), pane["text"].split("\n\n"), strict=True)
        assert all(ours in (theirs, re.sub(r"^", ours.split(" ")[0] + " ", theirs)) for ours, theirs in pairs)


def test_the_files_and_related_documents_equal_an_independent_reading(reading: dict[str, Any]) -> None:
    files = [(pane["kind"], SITE + url) for pane in reading["panes"] for url in pane["files"]]
    assert [(file["kind"], file["url"]) for file in reading["found"]["files"]] == files
    assert reading["found"]["related"] == [
        {
            "date_text": row["date"],
            "title": row["title"],
            "summary": joined(row["summary"]),
            "url": SITE + row["href"],
            "node_id": row["node_id"],
        }
        for row in reading["related"]
    ]


def as_played(html: str) -> str:
    """A page as a web archive shows it: each link leads to what the archive has."""
    rooted = re.sub(r'((?:href|src|data)=")/(?!/)', rf"\1/web/20250101000000/{SITE}/", html)
    return re.sub(rf'((?:href|src|data)="){SITE}', rf"\1https://web.archive.org/web/20250101000000/{SITE}", rooted)


def as_minified(html: str) -> str:
    return re.sub(r"\s*\n\s*", "\n", html)


def as_saved(html: str) -> str:
    """A page as a browser saves it: tags in capitals, links absolute, line ends of Windows."""
    absolute = re.sub(r'((?:href|src|data)=")/(?!/)', rf"\1{SITE}/", html)
    return re.sub(r"</?[a-z][a-z0-9]*", lambda tag: tag[0].upper(), absolute).replace("\n", "\r\n")


def as_singlefile(html: str) -> str:
    """A page as SingleFile saves it: no scripts, no quotes and no end tags that HTML can do without."""
    scripts = r"<script(?! type=.application/json).*?</script>"
    bare = re.sub(r"</(?:body|html|head|p|tr|td|tbody)>", "", re.sub(scripts, "", html, flags=re.DOTALL))
    mark = "<!--\n Page saved with SingleFile \n url: https://x \n saved date: Sat Mar 01 2025 12:00:00 GMT+0000\n-->"
    return re.sub(r'="([^\s"\'=<>`]+)"', r"=\1", bare).replace("<head>", mark, 1)


@pytest.mark.parametrize("change", [as_played, as_minified, as_saved, as_singlefile])
def test_a_page_is_read_alike_however_it_was_kept(change: Callable[[str], str]) -> None:
    for path in READINGS[:6]:
        html = path.with_suffix(".html").read_text("utf-8")
        assert page_to_dict(read_page(change(html).encode())) == page_to_dict(read_page(html.encode())), path.stem


LANGUAGE_PANE = (
    '<div class="tab-pane" id="translation"><div class="tab-content-languages"><div class="tab-pane"'
    ' id="translation-English">{body}</div></div></div>'
)


def page(**parts: str) -> str:
    """A small page of a document, with the site's own markup around what a test puts in."""
    held = {
        "canonical": "/document/a-report",
        "shortlink": "/node/5",
        "panes": LANGUAGE_PANE,
        "body": "<p>One.</p>",
        "more": "",
        "information": "",
        "cited": f"{SITE}/document/116000",
        "record": "116000",
        "settings": '{"path": {"currentPath": "node/5"}}',
        "end": "</body></html>",
        **parts,
    }
    panes = held["panes"].replace("{body}", held["body"])
    return f"""<!DOCTYPE html><html><head><title>x</title><link rel="canonical" href="{SITE}{held["canonical"]}">
<link rel="shortlink" href="{SITE}{held["shortlink"]}"></head><body><main><section class="jumbotron-document">
<div class="content-block"><h2 class="date">May 5, 1955</h2><h1 class="title"><span>A Report </span></h1></div>
</section>
<section class="document-container"><div class="document-frame"><div id="documentTabs">{panes}</div></div>
<div class="document-options"></div><div class="text-block"><p>A summary.</p></div>{held["more"]}</section>
<section class="document-information">{held["information"]}<div class="information-block">
<h3 class="sub-title">Record ID</h3><div class="text">{held["record"]}</div></div></section>
<a id="citation-url">{held["cited"]}</a></main>
<script type="application/json" data-drupal-selector="drupal-settings-json">{held["settings"]}</script>
<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>{held["end"]}"""


def block(label: str, value: str) -> str:
    return f'<div class="information-block"><h3 class="sub-title">{label}</h3>{value}</div>'


def pill(name: str, kind: str = "people") -> str:
    href = f"/{kind}/{name.lower()}"
    return f'<li class="pill-item"><a class="pill pill-{kind}" href="{href}"><span class="name">{name}</span></a></li>'


def texts(html: str) -> list[str]:
    return [text["text"] for text in page_to_dict(read_page(html.encode()))["texts"]]


BODIES = {
    "a converter's whole document": (
        '<html><head><meta charset="utf-8"><title></title><style>.cs1{color:red}</style></head><body><p class="cs1">'
        '<span class="cs2">First</span><span class="cs2"> words.</span></p><p class="cs1"><span>&nbsp;</span></p>'
        "<p>Last.</p></body></html>",
        "First words.\n\nLast.",
    ),
    "an editor's, from a word processor": (
        '<p class="MsoNormal"><span style="x"><span>Some<a href="#_ftn1"><span class="MsoFootnote">[1]</span></a>'
        "<span></span>text</span></span></p><p><o:p>&nbsp;</o:p></p>",
        "Some[1]text",
    ),
    "a shared editor's": (
        '<p dir="ltr"><span style="white-space:pre-wrap">One  two</span></p><br><p><span>three</span></p>',
        "One two\n\nthree",
    ),
    "plain paragraphs with line breaks": (
        "Dear<br>Sir,<br><br>Yes.<h1>Annex</h1>No",
        "Dear\nSir,\nYes.\n\nAnnex\n\nNo",
    ),
    "a table": (
        "<p>Before</p><table><tbody><tr><td><p>a</p></td><td>b<br>c</td></tr><tr><th>d</th><td></td></tr></tbody></table>",
        "Before\n\na\tb c\nd\t",
    ),
    "lists": (
        '<ol start="3"><li>three</li><li value="7"><p>seven</p></li></ol><ul><li>dot</li></ul>',
        "3. three\n\n7. seven\n\ndot",
    ),
    "lists with letters, Roman numerals or nothing before their items": (
        '<ol type="a" start="26"><li>z</li><li>aa</li></ol><ol style="list-style-type: upper-roman">'
        '<li value="4">IV</li><li style="list-style-type:none">bare</li><li>VI</li></ol>'
        "<ol reversed><li>two</li><li>one</li></ol>"
        '<ul style="list-style:disc"><li>dot</li></ul><ul><li style="list-style-type:decimal">one</li></ul>',
        "z. z\n\naa. aa\n\nIV. IV\n\nbare\n\nVI. VI\n\n2. two\n\n1. one\n\ndot\n\n1. one",
    ),
    "text whose lines are those of the source": (
        "<p>A</p><pre>FROM:  X\n  TO:\tY\n\nText</pre><table><tr><td><pre>a\nb</pre></td><td>c</td></tr></table>",
        "A\n\nFROM: X\nTO: Y\nText\n\na b\tc",
    ),
    "paragraphs of wide blanks and of what has no width": (
        "<p>\u3000\u3000\u4e00</p><p>\u3000</p><p>&#8203;</p><p>\u4e8c<br>\u2003<br>\u4e09</p>",
        "\u3000\u3000\u4e00\n\n\u4e8c\n\u4e09",
    ),
    "right to left": (
        '<p dir="rtl">\u0645\u0631\u062d\u0628\u0627 &rlm;(1)</p>',
        "\u0645\u0631\u062d\u0628\u0627 \u200f(1)",
    ),
    "composed as printed": (
        "<p>" + unicodedata.normalize("NFD", "Đình") + "</p>",
        unicodedata.normalize("NFD", "Đình"),
    ),
    "a guard's script": ("<p>One.</p><script>'/cdn-cgi/challenge-platform/scripts/jsd/main.js'</script>", "One."),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_pasted_body_becomes_plain_text(name: str) -> None:
    body, expected = BODIES[name]
    assert texts(page(body=body)) == [expected]


def test_a_text_nested_a_thousand_deep_is_read() -> None:
    assert texts(page(body="<div>" * 1000 + "deep" + "</div>" * 1000)) == ["deep"]


def test_a_page_with_too_deep_a_text_is_read_without_it() -> None:
    source = next(PAGES.glob("diary*.html")).read_text("utf-8")
    whole = page_to_dict(read_page(source.encode()))
    pasted = source.replace("</style><p", "</style>" + '<span style="x">' * 1000 + "<div>" * 1000 + "<p", 1)
    read = read_page(pasted.encode())
    found = page_to_dict(read)
    assert (found["document"], found["terms"]) == (whole["document"], whole["terms"])
    assert (found["texts"], found["files"], kinds(read)) == ([], [], ["nested-too-deeply"])


def test_a_text_of_twenty_megabytes_is_read_whole() -> None:
    body = '<p class="cs1"><span class="cs2">' + "word " * 20 + "</span></p>"
    html = page(body=body * 150_000)
    assert 20_000_000 < len(html) < MAX_PAGE_BYTES
    (text,) = texts(html)
    assert text.count("word") == 3_000_000


def test_what_a_pane_does_not_close_stays_out_of_its_text() -> None:
    html = page(body="<p>One.<div><div>Two.", more='<div class="pill-block"><h3 class="title">x</h3></div>')
    assert texts(html) == ["One.\n\nTwo."]


def test_text_that_a_pasted_end_puts_beside_its_pane_is_an_issue() -> None:
    read = read_page(page(body="<p>One.</p></div></div></div><p>Lost words.</p>").encode())
    assert [(issue.kind, issue.found) for issue in read.issues] == [("text-outside-panes", "Lost words.")]


def test_text_that_many_pasted_ends_put_far_from_its_pane_is_an_issue() -> None:
    panes = f'{LANGUAGE_PANE}<div class="tab-pane" id="transcript"><p>Two.</p></div>'
    read = read_page(page(panes=panes, body="<p>One.</p>" + "</div>" * 9 + "<p>Lost</p>words").encode())
    assert [text["text"] for text in page_to_dict(read)["texts"]] == ["One.", "Two."]
    assert ("text-outside-panes", "Lost\n\nwords") in [(issue.kind, issue.found) for issue in read.issues]


def test_a_pasted_footer_or_a_class_that_the_site_uses_too_is_part_of_the_text() -> None:
    body = '<p>One.</p><div class="text-block">Two.</div><div class="modal">Three.</div><footer>Four.</footer>'
    assert texts(page(body=body)) == ["One.\n\nTwo.\n\nThree.\n\nFour."]


def pasted_parts() -> str:
    """What an editor could paste that looks like every part of the site's own page."""
    row = f'<td class="date">1954</td><td class="document"><a href="{SITE}/document/other"><h3>Other</h3></a></td>'
    return (
        '<h2 class="date">1999</h2><div class="content-block"><h1 class="title">x</h1></div><p class="donated">x</p>'
        '<div class="text-block"><p>Pasted.</p></div><h2 class="title">Author(s):</h2><ul><li>Eve</li></ul>'
        '<div class="pill-block"><h3 class="title">Associated People</h3><a class="pill pill-people">Eve</a></div>'
        f"{block('Source', '<div class=text>Pasted</div>')}{block('Record ID', '<div class=text>9</div>')}"
        f'<table><tr>{row}</tr></table><a id="citation-url">{SITE}/document/9</a><a href="/document/9/download">x</a>'
        '<link rel="shortlink" href="/node/9"><script data-drupal-selector="drupal-settings-json">'
        '{"path": {"currentPath": "node/9"}}</script>'
    )


CLOSINGS = {"closed": "", "not closed": "<div><div><p>x", "closed too early": "</div>" * 3}


@pytest.mark.parametrize("ending", CLOSINGS.values(), ids=CLOSINGS)
def test_what_is_pasted_into_a_pane_is_never_taken_for_a_part_of_the_page(ending: str) -> None:
    before, behind = ("", pasted_parts()) if ending.startswith("</div>") else (pasted_parts(), "")
    plain = page_to_dict(read_page(page(information=block("Source", "<div class=text>A</div>")).encode()))
    html = page(body=before + ending + behind, information=block("Source", "<div class=text>A</div>"))
    found = page_to_dict(read_page(html.encode()))
    assert [found[name] for name in ("document", "terms", "related")] == [
        plain[name] for name in ("document", "terms", "related")
    ]


FILES = {
    "an object": (
        '<object class="pdf-preview" data="/sites/a%20b.pdf"><a href="/x">x</a></object>',
        "/sites/a%20b.pdf",
    ),
    "an embed": ('<embed src="https://digitalarchive.wilsoncenter.org/sites/a.pdf">', "/sites/a.pdf"),
    "a frame": ('<iframe src="/sites/a.pdf#page=2"></iframe>', "/sites/a.pdf#page=2"),
    "a viewer": ('<iframe src="/libraries/pdf.js/web/viewer.html?file=%2Fsites%2Fa.pdf"></iframe>', "/sites/a.pdf"),
    "a scan that is an image": ('<p><img src="/sites/a.jpg" alt="Scan"></p>', "/sites/a.jpg"),
    "one that a web archive plays": (
        f'<object data="https://web.archive.org/web/20250101000000oe_/{SITE}/sites/a.pdf"></object>',
        "/sites/a.pdf",
    ),
    "the same one twice": ('<object data="/sites/a.pdf"><embed src="/sites/a.pdf"></object>', "/sites/a.pdf"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_pane_shows_a_file_in_any_frame(name: str) -> None:
    body, path = FILES[name]
    found = page_to_dict(read_page(page(body=body).encode()))
    assert [(file["kind"], file["language"], file["url"]) for file in found["files"]] == [
        ("translation", "English", SITE + path)
    ]
    assert found["issues"] == []


@pytest.mark.parametrize("source", ["data:application/pdf;base64,JVBERi0=", "./A report_files/a.pdf", "about:blank"])
def test_a_file_without_a_url_of_the_web_is_an_issue(source: str) -> None:
    read = read_page(page(body=f'<object data="{source}"></object>').encode())
    assert [(issue.kind, issue.found) for issue in read.issues] == [("empty-pane", source)]
    assert page_to_dict(read)["files"] == []


def test_images_behind_a_pane_that_is_not_closed_are_no_files_of_it() -> None:
    body = '<img src="/sites/a.jpg"><div><div><div><div><div><div><p>One.'
    html = page(body=body, information='<img src="/logo.png">', end='<img src="/seal.png"></body></html>')
    assert [file["url"] for file in page_to_dict(read_page(html.encode()))["files"]] == [f"{SITE}/sites/a.jpg"]


def test_a_page_cut_anywhere_yields_nothing_untrue_and_says_that_it_ends_early() -> None:
    source = next(path for path in sorted(PAGES.glob("diary*.html"))).read_bytes()
    whole = page_to_dict(read_page(source))
    for size in range(4_000, len(source) - 20, 997):
        read = read_page(source[:size])
        found = page_to_dict(read)
        assert found["outcome"] != "document" or "cut-off" in kinds(read)
        if found["outcome"] == "document":
            assert {name: value for name, value in found["document"].items() if value}.items() <= {
                **whole["document"]
            }.items()
            assert all(text in whole["texts"] for text in found["texts"])
            assert all(term in whole["terms"] for term in found["terms"])


def test_a_page_that_ends_where_a_pasted_page_ends_is_cut_off() -> None:
    whole = page(body="<html><body><p>One.</p></body></html>")
    read = read_page(whole[: whole.index("</html>") + len("</html>")].encode())
    assert (kinds(read), page_to_dict(read)["texts"]) == (["cut-off", "cut-off"], [])


@pytest.mark.parametrize(
    "parts",
    [
        {"settings": '{"path": {"currentPath": "system/404"}}'},
        {"record": "", "cited": "", "panes": "", "shortlink": "/", "settings": "{}"},
    ],
    ids=["by its settings", "with no field of a document"],
)
def test_a_page_that_says_in_the_frame_of_a_document_that_there_is_none_is_unknown(parts: dict[str, str]) -> None:
    html = page(**parts).replace('<h2 class="date">May 5, 1955</h2>', "").replace("A Report", "Page not found")
    read = read_page(html.encode(), f"{SITE}/document/a-report")
    assert (read.outcome, kinds(read), read.rows) == ("unknown", ["unknown-page"], {})
    assert read.issues[0].found == "Page not found"


def test_a_document_in_the_design_of_the_old_site_is_an_issue_and_nothing_is_guessed() -> None:
    html = """<!DOCTYPE html><html><head><title>Letter | Digital Archive</title></head><body><div class="doc-view">
<h1 class="itm-title">Letter</h1><p>August 04, 1961</p><p>Words.</p></div></body></html>"""
    read = read_page(html.encode(), f"{SITE}/document/110021")
    assert (read.outcome, kinds(read), read.rows) == ("unknown", ["unknown-page"], {})
    assert read.issues[0].message == "the page is no document that is known"


def test_an_unknown_label_is_an_issue_with_its_text() -> None:
    block = '<div class="information-block"><h3 class="sub-title">Shelf</h3><div class="text">B 12</div></div>'
    read = read_page(page(information=block).encode())
    assert [(issue.kind, issue.expected, issue.found) for issue in read.issues] == [("unknown-label", "Shelf", "B 12")]


UNREAD = {
    "a label that stands twice": (
        {"information": block("Source", "<div class=text>A</div>") + block("Source", "<div class=text>B</div>")},
        "Source",
        "B",
    ),
    "a known label without its text": ({"information": block("Source", "<p>A</p>")}, "Source", "Source\n\nA"),
    "a heading without a list": ({"more": '<h2 class="title">Translators</h2><div>Bob</div>'}, "Translators", "Bob"),
    "a block without pills": (
        {"more": '<div class="pill-block"><h3 class="title">Events</h3><p>A war</p></div>'},
        "Events",
        "A war",
    ),
    "a text beside names": (
        {"more": f'<div class="pill-block"><h3 class="title">Associated People</h3>{pill("Ann")}and others</div>'},
        "Associated People",
        "and others",
    ),
    "a text behind a list of names": (
        {"more": f'<h2 class="title">Author(s):</h2><ul>{pill("Ann")}</ul><p>Not signed</p>'},
        "Author(s):",
        "Not signed",
    ),
    "pills of no known kind": (
        {"more": '<div class="pill-block"><h3 class="title">Events</h3><a class="pill">War</a></div>'},
        "Events",
        "War",
    ),
}


@pytest.mark.parametrize("name", UNREAD)
def test_nothing_that_has_a_label_is_dropped(name: str) -> None:
    parts, label, text = UNREAD[name]
    read = read_page(page(**parts).encode())
    assert [(issue.kind, issue.expected, issue.found) for issue in read.issues] == [("unknown-label", label, text)]


NAMES = {
    "a name that is no link": f"{pill('Ann')}<li class=pill-item><span class=name>Bob</span></li>",
    "two names in one place": '<li><a href="/people/ann">Ann</a>, <a href="/people/bob">Bob</a></li>',
    "a link in no place of the list": f'{pill("Ann")}<a class="pill pill-people" href="/people/bob">Bob</a>',
    "names that are no links": "<li>Ann</li><li>Bob</li>",
}


@pytest.mark.parametrize("name", NAMES)
def test_each_name_of_a_list_is_read_whether_it_is_a_link_or_not(name: str) -> None:
    people = f'<h2 class="title">Author(s):</h2><ul class="pill-list">{NAMES[name]}</ul>'
    blocks = f'<div class="pill-block"><h3 class="title">Associated People</h3><ul>{NAMES[name]}</ul></div>'
    found = page_to_dict(read_page(page(more=people + blocks).encode()))
    assert [(term["role"], term["name"]) for term in found["terms"]] == [
        (role, each) for role in ("author", "person") for each in ("Ann", "Bob")
    ]
    assert found["issues"] == []


def test_two_lists_below_one_heading_are_both_read() -> None:
    lists = f'<h2 class="title">Author(s):</h2>\n<ul>{pill("Ann")}</ul>\n<ul>{pill("Bob")}</ul>'
    found = page_to_dict(read_page(page(more=lists).encode()))
    assert [(term["role"], term["name"]) for term in found["terms"]] == [("participant", "Ann"), ("author", "Bob")]


FIELDS: dict[str, tuple[str, str, str, list[str]]] = {
    "archives that are links": (
        "Original Archive",
        "<a href=/x>A</a>, <a href=/y>B</a>",
        "original_archive",
        ["A", "B"],
    ),
    "an archive that is no link beside one that is": (
        "Original Archive",
        f"<ul>{pill('A')}</ul><p>B</p>",
        "original_archive",
        ["A", "B"],
    ),
    "a type with marked words": (
        "Type",
        "Record of a <i>Meeting</i>\n  Cable",
        "document_type",
        ["Record of a Meeting", "Cable"],
    ),
    "donors in paragraphs": ("Donors", "<p>A Fund</p><p>B and C Fund</p>", "donors", ["A Fund", "B and C Fund"]),
    "donors in lines": ("Donors", "A Fund<br>B Fund<br>", "donors", ["A Fund", "B Fund"]),
    "three donors": ("Donors", "A, B Fund,&nbsp;C Fund,&nbsp;and D Fund", "donors", ["A, B Fund", "C Fund", "D Fund"]),
}


@pytest.mark.parametrize("name", FIELDS)
def test_several_values_of_a_field_are_told_apart(name: str) -> None:
    label, value, field, expected = FIELDS[name]
    found = page_to_dict(read_page(page(information=block(label, f'<div class="text">{value}</div>')).encode()))
    assert (found["document"][field], found["issues"]) == (expected, [])


def test_values_of_a_field_are_parted_by_elements_as_by_lines() -> None:
    information = block("Type", '<div class="text">Letter &amp; Note<br>Report\n   Cable<p>Memo</p></div>')
    document = page_to_dict(read_page(page(information=information).encode()))["document"]
    assert document["document_type"] == ["Letter & Note", "Report", "Cable", "Memo"]


def test_a_pill_is_what_its_class_says_and_else_what_its_block_says() -> None:
    pills = '<a class="pill pill-people" href="/people/ann">Ann</a><a class="pill pill-places">Rome</a>'
    blocks = f'<div class="pill-block"><h3 class="title">Associated People</h3>{pills}</div>'
    blocks += '<div class="pill-block"><h3 class="title">Associated Topics</h3><ul><li>War</li></ul></div>'
    found = page_to_dict(read_page(page(more=blocks).encode()))
    assert [(term["role"], term["name"]) for term in found["terms"]] == [
        ("person", "Ann"),
        ("place", "Rome"),
        ("topic", "War"),
    ]
    assert found["issues"] == []


def test_the_download_is_the_sites_own_whatever_a_text_links_to() -> None:
    body = '<a href="https://example.org/download">x</a>'
    html = page(body=body, more='<a class="btn-icon" href="/document/5/download">y</a>')
    assert page_to_dict(read_page(html.encode()))["document"]["download_url"] == f"{SITE}/document/5/download"


def test_a_related_row_without_a_link_is_an_issue() -> None:
    rows = '<table><tr><td class="date">1954</td><td class="document"><h3>A Talk</h3></td></tr></table>'
    read = read_page(page(more=rows).encode())
    assert [(issue.kind, issue.found) for issue in read.issues] == [("text-outside-entries", "1954 A Talk")]


def test_an_unknown_pane_is_kept_as_text_with_an_issue() -> None:
    read = read_page(page(panes='<div class="tab-pane" id="summary-ai"><p>Words.</p></div>').encode())
    assert [(text["kind"], text["text"]) for text in page_to_dict(read)["texts"]] == [("other", "Words.")]
    assert kinds(read) == ["unknown-pane"]


def test_a_pane_without_text_is_an_issue() -> None:
    assert kinds(read_page(page(body="<p>&nbsp;</p>").encode())) == ["empty-pane"]


def test_numbers_that_contradict_one_another_are_not_trusted() -> None:
    read = read_page(page(record="116001", settings='{"path": {"currentPath": "node/6"}}').encode())
    document = page_to_dict(read)["document"]
    assert (document["record_id"], document["node_id"]) == (None, None)
    assert kinds(read) == ["conflicting-numbers", "conflicting-numbers"]


def test_settings_that_are_cut_or_hostile_are_passed_over() -> None:
    for settings in ('{"path": {"currentPath": "no', "[" * 50_000, "null", '{"path": {"currentPath": ["node/9"]}}'):
        assert page_to_dict(read_page(page(settings=settings).encode()))["document"]["node_id"] == "5"


def test_contributors_that_stand_apart_are_participants() -> None:
    pill = '<li class="pill-item"><a class="pill pill-people" href="/people/{0}"><span class="name">{0}</span></a></li>'
    lists = [
        f'<h2 class="title">{label}</h2>\n<ul class="pill-list">\n {pill.format(name)}\n</ul>'
        for label, name in (("Author(s):", "ann"), ("Document Contributor(s)", "bob"))
    ]
    found = page_to_dict(read_page(page(more="".join(lists)).encode()))
    assert [(term["role"], term["name"]) for term in found["terms"]] == [("author", "ann"), ("participant", "bob")]


TERM = f"""<!DOCTYPE html><html><head><link rel="canonical" href="{SITE}/people/zhou-enlai"></head><body><main>
<h1 class="title"><span>Zhou, Enlai</span></h1><div><p>Premier of China.</p><p>Until 1976.</p></div>
<h2>Popular Documents</h2><table class="table table-hover table-striped"><tbody><tr><td class="date"><p>1954</p></td>
<td data-history-node-id="7" class="document"><a href="/document/a-talk"><h3 class="sub-title"><span>A Talk</span></h3>
<div class="text"><p></p><p>They talk.</p></div></a></td></tr></tbody></table></main></body></html>"""


def test_the_page_of_a_term_gives_its_name_description_and_documents() -> None:
    found = page_to_dict(read_page(TERM.encode()))
    assert found["term"] == {
        "term_id": "people/zhou-enlai",
        "kind": "people",
        "url": f"{SITE}/people/zhou-enlai",
        "name": "Zhou, Enlai",
        "description": "Premier of China.\n\nUntil 1976.",
    }
    assert [(row["title"], row["node_id"]) for row in found["related"]] == [("A Talk", "7")]
    assert found["issues"] == []


@pytest.mark.parametrize("browser", ["lynx", "w3m"])
def test_a_rendition_as_text_gives_the_fields_of_the_page_and_says_what_it_cannot_tell(browser: str) -> None:
    (html,) = PAGES.glob("gumarskoce-*.html")
    text = (PAGES.parent / "document-text" / browser / "page.txt").read_text("utf-8")
    found, expected = page_to_dict(read_page(text.encode())), page_to_dict(read_page(html.read_bytes()))
    unknown = {"url": found["document"]["url"], "node_id": None, "download_url": None}
    assert found["document"] == {**expected["document"], **unknown}
    assert all(term in expected["terms"] or term["url"] is None for term in found["terms"])
    assert found["texts"] == []
    assert any("save the page as HTML" in issue["message"] for issue in found["issues"])
    lines = text.split("\n")
    for end in range(0, len(lines), 7):
        assert read_page("\n".join(lines[:end]).encode(), f"{SITE}/document/a").outcome in ("document", "unknown")


SECOND = {
    "date": '<h2 class="date">June 6, 1956</h2>',
    "title": '<div class="content-block"><h1 class="title">Another Report</h1></div>',
    "line of thanks": '<p class="donated">Thanks to A</p><p class="donated">Thanks to B</p>',
    "summary": '<div class="text-block"><p>Another summary.</p></div>',
}


@pytest.mark.parametrize("name", SECOND)
def test_a_second_of_what_stands_once_on_a_page_is_an_issue_with_its_text(name: str) -> None:
    found = read_page(page(more=SECOND[name]).encode())
    issues = [issue for issue in found.issues if issue.kind == "unknown-label"]
    assert [issue.message for issue in issues] == [f"the page has a second {name}; it is in no table"]
    assert (issues[0].found or "") in SECOND[name]
    assert kinds(read_page(page(more='<div class="text-block"><p>A summary.</p></div>').encode())) == []


def test_names_in_more_runs_than_are_known_are_an_issue() -> None:
    pills = [f'<li><a class="pill" href="/people/{name}"><span class="name">{name}</span></a></li>' for name in "abc"]
    runs = "\n".join(pills)
    html = page(more=f'<h2 class="title">Author(s):</h2><ul class="pill-list">\n{runs}</ul>')
    found = read_page(html.encode())
    assert [(term["role"], term["name"]) for term in page_to_dict(found)["terms"]] == [
        ("author", name) for name in "abc"
    ]
    assert [(issue.kind, issue.found) for issue in found.issues] == [("unknown-label", "a; b; c")]


def test_a_page_with_two_urls_of_its_own_is_at_neither() -> None:
    link = f'"><link rel="canonical" href="{SITE}/document/another'
    found = read_page(page(canonical=f"/document/a-report{link}").encode())
    assert page_to_dict(found)["document"]["url"] is None
    assert kinds(found) == ["conflicting-numbers"]
    assert kinds(read_page(page(canonical=f"/document/a-report{link.replace('another', 'a-report')}").encode())) == []


def test_a_page_without_any_pane_is_an_issue() -> None:
    assert kinds(read_page(page(panes="").encode())) == ["empty-pane"]
