"""What the audit log calls a customer: a random name, kept apart from the log so that erasing forgets it."""

from uuid import uuid4

from sqlalchemy import delete, literal, select
from sqlalchemy.dialects.postgresql import insert

from database.audit.tables import SubjectRow
from database.customers import tombstones
from database.customers.tables import CustomerRow
from database.session import Snapshot, Transaction


def ensure(transaction: Transaction, customer_id: str) -> str | None:
    """The subject that stands for a customer, made on first use; None for who is not known here."""
    known = find(transaction, customer_id)
    if known is not None:
        return known
    is_known = select(CustomerRow.customer_id, literal(uuid4().hex)).where(CustomerRow.customer_id == customer_id)
    new = insert(SubjectRow).from_select(["customer_id", "subject_id"], is_known)
    transaction.execute(new.on_conflict_do_nothing())
    return find(transaction, customer_id)


def find(snapshot: Snapshot, customer_id: str) -> str | None:
    """The subject that stands for a customer; None when the log does not speak of them, or they were erased."""
    return snapshot.scalar(select(SubjectRow.subject_id).where(SubjectRow.customer_id == customer_id))


def beginning(snapshot: Snapshot, said: str) -> str | None:
    """The longest id that this begins with, of a customer who is known here or was erased."""
    prefixes = [said[:length] for length in range(1, len(said) + 1)]
    known = select(CustomerRow.customer_id).where(CustomerRow.customer_id.in_(prefixes))
    return max([*snapshot.scalars(known), *tombstones.among(snapshot, prefixes)], key=len, default=None)


def forget(transaction: Transaction, customer_id: str) -> None:
    """Let nobody know any more whom the log means."""
    transaction.execute(delete(SubjectRow).where(SubjectRow.customer_id == customer_id))
