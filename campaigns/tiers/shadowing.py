"""Scoring every customer with a model that does not answer: beside the stored scores, to see who would move."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.models import registry
from campaigns.tiers import schemes
from campaigns.tiers.refusals import CustomersNotScored, ModelNotPreviewed, ModelPreviewRunning
from campaigns.tiers.rescoring import Rescoring
from campaigns.work import jobs
from database.models import scores, shadow_scores
from database.session import Snapshot, Transaction
from database.tiers import previews
from database.work import operations
from database.work.operations import PREVIEW_MODEL, Operation
from scoring.score import Score


def begin(transaction: Transaction, cause: Cause, model_id: str) -> Operation:
    """Score everyone with this model as of the stored scores' time, instead of what an earlier preview left.

    Raises ModelNotFound, ModelUnusable, NoActiveTierScheme, CustomersNotScored, ModelPreviewRunning.
    """
    operations.hold(transaction, PREVIEW_MODEL)
    model = registry.get(transaction, model_id)
    registry.check_kept(model)
    scheme = schemes.in_force(transaction)
    latest = previews.latest(transaction)
    if latest is None:
        raise CustomersNotScored("no customer has a score to compare with: run ScoreAllCustomers first")
    _refuse_while_running(operations.running(transaction, PREVIEW_MODEL))
    shadow_scores.clear(transaction)
    pinned = Rescoring(model_id=model.model_id, tier_scheme=scheme.version, as_of=latest.as_of)
    return jobs.begin(
        transaction, cause, uuid4().hex, PREVIEW_MODEL, pinned.request(),
        total_count=scores.count_customers(transaction), action="models.preview", object_name=registry.name(model_id),
    )  # fmt: skip


def keep(
    transaction: Transaction, operation: Operation, scored: Sequence[Score], *, cursor: str, now: datetime
) -> bool:
    """Commit a chunk: progress and shadow scores. False when another worker was faster: then nothing is written."""
    ahead = operations.advance(transaction, operation, cursor, count=len(scored), now=now)
    if ahead:
        shadow_scores.store(transaction, scored, operation.operation_id)
    return ahead


def finish(transaction: Transaction, operation: Operation, cause: Cause) -> bool:
    """Everyone has a shadow score: the preview can be read. False when another worker was faster."""
    current = operations.at_end(transaction, operation)
    if current is None:
        return False
    response = {"scored_count": current.done_count}
    operations.finish(transaction, operation.operation_id, response, cause.now)
    name = registry.name(Rescoring.of(operation.request).model_id)
    trail.done(transaction, cause, "models.preview.finish", name, after=response)
    return True


def running(snapshot: Snapshot, model_id: str) -> Operation | None:
    """The run of this model that is under way."""
    return operations.running(snapshot, PREVIEW_MODEL, model_id=model_id)


def finished(snapshot: Snapshot, model_id: str) -> Operation:
    """The run whose shadow scores are there. Raises ModelNotFound, ModelPreviewRunning, ModelNotPreviewed."""
    name = registry.name(registry.get(snapshot, model_id).model_id)
    newest = operations.newest(snapshot, PREVIEW_MODEL)
    if newest is None or Rescoring.of(newest.request).model_id != model_id:
        raise ModelNotPreviewed(f"{name} has no shadow scores, or another model's came after: preview it", model=name)
    _refuse_while_running(None if newest.done else newest)
    if newest.state != operations.SUCCEEDED:
        raise ModelNotPreviewed(f"the last preview of {name} ended as {newest.state}: preview it again", model=name)
    return newest


def abandon(transaction: Transaction, operation: Operation) -> None:
    """Of a run that was cancelled or failed nothing stays."""
    shadow_scores.drop(transaction, operation.operation_id)


def _refuse_while_running(operation: Operation | None) -> None:
    if operation is not None:
        raise ModelPreviewRunning(
            f"{operation.name} is previewing a model: wait for it or cancel it", operation=operation.name
        )
