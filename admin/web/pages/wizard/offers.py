"""Offers: what each tier gets and how it reaches them, as a matrix."""

from dataclasses import replace

from starlette.responses import Response

from admin.arms import typed_arm
from admin.web.forms import offers
from admin.web.forms.typed import Fields
from admin.web.pages.wizard import step
from admin.web.visit import Visit
from campaigns.errors import Refusal
from campaigns.terms.campaign import ChannelChoice
from campaigns.tiers.tiers import Tier


def show(visit: Visit) -> Response:
    """The offers as they are."""
    return _page(visit, None, {}, None)


def act(visit: Visit) -> Response:
    """Save them."""
    fields = step.fields_of(visit)
    with visit.reading() as snapshot:
        currency = step.draft(snapshot, visit).plan.currency
    found = offers.read(fields, currency)
    if found.faults:
        return _page(visit, fields, found.faults, None)
    by_behaviour = visit.field("channel_choice") == ChannelChoice.BEHAVIOUR
    choice = ChannelChoice.BEHAVIOUR if by_behaviour else ChannelChoice.ORDER
    refusal = step.save(visit, lambda plan: replace(plan, offers=found.offers, channel_choice=choice))
    if refusal is None:
        return step.go_on(visit, "offers")
    return _page(visit, fields, step.named(refusal, offers.field_of), refusal)


def _page(visit: Visit, fields: Fields | None, errors: step.Errors, refusal: Refusal | None) -> Response:
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
    plan = campaign.plan
    choice = visit.field("channel_choice") or plan.channel_choice
    return step.shown(
        visit, "wizard_offers.html", campaign, "offers", refusal=refusal, errors=errors, tiers=list(Tier),
        fields=offers.shown(plan.offers, plan.currency) if fields is None else fields, kinds=list(offers.Kind),
        channels=offers.CHANNELS, channel_choice=choice, arms=[typed_arm(arm, plan.currency) for arm in plan.arms],
    )  # fmt: skip
