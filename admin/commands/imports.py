"""`tierwise import`: files of events, items and customers in, and the report of their quality."""

import csv
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from admin.files.rejected_rows import COLUMNS, row_of
from admin.files.result_files import writable
from admin.shell.cause import cause_of_person
from admin.shell.database_address import DatabaseUrl, chosen_url
from admin.shell.output import AsJson, emit, fail, progress_bar, warn
from admin.shell.transactions import recorded
from campaigns import trail
from campaigns.actor import Cause
from campaigns.errors import Refusal
from database.imports import (
    FileChanged,
    Import,
    Rejected,
    find_import,
    latest_import,
    rejected_of,
    store_attributes,
    store_events,
)
from database.session import Database, Transaction
from events.attributes import AttributeFile, read_customers, read_items
from events.files.reading import FileNotUsable, fingerprint, rejected_rows, row_count
from events.formats import FileFormat, FormatNotUsable, mapping, preset, preset_names
from events.loading import load_events
from events.quality.report import quality, summary
from scoring.whole_file import whole_file
from settings import settings

NOTED = ("rows_in", "rejected", "changed", "availability_changed", "events_new", "events_known", "erased_customers")
"""What the audit log keeps of a report."""
app = typer.Typer(no_args_is_help=True, add_completion=False)
File = Annotated[Path, typer.Argument(help="CSV, Parquet or lines of JSON (.jsonl).")]
Currency = Annotated[str | None, typer.Option(help="Of prices without one; default: TIERWISE_CURRENCY.")]


@app.command()
def events(
    file: File,
    *,
    preset_name: Annotated[str | None, typer.Option("--preset", help=f"One of {', '.join(preset_names())}.")] = None,
    mapping_file: Annotated[Path | None, typer.Option("--mapping", help="YAML that describes the file.")] = None,
    currency: Currency = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Clean a file of events and record it; the same file twice changes nothing."""
    database = Database.at(chosen_url(database_url))
    try:
        file_format = _format(preset_name, mapping_file, currency)
        import_id = _fingerprint(file, file_format.model_dump_json())
        known = _known(database, import_id)
        done = known if known and known.counts else _import_events(database, file, file_format, import_id)
    except (FileNotUsable, FormatNotUsable, FileChanged, Refusal) as refusal:
        fail(str(refusal))
    finally:
        database.close()
    _show(done, as_json=as_json, imported_before=known is not None)


@app.command()
def items(file: File, *, currency: Currency = None, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Record a catalogue: item_id, title, category, brand, unit_price or unit_price_minor, currency, available."""
    chosen = currency or settings().currency
    _import_attributes(file, partial(read_items, currency=chosen), f"items {chosen}", database_url, as_json=as_json)


@app.command()
def customers(file: File, *, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Record customers: customer_id, country, zone, preferred_channel, consented_channels joined by '|'."""
    _import_attributes(file, read_customers, "customers", database_url, as_json=as_json)


@app.command()
def report(
    *,
    import_id: Annotated[str | None, typer.Option("--import", help="Beginning of its id; default: the latest.")] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with plots here.", dir_okay=False, callback=writable)
    ] = None,
    rejected: Annotated[
        Path | None,
        typer.Option(help="Write the rows that were not taken in here (CSV).", dir_okay=False, callback=writable),
    ] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the data quality before and after cleaning."""
    database = Database.at(chosen_url(database_url))
    try:
        with database.reading() as snapshot:
            found = find_import(snapshot, import_id) if import_id else latest_import(snapshot)
            if found is None:
                fail(f"no single import {import_id or 'of events'} was found; run tierwise import events FILE first")
            if rejected is not None:
                _write_rejected(rejected, rejected_of(snapshot, found.import_id))
    finally:
        database.close()
    if html is not None:
        if found.kind != "events":
            fail(f"import {found.import_id[:12]} is of {found.kind}; a page is drawn for imports of events")
        from events.quality.report_page import page  # noqa: PLC0415  # plots take a second to import

        drawn = page(found.report, file_name=found.file_name, import_id=found.import_id)
        with whole_file(html) as unfinished:
            unfinished.write_text(drawn, encoding="utf-8")
    _show(found, as_json=as_json)


def _write_rejected(path: Path, rows: Iterable[Rejected]) -> None:
    with whole_file(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        lines.writerows(map(row_of, rows))


def _format(preset_name: str | None, mapping_file: Path | None, currency: str | None) -> FileFormat:
    if preset_name and mapping_file:
        raise FormatNotUsable("--preset and --mapping exclude each other; give one")
    chosen = mapping(mapping_file) if mapping_file else preset(preset_name or "canonical")
    return chosen.with_currency(currency or chosen.currency or settings().currency)


def _fingerprint(file: Path, options: str) -> str:
    if not file.is_file():
        raise FileNotUsable(f"{file}: there is no such file")
    return fingerprint(file, options)


def _known(database: Database, import_id: str) -> Import | None:
    with database.reading() as snapshot:
        return find_import(snapshot, import_id)


def _import_events(database: Database, file: Path, file_format: FileFormat, import_id: str) -> Import:
    with progress_bar() as bar:
        reading = bar.add_task("Reading rows", total=row_count(file, file_format.layout))
        loaded = load_events(file, file_format, now=datetime.now(UTC), progress=lambda rows: bar.advance(reading, rows))
        writing = bar.add_task("Writing events", total=loaded.events.height)
        with _recorded(database, "events") as (transaction, cause):
            done = store_events(
                transaction, loaded, rejected_rows(file, loaded.rejected, file_format.layout),
                import_id=import_id, file_name=file.name, progress=lambda rows: bar.advance(writing, rows),
            )  # fmt: skip
            if done is not None:
                _note(transaction, cause, done)
    return done or _meanwhile(database, import_id)


def _import_attributes(
    file: Path, read: Callable[[Path], AttributeFile], options: str, database_url: str | None, *, as_json: bool
) -> None:
    database = Database.at(chosen_url(database_url))
    try:
        import_id = _fingerprint(file, options)
        known = _known(database, import_id)
        done = _store_attributes(database, file, read(file), import_id, kind=options.split(maxsplit=1)[0])
    except (FileNotUsable, FormatNotUsable, FileChanged, Refusal) as refusal:
        fail(str(refusal))
    finally:
        database.close()
    _show(done, as_json=as_json, imported_before=known is not None)


def _store_attributes(database: Database, file: Path, content: AttributeFile, import_id: str, *, kind: str) -> Import:
    with _recorded(database, kind) as (transaction, cause):
        done = store_attributes(
            transaction, content, rejected_rows(file, content.rejected), import_id=import_id, file_name=file.name
        )
        _note(transaction, cause, done)
    return done


def _recorded(database: Database, kind: str) -> AbstractContextManager[tuple[Transaction, Cause]]:
    return recorded(database, cause_of_person(), action=f"{kind}.import", object_name=kind)


def _note(transaction: Transaction, cause: Cause, done: Import) -> None:
    """A file changes whom one may write to, and what was bought: the audit log says which, and whose work it was."""
    counts = {name: done.report[name] for name in NOTED if name in done.report}
    facts = {"import": done.import_id, "file": done.file_name, **counts}
    trail.done(transaction, cause, f"{done.kind}.import", done.kind, after=facts)


def _meanwhile(database: Database, import_id: str) -> Import:
    """Another process imported the same file between our look and our claim."""
    known = _known(database, import_id)
    assert known is not None, "an import that blocks ours is recorded"
    return known


def _show(done: Import, *, as_json: bool, imported_before: bool = False) -> None:
    if not done.report.get("last_line_ends", True):
        warn(f"the last line of {done.file_name} has no end: if the file was cut off, its last row is not whole")
    if done.report["rejected"] and not done.report["rows_out"]:
        warn(
            f"no row of {done.file_name} was taken in; `tierwise import report --import {done.import_id[:12]} "
            "--rejected FILE` writes them with their reasons"
        )
    if not_kept := done.report.get("rejected_not_kept"):
        warn(f"the last {not_kept:,} rejected rows of {done.file_name} are counted and not kept: there are too many")
    head = {"import_id": done.import_id, "kind": done.kind, "file": done.file_name, "imported_before": imported_before}
    if as_json:
        emit(head | {"report": dict(done.report)}, as_json=True)
        return
    plain = {name: value for name, value in done.report.items() if not isinstance(value, dict | list)}
    if reasons := done.report.get("reasons"):
        plain["reasons"] = ", ".join(f"{reason} {rows}" for reason, rows in sorted(reasons.items()))
    emit(head | plain, as_json=False, title=f"Import of {done.kind}")
    if done.kind == "events":
        emit(summary(done.report), as_json=False, title="What each step did")
        emit(quality(done.report), as_json=False, title="Before and after")
