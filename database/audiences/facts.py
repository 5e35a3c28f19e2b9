"""What is known of each customer, brought up to date from events, scores and coupons.

One statement says what every fact of `rules.facts` is. It answers for one customer at once, and it fills the table
that rules about all customers read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, select, text

from database.audiences.tables import CustomerFactsRow, SegmentMemberRow, SegmentRow
from database.session import Database, Snapshot, Transaction, changed_rows
from events.event import EventType
from rules.fact import Facts
from rules.facts import FACTS

EVENT_TYPES = {event_type.word: int(event_type) for event_type in EventType}
# OFFSET keeps the planner at the index, customer by customer: for some thousand customers it would read all events of
# the shop. Purchases are read once more: to lay all events aside and sort them takes longer. An order counts once, at
# the time of its first line. Money in another currency than the shop's does not.
FRESH = """
WITH asked AS MATERIALIZED (
  SELECT customer_id, country, zone, preferred_channel, consented_channels FROM customers WHERE {which}
), purchases AS MATERIALIZED (
  SELECT asked.customer_id, time, event_id, item_id, coalesce(order_id, event_id) AS order_key, {amount} AS amount
  FROM asked CROSS JOIN LATERAL (
    SELECT * FROM events WHERE customer_id = asked.customer_id AND time < :as_of AND event_type = :purchase OFFSET 0
  ) AS event
), ordered AS (
  SELECT customer_id, min(time) AS time, sum(amount) AS amount FROM purchases GROUP BY customer_id, order_key
), bought AS (
  SELECT customer_id, count(*) AS orders, sum(amount) AS spend,
    count(*) FILTER (WHERE time >= :as_of - interval '30 days') AS orders_30,
    count(*) FILTER (WHERE time >= :as_of - interval '90 days') AS orders_90,
    count(*) FILTER (WHERE time >= :as_of - interval '365 days') AS orders_365,
    sum(amount) FILTER (WHERE time >= :as_of - interval '30 days') AS spend_30,
    sum(amount) FILTER (WHERE time >= :as_of - interval '90 days') AS spend_90,
    sum(amount) FILTER (WHERE time >= :as_of - interval '365 days') AS spend_365
  FROM ordered GROUP BY customer_id
), acted AS MATERIALIZED (
  SELECT asked.customer_id, history.* FROM asked CROSS JOIN LATERAL (
    SELECT min(time) AS customer_since,
      min(time) FILTER (WHERE event_type = :purchase) AS first_purchase_time,
      max(time) FILTER (WHERE event_type = :purchase) AS last_purchase_time,
      max(time) FILTER (WHERE event_type = :view) AS view_time,
      max(time) FILTER (WHERE event_type = :cart) AS cart_time,
      max(time) FILTER (WHERE event_type NOT IN (:coupon, :message)) AS seen_time,
      max(time) FILTER (WHERE event_type = :message) AS message_time,
      count(*) FILTER (WHERE event_type = :view AND time >= :as_of - interval '30 days') AS views_30,
      count(*) FILTER (WHERE event_type = :cart AND time >= :as_of - interval '30 days') AS carts_30,
      count(*) FILTER (WHERE event_type = :message AND time >= :as_of - interval '30 days') AS messages_30,
      {answers},
      count(*) FILTER (WHERE event_type = :review) AS reviews,
      avg(rating) FILTER (WHERE event_type = :review) AS average_rating,
      sum({amount}) FILTER (WHERE event_type = :return) AS returned
    FROM (
      SELECT *, CASE WHEN event_type NOT IN (:coupon, :message) AND time >= :as_of - interval '365 days'
        THEN lower(channel) END AS answered_by
      FROM events WHERE customer_id = asked.customer_id AND time < :as_of OFFSET 0
    ) AS event
  ) AS history
), placed AS (
  SELECT DISTINCT ON (customer_id, category) customer_id, category, time, event_id
  FROM purchases JOIN items USING (item_id) WHERE category <> ''
  ORDER BY customer_id, category, time DESC, event_id DESC
), latest AS (
  SELECT DISTINCT ON (customer_id) customer_id, category AS last_category
  FROM placed ORDER BY customer_id, time DESC, event_id DESC
), chosen AS (
  SELECT customer_id, array_agg(DISTINCT array_to_string(trim_array(steps, narrower), '|')) AS categories
  FROM placed CROSS JOIN string_to_array(category, '|') AS steps
  CROSS JOIN generate_series(0, cardinality(steps) - 1) AS narrower GROUP BY customer_id
), given AS (
  SELECT customer_id, count(*) AS coupons_issued, max(issue_time) AS issue_time,
    array_agg(DISTINCT campaign_id) AS campaigns,
    count(DISTINCT campaign_id) FILTER (WHERE issue_time >= :as_of - interval '30 days') AS campaigns_30,
    {redeemed},
    count(redeem_time) AS coupons_redeemed, max(redeem_time) AS redeem_time
  FROM asked JOIN coupons USING (customer_id)
  LEFT JOIN (
    SELECT code, redeem_time FROM redemptions WHERE redeem_time < :as_of AND NOT given_back
  ) AS redeemed USING (code)
  LEFT JOIN by_hand_coupons AS told USING (campaign_id, code)
  WHERE issue_time < :as_of GROUP BY customer_id
)
SELECT customer_id, nullif(purchase_30, 'NaN') AS purchase_30, nullif(purchase_60, 'NaN') AS purchase_60,
  nullif(purchase_90, 'NaN') AS purchase_90, nullif(churn, 'NaN') AS churn, spend_minor AS expected_spend,
  nullif(expected_orders, 'NaN') AS expected_orders, expected_uplift, tier,
  extract(day FROM :as_of - tier_since)::integer AS days_in_tier,
  extract(day FROM :as_of - below_since)::integer AS days_below_tier,
  extract(day FROM :as_of - scores.as_of)::integer AS days_since_score, rfm_recency, rfm_frequency, rfm_monetary,
  coalesce(orders, 0) > 0 AS has_bought, coalesce(orders, 0)::integer AS orders,
  coalesce(orders_30, 0)::integer AS orders_30, coalesce(orders_90, 0)::integer AS orders_90,
  coalesce(orders_365, 0)::integer AS orders_365, coalesce(spend, 0)::bigint AS spend,
  coalesce(spend_30, 0)::bigint AS spend_30, coalesce(spend_90, 0)::bigint AS spend_90,
  coalesce(spend_365, 0)::bigint AS spend_365, round(spend / orders)::bigint AS average_order,
  least(coalesce(returned, 0), spend)::float8 / nullif(spend, 0)::float8 AS returned_share,
  extract(day FROM :as_of - last_purchase_time)::integer AS days_since_purchase,
  first_purchase_time, last_purchase_time, last_category, coalesce(categories, '{{}}') AS categories,
  coalesce(views_30, 0)::integer AS views_30, coalesce(carts_30, 0)::integer AS carts_30,
  extract(day FROM :as_of - view_time)::integer AS days_since_view,
  extract(day FROM :as_of - cart_time)::integer AS days_since_cart,
  extract(day FROM :as_of - seen_time)::integer AS days_since_seen,
  coalesce(reviews, 0)::integer AS reviews, average_rating::float8 AS average_rating,
  country, zone, lower(preferred_channel) AS preferred_channel,
  ARRAY(SELECT DISTINCT lower(channel) FROM unnest(consented_channels) AS channel) AS consented_channels,
  customer_since, extract(day FROM :as_of - customer_since)::integer AS days_as_customer,
  coalesce(coupons_issued, 0)::integer AS coupons_issued, coalesce(coupons_redeemed, 0)::integer AS coupons_redeemed,
  extract(day FROM :as_of - issue_time)::integer AS days_since_coupon,
  extract(day FROM :as_of - redeem_time)::integer AS days_since_redemption,
  coalesce(campaigns, '{{}}') AS campaigns, coalesce(campaigns_30, 0)::integer AS campaigns_30,
  coalesce(messages_30, 0)::integer AS messages_30,
  extract(day FROM :as_of - message_time)::integer AS days_since_message,
  {responses}
FROM asked LEFT JOIN scores USING (customer_id) LEFT JOIN bought USING (customer_id) LEFT JOIN acted USING (customer_id)
LEFT JOIN latest USING (customer_id) LEFT JOIN chosen USING (customer_id) LEFT JOIN given USING (customer_id)
LEFT JOIN (SELECT customer_id, rfm_recency, rfm_frequency, rfm_monetary, expected_uplift FROM customer_facts) AS kept
  USING (customer_id)
"""
# A response is an act of the customer's own that came by the channel, or the use of a coupon that did: none that
# somebody told the customer.
CHANNELS = ("on_site", "email", "sms", "push")
PARTS = {
    "amount": "CASE WHEN currency IS NULL OR currency = :currency"
    " THEN coalesce(round(coalesce(quantity, 1) * unit_price_minor), 0)::bigint ELSE 0 END",
    "answers": ", ".join(f"count(*) FILTER (WHERE answered_by = '{name}') AS {name}_answers" for name in CHANNELS),
    "redeemed": ", ".join(
        f"count(redeem_time) FILTER (WHERE lower(channel) = '{name}' AND told.code IS NULL"
        f" AND redeem_time >= :as_of - interval '365 days') AS {name}_redeemed"
        for name in CHANNELS
    ),
    "responses": ", ".join(
        f"(coalesce({name}_answers, 0) + coalesce({name}_redeemed, 0))::integer AS {name}_responses"
        for name in CHANNELS
    ),
}
THESE = FRESH.format(which="customer_id = ANY(:customer_ids)", **PARTS)
EVERYONE = FRESH.format(which="true", **PARTS)
# Rows are locked in the order of their ids, so that two refreshes that overlap cannot deadlock.
KEEP = """
INSERT INTO customer_facts (customer_id, as_of, {names})
SELECT customer_id, :as_of, {names} FROM ({fresh}) AS fresh ORDER BY customer_id
ON CONFLICT (customer_id) DO UPDATE SET (as_of, {names}) = (excluded.as_of, {excluded})
WHERE customer_facts.as_of <= excluded.as_of
"""
REFRESHED = [name for name in FACTS if name != "expected_uplift"]
"""The other one is written behind a refresh, with the campaign that it is learned from."""
NAMES = {"names": ", ".join(REFRESHED), "excluded": ", ".join(f"excluded.{name}" for name in REFRESHED)}
KEEP_THESE = text(KEEP.format(fresh=THESE, **NAMES))
KEEP_EVERYONE = text(KEEP.format(fresh=EVERYONE, **NAMES))
TAKE_TIERS = text("""
UPDATE customer_facts SET (tier, days_in_tier, days_below_tier) = (given.tier, in_tier, below_tier)
FROM (
  SELECT customer_id, scores.tier, extract(day FROM facts.as_of - tier_since)::integer AS in_tier,
    extract(day FROM facts.as_of - below_since)::integer AS below_tier
  FROM scores JOIN customer_facts AS facts USING (customer_id)
) AS given
WHERE given.customer_id = customer_facts.customer_id
  AND (customer_facts.tier, days_in_tier, days_below_tier) IS DISTINCT FROM (given.tier, in_tier, below_tier)
""")
# The share of buyers who are worse, in fifths: who are alike have the same score.
RANK_BUYERS = text("""
UPDATE customer_facts SET (rfm_recency, rfm_frequency, rfm_monetary) = (recency, frequency, monetary)
FROM (
  SELECT customer_id, 1 + (rank() OVER (ORDER BY days_since_purchase DESC) - 1) * 5 / count(*) OVER () AS recency,
    1 + (rank() OVER (ORDER BY orders) - 1) * 5 / count(*) OVER () AS frequency,
    1 + (rank() OVER (ORDER BY spend) - 1) * 5 / count(*) OVER () AS monetary
  FROM customer_facts WHERE has_bought
) AS ranked
WHERE ranked.customer_id = customer_facts.customer_id
  AND (rfm_recency, rfm_frequency, rfm_monetary) IS DISTINCT FROM (recency, frequency, monetary)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFacts:
    """What is known of one customer; facts that are not known are absent."""

    customer_id: str
    as_of: datetime
    facts: Facts


def facts_of(snapshot: Snapshot, customer_id: str, as_of: datetime, *, currency: str) -> KnownFacts | None:
    """Worked out from everything recorded before `as_of`; None when there is no such customer."""
    asked = _parameters(as_of, currency) | {"customer_ids": [customer_id]}
    row = snapshot.execute(text(THESE), asked).mappings().one_or_none()
    return None if row is None else KnownFacts(customer_id=customer_id, as_of=as_of, facts=_known(row))


def facts_before(
    snapshot: Snapshot, customer_ids: Sequence[str], as_of: datetime, *, currency: str, names: Sequence[str]
) -> Sequence[RowMapping]:
    """Of those customers who exist: customer_id, and the named facts worked out from what was recorded before."""
    asked = _parameters(as_of, currency) | {"customer_ids": list(customer_ids)}
    wanted = f"SELECT customer_id, {', '.join(names)} FROM ({THESE}) AS fresh"  # noqa: S608  # names are of the registry
    return snapshot.execute(text(wanted), asked).mappings().all()


def stored_facts(snapshot: Snapshot, customer_id: str) -> KnownFacts | None:
    """As the last refresh left them, which is what rules about all customers see; None before the first."""
    query = select(CustomerFactsRow.__table__).where(CustomerFactsRow.customer_id == customer_id)
    row = snapshot.execute(query).mappings().one_or_none()
    return None if row is None else KnownFacts(customer_id=customer_id, as_of=row["as_of"], facts=_known(row))


def segments_of(snapshot: Snapshot, customer_id: str) -> frozenset[str]:
    """The segments that the customer was in when each was last built."""
    query = select(SegmentRow.segment_id).join(SegmentMemberRow, SegmentMemberRow.segment_id == SegmentRow.segment_id)
    current = query.where(SegmentMemberRow.build == SegmentRow.build)
    return frozenset(snapshot.scalars(current.where(SegmentMemberRow.customer_id == customer_id)))


def refresh(transaction: Transaction, customer_ids: Sequence[str] | None, *, as_of: datetime, currency: str) -> int:
    """Bring these customers up to date, or all of them; returns how many rows were written.

    Facts of a later time are left alone, so refreshes may come twice and in any order. All at once is one statement:
    above some hundred thousand customers go chunk by chunk.
    """
    asked = _parameters(as_of, currency)
    if customer_ids is None:
        return changed_rows(transaction.execute(KEEP_EVERYONE, asked))
    return changed_rows(transaction.execute(KEEP_THESE, asked | {"customer_ids": list(customer_ids)}))


def tidy(database: Database) -> None:
    """After a refresh of everyone: counting would pay for the old versions of the rows until they are cleared away."""
    database.vacuum(CustomerFactsRow.__tablename__)


def count_customers(snapshot: Snapshot) -> int:
    """How many customers have stored facts."""
    return snapshot.execute(select(func.count()).select_from(CustomerFactsRow)).scalar_one()


def take_tiers(transaction: Transaction) -> int:
    """After the tiers of all scores were assigned anew; returns how many customers have another one."""
    return changed_rows(transaction.execute(TAKE_TIERS))


def rank_buyers(transaction: Transaction) -> int:
    """After the facts of all were brought up to date: recency, frequency and money spent against all other buyers.

    Returns how many customers have other scores than before.
    """
    return changed_rows(transaction.execute(RANK_BUYERS))


def _parameters(as_of: datetime, currency: str) -> dict[str, Any]:
    return {"as_of": as_of, "currency": currency, **EVENT_TYPES}


def _known(row: RowMapping) -> Facts:
    return {
        name: frozenset(row[name]) if isinstance(row[name], list) else row[name]
        for name in FACTS
        if row[name] is not None
    }
