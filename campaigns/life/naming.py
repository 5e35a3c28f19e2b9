"""Ids of campaigns whose authors only gave them a name."""

import re
import unicodedata
from datetime import datetime
from itertools import count

from campaigns.life import launch, versions
from campaigns.terms.campaign import Campaign
from campaigns.terms.checking import CAMPAIGN_ID
from database.session import Snapshot

LATELY = 5
"""Campaigns among which a repetition is looked for."""
LONGEST = 50
"""Leaves room for a number."""
RESERVED = frozenset({"new"})
"""Words that stand where an id stands in an address."""
OTHERS = re.compile(r"[^a-z0-9]+")


def id_of(display_name: str, now: datetime) -> str:
    """Letters and digits of the name, joined by hyphens; the day where the name has none. Pure."""
    letters = unicodedata.normalize("NFKD", display_name).encode("ascii", "ignore").decode().lower()
    words = OTHERS.sub("-", letters).strip("-")[:LONGEST].strip("-")
    if not CAMPAIGN_ID.fullmatch(words) or words in RESERVED:
        words = "-".join(part for part in ("campaign", words or now.strftime("%Y-%m-%d")) if part)
    return words


def free_id(snapshot: Snapshot, display_name: str, now: datetime) -> str:
    """The id of a name, with a number where the id was ever given before."""
    wanted = id_of(display_name, now)
    candidates = (wanted if number == 1 else f"{wanted}-{number}" for number in count(1))
    return next(each for each in candidates if versions.following(snapshot, each) == 1)


def made_since(snapshot: Snapshot, display_name: str, since: datetime, author: str) -> Campaign | None:
    """The campaign that the same author made with this name since then: whoever asks for it again has it already."""
    found = (
        each
        for each in launch.page(snapshot, limit=LATELY)
        if each.plan.display_name == display_name
        and each.create_time >= since
        and author in versions.get(snapshot, each.campaign_id, each.version).authors
    )
    return next(found, None)
