"""The audience of a campaign, for all customers at once: whom it reaches, by which channel, and whom not, and why.

No consent on record means none.
"""

from datetime import datetime

from campaigns.terms.campaign import Campaign, ChannelChoice
from database.audiences.eligibility import Cap, Targeting, Way


def targeting(campaign: Campaign, now: datetime) -> Targeting:
    """Whom the campaign is for if its audience is frozen now, as the database is asked."""
    plan = campaign.plan
    return Targeting(
        campaign_id=campaign.campaign_id,
        ways={offer.tier: [Way(channel, channel.needs_consent) for channel in offer.channels] for offer in plan.offers},
        by_behaviour=plan.channel_choice is ChannelChoice.BEHAVIOUR,
        rule=plan.rule,
        caps=[Cap(cap.offers, cap.since(now, plan.zone)) for cap in plan.offer_caps],
        excluded_campaigns=plan.excluded_campaigns,
        limit=plan.audience_limit,
    )
