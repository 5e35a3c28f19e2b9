"""When: the zone, the window, and whether the campaign happens again."""

from dataclasses import replace
from itertools import islice

from starlette.responses import Response

from admin.web.forms import schedule
from admin.web.forms.typed import Errors, Fields
from admin.web.pages.wizard import step
from admin.web.visit import Visit
from campaigns.errors import Refusal
from campaigns.terms.campaign import CampaignPlan
from campaigns.terms.schedule import times, upcoming
from events.zones import zones

SHOWN = 3
"""Occurrences."""


def show(visit: Visit) -> Response:
    """The schedule as it is."""
    return _page(visit, None, {}, None)


def act(visit: Visit) -> Response:
    """Save it."""
    fields = visit.fields
    with visit.reading() as snapshot:
        before = schedule.of_plan(step.draft(snapshot, visit).plan)
    found = schedule.read(fields, before)
    if found.schedule is None:
        return _page(visit, fields, found.faults, None)
    wanted = found.schedule

    def change(plan: CampaignPlan) -> CampaignPlan:
        return replace(
            plan, start_time=wanted.start_time, end_time=wanted.end_time, zone=wanted.zone,
            recurrence=wanted.recurrence,
        )  # fmt: skip

    refusal = step.save(visit, change)
    if refusal is None:
        return step.go_on(visit, "schedule")
    return _page(visit, fields, step.named(refusal, schedule.field_of), refusal)


def _page(visit: Visit, fields: Fields | None, errors: Errors, refusal: Refusal | None) -> Response:
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
    plan = campaign.plan
    coming = list(islice(upcoming(plan, visit.now), SHOWN)) if plan.recurrence is not None else []
    return step.shown(
        visit, "wizard_schedule.html", campaign, "schedule", refusal=refusal, errors=errors, zones=sorted(zones()),
        fields=schedule.shown(schedule.of_plan(plan)) if fields is None else fields, repeats=list(schedule.Repeat),
        weekdays=schedule.WEEKDAYS, days=schedule.DAYS, coming=coming,
        times=times(plan) if plan.recurrence is not None else 1,
    )  # fmt: skip
