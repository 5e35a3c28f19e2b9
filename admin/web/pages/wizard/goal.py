"""Goal: what the campaign is called, and the template that its offers start from again."""

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from admin.web.pages.wizard import step
from admin.web.pages.wizard.begin import NOTHING
from admin.web.visit import Visit
from campaigns.errors import Refusal
from campaigns.terms.campaign import CampaignPlan
from campaigns.terms.templates import Template, offers_of, rule_of


def show(visit: Visit) -> Response:
    """The name as it is."""
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
    return step.shown(visit, "wizard_goal.html", campaign, "goal", **_values(campaign.plan.display_name))


def act(visit: Visit) -> Response:
    """Save the name; a template takes the place of offers and rule."""
    name, chosen = visit.field("display_name"), visit.field("template")

    def change(plan: CampaignPlan) -> CampaignPlan:
        named = replace(plan, display_name=name)
        if chosen not in set(Template):
            return named
        template = Template(chosen)
        return replace(named, offers=offers_of(template), rule=rule_of(template), arms=())

    refusal = step.save(visit, change)
    return step.go_on(visit, "goal") if refusal is None else _refused(visit, name, refusal)


def _refused(visit: Visit, name: str, refusal: Refusal) -> Response:
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
    errors = step.named(refusal, str)
    return step.shown(visit, "wizard_goal.html", campaign, "goal", refusal=refusal, errors=errors, **_values(name))


def _values(name: str) -> dict[str, Any]:
    return {"display_name": name, "templates": [NOTHING, *Template]}
