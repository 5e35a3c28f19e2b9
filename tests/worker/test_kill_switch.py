"""Two servers and a worker in the middle of their work: a second after the stop nothing is given away any more."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from threading import Event

import grpc
from made.campaigns import (
    TEN_PERCENT,
    add_customers,
    begin_launch,
    codes_of,
    counts,
    create_campaign,
    finish_launch,
    read_operation,
    store_scores,
)
from running.serving import Shop, pounds, refusal, serving
from running.worker_processes import relaying, wait_for, wait_until_done, worker
from sqlalchemy import text
from tierwise.v1 import coupon_service_pb2, switch_service_pb2

from campaigns.tiers.tiers import Tier
from database.session import Database
from database.work import broker

CALLERS = 8
EVERYTHING = "campaigns/-"


@contextmanager
def shopping(shops: list[Shop], codes: list[str]) -> Iterator[list[str]]:
    """Customers at both servers who use one code after another; the reasons of their refusals."""
    ended = Event()
    waiting, refusals = iter(codes), list[str]()

    def shop_on(shop: Shop) -> None:
        for code in waiting:
            while not ended.is_set():
                request = coupon_service_pb2.RedeemCouponRequest(code=code, order_id=code, order_amount=pounds(50))
                try:
                    shop.coupons.RedeemCoupon(request, timeout=20)
                    break
                except grpc.RpcError as error:
                    refusals.append(refusal(error).reason)
                    time.sleep(0.05)

    with ThreadPoolExecutor(CALLERS) as customers:
        for _, shop in zip(range(CALLERS), cycle(shops), strict=False):
            customers.submit(shop_on, shop)
        try:
            yield refusals
        finally:
            ended.set()


@contextmanager
def two_servers(database: Database, database_url: str, home: Path) -> Iterator[tuple[Shop, Shop]]:
    """With connections of their own."""
    other = Database.at(database_url)
    with serving(database, home, model=False) as one, serving(other, home, model=False) as two:
        yield one, two
    other.close()


def given_away(database: Database) -> tuple[int, ...]:
    return counts(database, "redemptions", "ledger", "coupons")


def test_a_second_after_the_stop_nothing_is_redeemed_or_issued_and_afterwards_it_goes_on(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    best, others = ([f"{kind}{number:04}" for number in range(1200)] for kind in "ab")
    now = datetime.now(UTC)
    current = {"start_time": now - timedelta(days=1), "end_time": now + timedelta(days=9)}
    add_customers(database, best + others)
    store_scores(database, dict.fromkeys(best, 9000) | dict.fromkeys(others, 2000))
    create_campaign(database, "open", offers=(replace(TEN_PERCENT, tier=Tier.MID),), **current)
    finish_launch(database, begin_launch(database, "open", now=now))
    codes = sorted(codes_of(database, "open").values())
    broker.install(database_url)
    create_campaign(database, "spring", **current)
    operation = begin_launch(database, "spring", now=now)

    with two_servers(database, database_url, tmp_path) as (one, two), relaying(database, database_url):
        with worker(database_url, TIERWISE_ISSUE_CHUNK="1"):
            wait_for(lambda: read_operation(database, operation.operation_id).done_count > 20)
            with shopping([one, two], codes) as refusals:
                wait_for(lambda: counts(database, "redemptions")[0] > 20)
                one.switches.StopCampaign(
                    switch_service_pb2.StopCampaignRequest(campaign=EVERYTHING, reason="prices are wrong")
                )
                time.sleep(1)
                after_a_second, refused = given_away(database), len(refusals)
                wait_for(lambda: len(refusals) > refused + 2 * CALLERS)
                later = given_away(database)
                still = read_operation(database, operation.operation_id)
                two.switches.AllowCampaign(
                    switch_service_pb2.AllowCampaignRequest(campaign=EVERYTHING, reason="prices are right")
                )
                wait_for(lambda: counts(database, "redemptions")[0] > later[0] + 20)
                wait_for(lambda: read_operation(database, operation.operation_id).done_count > still.done_count)
        with worker(database_url):
            done = wait_until_done(database, operation)

    assert later == after_a_second
    assert set(refusals) == {"COUPONS_STOPPED"}
    assert (still.state, 0 < still.done_count < 1200) == ("RUNNING", True)
    assert (done.state, done.done_count) == ("SUCCEEDED", 1200)
    assert sorted(codes_of(database, "spring")) == best
    with database.reading() as snapshot:
        twice = snapshot.execute(text("SELECT code FROM redemptions GROUP BY code HAVING count(*) > 1")).all()
    assert twice == []
