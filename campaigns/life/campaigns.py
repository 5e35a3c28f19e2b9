"""Campaigns as they are, and the moves that a person makes on them; each leaves a line in the audit log."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from campaigns import trail
from campaigns.actor import Cause
from campaigns.life.refusals import CampaignChanged, CampaignNotFound
from campaigns.terms import stored
from campaigns.terms.campaign import Campaign, Move, State, moved, resumption
from campaigns.terms.refusals import CampaignNotMovable
from campaigns.work import jobs
from database.coupons import own_codes
from database.life import lists, stops, versions
from database.life.lists import EVERY, Sought
from database.session import Snapshot, Transaction
from database.terms import campaigns
from database.work import operations


def get(snapshot: Snapshot, campaign_id: str) -> Campaign:
    """One campaign. Raises CampaignNotFound."""
    row = CampaignNotFound.unless(campaigns.get(snapshot, campaign_id), f"campaigns/{campaign_id}")
    return stored.campaign(row)


def page(
    snapshot: Snapshot, sought: Sought = EVERY, *, limit: int, after: tuple[datetime, str] | None = None
) -> list[Campaign]:
    """Newest first; `after` is (create_time, campaign_id) of the last one seen."""
    return [stored.campaign(row) for row in lists.page(snapshot, sought, limit=limit, after=after)]


def locked(transaction: Transaction, campaign_id: str, etag: str | None = None) -> Campaign:
    """A campaign that nobody else moves until the transaction ends. Raises CampaignNotFound, CampaignChanged."""
    row = CampaignNotFound.unless(campaigns.locked(transaction, campaign_id), f"campaigns/{campaign_id}")
    campaign = stored.campaign(row)
    CampaignChanged.check(campaign.name, etag, campaign.etag)
    return campaign


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
    return move(transaction, cause, _locked_to_end(transaction, cause, campaign_id, etag), Move.END)


def end_in_time(transaction: Transaction, cause: Cause, campaign_id: str) -> Campaign:
    """Likewise, by the clock. Raises CampaignNotFound, and CampaignNotMovable where its end was moved meanwhile."""
    campaign = _locked_to_end(transaction, cause, campaign_id)
    if campaign.plan.end_time > cause.now:
        raise CampaignNotMovable(
            f"{campaign.name} ends later", campaign=campaign.name, state=campaign.state, move=Move.END
        )
    return move(transaction, cause, campaign, Move.END)


def _locked_to_end(transaction: Transaction, cause: Cause, campaign_id: str, etag: str | None = None) -> Campaign:
    # The operation before the campaign, as the worker locks them: the other way round the two could deadlock.
    under_way = operations.running(transaction, operations.LAUNCH_CAMPAIGN, campaign_id=campaign_id)
    if under_way is not None:
        jobs.cancel(transaction, cause, under_way.operation_id)
    return locked(transaction, campaign_id, etag)


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
        if _undecided(transaction, campaign):
            facts["undecided_version"] = campaign.proposed_version
        changes["proposed_version"] = None
        changes["finish_time"] = cause.now
        changes["ran_to_its_end"] = _ran_to_its_end(transaction, campaign, cause.now)
    campaigns.change(transaction, campaign.campaign_id, changes, cause.now)
    after = replace(campaign, **changes, revision=campaign.revision + 1, update_time=cause.now)
    trail.done(
        transaction, cause, f"campaigns.{verb.lower()}", campaign.name, before={"state": campaign.state},
        after={"state": state, **facts}, version=after.revision,
    )  # fmt: skip
    return after


def _undecided(snapshot: Snapshot, campaign: Campaign) -> bool:
    """Whether its authors still wait for an answer to what they proposed."""
    if campaign.proposed_version is None:
        return False
    decided = versions.decisions(snapshot, campaign.campaign_id, [campaign.proposed_version])
    return all(each.verdict != "REJECTED" for each in decided)


def _ran_to_its_end(snapshot: Snapshot, campaign: Campaign, now: datetime) -> bool:
    """Whether everything could be redeemed until the time was over."""
    over = campaign.state is State.ACTIVE and now >= campaign.plan.end_time
    return over and stops.standing(snapshot, campaign.campaign_id) is None
