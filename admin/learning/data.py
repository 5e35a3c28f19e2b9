"""What the commands that train read: a file or the database, as of a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Self

import polars as pl
import typer
from rich.progress import TaskID

from admin.shell.database_address import chosen_url
from admin.shell.output import fail, progress_bar, warn
from admin.typed.times import read_time
from campaigns.catalogue import availability
from database.events.items import read_items as recorded_items
from database.events.store import read_events
from database.session import Database
from events.attributes import AttributeFile, read_items
from events.event import CUSTOMER_SCHEMA
from events.files.reading import FileNotUsable
from events.formats import FormatNotUsable, preset_or_mapping
from events.history import Histories
from events.line_by_line import line_by_line
from events.loading import load_events
from events.spelling import Spellings, spellings, spellings_of_items
from scoring.score import ALL_THERE, Unavailable
from settings import settings
from training.configuration import Configuration
from training.course import Training
from training.progress import Progress

Events = Annotated[Path | None, typer.Option(help="CSV or Parquet file of events; default: those of the database.")]
Items = Annotated[Path | None, typer.Option(help="CSV or Parquet file of items: item_id, title, category.")]
Preset = Annotated[
    str | None,
    typer.Option("--preset", "--mapping", metavar="NAME|FILE", help="How to read it, as in `tierwise import events`."),
]
AsOf = Annotated[
    str | None, typer.Option(help="ISO time, UTC unless it says otherwise; default: after the last event.")
]
Seed = Annotated[int, typer.Option(help="Equal seeds and data give equal weights.")]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Events in EVENT_SCHEMA, items in ITEM_SCHEMA, what a file says of customers, and the time to stand at."""

    events: pl.DataFrame
    items: pl.DataFrame
    customers: pl.DataFrame
    seen: pl.DataFrame
    """`customer_id` and the `time` at which each is first named, also of whom no event is left."""
    as_of: datetime
    unavailable: Unavailable = ALL_THERE
    spelled: Spellings = field(default_factory=dict)
    """How the files write ids that are known otherwise."""

    def as_written(self, made: pl.DataFrame) -> pl.DataFrame:
        """What was made for customers, with ids as the files have them."""
        named = {field: table for field, table in self.spelled.items() if field in made.columns}
        return made.with_columns(pl.col(field).replace(*table) for field, table in named.items())

    def training(self, configuration: Configuration, seed: int) -> Training:
        """Of these data."""
        return Training(events=self.events, items=self.items, as_of=self.as_of, configuration=configuration, seed=seed)

    def line_by_line(self) -> Self:
        """Each line an event of its own, as they stand in the file."""
        lines = line_by_line(self.events)
        return replace(self, events=lines, as_of=_after(lines))

    def histories(self) -> Histories:
        """Of every customer seen before the as-of time, by id."""
        seen = self.seen.filter(pl.col("time") < self.as_of)["customer_id"].sort()
        return Histories.from_frame(self.events.filter(pl.col("time") < self.as_of), seen.to_list())


def training_data(
    events: Path | None, items: Path | None, file_format: str | None, database_url: str | None, as_of: str | None, *,
    spelled: bool = False,
) -> TrainingData:  # fmt: skip
    """Read everything; ends the command with an error where a file or the database does not do.

    `spelled` also reads, which takes its time, how the files write ids: for commands that write them.
    """
    found = _from_database(database_url) if events is None else _from_file(events, file_format, spelled=spelled)
    if found.events.is_empty():
        fail("there are no events: import some with `tierwise import events`, or give --events")
    if items is not None:
        file = _items(items)
        found = replace(found, items=file.rows, unavailable=_later(found.unavailable, file.availability))
        if spelled:
            found = replace(found, spelled={**found.spelled, **spellings_of_items(items)})
    return replace(found, as_of=found.as_of if as_of is None else read_time(as_of, "--as-of"))


def _later(recorded: Unavailable, said: Mapping[str, bool]) -> Unavailable:
    """What cannot be had, if `said` is later word than what is recorded, as it would be once it is imported."""
    known = {*filter(None, recorded.item_ids.split("\n")), *said}
    gone = sorted(item for item in known if not said.get(item, False))
    return Unavailable(recorded.revision + 1, "\n".join(gone))


def _from_file(path: Path, named: str | None, *, spelled: bool) -> TrainingData:
    try:
        chosen = preset_or_mapping(named or "canonical")
        loaded = load_events(path, chosen, currency=chosen.currency or settings().currency, now=datetime.now(UTC))
    except (FileNotUsable, FormatNotUsable) as refusal:
        fail(str(refusal))
    _tell_rejected(
        path, loaded.rejected, kept=loaded.events.height, way_out="choose another --preset, or mend the file"
    )
    return TrainingData(
        events=loaded.events, items=loaded.items, customers=loaded.customers, seen=loaded.seen,
        as_of=_after(loaded.events), spelled=spellings(path, chosen) if spelled else {},
    )  # fmt: skip


def _after(events: pl.DataFrame) -> datetime:
    """Directly after the last event; any time where there is none."""
    last: datetime = events.select(pl.col("time").max()).item() or datetime.min.replace(tzinfo=UTC)
    return last + timedelta(microseconds=1)


def _tell_rejected(path: Path, rejected: pl.DataFrame, *, kept: int, way_out: str) -> None:
    """Why rows are left out, so that nobody misses them unawares; ends the command where no row is left."""
    counts = rejected["reason"].value_counts(sort=True)
    reasons = ", ".join(f"{reason} ({rows:,})" for reason, rows in counts.iter_rows())
    if reasons and kept == 0:
        fail(f"{path}: all rows were rejected: {reasons}; {way_out}")
    if reasons:
        warn(f"{path}: {rejected.height:,} of {rejected.height + kept:,} rows were left out: {reasons}")


def _items(path: Path) -> AttributeFile:
    try:
        file = read_items(path, currency=settings().currency)
    except (FileNotUsable, FormatNotUsable) as refusal:
        fail(str(refusal))
    _tell_rejected(path, file.rejected, kept=file.rows.height, way_out="mend the file")
    return file


def _from_database(database_url: str | None) -> TrainingData:
    database = Database.at(chosen_url(database_url), statement_timeout_ms=0)
    try:
        with database.reading() as snapshot:
            events, items = read_events(snapshot), recorded_items(snapshot)
            unavailable = availability.unavailable(snapshot)
    finally:
        database.close()
    return TrainingData(
        events=events, items=items, customers=CUSTOMER_SCHEMA.to_frame(),
        seen=events.group_by("customer_id").agg(pl.col("time").min()), as_of=_after(events),
        unavailable=unavailable,
    )  # fmt: skip


@contextmanager
def training_progress() -> Iterator[Progress]:
    """A bar for each stage of training."""
    with progress_bar() as bar:
        stages: dict[str, TaskID] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = bar.add_task(stage.capitalize(), total=total)
            bar.update(stages[stage], completed=done, total=total)

        yield advance
