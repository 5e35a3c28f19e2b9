"""Fields of plans and of the audit log as a marketer reads them."""

from datetime import timedelta

import pytest
from made.campaigns import NOW, make_plan

from admin.web.look import environment
from campaigns.life.differences import Json
from campaigns.terms import stored
from campaigns.terms.arms import ArmPlan, TierDiscount
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.terms.limits import Budget
from campaigns.tiers.tiers import Tier
from rules.rule import Compare, Operator
from rules.sentence import Language

FIFTH = Discount(reward=Percent(percent=20))
PLAN = make_plan(
    zone="Asia/Shanghai", start_time=NOW, end_time=NOW + timedelta(days=9), holdout_percent=10,
    offers=(Offer(tier=Tier.HIGH, discount=FIFTH, channel=Channel.EMAIL, fallbacks=(Channel.SMS,)),),
    arms=(ArmPlan(name="mild", weight=1, discounts=(TierDiscount(Tier.HIGH, FIFTH),)),),
    rule=Compare("orders", Operator.AT_LEAST, 3), budget=Budget(limit_minor=125_000),
)  # fmt: skip


def said(macro: str, *given: object, language: Language = Language.ENGLISH) -> str:
    words = environment(language).get_template("document_words.html").make_module({"language": language})
    return " ".join(str(getattr(words, macro)(*given)).split())


@pytest.mark.parametrize(
    ("name", "english", "chinese"),
    [
        ("offers", "HIGH: (Discount: 20% off; Channel: e-mail; Channels after it: text message)",
         "HIGH：（优惠内容：优惠 20%；渠道：电子邮件；其后的渠道：短信）"),
        ("arms", "Name: mild; Weight: 1; Discounts: (HIGH: 20% off)",
         "名称：mild；权重：1；优惠内容：（HIGH：优惠 20%）"),
        ("rule", "bought at least 3 times so far", "累计下单至少3次"),
        ("budget_minor", "£1,250.00", "£1,250.00"),
        ("budget_confidence", "95%", "95%"),
        ("holdout_percent", "10%", "10%"),
        ("start_time", "20 Nov 2026 20:00 Asia/Shanghai", "2026年11月20日 20:00 Asia/Shanghai"),
        ("channel_choice", "the first that the customer agreed to", "客户同意的第一个渠道"),
        ("alone", "no", "否"),
        ("redemption_limit", "–", "–"),
        ("excluded_campaigns", "–", "–"),
    ],
)  # fmt: skip
def test_a_plan_reads_as_words(name: str, english: str, chinese: str) -> None:
    value = stored.plan_document(PLAN)[name]

    assert said("value_words", value, name, "GBP", PLAN.zone) == english
    assert said("value_words", value, name, "GBP", PLAN.zone, language=Language.CHINESE) == chinese


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("cost_minor", 12_345, "12,345 in minor units"),
        ("refusal", "BUDGET_EXHAUSTED", "The campaign's budget is used up."),
        ("state", "PAUSED", "paused"),
        ("parameters", {"high": 0.1, "mid": 0.3}, "HIGH: 0.1; MID: 0.3"),
        ("cancel_requested", True, "yes"),
        ("fields", ["city", "consented_channels"], "city, consented_channels"),
    ],
)
def test_what_the_log_keeps_reads_as_words(name: str, value: Json, words: str) -> None:
    assert said("value_words", value, name) == words


def test_a_path_names_the_fields_on_its_way() -> None:
    assert said("path_words", "arms[0].discounts.HIGH") == "Variants · 1 · Discounts · HIGH"
    assert said("path_words", "offers.MID.channel", language=Language.CHINESE) == "优惠 · MID · 渠道"
