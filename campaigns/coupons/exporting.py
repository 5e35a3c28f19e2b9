"""Every code of a campaign, for those who print and send them: on record before the first one leaves."""

from campaigns import trail
from campaigns.actor import Cause
from campaigns.life import launch
from campaigns.terms.campaign import Campaign
from database.session import Transaction


def begin(transaction: Transaction, cause: Cause, campaign_id: str) -> Campaign:
    """Leave the line in the audit log that somebody takes the codes. Raises CampaignNotFound."""
    campaign = launch.get(transaction, campaign_id)
    trail.done(transaction, cause, "coupons.export", campaign.name, after={"issued_count": campaign.issued_count})
    return campaign
