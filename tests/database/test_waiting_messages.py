"""However many messages wait or have left, a hand-over looks only at those that it takes."""

from dataclasses import replace
from datetime import timedelta

from made.campaigns import NOW, TEN_PERCENT, launch_campaign, make_plan, store_scores
from sqlalchemy import text

from campaigns.terms.campaign import Channel
from database.coupons import messages
from database.session import Database, Transaction

COUPONS = """
INSERT INTO coupons (code, campaign_id, customer_id, tier, channel, discount, state, issue_time)
SELECT 'C' || n, 'spring', 'k' || lpad(n::text, 5, '0'), 'HIGH', (ARRAY['EMAIL', 'SMS'])[1 + n % 2], '{}', 'ISSUED',
  :now
FROM generate_series(1, 20000) AS n
"""
WAIT = """
INSERT INTO messages (campaign_id, customer_id, channel, state, batch, claim_time)
SELECT campaign_id, customer_id, channel, 'WAITING', left(customer_id, 4), issue_time FROM coupons
WHERE customer_id < 'k18000'
"""
READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'messages'"


def rows_read(transaction: Transaction) -> int:
    return int(transaction.execute(text(READ)).scalar_one())


def test_no_batch_costs_a_look_at_all_the_others(database: Database) -> None:
    store_scores(database, {"c1": 9000})
    launch_campaign(database, make_plan(offers=(replace(TEN_PERCENT, channel=Channel.EMAIL),)))
    with database.writing() as transaction:
        transaction.execute(text(COUPONS), {"now": NOW - timedelta(hours=1)})
        transaction.execute(text(WAIT))
        transaction.execute(text("ANALYZE coupons, messages"))
    when = {"abandoned": NOW - timedelta(minutes=5), "now": NOW}

    with database.writing() as transaction:
        found = messages.open_batch(transaction, "spring", ["EMAIL"], tried=NOW - timedelta(minutes=1), **when)
        assert found == "k000"
        again = messages.claim_again(transaction, "spring", ["EMAIL"], found, **when)
        fresh = messages.claim(
            transaction, "spring", ["EMAIL", "SMS"], after="k17999", limit=100, batch="new", quiet=(), note="", now=NOW
        )
        assert messages.open_channels(transaction, "spring") == {"EMAIL", "SMS"}
        read = rows_read(transaction)

    assert (len(again), len(fresh)) == (49, 100)
    assert read < 500, "of the eighteen thousand that wait"
