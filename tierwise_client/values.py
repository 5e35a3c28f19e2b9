"""Values of the wire from values of Python."""

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

NANOS = 10**9
LARGEST = 2**63
"""Units are of 64 bits."""


def money(amount: Decimal | int | str, currency: str) -> Money:
    """An exact amount, "59.90" of "GBP" say.

    Raises TypeError for a float, which has no exact pence, and ValueError for what is no amount or would be cut off.
    """
    if isinstance(amount, float):
        raise TypeError(f"an amount of money is a Decimal, an int or a string, not the float {amount}")
    try:
        exact = Decimal(amount)
    except InvalidOperation as error:
        raise ValueError(f"{amount!r} is no amount of money: write it as 59.90") from error
    if not exact.is_finite() or abs(exact) >= LARGEST:
        raise ValueError(f"{amount!r} is no amount of money that the wire carries")
    units = int(exact)
    nanos = (exact - units) * NANOS
    if nanos != int(nanos):
        raise ValueError(f"{exact} {currency} has more than nine decimal places: round it first")
    return Money(currency_code=currency, units=units, nanos=int(nanos))


def instant(moment: datetime) -> Timestamp:
    """Raises ValueError for a time without a zone, which would mean another moment on each machine."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: give it one, such as datetime.now(UTC)")
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def duration(time: timedelta | None) -> Duration | None:
    """None for what the server chooses."""
    if time is None:
        return None
    made = Duration()
    made.FromTimedelta(time)
    return made


def customer_name(customer: str) -> str:
    """The resource name of a customer, from the shop's own id."""
    return f"customers/{customer}"
