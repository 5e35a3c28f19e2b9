"""How many coupons a budget can bear: issuing stops before it would become too likely that they cost more. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaigns.budgets.liability import Group, Liability, liability
from campaigns.experiments.calibration import Belief
from campaigns.terms.limits import USUAL_CONFIDENCE, Budget

HALVINGS = 40
"""Of the share that can be borne; the last one changes nothing that counts customers."""

CAUTION = 0.999
"""Of the share that was found."""


class Reason(StrEnum):
    """Why so many coupons are issued and no more."""

    NO_BUDGET = "NO_BUDGET"
    """The campaign may cost what it will."""
    WITHIN_BUDGET = "WITHIN_BUDGET"
    """All of them together stay within the budget with the confidence that was chosen."""
    BUDGET_AT_RISK = "BUDGET_AT_RISK"
    """With more of them it would be exceeded with a higher probability than was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affordable:
    """What of an audience can be given coupons."""

    share: float
    """From 0 to 1."""
    reason: Reason
    liability: Liability
    """Of that share."""
    overspend: float
    """The probability that it costs more than the budget has left."""
    enough_minor: float
    """A budget that would bear all of it, with the same confidence."""

    @property
    def drawn(self) -> float:
        """The share to draw by hash: a little less, for a draw leaves a few more or less in each group."""
        return 1.0 if self.share == 1.0 else CAUTION * self.share


def affordable(
    budget: Budget | None, groups: Sequence[Group], known: Mapping[str, Belief], *, redemptions: int | None = None
) -> Affordable:
    """The largest share of every group that stays within the budget with its confidence.

    `redemptions` is how many there may be at most.
    """

    def part(share: float) -> Liability:
        return liability([group.share(share) for group in groups], known, redemptions=redemptions)

    whole = part(1.0)
    if budget is None:
        enough = whole.suffices(USUAL_CONFIDENCE)
        return Affordable(share=1.0, reason=Reason.NO_BUDGET, liability=whole, overspend=0.0, enough_minor=enough)
    limit, risk = budget.limit_minor, 1 - budget.confidence
    enough, overspend = whole.suffices(budget.confidence), whole.exceeds(limit)
    if overspend <= risk:
        return Affordable(
            share=1.0, reason=Reason.WITHIN_BUDGET, liability=whole, overspend=overspend, enough_minor=enough
        )
    safe, unsafe = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (safe + unsafe) / 2
        if part(middle).exceeds(limit) <= risk:
            safe = middle
        else:
            unsafe = middle
    borne = part(safe)
    return Affordable(
        share=safe, reason=Reason.BUDGET_AT_RISK, liability=borne, overspend=borne.exceeds(limit), enough_minor=enough
    )
