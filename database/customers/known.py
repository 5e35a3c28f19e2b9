"""The customers that we know, and how one of them is forgotten."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from database.customers.tables import CustomerRow
from database.session import Snapshot, Transaction, changed_rows
from events.event import Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCustomer:
    """A customer as it is stored."""

    customer: Customer
    revision: int
    create_time: datetime
    update_time: datetime

    @property
    def name(self) -> str:
        """The resource name."""
        return f"customers/{self.customer.customer_id}"

    @property
    def etag(self) -> str:
        """Changes with every change of the customer's own fields."""
        return str(self.revision)


def get(snapshot: Snapshot, customer_id: str) -> KnownCustomer | None:
    row = snapshot.get(CustomerRow, customer_id)
    return None if row is None else known(row)


def among(snapshot: Snapshot, customer_ids: Collection[str]) -> list[str]:
    """Those of some customers who are known."""
    return list(snapshot.scalars(select(CustomerRow.customer_id).where(CustomerRow.customer_id.in_(customer_ids))))


def locked(transaction: Transaction, customer_id: str) -> KnownCustomer | None:
    """A customer that nobody else changes until the transaction ends."""
    row = transaction.get(CustomerRow, customer_id, with_for_update=True)
    return None if row is None else known(row)


def add(transaction: Transaction, customer: Customer, now: datetime) -> bool:
    """A customer who is new; False when there is one with this id, which waits for whoever else is adding it."""
    new = insert(CustomerRow).values(
        customer_id=customer.customer_id, country=customer.country, zone=customer.zone,
        preferred_channel=customer.preferred_channel, consented_channels=list(customer.consented_channels),
        create_time=now, update_time=now,
    )  # fmt: skip
    added = new.on_conflict_do_nothing(index_elements=["customer_id"]).returning(CustomerRow.customer_id)
    return transaction.execute(added).one_or_none() is not None


def update_fields(transaction: Transaction, customer: Customer, now: datetime) -> bool:
    """Store the customer's own fields; False when there is no such customer."""
    which = update(CustomerRow).where(CustomerRow.customer_id == customer.customer_id)
    changed = which.values(
        country=customer.country, zone=customer.zone, preferred_channel=customer.preferred_channel,
        consented_channels=list(customer.consented_channels), revision=CustomerRow.revision + 1, update_time=now,
    )  # fmt: skip
    return changed_rows(transaction.execute(changed)) == 1


def known(row: CustomerRow) -> KnownCustomer:
    """A customer as its row says."""
    customer = Customer(
        customer_id=row.customer_id, country=row.country, zone=row.zone, preferred_channel=row.preferred_channel,
        consented_channels=tuple(row.consented_channels),
    )  # fmt: skip
    return KnownCustomer(
        customer=customer, revision=row.revision, create_time=row.create_time, update_time=row.update_time
    )
