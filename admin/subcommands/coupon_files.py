"""The part of `tierwise coupon` that reads and writes files of codes."""

import csv
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer

from admin.files.coupon_rows import CODE, COLUMNS, CUSTOMER, PAGE_ROWS, row_of
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail, progress_bar
from admin.shell.transactions import Reason, changing, reading
from campaigns.coupons import exporting, own_codes, redemption
from campaigns.coupons.own_codes import OwnCode
from campaigns.life import campaigns

app = typer.Typer()
FOR_THE_OWNER = 0o600
"""Codes are worth money to whoever reads them."""


@app.command("import")
def import_(
    campaign_id: Annotated[str, typer.Argument(help="Whose launch gives them out; it is not launched yet.")],
    file: Annotated[Path, typer.Argument(help=f"CSV with a heading: {CODE}, and {CUSTOMER} where it is for somebody.")],
    *,
    all_or_nothing: Annotated[bool, typer.Option("--all-or-nothing", help="Refuse all for one bad row.")] = False,
    reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take in codes of the shop's own; the same file again changes nothing."""
    about = f"campaigns/{campaign_id}"
    with progress_bar() as bar, _opened(file) as lines:
        rows = _own_codes(file, lines)
        task = bar.add_task("Reading codes", total=file.stat().st_size)
        with changing(database_url, reason, action="coupons.import", object_name=about) as (transaction, cause):
            counted = _counted(rows, lambda: bar.update(task, completed=lines.buffer.tell()))
            added = own_codes.take_in(transaction, cause, campaign_id, counted, all_or_nothing=all_or_nothing)
    rejections = [each._asdict() for each in added.rejections]
    head = {"imported": added.imported, "known": added.known, "rejected": added.rejected}
    if as_json:
        emit({**head, "rejections": rejections}, as_json=True)
        return
    emit(head, as_json=False, title=f"Codes for {campaign_id}")
    if rejections:
        emit(rejections, as_json=False, title="Rows that were not taken in, counted after the heading")


@app.command("withdraw")
def withdraw(
    campaign_id: Annotated[str, typer.Argument(help="Whose codes; it is not launched yet.")],
    *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take back all codes of the shop's own that were imported, before the launch gives them out."""
    about = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action="coupons.withdraw", object_name=about) as (transaction, cause):
        count = own_codes.withdraw(transaction, cause, campaign_id)
    emit({"campaign_id": campaign_id, "withdrawn": count}, as_json=as_json, title="Withdrawn")


@app.command("export")
def export(
    campaign_id: Annotated[str, typer.Argument(help="Whose coupons.")],
    file: Annotated[Path | None, typer.Argument(help="CSV to write; default: print it.", dir_okay=False)] = None,
    *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write every coupon of a campaign with its code, by customer; the audit log says that it was done."""
    about = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action="coupons.export", object_name=about) as (transaction, cause):
        exporting.begin(transaction, cause, campaign_id)
    if file is None:
        _write(sys.stdout, campaign_id, database_url)
        return
    part = file.with_name(f"{file.name}.part")
    try:
        opened = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, FOR_THE_OWNER)
        with os.fdopen(opened, "w", encoding="utf-8", newline="") as out:
            count = _write(out, campaign_id, database_url)
        part.replace(file)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}")
    finally:
        part.unlink(missing_ok=True)
    emit({"campaign_id": campaign_id, "coupons": count, "file": str(file)}, as_json=as_json, title="Exported")


def _write(out: TextIO, campaign_id: str, database_url: str | None) -> int:
    """How many coupons; one page of them is in memory."""
    table, count, after = csv.writer(out), 0, ""
    table.writerow(COLUMNS)
    with progress_bar() as bar, reading(database_url) as snapshot:
        task = bar.add_task("Writing coupons", total=campaigns.get(snapshot, campaign_id).issued_count)
        while found := redemption.page(snapshot, campaign_id, limit=PAGE_ROWS, after=after):
            table.writerows(map(row_of, found))
            count, after = count + len(found), found[-1].customer_id
            bar.advance(task, len(found))
    return count


@contextmanager
def _opened(file: Path) -> Iterator[TextIO]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield lines
    except (FileNotFoundError, IsADirectoryError):
        fail(f"{file}: there is no such file")
    except (UnicodeDecodeError, csv.Error) as error:
        fail(f"{file} is no CSV in UTF-8: {error}")


def _own_codes(file: Path, lines: TextIO) -> Iterator[OwnCode]:
    table = csv.DictReader(lines)
    if CODE not in (table.fieldnames or ()):
        fail(f"{file}: its heading has no column {CODE}; it has {', '.join(table.fieldnames or ()) or 'none'}")
    return (OwnCode(each[CODE] or "", (each.get(CUSTOMER) or "").strip() or None) for each in table)


def _counted(rows: Iterator[OwnCode], progress: Callable[[], None]) -> Iterator[OwnCode]:
    for number, row in enumerate(rows):
        if number % PAGE_ROWS == 0:
            progress()
        yield row
