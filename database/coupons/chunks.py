"""An audience turned into coupons, one range of its customers at a time and without leaving the database."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import errors

from database import planner
from database.session import Snapshot, Transaction, driver_connection

NEXT = """
SELECT max(customer_id), count(*) FROM (
  SELECT customer_id FROM audiences WHERE campaign_id = %(campaign)s AND customer_id > %(after)s AND arm <> 'holdout'
  ORDER BY customer_id LIMIT %(limit)s
) AS members
"""
# The range of the coupons is named as well, so that no plan reads all that are issued already.
WITHOUT = """
FROM audiences
JOIN unnest(%(arms)s::text[], %(tiers)s::text[], %(discounts)s::jsonb[]) AS offers (arm, tier, discount)
  USING (arm, tier)
WHERE campaign_id = %(campaign)s AND customer_id > %(after)s AND customer_id <= %(through)s
  AND NOT EXISTS (
    SELECT FROM coupons AS issued
    WHERE issued.campaign_id = %(campaign)s AND issued.customer_id = audiences.customer_id
      AND issued.customer_id > %(after)s AND issued.customer_id <= %(through)s
  )
"""
COUNT_WITHOUT = f"SELECT count(*) {WITHOUT}"
ISSUE = f"""
INSERT INTO coupons (code, campaign_id, customer_id, tier, channel, discount, state, issue_time)
SELECT code, %(campaign)s, customer_id, tier, channel, discount, 'ISSUED', %(issue_time)s
FROM (
  SELECT customer_id, tier, channel, discount, row_number() OVER (ORDER BY customer_id) AS place {WITHOUT}
) AS members
JOIN unnest(%(codes)b::text[]) WITH ORDINALITY AS codes (code, place) USING (place)
"""  # noqa: S608 - made of constants
ISSUE_FREE = f"{ISSUE} ON CONFLICT (code) DO NOTHING"
CODE_TAKEN = "pk_coupons"


class Chunk(NamedTuple):
    """Customers of a frozen audience who stand beside each other by customer_id and are not held out."""

    campaign_id: str
    after: str
    """The last customer before them."""
    through: str
    """The last of them."""
    size: int


class ArmOffer(NamedTuple):
    """What a tier gets in one arm."""

    arm: str
    tier: str
    discount: Mapping[str, Any]


class Terms(NamedTuple):
    """What the coupons of a campaign are made from."""

    offers: Sequence[ArmOffer]
    issue_time: datetime


def following(snapshot: Snapshot, campaign_id: str, *, after: str, limit: int) -> Chunk | None:
    """The next customers to get a coupon, at most `limit`; None at the end."""
    values = {"campaign": campaign_id, "after": after, "limit": limit}
    row = driver_connection(snapshot).execute(NEXT, values).fetchone()
    assert row is not None, "an aggregate has one row"
    return None if row[0] is None else Chunk(campaign_id, after, str(row[0]), int(str(row[1])))


def issue(transaction: Transaction, terms: Terms, chunk: Chunk, codes: Sequence[str]) -> int:
    """Give the codes to customers of the chunk who have no coupon of the campaign; returns how many coupons are new.

    Fewer than there are codes when a code is taken already, or a customer has their coupon.
    """
    planner.no_nested_loops(transaction)
    planner.sort_in_memory(transaction)
    connection = driver_connection(transaction)
    values = {**values_of(terms, chunk), "issue_time": terms.issue_time, "codes": codes}
    try:
        # To look each code up before it is written would be a tenth of the launch, for one in 10^12 that is taken.
        with connection.transaction():
            return connection.execute(ISSUE, values).rowcount
    except errors.UniqueViolation as error:
        if error.diag.constraint_name != CODE_TAKEN:
            raise
        return connection.execute(ISSUE_FREE, values).rowcount


def count_without(snapshot: Snapshot, terms: Terms, chunk: Chunk) -> int:
    """How many customers of the chunk are still without a coupon."""
    row = driver_connection(snapshot).execute(COUNT_WITHOUT, values_of(terms, chunk)).fetchone()
    assert row is not None, "an aggregate has one row"
    return int(str(row[0]))


def values_of(terms: Terms, chunk: Chunk) -> dict[str, object]:
    """The parameters of WITHOUT."""
    offers = terms.offers
    return {
        "campaign": chunk.campaign_id, "after": chunk.after, "through": chunk.through,
        "arms": [offer.arm for offer in offers], "tiers": [offer.tier for offer in offers],
        "discounts": [json.dumps(offer.discount) for offer in offers],
    }  # fmt: skip
