"""Attempts at operations, under way or lost: beside the operations, whose rows are held while a chunk is written."""

from sqlalchemy import case, delete, update
from sqlalchemy.dialects.postgresql import insert

from database.session import Transaction
from database.work.operations import Operation
from database.work.tables import AttemptRow


def begin(transaction: Transaction, operation: Operation) -> int:
    """Count an attempt; how many began since the last progress and did not end, this one among them."""
    new = insert(AttemptRow).values(
        operation_id=operation.operation_id, done_count=operation.done_count, turn=operation.turn, count=1
    )
    before, now = AttemptRow, new.excluded
    stands_still = (before.done_count == now.done_count) & (before.turn == now.turn)
    counted = new.on_conflict_do_update(
        index_elements=[AttemptRow.operation_id],
        set_={
            "count": case((stands_still, before.count + 1), else_=1),
            "done_count": now.done_count,
            "turn": now.turn,
        },
    )
    return transaction.scalars(counted.returning(AttemptRow.count)).one()


def end(transaction: Transaction, operation_id: str) -> None:
    """Whatever this one came to: it is not lost."""
    which = AttemptRow.operation_id == operation_id
    transaction.execute(update(AttemptRow).where(which).values(count=AttemptRow.count - 1))
    transaction.execute(delete(AttemptRow).where(which, AttemptRow.count <= 0))
