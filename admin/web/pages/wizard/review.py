"""Review: the plan at a glance, what it is expected to come to, and handing it to somebody who approves it."""

from starlette.responses import Response

from admin.web.done import Deed
from admin.web.pages.wizard import step
from admin.web.visit import Visit
from campaigns.errors import Changed, Invalid, Refusal, WrongState
from campaigns.life import approving, launch
from campaigns.terms.campaign import Campaign
from database.session import Snapshot


def show(visit: Visit) -> Response:
    """The plan."""
    return _page(visit, None)


def act(visit: Visit) -> Response:
    """Submitting the plan."""
    campaign_id = visit.campaign_id
    try:
        with visit.changing("campaigns.submit", f"campaigns/{campaign_id}", reason=visit.field("reason")) as change:
            approving.submit(*change, campaign_id, visit.house.policy, etag=visit.field("etag"))
    except (Invalid, Changed, WrongState) as refusal:
        return _page(visit, refusal)
    return visit.go(f"/campaigns/{campaign_id}", Deed.SUBMITTED)


def _page(visit: Visit, refusal: Refusal | None) -> Response:
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
        missing = _missing(snapshot, visit, campaign)
    return step.shown(visit, "wizard_review.html", campaign, "review", refusal=refusal, missing=missing)


def _missing(snapshot: Snapshot, visit: Visit, campaign: Campaign) -> Refusal | None:
    """What a launch would be refused for."""
    try:
        launch.check_launchable(snapshot, campaign.plan, visit.now)
    except Invalid as refusal:
        return refusal
    return None
