"""How many offers a customer may get, and which apply together, between the wire and us."""

from tierwise.v1 import campaign_pb2

from campaigns.terms.campaign import CampaignId, CampaignPlan
from campaigns.terms.restraint import OfferCap, Stacking
from server.wire.names import CAMPAIGN


def fill_restraint(message: campaign_pb2.Campaign, plan: CampaignPlan) -> None:
    """Into the message of a campaign."""
    message.offer_caps.extend(campaign_pb2.OfferCap(offers=cap.offers, days=cap.days) for cap in plan.offer_caps)
    message.excluded_campaigns.extend(f"{CAMPAIGN}{campaign_id}" for campaign_id in plan.excluded_campaigns)
    if plan.audience_limit is not None:
        message.audience_limit = plan.audience_limit
    if plan.stacking != Stacking():
        message.stacking.CopyFrom(stacking_message(plan.stacking))


def stacking_message(stacking: Stacking) -> campaign_pb2.Stacking:
    return campaign_pb2.Stacking(
        priority=stacking.priority, exclusivity_group=stacking.group or "", alone=stacking.alone
    )


def offer_caps(message: campaign_pb2.Campaign) -> tuple[OfferCap, ...]:
    return tuple(OfferCap(offers=cap.offers, days=cap.days) for cap in message.offer_caps)


def excluded_campaigns(message: campaign_pb2.Campaign) -> tuple[CampaignId, ...]:
    return tuple(CampaignId(name.removeprefix(CAMPAIGN)) for name in message.excluded_campaigns)


def stacking_value(message: campaign_pb2.Campaign) -> Stacking:
    given = message.stacking
    return Stacking(priority=given.priority, group=given.exclusivity_group or None, alone=given.alone)
