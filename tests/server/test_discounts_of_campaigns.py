"""Discounts, templates and the orders that coupons are used on, over the wire."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.type import money_pb2
from made.campaigns import codes_of, launch_campaign, make_plan
from running.serving import Shop, plan, pounds, refusal
from tierwise.v1 import campaign_pb2, campaign_service_pb2, coupon_pb2, coupon_service_pb2, tier_pb2

from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Fixed, Scope
from campaigns.tiers.tiers import Tier

EUROS = money_pb2.Money(currency_code="EUR", units=1)


@pytest.fixture
def shop(stocked_shop: Shop) -> Shop:
    return stocked_shop


def test_every_kind_of_discount_comes_back_as_it_was_planned(shop: Shop) -> None:
    scope = campaign_pb2.Discount.Scope(item_ids=["item-1"], categories=["Shoes|Boots", "Hats"])
    kinds = {
        tier_pb2.HIGH: campaign_pb2.Discount(
            free_shipping=campaign_pb2.Discount.FreeShipping(), minimum_spend=pounds(30), new_customers_only=True
        ),
        tier_pb2.MID: campaign_pb2.Discount(gift=campaign_pb2.Discount.Gift(item_id="item-1")),
        tier_pb2.LOW: campaign_pb2.Discount(fixed=campaign_pb2.Discount.Fixed(amount=pounds(5)), scope=scope),
    }
    planned = plan()
    del planned.offers[:]
    for tier, discount in kinds.items():
        planned.offers.add(tier=tier, discount=discount, channel=campaign_pb2.ON_SITE)

    made = shop.campaigns.CreateCampaign(
        campaign_service_pb2.CreateCampaignRequest(campaign_id="autumn", campaign=planned)
    )

    assert {offer.tier: offer.discount for offer in made.offers} == kinds


def test_restraint_comes_back_as_it_was_planned(shop: Shop) -> None:
    planned = plan(
        offer_caps=[campaign_pb2.OfferCap(offers=1, days=7)], excluded_campaigns=["campaigns/active"],
        audience_limit=5, stacking=campaign_pb2.Stacking(priority=-2, exclusivity_group="sale", alone=True),
    )  # fmt: skip

    made = shop.campaigns.CreateCampaign(
        campaign_service_pb2.CreateCampaignRequest(campaign_id="autumn", campaign=planned)
    )

    for field in ("offer_caps", "excluded_campaigns", "audience_limit", "stacking"):
        assert getattr(made, field) == getattr(planned, field), field


def test_a_campaign_starts_from_a_template(shop: Shop) -> None:
    planned, template = plan(), campaign_service_pb2.VALUE_TIERS
    request = campaign_service_pb2.CreateCampaignRequest(campaign_id="autumn", campaign=planned, template=template)
    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.CreateCampaign(request)
    assert refusal(raised.value).fields == ["template"]
    del request.campaign.offers[:]

    made = shop.campaigns.CreateCampaign(request)

    high, mid, low = made.offers
    assert (high.discount.percent.percent, mid.discount.percent.percent) == (20, 10)
    assert (low.tier, low.discount.new_customers_only, low.channel) == (tier_pb2.LOW, True, campaign_pb2.ON_SITE)
    assert high.channel == campaign_pb2.EMAIL
    assert list(high.fallback_channels) == [campaign_pb2.PUSH, campaign_pb2.ON_SITE]
    request.campaign_id, request.template = "hello", campaign_service_pb2.WELCOME
    assert shop.campaigns.CreateCampaign(request).rule.compare.fact == "has_bought"


def test_an_order_says_what_is_in_it(shop: Shop) -> None:
    offer = Offer(
        tier=Tier.HIGH, discount=Discount(reward=Fixed(amount_minor=1500), scope=Scope(items=("item-1",))),
        channel=Channel.ON_SITE,
    )  # fmt: skip
    now = datetime.now(UTC)
    running = make_plan(offers=(offer,), start_time=now - timedelta(days=1), end_time=now + timedelta(days=1))
    launch_campaign(shop.database, running, "scoped")
    line = coupon_pb2.OrderLine(item_id="item-1", unit_price=pounds(12))
    request = coupon_service_pb2.ValidateCouponRequest(
        code=codes_of(shop.database, "scoped")["anna"], order_amount=pounds(50), lines=[line],
        shipping_amount=pounds(4),
    )  # fmt: skip

    assert shop.coupons.ValidateCoupon(request).discount_amount == pounds(12)
    request.lines[0].quantity = 4
    assert shop.coupons.ValidateCoupon(request).discount_amount == pounds(15)

    for unit_price, reason, fields in (
        (pounds(1), "ITEMS_NOT_IN_ORDER", []),
        (pounds(51), "INVALID_ORDER", ["lines"]),
        (EUROS, "INVALID_REQUEST", ["lines[0].unit_price.currency_code"]),
        (None, "ORDER_LINES_MISSING", []),
    ):
        del request.lines[:]
        if unit_price is not None:
            request.lines.add(item_id="x", unit_price=unit_price)
        with pytest.raises(grpc.RpcError) as raised:
            shop.coupons.ValidateCoupon(request)
        assert (refusal(raised.value).reason, refusal(raised.value).fields) == (reason, fields)
