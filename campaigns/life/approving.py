"""Use cases of approval: a version of a plan is submitted, and somebody who did not write it decides."""

from typing import Any

from campaigns import trail
from campaigns.actor import Cause
from campaigns.life import agreed_rules, amending, campaigns, drafts, launch, versions
from campaigns.life.approval import Approval, ApprovalPolicy, Verdict, check_approver, missing
from campaigns.life.refusals import VersionNotSubmitted, VersionRejected
from campaigns.terms.campaign import MOVES, Campaign, CampaignPlan, Move, moved
from campaigns.terms.refusals import InvalidCampaign
from database.life import versions as stored_versions
from database.session import Snapshot, Transaction
from database.terms import campaigns as stored_campaigns

VERBS = {Verdict.APPROVED: Move.APPROVE, Verdict.REJECTED: Move.REJECT}


def submit(
    transaction: Transaction, cause: Cause, campaign_id: str, policy: ApprovalPolicy, *, etag: str | None = None
) -> Campaign:
    """Ask for approval of the plan as it stands; a policy that needs none approves it at once.

    Where segments have other rules since the version was written, or customers tiers by another scheme, what is asked
    for is the approval of the next one.
    Raises CampaignNotFound, CampaignChanged, CampaignNotMovable, InvalidCampaign, VersionRejected.
    """
    campaign = campaigns.locked(transaction, campaign_id, etag)
    if (campaign.state, Move.EDIT) in MOVES and agreed_rules.changed(transaction, campaign):
        campaign = drafts.rewrite(transaction, cause, campaign, campaign.plan)
    moved(campaign, Move.SUBMIT)
    if versions.get(transaction, campaign_id, campaign.version).approvals:
        raise _rejected(campaign, campaign.version)
    launch.check_launchable(transaction, campaign.plan, cause.now)
    _check_others(transaction, campaign.plan)
    submitted = campaigns.move(transaction, cause, campaign, Move.SUBMIT, version=campaign.version)
    if policy.needed_for(submitted.plan):
        return submitted
    return campaigns.move(transaction, cause, submitted, Move.APPROVE, version=campaign.version, needed=0)


def approve(
    transaction: Transaction, cause: Cause, campaign_id: str, policy: ApprovalPolicy, *, version: int,
    etag: str | None = None,
) -> Campaign:  # fmt: skip
    """Agree to the submitted version; the last approval that the policy needs makes the campaign approved.

    Where it runs, that puts what is proposed in force. Raises CampaignNotFound, CampaignChanged, CampaignNotMovable,
    VersionNotSubmitted, VersionRejected, ApproverIsAuthor, VersionDecided, SegmentRulesChanged, InvalidCampaign.
    """
    campaign = campaigns.locked(transaction, campaign_id, etag)
    plan, decided = _decide(transaction, cause, campaign, version, Verdict.APPROVED)
    if campaign.proposed_version is None:
        agreed_rules.check(transaction, campaign)
    needed = policy.needed_for(plan)
    facts: dict[str, Any] = {"version": version, "approvals": len(decided), "needed": needed}
    if missing(needed, decided):
        stored_campaigns.change(transaction, campaign_id, {}, cause.now)
        agreed = campaigns.get(transaction, campaign_id)
        trail.done(
            transaction, cause, "campaigns.approve", campaign.name, after={"state": campaign.state, **facts},
            version=agreed.revision,
        )  # fmt: skip
        return agreed
    if campaign.proposed_version is not None:
        return amending.put_in_force(transaction, cause, campaign, plan, **facts)
    return campaigns.move(transaction, cause, campaign, Move.APPROVE, **facts)


def reject(
    transaction: Transaction, cause: Cause, campaign_id: str, *, version: int, etag: str | None = None
) -> Campaign:
    """Send the submitted version back to its authors, who change it before they submit again; what runs, runs on.

    Raises CampaignNotFound, CampaignChanged, CampaignNotMovable, VersionNotSubmitted, VersionRejected,
    ApproverIsAuthor, VersionDecided.
    """
    campaign = campaigns.locked(transaction, campaign_id, etag)
    _decide(transaction, cause, campaign, version, Verdict.REJECTED)
    if campaign.proposed_version is None:
        return campaigns.move(transaction, cause, campaign, Move.REJECT, version=version)
    stored_campaigns.change(transaction, campaign_id, {}, cause.now)
    rejected = campaigns.get(transaction, campaign_id)
    trail.done(
        transaction, cause, "campaigns.reject", campaign.name, after={"state": campaign.state, "version": version},
        version=rejected.revision,
    )  # fmt: skip
    return rejected


def _decide(
    transaction: Transaction, cause: Cause, campaign: Campaign, version: int, verdict: Verdict
) -> tuple[CampaignPlan, tuple[Approval, ...]]:
    """Write the decision down, with the reason as its comment; the plan, and all that were made about the version."""
    if campaign.proposed_version is None:
        moved(campaign, VERBS[verdict])
    if version != campaign.asked_version:
        raise VersionNotSubmitted(
            f"version {campaign.asked_version} of {campaign.name} is submitted, not {version}: read it first",
            campaign=campaign.name, version=version, submitted_version=campaign.asked_version,
        )  # fmt: skip
    found = versions.get(transaction, campaign.campaign_id, version)
    if any(each.verdict is Verdict.REJECTED for each in found.approvals):
        raise _rejected(campaign, version)
    decision = Approval(approver=cause.actor.name, verdict=verdict, comment=cause.reason or "", time=cause.now)
    check_approver(decision.approver, authors=found.authors, rule_authors=found.rule_authors, decided=found.approvals)
    stored_versions.decide(
        transaction, campaign.campaign_id, version, approver=decision.approver, verdict=verdict,
        comment=decision.comment, now=cause.now,
    )  # fmt: skip
    return found.plan, (*found.approvals, decision)


def _rejected(campaign: Campaign, version: int) -> VersionRejected:
    return VersionRejected(
        f"version {version} of {campaign.name} was rejected: change the plan first", campaign=campaign.name,
        version=version,
    )  # fmt: skip


def _check_others(snapshot: Snapshot, plan: CampaignPlan) -> None:
    """Raises InvalidCampaign for a name of a campaign that is none: nobody would be left to it, and nobody told."""
    unknown = set(plan.excluded_campaigns) - stored_campaigns.among(snapshot, plan.excluded_campaigns)
    if unknown:
        names = ", ".join(f"campaigns/{each}" for each in sorted(unknown))
        raise InvalidCampaign(f"there is no {names} to leave customers to", field="excluded_campaigns")
