"""Coupons at the till of one hot campaign, over gRPC: 100 callers at once, its budget in shards beside one row."""

import itertools
import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

import psycopg
import typer
from google.protobuf.message import Message
from google.type import money_pb2
from tierwise.v1 import coupon_service_pb2

from bench.figures import Figure, in_turn, publish
from bench.load import Load, closed_loop
from bench.shop import BenchmarkFailedError, BenchShop, cause, prepared
from campaigns.budgets import booking
from campaigns.budgets.shards import SHARDS
from campaigns.coupons import reconciliation
from campaigns.coupons.codes import mint
from campaigns.life import campaigns, drafts
from campaigns.terms.campaign import CampaignPlan, Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.tiers.tiers import Tier
from database.coupons import reconciliation as stored

SERVICE = coupon_service_pb2.DESCRIPTOR.services_by_name["CouponService"].full_name
SHARDED, ONE = f"Redeem, {SHARDS} shards", "Redeem, one row"
ORDER = money_pb2.Money(currency_code="GBP", units=20)
ONE_ROW = """
WITH others AS (DELETE FROM budget_shards WHERE campaign_id = 'one-row' AND shard > 0)
UPDATE budget_shards SET quota_count = redemption_limit FROM campaigns
WHERE campaigns.campaign_id = 'one-row' AND budget_shards.campaign_id = 'one-row' AND shard = 0
"""
GIVE = """
INSERT INTO coupons (code, campaign_id, customer_id, tier, channel, discount, state, issue_time)
SELECT code, campaign_id, code, 'HIGH', 'ON_SITE', offers -> 'HIGH' -> 'discount', 'ISSUED', start_time
FROM unnest(%(codes)s::text[]) AS code CROSS JOIN campaigns WHERE campaign_id = %(campaign_id)s
"""
ACTIVATE = "UPDATE campaigns SET state = 'ACTIVE', issued_count = %(count)s WHERE campaign_id = %(campaign_id)s"


def main(
    *,
    coupons: Annotated[int, typer.Option(min=1000, help="Of each campaign: more than can be redeemed.")] = 40_000,
    callers: Annotated[int, typer.Option(min=1)] = 100,
    seconds: Annotated[float, typer.Option(min=0.5, help="Of one slice of load.")] = 4.0,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure ValidateCoupon and RedeemCoupon."""
    with prepared() as shop:
        found = measured(shop, coupons=coupons, callers=callers, seconds=seconds, rounds=rounds)
    publish(
        "redemption",
        found,
        notes=[
            f"{callers} callers, each with one call under way, slices of {seconds:g} s, medians of {rounds} rounds",
            "callers, server and PostgreSQL share the machine; every redemption is of another customer",
            "afterwards each answer is one redemption, and the ledger of every campaign agrees with its counters",
        ],
        as_json=as_json,
    )


def measured(shop: BenchShop, *, coupons: int, callers: int, seconds: float, rounds: int) -> dict[str, Figure]:
    """Latencies and rates of a server of its own, and that nothing was lost or used twice."""
    sharded, one_row = (_campaign(shop, name, coupons) for name in ("sharded", "one-row"))
    shop.execute(ONE_ROW, "VACUUM ANALYZE")
    ask = partial(_slice, shop.serve(SERVICE), callers=callers, seconds=seconds)
    loads = in_turn(
        {
            "Validate": partial(ask, "ValidateCoupon", _validations(sharded)),
            SHARDED: partial(ask, "RedeemCoupon", _redemptions(sharded)),
            ONE: partial(ask, "RedeemCoupon", _redemptions(one_row)),
        },
        rounds,
    )
    _prove(shop, {"sharded": loads[SHARDED], "one-row": loads[ONE]})
    return figures(loads)


def figures(loads: dict[str, list[Load]]) -> dict[str, Figure]:
    """Latencies and rates; what is in shards stands against one row."""
    rows = {name: _medians(found) for name, found in loads.items()}
    against = {SHARDED: ONE}
    return {
        f"{name}: {what}": Figure(
            value=value, unit="calls/s" if what == "rate" else "ms",
            against=f"{against[name]}: {what}" if name in against else None,
            ratio=value / rows[against[name]][what] if name in against else None,
        )
        for name, row in rows.items()
        for what, value in row.items()
    }  # fmt: skip


def _medians(loads: Sequence[Load]) -> dict[str, float]:
    return {
        "p50": statistics.median(load.p50_ms for load in loads),
        "p95": statistics.median(load.p95_ms for load in loads),
        "p99": statistics.median(load.p99_ms for load in loads),
        "rate": statistics.median(load.rate for load in loads),
    }


def _campaign(shop: BenchShop, campaign_id: str, coupons: int) -> list[str]:
    """Codes of an active campaign whose limit is one redemption for each."""
    now, codes = datetime.now(UTC), mint(coupons)
    offer = Offer(tier=Tier.HIGH, discount=Discount(reward=Percent(percent=10)), channel=Channel.ON_SITE)
    plan = CampaignPlan(
        display_name="Bench", offers=(offer,), start_time=now, end_time=now + timedelta(days=30), currency="GBP",
        redemption_limit=coupons, holdout_percent=0,
    )  # fmt: skip
    with shop.database.writing() as transaction:
        booking.open_budget(transaction, drafts.create(transaction, cause(), campaign_id, plan))
    values = {"codes": codes, "campaign_id": campaign_id, "count": coupons}
    with psycopg.connect(shop.processes.database_url) as connection:
        connection.execute(GIVE, values)
        connection.execute(ACTIVATE, values)
    return codes


def _validations(codes: Sequence[str]) -> Callable[[int], Message]:
    """Of codes from the end of the list, which nobody comes to redeem."""
    return lambda number: coupon_service_pb2.ValidateCouponRequest(
        code=codes[-1 - number % (len(codes) // 4)], order_amount=ORDER
    )


def _redemptions(codes: Sequence[str]) -> Callable[[int], Message]:
    """Each of another code, over all rounds."""
    fresh = itertools.islice(codes, 3 * len(codes) // 4)

    def request(_: int) -> Message:
        code = next(fresh, None)
        if code is None:
            raise BenchmarkFailedError("every coupon is redeemed: give more --coupons")
        return coupon_service_pb2.RedeemCouponRequest(code=code, order_id=f"o-{code}", order_amount=ORDER)

    return request


def _slice(address: str, method: str, requests: Callable[[int], Message], *, callers: int, seconds: float) -> Load:
    load = closed_loop(address, f"/{SERVICE}/{method}", requests, callers=callers, seconds=seconds)
    if load.errors:
        raise BenchmarkFailedError(f"{load.errors} calls of {method} failed")
    return load


def _prove(shop: BenchShop, loads: Mapping[str, Sequence[Load]]) -> None:
    """Raises BenchmarkFailedError."""
    with shop.database.reading() as snapshot:
        redeemed = {name: campaigns.get(snapshot, name).redeemed_count for name in loads}
        verdicts = reconciliation.judged(stored.figures(snapshot, after="", limit=len(loads)))
    answered = {name: sum(load.answers for load in each) for name, each in loads.items()}
    if redeemed != answered:
        raise BenchmarkFailedError(f"{answered} calls were answered, and {redeemed} coupons are redeemed")
    if len(verdicts) != len(loads) or any(verdict.differences for verdict in verdicts):
        raise BenchmarkFailedError(f"ledgers and counters differ: {verdicts}")


if __name__ == "__main__":
    typer.run(main)
