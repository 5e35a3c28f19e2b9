"""What campaigns may use between the wire and us."""

from collections.abc import Mapping
from typing import Any

from tierwise.v1 import budget_pb2, budget_service_pb2, tier_pb2

from campaigns.coupons.budgeting import BudgetStanding, Committed
from server.wire.money import money
from server.wire.names import CAMPAIGN


def budget_message(standing: BudgetStanding) -> budget_pb2.CampaignBudget:
    campaign, used = standing.campaign, standing.used
    return budget_pb2.CampaignBudget(
        campaign=campaign.name, over_budget_count=campaign.over_budget_count, money=_money(standing),
        redemptions=budget_pb2.RedemptionStanding(
            limit=campaign.plan.redemption_limit, reserved=used.reserved_count, spent=used.spent_count,
            committed=round(sum(each.group.coupons for each in standing.committed)),
        ),
        committed=[_committed(each, campaign.plan.currency) for each in standing.committed],
        refused=[
            budget_pb2.RefusedAttempts(reason=reason, count=count) for reason, count in standing.refusals.items()
        ],
    )  # fmt: skip


def reconciled_message(response: Mapping[str, Any]) -> budget_service_pb2.ReconcileLedgersResponse:
    """From the response of the operation."""
    return budget_service_pb2.ReconcileLedgersResponse(
        campaign_count=response["campaigns"], figure_count=response["figures"],
        differences=[
            budget_service_pb2.LedgerDifference(
                campaign=CAMPAIGN + each["campaign_id"], figure=each["figure"], truth=each["truth"],
                counter=each["counter"],
            )
            for each in response["differences"]
        ],
    )  # fmt: skip


def _money(standing: BudgetStanding) -> budget_pb2.MoneyStanding:
    plan, used, owed = standing.campaign.plan, standing.used, standing.liability
    message = budget_pb2.MoneyStanding(
        reserved=money(used.reserved_minor, plan.currency), spent=money(used.spent_minor, plan.currency),
        committed=money(round(owed.expected_minor), plan.currency),
        committed_deviation=money(round(owed.deviation_minor), plan.currency),
        overspend_probability=standing.overspend,
    )  # fmt: skip
    if plan.budget is not None:
        message.limit.CopyFrom(money(plan.budget.limit_minor, plan.currency))
        message.confidence = plan.budget.confidence
    return message


def _committed(each: Committed, currency: str) -> budget_pb2.CommittedCoupons:
    return budget_pb2.CommittedCoupons(
        arm=each.group.arm, tier=tier_pb2.Tier.Value(each.group.tier), count=round(each.group.coupons),
        redemption_probability=each.rate, value=money(each.group.value_minor, currency),
    )  # fmt: skip
