"""Currencies by their codes, and their major and minor units: prices in files are 2.55 pounds, ours are 255 pence."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from operator import eq

from babel.core import get_global

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
EVERYDAY = {"NTD": "TWD", "RMB": "CNY", "STG": "GBP", "UKP": "GBP", "YEN": "JPY"}
"""What people write for a code."""


@cache
def codes() -> frozenset[str]:
    """All of ISO 4217 but NO_CURRENCY; those that were withdrawn too, for old orders are in them."""
    return frozenset(get_global("all_currencies")) - {NO_CURRENCY}


def problem(code: str) -> str | None:
    """Why this is no currency, with the likeliest one that was meant; None where it is one."""
    if code in codes():
        return None
    meant = _nearest(code.upper())
    return f"{code!r} is no ISO 4217 code; " + (f"did you mean {meant}?" if meant else "write one such as GBP")


def known(code: str) -> str:
    """The same. Raises ValueError for what is no currency."""
    wrong = problem(code)
    if wrong:
        raise ValueError(wrong)
    return code


def _nearest(written: str) -> str | None:
    """The same letters in another order, or all but one of them in their places; of several the most widely paid in."""
    if written in codes():
        return written
    tenders = get_global("territory_currencies").values()
    paid = Counter(code for territory in tenders for code, _, until, tender in territory if tender and until is None)
    alike = [code for code in paid if len(written) == len(code) == 1 + sum(map(eq, code, written))]
    near = [*alike, *(code for code in paid if sorted(code) == sorted(written))]
    # Typing two letters the wrong way round is likelier than typing another one.
    best = max(near, key=lambda code: (sorted(code) == sorted(written), paid[code], code), default=None)
    return EVERYDAY.get(written, best)


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
