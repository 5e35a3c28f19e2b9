"""One chunk of a hand-over: written down, handed over with no transaction open, settled."""

import time
from datetime import timedelta

from campaigns.coupons import handing_over
from campaigns.coupons.handing_over import Batch, Share
from campaigns.faults import Code, Fault
from campaigns.life.refusals import CouponsStopped
from campaigns.terms.refusals import CouponSuspended
from campaigns.work import jobs
from channels.message import Fate, Receipt
from database.work import operations
from database.work.operations import Operation
from worker.tools import Tools

PATIENCE = timedelta(minutes=1)
"""With what a channel did not take."""


def step(tools: Tools, operation: Operation) -> bool:
    """The messages after the operation's cursor, or those that wait.

    False when another worker is at it, while the campaign stands still, and when nobody takes new messages or only
    those are left that wait, for a channel or for the end of its quiet hours: then the relay hands the operation to the
    workers again after a while, until the campaign is over.
    """
    # From before they are taken: a process that stands still in between, and whose messages are another's since then,
    # hands over none of them when it wakes.
    until = time.monotonic() + tools.settings.step_seconds
    batch = _take(tools, operation)
    if batch is None:
        return False
    if not batch.messages:
        return True
    receipts = _hand_over(tools, batch, until)
    waiting = next((receipt.note for receipt in receipts if receipt.fate is Fate.WAITING), None)
    with tools.database.writing() as transaction:
        # The operation before the messages, as an erasure locks them.
        if waiting is not None:
            fault = Fault(code=Code.MESSAGES_WAIT, facts={"note": waiting})
            jobs.stumble(transaction, operation.operation_id, fault)
        elif batch.again:
            # A sign of life; and what they waited for is over.
            operations.advance(transaction, operation, operation.cursor or handing_over.START, count=0, now=tools.now())
        handing_over.settle(transaction, operation.request["campaign_id"], batch, receipts, tools.now())
    return batch.again or any(receipt.fate is not Fate.WAITING for receipt in receipts)


def _take(tools: Tools, operation: Operation) -> Batch | None:
    cause = tools.cause()
    share = Share(
        channels=sorted(tools.channels), limit=tools.settings.message_chunk,
        abandoned=cause.now - tools.longest_task, tried=cause.now - PATIENCE, quiet_hours=tools.quiet_hours,
    )  # fmt: skip
    try:
        with tools.database.writing() as transaction:
            return handing_over.take(transaction, operation, share, cause)
    except (CouponsStopped, CouponSuspended):
        return None


def _hand_over(tools: Tools, batch: Batch, until: float) -> list[Receipt]:
    """Channel by channel, each with its part of the time; receipts in the order of the messages."""
    receipts: dict[str, Receipt] = {}
    leaving = {name: [each for each in batch.messages if each.channel == name] for name in tools.channels}
    channels = [name for name, messages in leaving.items() if messages]
    for number, name in enumerate(channels):
        began = time.monotonic()
        mine = began + (until - began) / (len(channels) - number)
        given = tools.channels[name].hand_over(batch.name, leaving[name], until=mine)
        receipts |= {message.key: receipt for message, receipt in zip(leaving[name], given, strict=True)}
    return [receipts[message.key] for message in batch.messages]
