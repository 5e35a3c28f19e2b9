"""Offers as an operator types them: TIER:DISCOUNT:CHANNELS."""

from admin.shell.output import fail
from admin.typed.discounts import discount_of, words
from campaigns.terms.campaign import Channel, Offer
from campaigns.tiers.tiers import Tier

SYNTAX = (
    "TIER:DISCOUNT:CHANNELS, such as HIGH:20%:EMAIL,ON_SITE (on site without consent to e-mail), MID:10%max5.00:EMAIL "
    "(at most 5.00), MID:shipping:PUSH, LOW:gift=A17:SMS, LOW:new+over30.00+5.00:ON_SITE (first orders from 30.00), "
    "HIGH:category=Shoes+15%:EMAIL (only shoes; item=A17 for one item)"
)


def offer_of(written: str, currency: str) -> Offer:
    """The offer, or the end of the command with the syntax."""
    first, _, rest = written.partition(":")
    discount, colon, last = rest.rpartition(":")
    if not colon:
        fail(f"--offer {written}: give {SYNTAX}")
    tier, channels = first.upper(), last.upper().split(",")
    if tier not in Tier.__members__ or not set(channels) <= set(Channel):
        fail(f"--offer {written}: the tier is one of {', '.join(Tier)}, a channel one of {', '.join(Channel)}")
    channel, *fallbacks = map(Channel, channels)
    saved = discount_of(discount, f"--offer {written}", SYNTAX, currency)
    return Offer(tier=Tier(tier), discount=saved, channel=channel, fallbacks=tuple(fallbacks))


def typed(offer: Offer, currency: str) -> str:
    """The way back."""
    return f"{offer.tier}:{words(offer.discount, currency)}:{','.join(offer.channels)}"
