"""Browsers in which people signed in before, and the wrong passwords that came from each."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from database.callers.tables import StaffBrowserRow
from database.session import Snapshot, Transaction


def known(snapshot: Snapshot, token_hash: bytes, name: str, now: datetime) -> StaffBrowserRow | None:
    """The browser, if somebody signed in there under this name not too long ago."""
    query = select(StaffBrowserRow).where(*_this(token_hash, name), StaffBrowserRow.expire_time > now)
    return snapshot.scalars(query).one_or_none()


def of_anybody(snapshot: Snapshot, token_hash: bytes, now: datetime) -> bool:
    """Whether we gave this token to a browser."""
    query = select(StaffBrowserRow.name).where(
        StaffBrowserRow.token_hash == token_hash, StaffBrowserRow.expire_time > now
    )
    return snapshot.scalar(query.limit(1)) is not None


def remember(transaction: Transaction, token_hash: bytes, name: str, now: datetime, until: datetime) -> None:
    """Somebody signed in there: what was wrong before is forgotten; browsers that are too old are cleared away."""
    transaction.execute(delete(StaffBrowserRow).where(StaffBrowserRow.expire_time <= now))
    fresh = {"failed_count": 0, "locked_until": None, "expire_time": until}
    new = insert(StaffBrowserRow).values(token_hash=token_hash, name=name, **fresh)
    transaction.execute(new.on_conflict_do_update(index_elements=["token_hash", "name"], set_=fresh))


def count_failure(
    transaction: Transaction, token_hash: bytes, name: str, *, most: int, lock: timedelta, now: datetime
) -> None:
    """One more wrong password; from the `most`th on, each shuts the account to this browser for a while."""
    failed = StaffBrowserRow.failed_count + 1
    until = case((failed >= most, now + lock), else_=StaffBrowserRow.locked_until)
    which = update(StaffBrowserRow).where(*_this(token_hash, name))
    transaction.execute(which.values(failed_count=failed, locked_until=until))


def open_again(transaction: Transaction, name: str) -> None:
    """Nothing that was wrong counts any more, in any browser of theirs."""
    which = update(StaffBrowserRow).where(StaffBrowserRow.name == name)
    transaction.execute(which.values(failed_count=0, locked_until=None))


def _this(token_hash: bytes, name: str) -> tuple[ColumnElement[bool], ...]:
    return StaffBrowserRow.token_hash == token_hash, StaffBrowserRow.name == name
