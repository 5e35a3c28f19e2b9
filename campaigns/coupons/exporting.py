"""Codes of a campaign for those who print, send or look them up: on record before the first one leaves, each time.

Codes leave with the end of their campaign, so whoever moves it waits for that line, or comes first and is seen.
"""

from campaigns import trail
from campaigns.actor import Cause
from campaigns.coupons import reach
from campaigns.coupons.reach import Page
from campaigns.life import campaigns
from campaigns.terms.campaign import Campaign
from database.session import Transaction


def begin(transaction: Transaction, cause: Cause, campaign_id: str) -> Campaign:
    """Leave the line in the audit log that somebody takes the codes. Raises CampaignNotFound."""
    campaign = campaigns.locked(transaction, campaign_id)
    trail.done(transaction, cause, "coupons.export", campaign.name, after={"issued_count": campaign.issued_count})
    return campaign


def show(transaction: Transaction, cause: Cause, campaign_id: str, *, limit: int, after: str) -> tuple[Campaign, Page]:
    """Some customers with their whole codes, and the same line. Raises CampaignNotFound."""
    campaign = campaigns.locked(transaction, campaign_id)
    found = reach.page(transaction, campaign_id, limit=limit, after=after, with_codes=True)
    codes = sum(each.code is not None for each in found.members)
    trail.done(transaction, cause, "coupons.export", campaign.name, after={"shown_count": codes})
    return campaign, found
