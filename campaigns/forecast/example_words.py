"""What is said of a customer for example, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.sentence import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleWords:
    """Phrases with places for names."""

    tier: str
    because: str
    late: str
    """Why somebody has a tier whose threshold is missed."""
    erased: str
    held_out: str
    arm: str


ENGLISH = ExampleWords(
    tier="tier {tier} by scheme {scheme}", because=": ", late=", and tiers fall late", erased="erased in this moment",
    held_out="held out by the draw, to compare with", arm="in the arm {arm} by the draw",
)  # fmt: skip
CHINESE = ExampleWords(
    tier="按方案 {scheme} 属于 {tier} 层级", because="：", late="，层级下降有宽限", erased="此刻已被删除",
    held_out="抽入对照组，用于对比", arm="抽入实验组 {arm}",
)  # fmt: skip
WORDS: Mapping[Language, ExampleWords] = {Language.ENGLISH: ENGLISH, Language.CHINESE: CHINESE}
