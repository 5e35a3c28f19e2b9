"""What a channel is given and what it says to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import Any, NamedTuple, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One coupon for one customer, whom the channel's provider knows by the shop's own id."""

    key: str
    """The same each time that this message is handed over: whoever gets it twice sends it once."""
    campaign_id: str
    customer_id: str
    channel: str
    tier: str
    code: str
    discount: Mapping[str, Any]
    currency: str
    """Of the discount's amounts."""
    expire_time: datetime
    test: bool = False
    """Whether somebody only wants to see it: its code is an example, and `customer_id` whoever was named."""

    def document(self) -> dict[str, Any]:
        """As it leaves."""
        marked = {"test": True} if self.test else {}
        return {
            "key": self.key, "campaign": f"campaigns/{self.campaign_id}", "customer": f"customers/{self.customer_id}",
            "channel": self.channel, "tier": self.tier, "code": self.code, "discount": dict(self.discount),
            "currency": self.currency, "expire_time": self.expire_time.isoformat(), **marked,
        }  # fmt: skip


class Fate(StrEnum):
    """What became of a message at its channel."""

    HANDED_OVER = "HANDED_OVER"
    """The receiver has it, which is not to say that a person read it."""
    REFUSED = "REFUSED"
    """The receiver will not take it, however often it is asked."""
    WAITING = "WAITING"
    """The receiver could not be asked, or did not answer: to be handed over again under the same key."""


class Note(StrEnum):
    """Why a message was not taken, where the receiver did not say."""

    AWAY = "not tried: the provider was away"
    SLOW = "not tried: the provider takes long"
    ENDLESS = "its answer does not end"
    QUIET = "not tried: quiet hours"
    UNADDRESSED = "not tried: the channel has no address (TIERWISE_CHANNELS)"
    STOPPED = "not tried: stopped by the kill switch"
    OVER = "not tried: the campaign is over"
    UNWANTED = "not tried: the recipient does not agree any more"


class Receipt(NamedTuple):
    """What became of one message."""

    fate: Fate
    note: str | None = None
    """Why it was not taken: a `Note`, or what a machine said, such as HTTP 503."""


class Channel(Protocol):
    """A way out of the house."""

    def hand_over(self, batch: str, messages: Sequence[Message], *, until: float = inf) -> list[Receipt]:
        """One receipt for each message. The same batch again means that nobody knows how far it got before.

        From `until` on, by time.monotonic(), no message begins to leave: the others wait.
        """
        ...
