"""What the clock looks after each minute, when each of it ended well last, and why it fails since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from database.session import Snapshot, Transaction
from database.work.tables import DutyRow

LATE = timedelta(minutes=10)


class Duty(StrEnum):
    """What is due, or may be."""

    LAUNCH_CAMPAIGNS = "LAUNCH_CAMPAIGNS"
    END_CAMPAIGNS = "END_CAMPAIGNS"
    SWEEP_RESERVATIONS = "SWEEP_RESERVATIONS"
    BEGIN_RESCORING = "BEGIN_RESCORING"
    BEGIN_TRAINING = "BEGIN_TRAINING"
    BEGIN_COMPARISON = "BEGIN_COMPARISON"
    BEGIN_VERIFICATION = "BEGIN_VERIFICATION"
    FORGET_ANSWERS = "FORGET_ANSWERS"
    BEGIN_EXPECTING = "BEGIN_EXPECTING"
    READ_DRIFT = "READ_DRIFT"
    CHECK_EXPLANATIONS = "CHECK_EXPLANATIONS"
    REMOVE_FOLDERS = "REMOVE_FOLDERS"
    READ_CANARIES = "READ_CANARIES"
    MEASURE_CANARIES = "MEASURE_CANARIES"
    CLOSE_FORECASTS = "CLOSE_FORECASTS"
    REFRESH_REPORTS = "REFRESH_REPORTS"
    LEARN_UPLIFT = "LEARN_UPLIFT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Of one duty."""

    duty: str
    """A `Duty`, or one of a worker of another version."""
    well_time: datetime
    error: str | None
    why: Mapping[str, Any] | None

    def late(self, now: datetime) -> bool:
        """Whether it fails, or is not done at all."""
        return self.why is not None or now - self.well_time > LATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What the clock does not get done."""

    late: Sequence[Standing]
    """Those that have not ended well for the longest first."""
    stands: bool
    """Whether nothing is done at all, and nothing says why: beat or all workers are away."""


def expect(transaction: Transaction, duties: list[Duty], now: datetime) -> None:
    """From here on these are to be done, and no others; what is there stays as it is."""
    new = insert(DutyRow).values([{"duty": duty, "well_time": now} for duty in duties])
    transaction.execute(new.on_conflict_do_nothing(index_elements=["duty"]))
    transaction.execute(delete(DutyRow).where(DutyRow.duty.not_in(duties)))


def well(transaction: Transaction, duty: Duty, now: datetime) -> None:
    """It ended well."""
    transaction.execute(update(DutyRow).where(DutyRow.duty == duty).values(well_time=now, error=None, why=None))


def failed(transaction: Transaction, duty: Duty, why: Mapping[str, Any], *, error: str | None = None) -> bool:
    """It did not, and this is why; whether that is news."""
    row, found = DutyRow, {"error": error, "why": dict(why)}
    news = or_(*(getattr(row, name).is_distinct_from(value) for name, value in found.items()))
    changed = transaction.execute(update(row).where(row.duty == duty, news).values(found).returning(row.duty))
    return changed.first() is not None


def looked(snapshot: Snapshot, duty: Duty) -> datetime | None:
    """When it ended well last, or was first expected; None before."""
    return snapshot.scalars(select(DutyRow.well_time).where(DutyRow.duty == duty)).one_or_none()


def standing(snapshot: Snapshot) -> list[Standing]:
    """Of each, those that have not ended well for the longest first."""
    return [row.held(Standing) for row in snapshot.scalars(select(DutyRow).order_by(DutyRow.well_time, DutyRow.duty))]


def undone(snapshot: Snapshot, now: datetime) -> Undone:
    """At this moment."""
    known = standing(snapshot)
    late = [each for each in known if each.late(now)]
    return Undone(late=late, stands=len(late) == len(known) > 0 and not any(each.why for each in late))
