"""Whom a launch reached: how many fell away at which step, and the customers with what each got."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from campaigns.coupons.codes import masked
from campaigns.terms.campaign import Campaign
from database.audiences import members
from database.audiences.members import Member
from database.coupons import by_hand
from database.session import Snapshot
from database.work import operations


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Customers at each step of a launch that is over."""

    excluded: Mapping[str, int]
    """Reason to how many of those who fitted tier and rule it kept out; empty of launches before it was counted."""
    audience: int
    held_out: int
    issued: int
    redeemed: int
    tiers: Mapping[str, int]
    """Of the audience."""
    own_codes_left: int
    """Codes that the shop brought along and that nobody got."""

    @property
    def fitted(self) -> int:
        """Tier and rule."""
        return self.audience + sum(self.excluded.values())


class Page(NamedTuple):
    """Some of the frozen audience."""

    members: Sequence[Member]
    last: str
    """After whom the next page begins; empty where there is none."""


def funnel(snapshot: Snapshot, campaign: Campaign) -> Funnel | None:
    """None while the launch is not over: what it counted is kept with its operation."""
    launched = operations.newest(snapshot, operations.LAUNCH_CAMPAIGN, campaign_id=campaign.campaign_id)
    if launched is None or launched.response is None:
        return None
    return Funnel(
        excluded=launched.response.get("excluded", {}), audience=campaign.audience_count,
        held_out=campaign.held_out_count, issued=campaign.issued_count - campaign.by_hand_count,
        redeemed=campaign.redeemed_count - by_hand.used(snapshot, campaign.campaign_id).redeemed_count,
        tiers=launched.response["audience"], own_codes_left=launched.response.get("own_codes_left_count", 0),
    )  # fmt: skip


def page(snapshot: Snapshot, campaign_id: str, *, limit: int, after: str = "", with_codes: bool) -> Page:
    """The frozen audience by customer_id, and each one's coupon; codes are masked for who may not have them."""
    found = members.page(snapshot, campaign_id, limit=limit + 1, after=after)
    shown, last = found[:limit], found[limit - 1].customer_id if len(found) > limit else ""
    hidden = shown if with_codes else [each._replace(code=each.code and masked(each.code)) for each in shown]
    return Page(members=hidden, last=last)
