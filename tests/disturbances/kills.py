"""Commands that are killed at random moments. `python -m tests.disturbances.kills 1000` prints a table."""

import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.disturbances.commands import Case, all_cases
from tests.disturbances.starter import Starter, starter


@dataclass
class Kills:
    """What came of killing one command.

    Attributes:
        kills: How often it was killed.
        done: How often all had been done by then.
        problems: What was wrong, with how often.
    """

    kills: int = 0
    done: int = 0
    problems: "Counter[str]" = field(default_factory=Counter)


def kill_often(case: Case, starter: Starter, place: Path, kills: int, moments: random.Random) -> Kills:
    """Kill a command at random moments, each time in a fresh place; then check, and give the command again."""
    result = Kills()
    duration = 0.0
    while result.kills < kills:
        trial = case.copy(place / "trial")
        begun = time.monotonic()
        starter.start(trial, case.arguments)
        if duration:
            time.sleep(moments.uniform(0, duration))
            starter.kill()
        was_killed = starter.wait() < 0
        if was_killed:
            result.kills += 1
            problems = case.problems(trial)
            result.done += not problems and case.is_done(trial)
            result.problems.update(problems + case.problems_of_repeating(trial, starter))
        else:
            duration = time.monotonic() - begun  # the next is killed within this
        shutil.rmtree(trial)
    return result


def run(place: Path, kills: int, seed: int) -> dict[str, Kills]:
    """Kill all commands, so often together; what came of it, by command."""
    moments = random.Random(seed)
    with starter(place) as started, all_cases(place, started) as cases:
        shares = [kills // len(cases) + (at < kills % len(cases)) for at in range(len(cases))]
        return {
            case.name: kill_often(case, started, place, share, moments)
            for case, share in zip(cases, shares, strict=True)
        }


def main() -> None:
    """Print the table; exit code 1 if anything was wrong."""
    seed = random.SystemRandom().randrange(10**6)
    with tempfile.TemporaryDirectory() as place:
        found = run(Path(place), int(sys.argv[1]), seed)
    print(f"{sum(each.kills for each in found.values())} kills, seed {seed}\n")
    print("| command | kills | after all was done | problems |\n|---|---:|---:|---|")
    for name, each in found.items():
        print(f"| {name} | {each.kills} | {each.done} | {dict(each.problems) or 'none'} |")
    sys.exit(any(each.problems for each in found.values()))


if __name__ == "__main__":
    main()
