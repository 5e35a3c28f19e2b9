"""What shadows would have said beside what callers were told: sums that every server adds to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from database.models.tables import ShadowComparisonRow
from database.session import Snapshot, Transaction

ADD = text("""
INSERT INTO shadow_comparisons AS known (
  model_id, against, currency, count, purchase_difference, spend_difference_minor, joint, failed_count, skipped_count,
  begin_time, update_time
) VALUES (
  :model_id, :against, :currency, :count, :purchase_difference, :spend_difference_minor, :joint, :failed_count,
  :skipped_count, :now, :now
) ON CONFLICT (model_id, against) DO UPDATE SET
  count = known.count + excluded.count,
  purchase_difference = known.purchase_difference + excluded.purchase_difference,
  spend_difference_minor = known.spend_difference_minor + excluded.spend_difference_minor,
  joint = (
    SELECT array_agg(one + other ORDER BY place)
    FROM unnest(known.joint, excluded.joint) WITH ORDINALITY AS both_of (one, other, place)
  ),
  failed_count = known.failed_count + excluded.failed_count,
  skipped_count = known.skipped_count + excluded.skipped_count,
  update_time = excluded.update_time
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Over answers of one model that its shadow was asked for too; see the table."""

    count: int
    purchase_difference: float
    spend_difference_minor: float
    joint: Sequence[int]
    failed_count: int
    skipped_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredComparison:
    """Of a shadow with the model that answered."""

    model_id: str
    against: str
    currency: str
    sums: Sums
    begin_time: datetime
    update_time: datetime


def add(transaction: Transaction, model_id: str, against: str, currency: str, sums: Sums, now: datetime) -> None:
    """Add what one server saw since it did so last."""
    values = {name: getattr(sums, name) for name in Sums.__slots__} | {"joint": list(sums.joint)}
    known = {"model_id": model_id, "against": against, "currency": currency, "now": now}
    transaction.execute(ADD, values | known)


def newest(snapshot: Snapshot, model_id: str) -> StoredComparison | None:
    """Of a shadow, with the model that it was compared with last; None before the first answer."""
    row = ShadowComparisonRow
    query = select(row).where(row.model_id == model_id).order_by(row.update_time.desc()).limit(1)
    found = snapshot.scalars(query).one_or_none()
    if found is None:
        return None
    return StoredComparison(
        model_id=found.model_id, against=found.against, currency=found.currency,
        sums=Sums(**{name: getattr(found, name) for name in Sums.__slots__}), begin_time=found.begin_time,
        update_time=found.update_time,
    )  # fmt: skip
