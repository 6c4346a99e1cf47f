"""The commands that write, each in a place of its own; what a place holds, and what may be wrong with it."""

import csv
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.harvest import harvest
from flows.inspection import check_warehouse, list_pairs
from flows.request import HarvestRequest
from schemas.errors import WcdaError
from tests.disturbances.starter import Starter, said
from tests.flows.live import write_catalog_for
from tests.flows.test_main_job import lasting, read_tables
from tests.flows.test_pairs import save
from tests.replica import replica
from warehouse.products.exports import export

NOTHING_LEFT_TO_DO = "nothing was harvested since"


@dataclass(frozen=True)
class State:
    """What a reader finds in a place.

    Attributes:
        tables: What lasts of the current tables; `None` if nothing was published.
        decisions: What people decided, without when.
        output: What was exported, by file; `None` if nothing.
    """

    tables: str | None
    decisions: str
    output: str | None


@dataclass(frozen=True)
class Case:
    """A command that writes.

    Attributes:
        base: A place as it is before; each trial has a copy.
        arguments: Of `wcda`, run in the place.
        before: What the place holds before.
        after: What it holds when nothing disturbed the command.
    """

    name: str
    base: Path
    arguments: tuple[str, ...]
    before: State
    after: State

    def copy(self, place: Path) -> Path:
        """A copy of the place."""
        return Path(shutil.copytree(self.base, place, symlinks=True))

    def problems(self, place: Path) -> list[str]:
        """What is wrong with a place in which the command was disturbed: something is broken, or half done."""
        try:
            is_begun = any((place / "warehouse" / part).exists() for part in ("raw", "snapshots", "current"))
            problems = check_warehouse(place / "warehouse").problems if is_begun else []
            found = state(place)
        except (WcdaError, OSError, ValueError) as error:
            return [f"{type(error).__name__}: {error}"]
        printed = said(place)
        if "Traceback" in printed:
            problems.append("a traceback: " + printed.splitlines()[-1])
        for part in ("tables", "decisions"):
            if getattr(found, part) not in (getattr(self.before, part), getattr(self.after, part)):
                problems.append(f"{part} are neither those before nor those after")
        if found.output not in (self.before.output, self.after.output, None):
            problems.append("the export is neither the former one nor the new one")
        return problems

    def is_done(self, place: Path) -> bool:
        """Whether a place holds what an undisturbed command leaves."""
        return state(place) == self.after

    def problems_of_repeating(self, place: Path, starter: Starter) -> list[str]:
        """Give the command again, without a disturbance; what is wrong then."""
        code = starter.run(place, self.arguments)
        problems = self.problems(place)
        if code and NOTHING_LEFT_TO_DO not in said(place):
            problems.append(f"the same command again: exit code {code}: {said(place).strip()}")
        elif not self.is_done(place):
            problems.append("after the same command again the place is not as an undisturbed command leaves it")
        return problems


def state(place: Path) -> State:
    """What a place holds."""
    warehouse, output, decisions = place / "warehouse", place / "out", place / "warehouse" / "decisions.csv"
    tables = None
    if (warehouse / "current").is_symlink():
        tables = json.dumps(lasting(read_tables(warehouse)), default=str)
    rows = list(csv.DictReader(decisions.read_text().splitlines())) if decisions.exists() else []
    exported = None
    if output.exists():
        files = sorted(output.iterdir()) if output.is_dir() else [output]
        exported = repr({file.name: file.read_bytes() for file in files})
    return State(tables, repr([{name: row[name] for name in row if name != "when"} for row in rows]), exported)


@contextmanager
def all_cases(place: Path, starter: Starter) -> Iterator[list[Case]]:
    """The commands that write, while a replica of the site runs."""
    nothing, samples, pages = (place / name for name in ("nothing", "samples", "pages"))
    nothing.mkdir()
    samples.mkdir()
    harvest(HarvestRequest("samples", samples / "warehouse"))
    save(samples / "saved")
    pages.mkdir()
    save(pages / "saved")
    first = _harvest_saved(pages)
    _harvest_saved(pages)
    both = Path(shutil.copytree(pages, place / "both", symlinks=True))
    harvest(HarvestRequest("samples", both / "warehouse"))
    pair = list_pairs(both / "warehouse")[0]
    exported = Path(shutil.copytree(both, place / "exported", symlinks=True))
    export(exported / "warehouse", "jsonl", exported / "out", first)
    direct = ("--direct", "--warehouse", "warehouse")
    with replica(documents=40, collections=2, items_per_page_ignored=True) as site:
        live = place / "live"
        live.mkdir()
        write_catalog_for(site, live / "catalog.toml")
        commands: dict[str, tuple[Path, tuple[str, ...]]] = {
            "first harvest of the samples": (nothing, ("harvest", "--from", "samples", *direct)),
            "harvest of the samples": (pages, ("harvest", "--from", "samples", "--keep", "2", *direct)),
            "harvest of a folder": (samples, ("harvest", "--from", "saved", *direct)),
            "harvest of a replica": (live, ("harvest", "--catalog", "catalog.toml", *direct)),
            "rebuild": (both, ("rebuild", "--keep", "2", *direct)),
            "rollback": (both, ("rollback", first, "--warehouse", "warehouse")),
            "pairs": (both, ("pairs", pair["left_id"], pair["right_id"], "--same", "--warehouse", "warehouse")),
            "export to CSV": (exported, ("export", "--to", "csv", "--output", "out", "--warehouse", "warehouse")),
            "export to SQLite": (exported, ("export", "--to", "sqlite", "--output", "out", "--warehouse", "warehouse")),
        }
        yield [_case(name, base, arguments, place, starter) for name, (base, arguments) in commands.items()]


def _harvest_saved(place: Path) -> str:
    receipt = harvest(HarvestRequest(str(place / "saved"), place / "warehouse"))
    assert receipt.snapshot is not None
    return receipt.snapshot


def _case(name: str, base: Path, arguments: tuple[str, ...], place: Path, starter: Starter) -> Case:
    """The case, with what an undisturbed command leaves."""
    done = Path(shutil.copytree(base, place / f"{name}, done", symlinks=True))
    code = starter.run(done, arguments)
    assert code == 0, said(done)
    return Case(name, base, arguments, state(base), state(done))
