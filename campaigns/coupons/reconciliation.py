"""The proof that ledgers and counters agree: begun each night or by hand, campaign by campaign, kept for good."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.life import campaigns
from campaigns.work import jobs
from database.coupons import reconciliation
from database.coupons.reconciliation import Figure, Verdict
from database.session import Snapshot, Transaction
from database.work import operations
from database.work.operations import Operation

ACTION = "ledgers.reconcile"
AT_ONCE = 20
"""Campaigns in one chunk."""
SAID = 3
"""Differences that the audit line tells; the table has all of them."""


def begin(transaction: Transaction, cause: Cause, *, campaign_id: str | None = None) -> Operation:
    """Compare every campaign, or one. Raises CampaignNotFound."""
    if campaign_id is not None:
        campaigns.get(transaction, campaign_id)
    return _begin(transaction, cause, uuid4().hex, campaign_id)


def begin_due(transaction: Transaction, cause: Cause, *, due: datetime) -> Operation | None:
    """The comparison that was due; None when it was begun already, so that two clocks do no harm."""
    operation_id = f"reconcile-{due:%Y-%m-%dT%H-%MZ}"
    operations.hold(transaction, operations.RECONCILE_LEDGERS)
    if operations.get(transaction, operation_id) is not None:
        return None
    return _begin(transaction, cause, operation_id, None)


def compare(snapshot: Snapshot, operation: Operation) -> list[Verdict]:
    """Of the campaigns after the operation's cursor, all from one moment; none when every one was compared."""
    found = reconciliation.figures(
        snapshot, after=operation.cursor or "", limit=AT_ONCE, only=operation.request["campaign_id"]
    )
    return judged(found)


def keep(transaction: Transaction, operation: Operation, found: Sequence[Verdict], cause: Cause) -> bool:
    """Write down what was compared, with progress in the same commit; the end when there was nothing more.

    False when another worker was faster: then nothing is written.
    """
    if not found:
        return _finish(transaction, operation, cause)
    ahead = operations.advance(transaction, operation, found[-1].campaign_id, count=len(found), now=cause.now)
    if ahead:
        reconciliation.keep(transaction, operation.operation_id, found, cause.now)
    return ahead


def judged(figures: Sequence[Figure]) -> list[Verdict]:
    """Which figures of each campaign differ. Pure; figures come by campaign."""
    return [_verdict(campaign_id, list(own)) for campaign_id, own in groupby(figures, lambda each: each.campaign_id)]


def _verdict(campaign_id: str, figures: Sequence[Figure]) -> Verdict:
    differences = [
        {"figure": each.name, "truth": each.truth, "counter": each.counter}
        for each in figures
        if each.truth != each.counter
    ]
    return Verdict(campaign_id, len(figures), differences)


def _begin(transaction: Transaction, cause: Cause, operation_id: str, campaign_id: str | None) -> Operation:
    name = "campaigns" if campaign_id is None else f"campaigns/{campaign_id}"
    return jobs.begin(
        transaction, cause, operation_id, operations.RECONCILE_LEDGERS, {"campaign_id": campaign_id},
        total_count=reconciliation.count_campaigns(transaction) if campaign_id is None else 1, action=ACTION,
        object_name=name,
    )  # fmt: skip


def _finish(transaction: Transaction, operation: Operation, cause: Cause) -> bool:
    current = operations.at_end(transaction, operation)
    if current is None:
        return False
    verdicts = reconciliation.verdicts(transaction, operation.operation_id)
    differences = [
        {"campaign_id": verdict.campaign_id, **difference} for verdict in verdicts for difference in verdict.differences
    ]
    response = {
        "campaigns": len(verdicts), "figures": sum(verdict.figures for verdict in verdicts), "differences": differences,
    }  # fmt: skip
    operations.finish(transaction, operation.operation_id, response, cause.now)
    _tell(transaction, operation, cause, response)
    return True


def _tell(transaction: Transaction, operation: Operation, cause: Cause, response: dict[str, Any]) -> None:
    differences = response["differences"]
    if not differences:
        trail.done(transaction, cause, f"{ACTION}.finish", operation.name, after=response)
        return
    told = "; ".join(map(sentence, differences[:SAID]))
    more = f"; and {len(differences) - SAID} more" if len(differences) > SAID else ""
    trail.failed(transaction, cause, f"{ACTION}.finish", operation.name, told + more)


def sentence(difference: dict[str, Any]) -> str:
    """A difference in words."""
    return (
        f"campaigns/{difference['campaign_id']}: {difference['figure']} is {difference['truth']} by the ledger, "
        f"{difference['counter']} by the counter"
    )
