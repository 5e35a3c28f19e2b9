"""Versions of the tier thresholds, and the tiers of all stored scores at once."""

import math
from collections.abc import Mapping

from sqlalchemy import Float, case, cast, func, insert, or_, select, update

from database.session import Snapshot, Transaction, changed_rows
from database.tables import ScoreRow, TierSchemeRow

FRESH = {"populate_existing": True}
MEASURES = {"PURCHASE_90": ScoreRow.purchase_90, "EXPECTED_VALUE": cast(ScoreRow.spend_minor, Float)}


def create(
    transaction: Transaction, *, measure: str, method: str, parameters: Mapping[str, float],
    thresholds: Mapping[str, float] | None,
) -> TierSchemeRow:  # fmt: skip
    """Write down a new version, not yet in force."""
    values = {"measure": measure, "method": method, "parameters": dict(parameters), "active": False}
    new = insert(TierSchemeRow).values(thresholds=None if thresholds is None else dict(thresholds), **values)
    return transaction.scalars(new.returning(TierSchemeRow)).one()


def activate(transaction: Transaction, version: int) -> TierSchemeRow | None:
    """Put a version in force instead of the one that was; None when there is no such version."""
    if get(transaction, version) is None:
        return None
    transaction.execute(update(TierSchemeRow).where(TierSchemeRow.active).values(active=False))
    transaction.execute(update(TierSchemeRow).where(TierSchemeRow.version == version).values(active=True))
    return get(transaction, version)


def active(snapshot: Snapshot) -> TierSchemeRow | None:
    """The version in force."""
    return snapshot.scalars(select(TierSchemeRow).where(TierSchemeRow.active)).one_or_none()


def get(snapshot: Snapshot, version: int) -> TierSchemeRow | None:
    """One version."""
    query = select(TierSchemeRow).where(TierSchemeRow.version == version).execution_options(**FRESH)
    return snapshot.scalars(query).one_or_none()


def page(snapshot: Snapshot, *, limit: int, before: int | None = None) -> list[TierSchemeRow]:
    """Newest first; the next page is `before` the last version of this one."""
    query = select(TierSchemeRow).order_by(TierSchemeRow.version.desc()).limit(limit)
    return list(snapshot.scalars(query if before is None else query.where(TierSchemeRow.version < before)))


def set_thresholds(transaction: Transaction, version: int, *, high: float, mid: float) -> None:
    """Remember what a QUANTILE version's shares came to."""
    which = update(TierSchemeRow).where(TierSchemeRow.version == version)
    transaction.execute(which.values(thresholds={"high": high, "mid": mid}))


def lowest_of_top(snapshot: Snapshot, operation_id: str, *, measure: str, share: float) -> float:
    """The lowest measure that no more than `share` of an operation's scores reach.

    Customers of equal measure are never torn apart: where a whole group would exceed the share it stays below, for a
    tier costs money. When not even the best group fits, the answer lies just above every score.
    """
    value = MEASURES[measure]
    mine = select(value.label("value")).where(ScoreRow.operation_id == operation_id).subquery()
    total = select(func.count()).select_from(mine).scalar_subquery()
    groups = select(mine.c.value, func.count().label("size")).group_by(mine.c.value).subquery()
    reached = select(groups.c.value, func.sum(groups.c.size).over(order_by=groups.c.value.desc()).label("reached"))
    ranked = reached.subquery()
    fits = select(func.min(ranked.c.value)).where(ranked.c.reached <= share * total)
    lowest = snapshot.execute(fits).scalar_one()
    if lowest is None:
        highest = snapshot.execute(select(func.max(mine.c.value))).scalar_one()
        return math.nextafter(0.0 if highest is None else float(highest), math.inf)
    return float(lowest)


def assign(transaction: Transaction, version: int, *, measure: str, high: float, mid: float) -> int:
    """Give every stored score its tier under this version; returns how many changed."""
    value = MEASURES[measure]
    tier = case((value >= high, "HIGH"), (value >= mid, "MID"), else_="LOW")
    stale = or_(ScoreRow.tier.is_distinct_from(tier), ScoreRow.tier_scheme.is_distinct_from(version))
    return changed_rows(transaction.execute(update(ScoreRow).where(stale).values(tier=tier, tier_scheme=version)))


def sizes(snapshot: Snapshot) -> dict[str, int]:
    """How many stored scores each tier has; scores without a tier are left out."""
    query = select(ScoreRow.tier, func.count()).where(ScoreRow.tier.is_not(None)).group_by(ScoreRow.tier)
    return {tier: count for tier, count in snapshot.execute(query) if tier is not None}
