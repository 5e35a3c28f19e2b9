"""A large shop for the web admin to look at: customers with facts, scores and events, coupons, and a long audit log."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import TextClause, text

from bench.audience import CUSTOMERS, FILL, SCORES
from bench.shop import cause
from campaigns.audiences import segments
from campaigns.audit import sealing
from campaigns.life import drafts
from campaigns.models import registry
from campaigns.terms import discount_document
from campaigns.terms.campaign import CampaignPlan, Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.tiers import schemes
from campaigns.tiers.tiers import Tier
from database.session import Database
from rules.rule import Compare, Operator

MODEL = "bench"
CAMPAIGNS = 60
"""In all; those with coupons are active, the others drafts."""
SEALED_AT_ONCE = 20_000
TENTH = Discount(reward=Percent(percent=10))
SPENT = Compare("orders", Operator.AT_LEAST, 0)
# Everything that has many rows is made where it is stored, a statement a table.
EVENTS = text("""
INSERT INTO events (event_id, customer_id, time, event_type, item_id, order_id, quantity, unit_price_minor, currency)
SELECT customer_id || '-' || n, customer_id, now() - n * interval '9 days', 1 + n % 3, 'item-' || n,
  CASE n % 3 WHEN 2 THEN customer_id || n END, 1, 1500, 'GBP'
FROM customers CROSS JOIN generate_series(1, 3) AS numbers (n)
""")
MOVES = text("""
INSERT INTO tier_changes (customer_id, operation_id, time, to_tier, value, tier_scheme, model_id)
SELECT customer_id, 'bench', now(), tier, spend_minor, tier_scheme, model_id FROM scores
""")
RESCORINGS = text("""
INSERT INTO operations (operation_id, kind, state, request, response, done_count, create_time, update_time)
SELECT 'bench-' || n, 'SCORE_ALL_CUSTOMERS', 'SUCCEEDED',
  jsonb_build_object('model_id', 'bench', 'tier_scheme', 1, 'as_of', now() - n * interval '1 day'),
  '{"scored_count": 9, "moved_count": 1, "tiers": {"HIGH": 2, "MID": 3, "LOW": 4}, "chances": [1, 2, 3]}',
  9, now() - n * interval '1 day', now() - n * interval '1 day'
FROM generate_series(1, 400) AS numbers (n)
""")
LAUNCHED = text("""
UPDATE campaigns SET state = 'ACTIVE', launch_time = now() - interval '9 days',
  activate_time = now() - interval '9 days'
WHERE campaign_id = ANY(:live)
""")
AUDIENCES = text("""
INSERT INTO audiences (campaign_id, customer_id, tier, tier_scheme, model_id, purchase_90, spend_minor, arm)
SELECT campaign_id, customer_id, tier, tier_scheme, model_id, purchase_90, spend_minor,
  CASE hashtext(customer_id) & 7 WHEN 0 THEN 'holdout' ELSE 'offer' END
FROM scores CROSS JOIN unnest(CAST(:live AS text[])) AS live (campaign_id)
""")
COUPONS = text("""
INSERT INTO coupons (code, campaign_id, customer_id, tier, channel, discount, state, issue_time)
SELECT 'BENCH' || n || right(customer_id, 8), campaign_id, customer_id, tier, 'EMAIL', CAST(:discount AS jsonb),
  CASE hashtext(customer_id) & 31 WHEN 1 THEN 'REDEEMED' ELSE 'ISSUED' END, now()
FROM audiences JOIN unnest(CAST(:live AS text[])) WITH ORDINALITY AS live (campaign_id, n) USING (campaign_id)
WHERE arm <> 'holdout'
""")
REDEMPTIONS = text("""
INSERT INTO redemptions (redemption_id, code, campaign_id, customer_id, order_id, order_minor, discount_minor, currency,
  redeem_time)
SELECT code, code, campaign_id, customer_id, code, 5000, 500, 'GBP', now() - random() * interval '8 days'
FROM coupons WHERE state = 'REDEEMED'
""")
SHARDS = text("""
INSERT INTO budget_shards (campaign_id, shard, spent_count, spent_minor)
SELECT campaign_id, 0, count(*), sum(discount_minor) FROM redemptions GROUP BY campaign_id
ON CONFLICT (campaign_id, shard) DO UPDATE SET (spent_count, spent_minor) = (excluded.spent_count, excluded.spent_minor)
""")
ISSUED = text("""
UPDATE campaigns SET issued_count = (SELECT count(*) FROM coupons WHERE coupons.campaign_id = campaigns.campaign_id)
""")
MESSAGES = text("""
INSERT INTO messages (campaign_id, customer_id, channel, state, batch, claim_time, settle_time)
SELECT campaign_id, customer_id, channel,
  CASE hashtext(customer_id) & 63 WHEN 2 THEN 'NO_CONSENT' ELSE 'HANDED_OVER' END, 'bench', issue_time, issue_time
FROM coupons WHERE campaign_id = 'bench-0'
""")
MESSAGE_COUNTS = text("""
INSERT INTO message_counts (campaign_id, channel, state, hour, count)
SELECT campaign_id, channel, state, date_trunc('hour', settle_time, 'UTC'), count(*) FROM messages GROUP BY 1, 2, 3, 4
""")
MEMBERS = text("""
INSERT INTO segment_members (segment_id, build, customer_id) SELECT 'bench', 1, customer_id FROM customers
""")
BUILT = text("""
UPDATE segments SET build = 1, started_build = 1, built_revision = rule_revision, member_count = :customers,
  built_at = now()
""")
IMPORTS = text("""
INSERT INTO imports (import_id, kind, file_name, state, report, create_time, finish_time)
SELECT 'bench-' || n || '.', 'events', 'day-' || n || '.csv', 'FINISHED',
  jsonb_build_object('rows_in', 9000, 'rows_out', 8900, 'rejected', 100,
    'reasons', jsonb_build_object('PRICE_NOT_POSITIVE', 100)),
  now() - n * interval '1 day', now() - n * interval '1 day'
FROM generate_series(1, 400) AS numbers (n)
""")
REJECTED = text("""
INSERT INTO rejected_rows (import_id, row_number, reason, content)
SELECT 'bench-1.', n, 'PRICE_NOT_POSITIVE', jsonb_build_object('customer_id', 'customer-' || n, 'unit_price', 0)
FROM generate_series(1, :customers) AS numbers (n)
""")
LINES = text("""
INSERT INTO audit_log (time, actor, action, object_name, outcome, before, after)
SELECT now() - n * interval '7 seconds', 'marketer:person-' || n % 50,
  (ARRAY['campaigns.update', 'campaigns.pause', 'segments.build', 'tiers.create'])[1 + n % 4],
  'campaigns/bench-' || n % 60, (ARRAY['OK', 'OK', 'OK', 'DENIED'])[1 + n / 4 % 4], '{"state": "ACTIVE"}',
  '{"state": "PAUSED"}'
FROM generate_series(:lines, 1, -1) AS numbers (n)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much there is to look at."""

    customers: int = 1_000_000
    coupons: int = 5_000_000
    audit_lines: int = 1_000_000

    @property
    def live(self) -> list[str]:
        """Campaigns with a coupon for all customers but an eighth, so many that there are enough coupons."""
        return [f"bench-{number}" for number in range(math.ceil(self.coupons / (self.customers * 7 / 8)))]


def fill(database: Database, scale: Scale, folder: str) -> None:
    """Everything; `folder` is that of the model that the scores are said to be of."""
    with database.writing() as transaction:
        scheme = schemes.ensure(transaction, cause())
        registry.register(transaction, cause(), MODEL, folder=folder, manifest={"metrics": {"auc": 0.9}})
        registry.activate(transaction, cause(), MODEL)
        for number in range(CAMPAIGNS):
            drafts.create(transaction, cause(), f"bench-{number}", _plan(number))
        segments.create(transaction, cause(), "bench", display_name="Bench", rule=SPENT)
    customers = {"customers": scale.customers}
    _write(database, FILL, customers)
    _write(database, CUSTOMERS, {})
    _write(database, SCORES, {"scheme": scheme.version})
    for statement in (EVENTS, MOVES, RESCORINGS):
        _write(database, statement, {})
    _write(database, LAUNCHED, {"live": scale.live})
    _write(database, AUDIENCES, {"live": scale.live})
    _write(database, COUPONS, {"live": scale.live, "discount": json.dumps(discount_document.to_data(TENTH))})
    for statement in (MEMBERS, IMPORTS):
        _write(database, statement, {})
    for statement in (BUILT, REJECTED):
        _write(database, statement, customers)
    for statement in (ISSUED, REDEMPTIONS, SHARDS, MESSAGES, MESSAGE_COUNTS):
        _write(database, statement, {})
    _write(database, LINES, {"lines": scale.audit_lines})
    _seal(database)


def _write(database: Database, statement: TextClause, values: Mapping[str, object]) -> None:
    with database.writing() as transaction:
        transaction.execute(statement, values)


def _seal(database: Database) -> None:
    reach, count = None, 1
    while count:
        with database.writing() as transaction:
            batch = sealing.seal_batch(transaction, reach, limit=SEALED_AT_ONCE, now=datetime.now(UTC))
        reach, count = batch.reach, batch.count


def _plan(number: int) -> CampaignPlan:
    now = datetime.now(UTC)
    return CampaignPlan(
        display_name=f"Bench {number}",
        offers=tuple(Offer(tier=tier, discount=TENTH, channel=Channel.EMAIL) for tier in Tier),
        start_time=now - timedelta(days=10), end_time=now + timedelta(days=30), currency="GBP",
    )  # fmt: skip
