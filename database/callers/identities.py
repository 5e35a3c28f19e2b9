"""Which account an identity of a provider has."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from database.callers.tables import StaffIdentityRow
from database.session import Snapshot, Transaction


def account(snapshot: Snapshot, identity: str) -> str | None:
    """Its name; None for an identity that never came."""
    return snapshot.scalar(select(StaffIdentityRow.name).where(StaffIdentityRow.identity == identity))


def keep(transaction: Transaction, identity: str, name: str) -> bool:
    """The account is this identity's; False when it is another one's. Once more changes nothing."""
    transaction.execute(insert(StaffIdentityRow).values(identity=identity, name=name).on_conflict_do_nothing())
    return account(transaction, identity) == name
