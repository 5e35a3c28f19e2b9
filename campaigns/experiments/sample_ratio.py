"""Are the groups as large as they were planned: if not, something chose who is in them, and no result can be trusted.

Pearson's chi-square test with a strict level, since it is looked at every day and a false alarm stops a campaign
(Fabijan et al. 2019, "Diagnosing sample ratio mismatch in online controlled experiments").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from rules.sentence import Language

STRICT_ALPHA = 0.0005
SMALLEST_EXPECTED = 5
"""Customers expected in a group below which the chi-square distribution does not hold."""
ERASED = "ERASED"
"""Beside the reasons to be kept out of an audience: who was in a group until then."""


class _Words(NamedTuple):
    """Of one language."""

    customers: str
    excluded: str
    erased: str
    few: str
    fair: str
    lopsided: str


WORDS: Mapping[Language, _Words] = {
    Language.ENGLISH: _Words(
        customers="customers",
        excluded="customers excluded because of {reason}",
        erased="customers who were erased",
        few="Too few {who} to check whether the groups have the planned sizes.",
        fair="The groups have as many {who} as planned.",
        lopsided="Do not trust these results: {group} has {count:,} {who} where {planned:,.0f} were planned, "
        "which chance does once in {rarity:,.0f} campaigns. Look for a filter, a send or a count that treats "
        "{group} differently from the other groups.",
    ),
    Language.CHINESE: _Words(
        customers="客户",
        excluded="因 {reason} 被排除的客户",
        erased="被删除的客户",
        few="{who}太少，无法检验各组人数是否符合计划。",
        fair="各组的{who}人数符合计划。",
        lopsided="请勿相信这些结果：{group} 组有 {count:,} 位{who}，计划为 {planned:,.0f} 位，"
        "这种偏差纯属偶然的机会约为 {rarity:,.0f} 次活动中一次。"
        "请检查是否有筛选、发送或计数对 {group} 组与其他组不同。",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRatio:
    """What was counted beside what was planned."""

    observed: Mapping[str, int]
    expected: Mapping[str, float]
    p_value: float
    """1 when there are too few customers to tell."""
    mismatch: bool
    excluded: str = ""
    """Why these customers were left out, where they were; else those who took part are counted."""

    def sentence(self, language: Language = Language.ENGLISH) -> str:
        """For a marketer."""
        words = WORDS[language]
        who = self._who(words)
        if not _enough(self.expected):
            return words.few.format(who=who)
        if not self.mismatch:
            return words.fair.format(who=who)
        off = {group: abs(self.observed[group] - mean) / np.sqrt(mean) for group, mean in self.expected.items()}
        worst = max(off, key=lambda group: float(off[group]))
        return words.lopsided.format(
            group=worst, who=who, count=self.observed[worst], planned=self.expected[worst],
            rarity=1 / max(self.p_value, 1e-12),
        )  # fmt: skip

    def _who(self, words: _Words) -> str:
        said = {"": words.customers, ERASED: words.erased}
        return said.get(self.excluded, words.excluded.format(reason=self.excluded))


def check_ratio(
    observed: Mapping[str, int], shares: Mapping[str, float], *, excluded: str = "", alpha: float = STRICT_ALPHA
) -> SampleRatio:
    """Compare group sizes with the planned shares; groups that were planned with no customers are left out."""
    planned = {group: share for group, share in shares.items() if share > 0}
    counts = {group: observed.get(group, 0) for group in planned}
    total = sum(counts.values())
    expected = {group: total * share / sum(planned.values()) for group, share in planned.items()}
    enough = _enough(expected)
    statistic = sum((counts[group] - mean) ** 2 / mean for group, mean in expected.items()) if enough else 0.0
    p_value = float(chdtrc(len(planned) - 1, statistic)) if enough else 1.0
    return SampleRatio(
        observed=counts,
        expected=expected,
        p_value=p_value,
        mismatch=p_value < alpha,
        excluded=excluded,
    )


def check_exclusions(excluded: Mapping[str, Mapping[str, int]], shares: Mapping[str, float]) -> tuple[SampleRatio, ...]:
    """Whether each reason took its customers out of all groups alike; in the order of the reasons."""
    level = STRICT_ALPHA / max(len(excluded), 1)
    return tuple(check_ratio(tally, shares, excluded=reason, alpha=level) for reason, tally in excluded.items())


def _enough(expected: Mapping[str, float]) -> bool:
    return len(expected) > 1 and min(expected.values()) >= SMALLEST_EXPECTED
