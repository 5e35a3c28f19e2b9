"""The least budget that a campaign needs while it runs: what is used, and what coupons that are out may take yet."""

import math
from datetime import datetime

from campaigns.budgets import exposures
from campaigns.budgets.liability import liability
from campaigns.terms.campaign import Campaign
from database.budgets import shards
from database.coupons import exposure
from database.session import Snapshot


def least_minor(snapshot: Snapshot, campaign: Campaign, now: datetime, *, confidence: float) -> int:
    """Minor units with which the coupons that were given suffice as certainly as `confidence` says, as at a launch."""
    plan, out = campaign.plan, exposure.outstanding(snapshot, campaign.campaign_id, now)
    # Afterwards, so that what a till uses between the two counts twice rather than not at all.
    used = shards.usage(snapshot, campaign.campaign_id, now)
    left = None if plan.redemption_limit is None else plan.redemption_limit - used.used_count
    groups, known = exposures.groups_of(snapshot, plan, out), exposures.known(snapshot, now)
    return used.used_minor + math.ceil(liability(groups, known, redemptions=left).suffices(confidence))
