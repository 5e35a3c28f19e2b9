"""One campaign: what it is, and how its plan came to be."""

from starlette.responses import Response

from admin.web.pages.campaigns.money import by_hour
from admin.web.pages.campaigns.sheet import tab
from admin.web.received import VERSION_DIGITS, number_of
from admin.web.visit import Visit
from campaigns import trail
from campaigns.coupons import spending
from campaigns.life import campaigns, notes, versions
from campaigns.life.differences import AS_ONE, differences
from campaigns.terms.campaign import Move, State
from campaigns.watching import overview as watched
from database.audit.log import Wanted
from rules.sentence import Speaker

TOLD = {State.SUBMITTED: Move.SUBMIT, State.PAUSED: Move.PAUSE, State.ENDED: Move.END}
"""States of which the page says who brought them about, and why."""
VERSIONS = 20
LINES = 30


def overview(visit: Visit) -> Response:
    """One campaign as it stands: figures beside the plan, and when its coupons were used.

    While it is launched the page asks for this part of itself; all of it is another one once that is over.
    """
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
        if visit.fragment and campaign.state is not State.LAUNCHING:
            return visit.go(visit.request.url.path)
        standing = watched.standing(snapshot, campaign)
        hours = spending.by_hour(snapshot, campaign, visit.now) if campaign.redeemed_count else []
        note = notes.last(snapshot, campaign, TOLD[campaign.state]) if campaign.state in TOLD else None
    return tab(visit, "overview", campaign, standing=standing, hours=by_hour(visit, campaign, hours), note=note)


def offers(visit: Visit) -> Response:
    """Who gets what, by tier and arm, and whom it is for."""
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
    plan = campaign.plan
    speaker = Speaker(language=visit.language, currency=visit.house.currency)
    sentence = None if plan.rule is None else speaker.sentence(plan.rule)
    arms = [(arm.name, plan.offers_in(arm.name)) for arm in plan.design.arms]
    return tab(visit, "offers", campaign, sentence=sentence, arms=arms)


def activity(visit: Visit) -> Response:
    """What was done to it, newest first, with what changed."""
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
        before = number_of(visit.field("before"))
        found = trail.page(snapshot, Wanted(object_name=campaign.name), limit=LINES + 1, before=before)
    lines = [
        (entry, differences(dict(entry.before or {}), dict(entry.after or {}), as_one=AS_ONE))
        for entry in found[:LINES]
    ]
    older = lines[-1][0].audit_id if len(found) > LINES else None
    return tab(visit, "activity", campaign, lines=lines, older=older, usual_currency=campaign.plan.currency)


def plan_versions(visit: Visit) -> Response:
    """Every version of the plan, newest first, and what was decided about it."""
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
        before = number_of(visit.field("before"), digits=VERSION_DIGITS)
        found = versions.page(snapshot, campaign.campaign_id, limit=VERSIONS + 1, before=before)
    older = found[VERSIONS - 1].version if len(found) > VERSIONS else None
    return tab(visit, "versions", campaign, versions=found[:VERSIONS], older=older)


def difference(visit: Visit) -> Response:
    """What a version changed."""
    version = visit.request.path_params["version"]
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
        this = versions.get(snapshot, campaign.campaign_id, version)
        found = (
            versions.compare(snapshot, campaign.campaign_id, version - 1, version, as_one=AS_ONE) if version > 1 else ()
        )
    return visit.page("campaign_version.html", campaign=campaign, version=this, differences=found)
