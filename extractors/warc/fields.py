"""What both who writes and who reads the records of wcda must know: names of fields, digests, ids, bounds."""

from base64 import b32encode
from hashlib import sha1

from pydantic import TypeAdapter

from schemas.issues import Issue
from schemas.records import Alias, Collection, Plan, RunEnd, Withdrawal

MAX_BLOCK_BYTES = 64 * 1024 * 1024
"""A record with a larger block is refused, and is none that was written here."""

GZIP_FORMAT = 16  # added to the bits of zlib's window

# Headers of records that no other tool has.
COLLECTION_HEADER = "WCDA-Collection-ID"
KIND_HEADER = "WCDA-Kind"
CAPTURED_HEADER = "WCDA-Captured-At"
SOURCE_ID_HEADER, SOURCE_DIGEST_HEADER = "WCDA-Source-Record-ID", "WCDA-Source-Digest"

# Of revisits (WARC 1.1, 6.7).
NOT_MODIFIED_PROFILE = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
SAME_PAYLOAD_PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = 304

# How what a run states of itself is written.
PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)
END: TypeAdapter[RunEnd] = TypeAdapter(RunEnd)
ISSUE: TypeAdapter[Issue] = TypeAdapter(Issue)
COLLECTION: TypeAdapter[Collection] = TypeAdapter(Collection)
ALIAS: TypeAdapter[Alias] = TypeAdapter(Alias)
WITHDRAWAL: TypeAdapter[Withdrawal] = TypeAdapter(Withdrawal)


def about(run_id: str) -> str:
    """What the URLs of a run's own records begin with."""
    return f"urn:wcda:run:{run_id}:"


def record_name(record_id: str) -> str:
    """The id of a WARC record without what stands around it."""
    return record_id.strip("<> ").removeprefix("urn:uuid:")


def payload_digest(body: bytes) -> str:
    """Digest of a body as it came, as WARC has it."""
    return block_digest(body)


def block_digest(*parts: bytes) -> str:
    """Digest of a block or a payload that comes in parts."""
    digest = sha1(usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return f"sha1:{b32encode(digest.digest()).decode()}"
