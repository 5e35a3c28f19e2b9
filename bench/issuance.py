"""A launch of a million coupons end to end, by a real worker, beside a bare COPY of the coupons that it made."""

import itertools
import math
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import psycopg
import typer

from bench.figures import Figure, in_turn, publish
from bench.shop import POLL_SECONDS, BenchmarkFailedError, BenchShop, cause, finished, prepared
from campaigns.life import approving, drafts, launch
from campaigns.life.approval import ApprovalPolicy
from campaigns.terms.campaign import CampaignPlan, Channel, Offer
from campaigns.terms.discount import Discount, Fixed, Percent
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Measure, Method, Tier
from database.work import operations
from database.work.operations import Operation

BARE = "bare_coupons"
HOLDOUT_PERCENT = 10
OFFERS = (
    Offer(tier=Tier.HIGH, discount=Discount(reward=Percent(percent=20, maximum_minor=5000)), channel=Channel.EMAIL),
    Offer(tier=Tier.MID, discount=Discount(reward=Percent(percent=10)), channel=Channel.PUSH),
    Offer(
        tier=Tier.LOW, discount=Discount(reward=Fixed(amount_minor=500), first_order_only=True), channel=Channel.ON_SITE
    ),
)
CUSTOMERS = """
INSERT INTO customers (customer_id, consented_channels)
SELECT 'B' || lpad(n::text, 8, '0'), '{{email,push}}' FROM generate_series(1, {size}) AS numbers (n)
"""
SCORES = """
INSERT INTO scores
SELECT customer_id, 'bench', now(), 0.1, 0.2, 0.3, 0.5, 1000, 0, 3000, 'GBP',
  (ARRAY['HIGH', 'MID', 'MID', 'LOW'])[1 + (hashtext(customer_id) & 3)], 1, 'bench'
FROM customers ORDER BY customer_id
"""
# The truth beside the counters: coupons, customers who should have one, coupons of the held-out.
FOUND = """
SELECT (SELECT count(*) FROM coupons), count(*) FILTER (WHERE arm <> 'holdout'),
  count(code) FILTER (WHERE arm = 'holdout')
FROM audiences LEFT JOIN coupons USING (campaign_id, customer_id)
"""


def main(
    *,
    coupons: Annotated[int, typer.Option(min=1, help="To issue, at least.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Measure issuance end to end."""
    with prepared() as shop:
        shop.processes.environment["TIERWISE_WORKER_PROCESSES"] = "1"
        shop.processes.start("worker", ["-m", "worker"])
        shop.processes.start("beat", ["-m", "worker", "beat"])
        figures = measured(shop, coupons=coupons, rounds=rounds)
    notes = [
        f"three tiers, two by channels that need consent, {HOLDOUT_PERCENT} % held out",
        f"one worker process, medians of {rounds} rounds in turn",
        "end to end: from the request's transaction over outbox, relay and broker to the operation's last commit",
        "COPY: the same rows as ready text in the same order, in one transaction, into a table with the same keys",
    ]
    publish("issuance", figures, notes=notes)


def measured(shop: BenchShop, *, coupons: int, rounds: int) -> dict[str, Figure]:
    """Seconds and coupons a second. A worker runs; the first launch is not measured and makes the rows to copy."""
    # The draw leaves some more or less in the holdout: four standard deviations and more on top.
    _audience(shop, math.ceil((coupons + 4 * math.sqrt(coupons)) / (1 - HOLDOUT_PERCENT / 100)))
    names = (f"bench-{number}" for number in itertools.count(1))
    _launch(shop, next(names))
    rows, issued = _made_rows(shop)
    shop.execute(
        f"CREATE TABLE {BARE} (LIKE coupons INCLUDING ALL)",
        f"ALTER TABLE {BARE} ADD FOREIGN KEY (campaign_id) REFERENCES campaigns",
    )
    seen = in_turn({"launch": lambda: _launch(shop, next(names)), "COPY": lambda: _copy(shop, rows)}, rounds)
    frozen, launched = (statistics.median(column) for column in zip(*seen["launch"], strict=True))
    copied = statistics.median(seconds for (seconds,) in seen["COPY"])
    return {
        "coupons": Figure(value=issued, unit="coupons"),
        "launch": Figure(value=launched, unit="s", against="COPY", ratio=launched / copied),
        "audience frozen": Figure(value=frozen, unit="s", against="launch", ratio=frozen / launched),
        "COPY": Figure(value=copied, unit="s"),
        "rate of launch": Figure(value=issued / launched, unit="coupons/s", against="COPY", ratio=copied / launched),
        "rate of COPY": Figure(value=issued / copied, unit="coupons/s"),
    }


def _audience(shop: BenchShop, size: int) -> None:
    """Customers with a tier, as a rescoring leaves them."""
    with shop.database.writing() as transaction:
        schemes.create(
            transaction, cause(), measure=Measure.EXPECTED_VALUE, method=Method.QUANTILE, parameters=schemes.DEFAULT
        )
    shop.execute(CUSTOMERS.format(size=size), SCORES, "VACUUM ANALYZE")


def _launch(shop: BenchShop, campaign_id: str) -> tuple[float, ...]:
    """Seconds until the audience is frozen, and until all is done."""
    shop.execute("TRUNCATE coupons, audiences CASCADE", "CHECKPOINT")
    now = datetime.now(UTC)
    plan = CampaignPlan(
        display_name="Bench", offers=OFFERS, start_time=now, end_time=now + timedelta(days=30), currency="GBP",
        holdout_percent=HOLDOUT_PERCENT,
    )  # fmt: skip
    began = time.perf_counter()
    with shop.database.writing() as transaction:
        drafts.create(transaction, cause(), campaign_id, plan)
        approving.submit(transaction, cause(), campaign_id, ApprovalPolicy())
        approving.approve(transaction, cause("approver"), campaign_id, ApprovalPolicy(), version=1)
        operation = launch.launch(transaction, cause(), campaign_id)
    _await_freeze(shop, operation)
    frozen = time.perf_counter()
    done = finished(shop, operation)
    ended = time.perf_counter()
    _check(shop, done)
    return frozen - began, ended - began


def _await_freeze(shop: BenchShop, operation: Operation) -> None:
    found: Operation | None = operation
    while found is not None and found.cursor is None and not found.done:
        time.sleep(POLL_SECONDS)
        shop.processes.check()
        with shop.database.reading() as snapshot:
            found = operations.get(snapshot, operation.operation_id)


def _check(shop: BenchShop, done: Operation) -> None:
    with psycopg.connect(shop.processes.database_url) as connection:
        found = connection.execute(FOUND.encode()).fetchone()
    assert found is not None, "an aggregate has one row"
    assert done.response is not None, "it succeeded"
    if found != (done.response["issued_count"], done.done_count, 0) or found[0] != found[1]:
        raise BenchmarkFailedError(f"{found} (coupons, members, held out with a coupon) after {done.response}")


def _made_rows(shop: BenchShop) -> tuple[Sequence[bytes], int]:
    """The coupons in PostgreSQL's own text, in the order in which they were written, and how many there are."""
    statement = "COPY (SELECT * FROM coupons ORDER BY ctid) TO STDOUT"
    with psycopg.connect(shop.processes.database_url) as connection, connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            rows = [bytes(block) for block in copy]
        return rows, cursor.rowcount


def _copy(shop: BenchShop, rows: Sequence[bytes]) -> tuple[float, ...]:
    shop.execute(f"TRUNCATE {BARE}", "CHECKPOINT")
    began = time.perf_counter()
    with psycopg.connect(shop.processes.database_url) as connection:
        with connection.cursor().copy(f"COPY {BARE} FROM STDIN") as copy:
            for block in rows:
                copy.write(block)
        connection.commit()
    return (time.perf_counter() - began,)


if __name__ == "__main__":
    typer.run(main)
