"""Use cases of the clock: campaigns come due at their start, series again and again, and all are over at their end."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from campaigns import trail
from campaigns.actor import Cause
from campaigns.faults import Code, Fault
from campaigns.life import agreed_rules, campaigns, launch, switches, versions
from campaigns.life.refusals import CampaignExists
from campaigns.terms import stored
from campaigns.terms.campaign import Campaign, CampaignId, Move, State, moved
from campaigns.terms.checking import check_id
from campaigns.terms.recurrence import Occurrence
from campaigns.terms.refusals import InvalidCampaign
from campaigns.terms.schedule import CATCH_UP, first_due, following, meant, too_late, upcoming
from database.life import schedules
from database.session import Snapshot, Transaction
from database.terms import campaigns as stored_campaigns

LATE = Fault(code=Code.LAUNCH_TOO_LATE, facts={"hours": CATCH_UP // timedelta(hours=1)})


class Outcome(StrEnum):
    """What came of a due time."""

    LAUNCHED = "LAUNCHED"
    MISSED = "MISSED"


def schedule(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Campaign:
    """Let the clock launch an approved campaign at its start, or a series at each of its occurrences.

    Raises CampaignNotFound, CampaignChanged, CampaignNotMovable, SegmentRulesChanged, InvalidCampaign.
    """
    campaign = campaigns.locked(transaction, campaign_id, etag)
    moved(campaign, Move.SCHEDULE)
    agreed_rules.check(transaction, campaign)
    launch.check_launchable(transaction, campaign.plan, cause.now)
    due_time = first_due(campaign.plan, cause.now)
    if due_time is None:
        raise InvalidCampaign("no occurrence is left before the end", field="recurrence")
    return campaigns.move(transaction, cause, campaign, Move.SCHEDULE, due_time=due_time)


def unschedule(transaction: Transaction, cause: Cause, campaign_id: str, *, etag: str | None = None) -> Campaign:
    """Let the clock pass; the approval stays. Raises CampaignNotFound, CampaignChanged, CampaignNotMovable."""
    return campaigns.move(transaction, cause, campaigns.locked(transaction, campaign_id, etag), Move.UNSCHEDULE)


def preview(snapshot: Snapshot, campaign_id: str, now: datetime, *, limit: int) -> list[tuple[CampaignId, Occurrence]]:
    """The next occurrences of a plan, approved or not, each with the campaign that it is or will be.

    Raises CampaignNotFound.
    """
    campaign = campaigns.get(snapshot, campaign_id)
    return [(occurrence_id(campaign, each), each) for each in islice(upcoming(campaign.plan, now), limit)]


def fire(transaction: Transaction, cause: Cause, campaign_id: str) -> Outcome | None:
    """Launch what has come due. What is too late is missed, on record; what is stopped waits until it is allowed.

    None when nothing is due, or it waits. Raises CampaignNotFound, and what a launch is refused with.
    """
    campaign = campaigns.locked(transaction, campaign_id)
    due_time = _due(transaction, campaign, cause.now)
    if due_time is None:
        return None
    if too_late(due_time, cause.now):
        return _miss(transaction, cause, campaign, due_time, LATE)
    if switches.is_stopped(transaction, campaign_id):
        return None
    if not schedules.claim(transaction, campaign_id, due_time, outcome=Outcome.LAUNCHED, now=cause.now):
        # Scheduled again by a clock that is behind the one that launched it.
        _leave(transaction, cause, campaign, due_time)
        return Outcome.MISSED
    if campaign.plan.recurrence is None:
        launch.launch(transaction, cause, campaign_id)
    else:
        _begin(transaction, cause, campaign, meant(campaign.plan, due_time))
        _leave(transaction, cause, campaign, due_time)
    return Outcome.LAUNCHED


def miss(transaction: Transaction, cause: Cause, campaign_id: str, fault: Fault) -> Outcome | None:
    """Note that what has come due could not be launched; it is not tried again. None when nothing is due.

    Raises CampaignNotFound.
    """
    campaign = campaigns.locked(transaction, campaign_id)
    due_time = _due(transaction, campaign, cause.now)
    return None if due_time is None else _miss(transaction, cause, campaign, due_time, fault)


def _due(transaction: Transaction, campaign: Campaign, now: datetime) -> datetime | None:
    """The due time that has come and was not dealt with; one that comes later by the rules of today is kept instead."""
    if campaign.state is not State.SCHEDULED or campaign.due_time is None or campaign.due_time > now:
        return None
    if campaign.plan.recurrence is None:
        return campaign.due_time
    start = meant(campaign.plan, campaign.due_time).start_time
    if start <= now:
        return start
    stored_campaigns.change(transaction, campaign.campaign_id, {"due_time": start}, now)
    return None


def _miss(transaction: Transaction, cause: Cause, campaign: Campaign, due_time: datetime, fault: Fault) -> Outcome:
    if schedules.claim(transaction, campaign.campaign_id, due_time, outcome=Outcome.MISSED, now=cause.now):
        said = fault.sentence() if fault.known else f"{fault.code}: {fault.sentence()}"
        error = f"{due_time.isoformat()}: {said}"
        trail.failed(transaction, cause, "campaigns.miss", campaign.name, error, fault=fault)
    _leave(transaction, cause, campaign, due_time)
    return Outcome.MISSED


def _leave(transaction: Transaction, cause: Cause, campaign: Campaign, due_time: datetime) -> None:
    """A series goes on to its next due time, or is over; anything else waits, approved, for somebody to decide."""
    if campaign.plan.recurrence is None:
        campaigns.move(transaction, cause, campaign, Move.UNSCHEDULE)
        return
    later = following(campaign.plan, due_time)
    if later is None:
        campaigns.move(transaction, cause, campaign, Move.END)
    else:
        stored_campaigns.change(transaction, campaign.campaign_id, {"due_time": later}, cause.now)


def _begin(transaction: Transaction, cause: Cause, series: Campaign, occurrence: Occurrence) -> None:
    """A campaign of its own from the approved version of the series, and its launch. Raises SegmentRulesChanged."""
    agreed_rules.check(transaction, series)
    campaign_id = occurrence_id(series, occurrence)
    plan = replace(series.plan, start_time=occurrence.start_time, end_time=occurrence.end_time, recurrence=None)
    version = versions.following(transaction, campaign_id)
    origin = {"series": series.campaign_id, "series_version": series.version}
    values = {**stored.plan_values(plan), "version": version, "state": State.APPROVED, **origin}
    if not stored_campaigns.add(transaction, campaign_id, values, cause.now):
        name = f"campaigns/{campaign_id}"
        raise CampaignExists(f"{name} exists: the occurrence of {series.name} needs this name", campaign=name)
    authors = versions.get(transaction, series.campaign_id, series.version).authors
    versions.keep(transaction, cause, campaign_id, version, plan, authors=authors)
    trail.done(
        transaction, cause, "campaigns.occur", f"campaigns/{campaign_id}",
        after={**stored.plan_document(plan), **origin, "state": State.APPROVED},
    )  # fmt: skip
    launch.launch(transaction, cause, campaign_id)


def occurrence_id(campaign: Campaign, occurrence: Occurrence) -> CampaignId:
    """The campaign that it is or will be: a series adds the local day, for which `check_series` leaves room."""
    if campaign.plan.recurrence is None:
        return campaign.campaign_id
    return check_id(f"{campaign.campaign_id}-{occurrence.day:%Y%m%d}")
