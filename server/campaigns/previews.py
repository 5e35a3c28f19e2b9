"""Previews of campaigns for the wire."""

from tierwise.v1 import campaign_pb2, campaign_preview_pb2, campaign_results_pb2, tier_pb2

from campaigns.budgets.liability import Liability
from campaigns.experiments.forecast import LEVEL, Prediction, TierForecast
from campaigns.forecast.changing import Change
from campaigns.forecast.detecting import Sensitivity
from campaigns.forecast.dry_run import Preview
from campaigns.forecast.examples import Example
from campaigns.tiers.tiers import Tier
from server.campaigns.discounts import discount_message
from server.wire.names import CAMPAIGN
from server.wire.stamps import stamp

MESSAGE = campaign_preview_pb2.CampaignPreview


def preview_message(shown: Preview) -> campaign_preview_pb2.CampaignPreview:
    campaign, outlook = shown.campaign, shown.outlook
    shares = campaign.plan.design.shares
    return MESSAGE(
        campaign=campaign.name, etag=campaign.etag, time=stamp(shown.time), customer_count=shown.customers,
        falls=[MESSAGE.Fall(step=MESSAGE.Step.Value(fall.reason), count=fall.count, left=fall.left)
               for fall in shown.falls],
        audience_count=shown.audience,
        reached=[
            MESSAGE.Reached(
                tier=tier_pb2.Tier.Value(each.tier), channel=campaign_pb2.Channel.Value(each.channel),
                count=each.count,
            )
            for each in shown.reached
        ],
        groups=[
            MESSAGE.Group(name=name, share=shares[name], expected_count=round(count))
            for name, count in shown.groups.items()
        ],
        days=outlook.days, total=_forecast(outlook.forecast.total, ""),
        tiers=[_forecast(each, outlook.basis[each.tier].sentence()) for each in outlook.forecast.tiers],
        liability=_owed(shown.affordable.liability), largest_liability=shown.most_minor,
        over_budget_count=shown.over_budget, own_codes_left_count=shown.own_codes_left,
        detectable=[_detectable(each) for each in outlook.sensitivities],
        examples=[_example(each, campaign.plan.currency) for each in shown.examples],
        notes=[note.sentence() for note in outlook.notes],
        change=None if shown.change is None else _change(shown.change),
    )  # fmt: skip


def _change(change: Change) -> campaign_preview_pb2.CampaignPreview.Change:
    learned = change.learned
    return MESSAGE.Change(
        campaign=CAMPAIGN + learned.campaign_id, learner=learned.learner or "", reason=learned.reason,
        customer_count=change.customers, expected=change.expected, low=change.low, high=change.high,
        kept_by_top=change.kept,
    )  # fmt: skip


def _forecast(forecast: TierForecast, basis: str) -> campaign_preview_pb2.CampaignPreview.Forecast:
    named = forecast.tier in Tier.__members__
    return MESSAGE.Forecast(
        tier=tier_pb2.Tier.Value(forecast.tier) if named else tier_pb2.TIER_UNSPECIFIED,
        redemptions=_prediction(forecast.redemptions), cost=_prediction(forecast.discounts),
        revenue=_prediction(forecast.revenue), basis=basis,
    )  # fmt: skip


def _prediction(prediction: Prediction) -> campaign_preview_pb2.CampaignPreview.Prediction:
    return MESSAGE.Prediction(value=prediction.value, low=prediction.low, high=prediction.high)


def _owed(liability: Liability) -> campaign_preview_pb2.CampaignPreview.Prediction:
    within = liability.within(LEVEL)
    return MESSAGE.Prediction(value=liability.expected_minor, low=within.low, high=within.high)


def _detectable(each: Sensitivity) -> campaign_preview_pb2.CampaignPreview.Detectable:
    return MESSAGE.Detectable(
        arm=each.arm, metric=campaign_results_pb2.CampaignResults.Metric.Value(each.metric),
        per_customer=each.smallest.per_customer, relative=each.smallest.relative, chance=each.chance,
        customers_needed=each.needed,
    )  # fmt: skip


def _example(example: Example, currency: str) -> campaign_preview_pb2.CampaignPreview.Example:
    message = MESSAGE.Example(
        customer=f"customers/{example.customer_id}", tier=tier_pb2.Tier.Value(example.tier),
        channel=campaign_pb2.Channel.Value(example.channel), arm=example.arm, reasons=example.reasons,
    )  # fmt: skip
    if example.discount is not None:
        message.discount.CopyFrom(discount_message(example.discount, currency))
    return message
