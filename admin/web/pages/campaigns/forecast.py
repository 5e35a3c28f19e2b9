"""What a launch at this moment would do, for whoever writes a plan, agrees to it or launches it."""

from starlette.responses import Response

from admin.web import charts
from admin.web.charts import BarChart
from admin.web.language import locale_of
from admin.web.look import written_money
from admin.web.visit import Visit
from campaigns.errors import Invalid, WrongState
from campaigns.forecast import dry_run
from campaigns.forecast.dry_run import Preview
from campaigns.terms.campaign import Channel
from campaigns.tiers.tiers import Tier

EXAMPLES = 5


def forecast(visit: Visit) -> Response:
    """Part of a page; that somebody asked is on record."""
    name = visit.campaign_id
    try:
        with visit.changing("campaigns.preview", f"campaigns/{name}") as (transaction, cause):
            shown = dry_run.preview(transaction, cause, name, size=EXAMPLES, language=visit.language)
    except (Invalid, WrongState) as refusal:
        return visit.part("campaign_forecast.html", f"/campaigns/{name}", preview=None, refusal=refusal)
    return visit.part(
        "campaign_forecast.html", f"/campaigns/{name}", preview=shown, refusal=None, channels=_channels(shown),
        matrix=_matrix(shown), revenue=_revenue(visit, shown), currency=shown.campaign.plan.currency,
        short=bool(visit.field("short")),
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
