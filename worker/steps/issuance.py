"""One chunk of a launch: the audience first, then codes."""

from campaigns.coupons import handing_over, issuance
from database.coupons import chunks
from database.session import Transaction
from database.work.operations import Operation
from worker.tools import Tools


def step(tools: Tools, operation: Operation) -> bool:
    """The audience, the coupons after the operation's cursor, or the end.

    False when another worker was faster, or when issuing is held: whoever lets it go on hands it to the workers again.
    """
    try:
        with tools.database.writing() as transaction:
            return _chunk(transaction, tools, operation)
    except issuance.Held:
        return False


def _chunk(transaction: Transaction, tools: Tools, operation: Operation) -> bool:
    cause = tools.cause()
    if operation.cursor is None:
        return issuance.freeze(transaction, operation, cause.now)
    chunk = chunks.following(
        transaction, operation.request["campaign_id"], after=operation.cursor, limit=tools.settings.issue_chunk
    )
    if chunk is None:
        if not issuance.finish(transaction, operation, cause):
            return False
        handing_over.begin_where_it_leads(transaction, cause, operation.request["campaign_id"], tools.channels)
        return True
    return issuance.issue(transaction, operation, chunk, cause.now)
