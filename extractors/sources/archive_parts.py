"""A file, or a part of one: what it is called, and what is said of it where it cannot be read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from schemas.errors import SourceError, UsageError
from schemas.identifiers import file_url
from schemas.issues import DAMAGED_ARCHIVE, UNSAFE_MEMBER, Issue, IssueKind, Level
from schemas.records import Collection, Item

_PACKED_SUFFIX = re.compile(r"\.(?:gz|zst|xz|bz2)$")


@dataclass(frozen=True, slots=True)
class ArchivePart:
    """A file, or a part of one.

    Attributes:
        name: For people: path below the folder that is read, through the files that it is packed in.
        member: For the catalog: path below the folder or the file that it is packed in.
        parts: Folders and name, from the root of the disk on.
        depth: How many files it is packed in.
        own: The collection to which it belongs if nothing else is known; `None` if that is to be found.
        path: On disk; `None` for what is packed.
    """

    name: str
    member: str
    parts: tuple[str, ...]
    depth: int = 0
    own: Collection | None = None
    path: Path | None = None

    def issue(self, kind: IssueKind, message: str, found: str | None = None, level: Level | None = None) -> Issue:
        """An issue with this file."""
        return kind.issue(message, found=found, url=file_url(self.name), level=level)

    def inner(self, member: str) -> "ArchivePart":
        """A file in this one."""
        parts = (*self.parts[:-1], *PurePosixPath(member).parts)
        return ArchivePart(f"{self.name}/{member}", member, parts, self.depth + 1)

    def without_packing(self) -> "ArchivePart":
        """What this file unpacks to."""

        def stem(name: str) -> str:
            return _PACKED_SUFFIX.sub("", name)

        parts = (*self.parts[:-1], stem(self.parts[-1]))
        return replace(self, member=stem(self.member), parts=parts, depth=self.depth + 1, path=None)


def bounded(part: Iterator[Item], item: ArchivePart, what: str) -> Iterator[Item]:
    """A part of what somebody made; if it fails in any way, that is an issue, and the next part is read."""
    try:
        yield from part
    except (SourceError, UsageError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        yield item.issue(DAMAGED_ARCHIVE, f"{what} cannot be read: {reason}")


def posix_name(name: str) -> str:
    """The name of a file in an archive, which some programs for Windows write with their own strokes."""
    return name if "/" in name else name.replace("\\", "/")


def is_outside(name: str) -> bool:
    """Whether the name of a file in an archive leads out of it."""
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts


def refusal(level: Level, item: ArchivePart, reason: str, offset: int) -> Issue:
    """An issue of a file in an archive that is not read."""
    return item.issue(UNSAFE_MEMBER, f"passed over: {reason} (at byte {offset})", level=level)
