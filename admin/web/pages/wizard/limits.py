"""Budget and proof: what the campaign may cost, whom it leaves alone, and what its results could show."""

from dataclasses import replace

from starlette.responses import Response

from admin.web.forms import limits
from admin.web.forms.typed import Errors, Fields
from admin.web.pages.wizard import step
from admin.web.visit import Visit
from campaigns.audiences import segments
from campaigns.errors import Invalid, Refusal
from campaigns.experiments.results import Metric
from campaigns.forecast.costs import ahead
from campaigns.forecast.power_ahead import power_ahead
from campaigns.life import launch
from campaigns.terms.checking import LARGEST_HOLDOUT_PERCENT, check_plan

COMPARED = (5, 10, 20, 30)
"""Holdouts beside the one that is typed, in percent."""


def show(visit: Visit) -> Response:
    """The limits as they are."""
    return _page(visit, None, {}, None)


def act(visit: Visit) -> Response:
    """The power or the costs of what is typed, or saving it."""
    fields = visit.fields
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
    found = limits.read(fields, campaign.plan)
    if visit.field("do") == "power":
        return _power(visit, fields)
    if visit.field("do") == "costs":
        return _costs(visit, found)
    if found.faults:
        return _page(visit, fields, found.faults, None)
    refusal = step.save(visit, lambda plan: limits.read(fields, plan).plan)
    if refusal is None:
        return step.go_on(visit, "limits")
    return _page(visit, fields, step.named(refusal, limits.field_of), refusal)


def _power(visit: Visit, fields: Fields) -> Response:
    """Of the plan with what is typed, which is not saved."""
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
        plan = limits.read(fields, campaign.plan).plan
        percent = min(max(plan.holdout_percent, 0), LARGEST_HOLDOUT_PERCENT)
        rule_stands = plan.rule is None or not segments.problems_of(snapshot, plan.rule)
        power = None
        if rule_stands:
            typed = replace(campaign, plan=replace(plan, holdout_percent=percent))
            percents = sorted({*COMPARED, percent} - {0})
            power = power_ahead(snapshot, typed, visit.now, percents=percents)
    return visit.page(
        "wizard_power.html", power=power, percent=percent, currency=plan.currency, conversion=Metric.CONVERSION,
        revenue=Metric.REVENUE,
    )  # fmt: skip


def _costs(visit: Visit, found: limits.Read) -> Response:
    """Of the plan with what is typed, which is not saved; nothing where it would be refused."""
    plan = found.plan
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
        try:
            check_plan(plan)
            launch.check_launchable(snapshot, plan, visit.now)
            costs = None if found.faults else ahead(snapshot, replace(campaign, plan=plan), visit.now)
        except Invalid as refusal:
            return visit.page("wizard_costs.html", costs=None, refusal=refusal)
    return visit.page("wizard_costs.html", costs=costs, refusal=None, currency=plan.currency)


def _page(visit: Visit, fields: Fields | None, errors: Errors, refusal: Refusal | None) -> Response:
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
    shown = limits.shown(campaign.plan) if fields is None else fields
    return step.shown(
        visit, "wizard_limits.html", campaign, "limits", refusal=refusal, errors=errors, fields=shown,
        rows=limits.rows_of(shown),
    )  # fmt: skip
