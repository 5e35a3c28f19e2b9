"""Results of campaigns for the wire."""

from collections.abc import Sequence

from tierwise.v1 import campaign_results_pb2

from campaigns.experiments.assignment import HOLDOUT
from campaigns.experiments.effect import Interval
from campaigns.experiments.results import Effect
from campaigns.experiments.sample_ratio import SampleRatio
from campaigns.results.measuring import ArmResults, CampaignResults
from campaigns.results.over_time import Day
from server.wire.money import money
from server.wire.stamps import stamp

MESSAGE = campaign_results_pb2.CampaignResults


def results_message(found: CampaignResults, days: Sequence[Day]) -> campaign_results_pb2.CampaignResults:
    ratio, currency = found.results.sample_ratio, found.campaign.plan.currency
    return MESSAGE(
        campaign=found.campaign.name, start_time=stamp(found.since), end_time=stamp(found.until),
        offered_count=sum(arm.customers for arm in found.arms), held_out_count=ratio.observed[HOLDOUT],
        discounted=money(found.discount_minor, currency), redeemed_count=found.redeemed_count,
        effects=[_effect(effect) for effect in found.results.overall.values()],
        verdict=MESSAGE.Verdict.Value(found.decision.verdict),
        reasons=[each.sentence() for each in found.decision.reasons],
        arms=[_arm(arm, currency) for arm in found.arms], sample_ratio=sample_ratio_message(ratio),
        exclusions=[
            MESSAGE.Exclusion(reason=reason, ratio=sample_ratio_message(kept_out))
            for reason, kept_out in found.exclusions.items()
        ],
        days=map(_day, days),
    )  # fmt: skip


def _arm(arm: ArmResults, currency: str) -> campaign_results_pb2.CampaignResults.ArmResults:
    return MESSAGE.ArmResults(
        name=arm.name, customer_count=arm.customers, redeemed_count=arm.redeemed_count,
        discounted=money(arm.discount_minor, currency), effects=map(_effect, arm.effects.values()),
        against_first=map(_effect, arm.against_first.values()),
        verdict=MESSAGE.Verdict.Value(arm.decision.verdict), reasons=[each.sentence() for each in arm.decision.reasons],
    )  # fmt: skip


def sample_ratio_message(ratio: SampleRatio) -> campaign_results_pb2.CampaignResults.SampleRatio:
    groups = [
        MESSAGE.SampleRatio.Group(name=name, count=ratio.observed[name], expected=expected)
        for name, expected in ratio.expected.items()
    ]
    return MESSAGE.SampleRatio(groups=groups, p_value=ratio.p_value, mismatch=ratio.mismatch, message=ratio.sentence())


def _day(day: Day) -> campaign_results_pb2.CampaignResults.Day:
    found = {"": day.results.overall, **day.results.arms}
    points = [_point(arm, effect) for arm, effects in found.items() for effect in effects.values()]
    return MESSAGE.Day(end_time=stamp(day.end), points=points)


def _point(arm: str, effect: Effect) -> campaign_results_pb2.CampaignResults.Day.Point:
    reading = effect.any_time
    return MESSAGE.Day.Point(
        arm=arm, metric=MESSAGE.Metric.Value(effect.metric), difference=effect.difference,
        difference_interval=interval_message(reading.difference), total=effect.total,
        total_interval=interval_message(reading.total), p_value=reading.p_value,
    )  # fmt: skip


def _effect(effect: Effect) -> campaign_results_pb2.CampaignResults.Effect:
    return MESSAGE.Effect(
        metric=MESSAGE.Metric.Value(effect.metric), mean=effect.mean, holdout_mean=effect.holdout_mean,
        difference=effect.difference, difference_interval=interval_message(effect.any_time.difference),
        single_look_interval=interval_message(effect.at_the_end.difference), total=effect.total,
        total_interval=interval_message(effect.any_time.total), lift=effect.lift, p_value=effect.any_time.p_value,
        variance_left=effect.variance_left,
    )  # fmt: skip


def interval_message(interval: Interval) -> campaign_results_pb2.CampaignResults.Interval:
    return MESSAGE.Interval(low=interval.low, high=interval.high)
