"""What `make docs` does beyond MkDocs: the pages beside this folder become pages of the site, and links follow them."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
ABOVE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "CITATION.cff": "CITATION.cff",
}
"""Files of the folder above, and what they are called on the site."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take in the files of the folder above, as if they lay in this one."""
    for name, page in ABOVE.items():
        text = (ROOT / name).read_text("utf-8")
        files.append(File.generated(config, page, content=moved(text, "", ABOVE | {"docs/": ""})))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Let the links of a page of this folder lead to those of the folder above, where they are now."""
    return moved(markdown, "../", ABOVE)


def moved(text: str, prefix: str, names: dict[str, str]) -> str:
    """Markdown whose links lead where the files now are."""
    for name, page in names.items():
        text = re.sub(rf"(?<=\]\(){re.escape(prefix + name)}", page, text)
    return text
