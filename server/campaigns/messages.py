"""Campaigns between the wire and us."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from tierwise.v1 import campaign_pb2, campaign_service_pb2, tier_pb2

from campaigns.terms.arms import ArmPlan, TierDiscount
from campaigns.terms.campaign import Campaign, CampaignPlan, Channel, ChannelChoice, Offer
from campaigns.terms.limits import USUAL_CONFIDENCE, Budget
from campaigns.terms.templates import Template, offers_of, rule_of
from campaigns.tiers.tiers import Tier
from database.life.lists import Sought
from server.campaigns.discounts import discount_message, discount_value
from server.campaigns.restraints import excluded_campaigns, fill_restraint, offer_caps, stacking_value
from server.campaigns.schedules import recurrence_message, recurrence_value, series_name
from server.customers.messages import zone
from server.segments.rules import rule_message, rule_value
from server.wire.money import amount_in, money
from server.wire.refusals import FieldViolation, InvalidRequest
from server.wire.spans import span
from server.wire.stamps import maybe_stamp, moment, stamp

Number = Literal["redemption_limit", "holdout_percent", "audience_limit", "margin_percent"]
REQUIRED = ("start_time", "end_time", "currency_code")
TEMPLATES: Mapping[int, Template] = {
    campaign_service_pb2.VALUE_TIERS: Template.VALUE_TIERS,
    campaign_service_pb2.WIN_BACK: Template.WIN_BACK,
    campaign_service_pb2.WELCOME: Template.WELCOME,
}
EMPTY = CampaignPlan(
    display_name="", offers=(), start_time=datetime.min.replace(tzinfo=UTC),
    end_time=datetime.max.replace(tzinfo=UTC), currency="",
)  # fmt: skip
"""What the fields of a new campaign are put into."""


def sought_in(request: campaign_service_pb2.ListCampaignsRequest) -> Sought:
    """Which campaigns a request asks for. Raises InvalidRequest."""
    since, until = span(request)
    states = [campaign_pb2.Campaign.State.Name(state) for state in request.states]
    return Sought(states=states, words=request.words, since=since, until=until)


def campaign_message(campaign: Campaign) -> campaign_pb2.Campaign:
    message = campaign_pb2.Campaign(
        name=campaign.name, state=campaign_pb2.Campaign.State.Value(campaign.state), version=campaign.version,
        issued_count=campaign.issued_count, redeemed_count=campaign.redeemed_count,
        discounted=money(campaign.discounted_minor, campaign.plan.currency), held_out_count=campaign.held_out_count,
        over_budget_count=campaign.over_budget_count, by_hand_count=campaign.by_hand_count,
        proposed_version=campaign.proposed_version or 0,
        create_time=stamp(campaign.create_time), update_time=stamp(campaign.update_time), etag=campaign.etag,
        series=series_name(campaign), due_time=maybe_stamp(campaign.due_time),
        launch_time=maybe_stamp(campaign.launch_time), activate_time=maybe_stamp(campaign.activate_time),
    )  # fmt: skip
    message.MergeFrom(plan_message(campaign.plan))
    return message


def plan_message(plan: CampaignPlan) -> campaign_pb2.Campaign:
    """The fields that a caller decides."""
    message = campaign_pb2.Campaign(
        display_name=plan.display_name, offers=[_offer_message(offer, plan.currency) for offer in plan.offers],
        start_time=stamp(plan.start_time), end_time=stamp(plan.end_time), time_zone=plan.zone,
        currency_code=plan.currency, redemption_limit=plan.redemption_limit, budget=_budget_message(plan),
        rule=None if plan.rule is None else rule_message(plan.rule), holdout_percent=plan.holdout_percent,
        refund_gives_code_back=plan.refund_gives_code_back,
        channel_choice=campaign_pb2.ChannelChoice.Value(plan.channel_choice),
        arms=[_arm_message(arm, plan.currency) for arm in plan.arms], margin_percent=plan.margin_percent,
        recurrence=recurrence_message(plan.recurrence),
    )  # fmt: skip
    fill_restraint(message, plan)
    return message


def new_plan(request: campaign_service_pb2.CreateCampaignRequest) -> CampaignPlan:
    """The plan of a campaign to create. Raises InvalidRequest."""
    message = request.campaign
    filled = {field.name for field, _ in message.ListFields()}
    missing = [FieldViolation(f"campaign.{field}", "is required") for field in REQUIRED if field not in filled]
    if missing:
        raise InvalidRequest(missing)
    plan = with_fields(EMPTY, message, message.DESCRIPTOR.fields_by_name.keys())
    template = TEMPLATES.get(request.template)
    if template is None:
        return plan
    if plan.offers:
        raise InvalidRequest.of("template", "the plan has offers of its own: leave one of the two out")
    return replace(plan, offers=offers_of(template), rule=plan.rule or rule_of(template))


def with_fields(plan: CampaignPlan, message: campaign_pb2.Campaign, fields: Collection[str]) -> CampaignPlan:
    """The plan with the named fields of a message. Raises InvalidRequest."""
    for field, (attribute, read) in READERS.items():
        if field in fields:
            plan = replace(plan, **{attribute: read(message)})
    for field, read_priced in PRICED.items():
        if field in fields:
            plan = replace(plan, **{field: read_priced(message, plan.currency)})
    return plan


def _number(field: Number, otherwise: int | None = None) -> Callable[[campaign_pb2.Campaign], int | None]:
    return lambda message: getattr(message, field) if message.HasField(field) else otherwise


def _channel_choice(message: campaign_pb2.Campaign) -> ChannelChoice:
    return ChannelChoice(campaign_pb2.ChannelChoice.Name(message.channel_choice or campaign_pb2.ORDER))


READERS: Mapping[str, tuple[str, Callable[[campaign_pb2.Campaign], Any]]] = {
    "display_name": ("display_name", lambda message: message.display_name),
    "start_time": ("start_time", lambda message: moment(message.start_time)),
    "end_time": ("end_time", lambda message: moment(message.end_time)),
    "time_zone": ("zone", lambda message: zone(message.time_zone, "campaign.time_zone") or "UTC"),
    "currency_code": ("currency", lambda message: message.currency_code),
    "redemption_limit": ("redemption_limit", _number("redemption_limit")),
    "recurrence": ("recurrence", recurrence_value),
    "rule": ("rule", lambda message: rule_value(message.rule) if message.HasField("rule") else None),
    "holdout_percent": ("holdout_percent", _number("holdout_percent", EMPTY.holdout_percent)),
    "channel_choice": ("channel_choice", _channel_choice),
    "offer_caps": ("offer_caps", offer_caps),
    "excluded_campaigns": ("excluded_campaigns", excluded_campaigns),
    "audience_limit": ("audience_limit", _number("audience_limit")),
    "stacking": ("stacking", stacking_value),
    "margin_percent": ("margin_percent", _number("margin_percent")),
    "refund_gives_code_back": ("refund_gives_code_back", lambda message: message.refund_gives_code_back),
}
"""Field of the message to the plan's attribute, and how it is read; what has a price is read last."""


def _budget_message(plan: CampaignPlan) -> campaign_pb2.Budget | None:
    if plan.budget is None:
        return None
    limit = money(plan.budget.limit_minor, plan.currency)
    return campaign_pb2.Budget(limit=limit, confidence=plan.budget.confidence)


def _budget(message: campaign_pb2.Campaign, currency: str) -> Budget | None:
    if not message.HasField("budget"):
        return None
    limit = amount_in(currency, message.budget.limit, "campaign.budget.limit")
    chosen = message.budget.HasField("confidence")
    return Budget(limit_minor=limit, confidence=message.budget.confidence if chosen else USUAL_CONFIDENCE)


def _offer_message(offer: Offer, currency: str) -> campaign_pb2.Offer:
    return campaign_pb2.Offer(
        tier=tier_pb2.Tier.Value(offer.tier), channel=campaign_pb2.Channel.Value(offer.channel),
        discount=discount_message(offer.discount, currency),
        fallback_channels=[campaign_pb2.Channel.Value(channel) for channel in offer.fallbacks],
    )  # fmt: skip


def _offers(message: campaign_pb2.Campaign, currency: str) -> tuple[Offer, ...]:
    offers = [
        Offer(
            tier=Tier(tier_pb2.Tier.Name(offer.tier)), channel=Channel(campaign_pb2.Channel.Name(offer.channel)),
            discount=discount_value(offer.discount, currency, f"campaign.offers[{place}].discount"),
            fallbacks=tuple(Channel(campaign_pb2.Channel.Name(channel)) for channel in offer.fallback_channels),
        )
        for place, offer in enumerate(message.offers)
    ]  # fmt: skip
    return tuple(sorted(offers, key=lambda offer: list(Tier).index(offer.tier)))


def _arm_message(arm: ArmPlan, currency: str) -> campaign_pb2.Arm:
    return campaign_pb2.Arm(
        name=arm.name,
        weight=arm.weight,
        discounts=[
            campaign_pb2.Arm.TierDiscount(tier=tier_pb2.Tier.Value(tier), discount=discount_message(discount, currency))
            for tier, discount in arm.discounts
        ],
    )


def _arms(message: campaign_pb2.Campaign, currency: str) -> tuple[ArmPlan, ...]:
    return tuple(
        ArmPlan(
            name=arm.name, weight=arm.weight or 1, discounts=_arm_discounts(arm, currency, f"campaign.arms[{place}]")
        )
        for place, arm in enumerate(message.arms)
    )


def _arm_discounts(arm: campaign_pb2.Arm, currency: str, field: str) -> tuple[TierDiscount, ...]:
    found = {
        Tier(tier_pb2.Tier.Name(each.tier)): discount_value(
            each.discount, currency, f"{field}.discounts[{place}].discount"
        )
        for place, each in enumerate(arm.discounts)
    }
    return tuple(TierDiscount(tier, found[tier]) for tier in Tier if tier in found)


PRICED: Mapping[str, Callable[[campaign_pb2.Campaign, str], Any]] = {
    "offers": _offers,
    "arms": _arms,
    "budget": _budget,
}
"""Fields with amounts, which are read in the plan's currency; they have the same name in both."""
