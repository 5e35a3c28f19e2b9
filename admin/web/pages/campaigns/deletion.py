"""Deleting a draft, after a page that says what is lost."""

from starlette.responses import Response

from admin.web.done import Deed
from admin.web.visit import Visit
from campaigns.life import campaigns, drafts


def confirm(visit: Visit) -> Response:
    """What would be gone. Only a draft can be: for others the page says so."""
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
    return visit.page("campaign_delete.html", campaign=campaign)


def delete(visit: Visit) -> Response:
    """Delete the draft as the visitor saw it."""
    name = visit.campaign_id
    change = visit.changing("campaigns.delete", f"campaigns/{name}", reason=visit.field("reason"))
    with change as (transaction, cause):
        drafts.delete(transaction, cause, name, etag=visit.field("etag"))
    return visit.go("/campaigns", Deed.DELETED)
