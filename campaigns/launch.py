"""Use cases on campaigns: each reads like its sentence and leaves a line in the audit log."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from campaigns import booking, jobs, segments, stored, trail
from campaigns.actor import Cause
from campaigns.campaign import Campaign, CampaignPlan, Move, State, check_id, check_plan, moved
from campaigns.errors import (
    CampaignChanged,
    CampaignExists,
    CampaignNotEditable,
    CampaignNotFound,
    CampaignNotMovable,
    CustomersNotScored,
    InvalidCampaign,
)
from database import campaigns, operations
from database.operations import Operation
from database.session import Snapshot, Transaction


def create(transaction: Transaction, cause: Cause, campaign_id: str, plan: CampaignPlan) -> Campaign:
    """A new draft. Raises InvalidCampaign, CampaignExists."""
    check_id(campaign_id)
    check_plan(plan)
    check_rule(transaction, plan)
    if not campaigns.add(transaction, campaign_id, stored.plan_values(plan), cause.now):
        raise CampaignExists(f"campaigns/{campaign_id} exists: choose another id", campaign=f"campaigns/{campaign_id}")
    campaign = get(transaction, campaign_id)
    trail.done(transaction, cause, "campaigns.create", campaign.name, after=_facts(campaign), version=campaign.revision)
    return campaign


def get(snapshot: Snapshot, campaign_id: str) -> Campaign:
    """One campaign. Raises CampaignNotFound."""
    row = campaigns.get(snapshot, campaign_id)
    if row is None:
        raise CampaignNotFound(f"there is no campaigns/{campaign_id}", campaign=f"campaigns/{campaign_id}")
    return stored.campaign(row)


def page(snapshot: Snapshot, *, limit: int, after: tuple[datetime, str] | None = None) -> list[Campaign]:
    """Newest first; `after` is (create_time, campaign_id) of the last one seen."""
    return [stored.campaign(row) for row in campaigns.page(snapshot, limit=limit, after=after)]


def update(
    transaction: Transaction, cause: Cause, campaign_id: str, change: Callable[[CampaignPlan], CampaignPlan], *,
    etag: str | None = None,
) -> Campaign:  # fmt: skip
    """Change the plan of a draft. Raises CampaignNotFound, CampaignChanged, CampaignNotEditable, InvalidCampaign."""
    before = _editable(transaction, campaign_id, etag)
    plan = change(before.plan)
    check_plan(plan)
    check_rule(transaction, plan)
    campaigns.change(transaction, campaign_id, stored.plan_values(plan), cause.now)
    after = get(transaction, campaign_id)
    trail.done(
        transaction, cause, "campaigns.update", after.name, before=_facts(before), after=_facts(after),
        version=after.revision,
    )  # fmt: skip
    return after


def delete(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> None:
    """Delete a draft. Raises CampaignNotFound, CampaignChanged, CampaignNotEditable."""
    before = _editable(transaction, campaign_id, etag)
    campaigns.remove(transaction, campaign_id)
    trail.done(transaction, cause, "campaigns.delete", before.name, before=_facts(before))


def launch(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Operation:
    """Freeze the audience and issue one coupon to each of its customers who is not held out, then be active.

    A launch whose operation failed is taken up where it stopped. Raises CampaignNotFound, CampaignChanged,
    CampaignNotMovable, InvalidCampaign, CustomersNotScored.
    """
    campaign = locked(transaction, campaign_id, etag)
    state = moved(campaign, Move.LAUNCH)
    other = operations.running(transaction, operations.LAUNCH_CAMPAIGN, campaign_id=campaign_id)
    if other is not None:
        raise CampaignNotMovable(
            f"{campaign.name} is being launched by {other.name}", campaign=campaign.name, state=campaign.state,
            operation=other.name,
        )  # fmt: skip
    if not campaign.plan.offers:
        raise InvalidCampaign("a launch needs an offer for at least one tier", field="offers")
    if campaign.plan.end_time <= cause.now:
        raise InvalidCampaign("the campaign would be over before it begins", field="end_time")
    check_rule(transaction, campaign.plan)
    if not campaigns.tiers_assigned(transaction):
        raise CustomersNotScored("no customer has a tier: run ScoreAllCustomers first")
    campaigns.change(transaction, campaign_id, {"state": state}, cause.now)
    booking.open_budget(transaction, campaign)
    return jobs.begin(
        transaction, cause, uuid4().hex, operations.LAUNCH_CAMPAIGN, {"campaign_id": campaign_id},
        total_count=None, action="campaigns.launch", object_name=campaign.name,
    )  # fmt: skip


def pause(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Campaign:
    """Let no coupon be redeemed for the time being. Raises CampaignNotFound, CampaignChanged, CampaignNotMovable."""
    return move(transaction, cause, locked(transaction, campaign_id, etag), Move.PAUSE)


def resume(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Campaign:
    """Let coupons be redeemed again. Raises CampaignNotFound, CampaignChanged, CampaignNotMovable."""
    return move(transaction, cause, locked(transaction, campaign_id, etag), Move.RESUME)


def end(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Campaign:
    """Over for good; a launch that is under way stops. Raises CampaignNotFound, CampaignChanged, CampaignNotMovable."""
    # The operation before the campaign, as the worker locks them: the other way round the two could deadlock.
    under_way = operations.running(transaction, operations.LAUNCH_CAMPAIGN, campaign_id=campaign_id)
    if under_way is not None:
        jobs.cancel(transaction, cause, under_way.operation_id)
    return move(transaction, cause, locked(transaction, campaign_id, etag), Move.END)


def move(transaction: Transaction, cause: Cause, campaign: Campaign, verb: Move) -> Campaign:
    """Make a move of the table on a locked campaign. Raises CampaignNotMovable."""
    state = moved(campaign, verb)
    campaigns.change(transaction, campaign.campaign_id, {"state": state}, cause.now)
    action = f"campaigns.{verb.lower()}"
    after = replace(campaign, state=state, revision=campaign.revision + 1, update_time=cause.now)
    trail.done(
        transaction, cause, action, campaign.name, before={"state": campaign.state}, after={"state": state},
        version=after.revision,
    )  # fmt: skip
    return after


def locked(transaction: Transaction, campaign_id: str, etag: str | None = None) -> Campaign:
    """A campaign that nobody else moves until the transaction ends. Raises CampaignNotFound, CampaignChanged."""
    row = campaigns.locked(transaction, campaign_id)
    if row is None:
        raise CampaignNotFound(f"there is no campaigns/{campaign_id}", campaign=f"campaigns/{campaign_id}")
    campaign = stored.campaign(row)
    check_etag(campaign, etag)
    return campaign


def check_etag(campaign: Campaign, etag: str | None) -> None:
    """Raises CampaignChanged for the etag of another revision."""
    if etag and etag != campaign.etag:
        raise CampaignChanged(
            f"{campaign.name} changed since it was read: read it again", campaign=campaign.name, etag=etag,
            current_etag=campaign.etag,
        )  # fmt: skip


def check_rule(snapshot: Snapshot, plan: CampaignPlan) -> None:
    """Raises InvalidCampaign, whose field is the place in the rule."""
    problems = [] if plan.rule is None else segments.problems_of(snapshot, plan.rule)
    if problems:
        raise InvalidCampaign("; ".join(map(str, problems)), field=f"rule.{problems[0].path}".rstrip("."))


def _editable(transaction: Transaction, campaign_id: str, etag: str | None) -> Campaign:
    campaign = locked(transaction, campaign_id, etag)
    if campaign.state is not State.DRAFT:
        raise CampaignNotEditable(
            f"{campaign.name} is {campaign.state}; only a draft can be changed or deleted", campaign=campaign.name,
            state=campaign.state,
        )  # fmt: skip
    return campaign


def _facts(campaign: Campaign) -> dict[str, Any]:
    """What the audit log keeps of a plan, in JSON."""
    values = stored.plan_values(campaign.plan)
    times = {name: values[name].isoformat() for name in ("start_time", "end_time")}
    return {**values, **times, "state": campaign.state}
