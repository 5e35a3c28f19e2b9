"""One campaign: what it is, and how its plan came to be."""

from starlette.responses import Response

from admin.offers import typed
from admin.web.pages.campaigns.sheet import campaign_id, tab
from admin.web.visit import Visit
from campaigns.life import launch, versions
from campaigns.terms.campaign import Campaign
from rules.sentence import Speaker

VERSIONS = 20


def overview(visit: Visit) -> Response:
    """One campaign as it stands: figures, and who gets what."""
    with visit.reading() as snapshot:
        campaign = launch.get(snapshot, campaign_id(visit))
    plan = campaign.plan
    sentence = None if plan.rule is None else _speaker(visit, campaign).sentence(plan.rule)
    offers = [(offer, typed(offer, plan.currency)) for offer in plan.offers]
    return tab(visit, "overview", campaign, sentence=sentence, offers=offers)


def plan_versions(visit: Visit) -> Response:
    """Every version of the plan, newest first, and what was decided about it."""
    before = visit.field("before")
    with visit.reading() as snapshot:
        campaign = launch.get(snapshot, campaign_id(visit))
        found = versions.page(
            snapshot, campaign.campaign_id, limit=VERSIONS + 1, before=int(before) if before.isdecimal() else None
        )
    older = found[VERSIONS - 1].version if len(found) > VERSIONS else None
    return tab(visit, "versions", campaign, versions=found[:VERSIONS], older=older)


def difference(visit: Visit) -> Response:
    """What a version changed."""
    version = visit.request.path_params["version"]
    with visit.reading() as snapshot:
        campaign = launch.get(snapshot, campaign_id(visit))
        this = versions.get(snapshot, campaign.campaign_id, version)
        found = versions.compare(snapshot, campaign.campaign_id, version - 1, version) if version > 1 else ()
    return visit.page("campaign_version.html", campaign=campaign, version=this, differences=found)


def _speaker(visit: Visit, campaign: Campaign) -> Speaker:
    return Speaker(language=visit.language, currency=campaign.plan.currency)
