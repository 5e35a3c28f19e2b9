"""google.type.Money on the wire, minor units of a currency inside.

AIP-213 asks for Money, which every client library knows; inside, an integer of minor units cannot be rounded by
accident. The wire carries any amount; one that has no whole number of minor units is refused.
"""

from google.type import money_pb2

from events.currency import DECIMALS, LARGEST_MINOR, USUAL_DECIMALS, minor_units_of, problem
from server.wire.refusals import InvalidRequest

NANOS = 9
"""Decimal places of Money.nanos."""
NANOS_OF_A_UNIT = 1_000_000_000


def money(minor: int, currency: str) -> money_pb2.Money:
    scale = minor_units_of(currency)
    # Units and nanos carry the same sign, so the division must go towards zero.
    sign = -1 if minor < 0 else 1
    units, rest = divmod(abs(minor), scale)
    return money_pb2.Money(currency_code=currency, units=sign * units, nanos=sign * rest * NANOS_OF_A_UNIT // scale)


def minor_units(amount: money_pb2.Money, field: str) -> int:
    """From the wire. Raises InvalidRequest naming the field."""
    code = amount.currency_code
    wrong = problem(code)
    if wrong:
        raise InvalidRequest.of(f"{field}.currency_code", wrong)
    if abs(amount.nanos) >= NANOS_OF_A_UNIT or amount.units * amount.nanos < 0:
        raise InvalidRequest.of(f"{field}.nanos", "must lie within one unit and have the sign of the units")
    digits = DECIMALS.get(code, USUAL_DECIMALS)
    units, nanos = int(amount.units), int(amount.nanos)
    nanos_of_a_minor_unit: int = 10 ** (NANOS - digits)
    minor, rest = divmod(units * NANOS_OF_A_UNIT + nanos, nanos_of_a_minor_unit)
    if rest:
        raise InvalidRequest.of(f"{field}.nanos", f"{code} has {digits} decimal places")
    if abs(minor) > LARGEST_MINOR:
        raise InvalidRequest.of(f"{field}.units", "is larger than any price")
    return minor


def amount_in(currency: str, amount: money_pb2.Money, field: str, *, of: str = "campaign") -> int:
    """From the wire, in the currency of the campaign or order. Raises InvalidRequest naming the field."""
    minor = minor_units(amount, field)
    if amount.currency_code != currency:
        raise InvalidRequest.of(f"{field}.currency_code", f"the {of} is in {currency or 'no currency yet'}")
    return minor
