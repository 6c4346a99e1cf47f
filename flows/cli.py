"""The command line: passes what was asked for to the flows, and prints the result for a person or a machine.

Nothing heavy is imported before it is needed: each command must start quickly.
"""

import os
import shlex
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from extractors.wilson_center import ARCHIVE
from flows.interrupts import INTERRUPTED_EXIT_CODE, end_interrupted, end_quickly_when_interrupted
from flows.options import (
    AcceptLossOption,
    ArchiveOption,
    ContactOption,
    DirectOption,
    JsonOption,
    KeepOption,
    SnapshotOption,
    WarehouseOption,
    takes_request,
    warehouse_to_read,
)
from flows.request import HarvestRequest
from flows.settings import FILE_NAME, SettableGroup, every_command, list_settings, sets_something, use_file
from flows.terminal import lasting_path, replace_what_cannot_be_written, visible
from schemas.errors import UsageError, WcdaError, without_password
from schemas.plain_words import plain_words
from warehouse.folder import KEPT_SNAPSHOTS
from wcda.naming import nearest

if TYPE_CHECKING:
    from schemas.records import Receipt

INCOMPLETE_EXIT_CODE = 3
"""Published, but something of what was asked for could not be read."""

FOUND_LIMIT = 20
"""Documents that `find` shows unless something else is asked for."""

_OPERATORS = ("AND", "OR", "NOT")
"""What other catalogs take for more than a word."""

app = typer.Typer(
    name="wcda",
    cls=SettableGroup,
    help=f"Turns pages of the {ARCHIVE.name} into Parquet tables.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; a mistake is reported in one line on standard error."""
    end_quickly_when_interrupted()
    replace_what_cannot_be_written()
    os.environ["PYTHONSAFEPATH"] = "1"  # no Python that is started imports modules from the working directory
    try:
        exit_code = app(standalone_mode=False)
    except WcdaError as error:
        _stop(str(error) + (_advice_on_dashes() if isinstance(error, UsageError) else ""), error.exit_code)
    except typer.TyperException as error:
        message = plain_words(getattr(error, "format_message", error.__str__)())
        context = getattr(error, "ctx", None)
        command = context.info_name if context is not None and context.parent is not None else None
        _stop(
            f"{message}{_advice_on_dashes()} (see '{'wcda' if command is None else f'wcda {command}'} --help')",
            UsageError.exit_code,
        )
    except OSError as error:
        where = f"{lasting_path(error.filename)}: " if error.filename else ""
        _stop(f"{where}{error.strerror or error}", WcdaError.exit_code)
    if exit_code == INTERRUPTED_EXIT_CODE:
        end_interrupted()
    sys.exit(exit_code)


def _advice_on_dashes() -> str:
    """What the message on a mistake ends with, if what was typed has options where none can be."""
    behind = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    is_meant = any(word.startswith("--") for word in behind)
    return "; behind -- nothing is an option: give options before it" if is_meant else ""


def _tell(message: str) -> None:
    line = without_password(" ".join(message.split()))
    print(f"wcda: {visible(line)}", file=sys.stderr)  # noqa: T201 (it is the output)


def _warehouse(named: Path | None, *, for_tables: bool = True) -> Path:
    """The warehouse that a command means; where that is not the usual one, a line says so."""
    folder, note = warehouse_to_read(named, for_tables=for_tables)
    if note:
        _tell(note)
    return folder


def _stop(message: str, exit_code: int) -> NoReturn:
    _tell(message)
    sys.exit(exit_code)


def _show_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"wcda {version('wcda')}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
    settings_file: Annotated[
        Path | None,
        typer.Option(
            "--settings-file",
            envvar="WCDA_SETTINGS_FILE",
            help="TOML file with values of options.",
            show_default=f"{FILE_NAME} in ~/.config/wcda, if it is there",
        ),
    ] = None,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
    else:
        if settings_file is None and sets_something(Path(FILE_NAME)):
            _tell(f"{FILE_NAME} in the working directory is not read; --settings-file {FILE_NAME} names it")
        use_file(context, settings_file)


@app.command()
@takes_request()
def harvest(
    request: HarvestRequest,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Estimate how many requests a site would get, and for how long; send none."),
    ] = False,
    direct: DirectOption = False,
    json: JsonOption = False,
) -> None:
    """Read a source, keep what it sent, and publish the tables.

    The samples go to a warehouse of their own, `warehouse/data/samples`, unless one is named. A harvest of the site
    that was killed goes on where it was, if the same command is given within a day.
    Exit code: 0 all was read; 1 nothing usable, nothing published; 2 usage; 3 published, but something was not read.
    """
    if dry_run:
        _print_estimate(request, json)
        return
    if direct:
        from flows.harvest import harvest as harvest_inline
        from flows.progress import show_progress

        with show_progress() as watch:
            receipt = harvest_inline(request, watch=watch)
    else:
        request.check()  # a mistake in it is reported at once, not when Prefect has started
        from flows.prefect_settings import on_prefect

        absolute = request.with_absolute_paths()
        with on_prefect(request.warehouse):
            from flows.prefect_flows import harvest_on_prefect

            receipt = harvest_on_prefect(absolute)
        receipt = replace(receipt, warehouse=str(request.warehouse))
    _print_receipt(receipt, json)
    if receipt.outcome != "complete":
        raise typer.Exit(INCOMPLETE_EXIT_CODE)


@app.command()
@takes_request("since", "until", "accept_loss")
def serve(
    request: HarvestRequest,
    cron: Annotated[str, typer.Option("--cron", help="When: minute, hour, day of the month, month, day of the week.")],
    timezone: Annotated[str, typer.Option("--timezone", help="Time zone, such as America/New_York.")] = "UTC",
    name: Annotated[str, typer.Option("--name", help="Name of the deployment on the Prefect server.")] = "served",
) -> None:
    """Harvest on a schedule, one run at a time, until Ctrl-C.

    On one machine, without a work pool. The schedule is kept by the Prefect server that PREFECT_API_URL or your
    Prefect profile names.
    """
    from flows.serving import serve as serve_harvest

    serve_harvest(request, cron, timezone, name)


@app.command()
def init(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Where to write them; default: here.", show_default=False)
    ] = Path(),
    contact: ContactOption = None,
) -> None:
    """Write a catalog and a settings file to fill in.

    Every key is in them, with its meaning and its default, as a comment. A file that is there is never replaced.
    """
    from flows.printing import print_lines
    from flows.setup import CATALOG_NAME, set_up

    done = set_up(folder, every_command(context), contact)
    settings = shlex.quote(str((folder / FILE_NAME).absolute()))
    print_lines(
        [
            *(f"{path}: written" for path in done.written),
            *(f"{path}: there already, and stays as it is" for path in done.kept),
            f"next: wcda harvest --catalog {shlex.quote(str(folder / CATALOG_NAME))} --dry-run",
            f"the settings are read after: export WCDA_SETTINGS_FILE={settings}",
        ]
    )


@app.command()
def discover(
    archive: ArchiveOption = None,
    contact: ContactOption = None,
    catalog: Annotated[Path | None, typer.Option("--catalog", help="TOML file with the site's URL.")] = None,
    output: Annotated[Path | None, typer.Option("--output", help="File to write; default: standard output.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite/--no-overwrite", help="Replace the file if it is there.")
    ] = False,
) -> None:
    """Write a catalog from the facets that the site shows.

    Each facet becomes a collection, with its name and count; the whole archive is one too. With --catalog, its archive
    and politeness are used, and its collections kept.
    """
    from flows.discovery import discover as discover_catalog
    from flows.printing import print_lines
    from schemas.files import write_text

    if output is not None and not overwrite and (output.exists() or output.is_symlink()):
        raise UsageError(f"{output}: exists; choose another --output, or replace it with --overwrite")
    text = discover_catalog(catalog, archive, contact)
    if output is None:
        print(text, end="")  # noqa: T201 (it is the output)
    else:
        write_text(output, text)
        print_lines([f"{output}: {text.count('[[collections]]')} collections"])


@app.command()
def rebuild(
    warehouse: WarehouseOption = None,
    accept_loss: AcceptLossOption = False,
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, help="How many parse at once; default: as many as pay.")
    ] = None,
    runner: Annotated[
        Literal["processes", "dask"], typer.Option("--runner", help="What parses: this machine, or a Dask cluster.")
    ] = "processes",
    address: Annotated[
        str | None, typer.Option("--address", help="URL of the Dask scheduler: tcp://HOST:PORT.")
    ] = None,
    keep: KeepOption = KEPT_SNAPSHOTS,
    direct: DirectOption = False,
    json: JsonOption = False,
) -> None:
    """Make the tables again from the raw zone alone, without network."""
    from flows.cluster import cluster_address
    from warehouse.folder import WarehouseFolder

    folder = _warehouse(warehouse, for_tables=False)
    WarehouseFolder(folder).require_existing()
    cluster = cluster_address(runner, address, direct=direct)
    if direct:
        from extractors.reparsing import parse_in_processes
        from flows.harvest import rebuild as rebuild_inline

        parse_all = partial(parse_in_processes, processes=processes)
        receipt = rebuild_inline(folder, accept_loss=accept_loss, parse_all=parse_all, keep=keep)
    else:
        from flows.prefect_settings import on_prefect

        absolute = folder.absolute()
        with on_prefect(folder):
            from flows.prefect_flows import rebuild_on_prefect

            receipt = rebuild_on_prefect(absolute, accept_loss, processes, keep, cluster)
        receipt = replace(receipt, warehouse=str(folder))
    _print_receipt(receipt, json)


@app.command()
def status(
    context: typer.Context,
    warehouse: WarehouseOption = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="Show the value of each option and where it was set.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show the collections, the last runs and the kept snapshots."""
    from flows.inspection import current_version_note, describe_current, kept_snapshots, last_runs, refusal_line
    from flows.printing import print_json, print_settings, print_status

    if settings:
        found = list_settings(context)
        if json:
            print_json([asdict(setting) for setting in found])
        else:
            print_settings(found)
        return
    folder = _warehouse(warehouse)
    receipt = describe_current(folder)
    runs = last_runs(folder)
    kept = kept_snapshots(folder)
    for line in (current_version_note(folder), refusal_line(folder)):
        if line:
            _tell(line)
    if json:
        print_json({**receipt.to_dict(), "runs": runs, "snapshots": kept})
    else:
        print_status(receipt, runs, kept)


@app.command()
def check(snapshot: SnapshotOption = None, warehouse: WarehouseOption = None, json: JsonOption = False) -> None:
    """Check the keys, counts and digests of all tables and captures."""
    from flows.inspection import check_warehouse
    from flows.printing import print_json, print_lines

    report = check_warehouse(_warehouse(warehouse, for_tables=False), snapshot)
    if json:
        print_json({"snapshot": report.snapshot, "problems": report.problems})
    elif not report.problems:
        print_lines([report.summary])
    report.require_sound()


@app.command()
def changes(
    since: Annotated[str | None, typer.Option("--since", help="Id of a snapshot; default: the one before.")] = None,
    warehouse: WarehouseOption = None,
    json: Annotated[bool, typer.Option("--json/--no-json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show what was added, changed, removed, merged and split."""
    from flows.inspection import list_changes
    from flows.printing import print_changes, print_json_lines

    found = list_changes(_warehouse(warehouse), since)
    for note in found.version_notes:
        _tell(note)
    if json:
        print_json_lines(map(asdict, found.changes))
    else:
        print_changes(found)


@app.command()
def rollback(
    snapshot: Annotated[str, typer.Argument(metavar="SNAPSHOT", help="Id of a snapshot; wcda status lists them.")],
    warehouse: WarehouseOption = None,
    json: JsonOption = False,
) -> None:
    """Return to a snapshot, without what was harvested after it.

    Publishes what is left. Nothing is deleted: what was withdrawn stays in the raw zone, and to roll back to a
    later snapshot brings it back.
    """
    from flows.printing import print_json, print_rollback
    from flows.rollback import roll_back

    done = roll_back(_warehouse(warehouse), snapshot)
    if json:
        print_json(asdict(done))
    else:
        print_rollback(done)


@app.command()
def export(
    to: Annotated[
        Literal["csv", "jsonl", "parquet", "sqlite", "datasette", "bundle", "csl", "ris"],
        typer.Option(
            "--to",
            help="For spreadsheets; programs; by collection; a database; the browser; to deposit; reference managers.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", help="File (sqlite, csl, ris) or folder; an earlier export is replaced.")
    ],
    collections: Annotated[
        list[str] | None,
        typer.Option("--collection", metavar="NAME", help="Only documents of this collection, by id or name; repeats."),
    ] = None,
    snapshot: SnapshotOption = None,
    warehouse: WarehouseOption = None,
    json: JsonOption = False,
) -> None:
    """Write the tables for spreadsheets, databases and Zotero.

    As CSV, JSON lines, Parquet by collection, SQLite, a folder for Datasette, a bundle to deposit, CSL-JSON or RIS.
    """
    from flows.inspection import collection_ids
    from flows.printing import print_json, print_lines
    from warehouse.products.exports import export as export_snapshot

    folder = _warehouse(warehouse)
    wanted = collection_ids(folder, snapshot, collections) if collections else ()
    done = export_snapshot(folder, to, output, snapshot, wanted)
    if json:
        print_json(asdict(done))
    else:
        print_lines([f"{done.output}: {done.rows} rows of snapshot {done.snapshot_id} as {done.kind}", *done.notes])


@app.command()
def report(
    snapshot: SnapshotOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="File to make; default: the report of the snapshot.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser, on a terminal.")] = True,
    warehouse: WarehouseOption = None,
) -> None:
    """Open the report of a snapshot, one HTML file for people."""
    from extractors.wilson_center import ARCHIVE
    from flows.printing import print_lines
    from warehouse.products.report import find_report

    found = find_report(_warehouse(warehouse), snapshot, output, archive=ARCHIVE)
    print_lines([str(found)])
    if open_it and sys.stdout.isatty():
        import webbrowser

        webbrowser.open(found.resolve().as_uri())


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
def find(
    context: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS", help='Words, "a phrase", -word, a date, or an id\'s beginning.')
    ],
    years: Annotated[
        str | None, typer.Option("--years", metavar="YEARS", help="Of these years alone: 1962, 1962-1965, 1960s.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many documents are shown.")] = FOUND_LIMIT,
    warehouse: WarehouseOption = None,
    json: JsonOption = False,
) -> None:
    """Find documents by words, date, collection, term or id.

    All words must be in a document's title, summary, date, collections, terms or full text. A word counts from its
    beginning (cub finds Cuba), in any case and without accents; a phrase stands in quotes; -word leaves documents out.
    1962, 1962-1965, 1960s, 1962-10 and EDTF find dates, and texts that have them as typed; --years asks for the date
    alone. Ids and dates come first, then titles, summaries, names, and full texts; of equal hits the newest. Exit
    code: 0 something was found; 1 nothing.
    """
    from flows.inspection import find_documents
    from flows.printing import print_found, print_json

    if words == ["-h"]:  # among other words it leaves out what begins with h
        typer.echo(context.get_help())
        return
    _refuse_options_as_words(words, _option_names(context))
    found = find_documents(_warehouse(warehouse), words, limit, years)
    if json:
        print_json(asdict(found))
    else:
        print_found(found)
    if not found.count:
        raise typer.Exit(WcdaError.exit_code)


def _option_names(context: typer.Context) -> list[str]:
    """The long options of a command, without dashes."""
    declared = [name for option in context.command.params for name in option.opts if name.startswith("--")]
    return [name.lstrip("-") for name in [*declared, *context.help_option_names]]


def _refuse_options_as_words(words: list[str], options: list[str]) -> None:
    """Stop at what was meant as an option and came to be among the words of a search.

    Raises:
        UsageError: There is one.
    """
    for word in words:
        name = word.lstrip("-").partition("=")[0]
        if word.startswith("--") and name in options:  # it is among the words since -- ends the options
            raise UsageError(f"{word} is read as a word (-word needs no --)")
        if word.startswith("--") and name:
            near = nearest(word, [f"--{option}" for option in options])
            advice = near or f"; to leave out what has a word, type -{name}"
            raise UsageError(f"no such option: {word}{advice} (see 'wcda find --help')")
        if word.startswith("-") and name in options:
            _tell(f"{word} is read as a word that must not be there; the option is --{name}")
        if word in _OPERATORS:
            _tell(f"{word} is read as a word; all words must be there, and -word must not")


@app.command()
def explain(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="Id (or its beginning), former id, URL or key.")],
    cite: Annotated[bool, typer.Option("--cite", help="Print a citation of it (Chicago) and nothing else.")] = False,
    warehouse: WarehouseOption = None,
    json: JsonOption = False,
) -> None:
    """Show where a document's values come from, or cite it."""
    from flows.inspection import cite_document, explain_document
    from flows.printing import print_explanation, print_json, print_lines

    folder = _warehouse(warehouse)
    if cite:
        cited = cite_document(folder, document)
        if json:
            print_json(asdict(cited))
        else:
            _tell(f"a note of the {cited.style} Manual of Style; --to ris or csl of wcda export is for other styles")
            print_lines([cited.citation])
        return
    explanation = explain_document(folder, document)
    if json:
        print_json(asdict(explanation))
    else:
        print_explanation(explanation)


@app.command()
def pairs(
    left: Annotated[str | None, typer.Argument(metavar="[LEFT]", help="A document, to decide a pair.")] = None,
    right: Annotated[str | None, typer.Argument(metavar="[RIGHT]", help="The other document.")] = None,
    same: Annotated[bool, typer.Option("--same", help="They are one document.")] = False,
    different: Annotated[bool, typer.Option("--different", help="They are two documents.")] = False,
    why: Annotated[str, typer.Option("--why", help="For those who read the decision later.")] = "",
    who: Annotated[str | None, typer.Option("--who", help="Who decides; default: you.")] = None,
    warehouse: WarehouseOption = None,
    json: JsonOption = False,
) -> None:
    """List near-duplicates that were not merged, or decide one.

    The most similar come first. A decision comes before every rule. It is kept in `decisions.csv` in the warehouse;
    `wcda rebuild` applies it.
    """
    from flows.inspection import decide, list_pairs
    from flows.printing import print_json, print_lines, print_pairs

    folder = _warehouse(warehouse)
    if left is None and not (same or different):
        found = list_pairs(folder)
        if json:
            print_json(found)
        else:
            print_pairs(found)
        return
    if left is None or right is None or not (same or different):
        raise UsageError("a decision needs LEFT, RIGHT, and --same or --different")
    if same and different:
        raise UsageError("--same and --different contradict each other; give one of them")
    from getpass import getuser

    decision = decide(folder, left, right, "same" if same else "different", who or getuser(), why)
    print_lines([f"recorded: {decision.left} and {decision.right} are {decision.decision}; wcda rebuild applies it"])


@app.command()
def read(
    page: Annotated[Path, typer.Argument(metavar="PAGE", help="A saved page.")],
    json: JsonOption = False,
) -> None:
    """Read one saved page and show what was found; writes nothing.

    Exit code: 0 all was read; 1 nothing usable; 2 no such file; 3 something of the page was not read.
    """
    from flows.inspection import page_to_dict, read_saved_page
    from flows.printing import print_json, print_page
    from schemas.records import READ_OUTCOMES

    found = read_saved_page(page)
    if json:
        print_json(page_to_dict(found))
    else:
        print_page(found)
    errors = [issue for issue in found.issues if issue.level == "error"]
    if found.outcome not in READ_OUTCOMES:
        raise WcdaError(f"{page}: {errors[0].message}")
    if errors:
        raise typer.Exit(INCOMPLETE_EXIT_CODE)


def _print_estimate(request: HarvestRequest, json: bool) -> None:
    from flows.estimate import estimate
    from flows.printing import print_estimate, print_json

    found = estimate(request)
    if json:
        print_json(asdict(found))
    else:
        print_estimate(found)


def _print_receipt(receipt: "Receipt", json: bool) -> None:
    from flows.printing import print_json, print_receipt

    if json:
        print_json(receipt.to_dict())
    else:
        print_receipt(receipt)
