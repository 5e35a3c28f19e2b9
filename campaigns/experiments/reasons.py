"""Why a running campaign is kept, stopped or waited for, as a value, and the same in a sentence. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from campaigns.experiments.effect import Interval
from campaigns.experiments.results import FEWEST_BUYERS, Metric
from events.currency import NO_CURRENCY, finer_amount
from rules.sentence import Language


class Why(StrEnum):
    """What was found."""

    WORKS = "WORKS"
    HARMS = "HARMS"
    TOO_LITTLE = "TOO_LITTLE"
    """Even at best less than is worthwhile."""
    EARLY = "EARLY"
    NOTHING_SHOWN = "NOTHING_SHOWN"
    TIME_OVER = "TIME_OVER"
    CUT_SHORT = "CUT_SHORT"
    FEW_BUYERS = "FEW_BUYERS"
    CHANGE = "CHANGE"


WORDS: Mapping[Language, Mapping[Why, str]] = {
    Language.ENGLISH: {
        Why.WORKS: "It works.",
        Why.HARMS: "It does harm.",
        Why.TOO_LITTLE: "Even at best it stays below {value} a customer.",
        Why.EARLY: "It looks well, and the plan is to judge at the end.",
        Why.NOTHING_SHOWN: "No effect is shown.",
        Why.TIME_OVER: "The planned time is over.",
        Why.CUT_SHORT: "It did not run until its planned end.",
        Why.FEW_BUYERS: "Too few customers bought to conclude anything: {arm} of the arm and {holdout} of the "
        "holdout, and {fewest} are needed in each.",
        Why.CHANGE: "{metric} changed by {value} a customer, between {low} and {high}.",
    },
    Language.CHINESE: {
        Why.WORKS: "活动有效。",
        Why.HARMS: "活动有害。",
        Why.TOO_LITTLE: "即使按最好的情况，每位客户也低于 {value}。",
        Why.EARLY: "看起来不错，但计划在结束时才下结论。",
        Why.NOTHING_SHOWN: "没有显示出效果。",
        Why.TIME_OVER: "计划的时间已到。",
        Why.CUT_SHORT: "活动没有运行到计划的结束时间。",
        Why.FEW_BUYERS: "购买的客户太少，无法得出结论：实验组 {arm} 位，对照组 {holdout} 位，"
        "每组至少需要 {fewest} 位。",
        Why.CHANGE: "每位客户的{metric}变化 {value}，介于 {low} 与 {high} 之间。",
    },
}
METRICS: Mapping[Language, Mapping[Metric, str]] = {
    Language.ENGLISH: {metric: metric.capitalize() for metric in Metric},
    Language.CHINESE: {
        Metric.CONVERSION: "转化率",
        Metric.REVENUE: "收入",
        Metric.MARGIN: "毛利",
        Metric.COST: "成本",
    },
}
POINTS: Mapping[Language, str] = {Language.ENGLISH: "{:+.2f} percentage points", Language.CHINESE: "{:+.2f} 个百分点"}


NOWHERE = Interval(low=0.0, high=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What was found, with the figures that it names."""

    why: Why
    metric: Metric = Metric.CONVERSION
    value: float = 0.0
    """Per customer; money in minor units."""
    currency: str = NO_CURRENCY
    interval: Interval = NOWHERE
    arm: int = 0
    """Buyers."""
    holdout: int = 0

    def sentence(self, language: Language = Language.ENGLISH) -> str:
        """With its full stop."""
        return WORDS[language][self.why].format(
            metric=METRICS[language][self.metric], value=self._amount(self.value, language),
            low=self._amount(self.interval.low, language), high=self._amount(self.interval.high, language),
            arm=self.arm, holdout=self.holdout, fewest=FEWEST_BUYERS,
        )  # fmt: skip

    def _amount(self, value: float, language: Language) -> str:
        if self.metric is Metric.CONVERSION:
            return POINTS[language].format(100 * value)
        return finer_amount(value, self.currency)
