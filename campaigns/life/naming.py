"""Ids of campaigns whose authors only gave them a name."""

from datetime import datetime
from itertools import count

from campaigns.life import campaigns, versions
from campaigns.terms import naming
from campaigns.terms.campaign import Campaign
from database.session import Snapshot

LATELY = 5
"""Campaigns among which a repetition is looked for."""
NOUN = "campaign"
RESERVED = frozenset({"new"})
"""Words that stand where an id stands in an address."""


def id_of(display_name: str, now: datetime) -> str:
    """From the name, and from the day where the name has no letters. Pure."""
    words = naming.id_of(display_name, now, noun=NOUN)
    return f"{NOUN}-{words}" if words in RESERVED else words


def free_id(snapshot: Snapshot, display_name: str, now: datetime) -> str:
    """The id of a name, with a number where the id was ever given before."""
    wanted = id_of(display_name, now)
    candidates = (wanted if number == 1 else f"{wanted}-{number}" for number in count(1))
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
