"""Versions of the tier thresholds."""

from collections.abc import Mapping

from sqlalchemy import insert, select, text, update

from database.session import Snapshot, Transaction
from database.tiers.tables import TierSchemeRow

HOLD = text("SELECT pg_advisory_xact_lock(hashtext('tier_schemes'))")
# The newest of those that began at the same moment.
GIVER = text("""
SELECT (request ->> 'tier_scheme')::bigint FROM operations
WHERE kind = 'SCORE_ALL_CUSTOMERS' AND state = 'SUCCEEDED' ORDER BY create_time DESC, 1 DESC LIMIT 1
""")


def create(
    transaction: Transaction, *, measure: str, method: str, parameters: Mapping[str, float],
    thresholds: Mapping[str, float] | None, margin: float, grace_days: int,
) -> TierSchemeRow:  # fmt: skip
    """Write down a new version, not yet in force."""
    values = {
        "measure": measure, "method": method, "parameters": dict(parameters), "margin": margin,
        "grace_days": grace_days, "active": False,
    }  # fmt: skip
    new = insert(TierSchemeRow).values(thresholds=None if thresholds is None else dict(thresholds), **values)
    return transaction.scalars(new.returning(TierSchemeRow)).one()


def hold(transaction: Transaction) -> None:
    """Let nobody else put a version in force until the transaction ends."""
    transaction.execute(HOLD)


def activate(transaction: Transaction, version: int) -> TierSchemeRow | None:
    """Put a version in force instead of the one that was; None when there is no such version."""
    changed = TierSchemeRow.revision + 1
    others = update(TierSchemeRow).where(TierSchemeRow.active, TierSchemeRow.version != version)
    transaction.execute(others.values(active=False, revision=changed))
    this = update(TierSchemeRow).where(TierSchemeRow.version == version, ~TierSchemeRow.active)
    transaction.execute(this.values(active=True, revision=changed))
    return get(transaction, version)


def active(snapshot: Snapshot) -> TierSchemeRow | None:
    """The version in force."""
    return snapshot.scalars(select(TierSchemeRow).where(TierSchemeRow.active)).one_or_none()


def giver(snapshot: Snapshot) -> int | None:
    """The version by which customers have their tiers; None before the first rescoring is over."""
    found: int | None = snapshot.execute(GIVER).scalar()
    return found


def get(snapshot: Snapshot, version: int) -> TierSchemeRow | None:
    query = select(TierSchemeRow).where(TierSchemeRow.version == version)
    return snapshot.scalars(query).one_or_none()


def page(snapshot: Snapshot, *, limit: int, before: int | None = None) -> list[TierSchemeRow]:
    """Newest first; the next page is `before` the last version of this one."""
    query = select(TierSchemeRow).order_by(TierSchemeRow.version.desc()).limit(limit)
    return list(snapshot.scalars(query if before is None else query.where(TierSchemeRow.version < before)))


def set_thresholds(transaction: Transaction, version: int, *, high: float, mid: float) -> None:
    """Remember what a QUANTILE version's shares came to."""
    thresholds = {"high": high, "mid": mid}
    which = update(TierSchemeRow).where(
        TierSchemeRow.version == version, TierSchemeRow.thresholds.is_distinct_from(thresholds)
    )
    transaction.execute(which.values(thresholds=thresholds, revision=TierSchemeRow.revision + 1))
