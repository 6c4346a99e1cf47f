"""The answers of the notebook as one HTML file, which needs neither network nor scripts.

.venv/bin/python docs/questions_page.py questions.html --warehouse FOLDER
"""

import re
import sys
from pathlib import Path

from questions import app

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; margin: 1rem 0; font-size: 14px; }
th, td { border-bottom: 1px solid #ccc; padding: .25rem .75rem; text-align: left; vertical-align: top; }
svg { max-width: 100%; height: auto; }
"""


def main() -> None:
    """Run the notebook and write what it shows; what can be chosen only in the app is left out."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: questions_page.py FILE [--warehouse FOLDER]")
    shown, _ = app.run()
    body = "\n".join(output.text for output in shown if output is not None)
    body = re.sub(r"<marimo-ui-element.*?</marimo-ui-element>", "", body, flags=re.DOTALL)
    head = f'<meta charset="utf-8"><title>Three questions to the listings</title><style>{STYLE}</style>'
    page = f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'
    Path(sys.argv[1]).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
