"""Use cases on customers: their own fields, and being forgotten."""

from collections.abc import Callable

from campaigns import trail
from campaigns.actor import Cause
from campaigns.errors import CustomerChanged, CustomerNotFound
from database import customers, subjects
from database.customers import Erasure, KnownCustomer
from database.session import Snapshot, Transaction
from events.event import Customer


def get(snapshot: Snapshot, customer_id: str) -> KnownCustomer:
    """One customer. Raises CustomerNotFound."""
    return _found(customers.get(snapshot, customer_id), customer_id)


def update(
    transaction: Transaction, cause: Cause, customer_id: str, change: Callable[[Customer], Customer], *,
    etag: str | None = None,
) -> KnownCustomer:  # fmt: skip
    """Change a customer's own fields. Raises CustomerNotFound, CustomerChanged."""
    before = _locked(transaction, customer_id, etag)
    after = change(before.customer)
    customers.update_fields(transaction, after, cause.now)
    changed = sorted(name for name in Customer.__slots__ if getattr(before.customer, name) != getattr(after, name))
    kept = get(transaction, customer_id)
    trail.done(transaction, cause, "customers.update", kept.name, after={"fields": changed}, version=kept.revision)
    return kept


def erase(
    transaction: Transaction, cause: Cause, customer_id: str, *, pseudonym: str, etag: str | None = None
) -> Erasure:
    """Forget a customer; the books keep their sums under the pseudonym. Raises CustomerNotFound, CustomerChanged."""
    customer = _locked(transaction, customer_id, etag)
    subjects.ensure(transaction, customer_id)
    erasure = customers.erase(transaction, customer_id, pseudonym=pseudonym)
    counts = {name: getattr(erasure, name) for name in Erasure.__slots__}
    trail.done(transaction, cause, "customers.erase", customer.name, after=counts)
    subjects.forget(transaction, customer_id)
    return erasure


def _locked(transaction: Transaction, customer_id: str, etag: str | None) -> KnownCustomer:
    customer = _found(customers.locked(transaction, customer_id), customer_id)
    if etag and etag != customer.etag:
        raise CustomerChanged(
            f"{customer.name} changed since it was read: read it again", customer=customer.name, etag=etag,
            current_etag=customer.etag,
        )  # fmt: skip
    return customer


def _found(customer: KnownCustomer | None, customer_id: str) -> KnownCustomer:
    if customer is None:
        raise CustomerNotFound(f"there is no customers/{customer_id}", customer=f"customers/{customer_id}")
    return customer
