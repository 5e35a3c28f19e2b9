"""When a plan comes due. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from campaigns.terms.campaign import CampaignPlan
from campaigns.terms.recurrence import WIDEST, Occurrence, occurrences

CATCH_UP = timedelta(hours=6)
"""What was missed by more than this is not made up for: a campaign should not reach its customers at an hour, or on a
day, that nobody planned."""


def upcoming(plan: CampaignPlan, since: datetime) -> Iterator[Occurrence]:
    """The occurrences of a plan from `since` on; one that does not recur has its own window, as long as it is open."""
    if plan.recurrence is not None:
        begin = max(since, plan.start_time)
        yield from occurrences(plan.recurrence, plan.zone, since=begin, until=plan.end_time)
    elif since < plan.end_time:
        yield Occurrence(day=plan.local_start.date(), start_time=plan.start_time, end_time=plan.end_time)


def first_due(plan: CampaignPlan, now: datetime) -> datetime | None:
    """When a plan that is scheduled now comes due: at its start, at once where that is past; None for never."""
    following = next(upcoming(plan, now), None)
    return None if following is None else max(now, following.start_time)


def meant(plan: CampaignPlan, due_time: datetime) -> Occurrence:
    """The occurrence of a series that a due time stands for.

    The one nearest to it: the rules of the zone may have changed since the due time was reckoned.
    """
    assert plan.recurrence is not None, "the due time of a series"
    near = occurrences(plan.recurrence, plan.zone, since=due_time - WIDEST, until=due_time + WIDEST)
    return min(near, key=lambda each: abs(each.start_time - due_time))


def following(plan: CampaignPlan, due_time: datetime) -> datetime | None:
    """When a series comes due after this due time; None where it is over."""
    later = (each.start_time for each in upcoming(plan, due_time) if each.start_time > due_time)
    return next(later, None)


def times(plan: CampaignPlan) -> int:
    """How often a plan happens between its start and its end."""
    return sum(1 for _ in upcoming(plan, plan.start_time))


def too_late(due_time: datetime, now: datetime) -> bool:
    """Whether a due time is so long past that nobody should make up for it."""
    return now - due_time > CATCH_UP
