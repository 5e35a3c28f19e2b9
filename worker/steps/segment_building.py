"""One chunk of a segment's build."""

from campaigns.audiences import segment_building
from database.work.operations import Operation
from worker.tools import Tools


def step(tools: Tools, operation: Operation) -> bool:
    """The members after the operation's cursor, or the end; False when another worker was faster."""
    with tools.database.writing() as transaction:
        cause = tools.cause()
        return segment_building.step(transaction, operation, cause, limit=tools.settings.segment_chunk)
