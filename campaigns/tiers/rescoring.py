"""Scoring every customer: begun by an operator or by the clock, worked off in chunks, ended with tiers for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.basis import Basis
from campaigns.faults import Code, Hopeless
from campaigns.models import registry
from campaigns.tiers import schemes
from campaigns.tiers.placing import placing_of
from campaigns.tiers.refusals import RescoringRunning
from campaigns.work import jobs
from database.audiences import facts
from database.models import score_history, scores
from database.session import Transaction
from database.tiers import schemes as stored_schemes
from database.tiers import standings
from database.work import operations
from database.work.operations import Operation
from scoring.score import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescoring:
    """What a rescoring is pinned to when it begins, so that a resumed one makes the same rows."""

    model_id: str
    tier_scheme: int
    as_of: datetime
    """Only events before this count."""

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Self:
        """From an operation's request."""
        return cls(
            model_id=request["model_id"], tier_scheme=request["tier_scheme"],
            as_of=datetime.fromisoformat(request["as_of"]),
        )  # fmt: skip

    def request(self) -> dict[str, Any]:
        """For an operation."""
        return {"model_id": self.model_id, "tier_scheme": self.tier_scheme, "as_of": self.as_of.isoformat()}


def begin(transaction: Transaction, cause: Cause, *, as_of: datetime | None = None) -> Operation:
    """Score every customer with the active model, as of the cause's time unless another is given.

    Raises NoActiveModel, RescoringRunning.
    """
    return _begin(transaction, cause, uuid4().hex, as_of or cause.now)


def begin_due(transaction: Transaction, cause: Cause, *, due: datetime) -> Operation | None:
    """The rescoring that was due: None when one was begun since, or is running, so that two clocks do no harm.

    What a clock that went back began after the next night does not count. Raises NoActiveModel.
    """
    operation_id = f"nightly-{due:%Y-%m-%dT%H-%MZ}"
    operations.hold(transaction, operations.SCORE_ALL_CUSTOMERS)
    if operations.running(transaction, operations.SCORE_ALL_CUSTOMERS) is not None:
        return None
    latest = operations.newest(transaction, operations.SCORE_ALL_CUSTOMERS)
    since = latest is not None and due <= latest.create_time < due + timedelta(days=1)
    if since or operations.get(transaction, operation_id) is not None:
        return None
    return _begin(transaction, cause, operation_id, cause.now)


def _begin(transaction: Transaction, cause: Cause, operation_id: str, as_of: datetime) -> Operation:
    operations.hold(transaction, operations.SCORE_ALL_CUSTOMERS)
    other = operations.running(transaction, operations.SCORE_ALL_CUSTOMERS)
    if other is not None:
        raise RescoringRunning(f"{other.name} is running: wait for it or cancel it", operation=other.name)
    model = registry.in_force(transaction)
    scheme = schemes.ensure(transaction, cause)
    pinned = Rescoring(model_id=model.model_id, tier_scheme=scheme.version, as_of=as_of)
    return jobs.begin(
        transaction, cause, operation_id, operations.SCORE_ALL_CUSTOMERS, pinned.request(),
        total_count=scores.count_customers(transaction), action="customers.rescore", object_name="customers",
    )  # fmt: skip


def keep(
    transaction: Transaction, operation: Operation, scored: Sequence[Score], *, customers: Sequence[str],
    currency: str, now: datetime,
) -> bool:  # fmt: skip
    """Commit a chunk: progress, scores, and the facts that rules ask about, together.

    Of `customers`, the last of whom is the cursor, those stand in `scored` of whom the model says a number: the others
    keep their scores of before. False when another worker was faster: then nothing is written.
    Tiers stay those of the run before until `finish` has those of this one.
    """
    ahead = operations.advance(transaction, operation, customers[-1], count=len(scored), now=now)
    if not ahead:
        return False
    scores.store(transaction, scored, operation_id=operation.operation_id, now=now)
    as_of = Rescoring.of(operation.request).as_of
    facts.refresh(transaction, customers, as_of=as_of, currency=currency)
    return True


def finish(transaction: Transaction, operation: Operation, cause: Cause) -> bool:
    """The end: thresholds from all scores of this run, a tier for every score, and the operation, in one commit.

    The first one of a month is kept, unless the model has learned from what came after: then its scores prove nothing.
    Raises Hopeless where the model says no number of anybody.
    """
    current = operations.at_end(transaction, operation)
    if current is None:
        return False
    pinned = Rescoring.of(operation.request)
    unscored = scores.count_passed_over(transaction, operation.operation_id, begun=operation.create_time)
    if unscored and not current.done_count:
        raise Hopeless(Code.MODEL_WITHOUT_NUMBERS, model=f"models/{pinned.model_id}", customers=unscored)
    scheme = schemes.get(transaction, pinned.tier_scheme)
    placing = placing_of(transaction, scheme, pinned.as_of)
    stored_schemes.set_thresholds(transaction, scheme.version, high=placing.high, mid=placing.mid)
    moved = standings.assign(transaction, operation.operation_id, scheme.version, placing)
    learned_until = registry.get(transaction, pinned.model_id).manifest.get("as_of")
    if learned_until is None or datetime.fromisoformat(learned_until) <= pinned.as_of:
        score_history.keep(transaction, operation.operation_id, pinned.as_of)
    facts.take_tiers(transaction)
    facts.rank_buyers(transaction)
    response = {
        "scored_count": current.done_count, "unscored_count": unscored, "moved_count": moved,
        "tiers": standings.sizes(transaction),
        "thresholds": {"high": placing.high, "mid": placing.mid},
        "chances": scores.chances(transaction, operation.operation_id),
    }  # fmt: skip
    operations.finish(transaction, operation.operation_id, response, cause.now)
    basis = Basis(models=(pinned.model_id,), tier_schemes=(scheme.version,))
    trail.done(transaction, cause, "customers.rescore.finish", operation.name, after=response, basis=basis)
    return True
