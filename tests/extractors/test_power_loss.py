"""A loss of power at any moment: what was reported to be landed is there, and the raw zone can be read and written.

A run in a process of its own notes each write, sync, rename and deletion in its order. Then the disk is made as it may
be after each of them: of a file only what was synced is sure, and of a folder only the names that were.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from extractors.raw_zone import RawZone, read_segment
from extractors.warc.landed import LandedCapture
from schemas.records import Withdrawal
from tests.extractors.test_warc import AT

RUN = "20250102T030405.000006Z-abcd"

NOTING = """
import json, os, sys
from pathlib import Path

root, log = Path(sys.argv[1]), []

def name(path):
    return os.path.relpath(os.fspath(path), root)

def of(handle):
    return name(os.readlink(f"/proc/self/fd/{handle}"))

def note(function, describe):
    def noted(*args, **kwargs):
        given = function(*args, **kwargs)
        log.append(describe(*args))
        return given
    return noted

fsync = os.fsync

def noting_fsync(handle):
    fsync(handle)
    path = root / of(handle)
    if path.is_dir():
        log.append(["sync-folder", of(handle)])
    else:
        log.append(["sync-file", of(handle), path.read_bytes().hex()])

os.fsync = noting_fsync
os.rename = note(os.rename, lambda old, new: ["rename", name(old), name(new)])
os.replace = note(os.replace, lambda old, new: ["rename", name(old), name(new)])
os.unlink = note(os.unlink, lambda path: ["unlink", name(path)])
os.mkdir = note(os.mkdir, lambda path, *_: ["make-folder", name(path)])

def report(what):
    log.append(["reported", what])

"""

RUNNING = (
    NOTING
    + """
import datetime as dt
from extractors.raw_zone import RawZone
from schemas.records import Capture, Withdrawal

at = dt.datetime(2025, 1, 2, tzinfo=dt.UTC)
zone = RawZone(root / "warehouse" / "raw")
number = 0
for segment in range(2):
    for batch in range(2):
        with zone.write(sys.argv[2]) as writer:
            for _ in range(2):
                number += 1
                writer.land_saved_page(Capture(f"https://a/{number}", b"x" * number, "text/plain", "c"))
        report(["captures", number])
    zone.finish(sys.argv[2])
    report(["captures", number])
zone.withdraw("20250103T000000.000000Z-abcd", Withdrawal("first", at, (zone.segments()[0].name,)))
report(["withdrawn", 1])
print(json.dumps(log))
"""
)


@dataclass
class Disk:
    """What is sure to be on disk: bytes of files, and names in folders; and what is there without being sure."""

    files: dict[int, bytes] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    sure: dict[str, int] = field(default_factory=dict)
    folders: set[str] = field(default_factory=lambda: {"."})
    sure_folders: set[str] = field(default_factory=lambda: {"."})
    count: int = 0

    def file(self, name: str) -> int:
        if name not in self.names:
            self.count += 1
            self.names[name] = self.count
            self.files[self.count] = b""
        return self.names[name]

    def do(self, what: str, *about: str) -> None:
        match what:
            case "make-folder":
                self.folders.add(about[0])
            case "sync-file":
                self.files[self.file(about[0])] = bytes.fromhex(about[1])
            case "rename":
                self.names[about[1]] = self.file(about[0])
                del self.names[about[0]]
            case "unlink":
                self.names.pop(about[0], None)
            case "sync-folder":
                folder = about[0]

                def is_in(name: str) -> bool:
                    return str(Path(name).parent) == folder

                self.sure = {name: file for name, file in self.sure.items() if not is_in(name)}
                self.sure |= {name: file for name, file in self.names.items() if is_in(name)}
                self.sure_folders |= {name for name in self.folders if is_in(name)}

    def write(self, root: Path, names: dict[str, int], folders: set[str]) -> None:
        """Make the disk as a loss of power leaves it."""
        for folder in sorted(folders, key=len):
            if all(str(above) in folders for above in Path(folder).parents):
                (root / folder).mkdir(parents=True, exist_ok=True)
        for name, file in names.items():
            if (root / name).parent.is_dir():
                (root / name).write_bytes(self.files[file])


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    root = tmp_path_factory.mktemp("noted")
    done = subprocess.run(
        [sys.executable, "-c", RUNNING, root, RUN], capture_output=True, text=True, check=False, cwd=Path.cwd()
    )
    assert done.returncode == 0, done.stderr
    noted: list[list[str]] = json.loads(done.stdout)
    return noted


@pytest.mark.parametrize("renames", ["lost", "kept"])
def test_what_was_reported_outlasts_a_loss_of_power_at_any_moment(
    renames: str, log: list[list[str]], tmp_path: Path
) -> None:
    disk = Disk()
    reported = {"captures": 0, "withdrawn": 0}
    wrong = []
    assert sum(what == "sync-folder" for what, *_ in log) > 5

    for moment, (what, *about) in enumerate(log):
        if what == "reported":
            reported |= [about[0]]
        else:
            disk.do(what, *about)
        root = tmp_path / str(moment)
        root.mkdir()
        if renames == "lost":
            disk.write(root, disk.sure, disk.sure_folders)
        else:
            disk.write(root, disk.names, disk.folders)
        zone = RawZone(root / "warehouse" / "raw")
        try:
            zone.recover()
            landed = sum(
                isinstance(record, LandedCapture) for segment in zone.all_segments() for record in read_segment(segment)
            )
            withdrawal = zone.withdrawal()
            problems = zone.problems()
            zone.withdraw("20250104T000000.000000Z-abcd", Withdrawal("later", AT, ()))
        except Exception as error:  # whatever it is, the warehouse is of no use
            wrong.append((moment, what, repr(error)))
            continue
        if landed < reported["captures"] or (withdrawal is None and reported["withdrawn"]) or problems:
            wrong.append((moment, what, f"{landed} captures, {withdrawal}, {problems}"))

    assert wrong == []
