"""What a campaign has spent and may still spend, for whoever watches: reckoned now, or as kept where it takes long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from campaigns.coupons import budgeting
from campaigns.terms.campaign import Campaign
from database.budgets import shards
from database.budgets.ledger import Amounts
from database.coupons import by_hand, redemptions
from database.coupons.by_hand import Used
from database.reporting import readings
from database.session import Snapshot

AT_ONCE = 2_000
"""Coupons that are looked at, each, within the time of a page."""
FEW = 5_000
"""Redemptions that are added up by day."""
WEEK = timedelta(days=7)
HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """What coupons that are issued, and neither used nor held, may still cost."""

    time: datetime
    """When it was reckoned."""
    coupons: int
    expected_minor: float
    deviation_minor: float
    most_minor: float | None
    """Null where nothing bounds it."""
    overspend: float | None
    """The probability that they cost more than is left; None without a budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """A campaign's money."""

    used: Amounts
    by_hand: Used | None
    """What is spent on coupons that were given by hand; None where there are none."""
    left_minor: int | None
    """Of the budget; None without one."""
    outstanding: Outstanding | None
    """None until the coupons of a large launch are issued and counted."""
    course: Sequence[tuple[date, int]]
    """Spent in all by the end of each local day on which something happened, or as kept: spent and reserved."""
    refusals: Mapping[str, int]
    """Reason to attempts; only where it is reckoned now."""

    @property
    def most_minor(self) -> float | None:
        """The coupons that are out cost no more, also since nothing goes beyond the budget; None without any bound."""
        owed = None if self.outstanding is None else self.outstanding.most_minor
        return min((bound for bound in (owed, self.left_minor) if bound is not None), default=None)


def spending(snapshot: Snapshot, campaign: Campaign, now: datetime) -> Spending:
    """How it stands."""
    kept = readings.liabilities(snapshot, campaign.campaign_id)
    given = by_hand.used(snapshot, campaign.campaign_id) if campaign.by_hand_count else None
    if campaign.redeemed_count <= FEW:
        days = redemptions.spent_by_day(snapshot, campaign.campaign_id, campaign.plan.zone)
        course = list(zip((day for day, _ in days), accumulate(minor for _, minor in days), strict=True))
    else:
        zone = ZoneInfo(campaign.plan.zone)
        course = [(each.time.astimezone(zone).date(), each.used_minor) for each in kept]
    found = budgeting.standing_at_once(snapshot, campaign, now)
    if found is None and campaign.issued_count <= AT_ONCE:
        found = budgeting.standing(snapshot, campaign.campaign_id, now)
    if found is not None:
        owed = found.liability
        outstanding = Outstanding(
            time=now, coupons=round(sum(each.group.coupons for each in found.committed)),
            expected_minor=owed.expected_minor, deviation_minor=owed.deviation_minor, most_minor=owed.most_minor,
            overspend=found.overspend,
        )  # fmt: skip
        return Spending(
            used=found.used, by_hand=given, left_minor=_left(campaign, found.used), outstanding=outstanding,
            course=course,
            refusals=found.refusals,
        )  # fmt: skip
    newest, used = kept[-1] if kept else None, shards.usage(snapshot, campaign.campaign_id, now)
    return Spending(
        used=used, by_hand=given, left_minor=_left(campaign, used), course=course, refusals={},
        outstanding=None if newest is None else Outstanding(
            time=newest.time, coupons=newest.coupons, expected_minor=newest.expected_minor,
            deviation_minor=newest.deviation_minor, most_minor=newest.most_minor, overspend=newest.overspend,
        ),
    )  # fmt: skip


def _left(campaign: Campaign, used: Amounts) -> int | None:
    budget = campaign.plan.budget
    return None if budget is None else budget.limit_minor - used.used_minor


def by_hour(snapshot: Snapshot, campaign: Campaign, now: datetime) -> list[tuple[datetime, int]]:
    """Redemptions of each of the last hours, a week of them, up to the one that is not over.

    Those from its beginning where it has not run so long, and half a day at least.
    """
    last = _hour(now)
    begun = _hour(max(campaign.plan.start_time, campaign.launch_time or now))
    first = max(last - WEEK, min(begun, last - HALF_A_DAY))
    found = redemptions.by_hour(snapshot, campaign.campaign_id, first)
    hours = [first + timedelta(hours=place) for place in range(round((last - first) / timedelta(hours=1)) + 1)]
    return [(hour, found.get(hour, 0)) for hour in hours]


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
