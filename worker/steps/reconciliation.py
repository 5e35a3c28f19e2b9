"""One chunk of the proof that ledgers and counters agree."""

import logging

from campaigns.coupons import reconciliation
from campaigns.coupons.reconciliation import sentence
from database.work.operations import Operation
from worker.tools import Tools

log = logging.getLogger(__name__)


def step(tools: Tools, operation: Operation) -> bool:
    """The campaigns after the operation's cursor, or the end; False when another worker was faster."""
    with tools.database.reading() as snapshot:
        found = reconciliation.compare(snapshot, operation)
    for verdict in found:
        for difference in verdict.differences:
            log.error("reconciliation: %s", sentence({"campaign_id": verdict.campaign_id, **difference}))
    with tools.database.writing() as transaction:
        return reconciliation.keep(transaction, operation, found, tools.cause())
