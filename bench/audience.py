"""Counting an audience over a million customers: by a rule of ten comparisons, and in the preview of a campaign."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import text

from bench.figures import Figure, publish
from campaigns.actor import Actor, Cause
from campaigns.forecast import dry_run
from campaigns.life import drafts
from campaigns.terms.campaign import CampaignPlan, Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Tier
from database import embedded
from database.audiences import fitting
from database.migrate import migrate
from database.session import Database, Snapshot
from rules.document import parse

Answer = TypeVar("Answer")
ROUNDS = 5
EXACT_SECONDS = 2.0
ESTIMATE_SECONDS = 0.2
RULE = """
every:
  - compare: {fact: purchase_90, operator: at_least, value: 0.2}
  - compare: {fact: churn, operator: less_than, value: 0.8}
  - compare: {fact: orders_365, operator: at_least, value: 2}
  - compare: {fact: spend_365, operator: more_than, value: 5000}
  - compare: {fact: days_since_purchase, operator: at_most, value: 200}
  - some:
      - within: {fact: country, values: [C0, C1, C2, C3]}
      - compare: {fact: categories, operator: contains, value: K3}
  - not: {compare: {fact: returned_share, operator: more_than, value: 0.5}}
  - not: {compare: {fact: messages_30, operator: at_least, value: 8}}
  - compare: {fact: consented_channels, operator: contains, value: email}
"""
# Every fact has a value, as of a busy shop, so that rows are as wide as they get.
FILL = text(
    """
INSERT INTO customer_facts (
  customer_id, as_of, purchase_30, purchase_60, purchase_90, churn, returned_share, average_rating, expected_spend,
  expected_orders, expected_uplift, spend, spend_30, spend_90, spend_365, average_order, first_purchase_time,
  last_purchase_time, customer_since, days_since_score, orders, orders_30, orders_90, orders_365, days_since_purchase,
  views_30, carts_30, days_since_view, days_since_cart, days_since_seen, reviews, days_as_customer, coupons_issued,
  coupons_redeemed, days_since_coupon, days_since_redemption, campaigns_30, messages_30, days_since_message, has_bought,
  tier, country, zone, preferred_channel, last_category, consented_channels, campaigns, categories, on_site_responses,
  email_responses, sms_responses, push_responses, days_in_tier, days_below_tier, rfm_recency, rfm_frequency,
  rfm_monetary
) SELECT
  'customer-' || lpad(n::text, 8, '0'), now(), random(), random(), random(), random(),
  random() * random(), 1 + 4 * random(), (random() * 20000)::bigint, random() * 5, random() / 10,
  (random() * 100000)::bigint, (random() * 9000)::bigint, (random() * 20000)::bigint,
  (random() * 60000)::bigint, (random() * 9000)::bigint, now() - random() * interval '900 days',
  now() - random() * interval '400 days', now() - random() * interval '900 days', 1, (random() * 30)::integer,
  (random() * 3)::integer, (random() * 6)::integer, (random() * 15)::integer, (random() * 400)::integer,
  (random() * 30)::integer, (random() * 9)::integer, (random() * 90)::integer, (random() * 200)::integer,
  (random() * 90)::integer, (random() * 9)::integer, (random() * 900)::integer, (random() * 9)::integer,
  (random() * 4)::integer, (random() * 90)::integer, (random() * 200)::integer, (random() * 2)::integer,
  (random() * 12)::integer, (random() * 30)::integer, true, (ARRAY['HIGH', 'MID', 'LOW'])[1 + (n % 3)],
  'C' || (random() * 12)::integer, 'Europe/London', 'email', 'K' || (random() * 20)::integer,
  (ARRAY['email', 'sms', 'push'])[:1 + (random() * 2)::integer], ARRAY['spring', 'summer'],
  ARRAY['K' || (random() * 20)::integer, 'K' || (random() * 20)::integer, 'K' || (random() * 20)::integer],
  (random() * 9)::integer, (random() * 9)::integer, (random() * 9)::integer, (random() * 9)::integer,
  (random() * 200)::integer, (random() * 14)::integer, 1 + (n % 5), 1 + (n % 5), 1 + (n % 5)
FROM generate_series(1, :customers) AS n
""".replace("[:1", "[\\:1")
)
FILL_SECONDS = 600


CUSTOMERS = text(
    "INSERT INTO customers (customer_id, consented_channels) SELECT customer_id, consented_channels FROM customer_facts"
)
SCORES = text(
    """
INSERT INTO scores (customer_id, model_id, as_of, purchase_30, purchase_60, purchase_90, churn, spend_minor,
  spend_low_minor, spend_high_minor, expected_orders, currency, tier, tier_scheme, operation_id)
SELECT customer_id, 'bench', now(), purchase_30, purchase_60, purchase_90, churn, expected_spend, 0, 0,
  expected_orders, 'GBP', tier, :scheme, 'bench' FROM customer_facts
"""
)


def measure(database: Database, customers: int) -> dict[str, Figure]:
    """Fill the table of an empty database and count, each time in a snapshot of its own."""
    rule = parse(RULE)
    with database.writing() as transaction:
        transaction.execute(FILL, {"customers": customers})
    exact_seconds, count = _median(database, lambda snapshot: fitting.count(snapshot, rule))
    estimate_seconds, estimate = _median(database, lambda snapshot: fitting.estimate(snapshot, rule))
    preview_seconds, reached = _median_preview(database)
    half = (estimate.high - estimate.low) / 2
    return {
        "customers": Figure(value=customers, unit="rows"),
        "exact count": Figure(value=exact_seconds, unit="s", against="2 s", ratio=exact_seconds / EXACT_SECONDS),
        "estimate": Figure(
            value=1000 * estimate_seconds, unit="ms", against="200 ms", ratio=estimate_seconds / ESTIMATE_SECONDS
        ),
        "customers who fit": Figure(value=count, unit="rows"),
        "estimated": Figure(value=estimate.count, unit="rows", against="exact", ratio=estimate.count / count),
        "campaign preview": Figure(value=preview_seconds, unit="s"),
        "customers it reaches": Figure(value=reached, unit="rows"),
        "half of the interval": Figure(value=half, unit="rows", against="exact", ratio=half / count),
    }


def _median_preview(database: Database) -> tuple[float, int]:
    """All tiers, two of them by channels that need consent: the whole preview, its line of audit with it."""
    cause = Cause(actor=Actor(name="bench"), now=datetime.now(UTC))
    with database.writing() as transaction:
        scheme = schemes.ensure(transaction, cause)
        transaction.execute(CUSTOMERS)
        transaction.execute(SCORES, {"scheme": scheme.version})
        drafts.create(transaction, cause, "bench", _plan(cause.now))
    for table in ("customers", "scores", "customer_facts"):
        database.vacuum(table)
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with database.writing() as transaction:
            shown = dry_run.preview(transaction, cause, "bench", size=10)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), shown.audience


def _plan(now: datetime) -> CampaignPlan:
    ways = zip(Tier, (Channel.EMAIL, Channel.SMS, Channel.ON_SITE), strict=True)
    tenth = Discount(reward=Percent(percent=10))
    return CampaignPlan(
        display_name="Bench",
        offers=tuple(Offer(tier=tier, discount=tenth, channel=channel) for tier, channel in ways),
        start_time=now,
        end_time=now + timedelta(days=30),
        currency="GBP",
    )


def _median(database: Database, ask: Callable[[Snapshot], Answer]) -> tuple[float, Answer]:
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with database.reading() as snapshot:
            answer = ask(snapshot)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), answer


def main() -> None:
    """`python -m bench.audience [CUSTOMERS]`."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="tierwise-bench-") as folder:
        Path(folder).chmod(0o755)
        server = embedded.start(Path(folder) / "postgres")
        try:
            migrate(server.url())
            database = Database.at(server.url(), statement_timeout_ms=1000 * FILL_SECONDS)
            publish("audience", measure(database, customers), notes=["a rule of ten comparisons; medians of five"])
            database.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
