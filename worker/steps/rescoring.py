"""One chunk of a rescoring: read, run the network, write."""

from campaigns.tiers import rescoring
from database.audiences import facts
from database.work.operations import Operation
from worker.steps.next_scores import next_scores
from worker.tools import Tools


def step(tools: Tools, operation: Operation) -> bool:
    """The chunk after the operation's cursor, or the end; False when another worker was faster."""
    chunk = next_scores(tools, operation)
    if chunk is not None:
        with tools.database.writing() as transaction:
            return rescoring.keep(
                transaction, operation, chunk.scores, customers=chunk.customers, currency=chunk.currency,
                now=tools.now(),
            )  # fmt: skip
    with tools.database.writing() as transaction:
        finished = rescoring.finish(transaction, operation, tools.cause())
    if finished:
        facts.tidy(tools.database)
    return finished
