"""Makes the picture of the report that the README shows, `docs/images/report.png`, from a harvest of the samples."""

import os
import tempfile
from pathlib import Path

from tests.browser import open_browser
from tests.conftest import REPOSITORY, run_wcda

PICTURE = REPOSITORY / "docs" / "images" / "report.png"
_SIZE = {"width": 1200, "height": 800}


def take_picture(path: Path) -> None:
    """Harvest the samples, open their report as on a laptop in daylight, and keep what is seen first."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        done = run_wcda(place, "harvest", "--from", "samples", "--direct", "--warehouse", place / "warehouse")
        assert done.returncode == 0, done.stderr
        report = place / "warehouse" / "current" / "report.html"
        with open_browser() as browser:
            page = browser.new_page(viewport=_SIZE, color_scheme="light")
            page.goto(report.resolve().as_uri())
            page.wait_for_load_state()
            page.screenshot(path=os.fspath(path))


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    take_picture(PICTURE)
