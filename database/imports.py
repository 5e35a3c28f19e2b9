"""Files that were imported: once each, with their report and every row that was rejected."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import ColumnElement, delete, func, select, text, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from database import erasure
from database.copying import copy_frame
from database.customers import tombstones
from database.customers.loading import copy_customers
from database.events import availability
from database.events.items import copy_items
from database.events.store import copy_events, recorded_among
from database.events.tables import ImportRow, RejectedRow
from database.session import Snapshot, Transaction, driver_connection
from events.attributes import AttributeFile
from events.event import ITEM_SCHEMA
from events.loading import Loaded


class FileChanged(Exception):
    """The file was written to while it was imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One imported file."""

    import_id: str
    """Equal for equal files read with equal options."""
    kind: str
    """events, items or customers."""
    file_name: str
    report: Mapping[str, Any]
    create_time: datetime
    counts: bool
    """Whether the file need not be read again."""


FETCHED = 10_000
KEPT_BYTES = 1 << 27
"""Of the rejected rows of a file: whoever sends rows that are none would fill the disk."""
AGAIN = "AGAIN"
"""Of an import whose file may tell of somebody whom it told of in vain."""


def find_import(snapshot: Snapshot, import_id: str) -> Import | None:
    """The import whose id is, or alone begins with, `import_id`."""
    found = snapshot.scalars(
        select(ImportRow).where(ImportRow.import_id.startswith(import_id, autoescape=True)).limit(2)
    ).all()
    return _import(found[0]) if len(found) == 1 else None


def page(snapshot: Snapshot, *, limit: int, after: tuple[datetime, str] | None = None) -> list[Import]:
    """Newest first; `after` is (create_time, import_id) of the last one seen."""
    query = select(ImportRow).order_by(ImportRow.create_time.desc(), ImportRow.import_id.desc()).limit(limit)
    if after is not None:
        query = query.where(tuple_(ImportRow.create_time, ImportRow.import_id) < after)
    return list(map(_import, snapshot.scalars(query)))


def latest_import(snapshot: Snapshot) -> Import | None:
    """The import of events that was made last."""
    newest = select(ImportRow).where(ImportRow.kind == "events").order_by(ImportRow.create_time.desc()).limit(1)
    row = snapshot.scalar(newest)
    return None if row is None else _import(row)


class Rejected(NamedTuple):
    """A row of a file that was not taken in."""

    row_number: int
    """Counted from 1, the first row after the header."""
    reason: str
    content: Mapping[str, Any]


def rejected_of(snapshot: Snapshot, import_id: str, *, after: int = 0, limit: int | None = None) -> Iterator[Rejected]:
    """In the order of the file, `after` a row of it."""
    columns = select(RejectedRow.row_number, RejectedRow.reason, RejectedRow.content)
    mine = columns.where(RejectedRow.import_id == import_id, RejectedRow.row_number > after)
    found = mine.order_by(RejectedRow.row_number).limit(limit)
    return (Rejected(*row) for row in snapshot.execute(found.execution_options(yield_per=FETCHED)))


def store_events(
    transaction: Transaction,
    loaded: Loaded,
    rejected: Iterable[pl.DataFrame],
    *,
    import_id: str,
    file_name: str,
    progress: Callable[[int], None] = lambda _: None,
) -> Import | None:
    """Record a cleaned file's events, items, customers, rejected rows and report, all or nothing.

    `rejected` gives batches of REJECTED_SCHEMA. `progress` is told how many events more were written. Returns None,
    having changed nothing, where the file was imported before. Raises FileChanged.
    """
    if not _begin(transaction, import_id, "events", file_name):
        return None
    not_kept = _copy_rejected(transaction, import_id, rejected, loaded.rejected.height)
    copy_items(transaction, loaded.items, replace=False)
    copy_customers(transaction, loaded.customers, replace=False)
    late = _late_returns(transaction, loaded.cancelled)
    # The last to wait for others: whoever records events of these customers waits from here on for the commit.
    copied = copy_events(transaction, pl.concat([loaded.events, late]), known=True, progress=progress)
    left_out = _leave_out_erased(transaction, loaded.events["customer_id"], import_id)
    # Plans made before autovacuum comes round would not know of these rows.
    transaction.execute(text("ANALYZE events"))
    counts = {
        "events_new": copied.new, "events_known": loaded.events.height + late.height - copied.new,
        "events_differing": copied.differing, "late_returns": late.height,
    }  # fmt: skip
    return _finish(transaction, import_id, loaded.report.as_dict() | counts | not_kept | left_out)


def store_attributes(
    transaction: Transaction, file: AttributeFile, rejected: Iterable[pl.DataFrame], *, import_id: str, file_name: str
) -> Import:
    """Record a file of items or customers, also where it was imported before.

    It says how things are: an export may be equal to one of before another, and then consent that was given in between
    is withdrawn.
    """
    items = file.rows.schema == ITEM_SCHEMA
    _begin_anew(transaction, import_id, "items" if items else "customers", file_name)
    changed = (copy_items if items else copy_customers)(transaction, file.rows)
    not_kept = _copy_rejected(transaction, import_id, rejected, file.rejected.height)
    left_out = {} if items else _leave_out_erased(transaction, file.rows["customer_id"], import_id)
    # The last to wait for others, who wait from here on for the commit.
    said = {"availability_changed": availability.say(transaction, file.availability)} if file.availability else {}
    return _finish(transaction, import_id, file.report() | {"changed": changed, **said, **not_kept, **left_out})


def read_again(transaction: Transaction) -> None:
    """Let files of events be imported once more: which of them tell of a customer is known to nobody.

    What is recorded already counts once.
    """
    of_events = update(ImportRow).where(ImportRow.kind == "events", ImportRow.state == "FINISHED")
    transaction.execute(of_events.values(state=AGAIN))


def _late_returns(transaction: Transaction, cancelled: pl.DataFrame) -> pl.DataFrame:
    """Those of purchases that an earlier file brought: what is recorded stays, so that its return happened too."""
    recorded = recorded_among(transaction, cancelled["purchase_id"].to_list())
    return cancelled.filter(pl.col("purchase_id").is_in(recorded)).drop("purchase_id")


def _leave_out_erased(transaction: Transaction, customer_ids: pl.Series, import_id: str) -> dict[str, int]:
    """Take out again what this file says of customers who asked to be forgotten; how much, for the report.

    After it was written, and not before: see `tombstones.among`.
    """
    erasure.drop_rejected(transaction, import_id)
    erased = tombstones.among(transaction, customer_ids.unique().to_list())
    if not erased:
        return {}
    return {"erased_customers": len(erased), "erased_events": erasure.delete_about(transaction, erased)["events"]}


def _begin(transaction: Transaction, import_id: str, kind: str, file_name: str) -> bool:
    """Claim the id; whoever imports the same file at the same time waits here and then finds it done."""
    return _claim(transaction, import_id, kind, file_name, ImportRow.state == AGAIN)


def _begin_anew(transaction: Transaction, import_id: str, kind: str, file_name: str) -> None:
    """Claim the id, in the place of an earlier import; whoever imports the same file at the same time waits here."""
    _claim(transaction, import_id, kind, file_name, true())


def _claim(transaction: Transaction, import_id: str, kind: str, file_name: str, replaced: ColumnElement[bool]) -> bool:
    """False where there is an earlier import that is not replaced."""
    anew = {"file_name": file_name, "state": "RUNNING", "create_time": func.now(), "finish_time": None}
    claim = insert(ImportRow).values(import_id=import_id, kind=kind, report={}, **anew)
    claim = claim.on_conflict_do_update(index_elements=[ImportRow.import_id], set_=anew, where=replaced)
    claimed = transaction.scalar(claim.returning(ImportRow.import_id)) is not None
    if claimed:
        transaction.execute(delete(RejectedRow).where(RejectedRow.import_id == import_id))
    return claimed


def _finish(transaction: Transaction, import_id: str, report: Mapping[str, Any]) -> Import:
    done = (
        update(ImportRow)
        .where(ImportRow.import_id == import_id)
        .values(state="FINISHED", report=report, finish_time=func.clock_timestamp())
        .returning(ImportRow)
    )
    return _import(transaction.scalars(done).one())


def _copy_rejected(
    transaction: Transaction, import_id: str, batches: Iterable[pl.DataFrame], expected: int
) -> dict[str, int]:
    """The first ones, as many as there is room for; how many were not kept, for the report."""
    connection, found, kept, room = driver_connection(transaction), 0, 0, KEPT_BYTES
    for batch in batches:
        size = pl.col("content").str.len_bytes()
        fitting = batch.filter(size.cum_sum() <= room)
        copy_frame(connection, "rejected_rows", fitting.with_columns(pl.lit(import_id).alias("import_id")))
        room = room - fitting.select(size.sum()).item() if fitting.height == batch.height else 0
        found, kept = found + batch.height, kept + fitting.height
    if found != expected:
        raise FileChanged(f"{expected} rows were rejected and {found} of them found again; import the file once more")
    return {"rejected_not_kept": found - kept} if found > kept else {}


def _import(row: ImportRow) -> Import:
    return Import(
        import_id=row.import_id,
        kind=row.kind,
        file_name=row.file_name,
        report=row.report,
        create_time=row.create_time,
        counts=row.state != AGAIN,
    )
