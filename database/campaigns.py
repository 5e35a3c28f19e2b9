"""Campaigns as rows, their frozen audiences, and their counters."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    delete,
    func,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from database import audience, plans
from database.assignment import Groups, group
from database.audience_tables import ExclusionRow
from database.eligibility import Targeting, candidates
from database.session import Snapshot, Transaction, changed_rows, one
from database.tables import AudienceRow, CampaignRow, ScoreRow

OVER_BUDGET = "OVER_BUDGET"
FRESH = {"populate_existing": True}
GET = """
SELECT campaigns.*, redeemed_count, discounted_minor FROM campaigns CROSS JOIN LATERAL (
  SELECT coalesce(sum(spent_count), 0)::bigint AS redeemed_count,
    coalesce(sum(spent_minor), 0)::bigint AS discounted_minor
  FROM budget_shards WHERE budget_shards.campaign_id = campaigns.campaign_id
) AS spent WHERE campaigns.campaign_id = %(campaign_id)s
"""
FROZEN = (
    "customer_id", "tier", "tier_scheme", "model_id", "purchase_90", "spend_minor", "channel", "channel_reason",
    "inputs",
)  # fmt: skip
LEFT_OUT = ("customer_id", "tier", "inputs")
ANALYZE = text("ANALYZE audiences")
# Whose audience depends on those of others waits for all that are being frozen; the rest need not wait for each other.
HOLD_ALL = text("SELECT pg_advisory_xact_lock(hashtext('audiences'))")
HOLD_OWN = text("SELECT pg_advisory_xact_lock_shared(hashtext('audiences'))")


def add(transaction: Transaction, campaign_id: str, plan: Mapping[str, Any], now: datetime) -> bool:
    """A new campaign, a draft unless the plan comes with a state; False when the id is taken, which changes nothing."""
    values = {"state": "DRAFT", "campaign_id": campaign_id, "create_time": now, "update_time": now, **plan}
    new = insert(CampaignRow).values(values)
    added = new.on_conflict_do_nothing(index_elements=["campaign_id"]).returning(CampaignRow.campaign_id)
    return transaction.execute(added).one_or_none() is not None


def get(snapshot: Snapshot, campaign_id: str) -> CampaignRow | None:
    """One campaign."""
    return one(snapshot, CampaignRow, GET, {"campaign_id": campaign_id})


def locked(transaction: Transaction, campaign_id: str) -> CampaignRow | None:
    """A campaign that nobody else changes until the transaction ends."""
    query = select(CampaignRow).where(CampaignRow.campaign_id == campaign_id).with_for_update()
    return transaction.scalars(query.execution_options(**FRESH)).one_or_none()


def page(snapshot: Snapshot, *, limit: int, after: tuple[datetime, str] | None = None) -> list[CampaignRow]:
    """Newest first; `after` is (create_time, campaign_id) of the last one seen."""
    query = select(CampaignRow).order_by(CampaignRow.create_time.desc(), CampaignRow.campaign_id.desc()).limit(limit)
    if after is not None:
        query = query.where(tuple_(CampaignRow.create_time, CampaignRow.campaign_id) < after)
    return list(snapshot.scalars(query))


def change(transaction: Transaction, campaign_id: str, changes: Mapping[str, Any], now: datetime) -> None:
    """Set columns, as a new revision."""
    which = update(CampaignRow).where(CampaignRow.campaign_id == campaign_id)
    transaction.execute(which.values(revision=CampaignRow.revision + 1, update_time=now, **changes))


def remove(transaction: Transaction, campaign_id: str) -> None:
    """Delete a campaign that never had an audience."""
    transaction.execute(delete(CampaignRow).where(CampaignRow.campaign_id == campaign_id))


def tiers_assigned(snapshot: Snapshot) -> bool:
    """Whether any stored score has a tier."""
    return snapshot.execute(select(select(ScoreRow).where(ScoreRow.tier.is_not(None)).exists())).scalar_one()


def rules_to_come(snapshot: Snapshot) -> dict[str, Mapping[str, Any]]:
    """The documents of the rules by which audiences are still to be frozen."""
    query = select(CampaignRow.campaign_id, CampaignRow.rule).where(CampaignRow.rule.is_not(None))
    to_come = query.where(CampaignRow.launch_time.is_(None), CampaignRow.state != "ENDED")
    return dict(snapshot.execute(to_come).all())


def freeze(transaction: Transaction, targeting: Targeting, groups: Groups, now: datetime) -> None:
    """Write down the audience from scores and facts as they stand, with what each decision is made from.

    Whoever is kept out of it is written down with the reason, before anybody is drawn into a group. Doing it again adds
    those who have come to fit since and changes nobody who is in.
    """
    transaction.execute(HOLD_ALL if targeting.looks_at_others else HOLD_OWN)
    audience.tune(transaction)
    plans.no_nested_loops(transaction)
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


def arm_sizes(snapshot: Snapshot, campaign_id: str) -> dict[str, int]:
    """Customers of the frozen audience in each group of the experiment."""
    query = select(AudienceRow.arm, func.count()).where(AudienceRow.campaign_id == campaign_id)
    return dict(snapshot.execute(query.group_by(AudienceRow.arm)).all())


def keep_held_out(transaction: Transaction, campaign_id: str, count: int) -> None:
    """Note on the campaign how many are held out."""
    which = update(CampaignRow).where(CampaignRow.campaign_id == campaign_id)
    transaction.execute(which.values(held_out_count=count))


def keep_frozen_from(transaction: Transaction, campaign_id: str, document: Mapping[str, Any]) -> None:
    """Note on the campaign what its audience was frozen from."""
    which = update(CampaignRow).where(CampaignRow.campaign_id == campaign_id)
    transaction.execute(which.values(frozen_from=dict(document)))


def audience_sizes(snapshot: Snapshot, campaign_id: str) -> dict[str, int]:
    """Customers of the frozen audience in each tier."""
    query = select(AudienceRow.tier, func.count()).where(AudienceRow.campaign_id == campaign_id)
    return dict(snapshot.execute(query.group_by(AudienceRow.tier)).all())


def policies_of(snapshot: Snapshot, campaign_id: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The models and the versions of the tier scheme that the frozen audience was made from."""
    kinds = select(AudienceRow.model_id, AudienceRow.tier_scheme).where(AudienceRow.campaign_id == campaign_id)
    found = snapshot.execute(kinds.group_by(AudienceRow.model_id, AudienceRow.tier_scheme)).all()
    return tuple(sorted({model for model, _ in found})), tuple(sorted({scheme for _, scheme in found}))


def count_issued(transaction: Transaction, campaign_id: str, count: int) -> bool:
    """Add to the counter, last in the transaction that issues; False when the campaign is not being launched any more.

    Whoever pauses or ends it waits for this transaction, or comes first and is seen here.
    """
    which = update(CampaignRow).where(CampaignRow.campaign_id == campaign_id, CampaignRow.state == "LAUNCHING")
    return changed_rows(transaction.execute(which.values(issued_count=CampaignRow.issued_count + count))) == 1


def count_collisions(transaction: Transaction, campaign_id: str, count: int) -> None:
    """Note that so many codes were drawn and taken already."""
    which = update(CampaignRow).where(CampaignRow.campaign_id == campaign_id)
    transaction.execute(which.values(collision_count=CampaignRow.collision_count + count))


def collisions(snapshot: Snapshot, campaign_id: str) -> int:
    """How many codes were drawn and taken already: a source of codes that is worse than it should be shows here."""
    query = select(CampaignRow.collision_count).where(CampaignRow.campaign_id == campaign_id)
    return snapshot.execute(query).scalar_one()


def _over_budget(campaign_id: str) -> Select[ExclusionRow]:
    """Whom the launch of a campaign left out because its budget does not bear them."""
    return select(ExclusionRow).where(ExclusionRow.campaign_id == campaign_id, ExclusionRow.reason == OVER_BUDGET)


def _frozen(campaign_id: str, found: FromClause) -> ColumnElement[bool]:
    frozen = select(AudienceRow).where(AudienceRow.campaign_id == campaign_id)
    return frozen.where(AudienceRow.customer_id == found.c.customer_id).exists()
