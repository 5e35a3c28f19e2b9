"""Amounts survive the wire exactly, or are refused by field."""

import pytest
from google.type import money_pb2
from hypothesis import given
from hypothesis import strategies as st

from events.currency import LARGEST_MINOR
from server.wire.money import minor_units, money
from server.wire.refusals import InvalidRequest

CURRENCIES = st.sampled_from(["GBP", "EUR", "JPY", "KWD", "DEM"])


@given(minor=st.integers(-LARGEST_MINOR, LARGEST_MINOR), currency=CURRENCIES)
def test_minor_units_come_back_as_they_went(minor: int, currency: str) -> None:
    sent = money(minor, currency)

    assert minor_units(sent, "price") == minor
    assert sent.units * sent.nanos >= 0


@pytest.mark.parametrize(
    ("minor", "currency", "units", "nanos"),
    [(1999, "GBP", 19, 990_000_000), (500, "JPY", 500, 0), (1234, "KWD", 1, 234_000_000), (-1, "GBP", 0, -10_000_000)],
)
def test_each_currency_has_its_own_decimal_places(minor: int, currency: str, units: int, nanos: int) -> None:
    assert money(minor, currency) == money_pb2.Money(currency_code=currency, units=units, nanos=nanos)


@pytest.mark.parametrize(
    ("amount", "field"),
    [
        (money_pb2.Money(currency_code="pounds", units=1), "price.currency_code"),
        (money_pb2.Money(currency_code="GPB", units=1), "price.currency_code"),
        (money_pb2.Money(units=1), "price.currency_code"),
        (money_pb2.Money(currency_code="GBP", nanos=5_000_000), "price.nanos"),
        (money_pb2.Money(currency_code="JPY", nanos=500_000_000), "price.nanos"),
        (money_pb2.Money(currency_code="GBP", units=1, nanos=-10_000_000), "price.nanos"),
        (money_pb2.Money(currency_code="GBP", nanos=1_000_000_000), "price.nanos"),
        (money_pb2.Money(currency_code="GBP", units=10**18), "price.units"),
    ],
    ids=["no code", "misspelt", "empty", "half a penny", "half a yen", "two signs", "more than a unit", "too much"],
)
def test_what_is_no_amount_is_refused(amount: money_pb2.Money, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        minor_units(amount, "price")

    assert refused.value.violations[0].field == field
