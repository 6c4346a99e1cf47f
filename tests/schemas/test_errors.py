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
        SiteStoppedError("enough", url="http://example.org/", status=429, attempts=2, retry_after=4000.0),
        RawZoneError("damaged", segment="a.warc.gz", offset=12),
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


@pytest.mark.parametrize("password", ["pass", "pa/ss", "pa?ss", "p@ss", "pa/s@s", "pa#ss", "/", ""])
def test_a_password_is_left_out_whatever_stands_in_it(password: str) -> None:
    error = WcdaError(f"http://jane:{password}@proxy.example:3128/ does not answer")
    assert str(error) == "http://***@proxy.example:3128/ does not answer"


@pytest.mark.parametrize("text", ["http://example.org/?mail=a@b", "http://example.org/a@b", "a@b"])
def test_what_is_no_password_stays(text: str) -> None:
    assert without_password(text) == text
