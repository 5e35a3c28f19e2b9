"""Whether a model may answer as things stand: what people are told before they let it. Pure."""

from enum import StrEnum

from campaigns.models.gates import Report, Verdict
from campaigns.models.stages import State
from database.models.registry import RegisteredModel


class Readiness(StrEnum):
    """The first that holds."""

    ANSWERS = "ANSWERS"
    GONE = "GONE"
    """Its folder was removed."""
    NO_RIVAL = "NO_RIVAL"
    """Nothing answers, beside which it could be judged."""
    ANSWERED_BEFORE = "ANSWERED_BEFORE"
    """It needs no gates any more."""
    NOT_JUDGED = "NOT_JUDGED"
    JUDGED_BESIDE_ANOTHER = "JUDGED_BESIDE_ANOTHER"
    """Which does not answer now."""
    PASSED = "PASSED"
    FAILED = "FAILED"
    UNPROVEN = "UNPROVEN"
    """No gate failed, and some could not be measured."""


def readiness_of(model: RegisteredModel, active: RegisteredModel | None, report: Report | None) -> Readiness:
    """By the model that answers now and by what was proved last."""
    if model.state == State.ACTIVE:
        return Readiness.ANSWERS
    if model.give_up_time is not None:
        return Readiness.GONE
    if active is None:
        return Readiness.NO_RIVAL
    if model.activate_time is not None:
        return Readiness.ANSWERED_BEFORE
    if report is None:
        return Readiness.NOT_JUDGED
    return _proved(report, active.model_id)


def _proved(report: Report, active_id: str) -> Readiness:
    if report.against_id != active_id:
        return Readiness.JUDGED_BESIDE_ANOTHER
    if report.passed:
        return Readiness.PASSED
    failed = any(gate.verdict is Verdict.FAILED for gate in report.gates)
    return Readiness.FAILED if failed else Readiness.UNPROVEN
