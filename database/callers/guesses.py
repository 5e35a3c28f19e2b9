"""Tries of codes that do not exist, counted for each caller over all servers."""

from datetime import datetime, timedelta

from sqlalchemy import case, func
from sqlalchemy.dialects.postgresql import insert

from database.callers.tables import GuessRow
from database.session import Transaction


def charge(transaction: Transaction, caller: str, cost: timedelta, most: timedelta, now: datetime) -> datetime:
    """Let a caller pay for one try; until when all of theirs are paid.

    What would take longer than `most` was counted by a clock that went back since, and is forgotten.
    """
    first = insert(GuessRow).values(caller=caller, paid_until=now + cost)
    unpaid = case((GuessRow.paid_until <= now + most, func.greatest(GuessRow.paid_until, now)), else_=now)
    charged = first.on_conflict_do_update(index_elements=["caller"], set_={"paid_until": unpaid + cost})
    paid_until: datetime = transaction.execute(charged.returning(GuessRow.paid_until)).scalar_one()
    return paid_until
