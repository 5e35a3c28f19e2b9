"""Ids of campaigns whose authors only gave them a name."""

from datetime import datetime

from campaigns.life import campaigns, versions
from campaigns.terms import naming
from campaigns.terms.campaign import Campaign
from database.session import Snapshot

LATELY = 5
"""Campaigns among which a repetition is looked for."""


def free_id(snapshot: Snapshot, display_name: str, now: datetime) -> str:
    """The id of a name, with a number where the id was ever given before."""
    candidates = naming.ids_of(display_name, now, noun="campaign")
    return next(each for each in candidates if versions.following(snapshot, each) == 1)


def made_since(snapshot: Snapshot, display_name: str, since: datetime, author: str) -> Campaign | None:
    """The campaign that the same author made with this name since then: whoever asks for it again has it already."""
    found = (
        each
        for each in campaigns.page(snapshot, limit=LATELY)
        if each.plan.display_name == display_name
        and each.create_time >= since
        and author in versions.get(snapshot, each.campaign_id, each.version).authors
    )
    return next(found, None)
