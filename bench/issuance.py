"""A launch end to end, by a real worker, beside a bare COPY of the coupons that it made."""

import itertools
import time
from datetime import UTC, datetime, timedelta

import polars as pl
import psycopg

from bench.figures import Figure, interleaved
from bench.shop import BenchmarkFailedError, BenchShop, cause, finished
from campaigns import launch
from campaigns.campaign import CampaignPlan, Channel, Offer
from campaigns.discount import Percent
from campaigns.tiers import Tier
from database.copying import copy_frame

BARE = "bare_coupons"
MADE_ROWS = """
COPY (
  SELECT code, campaign_id, customer_id, tier, channel, discount, state,
    to_char(issue_time, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS issue_time,
    to_char(expire_time, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS expire_time
  FROM coupons ORDER BY customer_id
) TO STDOUT (FORMAT csv, HEADER)
"""


def measured(shop: BenchShop, *, coupons: int, rounds: int) -> dict[str, Figure]:
    """Coupons a second. A worker runs already; the first launch is not measured and makes the rows to copy."""
    _audience(shop, coupons)
    numbers = itertools.count(1)
    _launch(shop, f"bench-{next(numbers)}", coupons)
    rows = _made_rows(shop)
    shop.execute(
        f"CREATE TABLE {BARE} (LIKE coupons INCLUDING ALL)",
        f"ALTER TABLE {BARE} ADD FOREIGN KEY (campaign_id) REFERENCES campaigns",
    )
    seconds = interleaved(
        {
            "issuance": lambda: _launch(shop, f"bench-{next(numbers)}", coupons),
            "COPY": lambda: _copy(shop, rows),
        },
        rounds,
    )
    issued, copied = coupons / seconds["issuance"], coupons / seconds["COPY"]
    return {
        "issuance": Figure(
            value=issued, unit="coupons/s", against="COPY of the coupons", ratio=issued / copied
        ),
        "COPY of the coupons": Figure(value=copied, unit="coupons/s"),
    }  # fmt: skip


def _audience(shop: BenchShop, size: int) -> None:
    """Customers with a tier, as a rescoring leaves them, in the place of those who had one."""
    shop.execute(
        "TRUNCATE scores",
        f"INSERT INTO customers (customer_id) SELECT 'B' || lpad(n::text, 8, '0') "  # noqa: S608 - a number of ours
        f"FROM generate_series(1, {size}) AS numbers (n)",
        """INSERT INTO scores
        SELECT customer_id, 'bench', now(), 0.1, 0.2, 0.3, 0.5, 1000, 0, 3000, 'GBP', 'HIGH', 1, 'bench'
        FROM customers WHERE customer_id LIKE 'B%'""",
        "VACUUM ANALYZE",
    )


def _launch(shop: BenchShop, campaign_id: str, expected: int) -> float:
    shop.execute("TRUNCATE coupons, redemptions, audiences", "CHECKPOINT")
    offer = Offer(tier=Tier.HIGH, discount=Percent(percent=10), channel=Channel.ON_SITE)
    now = datetime.now(UTC)
    plan = CampaignPlan(
        display_name="Bench",
        offers=(offer,),
        start_time=now,
        end_time=now + timedelta(days=30),
        currency="GBP",
        holdout_percent=0,
    )
    began = time.perf_counter()
    with shop.database.writing() as transaction:
        launch.create(transaction, cause(), campaign_id, plan)
        operation = launch.launch(transaction, cause(), campaign_id)
    done = finished(shop, operation)
    seconds = time.perf_counter() - began
    if done.done_count != expected:
        raise BenchmarkFailedError(f"{done.done_count} coupons were issued instead of {expected}")
    return seconds


def _made_rows(shop: BenchShop) -> pl.DataFrame:
    with psycopg.connect(shop.processes.database_url) as connection, connection.cursor().copy(MADE_ROWS) as copy:
        return pl.read_csv(b"".join(copy), infer_schema=False)


def _copy(shop: BenchShop, rows: pl.DataFrame) -> float:
    shop.execute(f"TRUNCATE {BARE}", "CHECKPOINT")
    began = time.perf_counter()
    with psycopg.connect(shop.processes.database_url) as connection:
        copy_frame(connection, BARE, rows)
    return time.perf_counter() - began
