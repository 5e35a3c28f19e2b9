"""The first page of the wizard: a name and a template make a draft."""

from dataclasses import replace
from datetime import datetime, timedelta

from starlette.responses import Response

from admin.web.forms.typed import Errors, Fault
from admin.web.visit import UNUSABLE, Visit
from campaigns.errors import AlreadyExists, Invalid
from campaigns.life import campaigns, drafts, naming
from campaigns.terms.campaign import CampaignPlan
from campaigns.terms.templates import Template, offers_of, rule_of
from database.session import Snapshot

USUAL_DAYS = 30
NOTHING = ""
"""The template of who starts from nothing."""
ALIKE = "like"
"""And of who starts from a campaign that there is, which the address names."""


def show(visit: Visit) -> Response:
    """An empty form."""
    return _form(visit, {})


def act(visit: Visit) -> Response:
    """Make the draft and go on to whom it is for."""
    name, chosen = visit.field("display_name"), visit.field("template")
    again = _made_already(visit, name)
    if again is not None:
        return _to_audience(visit, again)
    if not name:
        return _form(visit, {"display_name": Fault.EMPTY})
    template = Template(chosen) if chosen in set(Template) else None
    with visit.reading() as snapshot:
        campaign_id = visit.field("campaign_id") or naming.free_id(snapshot, name, visit.now)
        plan = _like(snapshot, visit, name) if chosen == ALIKE else _plan(snapshot, visit, name)
    if template is not None:
        plan = replace(plan, offers=offers_of(template), rule=rule_of(template))
    try:
        with visit.changing("campaigns.create", f"campaigns/{campaign_id}") as (transaction, cause):
            drafts.create(transaction, cause, campaign_id, plan)
    except (AlreadyExists, Invalid) as refusal:
        again = _made_already(visit, name)
        if again is not None:
            return _to_audience(visit, again)
        return _form(visit, {refusal.metadata.get("field", "campaign_id"): refusal.message})
    return _to_audience(visit, campaign_id)


def _made_already(visit: Visit, name: str) -> str | None:
    """What came of this very form when it was sent before: a button that is pressed twice makes one draft."""
    begun = visit.field("begun")
    try:
        since = datetime.fromisoformat(begun)
    except ValueError:
        return None
    with visit.reading() as snapshot:
        made = naming.made_since(snapshot, name, since, visit.person.actor.name)
    return None if made is None else made.campaign_id


def _to_audience(visit: Visit, campaign_id: str) -> Response:
    return visit.go(f"/campaigns/{campaign_id}/edit/audience")


def _plan(snapshot: Snapshot, visit: Visit, name: str) -> CampaignPlan:
    """From the next full hour on, in the zone of the campaign before; the first is where its author is."""
    last = campaigns.page(snapshot, limit=1)
    start = visit.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return CampaignPlan(
        display_name=name, offers=(), start_time=start, end_time=start + timedelta(days=USUAL_DAYS),
        currency=visit.house.currency, zone=last[0].plan.zone if last else visit.zone,
    )  # fmt: skip


def _like(snapshot: Snapshot, visit: Visit, name: str) -> CampaignPlan:
    """All that another campaign has, as long as that, from the next full hour on. Raises CampaignNotFound."""
    other, new = campaigns.get(snapshot, visit.field(ALIKE)).plan, _plan(snapshot, visit, name)
    lasts = other.end_time - other.start_time
    return replace(other, display_name=name, start_time=new.start_time, end_time=new.start_time + lasts)


def _form(visit: Visit, errors: Errors) -> Response:
    with visit.reading() as snapshot:
        other = campaigns.get(snapshot, visit.field(ALIKE)) if visit.field(ALIKE) else None
    templates = [*([ALIKE] if other else []), *Template, NOTHING]
    typed = {name: visit.field(name) for name in ("display_name", "campaign_id")}
    return visit.page(
        "wizard_begin.html", UNUSABLE if errors else 200, errors=errors, templates=templates, like=other, typed=typed,
        chosen=visit.field("template") if visit.request.method == "POST" else templates[0],
        begun=visit.field("begun") or visit.now.isoformat(),
    )  # fmt: skip
