"""What somebody said when they moved a campaign. The audit log has it, from the transaction of the move."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from campaigns import trail
from campaigns.terms.campaign import Campaign, Move
from database.audit.log import Wanted
from database.session import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Who made a move, when, and why."""

    author: str
    time: datetime
    words: str
    """Empty where nothing was said."""
    undecided: int | None = None
    """Of an end: the version that was proposed, and about which nobody had decided by then."""


def last(snapshot: Snapshot, campaign: Campaign, verb: Move | Literal["UPDATE"]) -> Note | None:
    """Of the newest such move, or change of the plan; None where there was none."""
    wanted = Wanted(object_name=campaign.name, action=f"campaigns.{verb.lower()}", outcome="OK")
    for line in trail.page(snapshot, wanted, limit=1):
        undecided = (line.after or {}).get("undecided_version")
        return Note(
            author=line.actor.partition(":")[2], time=line.time, words=line.reason or "", undecided=undecided
        )  # fmt: skip
    return None
