"""Budget and end of a campaign that runs as people type them. Pure."""

from dataclasses import replace

from admin.web.forms import limits, schedule
from admin.web.forms.limits import Read
from admin.web.forms.typed import Fields
from campaigns.terms.campaign import CampaignPlan

BUDGET, END = "new_budget", "new_end"
NAMES = {"budget.limit": BUDGET, "budget": BUDGET, "end_time": END}


def shown(plan: CampaignPlan) -> dict[str, list[str]]:
    """The fields of a form that `read` reads back as the same plan, the end to the minute."""
    return {
        BUDGET: limits.shown(plan)["budget"], END: schedule.shown(schedule.of_plan(plan))["end"],
    }  # fmt: skip


def read(fields: Fields, plan: CampaignPlan, running: CampaignPlan) -> Read:
    """The plan with the budget and the end of the form; what is faulty stays as it was.

    A budget where the plan has none is as sure as the one that is `running`: its coupons were issued by that.
    """
    before = schedule.of_plan(plan)
    ends = schedule.read({**schedule.shown(before), "end": fields.get(END, ())}, before)
    sure = limits.shown(running if plan.budget is None else plan)
    costs = limits.read({**sure, "budget": fields.get(BUDGET, ())}, plan)
    faults = {
        name: found[field] for name, field, found in ((BUDGET, "budget", costs.faults), (END, "end", ends.faults))
        if field in found
    }  # fmt: skip
    if faults or ends.schedule is None:
        return Read(plan=plan, faults=faults)
    return Read(plan=replace(plan, budget=costs.plan.budget, end_time=ends.schedule.end_time), faults={})


def field_of(refused: str) -> str:
    """The field of the form that shows what a refusal names."""
    return NAMES.get(refused, refused)
