"""What the steps share: the draft, saving it, and going on."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from admin.web.done import Deed
from admin.web.forms.typed import Errors
from admin.web.visit import CHANGED, UNUSABLE, Visit
from campaigns.errors import Changed, Invalid, Refusal
from campaigns.life import campaigns, drafts
from campaigns.terms.campaign import Campaign, CampaignPlan
from database.session import Snapshot

STEPS = ("goal", "audience", "offers", "schedule", "limits", "review")
SAVES = frozenset({"on", "stay", "to"})
"""Buttons that save: and then go on, stay, or go to the step that is named behind the verb."""


def draft(snapshot: Snapshot, visit: Visit) -> Campaign:
    """The campaign, if its plan can still be changed. Raises CampaignNotFound, CampaignNotEditable."""
    campaign = campaigns.get(snapshot, visit.campaign_id)
    drafts.check_editable(campaign)
    return campaign


def save(visit: Visit, change: Callable[[CampaignPlan], CampaignPlan]) -> Refusal | None:
    """Change the plan as the visitor saw it; what stands in the way is for the page to show, with what was typed."""
    campaign_id = visit.campaign_id
    try:
        with visit.changing("campaigns.update", f"campaigns/{campaign_id}") as (transaction, cause):
            drafts.update(transaction, cause, campaign_id, change, etag=visit.field("etag"))
    except (Invalid, Changed) as refusal:
        return refusal
    return None


def go_on(visit: Visit, step: str) -> Response:
    """To the step that was asked for, after saving."""
    verb, _, wanted = visit.field("do").partition(" ")
    following = STEPS[STEPS.index(step) + 1]
    target = {"stay": step, "to": wanted if wanted in STEPS else step}.get(verb, following)
    return visit.go(f"/campaigns/{visit.campaign_id}/edit/{target}", Deed.SAVED)


def named(refusal: Refusal, field_of: Callable[[str], str]) -> Errors:
    """The refusal beside the field of the form that it is about, if it is about one."""
    refused = refusal.metadata.get("field")
    return {} if refused is None else {field_of(refused): refusal.message}


def shown(
    visit: Visit, template: str, campaign: Campaign, step: str, *, refusal: Refusal | None = None,
    errors: Errors | None = None, **values: Any,  # noqa: ANN401 - templates take anything
) -> Response:  # fmt: skip
    """A step with its form. After a refusal the form keeps the etag of what the visitor saw."""
    stale = isinstance(refusal, Changed)
    status = CHANGED if stale else UNUSABLE if refusal or errors else 200
    return visit.page(
        template, status, campaign=campaign, step=step, steps=STEPS, refusal=refusal, stale=stale, errors=errors or {},
        etag=visit.field("etag") or campaign.etag, **values,
    )  # fmt: skip
