"""Audience: the rule builder, how many the rule means while it is written, and some of them."""

from dataclasses import replace

from starlette.responses import Response

from admin.web import rule_builder
from admin.web.pages.wizard import step
from admin.web.rule_builder import COUNTS, Written
from admin.web.visit import Visit
from campaigns.errors import Refusal
from campaigns.terms.campaign import Campaign
from database.session import Snapshot


def show(visit: Visit) -> Response:
    """The rule as it is."""
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
        written = rule_builder.of_rule(campaign.plan.rule, visit.house.currency)
        return _page(visit, snapshot, campaign, written)


def act(visit: Visit) -> Response:
    """A button: another row, the count, the other way to write the rule, or saving it."""
    verb, _, place = visit.field("do").partition(" ")
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
        currency = visit.house.currency
        written = rule_builder.read(snapshot, visit.fields, currency)
        if verb in COUNTS:
            return rule_builder.meaning(visit, snapshot, written, currency, closely=verb == "narrow")
        if verb not in step.SAVES or written.errors:
            return _page(visit, snapshot, campaign, rule_builder.pressed(written, verb, place, currency))
    refusal = step.save(visit, lambda plan: replace(plan, rule=written.rule))
    if refusal is None:
        return step.go_on(visit, "audience")
    return _refused(visit, written, refusal)


def _page(
    visit: Visit, snapshot: Snapshot, campaign: Campaign, written: Written, refusal: Refusal | None = None
) -> Response:
    values = rule_builder.shown(snapshot, written, visit.house.currency)
    if visit.fragment:
        return rule_builder.part(visit, values, written)
    return step.shown(
        visit, "wizard_audience.html", campaign, "audience", refusal=refusal, errors=written.errors, **values
    )


def _refused(visit: Visit, written: Written, refusal: Refusal) -> Response:
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
        wrong = replace(written, errors=rule_builder.refused(written, refusal))
        return _page(visit, snapshot, campaign, wrong, refusal)
