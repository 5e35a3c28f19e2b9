"""What approvers answered, for those who asked: what goes back to them, and what they may launch."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from campaigns.actor import is_among
from campaigns.life import versions
from campaigns.life.approval import Approval, Verdict
from campaigns.terms import stored
from campaigns.terms.campaign import Campaign, State
from database.life import lists
from database.life.lists import Decided
from database.session import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A campaign about whose version somebody decided last."""

    campaign: Campaign
    approver: str
    """Empty where none was needed."""
    comment: str


def rejected(snapshot: Snapshot, author: str, *, limit: int) -> list[Answer]:
    """What this author wrote, an approver rejected and nobody has changed since, the last one first."""
    return _own(lists.rejected(snapshot), author, limit)


def to_launch(snapshot: Snapshot, author: str, now: datetime, *, limit: int) -> list[Answer]:
    """Campaigns of this author that are approved, neither launched nor left to the clock, and not over."""
    return _own(lists.approved(snapshot, now), author, limit)


def rejection(snapshot: Snapshot, campaign: Campaign) -> Approval | None:
    """For which a draft, or what is proposed while it runs, has to be changed; None where there is none."""
    if campaign.state is not State.DRAFT and campaign.proposed_version is None:
        return None
    decided = versions.get(snapshot, campaign.campaign_id, campaign.asked_version).approvals
    return next((each for each in decided if each.verdict is Verdict.REJECTED), None)


def _own(decided: Iterable[Decided], author: str, limit: int) -> list[Answer]:
    own = (each for each in decided if is_among(author, each.writers))
    return [
        Answer(campaign=stored.campaign(each.row), approver=each.approver, comment=each.comment)
        for each in islice(own, limit)
    ]
