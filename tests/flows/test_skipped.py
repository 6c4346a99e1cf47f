"""A folder without pages of a listing: the person learns what was there instead."""

from pathlib import Path

from tests.conftest import run_here


def test_a_folder_whose_files_were_all_passed_over_reports_them_by_kind(tmp_path: Path) -> None:
    source = tmp_path / "saved"
    source.mkdir()
    (source / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (source / "style.css").write_text("p {}")

    done = run_here("harvest", "--direct", "--from", source, "--warehouse", tmp_path / "warehouse")

    assert done.returncode == 1
    assert "2 captures or files are no pages of a listing" in done.stderr
    assert "image: 1" in done.stderr
    assert "text/css: 1" in done.stderr
