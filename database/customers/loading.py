"""Customers in bulk."""

import polars as pl

from database.copying import copy_frame
from database.session import Transaction, driver_connection
from events.event import CUSTOMER_SCHEMA

STAGE = """
CREATE TEMPORARY TABLE customer_stage ON COMMIT DROP AS
SELECT customer_id, country, zone, preferred_channel, consented_channels FROM customers LIMIT 0
"""
NEW = """
INSERT INTO customers (customer_id, country, zone, preferred_channel, consented_channels)
SELECT customer_id, country, zone, preferred_channel, coalesce(consented_channels, '{}')
FROM customer_stage ORDER BY customer_id
ON CONFLICT (customer_id) DO NOTHING
"""
# Rows are locked in the order of their ids, so that two files that overlap cannot deadlock.
# A change moves the revision, so that whoever edits the customer by an older etag learns of it.
UPDATE = """
WITH held AS MATERIALIZED (
  SELECT old.customer_id FROM customers AS old JOIN customer_stage AS new USING (customer_id)
  WHERE {differs} ORDER BY old.customer_id FOR NO KEY UPDATE OF old
)
UPDATE customers AS old SET {columns}, revision = old.revision + 1, update_time = now()
FROM customer_stage AS new JOIN held USING (customer_id)
WHERE old.customer_id = new.customer_id AND {differs}
"""
CHANGE = UPDATE.format(
    columns="""
  country = coalesce(new.country, old.country), zone = coalesce(new.zone, old.zone),
  preferred_channel = coalesce(new.preferred_channel, old.preferred_channel),
  consented_channels = coalesce(new.consented_channels, old.consented_channels)""",
    differs="""
  (old.country, old.zone, old.preferred_channel, old.consented_channels) IS DISTINCT FROM (
    coalesce(new.country, old.country), coalesce(new.zone, old.zone),
    coalesce(new.preferred_channel, old.preferred_channel),
    coalesce(new.consented_channels, old.consented_channels))""",
)
COMPLETE = UPDATE.format(columns="country = new.country", differs="old.country IS NULL AND new.country IS NOT NULL")


def copy_customers(transaction: Transaction, frame: pl.DataFrame, *, replace: bool = True) -> int:
    """Record a frame in CUSTOMER_SCHEMA; returns how many customers are new or changed.

    With `replace` what the frame knows takes the place of what was known. Without it only an unknown country is
    filled: what files of events say beside. Unknown values never erase known ones; an empty list of consented
    channels is known: the customer withdrew.
    """
    connection = driver_connection(transaction)
    connection.execute(STAGE)
    copy_frame(connection, "customer_stage", frame.select(CUSTOMER_SCHEMA.names()))
    # The new ones first: whoever became known meanwhile, by an event say, is found by the change then.
    new = connection.execute(NEW).rowcount
    changed = connection.execute((CHANGE if replace else COMPLETE).encode()).rowcount
    connection.execute("DROP TABLE customer_stage")
    return changed + new
