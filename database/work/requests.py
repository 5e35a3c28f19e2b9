"""Answers that were given to request ids, so that everything may be asked twice."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, literal, select, update
from sqlalchemy.dialects.postgresql import BYTEA, insert

from database.customers.tables import ErasureKeyRow
from database.customers.traces import numbers_in
from database.session import Transaction, driver_connection
from database.work.tables import RequestRow

# By their places: joined by their keys, a few rows of many would be found by reading all.
FORGET = """
DELETE FROM requests WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM requests WHERE create_time < %s LIMIT %s FOR UPDATE SKIP LOCKED
))
"""


class RequestIdReused(Exception):
    """The id came before with another body."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"request id {request_id} was used with another body; use a new one")
        self.request_id = request_id


def claim(transaction: Transaction, method: str, request_id: str, body_hash: bytes, now: datetime) -> bytes | None:
    """Take an id for this transaction: None when it is new, else the answer it got.

    A twin that runs at the same time waits here until the first one commits, and then gets its answer; if the first
    one rolls back, the twin becomes the first. Raises RequestIdReused.
    """
    keyed = _keyed(body_hash)
    new = insert(RequestRow).values(method=method, request_id=request_id, body_hash=keyed, create_time=now)
    claimed = transaction.scalars(new.on_conflict_do_nothing().returning(RequestRow.request_id)).one_or_none()
    if claimed is not None:
        return None
    which = select(RequestRow.body_hash == keyed, RequestRow.response).where(
        RequestRow.method == method, RequestRow.request_id == request_id
    )
    found = transaction.execute(which).one_or_none()
    if found is None:
        # Between the two statements the answer was wiped, with the customer whom it named, or forgotten.
        return claim(transaction, method, request_id, body_hash, now)
    asked_before, response = found
    if not asked_before:
        raise RequestIdReused(request_id)
    return response or b""


def keep(transaction: Transaction, method: str, request_id: str, response: bytes) -> None:
    """Store the answer beside the change that it tells of."""
    which = update(RequestRow).where(RequestRow.method == method, RequestRow.request_id == request_id)
    transaction.execute(which.values(response=response, named=numbers_in(response)))


def forget(transaction: Transaction, before: datetime, *, limit: int) -> int:
    """Delete answers older than this, at most so many and none that somebody else holds; returns how many."""
    return driver_connection(transaction).execute(FORGET, (before, limit)).rowcount


def _keyed(body_hash: bytes) -> ColumnElement[bytes]:
    """So that nobody finds out by guessing bodies which customer was erased by a request."""
    key = select(ErasureKeyRow.key).scalar_subquery()
    return func.sha256(key.op("||")(literal(body_hash, BYTEA)))
