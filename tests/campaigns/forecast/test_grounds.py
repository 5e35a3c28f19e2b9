"""What a forecast rests on, in words."""

from campaigns.forecast.grounds import Grounds
from rules.sentence import Language


def test_without_past_campaigns_it_says_what_is_assumed() -> None:
    assert Grounds().sentence() == (
        "assumed: 0.3 redemptions for each buyer that the scores foretell, and 10% more revenue; no past campaign of "
        "this tier"
    )
    assert Grounds().sentence(Language.CHINESE).startswith("假定：评分预测的每位购买者核销 0.3 次，收入增加 10%")


def test_past_campaigns_are_counted_and_the_latest_are_named() -> None:
    learned = Grounds(campaigns=("d", "c", "b", "a"), redemptions=1.5, revenue=0.8)

    assert learned.sentence() == (
        "learned from 4 past campaigns of this tier (d, c, b and 1 before): 1.50 times the redemptions and 0.80 times "
        "the revenue that is assumed without any"
    )
    assert learned.sentence(Language.CHINESE) == (
        "根据该层级的 4 个以往活动（d、c、b及更早的 1 个）得出：核销为无以往活动时假定值的 1.50 倍，收入为 0.80 倍"
    )
