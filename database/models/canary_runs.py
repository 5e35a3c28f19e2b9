"""When which model was the canary, beside which one, at which share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from database.models.tables import CanaryRunRow
from database.reporting.refreshing import shop_currency
from database.session import Snapshot, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryRun:
    """See the table."""

    model_id: str
    number: int
    against: str
    share: float
    smallest_share: float
    largest_share: float
    currency: str
    begin_time: datetime
    end_time: datetime | None
    fault: str | None
    why: Mapping[str, Any] | None


def begin(transaction: Transaction, model_id: str, against: str, share: float, now: datetime) -> None:
    """Open a run; nobody else moves a model meanwhile."""
    number = select(func.count() + 1).select_from(CanaryRunRow).where(CanaryRunRow.model_id == model_id)
    transaction.execute(
        insert(CanaryRunRow).values(
            model_id=model_id, number=number.scalar_subquery(), against=against, share=share, smallest_share=share,
            largest_share=share, currency=shop_currency(transaction), begin_time=now,
        )
    )  # fmt: skip


def change_share(transaction: Transaction, share: float) -> None:
    """Of the open run."""
    row = CanaryRunRow
    transaction.execute(
        update(row).where(row.end_time.is_(None)).values(
            share=share, smallest_share=func.least(row.smallest_share, share),
            largest_share=func.greatest(row.largest_share, share),
        )
    )  # fmt: skip


def end(transaction: Transaction, now: datetime, *, fault: str | None, why: Mapping[str, Any] | None) -> None:
    """Close the open run."""
    row = CanaryRunRow
    transaction.execute(update(row).where(row.end_time.is_(None)).values(end_time=now, fault=fault, why=why))


def under_way(snapshot: Snapshot) -> CanaryRun | None:
    """The open run."""
    query = select(CanaryRunRow).where(CanaryRunRow.end_time.is_(None))
    row = snapshot.scalars(query).one_or_none()
    return None if row is None else row.held(CanaryRun)


def of_model(snapshot: Snapshot, model_id: str) -> list[CanaryRun]:
    """Every run of a model as the canary, the newest first."""
    query = select(CanaryRunRow).where(CanaryRunRow.model_id == model_id).order_by(CanaryRunRow.number.desc())
    return [row.held(CanaryRun) for row in snapshot.scalars(query)]


def newest(snapshot: Snapshot) -> CanaryRun | None:
    """That began last, of any model."""
    query = select(CanaryRunRow).order_by(CanaryRunRow.begin_time.desc(), CanaryRunRow.number.desc()).limit(1)
    row = snapshot.scalars(query).one_or_none()
    return None if row is None else row.held(CanaryRun)
