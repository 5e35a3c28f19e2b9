"""Scores by a model that does not answer, beside the stored ones: of one run at a time, to see who would move."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import delete

from database.copying import copy_frame
from database.models.scores import Scored
from database.models.tables import ShadowScoreRow
from database.session import Database, Transaction, driver_connection

TABLE = ShadowScoreRow.__tablename__
COLUMNS = ("customer_id", "purchase_90", "spend_minor")


def store(transaction: Transaction, scores: Sequence[Scored], operation_id: str) -> None:
    """Keep a chunk. The cursor of the operation sees to it that each customer comes once."""
    if not scores:
        return
    frame = pl.DataFrame({name: [getattr(score, name) for score in scores] for name in COLUMNS})
    copy_frame(driver_connection(transaction), TABLE, frame.with_columns(operation_id=pl.lit(operation_id)))


def clear(transaction: Transaction) -> None:
    """Delete what earlier runs left."""
    transaction.execute(delete(ShadowScoreRow))


def drop(transaction: Transaction, operation_id: str) -> None:
    """Delete what a run that came to nothing left."""
    transaction.execute(delete(ShadowScoreRow).where(ShadowScoreRow.operation_id == operation_id))


def tidy(database: Database) -> None:
    """After a run: let the planner know what is in the table."""
    database.vacuum(TABLE)
