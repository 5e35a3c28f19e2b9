"""Bulk work that failed or was cancelled, begun once more: the same thing asked for at another time."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from campaigns.actor import Cause
from campaigns.audiences import segment_building
from campaigns.audit import verification
from campaigns.coupons import handing_over, message_tests, reconciliation
from campaigns.coupons.message_tests import Wanted
from campaigns.forecast import expected_uplifts
from campaigns.life import launch
from campaigns.models import judging, retraining
from campaigns.terms.campaign import Channel
from campaigns.tiers import previewing, rescoring, shadowing
from campaigns.tiers.tiers import Tier
from campaigns.work import jobs
from campaigns.work.refusals import OperationNotRetryable
from database.session import Snapshot, Transaction
from database.work import operations
from database.work.operations import Operation

Request = Mapping[str, Any]


class Begin(NamedTuple):
    """How work of a kind begins."""

    action: str
    """As `campaigns.callers.access` calls it."""
    begin: Callable[[Transaction, Cause, Request], Operation]


KINDS: Mapping[str, Begin] = {
    operations.SCORE_ALL_CUSTOMERS: Begin(
        "customers.rescore", lambda transaction, cause, _: rescoring.begin(transaction, cause)
    ),
    operations.LAUNCH_CAMPAIGN: Begin(
        "campaigns.launch",
        lambda transaction, cause, asked: launch.launch(transaction, cause, asked["campaign_id"]),
    ),
    operations.BUILD_SEGMENT: Begin(
        "segments.build",
        lambda transaction, cause, asked: segment_building.begin(transaction, cause, asked["segment_id"]),
    ),
    operations.HAND_OVER_COUPONS: Begin(
        handing_over.ACTION,
        lambda transaction, cause, asked: handing_over.begin(transaction, cause, asked["campaign_id"]),
    ),
    operations.SEND_TEST_MESSAGE: Begin(
        message_tests.ACTION,
        lambda transaction, cause, asked: message_tests.begin(
            transaction,
            cause,
            asked["campaign_id"],
            Wanted(
                recipient=asked["recipient"],
                arm=asked["arm"],
                tier=Tier(asked["tier"]),
                channel=Channel(asked["channel"]),
            ),
        ),
    ),
    operations.PREVIEW_MODEL: Begin(
        "models.preview",
        lambda transaction, cause, asked: shadowing.begin(transaction, cause, asked["model_id"]),
    ),
    operations.JUDGE_MODEL: Begin(
        "models.judge", lambda transaction, cause, asked: judging.begin(transaction, cause, asked["model_id"])
    ),
    operations.RETRAIN_MODEL: Begin(
        "models.retrain", lambda transaction, cause, _: retraining.begin(transaction, cause)
    ),
    operations.EXPECT_UPLIFTS: Begin(
        expected_uplifts.ACTION, lambda transaction, cause, _: expected_uplifts.begin(transaction, cause)
    ),
    operations.PREVIEW_TIERS: Begin(
        previewing.ACTION,
        lambda transaction, cause, asked: previewing.begin(
            transaction, cause, int(asked["tier_scheme_id"]), model_id=asked["model_id"] or None
        ),
    ),
    operations.RECONCILE_LEDGERS: Begin(
        reconciliation.ACTION,
        lambda transaction, cause, asked: reconciliation.begin(transaction, cause, campaign_id=asked["campaign_id"]),
    ),
    operations.VERIFY_AUDIT: Begin(
        verification.ACTION,
        lambda transaction, cause, asked: verification.begin(transaction, cause, from_seq=asked["from_seq"]),
    ),
}
"""All but erasures, which go on until they are done."""


def action_of(snapshot: Snapshot, operation_id: str) -> str:
    """What doing it again is called. Raises OperationNotFound, OperationNotRetryable."""
    return _over(snapshot, operation_id)[1].action


def retry(transaction: Transaction, cause: Cause, operation_id: str) -> Operation:
    """The work that takes its place.

    Raises OperationNotFound, OperationNotRetryable, and as the work's own beginning does.
    """
    operation, kind = _over(transaction, operation_id)
    return kind.begin(transaction, cause, operation.request)


def _over(snapshot: Snapshot, operation_id: str) -> tuple[Operation, Begin]:
    operation = jobs.get(snapshot, operation_id)
    kind = KINDS.get(operation.kind)
    if kind is None or operation.state not in (operations.FAILED, operations.CANCELLED):
        raise OperationNotRetryable(
            f"{operation.name} is {operation.state}: work that failed or was cancelled is begun again",
            operation=operation.name, state=operation.state,
        )  # fmt: skip
    return operation, kind
