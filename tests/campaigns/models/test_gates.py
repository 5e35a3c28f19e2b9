"""What a model must prove before it answers."""

import json
import re
from dataclasses import replace

import pytest

from campaigns.models.gates import Evidence, Gate, Report, Rivalry, Verdict, gates_of
from campaigns.models.grounds import WORDS, Ground, Why
from rules.sentence import Language

BETTER = Rivalry(ours=0.8, theirs=0.75, low=0.02, high=0.08)
GOOD = Evidence(
    rivalries={
        "auc": BETTER, "log_loss": Rivalry(ours=0.5, theirs=0.52, low=-0.04, high=0.0),
        "ece": Rivalry(ours=0.03, theirs=0.02, low=-0.01, high=0.03),
    },
    why_not=None, drifts={"recency": 0.05, "orders": 0.3, "spend": 0.1, "views": 0.01, "carts": 0.02}, delay=1.5,
    asked=4000, unsaid=0,
)  # fmt: skip


def gate(evidence: Evidence, name: str) -> Gate:
    return next(each for each in gates_of(evidence) if each.name == name)


def rival(name: str, **changes: float) -> Evidence:
    return replace(GOOD, rivalries=dict(GOOD.rivalries) | {name: replace(GOOD.rivalries[name], **changes)})


def test_a_good_model_passes_all_gates() -> None:
    report = Report(model_id="m2", against_id="m1", gates=gates_of(GOOD))

    assert report.passed
    assert [(each.name, each.verdict) for each in report.gates] == [
        (name, Verdict.PASSED) for name in ("numbers", "auc", "log_loss", "ece", "drift", "latency")
    ]
    assert gate(GOOD, "auc").value == pytest.approx(0.05)
    assert "0.8000 against 0.7500" in gate(GOOD, "auc").reason
    assert Report.of({"model_id": "m2", "against_id": "m1"}, json.loads(json.dumps(report.response()))) == report
    assert gate(GOOD, "auc").ground.sentence(Language.CHINESE) == (
        "0.8000，在线模型为 0.7500，差值的 95% 区间为 +0.0200 至 +0.0800"
    )


def test_every_reason_has_words_in_both_languages_that_name_the_same() -> None:
    for why in Why:
        english, chinese = (set(re.findall(r"{(\w+)", WORDS[language][why])) for language in Language)
        assert english == chinese, why


def test_a_reason_of_before_stands_as_it_was_said() -> None:
    stored = {"name": "auc", "value": -0.02, "limit": 0.0, "verdict": "FAILED", "reason": "0.7 against 0.72"}

    assert Gate.of(stored).ground.sentence(Language.CHINESE) == "0.7 against 0.72"


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("auc", rival("auc", low=-0.05, high=-0.001)),
        ("log_loss", rival("log_loss", low=0.001, high=0.05)),
        ("ece", rival("ece", ours=0.051, low=0.001)),
        ("drift", replace(GOOD, drifts={"orders": 0.3, "spend": 0.1, "views": 0.26})),
        ("latency", replace(GOOD, delay=2.1)),
        ("numbers", replace(GOOD, unsaid=1)),
    ],
)
def test_each_gate_holds_back_what_it_is_there_for(name: str, evidence: Evidence) -> None:
    assert [each.name for each in gates_of(evidence) if each.verdict is Verdict.FAILED] == [name]


def test_a_difference_that_may_be_chance_is_none() -> None:
    assert gate(rival("auc", low=-0.05, high=0.001), "auc").verdict is Verdict.PASSED
    found = gate(rival("ece", ours=0.09, theirs=0.07, low=-0.01, high=0.05), "ece")
    assert found.verdict is Verdict.PASSED
    assert found.reason.endswith(
        "0.0900 against 0.0700 of the active model, 95 % of the difference from -0.0100 to +0.0500"
    )


def test_a_model_may_be_calibrated_as_badly_as_the_one_that_answers() -> None:
    found = gate(rival("ece", ours=0.08, theirs=0.09), "ece")

    assert (found.verdict, found.limit) == (Verdict.PASSED, 0.09)


def test_what_cannot_be_measured_proves_nothing() -> None:
    found = gates_of(replace(GOOD, rivalries={}, why_not=Ground(why=Why.NO_HISTOGRAMS), drifts={}))

    assert [each.name for each in found if each.verdict is Verdict.NOT_MEASURED] == ["auc", "log_loss", "ece", "drift"]
    assert found[1].reason == "its manifest holds no histograms of features"
    assert not Report(model_id="m2", against_id="m1", gates=found).passed
