"""One step of an erasure."""

from campaigns.customers import erasure
from database.work.operations import Operation
from worker.tools import Tools


def step(tools: Tools, operation: Operation) -> bool:
    """The next of its two steps; False while what began before it is under way, and when another worker was faster."""
    with tools.database.writing() as transaction:
        return erasure.step(transaction, operation, tools.cause())
