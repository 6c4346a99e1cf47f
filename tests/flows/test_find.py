"""`wcda find`: documents by words and phrases, dates, collections, terms, ids and full texts."""

import json
from pathlib import Path

import pandas as pd
import pytest

import wcda
from flows.harvest import harvest
from flows.request import HarvestRequest
from tests.conftest import Command, run_here
from wcda.errors import UsageError
from wcda.query import fold, is_in, passage, read_query, split_hits

PAGES = Path(__file__).parents[1] / "pages" / "documents"
REPEATED = "df6f201d3c74f16a"
ROWS = [
    ("May 1, 1962", "Conversation with Béla Mirányi", "On the missile, crisis and all."),
    ("1959", "Telegram on crops of 1962", "The crisis of the missile."),
    ("October 1962", "A visit to Iran", "Nothing else."),
    ("", "Undated note", "Nothing at all."),
    ("1960s", "毛泽东与赫鲁晓夫谈话", "In Chinese."),
]


def write_page(path: Path, documents: list[tuple[str, str, str]]) -> None:
    """A page of a listing that has these dates, titles and summaries, and no others."""
    rows = "".join(
        f'<tr><td class="document"><div class="date">{date}</div><h3 class="title"><a href="/document/d-{number}">'
        f"{title}</a></h3><p>{summary}</p></td></tr>"
        for number, (date, title, summary) in enumerate(documents)
    )
    count = len(documents)
    path.write_text(
        f'<html><meta charset="utf-8"><p>1 - {count} of {count}</p><table class="table-hover">{rows}</table></html>'
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of five documents, in a collection with a name."""
    place = tmp_path_factory.mktemp("find")
    write_page(place / "page.html", ROWS)
    (place / "c.toml").write_text('[[collections]]\nid = "s"\nname = "Small World"\nfiles = ["*"]\n')
    harvest(HarvestRequest(str(place / "page.html"), place / "w", place / "c.toml"))
    return place / "w"


QUERIES = {
    "iran": ["A visit to Iran"],
    "miranyi": ["Conversation with Béla Mirányi"],
    "MIRÁNYI": ["Conversation with Béla Mirányi"],
    '"missile crisis"': ["Conversation with Béla Mirányi"],
    "missile crisis": ["Conversation with Béla Mirányi", "Telegram on crops of 1962"],
    "crisis -bela": ["Telegram on crops of 1962"],
    'missile -"missile crisis"': ["Telegram on crops of 1962"],
    "1962": ["Telegram on crops of 1962", "Conversation with Béla Mirányi", "A visit to Iran", "毛泽东与赫鲁晓夫谈话"],
    "1962-10": ["A visit to Iran", "毛泽东与赫鲁晓夫谈话"],
    "1962-05-01": ["Conversation with Béla Mirányi", "毛泽东与赫鲁晓夫谈话"],
    "1950s": ["Telegram on crops of 1962"],
    "195X": ["Telegram on crops of 1962"],
    "1958/1960-02": ["Telegram on crops of 1962", "毛泽东与赫鲁晓夫谈话"],
    "1958-1959": ["Telegram on crops of 1962"],
    "../1959": ["Telegram on crops of 1962"],
    "1962-06/..": ["A visit to Iran", "毛泽东与赫鲁晓夫谈话"],
    '"October 1962"': ["A visit to Iran"],
    "small undated": ["Undated note"],
    "赫鲁晓夫": ["毛泽东与赫鲁晓夫谈话"],
    "isit": [],
    "d-2": [],
    "https://digitalarchive.wilsoncenter.org/document/d-2": ["A visit to Iran"],
}


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_asked_for_is_found_and_nothing_else(query: str, small: Path) -> None:
    found = wcda.open_warehouse(small).find(query)

    assert sorted(found["title"]) == sorted(QUERIES[query])


YEARS = {
    "1962": ["Conversation with Béla Mirányi", "A visit to Iran", "毛泽东与赫鲁晓夫谈话"],
    "1950-1959": ["Telegram on crops of 1962"],
    "1962-10": ["A visit to Iran", "毛泽东与赫鲁晓夫谈话"],
}


@pytest.mark.parametrize("years", YEARS)
def test_years_ask_for_the_date_and_not_for_words(years: str, small: Path) -> None:
    found = wcda.open_warehouse(small).find("small", years)

    assert sorted(found["title"]) == sorted(YEARS[years])


def test_years_that_are_none_are_a_usage_error(small: Path) -> None:
    with pytest.raises(UsageError, match="soon: no years; write them as 1962, 1962-1965"):
        wcda.open_warehouse(small).find("iran", "soon")


ORDERS = {
    "1962": [
        "A visit to Iran",
        "Conversation with Béla Mirányi",
        "Telegram on crops of 1962",
        "毛泽东与赫鲁晓夫谈话",
    ],
    "1959 crisis": ["Telegram on crops of 1962"],
    "iran": ["A visit to Iran"],
    "crisis conversation small": ["Conversation with Béla Mirányi"],
    "-iran": [
        "Conversation with Béla Mirányi",
        "毛泽东与赫鲁晓夫谈话",
        "Telegram on crops of 1962",
        "Undated note",
    ],
}


@pytest.mark.parametrize("query", ORDERS)
def test_sure_dates_come_first_then_titles_then_likely_dates_and_of_equal_hits_the_newest(
    query: str, small: Path
) -> None:
    assert wcda.open_warehouse(small).find(query)["title"].tolist() == ORDERS[query]


def test_what_stands_in_a_title_comes_before_a_summary_and_a_summary_before_a_name(small: Path) -> None:
    found = wcda.open_warehouse(small).find("note")
    assert found["title"].tolist() == ["Undated note"]

    found = wcda.open_warehouse(small).find("crisis small")
    assert found["found_in"].map(list).tolist() == [["summary", "collection"]] * 2


FIELDS = {
    "1962": [["date"], ["date"], ["title"], ["date"]],
    "iran small": [["title", "collection"]],
    "october": [["date"]],
    "missile mirányi": [["title", "summary"]],
    "d-2 https://digitalarchive.wilsoncenter.org/document/d-2": [],
    "https://digitalarchive.wilsoncenter.org/document/d-2 visit": [["id", "title"]],
}


@pytest.mark.parametrize("query", FIELDS)
def test_each_field_with_something_of_the_words_is_named(query: str, small: Path) -> None:
    found = wcda.open_warehouse(small).find(query)

    assert found["found_in"].map(list).tolist() == FIELDS[query]
    assert [len(each.splitlines()) for each in found["passage"]] == [len(each) for each in FIELDS[query]]


def test_a_passage_shows_the_words_where_they_stand(small: Path) -> None:
    (row,) = wcda.open_warehouse(small).find('missile MIRANYI "small world" 1962').to_dict("records")

    assert dict(zip(row["found_in"], row["passage"].splitlines(), strict=True)) == {
        "title": "Conversation with Béla Mirányi",
        "date": "May 1, 1962",
        "summary": "On the missile, crisis and all.",
        "collection": "Small World",
    }


LONG = f"Of {'the Wałęsa-Čapek talks '}{'and much else ' * 30}on Mira\u0301nyi, {'and so on ' * 30}the end."


@pytest.mark.parametrize(
    ("query", "begin", "end"),
    [
        ("capek", "Of the Wałęsa-Čapek talks and much", "…"),
        ("miranyi", "…", "…"),
        ("wal end", "Of the Wałęsa-Čapek talks", "the end."),
    ],
)
def test_a_passage_is_cut_between_words_around_each_of_them(query: str, begin: str, end: str) -> None:
    parts = read_query(query)
    found = passage(LONG, parts)

    assert (found[: len(begin)], found[-len(end) :]) == (begin, end)
    assert set(found.strip("…").split()) - {"…"} <= set(LONG.split())
    assert len(found) < 200
    assert len([text for text, is_hit in split_hits(found, parts) if is_hit]) == len(parts)
    assert passage(LONG, read_query("nowhere")) == ""


@pytest.mark.parametrize(
    "text", ["Straße", "ΟΔΟΣ", "İstanbul", "№ 5", "毛泽东", "ﬁn", "a_b", "Mira\u0301nyi", "Привет"]
)
def test_a_word_finds_and_marks_itself(text: str) -> None:
    within = f"It is {text}, as written."
    parts = read_query(f'"{text}"')

    assert is_in(parts[0], fold(within))
    assert "".join(piece for piece, is_hit in split_hits(within, parts) if is_hit) in {text, text.replace(" ", "")}
    assert text in passage(within, parts)


def test_hits_are_marked_as_whole_words_with_their_accents() -> None:
    pieces = split_hits(LONG, read_query('walesa "miranyi" cape'))

    assert [text for text, is_hit in pieces if is_hit] == ["Wałęsa", "Čapek", "Mira\u0301nyi"]
    assert "".join(text for text, _ in pieces) == LONG


def test_of_equal_hits_the_newest_come_first_and_undated_ones_last(small: Path) -> None:
    found = wcda.open_warehouse(small).find("small")

    assert found["title"].tolist() == [
        "A visit to Iran",
        "Conversation with Béla Mirányi",
        "毛泽东与赫鲁晓夫谈话",
        "Telegram on crops of 1962",
        "Undated note",
    ]


@pytest.mark.parametrize("query", ["", "  ", "-", '""', '-"', "—"])
def test_nothing_to_look_for_is_a_usage_error(query: str, small: Path) -> None:
    with pytest.raises(UsageError, match="nothing to look for"):
        wcda.open_warehouse(small).find(query)


@pytest.mark.parametrize("name", [REPEATED, REPEATED[:4], REPEATED[:6].upper()])
def test_a_document_is_found_by_its_id_or_the_beginning_of_it(name: str, harvested_samples: Path) -> None:
    found = wcda.open_warehouse(harvested_samples).find(name)

    assert found["document_id"].tolist() == [REPEATED]
    assert found["found_in"].iloc[0] == ["id"]


def test_full_texts_and_terms_are_searched(tmp_path: Path) -> None:
    harvest(HarvestRequest(str(PAGES), tmp_path / "w"))
    w = wcda.open_warehouse(tmp_path / "w")

    by_text = w.find('"brawelo drik"')
    term = w.terms.loc[w.terms["term_id"] == "people/har-floste", "name"].iloc[0]
    by_term = w.find(f'"{term}"')

    assert ["text" in fields for fields in by_text["found_in"]] == [True] * len(by_text) != []
    assert any("term" in fields for fields in by_term["found_in"])
    assert by_text["passage"].str.contains("brawelo: drik", case=False).all()
    assert set(w.of_person(term)["document_id"]) <= set(by_term["document_id"])
    assert isinstance(by_term, pd.DataFrame)


# On the terminal


def test_rows_show_id_date_title_and_collections(harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("find", "mikoyan", "-diary", "notes", "--warehouse", harvested_samples)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"{REPEATED}  January 31, 1949"
    assert lines[1] == "  Notes by Anastas Mikoyan ahead of Meetings with Mao Zedong"
    assert lines[2] == "  in Sample: conversations with Mao Zedong; Sample: Soviet foreign policy"
    assert lines[3] == "  found in title and summary"
    assert lines[4].startswith("  summary: ")
    assert "Mikoyan" in lines[4]
    assert lines[-2] == "1 document for mikoyan -diary notes"


def test_what_a_shell_took_out_of_quotes_is_a_phrase(harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("find", "zhou enlai", "-from the diary", "--warehouse", harvested_samples)

    assert '1 document for "zhou enlai" -"from the diary"' in done.stdout


@pytest.mark.parametrize("word", ["-harvard", "-h", "-china"])
def test_a_word_with_a_minus_is_no_option(word: str, harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("find", word, "mao", "--warehouse", harvested_samples)

    assert "Usage" not in done.stdout
    assert done.stdout.splitlines()[-2].endswith(f"for {word} mao")


def test_no_match_is_said_with_exit_code_1(harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("find", "nowhere", "--warehouse", harvested_samples)

    assert (done.returncode, done.stdout.splitlines()[0], done.stderr) == (1, "no document for nowhere", "")


def test_no_match_says_what_less_would_find_and_how_dates_are_written(
    harvested_samples: Path, wcda_here: Command
) -> None:
    words = ("mikoyan", "castro", "mao zedong", "nowhere", "-notes", "--years", "1949")
    lines = wcda_here("find", *words, "--warehouse", harvested_samples).stdout.splitlines()

    assert lines[0] == 'no document for mikoyan castro "mao zedong" nowhere -notes in 1949'
    assert lines[1:-2] == [
        "  without --years: none",
        "  without what must not be there: none",
        "  mikoyan alone: 1 document",
        "  castro alone: none",
        '  "mao zedong" alone: 4 documents',
        "  nowhere alone: none",
    ]
    assert "dates are 1962, 1962-1965, 1960s, 1962-10 or 1962-10-27" in lines[-2]


def test_a_phrase_that_nothing_has_is_looked_for_without_its_quotes(
    harvested_samples: Path, wcda_here: Command
) -> None:
    done = wcda_here("find", "chairman conversation", "mao", "--warehouse", harvested_samples)

    lines = done.stdout.splitlines()
    without = wcda_here("find", "chairman", "conversation", "mao", "--warehouse", harvested_samples)
    assert lines[0] == 'no document for "chairman conversation" mao'
    assert lines[1] == f"  without quotes: {without.stdout.splitlines()[-2].split(' for ')[0]}"
    assert "alone" in lines[2]


@pytest.mark.parametrize("word", ["-warehouse", "-years", "-json", "-limit=3"])
def test_an_option_with_one_dash_is_told_from_a_word(word: str, harvested_samples: Path) -> None:
    done = run_here("find", "mao", word, "--warehouse", harvested_samples)

    option = word.partition("=")[0]
    assert done.stderr == f"wcda: {word} is read as a word that must not be there; the option is -{option}\n"


def test_a_limit_says_how_many_there_are(harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("find", "mao", "--limit", "2", "--warehouse", harvested_samples)

    assert "the first 2 are shown, --limit" in done.stdout.splitlines()[-2]
    assert len([line for line in done.stdout.splitlines() if not line.startswith(" ")]) == 4


def test_json_has_the_same_for_a_machine(harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("find", "mikoyan", "notes", "--json", "--warehouse", harvested_samples)
    found = json.loads(done.stdout)

    assert (found["count"], found["documents"][0]["document_id"]) == (1, REPEATED)
    assert found["documents"][0]["date_edtf"] == "1949-01-31"


def test_words_that_only_the_name_of_a_collection_has_are_said(harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here(
        "find", "soviet foreign policy", "--years", "1949", "--limit", "1", "--warehouse", harvested_samples
    )

    assert done.stdout.splitlines()[-3] == "  found in collection"
    assert done.stdout.splitlines()[-2].startswith("1 document")


def test_a_name_that_the_line_of_collections_is_too_short_for_is_shown(tmp_path: Path) -> None:
    names = [f"A long name of a collection about nothing, number {number}" for number in range(4)] + ["Zinc"]
    (tmp_path / "pages").mkdir()
    for number, _ in enumerate(names):
        write_page(tmp_path / "pages" / f"{number}.html", ROWS[:1])
    catalog = "".join(
        f'[[collections]]\nid = "c{number}"\nname = "{name}"\nfiles = ["{number}.html"]\n'
        for number, name in enumerate(names)
    )
    (tmp_path / "c.toml").write_text(catalog)
    harvest(HarvestRequest(str(tmp_path / "pages"), tmp_path / "w", tmp_path / "c.toml"))

    lines = run_here("find", "zinc", "--warehouse", tmp_path / "w").stdout.splitlines()

    assert lines[3:5] == ["  found in collection", "  collection: Zinc"]


def test_hits_are_marked_on_a_terminal_and_plain_elsewhere(
    harvested_samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = ("find", "mikoyan", "1949-01-31", "soviet foreign", "--warehouse", harvested_samples)
    plain = run_here(*ask).stdout
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)
    marked = run_here(*ask).stdout

    assert "\x1b" not in plain
    begin, end = "\x1b[1;7m", "\x1b[0m"
    for words in ("January 31, 1949", "Mikoyan", "Soviet foreign"):
        assert f"{begin}{words}{end}" in marked
    assert marked.replace(begin, "").replace(end, "").splitlines()[1] == plain.splitlines()[1]


def test_a_last_line_says_what_was_searched_where_not_all_is_here(harvested_samples: Path) -> None:
    done = run_here("find", "mikoyan", "--warehouse", harvested_samples)
    machine = json.loads(run_here("find", "mikoyan", "--json", "--warehouse", harvested_samples).stdout)

    assert done.stdout.splitlines()[-1] == (
        "searched 19 documents, none with a full text; 2 of 2 collections are not complete (20 of 160 entries seen): "
        "see wcda status"
    )
    assert machine["searched"] == {
        "documents": 19,
        "with_text": 0,
        "collections": 2,
        "incomplete": 2,
        "seen": 20,
        "reported": 160,
    }


def test_a_last_line_says_how_many_documents_have_a_text_where_only_some_have(tmp_path: Path) -> None:
    harvest(HarvestRequest(str(PAGES), tmp_path / "w"))
    w = wcda.open_warehouse(tmp_path / "w")
    with_text, every = w.texts["document_id"].nunique(), len(w.documents)
    assert 0 < with_text < every

    (*_, last) = run_here("find", "conversation", "--warehouse", tmp_path / "w").stdout.splitlines()

    assert last.startswith(f"searched {every} documents, {with_text} of them with a full text")


def test_nothing_is_said_of_coverage_where_all_is_here(small: Path) -> None:
    assert run_here("find", "iran", "--warehouse", small).stdout.splitlines()[-1] == "1 document for iran"


def test_a_lone_h_is_help(wcda_here: Command) -> None:
    done = wcda_here("find", "-h")

    assert (done.returncode, "Usage" in done.stdout) == (0, True)


def test_a_mistyped_option_is_no_word(harvested_samples: Path) -> None:
    done = run_here("find", "mao", "--limt", "2", "--warehouse", harvested_samples)

    assert (done.returncode, "--limt; did you mean '--limit'?" in done.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--warehouse", "--years=1949", "--json", "--help"])
def test_an_option_behind_two_dashes_is_told_where_options_go(option: str, harvested_samples: Path) -> None:
    done = run_here("find", "mao", "--warehouse", harvested_samples, "--", "-zedong", option)

    advice = "(-word needs no --); behind -- nothing is an option: give options before it"
    assert (done.returncode, done.stderr) == (2, f"wcda: {option} is read as a word {advice}\n")


@pytest.mark.parametrize("command", [("explain", "--", REPEATED, "--cite"), ("export", "--", "--to", "csv")])
def test_other_commands_say_it_too(command: tuple[str, ...], wcda_here: Command) -> None:
    done = wcda_here(*command)

    assert done.returncode == 2
    assert "; behind -- nothing is an option: give options before it" in done.stderr


@pytest.mark.parametrize("typed", [["-notes"], ["–notes"], ["--", "-notes"], ["-NOTES"]])
def test_a_word_is_left_out_however_a_person_types_its_minus(typed: list[str], harvested_samples: Path) -> None:
    every = run_here("find", "mikoyan", "--warehouse", harvested_samples)
    without = run_here("find", "--warehouse", harvested_samples, "mikoyan", *typed)

    assert every.stdout.splitlines()[-2] == "1 document for mikoyan"
    assert (without.returncode, without.stdout.splitlines()[0].split(" for ")[0]) == (1, "no document")


def test_two_dashes_before_a_word_say_how_to_leave_it_out(harvested_samples: Path) -> None:
    done = run_here("find", "mao", "--zedong", "--warehouse", harvested_samples)

    assert (done.returncode, "no such option: --zedong; to leave out what has a word, type -zedong" in done.stderr) == (
        2,
        True,
    )


@pytest.mark.parametrize("word", ["AND", "OR", "NOT"])
def test_operators_of_other_catalogs_are_words_and_that_is_said(word: str, harvested_samples: Path) -> None:
    done = run_here("find", "mao", word, "zedong", "--warehouse", harvested_samples)

    assert done.stderr == f"wcda: {word} is read as a word; all words must be there, and -word must not\n"
