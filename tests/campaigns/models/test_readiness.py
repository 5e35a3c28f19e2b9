"""Whether a model may answer as things stand."""

from dataclasses import replace

import pytest
from made.campaigns import NOW

from campaigns.models.gates import Gate, Report, Verdict
from campaigns.models.grounds import Ground, Why
from campaigns.models.readiness import Readiness, readiness_of
from database.models.registry import RegisteredModel

ACTIVE = RegisteredModel(
    model_id="m1", folder="f1", manifest={}, state="ACTIVE", canary_share=None, predecessor=None, revision=2,
    create_time=NOW, activate_time=NOW, move_time=NOW,
)  # fmt: skip
MODEL = replace(ACTIVE, model_id="m2", folder="f2", state="CANDIDATE", activate_time=None)


def report(*verdicts: Verdict, against_id: str = "m1") -> Report:
    ground = Ground(why=Why.DELAY)
    gates = [Gate(name="ece", value=0.01, limit=0.05, verdict=each, ground=ground) for each in verdicts]
    return Report(model_id="m2", against_id=against_id, gates=gates)


@pytest.mark.parametrize(
    ("proved", "readiness"),
    [
        (None, Readiness.NOT_JUDGED),
        (report(Verdict.PASSED, against_id="m0"), Readiness.JUDGED_BESIDE_ANOTHER),
        (report(Verdict.PASSED, Verdict.PASSED), Readiness.PASSED),
        (report(Verdict.PASSED, Verdict.NOT_MEASURED), Readiness.UNPROVEN),
        (report(Verdict.NOT_MEASURED, Verdict.FAILED), Readiness.FAILED),
    ],
)
def test_a_candidate_may_answer_by_what_it_proved_beside_the_model_that_does(
    proved: Report | None, readiness: Readiness
) -> None:
    assert readiness_of(MODEL, ACTIVE, proved) is readiness
    assert readiness_of(replace(MODEL, state="CANARY"), ACTIVE, proved) is readiness


def test_what_answers_answered_or_is_gone_needs_no_proof() -> None:
    failed = report(Verdict.FAILED)

    assert readiness_of(ACTIVE, ACTIVE, failed) is Readiness.ANSWERS
    assert readiness_of(MODEL, None, failed) is Readiness.NO_RIVAL
    assert readiness_of(replace(MODEL, state="RETIRED", activate_time=NOW), ACTIVE, failed) is Readiness.ANSWERED_BEFORE
    assert readiness_of(replace(MODEL, give_up_time=NOW), ACTIVE, failed) is Readiness.GONE
