"""A preview of tiers: one long look at everybody, then one short transaction."""

from campaigns.tiers import previewing
from database.work.operations import Operation
from worker.tools import Tools


def step(tools: Tools, operation: Operation) -> bool:
    """All of it; False when another worker was faster."""
    with tools.database.reading() as snapshot:
        found = previewing.work_out(snapshot, operation, tools.now())
    with tools.database.writing() as transaction:
        return previewing.finish(transaction, operation, found, tools.cause())
