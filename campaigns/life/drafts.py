"""Campaigns before their launch: made, changed as versions, deleted; each change leaves a line in the audit log."""

from collections.abc import Callable
from typing import Any

from campaigns import trail
from campaigns.actor import Cause
from campaigns.audiences import segments
from campaigns.life import campaigns, versions
from campaigns.life.approval import next_authors
from campaigns.life.refusals import CampaignExists, CampaignNotEditable
from campaigns.terms import stored
from campaigns.terms.campaign import MOVES, Campaign, CampaignPlan, Move, State, moved
from campaigns.terms.checking import check_id, check_plan, check_series
from campaigns.terms.refusals import InvalidCampaign
from database.coupons import own_codes
from database.life import stops
from database.session import Snapshot, Transaction
from database.terms import campaigns as stored_campaigns


def create(transaction: Transaction, cause: Cause, campaign_id: str, plan: CampaignPlan) -> Campaign:
    """A new draft. Raises InvalidCampaign, CampaignExists."""
    check_id(campaign_id)
    check_series(campaign_id, plan)
    check_plan(plan)
    check_rule(transaction, plan)
    version = versions.following(transaction, campaign_id)
    if not stored_campaigns.add(transaction, campaign_id, {**stored.plan_values(plan), "version": version}, cause.now):
        raise CampaignExists(f"campaigns/{campaign_id} exists: choose another id", campaign=f"campaigns/{campaign_id}")
    versions.keep(transaction, cause, campaign_id, version, plan, authors=[cause.actor.name])
    campaign = campaigns.get(transaction, campaign_id)
    trail.done(transaction, cause, "campaigns.create", campaign.name, after=_facts(campaign), version=campaign.revision)
    return campaign


def update(
    transaction: Transaction, cause: Cause, campaign_id: str, change: Callable[[CampaignPlan], CampaignPlan], *,
    etag: str | None = None,
) -> Campaign:  # fmt: skip
    """Change the plan before the launch: the next version, a draft again. A change that changes nothing does nothing.

    Raises CampaignNotFound, CampaignChanged, CampaignNotEditable, InvalidCampaign.
    """
    before = campaigns.locked(transaction, campaign_id, etag)
    check_editable(before)
    plan = change(before.plan)
    if plan == before.plan:
        return before
    check_series(campaign_id, plan)
    check_plan(plan)
    check_rule(transaction, plan)
    if plan.recurrence is not None and own_codes.any_left(transaction, campaign_id):
        raise InvalidCampaign(
            "codes of the shop's own wait for its launch, and a series gives out none: withdraw them first",
            field="recurrence",
        )
    return rewrite(transaction, cause, before, plan)


def rewrite(transaction: Transaction, cause: Cause, before: Campaign, plan: CampaignPlan) -> Campaign:
    """The next version of a locked campaign, a draft again. Raises CampaignNotMovable."""
    campaign_id, version = before.campaign_id, before.version + 1
    earlier = versions.get(transaction, campaign_id, before.version).authors
    approved = before.state in (State.APPROVED, State.SCHEDULED)
    authors = next_authors(earlier, approved=approved, editor=cause.actor.name)
    versions.keep(transaction, cause, campaign_id, version, plan, authors=authors)
    changes = {**stored.plan_values(plan), "version": version, "state": moved(before, Move.EDIT), "due_time": None}
    stored_campaigns.change(transaction, campaign_id, changes, cause.now)
    after = campaigns.get(transaction, campaign_id)
    trail.done(
        transaction, cause, "campaigns.update", after.name, before=_facts(before), after=_facts(after),
        version=after.revision,
    )  # fmt: skip
    return after


def check_editable(campaign: Campaign) -> None:
    """Raises CampaignNotEditable."""
    if (campaign.state, Move.EDIT) not in MOVES:
        raise _not_editable(
            campaign, "what is launched stays as it was approved, but for its budget and end once its coupons are out"
        )


def delete(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> None:
    """Delete a draft; its versions stay. Raises CampaignNotFound, CampaignChanged, CampaignNotEditable."""
    before = campaigns.locked(transaction, campaign_id, etag)
    if before.state is not State.DRAFT:
        raise _not_editable(before, "only a draft can be deleted")
    if stops.get(transaction, campaign_id) is not None:
        # Whoever made another one of this name would find it stopped, and nobody could let this one go on.
        raise _not_editable(before, "the kill switch holds it, so let it go on before you delete it")
    codes = own_codes.remove(transaction, campaign_id)
    stored_campaigns.remove(transaction, campaign_id)
    after = {"codes_removed": codes} if codes else None
    trail.done(transaction, cause, "campaigns.delete", before.name, before=_facts(before), after=after)


def check_rule(snapshot: Snapshot, plan: CampaignPlan) -> None:
    """Raises InvalidCampaign, whose field is the place in the rule."""
    problems = [] if plan.rule is None else segments.problems_of(snapshot, plan.rule)
    if problems:
        raise InvalidCampaign("; ".join(map(str, problems)), field=f"rule.{problems[0].path}".rstrip("."))


def _not_editable(campaign: Campaign, why: str) -> CampaignNotEditable:
    message = f"{campaign.name} is {campaign.state}: {why}"
    return CampaignNotEditable(message, campaign=campaign.name, state=campaign.state)


def _facts(campaign: Campaign) -> dict[str, Any]:
    """What the audit log keeps of a campaign, in JSON."""
    return {**stored.plan_document(campaign.plan), "version": campaign.version, "state": campaign.state}
