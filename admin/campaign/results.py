"""`tierwise campaign results` and `power`: what a campaign changed, and what it could show before it is launched."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from admin.output import emit
from admin.transactions import AsJson, DatabaseUrl, reading
from campaigns import measuring
from campaigns.experiments.results import Effect, Metric
from campaigns.forecast import sensitivity
from campaigns.measuring import ArmResults, CampaignResults

CampaignId = Annotated[str, typer.Argument(help="Its id, such as spring-2026.")]


def results(campaign_id: CampaignId, *, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Say what a launched campaign changed so far, against the customers whom it holds out; intervals are of 95 %."""
    with reading(database_url) as snapshot:
        found = measuring.results(snapshot, campaign_id, datetime.now(UTC))
    summary = _summary(found)
    arms = [_arm(arm) for arm in found.arms]
    effects = _effects(found.results.overall, "all", "holdout")
    by_arm = [row for arm in found.arms for row in _effects(arm.effects, arm.name, "holdout")]
    rivals = [row for arm in found.arms for row in _effects(arm.against_first, arm.name, found.arms[0].name)]
    if as_json:
        emit(
            {**summary, "arms": arms, "effects": effects, "effects_by_arm": by_arm, "arms_compared": rivals},
            as_json=True,
        )
        return
    emit(summary, as_json=False, title=found.campaign.name)
    emit(arms, as_json=False, title="arms; money in minor units")
    emit(effects if len(arms) == 1 else [*effects, *by_arm, *rivals], as_json=False, title="per customer")


def power(
    campaign_id: CampaignId,
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
        "reasons": list(found.decision.reasons),
        "since": found.since.isoformat(timespec="seconds"),
        "customers": dict(ratio.observed),
        "redeemed": found.redeemed_count,
        "discounted_minor": found.discount_minor,
        "groups": ratio.message,
        "groups_p_value": ratio.p_value,
    }


def _arm(arm: ArmResults) -> dict[str, object]:
    return {
        "arm": arm.name,
        "customers": arm.customers,
        "redeemed": arm.redeemed_count,
        "discounted_minor": arm.discount_minor,
        "verdict": arm.decision.verdict,
        "reasons": " ".join(arm.decision.reasons),
    }


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
        }
        for effect in effects.values()
    ]
