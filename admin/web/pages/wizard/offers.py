"""Offers: what each tier gets and how it reaches them, as a matrix."""

from dataclasses import replace

from starlette.responses import Response

from admin.typed.arms import typed_arm
from admin.web.forms import arms, offers
from admin.web.forms.typed import Errors, Fields
from admin.web.pages.wizard import step
from admin.web.visit import Visit
from campaigns.errors import Refusal
from campaigns.terms.campaign import CampaignPlan, ChannelChoice
from campaigns.tiers.tiers import Tier


def show(visit: Visit) -> Response:
    """The offers as they are."""
    return _page(visit, None, {}, None)


def act(visit: Visit) -> Response:
    """Save them."""
    fields = visit.fields
    with visit.reading() as snapshot:
        plan = step.draft(snapshot, visit).plan
    found = offers.read(fields, plan.currency)
    variants = arms.read(fields, found.offers)
    if found.faults or variants.faults:
        return _page(visit, fields, {**found.faults, **variants.faults}, None)
    by_behaviour = visit.field("channel_choice") == ChannelChoice.BEHAVIOUR
    choice = ChannelChoice.BEHAVIOUR if by_behaviour else ChannelChoice.ORDER

    def change(before: CampaignPlan) -> CampaignPlan:
        changed = replace(before, offers=found.offers, channel_choice=choice)
        return replace(changed, arms=variants.arms) if arms.showable(before) else changed

    refusal = step.save(visit, change)
    if refusal is None:
        return step.go_on(visit, "offers")
    return _page(visit, fields, step.named(refusal, lambda path: arms.field_of(offers.field_of(path))), refusal)


def _page(visit: Visit, fields: Fields | None, errors: Errors, refusal: Refusal | None) -> Response:
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
    plan = campaign.plan
    choice = visit.field("channel_choice") or plan.channel_choice
    fields = offers.shown(plan.offers, plan.currency) | arms.shown(plan.arms) if fields is None else fields
    kept = [] if arms.showable(plan) else [typed_arm(arm, plan.currency) for arm in plan.arms]
    return step.shown(
        visit, "wizard_offers.html", campaign, "offers", refusal=refusal, errors=errors, tiers=list(Tier),
        fields=fields, kinds=list(offers.Kind), rows=arms.rows_of(fields),
        variants=bool(plan.arms) or any(name.startswith("arm.") for name in errors),
        channels=offers.CHANNELS, channel_choice=choice, arms=kept,
    )  # fmt: skip
