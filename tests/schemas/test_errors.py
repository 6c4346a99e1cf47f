"""What errors tell, wherever they end up."""

import pickle

import pytest

from schemas.errors import (
    CheckError,
    FetchError,
    RawZoneError,
    SiteStoppedError,
    TransientFetchError,
    WcdaError,
    without_password,
)


@pytest.mark.parametrize(
    "error",
    [
        WcdaError("no"),
        FetchError("HTTP 503", url="http://example.org/", status=503, attempts=5, retry_after=2.0),
        TransientFetchError("no answer", url="http://example.org/"),
        SiteStoppedError("enough", url="http://example.org/", status=429, retry_after=9.0),
        RawZoneError("damaged", segment="a.warc.gz", offset=7),
        CheckError(["one", "two"]),
    ],
)
def test_an_error_is_the_same_in_another_process(error: WcdaError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_an_error_is_one_line_and_holds_no_password() -> None:
    error = FetchError("http://jane:p@ss@example.org/a\nrefused", url="http://jane:p@ss@example.org/a")
    assert str(error) == "http://***@example.org/a refused"
    assert error.url == "http://***@example.org/a"


@pytest.mark.parametrize("password", ["p@ss", "p/ss", "/", "p?a#b", "p:1/2", "12345678/9", "1a/b", "ä/ö@"])
def test_a_password_is_not_shown_whatever_characters_it_has(password: str) -> None:
    assert (
        without_password(f"to http://jane:{password}@proxy.example:3128 now") == "to http://***@proxy.example:3128 now"
    )


@pytest.mark.parametrize(
    "text",
    [
        *("http://example.org/?mail=a@b", "http://example.org/a@b", "a@b", "http://example.org:80/a@b"),
        *("http://[::1]:8080/a@b", "http://example.org:8080 and a@b", "see http://example.org: a@b"),
    ],
)
def test_what_is_no_password_stays(text: str) -> None:
    assert without_password(text) == text
