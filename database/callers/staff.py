"""Who works for the shop, and where they are signed in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from database.callers.tables import StaffIdentityRow, StaffRow, StaffSessionRow
from database.session import Snapshot, Transaction, changed_rows


def add(transaction: Transaction, values: Mapping[str, Any]) -> bool:
    """A new account; False when the name is taken, which changes nothing."""
    new = insert(StaffRow).values(active=True, failed_count=0, **values)
    added = new.on_conflict_do_nothing(index_elements=["name"]).returning(StaffRow.name)
    return transaction.execute(added).one_or_none() is not None


def get(snapshot: Snapshot, name: str) -> StaffRow | None:
    """One account, as it is now."""
    return snapshot.get(StaffRow, name)


def everyone(snapshot: Snapshot) -> list[StaffRow]:
    """By name."""
    return list(snapshot.scalars(select(StaffRow).order_by(StaffRow.name)))


def change(transaction: Transaction, name: str, values: Mapping[str, Any], now: datetime) -> bool:
    """False when there is no such account."""
    which = update(StaffRow).where(StaffRow.name == name)
    return changed_rows(transaction.execute(which.values(update_time=now, **values))) == 1


def count_failure(transaction: Transaction, name: str, *, most: int, lock: timedelta, now: datetime) -> None:
    """One more wrong password; from the `most`th on, each shuts the account for a while."""
    failed = StaffRow.failed_count + 1
    until = case((failed >= most, now + lock), else_=StaffRow.locked_until)
    transaction.execute(update(StaffRow).where(StaffRow.name == name).values(failed_count=failed, locked_until=until))


def count_success(transaction: Transaction, name: str) -> None:
    """A right password: the wrong ones before are forgotten."""
    which = update(StaffRow).where(StaffRow.name == name)
    transaction.execute(which.values(failed_count=0, locked_until=None))


def open_session(transaction: Transaction, token_hash: bytes, name: str, now: datetime, until: datetime) -> None:
    """Somebody is signed in until then; sessions that are over are cleared away."""
    transaction.execute(delete(StaffSessionRow).where(StaffSessionRow.expire_time <= now))
    transaction.execute(
        insert(StaffSessionRow).values(token_hash=token_hash, name=name, create_time=now, expire_time=until)
    )


def of_session(snapshot: Snapshot, token_hash: bytes, now: datetime) -> StaffRow | None:
    """Who is signed in there, if the account still stands."""
    query = select(StaffRow).join(StaffSessionRow, StaffSessionRow.name == StaffRow.name)
    standing = (StaffSessionRow.token_hash == token_hash, StaffSessionRow.expire_time > now, StaffRow.active)
    return snapshot.scalars(query.where(*standing)).one_or_none()


def close_session(transaction: Transaction, token_hash: bytes) -> None:
    """Signed out there."""
    transaction.execute(delete(StaffSessionRow).where(StaffSessionRow.token_hash == token_hash))


def close_sessions(transaction: Transaction, name: str) -> int:
    """Signed out everywhere; how many places that was."""
    return changed_rows(transaction.execute(delete(StaffSessionRow).where(StaffSessionRow.name == name)))


def any_account(snapshot: Snapshot) -> bool:
    """Whether anybody can sign in at all."""
    return bool(snapshot.scalar(select(select(StaffRow.name).exists())))


def of_identity(snapshot: Snapshot, identity: str) -> str | None:
    """Its name; None for an identity that never came."""
    return snapshot.scalar(select(StaffIdentityRow.name).where(StaffIdentityRow.identity == identity))


def vouch_for(transaction: Transaction, identity: str, name: str) -> bool:
    """The account is this identity's; False when it is another one's. Once more changes nothing."""
    transaction.execute(insert(StaffIdentityRow).values(identity=identity, name=name).on_conflict_do_nothing())
    return of_identity(transaction, identity) == name
