"""A campaign's money: reserved, committed and spent, what it may still cost, and spend against plan."""

from collections.abc import Sequence
from datetime import date, datetime

from babel.core import Locale
from babel.numbers import format_decimal
from starlette.responses import Response

from admin.web.charts import LineChart, Series, line_chart
from admin.web.language import locale_of, translations
from admin.web.look import written_money
from admin.web.pages.campaigns.hours import DAY_HOURS, days, marks, place, words
from admin.web.pages.campaigns.sheet import tab
from admin.web.visit import Visit
from campaigns.coupons import spending
from campaigns.life import campaigns
from campaigns.terms.campaign import Campaign
from database.models import scores


def money(visit: Visit) -> Response:
    """How the budget stands."""
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
        found = spending.spending(snapshot, campaign, visit.now)
        scored = scores.scored_currency(snapshot)
    chart = _against_plan(visit, campaign, found.course)
    return tab(visit, "budget", campaign, found=found, chart=chart, scored=scored)


def by_hour(visit: Visit, campaign: Campaign, hours: Sequence[tuple[datetime, int]]) -> LineChart | None:
    """Redemptions of each hour of a week, in the campaign's zone."""
    if not any(count for _, count in hours):
        return None
    locale, zone = locale_of(visit.language), campaign.plan.zone
    # A step an hour: each count stands at the beginning of its hour and at the end.
    ends = [(place(hour, zone) + edge / DAY_HOURS, float(count)) for hour, count in hours for edge in (0, 1)]
    name = translations(visit.language).gettext("Redeemed")
    series = Series(name=name, x=[x for x, _ in ends], y=[y for _, y in ends])
    return line_chart(
        [series], x_words=words(visit.language), y_words=lambda value: _whole(value, locale), from_zero=True,
        marks=marks,
    )  # fmt: skip


def _whole(value: float, locale: Locale) -> str:
    return str(format_decimal(round(value), locale=locale)) if value == int(value) else ""


def _against_plan(visit: Visit, campaign: Campaign, course: Sequence[tuple[date, int]]) -> LineChart | None:
    """What is spent beside the budget as if it were spent evenly."""
    plan, locale, said = campaign.plan, locale_of(visit.language), translations(visit.language).gettext
    if campaign.launch_time is None or not course:
        return None
    start, end = place(campaign.launch_time, plan.zone), place(plan.end_time, plan.zone)
    now = place(min(visit.now, plan.end_time), plan.zone)
    # A day that is not over has come as far as now.
    points = [(start, 0), *((max(start, min(day.toordinal() + 1, now)), minor) for day, minor in course)]
    if points[-1][0] < now:
        points.append((now, points[-1][1]))
    lines = [Series(name=said("Spent"), x=[x for x, _ in points], y=[float(y) for _, y in points])]
    if plan.budget is not None:
        lines.append(Series(name=said("The plan"), x=[start, end], y=[0.0, plan.budget.limit_minor]))

    return line_chart(
        lines, x_words=days(visit.language),
        y_words=lambda value: written_money(round(value), plan.currency, locale), from_zero=True,
    )  # fmt: skip
