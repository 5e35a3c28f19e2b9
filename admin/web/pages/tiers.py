"""Tiers: how many customers have which, the thresholds in force, and who would move by other ones."""

from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.responses import Response
from starlette.routing import Route

from admin.web.charts import BarChart, LineChart, Series, bar_chart, line_chart
from admin.web.house import House
from admin.web.language import locale_of
from admin.web.look import written_day, written_number, written_percent
from admin.web.migration import migration
from admin.web.visit import Visit, page
from campaigns.callers.access import STAFF, Right
from campaigns.tiers import rescored, schemes, tier_preview
from campaigns.tiers.rescored import Rescored
from campaigns.tiers.tiers import Tier
from database import tier_previews

SHOWN = 20
EXAMPLES = 5
LOOKED_BACK = 60
"""Rescorings: two months of nights."""


def routes(house: House) -> Sequence[Route]:
    """Versions, and a preview of each."""
    staff = Right(STAFF)
    return (
        Route("/tiers", page(house, listing, staff), name="tiers"),
        Route("/tiers/{version:int}", page(house, scheme_page, staff), name="tier_scheme"),
        Route("/tiers/{version:int}", page(house, activate, staff), methods=["POST"], name="tier_activate"),
        Route("/tiers/{version:int}/preview", page(house, preview, staff), name="tier_preview"),
    )


def listing(visit: Visit) -> Response:
    """How the last rescoring left the tiers, how they were before, and versions of the thresholds, newest first."""
    with visit.reading() as snapshot:
        found = schemes.page(snapshot, limit=SHOWN)
        past = rescored.latest(snapshot, limit=LOOKED_BACK)
        latest = tier_previews.latest(snapshot)
    last = past[-1] if past else None
    return visit.page(
        "tiers.html", schemes=found, last=last, distribution=None if last is None else _distribution(visit, last),
        shares=_shares(visit, past), currency=visit.house.currency if latest is None else latest.currency,
    )  # fmt: skip


def scheme_page(visit: Visit) -> Response:
    """What it says; who would move is worked out after the page stands, since it looks at every customer."""
    with visit.reading() as snapshot:
        scheme = schemes.get(snapshot, visit.request.path_params["version"])
    return visit.page("tier_scheme.html", scheme=scheme)


def preview(visit: Visit) -> Response:
    """Who would move between tiers, before the version is in force."""
    with visit.reading() as snapshot:
        scheme = schemes.get(snapshot, visit.request.path_params["version"])
        seen = tier_preview.preview(snapshot, scheme, now=visit.now, size=EXAMPLES)
    return visit.page("tier_preview.html", **migration(visit, seen), scheme=scheme)


def activate(visit: Visit) -> Response:
    """Put a version in force for the next rescoring."""
    version = visit.request.path_params["version"]
    change = visit.changing("tiers.activate", f"tierSchemes/{version}", reason=visit.field("reason"))
    with change as (transaction, cause):
        schemes.activate(transaction, cause, version, etag=visit.field("etag"))
    return visit.go("/tiers")


def _distribution(visit: Visit, last: Rescored) -> BarChart:
    total = sum(last.tiers.values()) or 1
    bars = [(tier.value, float(count)) for tier, count in last.tiers.items()]
    locale = locale_of(visit.language)
    return bar_chart(
        bars, words=lambda count: f"{written_number(count, locale)} · {written_percent(count / total, locale)}"
    )  # fmt: skip


def _shares(visit: Visit, past: Sequence[Rescored]) -> LineChart | None:
    """None before there are two to compare."""
    if len(past) < 2:  # noqa: PLR2004
        return None
    days = [each.pinned.as_of.timestamp() for each in past]
    totals = [sum(each.tiers.values()) or 1 for each in past]
    series = [
        Series(
            name=tier.value, x=days, y=[each.tiers[tier] / all_of for each, all_of in zip(past, totals, strict=True)]
        )
        for tier in Tier
    ]
    locale = locale_of(visit.language)
    return line_chart(
        series, x_words=lambda time: written_day(datetime.fromtimestamp(time, UTC).date(), locale),
        y_words=lambda share: written_percent(share, locale), from_zero=True,
    )  # fmt: skip
