"""Use cases on a campaign that runs: another budget or end, as a version that is approved as a launch is.

It runs on by the version that was approved, until the proposed one is. What was frozen at the launch stays: audience,
holdout, tiers, offers and the comparison that was planned.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from typing import Any

from campaigns import trail
from campaigns.actor import Cause
from campaigns.budgets import booking
from campaigns.budgets.least import least_minor
from campaigns.life import answers, campaigns, drafts, launch, versions
from campaigns.life.approval import ApprovalPolicy, next_authors
from campaigns.life.refusals import CampaignNotEditable, VersionRejected
from campaigns.terms import stored
from campaigns.terms.campaign import Campaign, CampaignPlan, State
from campaigns.terms.checking import check_plan
from campaigns.terms.limits import Budget
from campaigns.terms.refusals import InvalidCampaign
from database.audit.log import Wanted
from database.session import Snapshot, Transaction
from database.terms import campaigns as stored_campaigns
from events.currency import amount

AMENDABLE = ("budget", "end_time")
KNOWN_BY = ("coupons.export", "coupons.give", "coupons.import")
"""Who did so has codes before the start, and may have printed until when they are good."""


def runs(campaign: Campaign) -> bool:
    """Whether all its coupons are out and it is not over."""
    return campaign.activate_time is not None and campaign.state in (State.ACTIVE, State.PAUSED)


def update(
    transaction: Transaction, cause: Cause, campaign_id: str, change: Callable[[CampaignPlan], CampaignPlan],
    policy: ApprovalPolicy, *, etag: str | None = None,
) -> Campaign:  # fmt: skip
    """Change a plan: before the launch its draft, and while it runs what is proposed, which is submitted at once.

    A proposal is changed by the next one, and withdrawn by one that leaves all as it runs. A policy that needs no
    approval puts it in force. Raises CampaignNotFound, CampaignChanged, CampaignNotEditable, InvalidCampaign, and
    VersionRejected for what was rejected as it stands.
    """
    before = campaigns.locked(transaction, campaign_id, etag)
    if not runs(before):
        return drafts.update(transaction, cause, campaign_id, change, etag=etag)
    standing = proposed(transaction, before)
    plan = change(standing)
    if plan == standing:
        return _not_rejected(transaction, before)
    if plan == before.plan:
        return _propose(transaction, cause, before, None, plan)
    _check(transaction, before, plan, cause.now)
    after = _propose(transaction, cause, before, versions.following(transaction, campaign_id), plan)
    return after if policy.needed_for(plan) else put_in_force(transaction, cause, after, plan, needed=0)


def withdraw(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Campaign:
    """Take back what is proposed, decided about or not; where nothing is, nothing happens.

    Raises CampaignNotFound, CampaignChanged.
    """
    before = campaigns.locked(transaction, campaign_id, etag)
    return before if before.proposed_version is None else _propose(transaction, cause, before, None, before.plan)


def proposed(snapshot: Snapshot, campaign: Campaign) -> CampaignPlan:
    """The plan as it will be if what is proposed is approved; as it is where nothing is."""
    if campaign.proposed_version is None:
        return campaign.plan
    return versions.get(snapshot, campaign.campaign_id, campaign.proposed_version).plan


def put_in_force(
    transaction: Transaction, cause: Cause, campaign: Campaign, plan: CampaignPlan,
    **facts: Any,  # noqa: ANN401 - JSON for the audit log
) -> Campaign:  # fmt: skip
    """Let a locked campaign run by what is proposed from now on; coupons are good until its end.

    Raises InvalidCampaign where it cannot any more.
    """
    _check(transaction, campaign, plan, cause.now)
    if plan.budget != campaign.plan.budget:
        limit = None if plan.budget is None else plan.budget.limit_minor
        booking.change_budget(transaction, campaign, limit, cause.now)
    changes = {**stored.plan_values(plan), "version": campaign.proposed_version, "proposed_version": None}
    stored_campaigns.change(transaction, campaign.campaign_id, changes, cause.now)
    after = campaigns.get(transaction, campaign.campaign_id)
    trail.done(
        transaction, cause, "campaigns.approve", after.name, before=_facts(campaign.plan, campaign.version),
        after={**_facts(plan, after.version), **facts}, version=after.revision,
    )  # fmt: skip
    return after


def _not_rejected(snapshot: Snapshot, campaign: Campaign) -> Campaign:
    """Raises VersionRejected: no approver would be asked again."""
    if answers.rejection(snapshot, campaign) is not None:
        raise VersionRejected(
            f"version {campaign.asked_version} of {campaign.name} was rejected: change it, or withdraw it",
            campaign=campaign.name, version=campaign.asked_version,
        )  # fmt: skip
    return campaign


def _propose(
    transaction: Transaction, cause: Cause, before: Campaign, version: int | None, plan: CampaignPlan
) -> Campaign:
    """The version that approvers are asked about from now on; None withdraws the one before."""
    if version is not None:
        running = versions.get(transaction, before.campaign_id, before.version)
        asked = versions.get(transaction, before.campaign_id, before.asked_version)
        authors = next_authors(asked.authors, approved=before.proposed_version is None, editor=cause.actor.name)
        versions.keep_amended(transaction, cause, running, version, plan, authors=authors)
    was = proposed(transaction, before)
    stored_campaigns.change(transaction, before.campaign_id, {"proposed_version": version}, cause.now)
    after = campaigns.get(transaction, before.campaign_id)
    trail.done(
        transaction, cause, "campaigns.update", after.name, before=_facts(was, before.asked_version),
        after=_facts(plan, after.asked_version), version=after.revision,
    )  # fmt: skip
    return after


def _check(snapshot: Snapshot, running: Campaign, plan: CampaignPlan, now: datetime) -> None:
    """Raises CampaignNotEditable, InvalidCampaign."""
    others = [
        each.name
        for each in fields(plan)
        if each.name not in AMENDABLE and getattr(plan, each.name) != getattr(running.plan, each.name)
    ]
    if others:
        raise CampaignNotEditable(
            f"{running.name} is {running.state}: only its budget and its end can change now, and {', '.join(others)} "
            "would: make another campaign for that", campaign=running.name, state=running.state,
            fields=", ".join(others),
        )  # fmt: skip
    check_plan(plan)
    if plan.end_time != running.plan.end_time:
        _check_end(snapshot, running, plan.end_time, now)
    if plan.budget is not None and plan.budget != running.plan.budget:
        _check_budget(snapshot, running, plan, plan.budget, now)


def _check_end(snapshot: Snapshot, running: Campaign, end: datetime, now: datetime) -> None:
    """What customers were told stays true: codes are shown from the start on, and earlier to whoever has them."""
    if end <= now:
        raise InvalidCampaign("the new end lies ahead; to stop the campaign now, end it", field="end_time")
    if end >= running.plan.end_time:
        return
    known = (Wanted(object_name=running.name, action=action, outcome="OK") for action in KNOWN_BY)
    if now >= running.plan.start_time or any(trail.page(snapshot, wanted, limit=1) for wanted in known):
        told = running.plan.end_time.isoformat(timespec="minutes")
        raise InvalidCampaign(
            f"the end only moves later: customers may have been told that their coupons are good until {told}; to "
            "stop them before, pause the campaign or end it", field="end_time", told_time=told,
        )  # fmt: skip


def _check_budget(snapshot: Snapshot, running: Campaign, plan: CampaignPlan, budget: Budget, now: datetime) -> None:
    """A lower one still bears the coupons that were given, as certainly as the launch promised."""
    was = running.plan.budget
    if was is not None and budget.confidence != was.confidence:
        raise InvalidCampaign(
            f"its coupons were issued with a confidence of {was.confidence}, which stays", field="budget.confidence"
        )
    if was is not None and budget.limit_minor >= was.limit_minor:
        return
    launch.check_priced(snapshot, plan)
    least = least_minor(snapshot, running, now, confidence=budget.confidence)
    if budget.limit_minor < least:
        said = amount(least, plan.currency)
        raise InvalidCampaign(
            f"the budget is at least {said}: what is spent and reserved, and what the coupons that are out may take "
            "yet; to spend less, pause the campaign or end it", field="budget.limit", least_minor=least,
        )  # fmt: skip


def _facts(plan: CampaignPlan, version: int) -> dict[str, Any]:
    document = stored.plan_document(plan)
    return {"version": version, **{name: document[name] for name in ("budget_minor", "budget_confidence", "end_time")}}
