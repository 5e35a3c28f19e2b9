"""Use cases on campaigns: each reads like its sentence and leaves a line in the audit log."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.audiences import segments
from campaigns.budgets import booking
from campaigns.life import agreed_rules, versions
from campaigns.life.approval import next_authors
from campaigns.life.refusals import CampaignChanged, CampaignExists, CampaignNotEditable, CampaignNotFound
from campaigns.terms import stored
from campaigns.terms.campaign import MOVES, Campaign, CampaignPlan, Move, State, moved, resumption
from campaigns.terms.checking import check_id, check_plan, check_series
from campaigns.terms.refusals import CampaignNotMovable, InvalidCampaign
from campaigns.terms.usual_saving import gifts, unforetold, unpriced
from campaigns.tiers.refusals import CustomersNotScored
from campaigns.work import jobs
from database.audiences import freezing
from database.coupons import own_codes
from database.events import items
from database.forecast import prospects
from database.life import stops
from database.session import Snapshot, Transaction
from database.terms import campaigns
from database.work import operations
from database.work.operations import Operation


def create(transaction: Transaction, cause: Cause, campaign_id: str, plan: CampaignPlan) -> Campaign:
    """A new draft. Raises InvalidCampaign, CampaignExists."""
    check_id(campaign_id)
    check_series(campaign_id, plan)
    check_plan(plan)
    check_rule(transaction, plan)
    version = versions.following(transaction, campaign_id)
    if not campaigns.add(transaction, campaign_id, {**stored.plan_values(plan), "version": version}, cause.now):
        raise CampaignExists(f"campaigns/{campaign_id} exists: choose another id", campaign=f"campaigns/{campaign_id}")
    versions.keep(transaction, cause, campaign_id, version, plan, authors=[cause.actor.name])
    campaign = get(transaction, campaign_id)
    trail.done(transaction, cause, "campaigns.create", campaign.name, after=_facts(campaign), version=campaign.revision)
    return campaign


def get(snapshot: Snapshot, campaign_id: str) -> Campaign:
    """One campaign. Raises CampaignNotFound."""
    row = campaigns.get(snapshot, campaign_id)
    if row is None:
        raise CampaignNotFound.of(f"campaigns/{campaign_id}")
    return stored.campaign(row)


def page(snapshot: Snapshot, *, limit: int, after: tuple[datetime, str] | None = None) -> list[Campaign]:
    """Newest first; `after` is (create_time, campaign_id) of the last one seen."""
    return [stored.campaign(row) for row in campaigns.page(snapshot, limit=limit, after=after)]


def update(
    transaction: Transaction, cause: Cause, campaign_id: str, change: Callable[[CampaignPlan], CampaignPlan], *,
    etag: str | None = None,
) -> Campaign:  # fmt: skip
    """Change the plan before the launch: the next version, a draft again. A change that changes nothing does nothing.

    Raises CampaignNotFound, CampaignChanged, CampaignNotEditable, InvalidCampaign.
    """
    before = locked(transaction, campaign_id, etag)
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
    campaigns.change(transaction, campaign_id, changes, cause.now)
    after = get(transaction, campaign_id)
    trail.done(
        transaction, cause, "campaigns.update", after.name, before=_facts(before), after=_facts(after),
        version=after.revision,
    )  # fmt: skip
    return after


def check_editable(campaign: Campaign) -> None:
    """Raises CampaignNotEditable."""
    if (campaign.state, Move.EDIT) not in MOVES:
        raise _not_editable(campaign, "what is launched stays as it was approved")


def delete(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> None:
    """Delete a draft; its versions stay. Raises CampaignNotFound, CampaignChanged, CampaignNotEditable."""
    before = locked(transaction, campaign_id, etag)
    if before.state is not State.DRAFT:
        raise _not_editable(before, "only a draft can be deleted")
    if stops.get(transaction, campaign_id) is not None:
        # Whoever made another one of this name would find it stopped, and nobody could let this one go on.
        raise _not_editable(before, "the kill switch holds it, so let it go on before you delete it")
    codes = own_codes.remove(transaction, campaign_id)
    campaigns.remove(transaction, campaign_id)
    after = {"codes_removed": codes} if codes else None
    trail.done(transaction, cause, "campaigns.delete", before.name, before=_facts(before), after=after)


def launch(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Operation:
    """Freeze the audience, issue one coupon to each of its customers who is not held out, then be active.

    A launch whose operation failed is taken up where it stopped. Raises CampaignNotFound, CampaignChanged,
    CampaignNotMovable, SegmentRulesChanged, InvalidCampaign, CustomersNotScored.
    """
    campaign = locked(transaction, campaign_id, etag)
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
    campaigns.change(transaction, campaign_id, {"state": state, "due_time": None}, cause.now)
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
    check_rule(snapshot, plan)
    _check_built(snapshot, plan)
    _check_priced(snapshot, plan)


def pause(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Campaign:
    """Let no coupon be redeemed, and none be issued or handed over by work that is under way, for the time being.

    Raises CampaignNotFound, CampaignChanged, CampaignNotMovable.
    """
    return move(transaction, cause, locked(transaction, campaign_id, etag), Move.PAUSE)


def resume(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Campaign:
    """Let coupons be redeemed again; a launch or hand-over that was under way goes on where it stopped.

    Raises CampaignNotFound, CampaignChanged, CampaignNotMovable.
    """
    campaign = locked(transaction, campaign_id, etag)
    resumed = move(transaction, cause, campaign, resumption(campaign))
    for kind in operations.HELD_WITH_A_CAMPAIGN:
        under_way = operations.running(transaction, kind, campaign_id=campaign_id)
        if under_way is not None:
            jobs.go_on(transaction, under_way, cause.now)
    return resumed


def end(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Campaign:
    """Over for good; a launch that is under way stops. Raises CampaignNotFound, CampaignChanged, CampaignNotMovable."""
    # The operation before the campaign, as the worker locks them: the other way round the two could deadlock.
    under_way = operations.running(transaction, operations.LAUNCH_CAMPAIGN, campaign_id=campaign_id)
    if under_way is not None:
        jobs.cancel(transaction, cause, under_way.operation_id)
    return move(transaction, cause, locked(transaction, campaign_id, etag), Move.END)


def move(
    transaction: Transaction, cause: Cause, campaign: Campaign, verb: Move, *, due_time: datetime | None = None,
    **facts: Any,  # noqa: ANN401 - JSON for the audit log
) -> Campaign:  # fmt: skip
    """Make a move of the table on a locked campaign; the facts go into its audit line. Raises CampaignNotMovable.

    What is due by the clock is so until the next move.
    """
    state = moved(campaign, verb)
    changes: dict[str, Any] = {"state": state, "due_time": due_time}
    left = own_codes.remove(transaction, campaign.campaign_id) if state is State.ENDED else 0
    if left:
        facts["codes_removed"] = left
    if due_time is not None:
        facts["due_time"] = due_time.isoformat()
    if verb is Move.ACTIVATE:
        changes["activate_time"] = cause.now
    if verb is Move.END:
        changes["ran_to_its_end"] = _ran_to_its_end(transaction, campaign, cause.now)
    campaigns.change(transaction, campaign.campaign_id, changes, cause.now)
    after = replace(campaign, **changes, revision=campaign.revision + 1, update_time=cause.now)
    trail.done(
        transaction, cause, f"campaigns.{verb.lower()}", campaign.name, before={"state": campaign.state},
        after={"state": state, **facts}, version=after.revision,
    )  # fmt: skip
    return after


def locked(transaction: Transaction, campaign_id: str, etag: str | None = None) -> Campaign:
    """A campaign that nobody else moves until the transaction ends. Raises CampaignNotFound, CampaignChanged."""
    row = campaigns.locked(transaction, campaign_id)
    if row is None:
        raise CampaignNotFound.of(f"campaigns/{campaign_id}")
    campaign = stored.campaign(row)
    CampaignChanged.check(campaign.name, etag, campaign.etag)
    return campaign


def check_rule(snapshot: Snapshot, plan: CampaignPlan) -> None:
    """Raises InvalidCampaign, whose field is the place in the rule."""
    problems = [] if plan.rule is None else segments.problems_of(snapshot, plan.rule)
    if problems:
        raise InvalidCampaign("; ".join(map(str, problems)), field=f"rule.{problems[0].path}".rstrip("."))


def _check_built(snapshot: Snapshot, plan: CampaignPlan) -> None:
    """Raises InvalidCampaign for a segment whose members are not those of its rule."""
    names = [] if plan.rule is None else segments.overtaken(snapshot, plan.rule)
    if names:
        raise InvalidCampaign(
            "; ".join(f"segments/{each} has the members of an earlier rule: build it first" for each in names),
            field="rule",
        )


def _check_priced(snapshot: Snapshot, plan: CampaignPlan) -> None:
    """Raises InvalidCampaign for a budget whose coupons nobody can say the cost of."""
    if plan.budget is None:
        return
    discounts = [offer.discount for arm in plan.design.arms for offer in plan.offers_in(arm.name)]
    notes = unpriced(discounts, items.prices(snapshot, gifts(discounts), currency=plan.currency))
    notes += unforetold(discounts, currency=plan.currency, scored=prospects.scored_currency(snapshot))
    if notes:
        said = "; ".join(note.sentence() for note in notes)
        raise InvalidCampaign(f"a budget needs to know what coupons cost: {said}", field="budget")


def _ran_to_its_end(snapshot: Snapshot, campaign: Campaign, now: datetime) -> bool:
    """Whether everything could be redeemed until the time was over."""
    over = campaign.state is State.ACTIVE and now >= campaign.plan.end_time
    return over and stops.standing(snapshot, campaign.campaign_id) is None


def _not_editable(campaign: Campaign, why: str) -> CampaignNotEditable:
    message = f"{campaign.name} is {campaign.state}: {why}"
    return CampaignNotEditable(message, campaign=campaign.name, state=campaign.state)


def _facts(campaign: Campaign) -> dict[str, Any]:
    """What the audit log keeps of a campaign, in JSON."""
    return {**stored.plan_document(campaign.plan), "version": campaign.version, "state": campaign.state}
