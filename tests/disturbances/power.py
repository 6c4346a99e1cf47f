"""Commands that lose power: the disk is made as it may be then. `python -m tests.disturbances.power 200` shows it.

Each sync, rename, deletion and new file is noted. Of a file only what was synced is sure, of a folder only the names
that were; what is not sure is lost, or the names are kept and what was not synced is empty.
"""

import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.disturbances.commands import Case, all_cases
from tests.disturbances.starter import Starter, Watched, starter


@dataclass
class Entry:
    """A file, a link or a folder, and what of it is sure.

    Attributes:
        content: File that holds what was synced; `None` for nothing, or for what is no file.
        link: Where it leads; `None` if it is no link.
        names: What is in it now; `None` if it is no folder.
        sure: What is in it for sure.
    """

    content: Path | None = None
    link: str | None = None
    names: "dict[str, Entry] | None" = None
    sure: "dict[str, Entry]" = field(default_factory=dict)

    def write(self, path: Path, *, is_kept: bool) -> None:
        """Make it; of folders the names of now, or those that are sure."""
        if self.link is not None:
            path.symlink_to(self.link)
        elif self.names is None:
            path.write_bytes(self.content.read_bytes() if self.content else b"")
        else:
            path.mkdir()
            for name, entry in (self.names if is_kept else self.sure).items():
                entry.write(path / name, is_kept=is_kept)


def read_entry(path: Path) -> Entry:
    """What is on disk, all of it sure."""
    if path.is_symlink():
        return Entry(link=str(path.readlink()))
    if not path.is_dir():
        return Entry(content=path)
    names = {each.name: read_entry(each) for each in path.iterdir()}
    return Entry(names=names, sure=dict(names))


class Disk:
    """A place that changes as a log says.

    Args:
        base: The place before.
        root: What the log calls it.
        log: The log; what was synced lies beside it.
    """

    def __init__(self, base: Path, root: Path, log: Path) -> None:
        self.place = read_entry(base)
        self.has_said = False
        self._root = root
        self._log = log

    def do(self, what: str, path: str, other: str, number: str) -> None:
        """Change as one line of the log says."""
        if what == "said":
            self.has_said = True
            return
        if what == "sync-folder":
            folder = self._entry(path)
            folder.sure = dict(folder.names or {})
            return
        names, name = self._names_and_name(path)
        match what:
            case "make-folder":
                names[name] = Entry(names={})
            case "make-file":
                names[name] = Entry()
            case "link":
                names[name] = Entry(link=other)
            case "hard-link":
                others, former = self._names_and_name(other)
                names[name] = others[former]
            case "unlink":
                names.pop(name, None)
            case "sync-file":
                names[name].content = self._log.with_name(f"{self._log.name}.{number}")
            case "rename":
                others, new = self._names_and_name(other)
                others[new] = names.pop(name)

    def _names_and_name(self, path: str) -> tuple[dict[str, Entry], str]:
        names = self._entry(str(Path(path).parent)).names
        assert names is not None
        return names, Path(path).name

    def _entry(self, path: str) -> Entry:
        entry = self.place
        for part in Path(path).relative_to(self._root).parts:
            assert entry.names is not None
            entry = entry.names[part]
        return entry


@dataclass
class Losses:
    """What came of losing power in one command.

    Attributes:
        moments: At which a loss of power makes a difference.
        points: At which it was lost.
        problems: What was wrong, with how often.
    """

    moments: int
    points: int = 0
    problems: "Counter[str]" = field(default_factory=Counter)


def lose_power(case: Case, starter: Starter, place: Path, points: int) -> Losses:
    """Lose power at some moments of a command, evenly spread, in both ways; then check, and give the command again."""
    noted, log, trial = place / "noted", place / "log", place / "trial"
    case.copy(noted)
    starter.run(noted, case.arguments, Watched(log))
    lines = [line for line in log.read_text().splitlines() if not line.startswith("write")]
    disk, result = Disk(case.base, noted, log), Losses(len(lines))
    moments = max(2, -(-points // 2))
    chosen = {round(at * (len(lines) - 1) / (moments - 1)) for at in range(moments)}
    for moment, line in enumerate(lines):
        disk.do(*line.split("\t"))
        for is_kept in (False, True) if moment in chosen else ():
            disk.place.write(trial, is_kept=is_kept)
            problems = case.problems(trial)
            if disk.has_said and not problems and not case.is_done(trial):
                problems.append("what was reported to be done is not there")
            problems += case.problems_of_repeating(trial, starter)
            result.problems.update(f"{problem} (moment {moment}, kept: {is_kept})" for problem in problems)
            result.points += 1
            shutil.rmtree(trial)
    for left in (noted, *place.glob("log*")):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return result


def run(place: Path, points: int) -> dict[str, Losses]:
    """Lose power at so many points of all commands together; what came of it, by command."""
    with starter(place) as started, all_cases(place, started) as cases:
        return {case.name: lose_power(case, started, place, -(-points // len(cases))) for case in cases}


def main() -> None:
    """Print the table; exit code 1 if anything was wrong."""
    with tempfile.TemporaryDirectory() as place:
        found = run(Path(place), int(sys.argv[1]))
    print("| command | moments | losses of power | problems |\n|---|---:|---:|---|")
    for name, each in found.items():
        print(f"| {name} | {each.moments} | {each.points} | {dict(each.problems) or 'none'} |")
    sys.exit(any(each.problems for each in found.values()))


if __name__ == "__main__":
    main()
