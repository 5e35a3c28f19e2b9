"""What the kill switch holds, read by every transaction that gives something away."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from database.life.tables import StopRow
from database.session import Snapshot, Transaction, changed_rows, driver_connection

EVERYTHING = "-"
"""A scope that is no campaign's id."""
# Two look-ups by key, without an object for a row that is hardly ever there.
STANDING = """
SELECT scope, reason FROM stops
WHERE scope IN ('-', %(campaign)s, (SELECT series FROM campaigns WHERE campaign_id = %(campaign)s))
ORDER BY scope = '-' DESC LIMIT 1
"""
STATE = """
SELECT campaigns.state, stops.scope, stops.reason FROM campaigns
LEFT JOIN stops ON stops.scope IN ('-', campaigns.campaign_id, campaigns.series)
WHERE campaigns.campaign_id = %s ORDER BY stops.scope = '-' DESC NULLS LAST LIMIT 1
"""


def add(transaction: Transaction, scope: str, *, reason: str, stopped_by: str, now: datetime) -> StopRow:
    """Stop; what is stopped already stays as it is."""
    new = insert(StopRow).values(scope=scope, reason=reason, stopped_by=stopped_by, stop_time=now)
    # An update that changes nothing: only so it is locked, and does not go meanwhile.
    standing = new.on_conflict_do_update(index_elements=[StopRow.scope], set_={"scope": StopRow.scope})
    return transaction.scalars(standing.returning(StopRow)).one()


def remove(transaction: Transaction, scope: str) -> bool:
    """Let it go on; False when it is not stopped."""
    return changed_rows(transaction.execute(delete(StopRow).where(StopRow.scope == scope))) == 1


def get(snapshot: Snapshot, scope: str) -> StopRow | None:
    return snapshot.scalars(select(StopRow).where(StopRow.scope == scope)).one_or_none()


def page(snapshot: Snapshot, *, limit: int, after: str = "") -> list[StopRow]:
    """By scope, everything first; the next page is `after` the last scope of this one."""
    query = select(StopRow).where(StopRow.scope > after).order_by(StopRow.scope)
    return list(snapshot.scalars(query.limit(limit)))


def standing(snapshot: Snapshot, campaign_id: str) -> tuple[str, str] | None:
    """Scope and reason of what holds a campaign at this moment; that of everything before its own and its series'."""
    found = driver_connection(snapshot).execute(STANDING, {"campaign": campaign_id}).fetchone()
    return None if found is None else (str(found[0]), str(found[1]))


def state(snapshot: Snapshot, campaign_id: str) -> tuple[str, tuple[str, str] | None]:
    """The state of a campaign at this moment, and what holds it."""
    found = driver_connection(snapshot).execute(STATE, (campaign_id,)).fetchone()
    assert found is not None, "coupons have a campaign"
    return str(found[0]), None if found[1] is None else (str(found[1]), str(found[2]))
