"""Another budget or end of a campaign that runs: asking for it, and taking that back."""

from starlette.responses import Response

from admin.web.done import Deed
from admin.web.forms import amendment
from admin.web.forms.typed import Errors, Fields
from admin.web.received import REASON
from admin.web.visit import CHANGED, UNUSABLE, Visit
from campaigns.errors import Changed, Invalid, Refusal
from campaigns.life import amending, campaigns, drafts
from campaigns.life.refusals import VersionRejected
from campaigns.terms.campaign import Campaign, CampaignPlan
from database.budgets import shards
from database.session import Snapshot


def show(visit: Visit) -> Response:
    """What is proposed, or what runs."""
    return _page(visit, None, {}, None)


def act(visit: Visit) -> Response:
    """Ask for what is typed, or take back what was asked for."""
    return _withdraw(visit) if visit.field("do") == "withdraw" else _propose(visit)


def _withdraw(visit: Visit) -> Response:
    name = visit.campaign_id
    with visit.changing("campaigns.update", f"campaigns/{name}", reason=visit.field(REASON)) as (transaction, cause):
        amending.withdraw(transaction, cause, name, etag=visit.field("etag"))
    return visit.go(f"/campaigns/{name}", Deed.WITHDRAWN)


def _propose(visit: Visit) -> Response:
    name, fields = visit.campaign_id, visit.fields
    with visit.reading() as snapshot:
        campaign, plan = _standing(snapshot, visit)
    found = amendment.read(fields, plan, campaign.plan)
    if found.faults:
        return _page(visit, fields, found.faults, None)
    change = visit.changing("campaigns.update", f"campaigns/{name}", reason=visit.field(REASON))
    try:
        with change as (transaction, cause):
            changed = amending.update(
                transaction, cause, name, lambda plan: amendment.read(fields, plan, campaign.plan).plan,
                visit.house.policy, etag=visit.field("etag"),
            )  # fmt: skip
    except (Invalid, Changed, VersionRejected) as refusal:
        field = refusal.metadata.get("field")
        errors = {} if field is None else {amendment.field_of(field): refusal.message}
        return _page(visit, fields, errors, refusal)
    return visit.go(f"/campaigns/{name}", Deed.SAVED if changed.proposed_version is None else Deed.SUBMITTED)


def _page(visit: Visit, fields: Fields | None, errors: Errors, refusal: Refusal | None) -> Response:
    """After a refusal the form keeps the etag of what the visitor saw."""
    with visit.reading() as snapshot:
        campaign, plan = _standing(snapshot, visit)
        used = shards.usage(snapshot, campaign.campaign_id, visit.now)
    stale = isinstance(refusal, Changed)
    return visit.page(
        "campaign_amend.html", CHANGED if stale else UNUSABLE if refusal or errors else 200, campaign=campaign,
        plan=plan, fields=amendment.shown(plan) if fields is None else fields, errors=errors, refusal=refusal,
        stale=stale, used=used, etag=visit.field("etag") or campaign.etag, needed=visit.house.policy.needed_for(plan),
    )  # fmt: skip


def _standing(snapshot: Snapshot, visit: Visit) -> tuple[Campaign, CampaignPlan]:
    """The campaign and its plan as it is asked to be. Raises CampaignNotFound, CampaignNotEditable."""
    campaign = campaigns.get(snapshot, visit.campaign_id)
    if not amending.runs(campaign):
        drafts.check_editable(campaign)
    return campaign, amending.proposed(snapshot, campaign)
