"""The catalogue that we remember."""

from collections.abc import Collection

import polars as pl
from sqlalchemy import select

from database.copying import copy_frame
from database.events.tables import ItemRow
from database.session import Snapshot, Transaction, driver_connection
from events.event import ITEM_SCHEMA

STAGE = """
CREATE TEMPORARY TABLE item_stage ON COMMIT DROP AS
SELECT item_id, title, category, brand, unit_price_minor, currency FROM items LIMIT 0
"""
# A price without its currency means nothing, so the two change together.
REPLACE = """
INSERT INTO items AS old (item_id, title, category, brand, unit_price_minor, currency)
SELECT * FROM item_stage ORDER BY item_id
ON CONFLICT (item_id) DO UPDATE SET
  title = coalesce(excluded.title, old.title), category = coalesce(excluded.category, old.category),
  brand = coalesce(excluded.brand, old.brand),
  unit_price_minor = coalesce(excluded.unit_price_minor, old.unit_price_minor),
  currency = CASE WHEN excluded.unit_price_minor IS NULL THEN old.currency ELSE excluded.currency END,
  update_time = now()
WHERE (old.title, old.category, old.brand, old.unit_price_minor, old.currency) IS DISTINCT FROM (
  coalesce(excluded.title, old.title), coalesce(excluded.category, old.category), coalesce(excluded.brand, old.brand),
  coalesce(excluded.unit_price_minor, old.unit_price_minor),
  CASE WHEN excluded.unit_price_minor IS NULL THEN old.currency ELSE excluded.currency END)
"""
COMPLETE = """
INSERT INTO items AS old (item_id, title, category, brand, unit_price_minor, currency)
SELECT * FROM item_stage ORDER BY item_id
ON CONFLICT (item_id) DO UPDATE SET
  title = coalesce(old.title, excluded.title), category = coalesce(old.category, excluded.category),
  brand = coalesce(old.brand, excluded.brand),
  unit_price_minor = coalesce(old.unit_price_minor, excluded.unit_price_minor),
  currency = CASE WHEN old.unit_price_minor IS NULL THEN excluded.currency ELSE old.currency END,
  update_time = now()
WHERE (old.title IS NULL AND excluded.title IS NOT NULL) OR (old.category IS NULL AND excluded.category IS NOT NULL)
  OR (old.brand IS NULL AND excluded.brand IS NOT NULL)
  OR (old.unit_price_minor IS NULL AND excluded.unit_price_minor IS NOT NULL)
"""


def copy_items(transaction: Transaction, frame: pl.DataFrame, *, replace: bool = True) -> int:
    """Record a frame in ITEM_SCHEMA; returns how many items are new or changed.

    With `replace` what the frame knows takes the place of what was known: a catalogue. Without it only gaps are
    filled: what files of events say beside. Unknown values never erase known ones.
    """
    connection = driver_connection(transaction)
    connection.execute(STAGE)
    copy_frame(connection, "item_stage", frame.select(ITEM_SCHEMA.names()))
    changed = connection.execute(REPLACE if replace else COMPLETE).rowcount
    connection.execute("DROP TABLE item_stage")
    return changed


def prices(snapshot: Snapshot, item_ids: Collection[str], *, currency: str) -> dict[str, int]:
    """Of the items that have one in this currency, in minor units."""
    query = """SELECT item_id, unit_price_minor FROM items
               WHERE item_id = ANY(%s) AND currency = %s AND unit_price_minor IS NOT NULL"""
    rows = driver_connection(snapshot).execute(query, (list(item_ids), currency)).fetchall()
    return {str(item_id): int(str(price)) for item_id, price in rows}


def read_items(snapshot: Snapshot) -> pl.DataFrame:
    """The whole catalogue in ITEM_SCHEMA, by item id."""
    rows = driver_connection(snapshot).execute(
        'SELECT item_id, title, category, brand, unit_price_minor, currency FROM items ORDER BY item_id COLLATE "C"'
    )
    return pl.DataFrame(rows.fetchall(), schema=ITEM_SCHEMA, orient="row")


def categories_of(snapshot: Snapshot, item_ids: Collection[str]) -> dict[str, str]:
    """Item to category, for those of the items that the catalogue has one of."""
    query = select(ItemRow.item_id, ItemRow.category).where(ItemRow.item_id.in_(item_ids), ItemRow.category != "")
    return {item_id: category for item_id, category in snapshot.execute(query) if category is not None}


def titles_of(snapshot: Snapshot, item_ids: Collection[str]) -> dict[str, str]:
    """Item to title, for those of the items that the catalogue has one of."""
    query = select(ItemRow.item_id, ItemRow.title).where(ItemRow.item_id.in_(item_ids), ItemRow.title != "")
    return {item_id: title for item_id, title in snapshot.execute(query) if title is not None}


def categories(snapshot: Snapshot, *, limit: int) -> list[str]:
    """Paths that items of the catalogue lie in, in their order."""
    query = select(ItemRow.category).where(ItemRow.category != "").distinct().order_by(ItemRow.category).limit(limit)
    return [category for category in snapshot.scalars(query) if category is not None]
