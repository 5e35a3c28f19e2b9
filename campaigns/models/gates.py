"""What a model must prove before it answers in the place of another: what was measured, and the verdict. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any, Self

from campaigns.models.drift import share_moved
from campaigns.models.grounds import Ground, Why
from campaigns.models.refusals import GatesNotPassed, ModelNotJudged

LARGEST_CALIBRATION_ERROR = 0.05
LARGEST_DRIFT = 0.2
"""Share of the features that have another distribution than when the model learned."""
LARGEST_DELAY = 2.0
"""Times what a forward pass of the active model takes."""


class Verdict(StrEnum):
    """What came of a gate."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_MEASURED = "NOT_MEASURED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One proof."""

    name: str
    value: float | None
    """None where it could not be measured."""
    limit: float
    verdict: Verdict
    ground: Ground

    @property
    def reason(self) -> str:
        """In English."""
        return self.ground.sentence()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """From an operation."""
        ground = Ground.of(stored.get("ground", stored.get("reason", "")))
        return cls(
            name=stored["name"], value=stored["value"], limit=stored["limit"], verdict=Verdict(stored["verdict"]),
            ground=ground,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivalry:
    """A figure of both models over the same customers."""

    ours: float
    theirs: float
    low: float
    """Interval of 95 % of ours - theirs, by a paired bootstrap over customers."""
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was measured of a model beside the active one."""

    rivalries: Mapping[str, Rivalry]
    """Of auc, log_loss and ece in a window that neither has learned from; empty where there is none yet."""
    why_not: Ground | None
    """Why there are none; None where there are."""
    drifts: Mapping[str, float]
    """Population stability index of each feature since the model learned; empty where it kept no histograms."""
    delay: float
    """Its forward pass in times of the other's."""
    asked: int
    """Of how many customers it was asked as of now."""
    unsaid: int
    """Of how many of them it says NaN or infinity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a model proved against another one."""

    model_id: str
    against_id: str
    gates: Sequence[Gate]

    @property
    def passed(self) -> bool:
        """Whether it may answer."""
        return all(gate.verdict is Verdict.PASSED for gate in self.gates)

    @classmethod
    def of(cls, request: Mapping[str, Any], response: Mapping[str, Any]) -> Self:
        """From an operation."""
        gates = list(map(Gate.of, response["gates"]))
        return cls(model_id=request["model_id"], against_id=request["against_id"], gates=gates)

    def response(self) -> dict[str, Any]:
        """For an operation."""
        return {"passed": self.passed, "gates": [asdict(gate) for gate in self.gates]}


def gates_of(evidence: Evidence) -> list[Gate]:
    """What the evidence proves."""
    return [
        _gate("numbers", evidence.unsaid, 0, Ground(why=Why.NO_NUMBER, facts={"asked": evidence.asked})),
        _in_the_window(evidence, "auc", _not_below),
        _in_the_window(evidence, "log_loss", _not_above),
        _in_the_window(evidence, "ece", _calibrated),
        _drift(evidence.drifts),
        _gate("latency", evidence.delay, LARGEST_DELAY, Ground(why=Why.DELAY)),
    ]


def check_passed(name: str, report: Report | None, against_id: str, *, override: str | None) -> None:
    """`override` is why the model should answer although it did not pass.

    Raises ModelNotJudged, GatesNotPassed.
    """
    if override:
        return
    if report is None or report.against_id != against_id:
        raise ModelNotJudged(
            f"{name} was not judged beside models/{against_id}: judge it, or override its gates with a reason",
            model=name,
        )
    held_by = [gate for gate in report.gates if gate.verdict is not Verdict.PASSED]
    if held_by:
        # What cannot be measured is not measured of several for one reason.
        alike = groupby(held_by, key=lambda gate: gate.reason)
        why = "; ".join(f"{', '.join(gate.name for gate in gates)}: {reason}" for reason, gates in alike)
        raise GatesNotPassed(f"{name} did not pass: {why}", model=name, gates=",".join(gate.name for gate in held_by))


def _in_the_window(evidence: Evidence, name: str, judge: Callable[[str, Rivalry], Gate]) -> Gate:
    rivalry = evidence.rivalries.get(name)
    if rivalry is None:
        assert evidence.why_not is not None
        return Gate(name=name, value=None, limit=0.0, verdict=Verdict.NOT_MEASURED, ground=evidence.why_not)
    return judge(name, rivalry)


def _not_below(name: str, found: Rivalry) -> Gate:
    return Gate(
        name=name, value=found.ours - found.theirs, limit=0.0, verdict=_verdict(passed=found.high >= 0),
        ground=_against(Why.RIVALRY, found),
    )  # fmt: skip


def _not_above(name: str, found: Rivalry) -> Gate:
    return Gate(
        name=name, value=found.ours - found.theirs, limit=0.0, verdict=_verdict(passed=found.low <= 0),
        ground=_against(Why.RIVALRY, found),
    )  # fmt: skip


def _calibrated(name: str, found: Rivalry) -> Gate:
    """Of few customers even an exact model has an error above the limit, by chance."""
    limit = max(LARGEST_CALIBRATION_ERROR, found.theirs)
    passed = found.ours <= limit or found.low <= 0
    ground = _against(Why.CALIBRATION, found)
    return Gate(name=name, value=found.ours, limit=limit, verdict=_verdict(passed=passed), ground=ground)


def _drift(drifts: Mapping[str, float]) -> Gate:
    if not drifts:
        ground = Ground(why=Why.NO_HISTOGRAMS)
        return Gate(name="drift", value=None, limit=LARGEST_DRIFT, verdict=Verdict.NOT_MEASURED, ground=ground)
    worst = max(drifts, key=lambda name: drifts[name])
    ground = Ground(why=Why.DRIFT, facts={"feature": worst, "index": drifts[worst]})
    return _gate("drift", share_moved(drifts), LARGEST_DRIFT, ground)


def _gate(name: str, value: float, limit: float, ground: Ground) -> Gate:
    return Gate(name=name, value=value, limit=limit, verdict=_verdict(passed=value <= limit), ground=ground)


def _verdict(*, passed: bool) -> Verdict:
    return Verdict.PASSED if passed else Verdict.FAILED


def _against(why: Why, found: Rivalry) -> Ground:
    return Ground(why=why, facts=asdict(found))
