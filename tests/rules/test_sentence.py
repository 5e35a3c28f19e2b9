"""Rules as sentences, with one reading each."""

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from made.rules import rules

from events.currency import DECIMALS
from rules.evaluate import evaluate
from rules.fact import Facts, Kind
from rules.facts import FACTS
from rules.rule import Compare, Every, InSegment, IsKnown, Not, Operator, Rule, Some, Within
from rules.sentence import MINOR_DIGITS, Language, Speaker, sentence

LOYAL = Every(
    (
        Compare("orders_90", Operator.AT_LEAST, 3),
        Not(Compare("consented_channels", Operator.CONTAINS, "email")),
    )
)


def test_amounts_have_the_digits_of_their_currency() -> None:
    """Rules import nothing of ours, so they have a table of their own."""
    rule = Compare("spend", Operator.AT_LEAST, 1_000)

    assert dict(MINOR_DIGITS) == DECIMALS
    assert "1000 RWF" in sentence(rule, currency="RWF")
    assert "1.000 KWD" in sentence(rule, currency="KWD")


def test_a_rule_in_english_and_chinese() -> None:
    assert sentence(LOYAL) == 'bought at least 3 times in the last 90 days and does not consent to "email"'
    assert sentence(LOYAL, Language.CHINESE) == '最近90天下单至少3次，且不同意通过"email"接收'


@pytest.mark.parametrize(
    ("rule", "english", "chinese"),
    [
        (Compare("orders_30", Operator.EQUALS, 1), "bought exactly 1 time in the last 30 days", "最近30天下单正好1次"),
        (
            Compare("churn", Operator.LESS_THAN, 0.07), "has a probability of less than 7% to leave",
            "流失概率不足7%",
        ),
        (
            Compare("days_since_seen", Operator.MORE_THAN, 60), "was last active more than 60 days ago",
            "上次活跃在超过60天前",
        ),
        (Compare("country", Operator.DIFFERS, "DE"), 'lives in country anything but "DE"', '国家为"DE"以外的值'),
        (Compare("has_bought", Operator.EQUALS, value=True), "has bought before", "购买过"),
        (Not(Compare("has_bought", Operator.EQUALS, value=False)), "has bought before", "购买过"),
        (Compare("has_bought", Operator.EQUALS, value=False), "has never bought", "从未购买过"),
        (Not(Within("country", ("DE", "AT"))), 'does not live in country "DE" or "AT"', '国家并非"DE"、"AT"之一'),
        (Within("country", ("DE", "AT", "FR")), 'lives in country "DE", "AT" or "FR"', '国家为"DE"、"AT"、"FR"之一'),
        (Within("country", ("DE",)), 'lives in country "DE"', '国家为"DE"'),
        (
            Compare("customer_since", Operator.LESS_THAN, datetime(2026, 1, 31, tzinfo=UTC)),
            "became a customer before 2026-01-31 00:00:00 UTC", "成为客户的时间早于2026-01-31 00:00:00 UTC",
        ),
        (Compare("rfm_recency", Operator.AT_LEAST, 4), "has an RFM score of recency of at least 4 of 5",
         "RFM最近消费得分为至少4分"),
        (Compare("days_below_tier", Operator.MORE_THAN, 7), "has been worth less than the tier for more than 7 days",
         "价值低于当前层级已超过7天"),
        (
            Compare("expected_uplift", Operator.AT_LEAST, 0.025),
            "is expected to gain at least 2.5 points of chance to buy by an offer",
            "优惠预期提升的购买概率至少2.5个百分点",
        ),
        (
            Not(Compare("expected_uplift", Operator.AT_LEAST, 0.01)),
            "is not expected to gain at least 1 point of chance to buy by an offer",
            "优惠预期提升的购买概率并非至少1个百分点",
        ),
        (Not(IsKnown("zone")), "the time zone is not known", "时区未知"),
        (Not(InSegment("vip")), 'is not in segment "vip"', '不属于人群"vip"'),
        (
            Compare("average_rating", Operator.AT_LEAST, 4.5), "rates at least 4.5 stars on average",
            "平均评分至少4.5星",
        ),
        (Every((Some((Within("tier", ("HIGH", "MID")), IsKnown("zone"))),)),
         'is in tier "HIGH" or "MID" or the time zone is known', '层级为"HIGH"、"MID"之一，或时区已知'),
        (Not(Some((IsKnown("zone"),))), "the time zone is not known", "时区未知"),
        (Not(Some((LOYAL, IsKnown("tier")))),
         'not ((bought at least 3 times in the last 90 days and does not consent to "email") or the tier is known)',
         '并非（（最近90天下单至少3次，且不同意通过"email"接收），或层级已知）'),
    ],
)  # fmt: skip
def test_each_kind_of_condition_has_its_words_in_both_languages(rule: Rule, english: str, chinese: str) -> None:
    assert sentence(rule) == english
    assert sentence(rule, Language.CHINESE) == chinese


@pytest.mark.parametrize(
    ("currency", "words"),
    [
        ("GBP", "spent at least 50.05 GBP so far"),
        ("JPY", "spent at least 5005 JPY so far"),
        ("KWD", "spent at least 5.005 KWD so far"),
        (None, "spent at least 5005 in minor units so far"),
    ],
)
def test_money_is_said_in_its_currency(currency: str | None, words: str) -> None:
    assert sentence(Compare("spend", Operator.AT_LEAST, 5_005), currency=currency) == words


@pytest.mark.parametrize("language", list(Language))
def test_every_fact_has_words_for_and_against(language: Language) -> None:
    for fact in FACTS.values():
        words = fact.chinese if language is Language.CHINESE else fact.english
        assert words.phrase.count("{}") == (0 if fact.kind is Kind.FLAG else 1), fact.name
        assert words.phrase.count("[") == words.phrase.count("]") == 1, fact.name
        assert words.name


@pytest.mark.parametrize("language", list(Language))
@given(left=rules(3), right=rules(3))
def test_rules_that_differ_are_said_differently(language: Language, left: Rule, right: Rule) -> None:
    assume(_plain(left) != _plain(right))

    assert sentence(left, language) != sentence(right, language)


def _plain(rule: Rule) -> Rule:
    """A group of one says what its part says, and whoever is not someone who bought has never bought."""
    match rule:
        case Every((only,)) | Some((only,)):
            return _plain(only)
        case Every(parts):
            return Every(tuple(map(_plain, parts)))
        case Some(parts):
            return Some(tuple(map(_plain, parts)))
        case Not(Compare(fact, Operator.EQUALS, bool(value))):
            return Compare(fact, Operator.EQUALS, not value)
        case Not(inner):
            return Not(_plain(inner))
        case _:
            return rule


def test_a_reason_says_what_is_known() -> None:
    facts: Facts = {"orders_90": 2, "consented_channels": frozenset({"sms", "email"})}
    speaker = Speaker(currency="GBP")
    said = [speaker.reason(reason) for reason in evaluate(LOYAL, facts).because]

    assert said == [
        "did not buy at least 3 times in the last 90 days: it is 2 times",
        'consents to "email": it is {"email", "sms"}',
    ]
    assert [speaker.reason(reason) for reason in evaluate(IsKnown("tier"), facts).because] == ["the tier is not known"]
    chinese = Speaker(language=Language.CHINESE)
    unknown = evaluate(Compare("tier", Operator.EQUALS, "HIGH"), facts).because
    assert [chinese.reason(reason) for reason in unknown] == ['层级并非"HIGH"：未知']


@pytest.mark.parametrize(
    ("operator", "chance", "said"),
    [(Operator.AT_LEAST, 0.77530488041, "77.5%"), (Operator.AT_LEAST, 0.0999996, "9.99996%"),
     (Operator.MORE_THAN, 0.1000004, "10.00004%"), (Operator.AT_MOST, 0.1, "10%")],
)  # fmt: skip
def test_what_is_known_is_told_as_exactly_as_the_condition_needs(operator: Operator, chance: float, said: str) -> None:
    (reason,) = evaluate(Compare("purchase_90", operator, 0.1), {"purchase_90": chance}).because

    assert Speaker().reason(reason).endswith(f": it is {said}")
