"""The main part of a document's page, as the present site lays it out."""

from collections.abc import Iterable, Sequence
from html import escape

from tests.replica.details import LANGUAGE_FACETS, Body, Details, File, Named, document_details
from tests.replica.records import Document

_BLOCKS = {
    "person": "Associated People &amp; Organizations",
    "place": "Associated Places",
    "topic": "Associated Topics",
    "subject": "Subjects Discussed",
}
_STYLES = {"people": "pill-people", "places": "pill-places", "topics": "pill-topics", "subjects": "pill-subject"}


def main_of(document: Document, own: Details, summary: str, related: Sequence[Document], site: str) -> str:
    """All between the header and the footer.

    Args:
        document: Whose page it is.
        own: What no listing shows of it.
        summary: As HTML.
        related: Documents to name as related.
        site: Beginning of absolute URLs.
    """
    date = f'<h2 class="date">{escape(document.date_text)}</h2>' if document.date_text else ""
    credit = f'<p class="donated">{escape(own.credits)}</p>' if own.credits else ""
    authors = "\n\n".join(_pills(own.of_role(role)) for role in ("participant", "author") if own.of_role(role))
    blocks = "\n".join(_pill_block(title, own.of_role(role)) for role, title in _BLOCKS.items() if own.of_role(role))
    return f"""<main role="main"><section class="jumbotron jumbotron-document"><div class="content-block">{date}
<h1 class="title"><span>{escape(document.title)}</span>
</h1>{credit}</div></section>
<section class="document-container"><div class="document-frame">
<div class="tab-content tab-content-types" id="documentTabs">
{_panes(own)}
</div></div>
<div class="document-options"><a class="btn btn-icon" href="/document/{own.node_id}/download">Download</a></div>
<div class="text-block">{summary}</div>
<div><h2 class="title">Author(s):</h2>
<ul class="pill-list">

{authors}
</ul></div>
<div class="row">{blocks}</div>
{_related(related)}</section>
<section class="document-information">{_information(document, own)}</section>
<a id="citation-url">{site}/document/{document.record_id}</a>
</main>"""


def _panes(own: Details) -> str:
    """The panes of each kind, of which the last is shown; those of translations by language."""
    parts: list[tuple[str, str]] = []
    for kind in ("original", "transcript"):
        held = [_frame(file) for file in own.files if file.kind == kind]
        held += [text.html for text in own.texts if text.kind == kind]
        parts += [(kind, "\n".join(held))] if held else []
    by_language = "\n".join(_translation(text) for text in own.texts if text.kind == "translation")
    parts.append(("translation", f'<div class="tab-content tab-content-languages">{by_language}</div>'))
    return "\n".join(f'<div class="tab-pane fade" id="{kind}" role="tabpanel">{html}</div>' for kind, html in parts)


def _frame(file: File) -> str:
    return f'<object class="pdf-preview" data="{escape(file.path)}" type="application/pdf"></object>'


def _translation(text: Body) -> str:
    return f'<div class="tab-pane fade" id="translation-{text.language}" role="tabpanel">{text.html}</div>'


def _pills(names: Iterable[Named]) -> str:
    return "".join(_pill(named.name, named.href, _STYLES[named.kind]) for named in names)


def _pill(name: str, href: str, style: str) -> str:
    inner = f'<span class="pill-interior"><i aria-hidden="true"></i><span class="name"><span>{escape(name)}</span>'
    return f'<li class="pill-item"><a class="pill {style}" href="{escape(href)}">{inner}</span></span></a></li>'


def _pill_block(title: str, names: Iterable[Named]) -> str:
    return f'<div class="pill-block"><h3 class="title">{title}</h3><ul class="pill-list">\n{_pills(names)}</ul></div>'


def _related(documents: Sequence[Document]) -> str:
    if not documents:
        return ""
    rows = "".join(map(_related_row, documents))
    table = f'<table class="table table-hover table-striped"><tbody>{rows}</tbody></table>'
    return f'<h3 class="title">Related Documents</h3><div class="documents">{table}</div>'


def _related_row(document: Document) -> str:
    date = f"<p>{escape(document.date_text)}</p>" if document.date_text else ""
    summary = "".join(f"<p>{escape(each)}</p>" for each in document.paragraphs)
    return (
        f'<tr><td class="date">{date}</td><td data-history-node-id="{document_details(document).node_id}" '
        f'class="document contextual-region"><a href="{document.address}"><h3 class="sub-title"><span>'
        f'{escape(document.title)}</span></h3><div class="text">{summary}</div></a></td></tr>'
    )


def _information(document: Document, own: Details) -> str:
    rights = "".join(f"<p>{escape(each)}</p>" for each in own.rights.split("\n\n"))
    archives = [_pill(each, f"/search?search_api_fulltext={each}", "pill-light-blue") for each in own.original_archive]
    languages = [
        _pill(each, f"/search?f[0]=languages:{LANGUAGE_FACETS[each]}", "pill-light-blue") for each in own.languages
    ]
    fields = {
        "Source": f"{escape(own.source)}<br>",
        "Original Archive": _list(archives),
        "Rights": rights,
        "Original Uploaded Date": own.uploaded_on.isoformat(),
        "Type": "\n".join(own.document_type),
        "Language": _list(languages),
        "Record ID": str(document.record_id),
        "Original Classification": own.original_classification,
        "Donors": "&nbsp;and ".join(own.donors),
    }
    return "\n".join(
        f'<div class="information-block"><h3 class="sub-title">{label}</h3><div class="text">\n{value}\n</div></div>'
        for label, value in fields.items()
        if value
    )


def _list(items: list[str]) -> str:
    return f'<ul class="pill-list">\n{"".join(items)}</ul>' if items else ""
