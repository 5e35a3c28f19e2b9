"""Four eyes: who may approve a version of a plan, and how many have to. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from campaigns.actor import is_among
from campaigns.life.refusals import ApproverIsAuthor, VersionDecided
from campaigns.terms.campaign import CampaignPlan
from campaigns.terms.schedule import times
from events.currency import minor_units_of

LARGE = 2
"""Approvals of a campaign with a large budget."""


class Verdict(StrEnum):
    """What an approver may say."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What one approver decided about one version."""

    approver: str
    verdict: Verdict
    comment: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPolicy:
    """How many people besides the authors have to agree to a plan."""

    approvals: int = 1
    """0 lets a submitted plan pass at once."""
    large_budget_minor: int | None = None
    """A budget above this needs two; None means that none does."""
    currency: str = "GBP"
    """Of `large_budget_minor`."""

    @classmethod
    def of(cls, *, approvals: int, large_budget: int | None, currency: str) -> Self:
        """From settings; `large_budget` is in major units of the currency."""
        minor = None if large_budget is None else large_budget * minor_units_of(currency)
        return cls(approvals=approvals, large_budget_minor=minor, currency=currency)

    def needed(self, *, budget_minor: int | None, currency: str) -> int:
        """Approvals of a plan with this budget; None is no budget, and so above any amount.

        A budget in a currency that cannot be compared counts as large.
        """
        if self.large_budget_minor is None:
            return self.approvals
        small = currency == self.currency and budget_minor is not None and budget_minor <= self.large_budget_minor
        return self.approvals if small else max(self.approvals, LARGE)

    def needed_for(self, plan: CampaignPlan) -> int:
        """Approvals of a plan; each occurrence of a series may spend its budget."""
        limit = None if plan.budget is None else plan.budget.limit_minor * times(plan)
        return self.needed(budget_minor=limit, currency=plan.currency)


def next_authors(authors: Iterable[str], *, approved: bool, editor: str) -> tuple[str, ...]:
    """Authors of the version that an edit makes: who changed the plan since it was last approved, the editor last."""
    earlier = () if approved else tuple(author for author in authors if not is_among(author, [editor]))
    return (*earlier, editor)


def check_approver(
    approver: str, *, authors: Sequence[str], rule_authors: Sequence[str], decided: Sequence[Approval]
) -> None:
    """Raises ApproverIsAuthor, VersionDecided."""
    theirs = {"this version": authors, "the rule of a segment that this version asks about": rule_authors}
    for what, writers in theirs.items():
        if is_among(approver, writers):
            raise ApproverIsAuthor(
                f"{approver} changed {what}, so somebody else has to decide about it", approver=approver,
                authors=", ".join(writers),
            )  # fmt: skip
    if is_among(approver, (approval.approver for approval in decided)):
        raise VersionDecided(f"{approver} has decided about this version already", approver=approver)


def missing(needed: int, decided: Iterable[Approval]) -> int:
    """Approvals still to come."""
    return max(0, needed - sum(approval.verdict is Verdict.APPROVED for approval in decided))
