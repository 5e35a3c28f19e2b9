"""How many offers a customer may get, and which of them apply together to one order. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.terms.naming import ID
from campaigns.terms.recurrence import instant
from campaigns.terms.refusals import InvalidCampaign

MOST_CAPS, MOST_DAYS = 5, 366
LARGEST_PRIORITY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferCap:
    """Offers that one customer may get within a span of days, of any campaign, this one among them."""

    offers: int
    days: int
    """Of the campaign's zone, from midnight to midnight; the last one is that on which the audience is frozen."""

    def since(self, now: datetime, zone: str) -> datetime:
        """When its days began."""
        today = now.astimezone(ZoneInfo(zone)).date()
        return instant(datetime.combine(today - timedelta(days=self.days - 1), time()), zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacking:
    """How the coupons of a campaign go with those of others on one order."""

    priority: int = 0
    """Higher ones are considered first."""
    group: str | None = None
    """Of coupons of the same group, one applies to an order."""
    alone: bool = False
    """Whether no other coupon applies to the same order."""


def check_caps(caps: Sequence[OfferCap]) -> None:
    """Raises InvalidCampaign for the first cap that makes no sense."""
    if len(caps) > MOST_CAPS or len({cap.days for cap in caps}) != len(caps):
        raise InvalidCampaign(f"at most {MOST_CAPS} caps, each for a span of its own", field="offer_caps")
    for place, cap in enumerate(caps):
        if cap.offers < 1:
            raise InvalidCampaign("a cap allows at least one offer", field=f"offer_caps[{place}].offers")
        if not 1 <= cap.days <= MOST_DAYS:
            raise InvalidCampaign(f"a cap spans 1 to {MOST_DAYS} days", field=f"offer_caps[{place}].days")


def check_stacking(stacking: Stacking) -> None:
    """Raises InvalidCampaign for the first field that makes no sense."""
    if abs(stacking.priority) > LARGEST_PRIORITY:
        message = f"a priority is -{LARGEST_PRIORITY} to {LARGEST_PRIORITY}"
        raise InvalidCampaign(message, field="stacking.priority")
    if stacking.group is not None and not ID.fullmatch(stacking.group):
        message = (
            f"{stacking.group!r} names no group: a lower-case letter, then letters, digits and hyphens, at most 63"
        )
        raise InvalidCampaign(message, field="stacking.group")
