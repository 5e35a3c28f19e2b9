"""`tierwise campaign results` and `power`: what a campaign changed, and what it could show before it is launched."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import reading
from admin.subcommands.named import CampaignIdArgument
from admin.typed.times import written
from campaigns.experiments.results import Effect, Metric
from campaigns.experiments.sample_ratio import SampleRatio
from campaigns.forecast import sensitivity
from campaigns.results import measuring, over_time
from campaigns.results.measuring import ArmResults, CampaignResults
from campaigns.results.over_time import Day


def results(
    campaign_id: CampaignIdArgument,
    *,
    daily: Annotated[bool, typer.Option("--daily", help="Also how things stood at the end of each day.")] = False,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say what a launched campaign changed so far, against the customers whom it holds out; intervals are of 95 %."""
    now = datetime.now(UTC)
    with reading(database_url) as snapshot:
        found = measuring.results(snapshot, campaign_id, now)
        days = over_time.over_time(snapshot, campaign_id, now) if daily else ()
    summary = _summary(found)
    arms = [_arm(arm) for arm in found.arms]
    effects = _effects(found.results.overall, "all", "holdout")
    by_arm = [row for arm in found.arms for row in _effects(arm.effects, arm.name, "holdout")]
    rivals = [row for arm in found.arms for row in _effects(arm.against_first, arm.name, found.arms[0].name)]
    kept_out = [_kept_out(reason, ratio) for reason, ratio in found.exclusions.items()]
    points = [point for day in days for point in _day(day)]
    if as_json:
        emit(
            {
                **summary, "arms": arms, "effects": effects, "effects_by_arm": by_arm, "arms_compared": rivals,
                "kept_out": kept_out, "days": points,
            },
            as_json=True,
        )  # fmt: skip
        return
    emit(summary, as_json=False, title=found.campaign.name)
    emit(arms, as_json=False, title="arms; money in minor units")
    emit(effects if len(arms) == 1 else [*effects, *by_arm, *rivals], as_json=False, title="per customer")
    if kept_out:
        emit(kept_out, as_json=False, title="kept out of the audience or erased, by group")
    if points:
        emit(points, as_json=False, title="per customer by the end of each day; intervals hold at all days together")


def power(
    campaign_id: CampaignIdArgument,
    *,
    lift: Annotated[float, typer.Option(help="An effect, in percent of the mean without the campaign.")] = 5.0,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say how small an effect a campaign could show, and how many customers it takes to find a lift."""
    with reading(database_url) as snapshot:
        found = sensitivity.sensitivity(snapshot, campaign_id, datetime.now(UTC), lift=lift / 100)
    rows = [
        {
            "arm": each.arm,
            "metric": each.metric,
            "customers": each.customers,
            "held_out": each.held_out,
            "smallest_effect": each.smallest.per_customer,
            "smallest_lift": each.smallest.relative,
            "lift": lift / 100,
            "chance_to_find_it": each.chance,
            "customers_needed": each.needed,
        }
        for each in found
    ]
    emit(rows, as_json=as_json, title="found with 80 % by a confidence sequence of 95 %")


def _summary(found: CampaignResults) -> dict[str, object]:
    ratio = found.results.sample_ratio
    return {
        "verdict": found.decision.verdict,
        "reasons": [each.sentence() for each in found.decision.reasons],
        "since": written(found.since),
        "customers": dict(ratio.observed),
        "redeemed": found.redeemed_count,
        "discounted_minor": found.discount_minor,
        "groups": ratio.sentence(),
        "groups_p_value": ratio.p_value,
    }


def _arm(arm: ArmResults) -> dict[str, object]:
    return {
        "arm": arm.name,
        "customers": arm.customers,
        "redeemed": arm.redeemed_count,
        "discounted_minor": arm.discount_minor,
        "verdict": arm.decision.verdict,
        "reasons": " ".join(each.sentence() for each in arm.decision.reasons),
    }


def _kept_out(reason: str, ratio: SampleRatio) -> dict[str, object]:
    return {"reason": reason, **ratio.observed, "p_value": ratio.p_value, "says": ratio.sentence()}


def _day(day: Day) -> list[dict[str, object]]:
    found = {"all": day.results.overall, **day.results.arms}
    return [
        {
            "until": written(day.end), "arm": arm, "metric": effect.metric,
            "difference": effect.difference, "low": effect.any_time.difference.low,
            "high": effect.any_time.difference.high, "total": effect.total,
        }
        for arm, effects in found.items()
        for effect in effects.values()
    ]  # fmt: skip


def _effects(effects: Mapping[Metric, Effect], arm: str, against: str) -> list[dict[str, object]]:
    return [
        {
            "arm": arm,
            "against": against,
            "metric": effect.metric,
            "offered": effect.mean,
            "held_out": effect.holdout_mean,
            "difference": effect.difference,
            "low": effect.any_time.difference.low,
            "high": effect.any_time.difference.high,
            "total": effect.total,
            "total_low": effect.any_time.total.low,
            "total_high": effect.any_time.total.high,
            "lift": effect.lift,
            "p_value": effect.any_time.p_value,
            "single_look_low": effect.at_the_end.difference.low,
            "single_look_high": effect.at_the_end.difference.high,
            "variance_left": effect.variance_left,
        }
        for effect in effects.values()
    ]
