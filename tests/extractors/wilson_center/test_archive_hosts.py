"""A URL is the archive's own only at its known hosts, at the usual ports, and for nobody in particular."""

import pytest

from extractors.wilson_center.urls import classify, document_url

HOST = "digitalarchive.wilsoncenter.org"


@pytest.mark.parametrize("site", [f"https://{HOST}", f"http://{HOST}:80", f"https://{HOST}:443", ""])
def test_the_usual_ports_of_a_known_host_are_the_archive(site: str) -> None:
    assert document_url(f"{site}/document/1") == f"https://{HOST}/document/1"


@pytest.mark.parametrize(
    "site", [f"http://{HOST}:8080", f"https://someone@{HOST}", f"http://a:b@{HOST}", f"http://{HOST}:99999"]
)
def test_another_port_or_a_user_before_the_host_is_no_evidence_of_the_archive(site: str) -> None:
    assert document_url(f"{site}/document/1") is None
    assert classify(f"{site}/search?f[0]=topics:31") is None
