"""The launch: what holds one up, and the operation that freezes the audience and issues coupons."""

from datetime import datetime
from uuid import uuid4

from campaigns.actor import Cause
from campaigns.audiences import segments
from campaigns.budgets import booking
from campaigns.life import agreed_rules, campaigns, drafts
from campaigns.terms.campaign import CampaignPlan, Move, State, moved
from campaigns.terms.refusals import CampaignNotMovable, InvalidCampaign
from campaigns.terms.usual_saving import gifts, unforetold, unpriced
from campaigns.tiers.refusals import CustomersNotScored
from campaigns.work import jobs
from database.audiences import freezing
from database.events import items
from database.models import scores
from database.session import Snapshot, Transaction
from database.terms import campaigns as stored_campaigns
from database.work import operations
from database.work.operations import Operation


def launch(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Operation:
    """Freeze the audience, issue one coupon to each of its customers who is not held out, then be active.

    A launch whose operation failed is taken up where it stopped. Raises CampaignNotFound, CampaignChanged,
    CampaignNotMovable, SegmentRulesChanged, InvalidCampaign, CustomersNotScored.
    """
    campaign = campaigns.locked(transaction, campaign_id, etag)
    state = moved(campaign, Move.LAUNCH)
    if campaign.plan.recurrence is not None:
        raise CampaignNotMovable(
            f"{campaign.name} is a series: its occurrences are launched, so schedule it", campaign=campaign.name,
            state=campaign.state, move=Move.LAUNCH,
        )  # fmt: skip
    other = operations.running(transaction, operations.LAUNCH_CAMPAIGN, campaign_id=campaign_id)
    if other is not None:
        raise CampaignNotMovable(
            f"{campaign.name} is being launched by {other.name}", campaign=campaign.name, state=campaign.state,
            operation=other.name,
        )  # fmt: skip
    if campaign.state is not State.LAUNCHING:
        agreed_rules.check(transaction, campaign)
    check_launchable(transaction, campaign.plan, cause.now)
    if not freezing.tiers_assigned(transaction):
        raise CustomersNotScored("no customer has a tier: run ScoreAllCustomers first")
    stored_campaigns.change(transaction, campaign_id, {"state": state, "due_time": None}, cause.now)
    booking.open_budget(transaction, campaign)
    return jobs.begin(
        transaction, cause, uuid4().hex, operations.LAUNCH_CAMPAIGN, {"campaign_id": campaign_id},
        total_count=None, action="campaigns.launch", object_name=campaign.name, before={"state": campaign.state},
        after={"state": state, "version": campaign.version}, version=campaign.revision + 1,
    )  # fmt: skip


def check_launchable(snapshot: Snapshot, plan: CampaignPlan, now: datetime) -> None:
    """Raises InvalidCampaign for a plan that could reach nobody."""
    if not plan.offers:
        raise InvalidCampaign("a launch needs an offer for at least one tier", field="offers")
    if plan.end_time <= now:
        raise InvalidCampaign("the campaign would be over before it begins", field="end_time")
    drafts.check_rule(snapshot, plan)
    _check_built(snapshot, plan)
    check_priced(snapshot, plan)


def _check_built(snapshot: Snapshot, plan: CampaignPlan) -> None:
    """Raises InvalidCampaign for a segment whose members are not those of its rule."""
    names = [] if plan.rule is None else segments.overtaken(snapshot, plan.rule)
    if names:
        raise InvalidCampaign(
            "; ".join(f"segments/{each} has the members of an earlier rule: build it first" for each in names),
            field="rule",
        )


def check_priced(snapshot: Snapshot, plan: CampaignPlan) -> None:
    """Raises InvalidCampaign for a budget whose coupons nobody can say the cost of."""
    if plan.budget is None:
        return
    discounts = [offer.discount for arm in plan.design.arms for offer in plan.offers_in(arm.name)]
    notes = unpriced(discounts, items.prices(snapshot, gifts(discounts), currency=plan.currency))
    notes += unforetold(discounts, currency=plan.currency, scored=scores.scored_currency(snapshot))
    if notes:
        said = "; ".join(note.sentence() for note in notes)
        raise InvalidCampaign(f"a budget needs to know what coupons cost: {said}", field="budget")
