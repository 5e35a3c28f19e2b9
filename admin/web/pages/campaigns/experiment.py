"""What a campaign has changed: the decision, the effect over time, and each metric of each arm with its interval."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal, format_percent
from starlette.responses import Response

from admin.web.charts import BarChart, LineChart, Series, bar_chart, line_chart
from admin.web.language import locale_of
from admin.web.look import written_money
from admin.web.pages.campaigns.hours import days
from admin.web.pages.campaigns.sheet import tab
from admin.web.visit import Visit
from campaigns.experiments.refusals import NothingToCompare
from campaigns.experiments.results import Metric
from campaigns.life import campaigns
from campaigns.life.refusals import CampaignNotLaunched
from campaigns.watching import course
from campaigns.watching.course import Course, Mark
from campaigns.watching.readings import ALL_ARMS
from database.forecast import uplifts
from rules.sentence import Language

POINTS = {Language.ENGLISH: " pp", Language.CHINESE: "个百分点"}
Words = Callable[[float], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the figures of a metric are written."""

    change: Words
    """With a sign."""
    mean: Words
    total: Words


def experiment(visit: Visit) -> Response:
    """Nothing to compare is no error: the page says why."""
    with visit.reading() as snapshot:
        campaign = campaigns.get(snapshot, visit.campaign_id)
        taught = uplifts.of_campaign(snapshot, campaign.campaign_id)
        try:
            found = course.course(snapshot, campaign.campaign_id, visit.now, at_once=visit.field("count") == "now")
        except (CampaignNotLaunched, NothingToCompare) as refusal:
            return tab(visit, "experiment", campaign, found=None, refusal=refusal)
    return tab(visit, "experiment", campaign, found=found, taught=taught, **_shown(visit, found))


def _shown(visit: Visit, found: Course) -> dict[str, Any]:
    currency = found.campaign.plan.currency
    manners = {metric: manner(metric, currency, visit.language) for metric in Metric}
    metrics = list(found.last())
    asked = visit.field("metric")
    metric = Metric(asked) if asked in metrics else found.primary
    shown = found.arms if len(found.arms) > 1 else [ALL_ARMS]
    lines = {arm: found.line(arm, metric) for arm in shown}
    return {
        "metric": metric, "metrics": metrics, "manners": manners, "overall": found.last(),
        "arms": [(arm, found.last(arm)) for arm in found.arms],
        "over_time": _over_time(visit, lines, manners[metric], found.campaign.plan.zone),
        "by_arm": _by_arm(lines, manners[metric]),
    }  # fmt: skip


def manner(metric: Metric, currency: str, language: Language) -> Manner:
    """Conversion in percent, everything else in money."""
    locale = locale_of(language)
    if metric is Metric.CONVERSION:
        return Manner(
            change=lambda value: format_decimal(100 * value, "+0.00;-0.00", locale=locale) + POINTS[language],
            mean=lambda value: format_percent(value, "0.00%", locale=locale),
            total=lambda value: format_decimal(value, "+#,##0;-#,##0", locale=locale),
        )

    def money(value: float) -> str:
        return written_money(round(value), currency, locale)

    def signed(value: float) -> str:
        return ("+" if round(value) > 0 else "") + money(value)

    return Manner(change=signed, mean=money, total=signed)


def _over_time(visit: Visit, lines: dict[str, list[Mark]], words: Manner, zone: str) -> LineChart | None:
    def number(mark: Mark) -> int:
        """Of the day that the mark ends."""
        return (mark.time - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).toordinal()

    series = [
        Series(
            name=arm, x=[number(mark) for mark in marks], y=[mark.difference for mark in marks],
            low=[mark.interval.low for mark in marks], high=[mark.interval.high for mark in marks],
        )
        for arm, marks in lines.items()
    ]  # fmt: skip
    drawn = any(len(each.x) > 1 for each in series)
    return line_chart(series, x_words=days(visit.language), y_words=words.change, from_zero=True) if drawn else None


def _by_arm(lines: dict[str, list[Mark]], words: Manner) -> BarChart | None:
    newest = [(arm, marks[-1]) for arm, marks in lines.items() if marks]
    if len(newest) < 2:  # noqa: PLR2004  # one arm is in the figures already
        return None
    return bar_chart(
        [(arm, mark.difference) for arm, mark in newest], words=words.change,
        intervals=[(mark.interval.low, mark.interval.high) for _, mark in newest],
    )  # fmt: skip
