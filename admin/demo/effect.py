"""What a campaign changed: orders made up by a law whose truth is known, measured by the server from outside."""

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from google.type.money_pb2 import Money
from tierwise.v1 import campaign_preview_pb2, campaign_results_pb2, event_pb2, score_pb2

from tierwise_client import Tierwise, TierwiseError, instant, money

LIFT = 0.5
"""How much likelier a coupon makes an order, in this made month."""
USED = 0.6
"""Of the orders of customers with a coupon, on how many it is used."""
ORDER = (30, 120)
"""Major units, from and to."""
ITEM = "demo-order"
SEED = 11
CENTS = 100


@dataclass(slots=True, kw_only=True)
class Month:
    """What was made up, and what of it is the campaign's doing."""

    orders: int = 0
    redeemed: int = 0
    refused: int = 0
    """Coupons that the order did not earn, such as a welcome on a second order."""
    caused: float = 0.0
    """Expected buyers who would not have bought without a coupon."""


def live_a_month(
    client: Tierwise, scores: Iterable[score_pb2.Score], coupons: Mapping[str, str], currency: str
) -> Month:
    """Everybody buys with the chance that was predicted of them, those with a coupon likelier by `LIFT`."""
    month, chance = Month(), random.Random(SEED)
    for score in scores:
        customer = score.customer.removeprefix("customers/")
        usual = score.purchase_probabilities[0].probability
        with_coupon = min(usual * (1 + LIFT), 1.0)
        if customer in coupons:
            month.caused += with_coupon - usual
        drawn, worth, uses = chance.random(), chance.randint(*ORDER), chance.random() < USED
        if drawn < (with_coupon if customer in coupons else usual):
            month.orders += 1
            _buy(client, customer, coupons.get(customer) if uses else None, money(worth, currency), month)
    return month


def _buy(client: Tierwise, customer: str, code: str | None, amount: Money, month: Month) -> None:
    order = f"month-{customer}"
    if code is not None:
        try:
            client.redeem(code, order, amount, customer=customer)
        except TierwiseError:
            month.refused += 1
        else:
            month.redeemed += 1
    bought = event_pb2.Event(
        event_time=instant(datetime.now(UTC)), type=event_pb2.Event.PURCHASE, order_id=order, item_id=ITEM, quantity=1,
        unit_price=amount,
    )  # fmt: skip
    client.record(customer, [bought])


def foreseen(preview: campaign_preview_pb2.CampaignPreview) -> dict[str, object]:
    """What the preview says before anybody is asked to agree."""
    total = preview.total
    return {
        "customers": f"{preview.customer_count:,}",
        "in the audience": f"{preview.audience_count:,}",
        "coupons used": _range(total.redemptions),
        "cost": _range(total.cost, CENTS),
        "incremental revenue": _range(total.revenue, CENTS),
    }


def measured(results: campaign_results_pb2.CampaignResults) -> list[dict[str, object]]:
    """One row a metric: with an offer, held out, and what the campaign changed in all."""
    return [_row(effect) for effect in results.effects]


def buyers(results: campaign_results_pb2.CampaignResults) -> campaign_results_pb2.CampaignResults.Effect:
    """The effect on whether customers buy."""
    return next(each for each in results.effects if each.metric == campaign_results_pb2.CampaignResults.CONVERSION)


def _row(effect: campaign_results_pb2.CampaignResults.Effect) -> dict[str, object]:
    conversion = effect.metric == campaign_results_pb2.CampaignResults.CONVERSION
    scale = 1 if conversion else CENTS
    mean = "{:.1%}" if conversion else "{:,.2f}"
    return {
        "metric": campaign_results_pb2.CampaignResults.Metric.Name(effect.metric).lower(),
        "with an offer": mean.format(effect.mean / scale),
        "held out": mean.format(effect.holdout_mean / scale),
        "changed in all": f"{effect.total / scale:+,.0f}",
        "95 %, at any time": _between(effect.total_interval.low / scale, effect.total_interval.high / scale),
    }


def _range(prediction: campaign_preview_pb2.CampaignPreview.Prediction, scale: int = 1) -> str:
    low, high = prediction.low / scale, prediction.high / scale
    return f"{prediction.value / scale:,.0f}  ({_between(low, high)})"


def _between(low: float, high: float) -> str:
    return "nothing can be said yet" if math.isinf(low) or math.isinf(high) else f"{low:,.0f} to {high:,.0f}"
