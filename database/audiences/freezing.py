"""Audiences as a launch writes them down, from scores and facts as they stand."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, Select, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert

from database import planner
from database.audiences import fitting
from database.audiences.eligibility import Targeting, candidates
from database.audiences.tables import AudienceRow, ExclusionRow
from database.experiments.assignment import Groups, group
from database.models.tables import ScoreRow
from database.session import Snapshot, Transaction
from database.terms.tables import CampaignRow

OVER_BUDGET = "OVER_BUDGET"
FROZEN = (
    "customer_id", "tier", "tier_scheme", "model_id", "purchase_90", "spend_minor", "channel", "channel_reason",
    "inputs",
)  # fmt: skip
LEFT_OUT = ("customer_id", "tier", "inputs")
ANALYZE = text("ANALYZE audiences")
# Whose audience depends on those of others waits for all that are being frozen; the rest need not wait for each other.
HOLD_ALL = text("SELECT pg_advisory_xact_lock(hashtext('audiences'))")
HOLD_OWN = text("SELECT pg_advisory_xact_lock_shared(hashtext('audiences'))")


def freeze(transaction: Transaction, targeting: Targeting, groups: Groups, now: datetime) -> None:
    """Write down the audience from scores and facts as they stand, with what each decision is made from.

    Whoever is kept out of it is written down with the reason, before anybody is drawn into a group. Doing it again adds
    those who have come to fit since and changes nobody who is in.
    """
    transaction.execute(HOLD_ALL if targeting.looks_at_others else HOLD_OWN)
    fitting.tune(transaction)
    planner.no_nested_loops(transaction)
    # Of a launch that is taken up again: whom the budget does not bear stays out, the others are judged anew.
    kept_out = _over_budget(targeting.campaign_id)
    earlier = delete(ExclusionRow).where(ExclusionRow.campaign_id == targeting.campaign_id)
    transaction.execute(earlier.where(ExclusionRow.reason != OVER_BUDGET))
    again = transaction.execute(select(kept_out.exists())).scalar_one()
    chosen = candidates(replace(targeting, remembers=True))
    found = chosen.cte("found") if targeting.excludes else chosen.subquery("found")
    new = ~_frozen(targeting.campaign_id, found)
    if again:
        new &= ~kept_out.where(ExclusionRow.customer_id == found.c.customer_id).exists()
    campaign_id, drawn = literal(targeting.campaign_id), group(groups, targeting.campaign_id, found.c.customer_id)
    members = select(campaign_id, *(found.c[name] for name in FROZEN), drawn)
    members = members.where(found.c.exclusion.is_(None), new)
    adding = insert(AudienceRow).from_select(("campaign_id", *FROZEN, "arm"), members)
    if targeting.excludes:
        left_out = select(campaign_id, *(found.c[name] for name in LEFT_OUT), found.c.exclusion)
        left_out = left_out.where(found.c.exclusion.is_not(None), new)
        excluding = insert(ExclusionRow).from_select(("campaign_id", *LEFT_OUT, "reason"), left_out)
        adding = adding.add_cte(excluding.cte("excluding"))
    transaction.execute(adding)
    which = update(CampaignRow).where(CampaignRow.campaign_id == targeting.campaign_id)
    transaction.execute(which.values(launch_time=func.coalesce(CampaignRow.launch_time, now)))
    # Without figures of these rows, each chunk's plan would sort all that are left.
    transaction.execute(ANALYZE)


def tiers_assigned(snapshot: Snapshot) -> bool:
    """Whether any stored score has a tier."""
    return snapshot.execute(select(select(ScoreRow).where(ScoreRow.tier.is_not(None)).exists())).scalar_one()


def arm_sizes(snapshot: Snapshot, campaign_id: str) -> dict[str, int]:
    """Customers of the frozen audience in each group of the experiment."""
    query = select(AudienceRow.arm, func.count()).where(AudienceRow.campaign_id == campaign_id)
    return dict(snapshot.execute(query.group_by(AudienceRow.arm)).all())


def audience_sizes(snapshot: Snapshot, campaign_id: str) -> dict[str, int]:
    """Customers of the frozen audience in each tier."""
    query = select(AudienceRow.tier, func.count()).where(AudienceRow.campaign_id == campaign_id)
    return dict(snapshot.execute(query.group_by(AudienceRow.tier)).all())


def policies_of(snapshot: Snapshot, campaign_id: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The models and the versions of the tier scheme that the frozen audience was made from."""
    kinds = select(AudienceRow.model_id, AudienceRow.tier_scheme).where(AudienceRow.campaign_id == campaign_id)
    found = snapshot.execute(kinds.group_by(AudienceRow.model_id, AudienceRow.tier_scheme)).all()
    return tuple(sorted({model for model, _ in found})), tuple(sorted({scheme for _, scheme in found}))


def _over_budget(campaign_id: str) -> Select[ExclusionRow]:
    """Whom the launch of a campaign left out because its budget does not bear them."""
    return select(ExclusionRow).where(ExclusionRow.campaign_id == campaign_id, ExclusionRow.reason == OVER_BUDGET)


def _frozen(campaign_id: str, found: FromClause) -> ColumnElement[bool]:
    frozen = select(AudienceRow).where(AudienceRow.campaign_id == campaign_id)
    return frozen.where(AudienceRow.customer_id == found.c.customer_id).exists()
