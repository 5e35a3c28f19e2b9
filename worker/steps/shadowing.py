"""One chunk of shadow scores: read, run the network that does not answer, write beside the stored ones."""

from campaigns.tiers import shadowing
from database.models import shadow_scores
from database.work.operations import Operation
from worker.steps.next_scores import next_scores
from worker.tools import Tools


def step(tools: Tools, operation: Operation) -> bool:
    """The chunk after the operation's cursor, or the end; False when another worker was faster."""
    chunk = next_scores(tools, operation)
    if chunk is not None:
        with tools.database.writing() as transaction:
            cursor = chunk.customers[-1]
            return shadowing.keep(transaction, operation, chunk.scores, cursor=cursor, now=tools.now())
    shadow_scores.tidy(tools.database)
    with tools.database.writing() as transaction:
        return shadowing.finish(transaction, operation, tools.cause())
