"""Keys of programs, of which only hashes are kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select, update

from database.callers.tables import ApiKeyRow
from database.session import Snapshot, Transaction, changed_rows


def add(transaction: Transaction, values: Mapping[str, Any]) -> None:
    """A new key."""
    transaction.execute(insert(ApiKeyRow).values(**values))


def get(snapshot: Snapshot, key_id: str) -> ApiKeyRow | None:
    query = select(ApiKeyRow).where(ApiKeyRow.key_id == key_id)
    return snapshot.scalars(query).one_or_none()


def all_keys(snapshot: Snapshot) -> list[ApiKeyRow]:
    """Newest first, the revoked and the expired too."""
    return list(snapshot.scalars(select(ApiKeyRow).order_by(ApiKeyRow.create_time.desc(), ApiKeyRow.key_id)))


def revoke(transaction: Transaction, key_id: str, now: datetime) -> bool:
    """Let a key be worth nothing from now on; False when it was so before."""
    which = update(ApiKeyRow).where(ApiKeyRow.key_id == key_id, ApiKeyRow.revoke_time.is_(None))
    return changed_rows(transaction.execute(which.values(revoke_time=now))) == 1


def touch(transaction: Transaction, key_id: str, now: datetime, *, unless_since: datetime) -> None:
    """Note a use, unless one was noted since."""
    stale = or_(ApiKeyRow.last_use_time.is_(None), ApiKeyRow.last_use_time < unless_since)
    transaction.execute(update(ApiKeyRow).where(ApiKeyRow.key_id == key_id, stale).values(last_use_time=now))
