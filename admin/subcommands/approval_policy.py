"""How many people have to agree to a plan, by the settings."""

from campaigns.life.approval import ApprovalPolicy
from settings import Settings


def policy_of(given: Settings) -> ApprovalPolicy:
    """The policy of this installation."""
    return ApprovalPolicy.of(approvals=given.approvals, large_budget=given.large_budget, currency=given.currency)
