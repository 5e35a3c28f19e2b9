"""`tierwise models results` and `power`: what came of a canary's customers, and how long one must run."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import reading
from admin.typed.times import written
from campaigns.experiments.results import Effect, Metric
from campaigns.faults import Fault
from campaigns.results import canary as comparison
from campaigns.results import canary_power as planning
from campaigns.results.canary import CanaryResults
from campaigns.results.canary_power import Duration
from database.models import canary_readings
from database.models.canary_readings import CanaryAccuracy


def results(
    model_id: Annotated[str, typer.Argument(help="As `tierwise models list` shows it.")],
    *,
    run: Annotated[int | None, typer.Option(help="Which of its runs as a canary, from 1. Default: the newest.")] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say what came of a canary's customers beside the active model's; also when it is a canary no more."""
    now = datetime.now(UTC)
    with reading(database_url) as snapshot:
        found = comparison.results(snapshot, model_id, now, number=run)
        accuracies = canary_readings.accuracy(snapshot, found.run)
        durations = planning.of_run(snapshot, found.run, now)
    summary, effects = _summary(found), [_effect(effect) for effect in found.effects.values()]
    right, lengths = [_accuracy(each) for each in accuracies], _lengths(durations)
    if as_json:
        emit({**summary, "effects": effects, "accuracies": right, "durations": lengths}, as_json=True)
        return
    emit(summary, as_json=False, title=f"{model_id} as a canary")
    if effects:
        emit(effects, as_json=False, title="per customer; spend in minor units; intervals of 95 % hold at all times")
    if right:
        emit(right, as_json=False, title="what both said of their own customers as it began, and what came")
    if lengths:
        emit(lengths, as_json=False, title="what a run of this share shows four times of five")


def power(
    *,
    canary_share: Annotated[float, typer.Option(help="Of the customers, at most 0.5.")] = 0.05,
    lift: Annotated[float, typer.Option(help="A difference, in percent of the mean.")] = 5.0,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say how long a canary must run to show a difference, by what customers did until now."""
    with reading(database_url) as snapshot:
        found = planning.durations(snapshot, canary_share, datetime.now(UTC))
    days = {f"{metric.lower()}_days": planning.days_for(lift / 100, each) for metric, each in found.items()}
    answer = {"canary_share": canary_share, "lift": lift / 100, **days}
    if as_json:
        emit(answer | {"durations": _lengths(found)}, as_json=True)
        return
    emit(answer, as_json=False, title="days until it shows; none where 90 are too few")
    emit(_lengths(found), as_json=False, title="found with 80 % by a confidence sequence of 95 %")


def _summary(found: CanaryResults) -> dict[str, object]:
    run, ratio = found.run, found.sample_ratio
    fault = None if run.fault is None else Fault.read(run.fault, run.why)
    return {
        "verdict": found.verdict,
        "reason": found.reason,
        "against": run.against,
        "run": run.number,
        "since": written(run.begin_time),
        "until": written(found.until),
        "ended": run.end_time is not None,
        "fault": run.fault,
        "fault_code": fault and fault.code,
        "share": run.share,
        "counted_shares": [run.smallest_share, 1 - run.largest_share],
        "customers": dict(ratio.observed),
        "currency": run.currency,
        "groups": ratio.sentence(),
        "groups_p_value": ratio.p_value,
    }


def _effect(effect: Effect) -> dict[str, object]:
    return {
        "metric": effect.metric,
        "canary": effect.mean,
        "active": effect.holdout_mean,
        "difference": effect.difference,
        "low": effect.any_time.difference.low,
        "high": effect.any_time.difference.high,
        "lift": effect.lift,
        "p_value": effect.any_time.p_value,
        "single_look_low": effect.at_the_end.difference.low,
        "single_look_high": effect.at_the_end.difference.high,
        "variance_left": effect.variance_left,
    }


def _accuracy(found: CanaryAccuracy) -> dict[str, object]:
    return {
        "model": found.said_by,
        "horizon_days": found.horizon,
        "customers": found.customers,
        "bought": found.bought,
        "predicted": found.predicted,
        "auc": found.auc,
        "auc_low": found.auc_low,
        "auc_high": found.auc_high,
        "calibration_error": found.calibration_error,
    }


def _lengths(durations: Mapping[Metric, Sequence[Duration]]) -> list[dict[str, object]]:
    return [
        {
            "days": each.days,
            "metric": metric,
            "smallest_difference": each.smallest.per_customer,
            "smallest_lift": each.smallest.relative,
        }
        for metric, of in durations.items()
        for each in of
    ]
