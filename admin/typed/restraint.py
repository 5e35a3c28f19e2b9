"""How many offers a customer may get, as an operator types it."""

import re

from admin.shell.output import fail
from campaigns.terms.restraint import OfferCap

CAP_SYNTAX = "OFFERS/DAYS, such as 1/7: whoever got one within 7 days, today among them, gets no more; can be repeated"
CAP = re.compile(r"(\d{1,4})/(\d{1,3})d?")


def cap_of(written: str) -> OfferCap:
    """The cap, or the end of the command with the syntax."""
    found = CAP.fullmatch(written)
    if found is None:
        fail(f"--cap {written}: give {CAP_SYNTAX}")
    return OfferCap(offers=int(found[1]), days=int(found[2]))


def typed_cap(cap: OfferCap) -> str:
    """The way back."""
    return f"{cap.offers}/{cap.days}"
