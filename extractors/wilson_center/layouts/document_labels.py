"""Words that stand above the fields of a document's page, whether it is HTML or was saved as text."""

from collections.abc import Mapping

from schemas.document_records import TermKind, TermRole

FIELDS: Mapping[str, str] = {
    "source": "source",
    "original archive": "original_archive",
    "rights": "rights",
    "original uploaded date": "uploaded_on",
    "type": "document_type",
    "language": "languages",
    "record id": "record_id",
    "original classification": "original_classification",
    "donors": "donors",
}
"""Fields of `DocumentFields`, by the label in the block of information, in small letters."""

TERMS_OF_FIELDS: Mapping[str, tuple[TermRole, TermKind]] = {
    "original_archive": ("repository", "repositories"),
    "languages": ("language", "languages"),
    "donors": ("donor", "donors"),
}
"""What each value of a field is as a term."""

OTHER_HEADINGS = ("related documents", "document information", "explore related resources")
"""Of sections that are no lists of names, in small letters."""

NOT_KNOWN = "the page has a label that is not known"
