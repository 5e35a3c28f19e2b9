"""The history of tiers: read newest first, of one customer or of all; `standings.assign` writes it."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, tuple_

from database.session import Snapshot
from database.tiers.tables import TierChangeRow

KEY = (TierChangeRow.time, TierChangeRow.customer_id, TierChangeRow.operation_id)


class TierChange(NamedTuple):
    """A customer was given another tier."""

    customer_id: str
    operation_id: str
    """The rescoring that gave it."""
    time: datetime
    """What the rescoring was as of."""
    from_tier: str | None
    """None for the first tier."""
    to_tier: str
    value: float
    """What the scheme measured: a probability, or minor units."""
    tier_scheme: int
    model_id: str


def page(
    snapshot: Snapshot, *, limit: int, customer_id: str | None = None, before: tuple[datetime, str, str] | None = None,
    since: datetime | None = None, until: datetime | None = None,
) -> list[TierChange]:  # fmt: skip
    """Newest first, from a span of time; `before` is (time, customer_id, operation_id) of the last one seen."""
    query = select(*(getattr(TierChangeRow, field) for field in TierChange._fields))
    query = query.order_by(*(column.desc() for column in KEY)).limit(limit)
    if customer_id is not None:
        query = query.where(TierChangeRow.customer_id == customer_id)
    if before is not None:
        query = query.where(tuple_(*KEY) < before)
    if since is not None:
        query = query.where(TierChangeRow.time >= since)
    if until is not None:
        query = query.where(TierChangeRow.time < until)
    return [TierChange(*row) for row in snapshot.execute(query)]
