"""Commands on a disk that fails at one change after the other. `python -m tests.disturbances.disk_errors 1` shows all.

Three kinds: one input/output error at one change; a disk that is full, or read-only, from a change on.
"""

import errno
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.disturbances.commands import Case, all_cases
from tests.disturbances.starter import Starter, Watched, said, starter

KINDS = {
    "one input/output error": Watched(error=errno.EIO),
    "a full disk": Watched(error=errno.ENOSPC, fails_on=True),
    "a read-only disk": Watched(error=errno.EROFS, fails_on=True),
}


@dataclass
class Failures:
    """What came of letting one command's changes fail.

    Attributes:
        changes: How many changes to files the command makes.
        trials: How many of them failed, each in a run of its own.
        problems: What was wrong, with how often.
    """

    changes: int
    trials: int = 0
    problems: "Counter[str]" = field(default_factory=Counter)


def fail_at_each(case: Case, starter: Starter, place: Path, every: int) -> Failures:
    """Let each change fail in turn, or one of so many; then check, and give the command again on a disk that works."""
    trial = case.copy(place / "trial")
    starter.run(trial, case.arguments, Watched())
    result = Failures(starter.changes(trial))
    shutil.rmtree(trial)
    for number, kind in enumerate(KINDS.values()):
        for at in range(1 + number * every // len(KINDS), result.changes + 1, every):
            trial = case.copy(place / "trial")
            code = starter.run(trial, case.arguments, replace(kind, fail_at=at))
            problems = case.problems(trial)
            if code not in (0, 1):
                problems.append(f"exit code {code}: {said(trial)}")
            elif code == 0 and not case.is_done(trial):
                problems.append("exit code 0, though not all was done")
            problems += case.problems_of_repeating(trial, starter)
            result.problems.update(f"{problem} (change {at}, {errno.errorcode[kind.error]})" for problem in problems)
            result.trials += 1
            shutil.rmtree(trial)
    return result


def run(place: Path, every: int) -> dict[str, Failures]:
    """Let one of so many changes of each command fail; what came of it, by command."""
    with starter(place) as started, all_cases(place, started) as cases:
        return {case.name: fail_at_each(case, started, place, every) for case in cases}


def main() -> None:
    """Print the table; exit code 1 if anything was wrong."""
    with tempfile.TemporaryDirectory() as place:
        found = run(Path(place), int(sys.argv[1]))
    print("| command | changes to files | failures | problems |\n|---|---:|---:|---|")
    for name, each in found.items():
        print(f"| {name} | {each.changes} | {each.trials} | {dict(each.problems) or 'none'} |")
    sys.exit(any(each.problems for each in found.values()))


if __name__ == "__main__":
    main()
