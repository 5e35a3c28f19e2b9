"""What features say to a marketer: one and many, factors instead of logarithms, in English and Chinese."""

import math

import pytest

from scoring.reasons.chinese import feature_words
from scoring.seen.feature_registry import BY_NAME, FEATURES

ONE_OF_MANY = ("1 orders", "1 lines", "1 units", "1 seconds", "1 stars", "1 returns", "1 visits", "1 days", "1 items")


def test_one_is_never_said_as_many() -> None:
    said = [feature.words(1.0, "GBP") for feature in FEATURES]

    assert not [words for words in said if any(wrong in words for wrong in ONE_OF_MANY)]
    assert BY_NAME["orders_per_month"].words(0.4, "GBP") == "about 0.4 orders a month"
    assert BY_NAME["mean_rating"].words(1.0, "GBP") == "rates 1 star on average"


def test_no_words_speak_of_logarithms() -> None:
    said = [
        words
        for feature in FEATURES
        for words in (feature.words(0.5, "GBP"), feature_words(feature, 0.5, "GBP"))
        if "e^" in words or "对数" in words or "log" in words
    ]

    assert said == []


@pytest.mark.parametrize(
    ("name", "value", "english", "chinese"),
    [
        ("basket_spread", math.log(1.5), "amounts of orders typically differ by a factor of 1.5",
         "订单金额通常相差：1.5 倍"),
        ("basket_trend", math.log(0.5), "last order was 50% of the usual amount", "最近一单与平时金额之比：50%"),
        ("longer_pauses", 0.3, "about 30% of pauses between orders were longer than this one",
         "以往下单间隔长于目前沉默时间的占比：30%"),
        ("gap_spread", 0.4, "time between orders varies by 40% of its mean", "下单间隔的波动幅度（占平均间隔）：40%"),
        ("mean_gap", 0.5, "less than a day between orders on average", "平均下单间隔：不到 1 天"),
        ("spend_trend", -0.7, "spent less in the last 90 days than in the 90 before",
         "近 90 天消费与之前 90 天相比：更少"),
        ("spend_trend", 0.0, "spent about as much in the last 90 days as in the 90 before",
         "近 90 天消费与之前 90 天相比：差不多"),
        ("order_trend", 0.0, "about as many orders in the last 90 days as in the 90 before",
         "近 90 天订单数与之前 90 天相比：差不多"),
        ("expected_orders_90", 2e-18, "rhythm of orders: less than 0.01 orders expected within 90 days",
         "按下单节奏 90 天内的预期订单数：不到 0.01"),
        ("overdue", 0.0055, "silent for less than 0.01 times the usual gap", "沉默时间为平时间隔的倍数：不到 0.01"),
        ("visits_30", 0.0, "looked at products on no days of the last 30", "近 30 天有浏览的天数：0 天"),
        ("seen_early", 0.0, "not a customer from before the shop's records", "在店铺记录开始时即已出现的程度：0%"),
    ],
)  # fmt: skip
def test_features_are_told_in_both_languages(name: str, value: float, english: str, chinese: str) -> None:
    assert BY_NAME[name].words(value, "GBP") == english
    assert feature_words(BY_NAME[name], value, "GBP") == chinese
