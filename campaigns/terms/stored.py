"""Between values and what the database keeps of them: rows and JSON."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from campaigns.terms import discount_document
from campaigns.terms.arms import ArmPlan, TierDiscount
from campaigns.terms.campaign import Campaign, CampaignId, CampaignPlan, Channel, ChannelChoice, Offer, State
from campaigns.terms.coupon import Coupon, CouponState, Redemption, Reservation, ReservationState
from campaigns.terms.discount import Saving
from campaigns.terms.limits import Budget
from campaigns.terms.recurrence import Recurrence
from campaigns.terms.restraint import OfferCap, Stacking
from campaigns.terms.stacking import Used
from campaigns.tiers.tiers import Tier
from database.coupons.on_orders import Present
from database.coupons.tables import CouponRow, ReservationRow
from database.terms.tables import CampaignRow
from rules.document import from_data, to_data


def campaign(row: CampaignRow) -> Campaign:
    """A campaign as it stands."""
    return Campaign(
        campaign_id=CampaignId(row.campaign_id), plan=plan(row.columns()), version=row.version, state=State(row.state),
        issued_count=row.issued_count, redeemed_count=row.redeemed_count, discounted_minor=row.discounted_minor,
        held_out_count=row.held_out_count, launch_time=row.launch_time, activate_time=row.activate_time,
        revision=row.revision, create_time=row.create_time, update_time=row.update_time,
        over_budget_count=row.over_budget_count, series=None if row.series is None else CampaignId(row.series),
        due_time=row.due_time, finish_time=row.finish_time, ran_to_its_end=row.ran_to_its_end,
        proposed_version=row.proposed_version, by_hand_count=row.by_hand_count,
        frozen_version=None if row.frozen_from is None else row.frozen_from["version"],
    )  # fmt: skip


def plan(stored: Mapping[str, Any]) -> CampaignPlan:
    """From the columns of a campaign or from the document of a version.

    Versions are kept for ever: a field that is younger than a document has its default there.
    """
    rule = stored["rule"]
    return CampaignPlan(
        display_name=stored["display_name"], offers=offers(stored["offers"]), zone=stored["zone"],
        start_time=_time(stored["start_time"]), end_time=_time(stored["end_time"]),
        redemption_limit=stored["redemption_limit"], currency=stored["currency"],
        rule=None if rule is None else from_data(rule), holdout_percent=stored["holdout_percent"],
        channel_choice=ChannelChoice(stored["channel_choice"]), arms=arms(stored["arms"]),
        margin_percent=stored["margin_percent"], budget=_budget(stored),
        refund_gives_code_back=stored["refund_gives_code_back"],
        offer_caps=tuple(OfferCap(offers=cap["offers"], days=cap["days"]) for cap in stored.get("offer_caps", ())),
        excluded_campaigns=tuple(map(CampaignId, stored.get("excluded_campaigns", ()))),
        audience_limit=stored.get("audience_limit"), recurrence=_recurrence(stored.get("recurrence")),
        stacking=Stacking(
            priority=stored.get("priority", 0), group=stored.get("exclusivity_group"), alone=stored.get("alone", False)
        ),
    )  # fmt: skip


def coupon(row: CouponRow) -> Coupon:
    """A coupon as it stands."""
    return Coupon(
        code=row.code, campaign_id=CampaignId(row.campaign_id), customer_id=row.customer_id, tier=Tier(row.tier),
        channel=Channel(row.channel), discount=discount_document.from_data(row.discount), state=CouponState(row.state),
        issue_time=row.issue_time, expire_time=row.expire_time, by_hand=row.by_hand,
    )  # fmt: skip


def used(found: Present) -> Used:
    """A coupon of an order."""
    return Used(
        code=found.code, campaign_id=CampaignId(found.campaign_id),
        stacking=Stacking(priority=found.priority, group=found.group, alone=found.alone),
        saving=Saving(shipping_minor=found.discount_minor)
        if found.off_shipping
        else Saving(goods_minor=found.discount_minor),
        place=found.place,
    )  # fmt: skip


def reservation(row: ReservationRow, customer_id: str) -> Reservation:
    """A reservation of this customer's code as it stands."""
    return Reservation(
        reservation_id=row.reservation_id, code=row.code, campaign_id=CampaignId(row.campaign_id),
        customer_id=customer_id, order_id=row.order_id, order_minor=row.order_minor,
        discount_minor=row.discount_minor, currency=row.currency, state=ReservationState(row.state),
        reserve_time=row.reserve_time, expire_time=row.expire_time,
    )  # fmt: skip


def reservation_values(value: Reservation) -> dict[str, Any]:
    """The columns that a reservation fills; whose it is stands on its coupon."""
    return {name: getattr(value, name) for name in Reservation.__slots__ if name != "customer_id"}


def redemption_values(value: Redemption) -> dict[str, Any]:
    """The columns that a redemption fills."""
    return {name: getattr(value, name) for name in Redemption.__slots__}


def plan_values(plan: CampaignPlan) -> dict[str, Any]:
    """The columns that a plan fills."""
    return {
        "display_name": plan.display_name,
        "offers": {
            offer.tier.value: {
                "discount": discount_document.to_data(offer.discount),
                "channel": offer.channel.value,
                "fallbacks": [channel.value for channel in offer.fallbacks],
            }
            for offer in plan.offers
        },
        "zone": plan.zone,
        "start_time": plan.start_time,
        "end_time": plan.end_time,
        "redemption_limit": plan.redemption_limit,
        "currency": plan.currency,
        "rule": None if plan.rule is None else to_data(plan.rule),
        "holdout_percent": plan.holdout_percent,
        "channel_choice": plan.channel_choice,
        "arms": [_arm_json(arm) for arm in plan.arms],
        "margin_percent": plan.margin_percent,
        "budget_minor": None if plan.budget is None else plan.budget.limit_minor,
        "budget_confidence": None if plan.budget is None else plan.budget.confidence,
        "refund_gives_code_back": plan.refund_gives_code_back,
        "offer_caps": [{"offers": cap.offers, "days": cap.days} for cap in plan.offer_caps],
        "excluded_campaigns": list(plan.excluded_campaigns),
        "audience_limit": plan.audience_limit,
        "priority": plan.stacking.priority,
        "exclusivity_group": plan.stacking.group,
        "alone": plan.stacking.alone,
        "recurrence": None if plan.recurrence is None else {"cron": plan.recurrence.cron, "days": plan.recurrence.days},
    }


def plan_document(plan: CampaignPlan) -> dict[str, Any]:
    """A plan as JSON: its columns, with times in ISO 8601, UTC."""
    return {name: _json(value) for name, value in plan_values(plan).items()}


def offers(stored: Mapping[str, Any]) -> tuple[Offer, ...]:
    """Highest tier first."""
    return tuple(
        Offer(
            tier=tier,
            discount=discount_document.from_data(stored[tier]["discount"]),
            channel=Channel(stored[tier]["channel"]),
            fallbacks=tuple(map(Channel, stored[tier].get("fallbacks", ()))),
        )
        for tier in Tier
        if tier in stored
    )


def arms(stored: Sequence[Mapping[str, Any]]) -> tuple[ArmPlan, ...]:
    """As they were planned."""
    return tuple(
        ArmPlan(
            name=arm["name"], weight=arm["weight"],
            discounts=tuple(
                TierDiscount(tier, discount_document.from_data(arm["discounts"][tier]))
                for tier in Tier
                if tier in arm["discounts"]
            ),
        )
        for arm in stored
    )  # fmt: skip


def _arm_json(arm: ArmPlan) -> dict[str, Any]:
    discounts = {tier.value: discount_document.to_data(discount) for tier, discount in arm.discounts}
    return {"name": arm.name, "weight": arm.weight, "discounts": discounts}


def _budget(stored: Mapping[str, Any]) -> Budget | None:
    if stored["budget_minor"] is None or stored["budget_confidence"] is None:
        return None
    return Budget(limit_minor=stored["budget_minor"], confidence=stored["budget_confidence"])


def _recurrence(stored: Mapping[str, Any] | None) -> Recurrence | None:
    return None if stored is None else Recurrence(cron=stored["cron"], days=stored["days"])


def _time(stored: datetime | str) -> datetime:
    return stored if isinstance(stored, datetime) else datetime.fromisoformat(stored)


def _json(value: Any) -> Any:  # noqa: ANN401 - as JSON has them
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
