"""`tierwise campaign preview`: what a launch at this moment would do."""

from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import Etag, Reason, changing
from admin.subcommands.named import CampaignIdArgument
from admin.typed.discounts import words
from campaigns.experiments.forecast import LEVEL, Prediction, TierForecast
from campaigns.forecast import dry_run
from campaigns.forecast.changing import TOP, Change
from campaigns.forecast.dry_run import Preview
from campaigns.forecast.examples import Example


def preview(
    campaign_id: CampaignIdArgument,
    *,
    examples: Annotated[int, typer.Option(min=1, max=100, help="Most customers to show.")] = 10,
    seed: Annotated[int, typer.Option(help="Another seed shows other customers.")] = 0,
    etag: Etag = None,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say whom a launch would reach and what to expect of it; nothing is written but a line in the audit log."""
    name = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action="campaigns.preview", object_name=name) as (transaction, cause):
        shown = dry_run.preview(transaction, cause, campaign_id, size=examples, seed=seed, etag=etag)
    parts = _parts(shown)
    if as_json:
        emit({"campaign_id": campaign_id, "etag": shown.campaign.etag, **parts}, as_json=True)
        return
    for title, part in parts.items():
        if part:
            emit(part, as_json=False, title=f"{name}: {title.replace('_', ' ')}")


def _parts(shown: Preview) -> dict[str, list[dict[str, object]]]:
    """Tables for people, each a list for programs; money in minor units."""
    outlook, currency = shown.outlook, shown.campaign.plan.currency
    bases = {tier: grounds.sentence() for tier, grounds in outlook.basis.items()}
    bases["all"] = f"{outlook.days:g} days; intervals of 80 %"
    owed, within = shown.affordable.liability, shown.affordable.liability.within(LEVEL)
    return {
        "from_all_customers_to_the_audience": [
            {"step": "ALL", "out": 0, "left": shown.customers},
            *({"step": fall.reason, "out": fall.count, "left": fall.left} for fall in shown.falls),
        ],
        "reached": [{"tier": each.tier, "channel": each.channel, "customers": each.count} for each in shown.reached],
        "groups": [{"group": group, "customers": round(count)} for group, count in shown.groups.items()],
        "forecast": [
            _forecast(each, bases[each.tier]) for each in (*outlook.forecast.tiers, outlook.forecast.total)
        ],
        "liability": [
            {
                "expected": round(owed.expected_minor), "expected_low": round(within.low),
                "expected_high": round(within.high),
                "at_most_minor": None if shown.most_minor is None else round(shown.most_minor),
                "customers_over_budget": shown.over_budget,
            }
        ],
        "change": _change(shown.change),
        "own_codes": [{"left_about": shown.own_codes_left}] if any(shown.own_codes) else [],
        "smallest_effects_that_would_be_found": [
            {
                "arm": each.arm, "metric": each.metric, "per_customer": each.smallest.per_customer,
                "relative": each.smallest.relative,
            }
            for each in outlook.sensitivities
        ],
        "examples": [_example(each, currency) for each in shown.examples],
        "left_out": [{"note": note.sentence()} for note in outlook.notes],
    }  # fmt: skip


def _change(change: Change | None) -> list[dict[str, object]]:
    if change is None:
        return [{"basis": "no past campaign has taught yet whom an offer changes: this is response, not effect"}]
    learned = change.learned
    return [
        {
            "customers": change.customers, "buy_because_of_it": round(change.expected), "low": round(change.low),
            "high": round(change.high), "top": TOP, "kept_by_top": change.kept,
            "basis": f"learned from campaigns/{learned.campaign_id}: {learned.reason}",
        }
    ]  # fmt: skip


def _forecast(forecast: TierForecast, basis: str) -> dict[str, object]:
    return {
        "tier": forecast.tier, **_prediction("redemptions", forecast.redemptions),
        **_prediction("cost", forecast.discounts), **_prediction("revenue", forecast.revenue), "basis": basis,
    }  # fmt: skip


def _prediction(name: str, prediction: Prediction) -> dict[str, object]:
    return {name: round(prediction.value), f"{name}_low": round(prediction.low), f"{name}_high": round(prediction.high)}


def _example(example: Example, currency: str) -> dict[str, object]:
    return {
        "customer_id": example.customer_id, "tier": example.tier, "channel": example.channel, "arm": example.arm,
        "discount": None if example.discount is None else words(example.discount, currency),
        "why": "; ".join(example.reasons),
    }  # fmt: skip
