"""Numbers and money as people type them, and what can be wrong with a text. Pure."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from events.currency import DECIMALS, USUAL_DECIMALS

Fields = Mapping[str, Sequence[str]]
"""A form as it was sent: a name may stand several times."""
LINES = re.compile(r"\r\n|\r|\n")
GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
"""With commas between thousands, as pages write numbers in both languages."""
LONGEST = 400
"""Symbols of a number: one with more is no number that anybody typed."""
LARGEST_DIGITS = 18


class Fault(StrEnum):
    """What is wrong with a text; templates have the words."""

    EMPTY = "EMPTY"
    NUMBER = "NUMBER"
    WHOLE = "WHOLE"
    DECIMALS = "DECIMALS"
    """More digits behind the point than the currency has."""
    TIME = "TIME"
    ZONE = "ZONE"
    TAKEN = "TAKEN"
    """A name that something else has."""


Errors = Mapping[str, Fault | str]
"""What is wrong, by the field of the form that it stands beside."""


class Mistyped(ValueError):
    """A text that stands for nothing."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def first(fields: Fields, name: str) -> str:
    """The field without spaces around it; empty where it is absent."""
    found = fields.get(name)
    return found[0].strip() if found else ""


def lines(fields: Fields, name: str) -> tuple[str, ...]:
    """All that stands in the fields of the name, line by line, without empty ones."""
    return tuple(line.strip() for text in fields.get(name, ()) for line in LINES.split(text) if line.strip())


def decimal_of(text: str) -> Decimal:
    """A finite number of bearable size. Raises Mistyped."""
    bare = text.replace(",", "") if GROUPED.fullmatch(text) else text
    try:
        number = Decimal(bare) if len(text) <= LONGEST else Decimal("nan")
    except InvalidOperation:
        raise Mistyped(Fault.NUMBER) from None
    if not number.is_finite() or (number and number.adjusted() > LARGEST_DIGITS):
        raise Mistyped(Fault.NUMBER)
    return number


def whole_of(text: str) -> int:
    """A whole number. Raises Mistyped."""
    number = decimal_of(text)
    if number != number.to_integral_value():
        raise Mistyped(Fault.WHOLE)
    return int(number)


def minor_of(text: str, currency: str) -> int:
    """12.50 GBP is 1250. Raises Mistyped."""
    amount = decimal_of(text).scaleb(DECIMALS.get(currency, USUAL_DECIMALS))
    if amount != amount.to_integral_value():
        raise Mistyped(Fault.DECIMALS)
    return int(amount)


def major(minor: int | None, currency: str) -> str:
    """1250 GBP is 12.50; empty for None."""
    return "" if minor is None else str(Decimal(minor).scaleb(-DECIMALS.get(currency, USUAL_DECIMALS)))
