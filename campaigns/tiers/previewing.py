"""A preview of tiers as a worker's job: it looks at every customer, and what it found stays to be read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.tiers import preview_document, rescored, schemes, shadowing, tier_preview
from campaigns.tiers.refusals import CustomersNotScored
from campaigns.tiers.tier_preview import TierPreview
from campaigns.work import jobs
from database.models import scores
from database.session import Snapshot, Transaction
from database.work import operations
from database.work.operations import PREVIEW_TIERS, SUCCEEDED, Operation

ACTION = "tiers.preview"
LOOKED_BACK = 10
"""Rescorings, among which there is one that came to its end."""
EXAMPLES = 10
"""Of those who would move, so many are kept by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The newest preview of a scheme, as far as it is."""

    operation: Operation | None
    """None where nobody asked for one."""
    seen: TierPreview | None
    """What it found; None while it runs and where it came to nothing."""
    current: bool
    """Whether no rescoring has ended since it began."""


def begin(transaction: Transaction, cause: Cause, version: int, *, model_id: str | None = None) -> Operation:
    """Work out who would move by this scheme, or the run of it that is under way.

    By the stored scores, or by a model whose shadow scores are there. Raises TierSchemeNotFound, CustomersNotScored,
    and as `shadowing.finished` does.
    """
    operations.hold(transaction, PREVIEW_TIERS)
    scheme, asked = schemes.get(transaction, version), _asked(version, model_id)
    check(transaction, model_id)
    under_way = operations.running(transaction, PREVIEW_TIERS, **asked)
    return under_way or jobs.begin(
        transaction, cause, uuid4().hex, PREVIEW_TIERS, asked, total_count=None,
        action=ACTION, object_name=schemes.name(scheme),
    )  # fmt: skip


def check(snapshot: Snapshot, model_id: str | None = None) -> None:
    """Refuse where there is nothing to look at, as `begin` does."""
    if model_id is not None:
        shadowing.finished(snapshot, model_id)
    if scores.scored_currency(snapshot) is None:
        raise CustomersNotScored("no customer has a score: run ScoreAllCustomers first")


def work_out(snapshot: Snapshot, operation: Operation, now: datetime) -> TierPreview:
    """What the operation asks for. Raises as `tier_preview.preview` does."""
    scheme = schemes.get(snapshot, int(operation.request["tier_scheme_id"]))
    model_id = operation.request["model_id"] or None
    return tier_preview.preview(snapshot, scheme, model_id=model_id, now=now, size=EXAMPLES)


def finish(transaction: Transaction, operation: Operation, seen: TierPreview, cause: Cause) -> bool:
    """Keep what was found. False when another worker was faster."""
    ahead = operations.advance(transaction, operation, "", count=seen.customer_count, now=cause.now)
    if ahead:
        operations.finish(transaction, operation.operation_id, preview_document.to_data(seen), cause.now)
        after = {"moved_count": seen.moved_count}
        trail.done(transaction, cause, f"{ACTION}.finish", schemes.name(seen.scheme), after=after)
    return ahead


def found(snapshot: Snapshot, operation: Operation) -> TierPreview:
    """What a preview that is over found."""
    assert operation.response is not None, "it has succeeded"
    scheme = schemes.get(snapshot, int(operation.request["tier_scheme_id"]))
    return preview_document.from_data(operation.response, scheme)


def looked(snapshot: Snapshot, version: int, *, model_id: str | None = None) -> Looked:
    """The newest preview of a scheme by the stored scores, or by a model."""
    operation = operations.newest(snapshot, PREVIEW_TIERS, **_asked(version, model_id))
    if operation is None or operation.state != SUCCEEDED:
        return Looked(operation=operation, seen=None, current=False)
    past = rescored.latest(snapshot, limit=LOOKED_BACK)
    current = not past or past[-1].finish_time <= operation.create_time
    return Looked(operation=operation, seen=found(snapshot, operation), current=current)


def _asked(version: int, model_id: str | None) -> dict[str, Any]:
    return {"tier_scheme_id": str(version), "model_id": model_id or ""}
