"""Tries of codes that do not exist, counted for each caller over all servers."""

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from database.callers.tables import GuessRow
from database.session import Transaction


def charge(transaction: Transaction, caller: str, cost: timedelta, now: datetime) -> datetime:
    """Let a caller pay for one try; until when all of theirs are paid."""
    first = insert(GuessRow).values(caller=caller, paid_until=now + cost)
    charged = first.on_conflict_do_update(
        index_elements=["caller"], set_={"paid_until": func.greatest(GuessRow.paid_until, now) + cost}
    )
    paid_until: datetime = transaction.execute(charged.returning(GuessRow.paid_until)).scalar_one()
    return paid_until
