"""A model is judged beside the one that answers: begun by an operator or by the clock, measured by a worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.basis import Basis
from campaigns.models import registry
from campaigns.models.gates import Report
from campaigns.models.refusals import ModelJudging, ModelNotMovable
from campaigns.work import jobs
from database.session import Transaction
from database.work import operations
from database.work.operations import JUDGE_MODEL, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a judgement is pinned to when it begins."""

    model_id: str
    against_id: str
    """The model that answered then."""
    as_of: datetime
    """Where the window ends."""

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Self:
        """From an operation's request."""
        as_of = datetime.fromisoformat(request["as_of"])
        return cls(model_id=request["model_id"], against_id=request["against_id"], as_of=as_of)

    def request(self) -> dict[str, Any]:
        """For an operation."""
        return {"model_id": self.model_id, "against_id": self.against_id, "as_of": self.as_of.isoformat()}


def begin(transaction: Transaction, cause: Cause, model_id: str) -> Operation:
    """Judge a model beside the active one.

    Raises ModelNotFound, ModelUnusable, NoActiveModel, ModelNotMovable, ModelJudging.
    """
    operations.hold(transaction, JUDGE_MODEL)
    registry.check_kept(registry.get(transaction, model_id))
    name, active = registry.name(model_id), registry.in_force(transaction)
    if active.model_id == model_id:
        raise ModelNotMovable(f"{name} answers: there is nothing to judge it beside", model=name)
    other = operations.running(transaction, JUDGE_MODEL, model_id=model_id)
    if other is not None:
        raise ModelJudging(f"{other.name} is judging {name}: wait for it or cancel it", operation=other.name)
    trial = Trial(model_id=model_id, against_id=active.model_id, as_of=cause.now)
    return jobs.begin(
        transaction, cause, uuid4().hex, JUDGE_MODEL, trial.request(), total_count=None, action="models.judge",
        object_name=name,
    )  # fmt: skip


def finish(transaction: Transaction, operation: Operation, report: Report, cause: Cause) -> bool:
    """Keep the verdicts as the operation's response. False when another worker was faster."""
    if not operations.finish(transaction, operation.operation_id, report.response(), cause.now):
        return False
    trail.done(
        transaction, cause, "models.judge.finish", registry.name(report.model_id),
        after={"passed": report.passed, **{gate.name: gate.verdict for gate in report.gates}},
        basis=Basis(models=(report.model_id, report.against_id)),
    )  # fmt: skip
    return True
