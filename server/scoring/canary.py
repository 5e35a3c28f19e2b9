"""Results of canaries for the wire."""

from collections.abc import Mapping, Sequence

from tierwise.v1 import campaign_results_pb2, model_results_pb2

from campaigns.experiments.effect import Interval
from campaigns.experiments.results import Effect, Metric
from campaigns.results.canary import CanaryResults
from campaigns.results.canary_power import Duration
from database.experiments.canary import ACTIVE, CANARY
from database.models.canary_readings import CanaryAccuracy
from server.campaigns.results import interval_message, sample_ratio_message
from server.wire.faults import fault_message
from server.wire.names import MODEL
from server.wire.stamps import maybe_stamp, stamp

MESSAGE = model_results_pb2.ModelResults
METRIC = campaign_results_pb2.CampaignResults.Metric


def model_results_message(
    found: CanaryResults, accuracies: Sequence[CanaryAccuracy], durations: Mapping[Metric, Sequence[Duration]]
) -> model_results_pb2.ModelResults:
    run, ratio = found.run, found.sample_ratio
    return MESSAGE(
        model=f"{MODEL}{run.model_id}", against=f"{MODEL}{run.against}", run=run.number,
        begin_time=stamp(run.begin_time), count_time=stamp(found.until), end_time=maybe_stamp(run.end_time),
        canary_share=run.share, smallest_share=run.smallest_share, largest_share=run.largest_share,
        currency_code=run.currency, canary_count=ratio.observed[CANARY], active_count=ratio.observed[ACTIVE],
        effects=map(_effect, found.effects.values()), sample_ratio=sample_ratio_message(ratio),
        verdict=MESSAGE.Verdict.Value(found.verdict), reason=found.reason, accuracies=map(_accuracy, accuracies),
        durations=[_duration(metric, each) for metric, of in durations.items() for each in of], fault=run.fault or "",
        set_aside=fault_message(run.fault, run.why),
    )  # fmt: skip


def _effect(effect: Effect) -> model_results_pb2.ModelResults.Effect:
    return MESSAGE.Effect(
        metric=METRIC.Value(effect.metric), canary_mean=effect.mean, active_mean=effect.holdout_mean,
        difference=effect.difference, difference_interval=interval_message(effect.any_time.difference),
        single_look_interval=interval_message(effect.at_the_end.difference), lift=effect.lift,
        p_value=effect.any_time.p_value, variance_left=effect.variance_left,
    )  # fmt: skip


def _accuracy(found: CanaryAccuracy) -> model_results_pb2.ModelResults.Accuracy:
    message = MESSAGE.Accuracy(
        model=f"{MODEL}{found.said_by}", horizon_days=found.horizon, customer_count=found.customers,
        buyer_count=found.bought, predicted=found.predicted, auc=found.auc, calibration_error=found.calibration_error,
    )  # fmt: skip
    if found.auc_low is not None and found.auc_high is not None:
        message.auc_interval.CopyFrom(interval_message(Interval(low=found.auc_low, high=found.auc_high)))
    return message


def _duration(metric: Metric, found: Duration) -> model_results_pb2.ModelResults.Duration:
    return MESSAGE.Duration(
        days=found.days, metric=METRIC.Value(metric), smallest_difference=found.smallest.per_customer,
        smallest_lift=found.smallest.relative,
    )  # fmt: skip
