"""Why a gate is as it is, as a value, and the same in a sentence. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from rules.sentence import Language


class Why(StrEnum):
    """What a value is of, or why there is none."""

    NO_NUMBER = "NO_NUMBER"
    RIVALRY = "RIVALRY"
    CALIBRATION = "CALIBRATION"
    TOO_EARLY = "TOO_EARLY"
    """One of both has learned from every window that is over."""
    TOO_FEW = "TOO_FEW"
    """Too few bought in the window, or too few did not."""
    NO_HISTOGRAMS = "NO_HISTOGRAMS"
    DRIFT = "DRIFT"
    DELAY = "DELAY"
    SAID = "SAID"
    """In English, by who judged it before reasons were values."""


WORDS: Mapping[Language, Mapping[Why, str]] = {
    Language.ENGLISH: {
        Why.NO_NUMBER: "of {asked:,} customers those of whom it says no number",
        Why.RIVALRY: "{ours:.4f} against {theirs:.4f} of the active model, 95 % of the difference from {low:+.4f} "
        "to {high:+.4f}",
        Why.CALIBRATION: "calibration error, {ours:.4f} against {theirs:.4f} of the active model, 95 % of the "
        "difference from {low:+.4f} to {high:+.4f}",
        Why.TOO_EARLY: "one of both learned until {until}: no window is new to both before {day}",
        Why.TOO_FEW: "fewer than {fewest} customers bought in the {days} days from {since}, or did not",
        Why.NO_HISTOGRAMS: "its manifest holds no histograms of features",
        Why.DRIFT: "share of the features that moved since it learned; most did {feature} ({index:.2f})",
        Why.DELAY: "times the forward pass of the active model",
        Why.SAID: "{said}",
    },
    Language.CHINESE: {
        Why.NO_NUMBER: "{asked:,} 位客户中模型给不出数值的人数",
        Why.RIVALRY: "{ours:.4f}，在线模型为 {theirs:.4f}，差值的 95% 区间为 {low:+.4f} 至 {high:+.4f}",
        Why.CALIBRATION: "校准误差 {ours:.4f}，在线模型为 {theirs:.4f}，差值的 95% 区间为 {low:+.4f} 至 {high:+.4f}",
        Why.TOO_EARLY: "两个模型之一学习到 {until}：{day} 之前没有对两者都全新的时间窗",
        Why.TOO_FEW: "自 {since} 起的 {days} 天内，购买或未购买的客户少于 {fewest} 位",
        Why.NO_HISTOGRAMS: "模型清单中没有特征直方图",
        Why.DRIFT: "自学习以来分布发生变化的特征占比，变化最大的是 {feature}（{index:.2f}）",
        Why.DELAY: "相对在线模型一次前向计算耗时的倍数",
        Why.SAID: "{said}",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One reason, with what its sentence names."""

    why: Why
    facts: Mapping[str, str | float] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: Mapping[str, Any] | str) -> Self:
        """From an operation."""
        if isinstance(stored, str):
            return cls(why=Why.SAID, facts={"said": stored})
        return cls(why=Why(stored["why"]), facts=stored["facts"])

    def sentence(self, language: Language = Language.ENGLISH) -> str:
        """Without a full stop."""
        return WORDS[language][self.why].format(**self.facts)
