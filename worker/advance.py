"""Takes an operation further, chunk by chunk, from wherever its row says it is."""

from collections.abc import Callable, Mapping

from campaigns import trail
from campaigns.audiences import segment_building
from campaigns.coupons import issuance
from campaigns.faults import Code, Fault
from campaigns.tiers import shadowing
from campaigns.work import jobs
from database.session import Transaction
from database.work import operations
from database.work.operations import Operation
from worker.attempts import attempt
from worker.faults import fault_of
from worker.steps import (
    erasure,
    expected_uplifts,
    handing_over,
    judging,
    message_tests,
    reconciliation,
    rescoring,
    retraining,
    tier_preview,
    verification,
)
from worker.steps import issuance as issuing
from worker.steps import segment_building as building
from worker.steps import shadowing as shadow
from worker.tools import Tools

STEPS: Mapping[str, Callable[[Tools, Operation], bool]] = {
    operations.SCORE_ALL_CUSTOMERS: rescoring.step,
    operations.LAUNCH_CAMPAIGN: issuing.step,
    operations.BUILD_SEGMENT: building.step,
    operations.RECONCILE_LEDGERS: reconciliation.step,
    operations.VERIFY_AUDIT: verification.step,
    operations.ERASE_CUSTOMER: erasure.step,
    operations.PREVIEW_MODEL: shadow.step,
    operations.JUDGE_MODEL: judging.step,
    operations.RETRAIN_MODEL: retraining.step,
    operations.PREVIEW_TIERS: tier_preview.step,
    operations.HAND_OVER_COUPONS: handing_over.step,
    operations.EXPECT_UPLIFTS: expected_uplifts.step,
    operations.SEND_TEST_MESSAGE: message_tests.step,
}


def advance(tools: Tools, operation_id: str, *, enough: Callable[[], bool], turn: int | None = None) -> None:
    """Work until the operation is over, another worker is ahead, or it is `enough` for one task after a chunk or more.

    In the last case the rest is written into the outbox, and tasks of this turn or of earlier ones that still wait find
    nothing to do: else each that was handed over twice would go on for ever. A task without a `turn` is of the present
    one. Killed at any line, the next run goes on after the last chunk that was committed. Raises whatever a chunk
    raises, with nothing of that chunk written, and Hopeless.
    """
    with tools.database.reading() as snapshot:
        operation = operations.get(snapshot, operation_id)
    if operation is None or operation.done or (turn is not None and turn < operation.turn):
        return
    with attempt(tools, operation):
        try:
            _advance(tools, operation_id, enough)
        finally:
            tools.ahead.settle()


def _advance(tools: Tools, operation_id: str, enough: Callable[[], bool]) -> None:
    worked = False
    while True:
        with tools.database.reading() as snapshot:
            operation = operations.get(snapshot, operation_id)
        if operation is None or operation.done:
            return
        if operation.kind not in STEPS:
            _leave(tools, operation)
            return
        if operation.cancel_requested and operation.kind != operations.ERASE_CUSTOMER:
            cancel(tools, operation)
            return
        if worked and enough():
            with tools.database.writing() as transaction:
                jobs.hand_on(transaction, operation, tools.now())
            return
        if not STEPS[operation.kind](tools, operation):
            return
        worked = True


def _leave(tools: Tools, operation: Operation) -> None:
    """To a worker of the version that knows this work: the relay hands it over until it comes to one."""
    with tools.database.writing() as transaction:
        jobs.stumble(transaction, operation.operation_id, Fault(code=Code.WORK_UNKNOWN, facts={"kind": operation.kind}))


def cancel(tools: Tools, operation: Operation) -> None:
    """The end that someone asked for."""
    cause = tools.cause()
    with tools.database.writing() as transaction:
        if not operations.cancel(transaction, operation.operation_id, cause.now):
            return
        if operation.kind == operations.LAUNCH_CAMPAIGN:
            issuance.abandon(transaction, operation, cause)
        _drop_half_built(tools, transaction, operation)
        trail.done(
            transaction, cause, "operations.cancel.finish", operation.name, after={"done_count": operation.done_count}
        )


def stumble(tools: Tools, operation_id: str, error: Exception, log_id: str) -> None:
    """Note on the operation why this attempt failed; another will follow."""
    with tools.database.writing() as transaction:
        jobs.stumble(transaction, operation_id, fault_of(error, log_id))


def give_up(tools: Tools, operation_id: str, error: Exception, log_id: str) -> None:
    """The operation has failed for good."""
    cause, fault = tools.cause(), fault_of(error, log_id)
    with tools.database.writing() as transaction:
        if jobs.fail(transaction, cause, operation_id, fault):
            _drop_half_built(tools, transaction, jobs.get(transaction, operation_id))


def _drop_half_built(tools: Tools, transaction: Transaction, operation: Operation) -> None:
    """What a build or a preview that came to nothing wrote can serve nobody, nor can what a training would make."""
    if operation.kind == operations.BUILD_SEGMENT:
        segment_building.abandon(transaction, operation)
    if operation.kind == operations.PREVIEW_MODEL:
        shadowing.abandon(transaction, operation)
    if operation.kind == operations.RETRAIN_MODEL:
        retraining.abandon(tools, operation)
