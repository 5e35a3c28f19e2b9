"""What makes a plan, or the id of a campaign, impossible. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime

from campaigns.terms import display_name
from campaigns.terms.arms import check_arms
from campaigns.terms.campaign import CampaignId, CampaignPlan
from campaigns.terms.discount import WHOLE, check_discount
from campaigns.terms.limits import check_budget
from campaigns.terms.naming import ID
from campaigns.terms.recurrence import LONGEST_SERIES, check_recurrence
from campaigns.terms.refusals import InvalidCampaign
from campaigns.terms.restraint import check_caps, check_stacking
from events.currency import problem
from events.zones import zones

LONGEST_SERIES_ID = 63 - len("-20261123")
LARGEST_HOLDOUT_PERCENT = 50
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""Between which campaigns lie: at the very ends of the calendar some zones have no local time."""
LARGEST_LIMIT = 10**9
"""Of redemptions and of customers."""


def check_id(campaign_id: str) -> CampaignId:
    """Raises InvalidCampaign for an id that cannot be part of a resource name."""
    if not ID.fullmatch(campaign_id):
        raise InvalidCampaign(
            f"{campaign_id!r} is no campaign id: a lower-case letter, then letters, digits and hyphens, at most 63",
            field="campaign_id",
        )
    return CampaignId(campaign_id)


def check_series(campaign_id: str, plan: CampaignPlan) -> None:
    """Raises InvalidCampaign for a series whose id leaves no room for the days of its occurrences."""
    if plan.recurrence is not None and len(campaign_id) > LONGEST_SERIES_ID:
        raise InvalidCampaign(f"the id of a series has at most {LONGEST_SERIES_ID} symbols", field="campaign_id")


def check_plan(plan: CampaignPlan) -> None:
    """Raises InvalidCampaign for the first field that makes no sense."""
    for field, why in _problems(plan):
        raise InvalidCampaign(why, field=field)
    if plan.recurrence is not None:
        check_recurrence(plan.recurrence)
        if plan.end_time - plan.start_time > LONGEST_SERIES:
            raise InvalidCampaign(f"a series lasts at most {LONGEST_SERIES.days} days", field="end_time")
    check_caps(plan.offer_caps)
    check_stacking(plan.stacking)
    if plan.budget is not None:
        check_budget(plan.budget)
    for offer in plan.offers:
        if len(set(offer.channels)) != len(offer.channels):
            raise InvalidCampaign("each channel stands once", field=f"offers[{offer.tier}].fallbacks")
        check_discount(offer.discount, field=f"offers[{offer.tier}].discount")
    check_arms(plan.arms, [offer.tier for offer in plan.offers])


def _problems(plan: CampaignPlan) -> Iterator[tuple[str, str]]:
    """Field and what is wrong with it, of the fields that make sense by themselves or not at all."""
    tiers = [offer.tier for offer in plan.offers]
    if not display_name.fits(plan.display_name):
        yield "display_name", f"a campaign needs a display name of at most {display_name.LONGEST} symbols, in one line"
    if len(set(tiers)) != len(tiers):
        yield "offers", "each tier has at most one offer"
    if plan.start_time.tzinfo is None or plan.end_time.tzinfo is None:
        yield "start_time", "times need a zone"
    for field, time in (("start_time", plan.start_time), ("end_time", plan.end_time)):
        if not EARLIEST <= time <= LATEST:
            yield field, f"a campaign lies between {EARLIEST.year} and {LATEST.year}"
    currency = problem(plan.currency)
    if currency:
        yield "currency", f"currency: {currency}"
    if plan.zone not in zones():
        yield "zone", f"{plan.zone!r} is no IANA time zone"
    yield from _limits(plan)
    if plan.end_time <= plan.start_time:
        yield "end_time", "the end must come after the start"


def _limits(plan: CampaignPlan) -> Iterator[tuple[str, str]]:
    others = plan.excluded_campaigns
    for field, limit in (("redemption_limit", plan.redemption_limit), ("audience_limit", plan.audience_limit)):
        if limit is not None and not 1 <= limit <= LARGEST_LIMIT:
            yield field, f"a limit is 1 to {LARGEST_LIMIT:,}, or absent"
    if not 0 <= plan.holdout_percent <= LARGEST_HOLDOUT_PERCENT:
        yield "holdout_percent", f"a holdout is 0 to {LARGEST_HOLDOUT_PERCENT} percent"
    if len(set(others)) != len(others) or not all(map(ID.fullmatch, others)):
        yield "excluded_campaigns", "each campaign stands once, and has an id"
    if plan.margin_percent is not None and not 1 <= plan.margin_percent <= WHOLE:
        yield "margin_percent", f"a margin is 1 to {WHOLE} percent, or absent"
