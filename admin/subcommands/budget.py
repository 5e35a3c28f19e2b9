"""`tierwise campaign budget`: what a campaign may use, and what of it is reserved, committed and spent."""

from datetime import UTC, datetime

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import reading
from admin.subcommands.named import CampaignIdArgument
from campaigns.coupons import budgeting
from campaigns.coupons.budgeting import BudgetStanding


def budget(
    campaign_id: CampaignIdArgument, *,
    database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show what a campaign may use, what is reserved, committed and spent of it, and why attempts were refused."""
    with reading(database_url) as snapshot:
        found = budgeting.standing(snapshot, campaign_id, datetime.now(UTC))
    uses, facts, refused = _uses(found), _facts(found), dict(found.refusals)
    if as_json:
        emit({**facts, "uses": uses, "committed": _committed(found), "refused": refused}, as_json=True)
        return
    emit(uses, as_json=False, title=f"{found.campaign.name}, money in minor units of {found.campaign.plan.currency}")
    emit({**facts, "refused": refused}, as_json=False)


def _uses(found: BudgetStanding) -> list[dict[str, object]]:
    plan, used = found.campaign.plan, found.used
    return [
        {
            "of": "redemptions", "limit": plan.redemption_limit, "reserved": used.reserved_count,
            "committed": round(sum(each.group.coupons for each in found.committed)), "spent": used.spent_count,
        },
        {
            "of": "money", "limit": None if plan.budget is None else plan.budget.limit_minor,
            "reserved": used.reserved_minor, "committed": round(found.liability.expected_minor),
            "spent": used.spent_minor,
        },
    ]  # fmt: skip


def _facts(found: BudgetStanding) -> dict[str, object]:
    budget = found.campaign.plan.budget
    return {
        "campaign_id": found.campaign.campaign_id,
        "committed_deviation_minor": round(found.liability.deviation_minor),
        "confidence": None if budget is None else budget.confidence,
        "overspend_probability": found.overspend,
        "over_budget": found.campaign.over_budget_count,
    }


def _committed(found: BudgetStanding) -> list[dict[str, object]]:
    return [
        {
            "arm": each.group.arm, "tier": each.group.tier, "coupons": round(each.group.coupons),
            "redemption_probability": each.rate, "value_minor": each.group.value_minor,
        }
        for each in found.committed
    ]  # fmt: skip
