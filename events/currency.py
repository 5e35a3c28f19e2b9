"""Major and minor units of currencies: prices in files are 2.55 pounds, ours are 255 pence."""

from collections.abc import Iterable
from decimal import Decimal

DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""ISO 4217 exponents that are not the usual one."""
USUAL_DECIMALS = 2
LARGEST_MINOR = 10**15
"""Of a price, and of a line of an order: ten trillion pounds; what is stored fits 64 bits even when it is summed."""
NO_CURRENCY = "XXX"
"""ISO 4217's code for none: of a model that saw no prices."""


def minor_units_of(currency: str) -> int:
    """How many make a major unit: 100 of GBP, 1 of JPY."""
    return int(10 ** DECIMALS.get(currency, USUAL_DECIMALS))


def amount(minor: int, currency: str) -> str:
    """1250 minor units of GBP are 12.50 GBP."""
    decimals = DECIMALS.get(currency, USUAL_DECIMALS)
    return f"{Decimal(minor).scaleb(-decimals):,.{decimals}f} {currency}"


def finer_amount(minor: float, currency: str) -> str:
    """Of a mean or a difference, with its sign and a digit more than a price has: 12.34 of GBP are +0.123 GBP."""
    decimals = DECIMALS.get(currency, USUAL_DECIMALS)
    return f"{minor / 10**decimals:+,.{decimals + 1}f} {currency}"


def strange(found: Iterable[str | None], currency: str) -> list[str]:
    """Of these currencies, sorted, those whose prices cannot be added to prices in `currency`."""
    return [] if currency == NO_CURRENCY else sorted({each for each in found if each not in (None, currency)})
