"""Recommendations, campaigns and coupons over the wire."""

from datetime import timedelta

import grpc
import pytest
from google.longrunning import operations_pb2
from made.campaigns import audit_lines, codes_of
from running.serving import Shop, plan, pounds, refusal
from tierwise.v1 import (
    campaign_pb2,
    campaign_service_pb2,
    coupon_pb2,
    coupon_service_pb2,
    recommendation_pb2,
    recommendation_service_pb2,
    rule_pb2,
    tier_pb2,
)


@pytest.fixture
def shop(stocked_shop: Shop) -> Shop:
    return stocked_shop


def recommended(shop: Shop, **wishes: object) -> list[str]:
    request = recommendation_service_pb2.RecommendRequest(customer="customers/anna", **wishes)  # type: ignore[arg-type] # by name
    return [each.item_id for each in shop.items.Recommend(request).recommendations]


def test_recommendations_obey_count_exclusions_and_basket(shop: Shop) -> None:
    best = recommended(shop, count=5)

    others = recommended(shop, count=5, excluded_item_ids=[best[0]], context_item_ids=[best[1]])

    assert len(best) == len(set(best)) == len(others) == 5
    assert not {best[0], best[1]} & set(others)


@pytest.mark.parametrize("strategy", recommendation_pb2.Strategy.values())
def test_every_strategy_answers_with_a_reason(shop: Shop, strategy: recommendation_pb2.Strategy.ValueType) -> None:
    request = recommendation_service_pb2.RecommendRequest(customer="customers/anna", strategy=strategy, diversity=0.5)

    answer = shop.items.Recommend(request)

    assert len(answer.recommendations) == 10
    assert all(each.reason for each in answer.recommendations)
    assert (answer.model, bool(answer.attribution_token)) == ("models/tiny-1", True)


def test_callers_with_different_wishes_share_a_batch_and_get_their_own(shop: Shop) -> None:
    singles = [recommended(shop, count=count) for count in (2, 3, 4)]

    requests = [
        shop.items.Recommend.future(recommendation_service_pb2.RecommendRequest(customer="customers/anna", count=count))
        for count in (2, 3, 4)
    ]

    assert [[each.item_id for each in future.result().recommendations] for future in requests] == singles


def test_similar_items_leave_out_the_item_itself(shop: Shop) -> None:
    answer = shop.items.SimilarItems(recommendation_service_pb2.SimilarItemsRequest(item_id="item-0", count=3))

    assert len(answer.items) == 3
    assert "item-0" not in {each.item_id for each in answer.items}


def test_a_campaign_comes_back_as_it_was_planned(shop: Shop) -> None:
    fixed = campaign_pb2.Discount(fixed=campaign_pb2.Discount.Fixed(amount=pounds(5)), new_customers_only=True)
    capped = campaign_pb2.Discount(percent=campaign_pb2.Discount.Percent(percent=20, maximum=pounds(8)))
    planned = plan(redemption_limit=7, time_zone="Europe/London", channel_choice=campaign_pb2.BEHAVIOUR)
    del planned.offers[:]
    first, others = campaign_pb2.EMAIL, [campaign_pb2.PUSH, campaign_pb2.ON_SITE]
    planned.offers.add(tier=tier_pb2.HIGH, discount=capped, channel=first, fallback_channels=others)
    planned.offers.add(tier=tier_pb2.LOW, discount=fixed, channel=campaign_pb2.ON_SITE)

    made = shop.campaigns.CreateCampaign(
        campaign_service_pb2.CreateCampaignRequest(campaign_id="autumn", campaign=planned)
    )

    read = shop.campaigns.GetCampaign(campaign_service_pb2.GetCampaignRequest(name="campaigns/autumn"))
    assert read == made
    assert (made.state, made.issued_count, made.discounted) == (campaign_pb2.Campaign.DRAFT, 0, pounds(0))
    for field in (
        "offers",
        "start_time",
        "end_time",
        "redemption_limit",
        "time_zone",
        "display_name",
        "channel_choice",
    ):
        assert getattr(made, field) == getattr(planned, field), field


FIVE_POUNDS = {"fixed": {"amount": {"currency_code": "GBP", "units": 5}}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"end_time": {"seconds": 1}}, "campaign.end_time"),
        ({"time_zone": "Mars/Base"}, "campaign.time_zone"),
        (
            {"currency_code": "EUR", "offers": [{"tier": "LOW", "channel": "SMS", "discount": FIVE_POUNDS}]},
            "campaign.offers[1].discount.fixed.amount.currency_code",
        ),
        ({"offers": [{"tier": "HIGH", "channel": "SMS", "discount": FIVE_POUNDS}]}, "campaign.offers"),
    ],
    ids=["ends before it starts", "no such zone", "amount in another currency", "one tier twice"],
)
def test_a_plan_that_makes_no_sense_is_refused_by_field(shop: Shop, change: dict[str, object], field: str) -> None:
    request = campaign_service_pb2.CreateCampaignRequest(campaign_id="autumn", campaign=plan(**change))

    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.CreateCampaign(request)

    assert refusal(raised.value).fields == [field]


def test_a_launch_is_an_operation_with_the_campaign_in_its_progress(shop: Shop) -> None:
    begun = shop.campaigns.LaunchCampaign(campaign_service_pb2.LaunchCampaignRequest(name="campaigns/approved"))

    progress = campaign_service_pb2.LaunchCampaignMetadata()
    assert begun.metadata.Unpack(progress)
    assert (begun.done, progress.campaign, progress.done_count) == (False, "campaigns/approved", 0)
    listed = shop.operations.ListOperations(operations_pb2.ListOperationsRequest()).operations
    finished = {each.name: each for each in listed if each.done}
    launched = campaign_pb2.Campaign()
    assert begun.name not in finished
    assert any(each.response.Unpack(launched) for each in finished.values())
    assert launched.issued_count == 2


def test_a_refused_move_is_told_and_audited(shop: Shop) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.ResumeCampaign(campaign_service_pb2.ResumeCampaignRequest(name="campaigns/active"))

    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "CAMPAIGN_NOT_MOVABLE")
    assert refused.facts["state"] == "ACTIVE"
    assert audit_lines(shop.database)[-1] == ("campaigns.resume", "campaigns/active", "DENIED")


def test_a_coupon_is_worth_something_once(shop: Shop) -> None:
    code = codes_of(shop.database, "active")["anna"]
    worth = shop.coupons.ValidateCoupon(
        coupon_service_pb2.ValidateCouponRequest(code=code.lower(), customer="customers/anna", order_amount=pounds(50))
    )
    order = coupon_service_pb2.RedeemCouponRequest(
        code=code, customer="customers/anna", order_id="o-1", order_amount=pounds(50)
    )

    first, again = shop.coupons.RedeemCoupon(order), shop.coupons.RedeemCoupon(order)
    order.order_id = "o-2"
    with pytest.raises(grpc.RpcError) as raised:
        shop.coupons.RedeemCoupon(order)

    assert (worth.discount_amount, worth.coupon.state) == (pounds(5), coupon_pb2.Coupon.ISSUED)
    assert (first.redemption.discount_amount, first) == (pounds(5), again)
    assert refusal(raised.value).reason == "COUPON_ALREADY_REDEEMED"


def test_a_code_is_held_used_and_refunded(shop: Shop) -> None:
    code = codes_of(shop.database, "active")["anna"]
    order = {"code": code, "customer": "customers/anna", "order_id": "o-1", "order_amount": pounds(50)}
    asked = coupon_service_pb2.ReserveCouponRequest(**order)  # type: ignore[arg-type] # the names are those of the message
    asked.time_to_live.FromSeconds(60)

    held = shop.coupons.ReserveCoupon(asked).reservation
    used = shop.coupons.RedeemCoupon(
        coupon_service_pb2.RedeemCouponRequest(**order, reservation=held.name)  # type: ignore[arg-type] # likewise
    ).redemption
    part = shop.coupons.RefundRedemption(
        coupon_service_pb2.RefundRedemptionRequest(name=used.name, refund_id="r-1", amount=pounds(2))
    )
    rest = shop.coupons.RefundRedemption(coupon_service_pb2.RefundRedemptionRequest(name=used.name, refund_id="r-2"))

    assert (held.discount_amount, held.state) == (pounds(5), coupon_pb2.Reservation.HELD)
    assert held.expire_time.ToDatetime() - held.reserve_time.ToDatetime() == timedelta(minutes=1)
    assert (used.reservation, used.discount_amount, used.refunded_amount) == (held.name, pounds(5), pounds(0))
    assert (part.refunded_amount, part.redemption.refunded_amount) == (pounds(2), pounds(2))
    assert (rest.refunded_amount, rest.redemption.refunded_amount) == (pounds(3), pounds(5))
    assert not rest.code_given_back


def test_a_refused_attempt_is_on_record_under_its_campaign(shop: Shop) -> None:
    code = codes_of(shop.database, "active")["anna"]
    for order_id in ("o-1", "o-2"):
        request = coupon_service_pb2.ReserveCouponRequest(code=code, order_id=order_id, order_amount=pounds(50))
        if order_id == "o-1":
            shop.coupons.ReserveCoupon(request)
            continue
        with pytest.raises(grpc.RpcError) as raised:
            shop.coupons.ReserveCoupon(request)

    assert refusal(raised.value).reason == "COUPON_RESERVED"
    assert refusal(raised.value).facts["campaign"] == "campaigns/active"
    assert audit_lines(shop.database)[-1] == ("coupons.reserve", "campaigns/active", "DENIED")


@pytest.mark.parametrize("seconds", [0, 3601])
def test_a_code_is_held_for_an_hour_at_most(shop: Shop, seconds: int) -> None:
    request = coupon_service_pb2.ReserveCouponRequest(code="x", order_id="o-1", order_amount=pounds(50))
    request.time_to_live.FromSeconds(seconds)

    with pytest.raises(grpc.RpcError) as raised:
        shop.coupons.ReserveCoupon(request)

    assert refusal(raised.value).fields == ["time_to_live"]


def test_a_budget_comes_back_as_it_was_planned(shop: Shop) -> None:
    planned = plan(budget=campaign_pb2.Budget(limit=pounds(900)), refund_gives_code_back=True)

    made = shop.campaigns.CreateCampaign(
        campaign_service_pb2.CreateCampaignRequest(campaign_id="autumn", campaign=planned)
    )

    assert (made.budget.limit, made.budget.confidence, made.refund_gives_code_back) == (pounds(900), 0.95, True)


def test_a_campaign_keeps_its_rule_and_holds_out_a_tenth_unless_told_otherwise(shop: Shop) -> None:
    rich = rule_pb2.Rule(
        compare=rule_pb2.Rule.Compare(
            fact="expected_spend", operator=rule_pb2.Rule.Compare.AT_LEAST, value=rule_pb2.Rule.Value(whole=8500)
        )
    )
    wanted = plan(rule=rich)
    wanted.ClearField("holdout_percent")

    made = shop.campaigns.CreateCampaign(
        campaign_service_pb2.CreateCampaignRequest(campaign_id="rich", campaign=wanted)
    )

    assert (made.rule, made.holdout_percent, made.held_out_count) == (rich, 10, 0)
    assert not made.HasField("launch_time")
    change = campaign_service_pb2.UpdateCampaignRequest(campaign=campaign_pb2.Campaign(name=made.name))
    change.update_mask.paths.append("rule")
    changed = shop.campaigns.UpdateCampaign(change)
    assert (changed.HasField("rule"), changed.holdout_percent) == (False, 10)

    wanted.rule.compare.fact = "expected_spent"
    request = campaign_service_pb2.CreateCampaignRequest(campaign_id="wrong", campaign=wanted)
    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.CreateCampaign(request)
    assert (refusal(raised.value).reason, refusal(raised.value).fields) == ("INVALID_CAMPAIGN", ["rule.compare.fact"])
