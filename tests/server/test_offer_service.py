"""What a customer may have, over the wire and on the command line."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from made.campaigns import codes_of, launch_campaign, make_plan, store_scores
from running.serving import Shop, pounds, refusal, serving
from running.shell import Shell
from tierwise.v1 import coupon_service_pb2, customer_offer_pb2, error_reason_pb2, offer_service_pb2

from campaigns.coupons import codes
from campaigns.coupons.codes import displayed
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Fixed, Percent
from campaigns.terms.restraint import Stacking
from campaigns.tiers.tiers import Tier
from database.session import Database

FULL = offer_service_pb2.GetOffersRequest.FULL


@pytest.fixture
def stocked(database: Database) -> Database:
    """Anna has two codes of one group; ben has none."""
    store_scores(database, {"anna": 9000, "ben": 10})
    now = datetime.now(UTC)
    rewards = {
        "tenth": Discount(reward=Percent(percent=10, maximum_minor=800), minimum_minor=3000),
        "five": Discount(reward=Fixed(amount_minor=500), first_order_only=True),
    }
    for priority, (campaign_id, discount) in enumerate(rewards.items()):
        plan = make_plan(
            start_time=now - timedelta(days=1), end_time=now + timedelta(days=30), display_name=campaign_id.title(),
            offers=(Offer(tier=Tier.HIGH, discount=discount, channel=Channel.ON_SITE),),
            stacking=Stacking(priority=priority, group="sale"),
        )  # fmt: skip
        launch_campaign(database, plan, campaign_id)
    return database


@pytest.fixture
def shop(stocked: Database, tmp_path: Path) -> Iterator[Shop]:
    with serving(stocked, tmp_path, model=False) as running:
        yield running


def request(**fields: object) -> offer_service_pb2.GetOffersRequest:
    return offer_service_pb2.GetOffersRequest(**{"customer": "customers/anna", **fields})  # type: ignore[arg-type] # by name


def test_a_customer_has_offers_with_their_conditions(shop: Shop) -> None:
    answer = shop.offers.GetOffers(request())

    five, tenth = answer.offers
    assert [five.coupon.campaign, tenth.coupon.campaign] == ["campaigns/five", "campaigns/tenth"]
    assert (tenth.display_name, tenth.coupon.code) == ("Tenth", displayed(codes_of(shop.database, "tenth")["anna"]))
    assert (tenth.coupon.discount.minimum_spend, five.coupon.discount.new_customers_only) == (pounds(30), True)
    assert [five.description, tenth.description] == [
        "5.00 GBP off, on a first order", "10% off, at most 8.00 GBP, on orders of at least 30.00 GBP",
    ]  # fmt: skip
    assert (list(five.not_with), list(tenth.not_with)) == (["campaigns/tenth"], ["campaigns/five"])
    assert (five.stacking.priority, five.stacking.exclusivity_group) == (1, "sale")
    assert (five.HasField("worth"), len(answer.withheld), answer.HasField("discount_amount")) == (False, 0, False)


def test_a_trial_of_giving_shows_no_code_not_even_the_one_that_the_customer_has(shop: Shop) -> None:
    asked = coupon_service_pb2.GiveCouponRequest(
        campaign="campaigns/tenth", customer="customers/anna", reason="a lost mail", validate_only=True
    )

    trial = shop.coupons.GiveCoupon(asked)

    assert (trial.given, trial.coupon.code, trial.coupon.customer) == (False, "", "customers/anna")
    asked.validate_only = False
    assert shop.coupons.GiveCoupon(asked).coupon.code == displayed(codes_of(shop.database, "tenth")["anna"])


@pytest.mark.parametrize("role", ["approver", "marketer"])
def test_who_looks_at_a_customer_gets_no_code_that_could_be_used(shop: Shop, role: str) -> None:
    """Whole codes leave by an export, which is on record."""
    answer = shop.offers.GetOffers(request(), metadata=(("tierwise-role", role),))

    assert [each.coupon.code for each in answer.offers] == [
        codes.masked(codes_of(shop.database, name)["anna"]) for name in ("five", "tenth")
    ]


def test_with_an_order_each_offer_says_what_it_takes_off(shop: Shop) -> None:
    answer = shop.offers.GetOffers(request(order_amount=pounds(50), order_id="o-1"))

    five, tenth = (each.worth for each in answer.offers)
    assert (five.alone_amount, five.together_amount) == (pounds(5), pounds(5))
    assert (tenth.alone_amount, tenth.together_amount) == (pounds(5), pounds(0))
    assert (five.refusal, tenth.refusal) == (
        error_reason_pb2.ERROR_REASON_UNSPECIFIED, error_reason_pb2.COUPON_NOT_COMBINABLE,
    )  # fmt: skip
    assert "campaigns/five" in tenth.refusal_description
    assert answer.discount_amount == pounds(5)


def test_the_full_view_says_why_a_customer_has_nothing(shop: Shop) -> None:
    answer = shop.offers.GetOffers(request(customer="customers/ben", view=FULL))

    assert not answer.offers
    assert [(each.campaign, each.reason, list(each.details)) for each in answer.withheld] == [
        (f"campaigns/{name}", customer_offer_pb2.WithheldOffer.TIER_WITHOUT_OFFER, ["the customer's tier is LOW"])
        for name in ("five", "tenth")
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"customer": "customers/nobody"}, "CUSTOMER_NOT_FOUND"), ({"order_id": "o-1"}, "INVALID_REQUEST")],
)
def test_nobody_and_half_an_order_are_refused(shop: Shop, fields: dict[str, object], reason: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        shop.offers.GetOffers(request(**fields))

    assert refusal(raised.value).reason == reason


@pytest.mark.usefixtures("stocked")
def test_operators_see_offers_and_what_is_withheld(database_url: str) -> None:
    tierwise = Shell(database_url)

    shown = tierwise("campaign", "offers", "--customer", "anna", "--amount", "20.00", "--currency", "GBP")
    full = tierwise("campaign", "offers", "--customer", "ben", "--full")

    assert [(each["campaign_id"], each["not_with"], each["together_minor"]) for each in shown["offers"]] == [
        ("five", "tenth", 500), ("tenth", "five", 0),
    ]  # fmt: skip
    assert shown["offers"][1]["refusal"].startswith("ORDER_BELOW_MINIMUM: ")
    assert full["offers"] == []
    assert [each["reason"] for each in full["withheld"]] == ["TIER_WITHOUT_OFFER", "TIER_WITHOUT_OFFER"]
    assert "CUSTOMER_NOT_FOUND" in tierwise.refusal("campaign", "offers", "--customer", "nobody")
    assert "--amount" in tierwise.refusal("campaign", "offers", "--customer", "anna", "--order", "o1")
