"""Use cases on customers: their own fields, and what they did."""

from collections.abc import Callable, Sequence

from campaigns import trail
from campaigns.actor import Cause
from campaigns.customers.refusals import CustomerChanged, CustomerErased, CustomerNotFound
from database.customers import known, tombstones
from database.customers.known import KnownCustomer
from database.events import store as stored_events
from database.session import Snapshot, Transaction
from events.event import Customer, Event


def get(snapshot: Snapshot, customer_id: str) -> KnownCustomer:
    """One customer. Raises CustomerNotFound."""
    return CustomerNotFound.unless(known.get(snapshot, customer_id), f"customers/{customer_id}")


def update(
    transaction: Transaction, cause: Cause, customer_id: str, change: Callable[[Customer], Customer], *,
    etag: str | None = None, missing: Customer | None = None,
) -> KnownCustomer:  # fmt: skip
    """Change a customer's own fields; without an etag, one who is not known becomes known as `missing`.

    What changes nothing does nothing.

    Raises CustomerNotFound, CustomerChanged, CustomerErased.
    """
    if missing is not None and not etag and _add(transaction, missing, cause):
        fields, created = _differing(Customer(customer_id=customer_id), missing), {"created": True}
    else:
        before = locked(transaction, customer_id, etag).customer
        after = change(before)
        if after == before:
            return get(transaction, customer_id)
        known.update_fields(transaction, after, cause.now)
        fields, created = _differing(before, after), {}
    kept = get(transaction, customer_id)
    trail.done(
        transaction, cause, "customers.update", kept.name, after={"fields": fields, **created}, version=kept.revision
    )
    return kept


def _add(transaction: Transaction, customer: Customer, cause: Cause) -> bool:
    """False where the customer is known. Raises CustomerErased."""
    # Whoever is at the customer has committed then: an erasure leaves nobody, and a first event somebody.
    if known.locked(transaction, customer.customer_id) is not None:
        return False
    added = known.add(transaction, customer, cause.now)
    _refuse_erased(transaction, [customer.customer_id])
    return added


def _differing(before: Customer, after: Customer) -> list[str]:
    return sorted(name for name in Customer.__slots__ if getattr(before, name) != getattr(after, name))


def record(transaction: Transaction, events: Sequence[Event]) -> int:
    """Record events and the customers they name; how many were new. Raises EventIdReused, CustomerErased."""
    new = stored_events.insert_events(transaction, events)
    _refuse_erased(transaction, sorted({event.customer_id for event in events}))
    return new


def locked(transaction: Transaction, customer_id: str, etag: str | None) -> KnownCustomer:
    """A customer nobody else changes until the transaction ends. Raises CustomerNotFound, CustomerChanged."""
    customer = CustomerNotFound.unless(known.locked(transaction, customer_id), f"customers/{customer_id}")
    CustomerChanged.check(customer.name, etag, customer.etag)
    return customer


def _refuse_erased(transaction: Transaction, customer_ids: Sequence[str]) -> None:
    """After they were written: see `tombstones.among`."""
    erased = tombstones.among(transaction, customer_ids)
    if erased:
        names = ", ".join(f"customers/{customer_id}" for customer_id in erased)
        raise CustomerErased(
            f"{names} asked to be forgotten: leave them out, or `tierwise customer readmit` them", customers=names
        )
