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

PAGES = Path(__file__).parents[1] / "pages" / "documents"
REPEATED = "df6f201d3c74f16a"
ROWS = [
    ("May 1, 1962", "Conversation with Béla Mirányi", "On the missile, crisis and all."),
    ("1959", "Telegram on crops of 1962", "The crisis of the missile."),
    ("October 1962", "A visit to Iran", "Nothing else."),
    ("", "Undated note", "Nothing at all."),
    ("1960s", "毛泽东与赫鲁晓夫谈话", "In Chinese."),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of five documents, in a collection with a name."""
    place = tmp_path_factory.mktemp("find")
    rows = "".join(
        f'<tr><td class="document"><div class="date">{date}</div><h3 class="title"><a href="/document/d-{number}">'
        f"{title}</a></h3><p>{summary}</p></td></tr>"
        for number, (date, title, summary) in enumerate(ROWS)
    )
    count = len(ROWS)
    (place / "page.html").write_text(
        f'<html><meta charset="utf-8"><p>1 - {count} of {count}</p><table class="table-hover">{rows}</table></html>'
    )
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


def test_what_stands_in_a_title_comes_first_and_the_fields_are_named(small: Path) -> None:
    found = wcda.open_warehouse(small).find("1962")

    assert found["title"].iloc[0] == "Telegram on crops of 1962"
    assert found["found_in"].iloc[0] == ["title"]
    assert found["collections"].iloc[0] == ["Small World"]


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
    assert lines[-1] == "1 document for mikoyan -diary notes"


def test_what_a_shell_took_out_of_quotes_is_a_phrase(harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("find", "zhou enlai", "-from the diary", "--warehouse", harvested_samples)

    assert '1 document for "zhou enlai" -"from the diary"' in done.stdout


@pytest.mark.parametrize("word", ["-harvard", "-h", "-china"])
def test_a_word_with_a_minus_is_no_option(word: str, harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("find", word, "mao", "--warehouse", harvested_samples)

    assert "Usage" not in done.stdout
    assert done.stdout.splitlines()[-1].endswith(f"for {word} mao")


def test_no_match_is_said_with_exit_code_1(harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("find", "nowhere", "--warehouse", harvested_samples)

    assert (done.returncode, done.stdout.splitlines()[0], done.stderr) == (1, "no document for nowhere", "")


def test_no_match_says_what_less_would_find_and_how_dates_are_written(
    harvested_samples: Path, wcda_here: Command
) -> None:
    words = ("mikoyan", "castro", "mao zedong", "nowhere", "-notes", "--years", "1949")
    lines = wcda_here("find", *words, "--warehouse", harvested_samples).stdout.splitlines()

    assert lines[0] == 'no document for mikoyan castro "mao zedong" nowhere -notes in 1949'
    assert lines[1:-1] == [
        "  without --years: none",
        "  without what must not be there: none",
        "  mikoyan alone: 1 document",
        "  castro alone: none",
        '  "mao zedong" alone: 4 documents',
        "  nowhere alone: none",
    ]
    assert "dates are 1962, 1962-1965, 1960s, 1962-10 or 1962-10-27" in lines[-1]


@pytest.mark.parametrize("word", ["-warehouse", "-years", "-json", "-limit=3"])
def test_an_option_with_one_dash_is_told_from_a_word(word: str, harvested_samples: Path) -> None:
    done = run_here("find", "mao", word, "--warehouse", harvested_samples)

    option = word.partition("=")[0]
    assert done.stderr == f"wcda: {word} is read as a word that must not be there; the option is -{option}\n"


def test_a_limit_says_how_many_there_are(harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("find", "mao", "--limit", "2", "--warehouse", harvested_samples)

    last = done.stdout.splitlines()[-1]
    assert "the first 2 are shown, --limit" in last
    assert len([line for line in done.stdout.splitlines() if not line.startswith(" ")]) == 3


def test_json_has_the_same_for_a_machine(harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here("find", "mikoyan", "notes", "--json", "--warehouse", harvested_samples)
    found = json.loads(done.stdout)

    assert (found["count"], found["documents"][0]["document_id"]) == (1, REPEATED)
    assert found["documents"][0]["date_edtf"] == "1949-01-31"


def test_words_that_only_the_name_of_a_collection_has_are_said(harvested_samples: Path, wcda_here: Command) -> None:
    done = wcda_here(
        "find", "soviet foreign policy", "--years", "1949", "--limit", "1", "--warehouse", harvested_samples
    )

    assert done.stdout.splitlines()[-2] == "  found in the name of a collection"
    assert done.stdout.splitlines()[-1].startswith("1 document")


def test_a_lone_h_is_help(wcda_here: Command) -> None:
    done = wcda_here("find", "-h")

    assert (done.returncode, "Usage" in done.stdout) == (0, True)


def test_a_mistyped_option_is_no_word(harvested_samples: Path) -> None:
    done = run_here("find", "mao", "--limt", "2", "--warehouse", harvested_samples)

    assert (done.returncode, "--limt; did you mean 'limit'?" in done.stderr) == (2, True)
