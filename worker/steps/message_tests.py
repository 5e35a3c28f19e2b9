"""A test message, sent with no transaction open."""

import time

from campaigns.coupons import message_tests
from channels.message import Fate, Receipt
from database.work.operations import Operation
from worker.tools import Tools

PATIENCE_SECONDS = 30.0
"""With a provider that is busy, while somebody waits at a screen."""


def step(tools: Tools, operation: Operation) -> bool:
    """All of it."""
    until = time.monotonic() + min(PATIENCE_SECONDS, tools.settings.step_seconds)
    with tools.database.reading() as snapshot:
        held = message_tests.why_not(snapshot, operation, tools.channels, tools.quiet_hours, tools.now())
    if held is None:
        channel, sent = tools.channels[operation.request["channel"]], message_tests.message(operation)
        (receipt,) = channel.hand_over(message_tests.batch(operation), [sent], until=until)
    else:
        receipt = Receipt(Fate.WAITING, held)
    with tools.database.writing() as transaction:
        message_tests.finish(transaction, operation, receipt, tools.cause())
    return True
