"""What the forecast of a tier rests on, and the same in a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from campaigns.experiments.forecast import LIFT, REDEMPTION
from rules.sentence import Language

NAMED = 3
"""Campaigns that a sentence names."""


class Phrases(NamedTuple):
    """Of one language."""

    assumed: str
    learned: str
    one: str
    many: str
    before: str
    comma: str


PHRASES: Mapping[Language, Phrases] = {
    Language.ENGLISH: Phrases(
        assumed="assumed: {redemption:g} redemptions for each buyer that the scores foretell, and {lift:.0%} more "
        "revenue; no past campaign of this tier",
        learned="learned from {counted} of this tier ({named}): {redemptions:.2f} times the redemptions and "
        "{revenue:.2f} times the revenue that is assumed without any",
        one="1 past campaign", many="{} past campaigns", before=" and {} before", comma=", ",
    ),
    Language.CHINESE: Phrases(
        assumed="假定：评分预测的每位购买者核销 {redemption:g} 次，收入增加 {lift:.0%}。该层级尚无以往活动",
        learned="根据该层级的{counted}（{named}）得出：核销为无以往活动时假定值的 {redemptions:.2f} 倍，"
        "收入为 {revenue:.2f} 倍",
        one=" 1 个以往活动", many=" {} 个以往活动", before="及更早的 {} 个", comma="、",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Past campaigns of the tier, latest first, and what they came to; none means what is assumed without any."""

    campaigns: Sequence[str] = ()
    redemptions: float = 1.0
    """Times what is assumed."""
    revenue: float = 1.0

    def sentence(self, language: Language = Language.ENGLISH) -> str:
        """Without a full stop."""
        phrases = PHRASES[language]
        if not self.campaigns:
            return phrases.assumed.format(redemption=REDEMPTION, lift=LIFT)
        number, more = len(self.campaigns), len(self.campaigns) - NAMED
        named = phrases.comma.join(self.campaigns[:NAMED]) + (phrases.before.format(more) if more > 0 else "")
        counted = phrases.one if number == 1 else phrases.many.format(number)
        return phrases.learned.format(counted=counted, named=named, redemptions=self.redemptions, revenue=self.revenue)
