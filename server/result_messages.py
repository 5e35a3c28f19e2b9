"""Results of campaigns for the wire."""

from tierwise.v1 import campaign_results_pb2

from campaigns.experiments.assignment import HOLDOUT
from campaigns.experiments.effect import Interval
from campaigns.experiments.results import Effect
from campaigns.measuring import CampaignResults
from server.money import money
from server.stamps import stamp

MESSAGE = campaign_results_pb2.CampaignResults


def results_message(found: CampaignResults) -> campaign_results_pb2.CampaignResults:
    """For the wire."""
    sizes = found.results.sample_ratio.observed
    return MESSAGE(
        campaign=found.campaign.name, start_time=stamp(found.since), end_time=stamp(found.until),
        offered_count=sum(sizes.values()) - sizes[HOLDOUT], held_out_count=sizes[HOLDOUT],
        discounted=money(found.discount_minor, found.campaign.plan.currency),
        effects=[_effect(effect) for effect in found.results.overall.values()],
        verdict=MESSAGE.Verdict.Value(found.decision.verdict), reasons=found.decision.reasons,
    )  # fmt: skip


def _effect(effect: Effect) -> campaign_results_pb2.CampaignResults.Effect:
    return MESSAGE.Effect(
        metric=MESSAGE.Metric.Value(effect.metric), mean=effect.mean, holdout_mean=effect.holdout_mean,
        difference=effect.difference, difference_interval=_interval(effect.any_time.difference),
        single_look_interval=_interval(effect.at_the_end.difference), total=effect.total,
        total_interval=_interval(effect.any_time.total), lift=effect.lift, p_value=effect.any_time.p_value,
        variance_left=effect.variance_left,
    )  # fmt: skip


def _interval(interval: Interval) -> campaign_results_pb2.CampaignResults.Interval:
    return MESSAGE.Interval(low=interval.low, high=interval.high)
