"""What a person reads: receipts, checks, changes and pages, on a terminal or in a log. JSON is for machines."""

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from extractors.sources.estimate import Estimate
from flows.inspection import ChangeReport, FoundDocuments
from flows.rollback import RolledBack
from flows.settings import Setting
from flows.terminal import visible
from schemas.document_records import document_values
from schemas.listings import Entry, listing_entries, listing_range
from schemas.percent import percent
from schemas.records import CollectionReceipt, ParsedPage, Receipt
from warehouse.explanation import Explanation
from wcda.changes import Change
from wcda.query import Part, fold, is_in, read_query, split_hits
from wcda.search import Searched

COLLECTION_COLUMNS = ("collection", "id", "reported", "seen", "coverage")
MAX_SHOWN = 20
"""Changes of one kind, and collections of a harvest, that a person is shown; a machine gets all."""

NARROW = 72
"""Columns of a terminal below which collections are no table."""

MIN_SHORT = 40
"""Characters of a long text that are shown however narrow the terminal is."""


class _DataConsole(Console):
    """A console to which every text is data: no markup in it, no emoji code, no escape sequence is obeyed."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 (what rich takes)
        super().__init__(markup=False, emoji=False, highlight=False, soft_wrap=True, **options)

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401 (likewise)
        """As rich's own, of what is visible of the text."""
        return super().render_str(visible(text), **options)


def print_json(value: object) -> None:
    """One JSON object, alone on standard output."""
    print(visible(json.dumps(value, ensure_ascii=False, indent=2, default=str)))  # noqa: T201 (it is the output)


def print_json_lines(values: Iterable[object]) -> None:
    """JSON objects, one a line."""
    for value in values:
        print(visible(json.dumps(value, ensure_ascii=False, default=str)))  # noqa: T201 (it is the output)


def _console() -> Console:
    console = _DataConsole()
    return console if console.is_terminal else _DataConsole(width=120, no_color=True)


def _print_table(console: Console, table: Table) -> None:
    """A table as wide as the console; what is too long for its column goes on in the next line; `none` without rows."""
    if not table.row_count:
        table.add_row("none")
    console.print(table, soft_wrap=False)


def _print_collections(console: Console, rows: Iterable[CollectionReceipt]) -> None:
    """Collections as a table, or on a narrow terminal two lines for each, so that names and ids stay whole."""
    rows = list(rows)
    if console.width >= NARROW or not rows:
        _print_table(console, _collection_table(rows))
        return
    for row in rows:
        name, key, reported, seen, coverage = collection_cells(row)
        console.print(f"{name}\n  {key}\n  {reported} reported, {seen} seen, {coverage}")


def print_receipt(receipt: Receipt) -> None:
    """What was published, where it is, and what to type next."""
    console = _console()
    shown, others = _worth_showing(receipt.collections)
    if shown or not others:
        _print_collections(console, shown)
    for line in others:
        console.print(line)
    for line in receipt_lines(receipt):
        console.print(line)
    console.print(f"tables: {receipt.warehouse}/current")
    console.print(
        f"report: {receipt.warehouse}/current/report.html\n"
        "next:\n"
        f"  {_as_typed('wcda')} report --warehouse {receipt.warehouse}\n"
        f"  {_as_typed('wcda')} find 1962 --warehouse {receipt.warehouse}\n"
        f"  {_as_typed('wcda')} status --warehouse {receipt.warehouse}\n"
        f'  {_as_typed("python")} -c "import pandas; '
        f"print(pandas.read_parquet('{receipt.warehouse}/current/documents.parquet'))\""
    )


def receipt_lines(receipt: Receipt) -> list[str]:
    """What was published, what is doubtful, and what is new: a line each."""
    counts, issues = receipt.counts, receipt.issues
    return [
        f"{_many(counts['documents'], 'document')}, {receipt.repeats} of them in more than one collection; "
        f"{_many(counts['entries'], 'entry', 'entries')}; {_many(counts['issues'], 'issue')}"
        + (f" ({_listed(issues)})" if counts["issues"] else ""),
        *_coverage_of_pages(receipt),
        *(f"  {example}" for example in receipt.issue_examples),
        _changes_line(receipt),
        *receipt.notes,
    ]


def _coverage_of_pages(receipt: Receipt) -> list[str]:
    """How many documents have their own page; nothing where none was ever captured."""
    own, every = receipt.pages_of_documents, receipt.counts["documents"]
    missing = f"; {every - own:,} are known from listings alone (`node_id` is null)" if own < every else ""
    return [f"pages of documents: {own:,} of {every:,}{missing}"] if own else []


def _changes_line(receipt: Receipt) -> str:
    """What differs from the former snapshot, table by table; `wcda changes` names the rows."""
    if receipt.former is None:
        return "first snapshot: all of it is new"
    tables = (f"{table}: {_listed(_by_what(counts))}" for table, counts in receipt.changes_by_table.items())
    return f"against the former snapshot: {'; '.join(tables) or 'no changes'}"


def _by_what(counts: dict[str, int]) -> dict[str, int]:
    """Changes by kind, with what is counted where it is not rows: a row with two other values changed twice."""
    changed = "value changed" if counts.get("changed") == 1 else "values changed"
    return {changed if kind == "changed" else kind: count for kind, count in counts.items()}


def print_estimate(found: Estimate) -> None:
    """What a harvest would ask of a site."""
    print_lines(
        [
            f"{_many(found.collections, 'collection')} at {found.requests_per_second:g} requests a second:",
            f"  {found.requests:,} requests in {_duration(found.hours)}, if the site gives 100 entries a page",
            f"  {found.most_requests:,} requests in {_duration(found.most_hours)}, if it gives 10",
        ]
    )
    if found.documents:
        print_lines([f"{_many(found.documents, 'page')} of documents are among them"])
    if found.files:
        print_lines([f"{_many(found.files, 'file')} of documents are among them, as far as their pages were captured"])
    if found.assumed:
        print_lines(
            [
                f"no count of the whole archive is known; it is taken to have some {found.assumed:,} documents; "
                "wcda discover writes a catalog with counts"
            ]
        )
    if found.unknown:
        print_lines(
            [
                f"of {_many(found.unknown, 'collection')} no count is known; each stands for one request here, and may "
                "take many; wcda discover writes a catalog with counts"
            ]
        )


def print_status(receipt: Receipt, runs: Sequence[dict[str, Any]], kept: Sequence[dict[str, Any]]) -> None:
    """The current snapshot, its collections, the last runs and the snapshots that are kept."""
    console = _console()
    console.print(f"snapshot {receipt.snapshot} of {receipt.warehouse}")
    _print_collections(console, in_order(receipt.collections))
    console.print(", ".join(f"{count} {name}" for name, count in receipt.counts.items()))
    for line in _coverage_of_pages(receipt):
        console.print(line)
    for run in runs:
        console.print(
            f"run {run['run_id']} from {run['source']}: {run['outcome']}, "
            f"{_many(run['capture_count'], 'capture')}, {_many(run['issue_count'], 'issue')}"
        )
    for snapshot in kept:
        console.print(f"kept: {snapshot['snapshot_id']}, {_many(snapshot['documents'], 'document')}")


def print_rollback(done: RolledBack) -> None:
    """What a rollback withdrew and published."""
    print_lines([f"{_many(done.withdrawn, 'segment')} of the raw zone withdrawn: what was harvested after {done.to}"])
    if done.differences:
        print_lines(
            [f"{_many(done.differences, 'row')} differ from it: decisions.csv or wcda itself is not what it was then"]
        )
    print_receipt(done.receipt)


def print_settings(settings: Iterable[Setting]) -> None:
    """What each option is, and where that came from."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("setting", "value", "from"):
        table.add_column(name, overflow="fold")
    for setting in settings:
        value = "none" if setting.value is None else str(setting.value)
        table.add_row(setting.name, value, f"{setting.source} {setting.place or ''}".strip())
    _print_table(_console(), table)


def print_page(page: ParsedPage) -> None:
    """What was read of one page."""
    console = _console()
    if page.outcome in ("document", "term"):
        console.print(f"{page.outcome}; layout: {page.layout}")
        for name, value in document_values(page).items():
            _print_part(console, name, value)
        _print_issues(console, page)
        return
    line, entries = listing_range(page), listing_entries(page)
    held = f", {line.first} - {line.last} of {line.total}" if line else ""
    console.print(f"{page.outcome}{held}; layout: {page.layout or 'none'}; {_many(len(entries), 'entry', 'entries')}")
    for entry in entries:
        console.print(_entry(entry))
    _print_issues(console, page)


def _print_part(console: Console, name: str, value: dict[str, Any] | list[dict[str, Any]]) -> None:
    """The fields of a page, or rows that it holds, each in a line."""
    if isinstance(value, dict):
        for column, text in value.items():
            if text:
                console.print(f"  {column}: {_short('; '.join(text) if isinstance(text, list) else str(text))}")
        return
    console.print(f"{name}: {len(value)}")
    for row in value:
        console.print("    " + _short("  ".join(str(text) for text in row.values() if text is not None)))


def _print_issues(console: Console, page: ParsedPage) -> None:
    for issue in page.issues:
        console.print(f"{issue.level}: {issue.message}")
        for name, value in (("expected", issue.expected), ("found", issue.found)):
            if value is not None:
                console.print(f"    {name}: {_short(value)}")


def print_explanation(explanation: Explanation) -> None:
    """A document: its values and why these, its entries and the rule that joined each, its keys."""
    lines = [f"document {explanation.document_id}"]
    lines += [f"  {part}: {' '.join(value.split())}" for part, value in explanation.values.items() if value is not None]
    lines.append(f"{_many(explanation.wordings, 'wording')}; this one stands: {explanation.because}")
    lines.append(f"{_many(len(explanation.entries), 'entry', 'entries')}:")
    for entry in explanation.entries:
        place = f", place {entry.place}" if entry.place is not None else ""
        listed = entry.collection_id or "in no collection"
        if entry.collection:
            listed = f"{entry.collection} ({listed})"
        lines.append(f"  {listed}{place}; rule {entry.rule}: {entry.because}")
        lines += [f"    {part} there: {_short(value) if value else 'none'}" for part, value in entry.differs.items()]
    lines += ["keys:", *(f"  {key}" for key in explanation.keys)]
    if explanation.former_ids:
        lines += ["ids that lead here:", *(f"  {former}" for former in explanation.former_ids)]
    if explanation.pairs:
        lines += ["kept apart from:", *(f"  {other}: {evidence}" for other, evidence in explanation.pairs)]
    print_lines(lines)


_HOW_TO_ASK = "a word counts from its beginning; dates are 1962, 1962-1965, 1960s, 1962-10 or 1962-10-27"


def print_found(found: FoundDocuments) -> None:
    """The documents that were found: id, date, title, collections, and in which fields something of the words stands.

    A passage of each field that these lines do not show follows. On a terminal hits are marked.
    """
    console = _console()
    parts = [part for part in read_query(found.query) if not part.is_unwanted]
    for row in found.documents:
        _print_found_document(console, row, parts)
    shown = len(found.documents)
    first = "the first is" if shown == 1 else f"the first {shown} are"
    more = f"; {first} shown, --limit {found.count} shows all" if shown < found.count else ""
    count = _many(found.count, "document") if found.count else "no document"
    years = f" in {found.years}" if found.years else ""
    console.print(f"{count} for {found.query}{years}{more}")
    if not found.count:
        for less, number in found.without.items():
            console.print(f"  {less}: {_many(number, 'document') if number else 'none'}")
        console.print(f"  {_HOW_TO_ASK}")
    if line := _what_was_searched(found.searched):
        console.print(line)


def _print_found_document(console: Console, row: dict[str, Any], parts: Sequence[Part]) -> None:
    width = console.width - len("  in ")
    shown = {
        "id": row["document_id"],
        "date": row["date_text"] or "(no date)",
        "title": _short(row["title"] or "(no title)", width),
        "collection": _short("; ".join(row["collections"]), width),
    }
    lines = {field: split_hits(text, parts) for field, text in shown.items()}
    if "date" in row["found_in"] and not any(is_hit for _, is_hit in lines["date"]):
        lines["date"] = [(shown["date"], True)]  # it is of the time that is asked for, and names it in other words
    _print_hits(console, f"{row['document_id']}  ", lines["date"])
    _print_hits(console, "  ", lines["title"])
    if row["collections"]:
        _print_hits(console, "  in ", lines["collection"])
    if row["found_in"]:
        console.print(f"  found in {_and(row['found_in'])}")
    for field, passage in row["passages"].items():
        if passage != shown.get(field) and not _hits_are_in(shown.get(field, ""), passage, parts):
            _print_hits(console, f"  {field}: ", split_hits(passage, parts))


def _hits_are_in(line: str, passage: str, parts: Iterable[Part]) -> bool:
    """Whether a line shows all that a passage is for."""
    hits = [part for part in parts if is_in(part, fold(passage))]
    return bool(hits) and all(is_in(part, fold(line)) for part in hits)


def _print_hits(console: Console, begin: str, pieces: Iterable[tuple[str, bool]]) -> None:
    """A line in which hits are marked, where the output can show it."""
    line = Text(begin)
    for text, is_hit in pieces:
        line.append(visible(text), style="bold reverse" if is_hit else "")
    console.print(line)


def _what_was_searched(searched: Searched) -> str | None:
    """A line on what a search could not find, as it is not here; `None` if all is."""
    texts, total = searched.with_text, searched.documents
    if not searched.incomplete and texts in (0, total):
        return None
    notes = [f"searched {total:,} {'document' if total == 1 else 'documents'}"]
    if texts < total:
        notes.append(f"{texts:,} of them with a full text" if texts else "none with a full text")
    line = ", ".join(notes)
    if not searched.incomplete:
        return line
    every = "1 collection is" if searched.collections == 1 else f"{searched.collections:,} collections are"
    lists = every if searched.collections == 1 else f"{searched.incomplete:,} of {every}"
    seen = f" ({searched.seen:,} of {searched.reported:,} entries seen)" if searched.seen < searched.reported else ""
    return f"{line}; {lists} not complete{seen}: see wcda status"


def print_pairs(pairs: Sequence[dict[str, Any]]) -> None:
    """Open candidate pairs, and what to type to decide one."""
    lines = []
    for pair in pairs:
        lines.append(f"{pair['score']:.2f}  {pair['evidence']}")
        for side in ("left", "right"):
            row = pair[side]
            lines.append(f"  {row['document_id']}  {row['date_text'] or '(no date)'}  {row['title'] or '(no title)'}")
            lines += [f"                    {row['url']}"] if row["url"] else []
    advice = "; to decide one: wcda pairs LEFT RIGHT --same or --different" if pairs else ""
    lines.append(_many(len(pairs), "open pair") + advice)
    print_lines(lines)


def print_changes(found: ChangeReport) -> None:
    """The changes of each kind, the first of them with titles and names."""
    console = _console()
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in found.changes:
        groups.setdefault((change.table, change.change), []).append(change)
    since = f"since snapshot {found.since}" if found.since else "there is no former snapshot"
    console.print(f"snapshot {found.snapshot}; {since}" + ("" if groups else ": no changes"))
    for (table, kind), group in groups.items():
        value = "value of " if kind == "changed" else ""
        console.print(f"{kind}: {_many(len(group), value + table[:-1], value.replace('value', 'values') + table)}")
        _print_table(console, _change_table(group[:MAX_SHOWN], found.names, console.width))
        if len(group) > MAX_SHOWN:
            console.print(f"  … and {len(group) - MAX_SHOWN} more; --json has all")


def _change_table(changes: Iterable[Change], names: dict[str, str | None], width: int) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
    table.add_column("id", overflow="fold", min_width=16)
    table.add_column("name", overflow="fold", min_width=8)
    table.add_column("what", overflow="fold")
    for change in changes:
        first, _, collection = change.key.partition("/") if change.table == "memberships" else (change.key, "", "")
        what = f"in {names.get(collection) or collection} " if collection else ""
        table.add_row(*((first, _short(names.get(first) or "", width), what + _what(change, width))))
    return table


def _what(change: Change, width: int) -> str:
    if change.column is not None:
        return f"{change.column}: {_value(change.former, width)} → {_value(change.present, width)}"
    if change.present is not None:
        return f"into {change.present}"
    return f"from {change.former}" if change.former is not None else ""


def _value(value: object, width: int) -> str:
    if value is None:
        return "none"
    return f"{value:.3g}" if isinstance(value, float) else _short(str(value), width)


def print_lines(lines: Iterable[str]) -> None:
    """Lines as they are."""
    console = _console()
    for line in lines:
        console.print(line)


def in_order(collections: Iterable[CollectionReceipt]) -> list[CollectionReceipt]:
    """Collections as a person reads them: those that are not complete first, the least covered before, then by name."""

    def place(row: CollectionReceipt) -> tuple[bool, float, str, str]:
        coverage = 0.0 if row.complete or row.coverage is None else row.coverage
        return row.complete, coverage, (row.name or row.collection_id).casefold(), row.collection_id

    return sorted(collections, key=place)


def _worth_showing(collections: Iterable[CollectionReceipt]) -> tuple[list[CollectionReceipt], list[str]]:
    """The collections that a harvest shows, so that what is short is not drowned; and a line on the others."""
    rows = in_order(collections)
    if len(rows) <= MAX_SHOWN:
        return rows, []
    shown = [row for row in rows if not row.complete][:MAX_SHOWN]
    complete = sum(row.complete for row in rows)
    short = len(rows) - complete - len(shown)
    others = [f"{short:,} more are not complete"] if short else []
    others += [f"{_many(complete, 'collection')} {'is' if complete == 1 else 'are'} complete"] if complete else []
    return shown, [f"{'; '.join(others)}; wcda status lists all"]


def collection_cells(row: CollectionReceipt) -> tuple[str, str, str, str, str]:
    """Of a collection: its name and id, what the archive reports, what was seen, the coverage."""
    reported = "unknown" if row.reported_total is None else str(row.reported_total)
    coverage = "unknown" if row.coverage is None else percent(row.coverage)
    return row.name or "(no name)", row.collection_id, reported, str(row.observed_total), coverage


def _as_typed(program: str) -> str:
    """The program as it can be typed here: by name if wcda is on the path, else beside wcda."""
    found = shutil.which("wcda")
    on_path = found is not None and Path(sys.argv[0]).exists() and Path(found).samefile(sys.argv[0])
    return program if on_path else str(Path(sys.argv[0]).with_name(program))


def _collection_table(collections: Iterable[CollectionReceipt]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    name, key, *counts = COLLECTION_COLUMNS
    table.add_column(name, overflow="fold")
    table.add_column(key, overflow="fold")
    for count in counts:
        table.add_column(count, justify="right", no_wrap=True)
    for row in collections:
        table.add_row(*collection_cells(row))
    return table


def _duration(hours: float) -> str:
    return f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.1f} minutes"


def _entry(entry: Entry) -> str:
    date, title = entry.date_text or "(no date)", entry.title or "(no title)"
    summary = _short(entry.summary) if entry.summary else "(no summary)"
    return f"{entry.position:>4}  {date}\n      {title}\n      {summary}"


def _short(text: str, most: int = 100) -> str:
    words = " ".join(text.split())
    return words if len(words) <= max(most, MIN_SHORT) else words[: max(most, MIN_SHORT) - 1] + "…"


def _many(count: int, one: str, more: str | None = None) -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
