"""Review: the plan at a glance, what it is expected to come to, and handing it to somebody who approves it."""

from starlette.responses import Response

from admin.web import charts
from admin.web.charts import BarChart
from admin.web.language import locale_of
from admin.web.look import written_money
from admin.web.pages.wizard import step
from admin.web.visit import Visit
from campaigns.errors import Changed, Invalid, Refusal, WrongState
from campaigns.forecast import dry_run
from campaigns.forecast.dry_run import Preview
from campaigns.life import approving, launch
from campaigns.terms.campaign import Campaign, Channel
from campaigns.tiers.tiers import Tier
from database.session import Snapshot
from rules.sentence import Speaker

EXAMPLES = 5


def show(visit: Visit) -> Response:
    """The plan."""
    return _page(visit, None)


def act(visit: Visit) -> Response:
    """The preview, or submitting the plan."""
    if visit.field("do") == "preview":
        return _preview(visit)
    campaign_id = step.name_of(visit)
    try:
        with visit.changing("campaigns.submit", f"campaigns/{campaign_id}", reason=visit.field("reason")) as change:
            approving.submit(*change, campaign_id, visit.house.policy, etag=visit.field("etag"))
    except (Invalid, Changed, WrongState) as refusal:
        return _page(visit, refusal)
    return visit.go(f"/campaigns/{campaign_id}")


def _page(visit: Visit, refusal: Refusal | None) -> Response:
    with visit.reading() as snapshot:
        campaign = step.draft(snapshot, visit)
        missing = _missing(snapshot, visit, campaign)
    plan = campaign.plan
    speaker = Speaker(language=visit.language, currency=plan.currency)
    return step.shown(
        visit, "wizard_review.html", campaign, "review", refusal=refusal, missing=missing,
        sentence=None if plan.rule is None else speaker.sentence(plan.rule),
    )  # fmt: skip


def _missing(snapshot: Snapshot, visit: Visit, campaign: Campaign) -> Refusal | None:
    """What a launch would be refused for."""
    try:
        launch.check_launchable(snapshot, campaign.plan, visit.now)
    except Invalid as refusal:
        return refusal
    return None


def _preview(visit: Visit) -> Response:
    """What a launch at this moment would do; that somebody asked is on record."""
    campaign_id = step.name_of(visit)
    try:
        with visit.changing("campaigns.preview", f"campaigns/{campaign_id}") as (transaction, cause):
            shown = dry_run.preview(transaction, cause, campaign_id, size=EXAMPLES, language=visit.language)
    except (Invalid, WrongState) as refusal:
        return visit.page("wizard_preview.html", preview=None, refusal=refusal)
    return visit.page(
        "wizard_preview.html", preview=shown, refusal=None, channels=_channels(shown), matrix=_matrix(shown),
        revenue=_revenue(visit, shown), currency=shown.campaign.plan.currency,
    )  # fmt: skip


def _channels(shown: Preview) -> list[Channel]:
    return [channel for channel in Channel if any(each.channel == channel for each in shown.reached)]


def _matrix(shown: Preview) -> list[tuple[Tier, list[int]]]:
    """Customers by tier, and across by channel."""
    counts = {(each.tier, each.channel): each.count for each in shown.reached}
    tiers = [tier for tier in Tier if any(each.tier is tier for each in shown.reached)]
    return [(tier, [counts.get((tier, channel), 0) for channel in _channels(shown)]) for tier in tiers]


def _revenue(visit: Visit, shown: Preview) -> BarChart | None:
    """Additional revenue of each tier and of all, with its interval."""
    tiers = shown.outlook.forecast.tiers
    if not tiers:
        return None
    foretold = [*((each.tier, each.revenue) for each in tiers), ("Σ", shown.outlook.forecast.total.revenue)]
    currency = shown.campaign.plan.currency
    return charts.bar_chart(
        [(tier, revenue.value) for tier, revenue in foretold],
        words=lambda minor: written_money(round(minor), currency, locale_of(visit.language)),
        intervals=[(revenue.low, revenue.high) for _, revenue in foretold],
    )
