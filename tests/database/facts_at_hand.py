"""A small catalogue, a moment, and the facts of somebody at that moment."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from database.audiences import facts
from database.events.tables import ItemRow
from database.session import Database, Transaction
from rules.fact import Facts

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
CATEGORIES = {"boots": "Shoes|Boots", "sandals": "Shoes|Sandals", "hat": "Hats", "thing": None}


def ago(days: float) -> datetime:
    return AS_OF - timedelta(days=days)


def stock(transaction: Transaction) -> None:
    rows = [{"item_id": item_id, "category": category} for item_id, category in CATEGORIES.items()]
    transaction.execute(insert(ItemRow), rows)


def facts_now(database: Database, customer_id: str = "anna") -> Facts:
    with database.reading() as snapshot:
        known = facts.facts_of(snapshot, customer_id, AS_OF, currency="GBP")
    assert known is not None
    return known.facts
