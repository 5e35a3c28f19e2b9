"""A decision can be made again: by the same inputs it comes out the same, and what is not there any more is named."""

import re
from datetime import timedelta

import pytest
from made.campaigns import (
    NOW,
    add_customers,
    begin_launch,
    create_campaign,
    finish_launch,
    launch_campaign,
    make_cause,
    make_plan,
    rescore,
    store_scores,
)
from replayed import explain, known_long_ago, run
from sqlalchemy import text

from campaigns.audiences import segments
from campaigns.audiences.eligibility import ChannelReason
from campaigns.audit.decision import Decision, Sameness
from campaigns.customers import erasure
from campaigns.customers.refusals import CustomerNotFound
from campaigns.life import campaigns
from campaigns.life.refusals import CampaignNotLaunched
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.terms.limits import Budget
from campaigns.terms.restraint import OfferCap
from campaigns.tiers.tiers import Tier
from database.session import Database
from rules.rule import Compare, InSegment, Not, Operator
from rules.sentence import Language

RICH = Compare("expected_spend", Operator.AT_LEAST, 9000)
TEN = Discount(reward=Percent(percent=10))
LATER = NOW + timedelta(days=1)


@pytest.fixture
def shop(database: Database) -> Database:
    """Anna is HIGH and rich, ben is HIGH, cleo is LOW."""
    add_customers(database, ["anna", "ben", "cleo"])
    known_long_ago(database)
    store_scores(database, {"anna": 9000, "ben": 8000, "cleo": 10})
    return database


def test_the_same_inputs_give_the_same_offer(shop: Database) -> None:
    launch_campaign(shop, make_plan(rule=RICH, currency="JPY"))

    found = explain(shop)

    assert (found.sameness, found.differences, found.missing) == (Sameness.SAME, (), ())
    assert (found.version, found.time) == (1, NOW)
    assert found.issued == found.replayed == Decision(
        tier=Tier.HIGH, group="offer", channel=Channel.ON_SITE, channel_reason=ChannelReason.ORDER, discount=TEN
    )  # fmt: skip
    assert found.reasons == (
        "tier HIGH: the expected spend is 90.00 GBP, HIGH begins at 50.00 GBP and MID at 10.00 GBP",
        "is expected to spend at least 90.00 GBP within 90 days: it is 90.00 GBP",
        "on the site, which needs no consent",
        found.reasons[-1],
    )
    assert found.reasons[-1].startswith("in the arm offer: drawn to 0.")


def test_what_came_later_changes_nothing(shop: Database) -> None:
    launch_campaign(shop, make_plan(rule=RICH))

    rescore(shop, {"anna": 1, "ben": 9999, "cleo": 1}, as_of=LATER)
    run(shop, 'UPDATE tier_schemes SET thresholds = \'{"high": 1, "mid": 0}\'')

    assert explain(shop).sameness is Sameness.SAME


@pytest.mark.parametrize(
    ("statement", "differing"),
    [
        ("UPDATE coupons SET discount = jsonb_set(discount, '{percent}', '90')", ("discount",)),
        ("UPDATE audiences SET arm = 'holdout'", ("group",)),
        ("UPDATE audiences SET channel = 'EMAIL'", ("channel",)),
        ("UPDATE audiences SET spend_minor = 10", ("tier", "exclusion")),
        ("UPDATE audiences SET inputs = '[false, 8999]'", ("exclusion",)),
        ("DELETE FROM coupons", ("discount",)),
    ],
)
def test_who_got_something_else_is_found(shop: Database, statement: str, differing: tuple[str, ...]) -> None:
    launch_campaign(shop, make_plan(rule=RICH))
    run(shop, statement)

    found = explain(shop)

    assert found.sameness is Sameness.DIFFERS
    assert set(differing) <= set(found.differences)


@pytest.mark.parametrize(
    ("customer_id", "exclusion", "word"),
    [
        ("ben", "RULE", "is not expected to spend at least 90.00 GBP within 90 days: it is 80.00 GBP"),
        ("cleo", "TIER_WITHOUT_OFFER", "is in tier LOW, and the offers are for HIGH"),
        ("new", "NO_TIER", "was never scored, and so has no tier"),
    ],
)
def test_why_somebody_is_not_in_the_audience(shop: Database, customer_id: str, exclusion: str, word: str) -> None:
    add_customers(shop, ["new"])
    known_long_ago(shop)
    launch_campaign(shop, make_plan(rule=RICH))

    found = explain(shop, customer_id)

    assert found.sameness is Sameness.SAME
    assert found.replayed is not None
    assert found.replayed.exclusion == exclusion
    assert word in found.reasons


def test_what_others_bought_is_not_taken_for_ones_own(shop: Database) -> None:
    run(shop, "UPDATE customer_facts SET categories = '{tea}' WHERE customer_id = 'anna'")
    run(shop, "UPDATE customer_facts SET categories = '{mugs}' WHERE customer_id = 'ben'")
    launch_campaign(shop, make_plan(rule=Not(Compare("categories", Operator.CONTAINS, "mugs"))))

    assert [explain(shop, name).sameness for name in ("anna", "ben")] == [Sameness.SAME] * 2


def test_who_came_later_was_not_known(shop: Database) -> None:
    launch_campaign(shop, make_plan())
    run(shop, "INSERT INTO customers (customer_id, create_time) VALUES ('late', :now)", now=LATER)

    assert explain(shop, "late").replayed == Decision(exclusion="NOT_KNOWN")


def test_who_was_left_out_for_a_reason_on_record(shop: Database) -> None:
    by_mail = Offer(tier=Tier.HIGH, discount=TEN, channel=Channel.EMAIL)
    run(shop, "UPDATE customers SET consented_channels = '{email}' WHERE customer_id = 'anna'")
    launch_campaign(shop, make_plan(offers=(by_mail,)), "first")
    launch_campaign(shop, make_plan(offers=(by_mail,), offer_caps=(OfferCap(offers=1, days=7),)))

    with_consent, without = explain(shop), explain(shop, "ben")

    assert [each.sameness for each in (with_consent, without)] == [Sameness.SAME] * 2
    assert with_consent.issued == Decision(exclusion="OFFER_CAP", tier=Tier.HIGH)
    assert without.issued == Decision(exclusion="NO_CONSENT", tier=Tier.HIGH)
    assert with_consent.reasons == ("offers within 7 days: at most 1, and already 1 since 2026-11-14: first",)
    assert without.reasons == ("agreed to none of the offer's channels: by e-mail",)
    in_chinese = explain(shop, language=Language.CHINESE)
    assert in_chinese.reasons == ("7 天内的优惠：最多 1 个，自 2026-11-14 起已有 1 个：first",)


def test_which_campaign_came_first_and_who_has_the_last_place_are_said(shop: Database) -> None:
    launch_campaign(shop, make_plan(rule=RICH), "over")
    with shop.writing() as transaction:
        campaigns.end(transaction, make_cause(), "over")
    launch_campaign(shop, make_plan(rule=RICH), "first")
    launch_campaign(shop, make_plan(excluded_campaigns=("over", "first")), "second")
    launch_campaign(shop, make_plan(audience_limit=1), "third")

    after_the_first, beyond = explain(shop, campaign_id="second"), explain(shop, "ben", "third")

    assert after_the_first.reasons == ("is in a running campaign that this one leaves its customers to: first",)
    assert beyond.reasons == ("the audience ends at 1 customers: at place 2 by expected spend",)


def test_what_is_not_there_any_more_is_named(shop: Database) -> None:
    with shop.writing() as transaction:
        segments.create(transaction, make_cause(), "friends", display_name="Friends", rule=RICH)
    run(shop, "UPDATE segments SET build = 1, built_revision = 1, built_at = :then", then=NOW - timedelta(days=1))
    launch_campaign(shop, make_plan(rule=InSegment("friends")))
    run(shop, "UPDATE segments SET built_at = :now", now=LATER)
    run(shop, "UPDATE operations SET update_time = :now WHERE kind = 'SCORE_ALL_CUSTOMERS'", now=LATER)
    launch_campaign(shop, make_plan(), "plain")
    run(shop, "DELETE FROM models")

    outside, inside = explain(shop), explain(shop, campaign_id="plain")

    assert (outside.sameness, outside.replayed, inside.sameness) == (
        Sameness.NOT_REPLAYABLE, None, Sameness.NOT_REPLAYABLE,
    )  # fmt: skip
    assert outside.missing == (
        "score and facts: all customers were rescored at 2026-11-21T12:00:00+00:00",
        "segments/friends: it was built anew, or is gone",
    )
    assert inside.missing == ("models/m1",)


def test_audiences_from_before_say_so(shop: Database) -> None:
    launch_campaign(shop, make_plan())
    run(shop, "UPDATE campaigns SET frozen_from = NULL")

    assert explain(shop).missing == ("what the audience was frozen from: it is older",)


def test_an_erasure_takes_what_was_read_and_leaves_the_books(shop: Database) -> None:
    launch_campaign(shop, make_plan(rule=RICH))
    with shop.writing() as transaction:
        erasure.begin(transaction, make_cause(), "anna")

    found = explain(shop)

    assert (found.sameness, found.missing) == (Sameness.NOT_REPLAYABLE, ("the customer: they were erased",))
    with shop.reading() as snapshot:
        kept = snapshot.execute(text("SELECT inputs, spend_minor FROM audiences")).all()
    assert kept == [(None, 9000)]


def test_nothing_is_explained_of_nobody_or_before_the_launch(shop: Database) -> None:
    create_campaign(shop)
    with pytest.raises(CampaignNotLaunched):
        explain(shop)
    finish_launch(shop, begin_launch(shop))
    with pytest.raises(CustomerNotFound):
        explain(shop, "nobody")


def test_whom_the_budget_left_out_is_told_apart(database: Database) -> None:
    crowd = [f"c{number:02}" for number in range(60)]
    add_customers(database, crowd)
    known_long_ago(database)
    store_scores(database, dict.fromkeys(crowd, 9000))
    launch_campaign(database, make_plan(budget=Budget(limit_minor=20_000, confidence=0.9)))

    found = [explain(database, each) for each in crowd]

    assert {each.sameness for each in found} == {Sameness.SAME}
    assert {each.replayed.exclusion for each in found if each.replayed is not None} == {None, "OVER_BUDGET"}
    left_out = next(each for each in found if each.issued.exclusion == "OVER_BUDGET")
    assert re.fullmatch(r"the budget bears \d\d\.\d% of the audience: drawn to 0\.\d{6} of 1", left_out.reasons[0])
