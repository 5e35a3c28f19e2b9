"""What a customer may have now, read from one snapshot by so many statements, however many campaigns there are."""

from dataclasses import replace
from datetime import timedelta

import pytest
from made.campaigns import (
    NOW,
    TEN_PERCENT,
    approve_campaign,
    codes_of,
    create_campaign,
    launch_campaign,
    make_cause,
    make_plan,
    store_scores,
)
from running.databases import filled_once, statements
from sqlalchemy import insert, update

from campaigns.coupons import offering, redemption, refunding, reservation
from campaigns.coupons.offering import Offers
from campaigns.customers.refusals import CustomerNotFound
from campaigns.errors import CouponRefused
from campaigns.life import campaigns, switches
from campaigns.terms.basket import Basket, Line
from campaigns.terms.campaign import CampaignId, Channel, Offer
from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent, Reward, Scope
from campaigns.terms.limits import Budget
from campaigns.terms.refusals import InvalidOrder
from campaigns.terms.restraint import OfferCap, Stacking
from campaigns.tiers.tiers import Tier
from database.life.stops import EVERYTHING
from database.life.tables import StopRow
from database.session import Database
from database.terms.tables import CampaignRow

ORDER = Basket(order_minor=2000, currency="GBP", customer_id="anna", order_id="o1", shipping_minor=300)


def offers_for(
    database: Database, customer_id: str = "anna", *, after: timedelta = timedelta(), basket: Basket | None = None
) -> Offers:
    with database.reading() as snapshot:
        return offering.offers_for(snapshot, customer_id, NOW + after, full=True, basket=basket)


def told(found: Offers) -> tuple[list[str], dict[str, str]]:
    """Campaigns that have something, and the reasons of those that do not."""
    return (
        [each.standing.campaign_id for each in found.offered],
        {each.standing.campaign_id: str(each.reason) for each in found.withheld},
    )


def start(database: Database, campaign_id: str, reward: Reward | None = None, **plan: object) -> None:
    """An active campaign for the best customers."""
    discount = Discount(reward=reward or Percent(percent=10))
    offer = Offer(tier=Tier.HIGH, discount=discount, channel=Channel.ON_SITE)
    launch_campaign(database, make_plan(**{"offers": (offer,), **plan}), campaign_id)


@filled_once
def shop(database: Database) -> None:
    """Anna, bert and cleo are worth much, dora little."""
    store_scores(database, {"anna": 9000, "bert": 8000, "cleo": 7000, "dora": 10})


def test_a_customer_has_what_the_launches_gave_and_learns_why_the_rest_is_withheld(shop: Database) -> None:
    cap = (OfferCap(offers=3, days=7),)
    start(shop, "open", Fixed(amount_minor=200))
    start(shop, "better", stacking=Stacking(priority=9))
    start(shop, "by-mail", offers=(replace(TEN_PERCENT, channel=Channel.EMAIL),))
    start(shop, "few", audience_limit=1)
    start(shop, "capped", offer_caps=cap)
    start(shop, "left-to", excluded_campaigns=("few",))
    start(shop, "paused")
    start(shop, "stopped")
    start(shop, "later", start_time=NOW + timedelta(days=2))
    start(shop, "over")
    start(shop, "poor", Fixed(amount_minor=100), budget=Budget(limit_minor=500))
    create_campaign(shop, "draft")
    create_campaign(shop, "approved")
    approve_campaign(shop, "approved")
    with shop.writing() as transaction:
        campaigns.pause(transaction, make_cause(), "paused")
        campaigns.end(transaction, make_cause(), "over")
        switches.stop(transaction, replace(make_cause(), reason="leaked"), "stopped")

    assert told(offers_for(shop)) == (
        ["better", "few", "open", "poor"],
        {
            "by-mail": "NO_CONSENT", "capped": "OFFER_CAP", "left-to": "OTHER_CAMPAIGN", "paused": "PAUSED",
            "stopped": "STOPPED", "later": "NOT_STARTED", "over": "ENDED", "approved": "NOT_LAUNCHED",
        },
    )  # fmt: skip
    of_bert = told(offers_for(shop, "bert"))
    assert (of_bert[0], of_bert[1]["few"]) == (["better", "capped", "left-to", "open", "poor"], "AUDIENCE_FULL")
    assert set(told(offers_for(shop, "dora"))[1].values()) == {"TIER_WITHOUT_OFFER", "ENDED", "NOT_LAUNCHED"}
    with shop.reading() as snapshot:
        brief = offering.offers_for(snapshot, "anna", NOW)
    assert (brief.offered, brief.withheld) == (offers_for(shop).offered, ())
    assert told(offers_for(shop, after=timedelta(days=61))) == ([], {})


def test_a_stop_of_a_series_withholds_the_codes_of_its_occurrences(shop: Database) -> None:
    start(shop, "weekly-20110909")
    stopping = replace(make_cause(), reason="leaked")
    with shop.writing() as transaction:
        transaction.execute(update(CampaignRow).values(series="weekly"))
        transaction.execute(insert(StopRow).values(scope="weekly", reason="series", stopped_by="olga", stop_time=NOW))

    assert told(offers_for(shop)) == ([], {"weekly-20110909": "STOPPED"})
    with shop.writing() as transaction:
        switches.stop(transaction, stopping, "weekly-20110909")
        switches.stop(transaction, stopping, EVERYTHING)
    assert told(offers_for(shop)) == ([], {"weekly-20110909": "STOPPED"}), "once, however often it is stopped"


def test_a_code_that_is_used_or_held_is_withheld_and_a_lapsed_one_is_free(shop: Database) -> None:
    for campaign_id in ("used", "held"):
        start(shop, campaign_id, redemption_limit=1)
    with shop.writing() as transaction:
        redemption.redeem(transaction, make_cause(), codes_of(shop, "used")["anna"], ORDER)
        reservation.reserve(transaction, make_cause(), codes_of(shop, "held")["anna"], replace(ORDER, order_id="o2"))

    assert told(offers_for(shop)) == ([], {"used": "REDEEMED", "held": "RESERVED"})
    assert told(offers_for(shop, "bert")) == ([], {"used": "LIMIT_REACHED", "held": "LIMIT_REACHED"})
    assert told(offers_for(shop, after=timedelta(minutes=10)))[0] == ["held"]
    assert told(offers_for(shop, basket=replace(ORDER, order_id="o2")))[0] == ["held"]


def test_each_offer_says_what_it_takes_off_an_order_by_itself_and_together(shop: Database) -> None:
    start(shop, "half", Percent(percent=50), stacking=Stacking(priority=2, group="sale"))
    start(shop, "third", Percent(percent=30), stacking=Stacking(group="sale"))
    start(shop, "five", Fixed(amount_minor=500), stacking=Stacking(priority=1))
    start(shop, "ship", FreeShipping())
    start(shop, "gift", Gift(item_id="mug"))
    start(shop, "euro", currency="EUR")
    start(shop, "poor", budget=Budget(limit_minor=50), holdout_percent=0)
    shoes = Discount(reward=Percent(percent=10), scope=Scope(categories=("Shoes",)), minimum_minor=900)
    start(shop, "shoes", offers=(Offer(tier=Tier.HIGH, discount=shoes, channel=Channel.ON_SITE),))
    lines = (Line(item_id="boot", quantity=1, unit_price_minor=800, category="Shoes|Boots"),)

    found = offers_for(shop, basket=replace(ORDER, lines=lines))

    worths = {each.standing.campaign_id: found.worths[each.coupon.code] for each in found.offered}
    assert {name: (worth.alone_minor, worth.together_minor) for name, worth in worths.items()} == {
        "half": (1000, 1000), "third": (600, 0), "five": (500, 500), "ship": (300, 300), "gift": (0, 0),
        "euro": (0, 0), "shoes": (0, 0),
    }  # fmt: skip
    refusals = {name: worth.refusal.reason for name, worth in worths.items() if worth.refusal is not None}
    assert refusals == {
        "third": "COUPON_NOT_COMBINABLE", "gift": "ITEMS_NOT_IN_ORDER", "euro": "COUPON_NOT_FOR_THIS_ORDER",
        "shoes": "ORDER_BELOW_MINIMUM",
    }  # fmt: skip
    below = worths[CampaignId("shoes")].refusal
    assert below is not None
    assert below.message == "this code needs 9.00 GBP, and 8.00 GBP of the order count"


def test_what_is_offered_is_what_the_till_takes_and_what_is_withheld_it_refuses(shop: Database) -> None:
    start(shop, "half", Percent(percent=50), stacking=Stacking(priority=2))
    start(shop, "five", Fixed(amount_minor=500), stacking=Stacking(group="sale"))
    start(shop, "three", Fixed(amount_minor=300), stacking=Stacking(group="sale"))
    start(shop, "paused")
    start(shop, "ship", FreeShipping())
    with shop.writing() as transaction:
        campaigns.pause(transaction, make_cause(), "paused")
        reservation.reserve(transaction, make_cause(), codes_of(shop, "three")["anna"], ORDER)

    found = offers_for(shop, basket=ORDER)

    taken = {}
    for each in found.offered:
        with shop.writing() as transaction:
            if found.worths[each.coupon.code].refusal is None:
                used = redemption.redeem(transaction, make_cause(), each.coupon.code, ORDER)
                taken[used.campaign_id] = used.discount_minor
            else:
                with pytest.raises(CouponRefused):
                    redemption.redeem(transaction, make_cause(), each.coupon.code, ORDER)
    assert taken == {each.standing.campaign_id: minor for each in found.offered
                     if (minor := found.worths[each.coupon.code].together_minor)}  # fmt: skip
    assert taken == {"half": 1000, "three": 300, "ship": 300}
    for kept in found.withheld:
        assert kept.standing.coupon is not None
        with shop.writing() as transaction, pytest.raises(CouponRefused):
            redemption.redeem(transaction, make_cause(), kept.standing.coupon.code, replace(ORDER, order_id="o2"))


def test_a_held_code_takes_off_a_grown_order_what_the_budget_has_or_what_was_promised(shop: Database) -> None:
    start(shop, "held", redemption_limit=3, budget=Budget(limit_minor=100_000))
    with shop.writing() as transaction:
        reservation.reserve(transaction, make_cause(), codes_of(shop, "held")["anna"], ORDER)

    (fits,) = offers_for(shop, basket=replace(ORDER, order_minor=1_000_000)).worths.values()
    (beyond,) = offers_for(shop, basket=replace(ORDER, order_minor=1_000_010)).worths.values()

    assert (fits.alone_minor, fits.refusal) == (100_000, None)
    assert (beyond.alone_minor, beyond.together_minor, beyond.refusal) == (200, 200, None)


def test_a_code_that_an_order_gave_back_takes_nothing_off_that_order_again(shop: Database) -> None:
    start(shop, "back", refund_gives_code_back=True)
    with shop.writing() as transaction:
        used = redemption.redeem(transaction, make_cause(), codes_of(shop, "back")["anna"], ORDER)
        refunding.refund(transaction, make_cause(), used.redemption_id, refund_id="r1")

    (same,) = offers_for(shop, basket=ORDER).worths.values()
    (other,) = offers_for(shop, basket=replace(ORDER, order_id="o2")).worths.values()

    assert (same.alone_minor, same.together_minor) == (0, 0)
    assert (same.refusal is not None and same.refusal.reason) == "COUPON_ALREADY_REDEEMED"
    assert (other.alone_minor, other.together_minor, other.refusal) == (200, 200, None)


def test_nobody_and_orders_that_make_no_sense_are_refused(shop: Database) -> None:
    with pytest.raises(CustomerNotFound):
        offers_for(shop, "nobody")
    with pytest.raises(InvalidOrder):
        offers_for(shop, basket=replace(ORDER, order_minor=0))


def test_more_campaigns_take_no_more_statements(shop: Database) -> None:
    start(shop, "first")
    with statements() as few:
        offers_for(shop, basket=ORDER)
    for number in range(6):
        start(shop, f"more-{number}")
    with statements() as many:
        assert len(offers_for(shop, basket=ORDER).offered) == 7

    assert len(many) == len(few) <= 8
