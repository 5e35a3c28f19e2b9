"""Campaigns as rows, and their counters."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONPATH, insert

from database.session import Snapshot, Transaction, changed_rows, one
from database.terms.counters import USED
from database.terms.tables import CampaignRow

GET = f"""
SELECT {CampaignRow.column_names()}, spent_count AS redeemed_count, spent_minor AS discounted_minor
FROM campaigns CROSS JOIN LATERAL ({USED}) AS used WHERE campaigns.campaign_id = %(campaign_id)s
"""  # noqa: S608 - made of constants


def add(transaction: Transaction, campaign_id: str, plan: Mapping[str, Any], now: datetime) -> bool:
    """A new campaign, a draft unless the plan comes with a state; False when the id is taken, which changes nothing."""
    values = {"state": "DRAFT", "campaign_id": campaign_id, "create_time": now, "update_time": now, **plan}
    new = insert(CampaignRow).values(values)
    added = new.on_conflict_do_nothing(index_elements=["campaign_id"]).returning(CampaignRow.campaign_id)
    return transaction.execute(added).one_or_none() is not None


def get(snapshot: Snapshot, campaign_id: str) -> CampaignRow | None:
    return one(snapshot, CampaignRow, GET, {"campaign_id": campaign_id})


def among(snapshot: Snapshot, campaign_ids: Collection[str]) -> set[str]:
    """Those of these that there are."""
    return set(snapshot.scalars(select(CampaignRow.campaign_id).where(CampaignRow.campaign_id.in_(campaign_ids))))


def locked(transaction: Transaction, campaign_id: str) -> CampaignRow | None:
    """A campaign that nobody else changes until the transaction ends.

    Its key stays, so that rows may refer to it meanwhile: a till that moves a quota and books it looks it up, holding
    its shards.
    """
    query = select(CampaignRow).where(CampaignRow.campaign_id == campaign_id).with_for_update(key_share=True)
    return transaction.scalars(query).one_or_none()


def change(transaction: Transaction, campaign_id: str, changes: Mapping[str, Any], now: datetime) -> None:
    """Set columns, as a new revision."""
    which = update(CampaignRow).where(CampaignRow.campaign_id == campaign_id)
    transaction.execute(which.values(revision=CampaignRow.revision + 1, update_time=now, **changes))


def remove(transaction: Transaction, campaign_id: str) -> None:
    """Delete a campaign that never had an audience."""
    transaction.execute(delete(CampaignRow).where(CampaignRow.campaign_id == campaign_id))


def rules_to_come(snapshot: Snapshot) -> dict[str, Mapping[str, Any]]:
    """The documents of the rules by which audiences are still to be frozen."""
    query = select(CampaignRow.campaign_id, CampaignRow.rule).where(CampaignRow.rule.is_not(None))
    to_come = query.where(CampaignRow.launch_time.is_(None), CampaignRow.state != "ENDED")
    return dict(snapshot.execute(to_come).all())


def rules_under_way(snapshot: Snapshot) -> dict[str, Mapping[str, Any]]:
    """The documents of the rules by which launches that have begun may freeze an audience yet, or once more."""
    begun = or_(
        CampaignRow.state == "LAUNCHING", and_(CampaignRow.state == "PAUSED", CampaignRow.activate_time.is_(None))
    )
    query = select(CampaignRow.campaign_id, CampaignRow.rule).where(CampaignRow.rule.is_not(None), begun)
    return dict(snapshot.execute(query.order_by(CampaignRow.campaign_id)).all())


def asking_segments(snapshot: Snapshot) -> list[CampaignRow]:
    """Those that are not over and whose rule asks about segments, by the name that people gave them."""
    asks = CampaignRow.rule.path_exists(literal("$.**.in_segment", JSONPATH))
    query = select(CampaignRow).where(CampaignRow.state != "ENDED", asks)
    return list(snapshot.scalars(query.order_by(CampaignRow.display_name, CampaignRow.campaign_id)))


def keep_held_out(transaction: Transaction, campaign_id: str, count: int) -> None:
    """Note on the campaign how many are held out."""
    which = update(CampaignRow).where(CampaignRow.campaign_id == campaign_id)
    transaction.execute(which.values(held_out_count=count))


def keep_frozen_from(transaction: Transaction, campaign_id: str, document: Mapping[str, Any]) -> None:
    """Note on the campaign what its audience was frozen from."""
    which = update(CampaignRow).where(CampaignRow.campaign_id == campaign_id)
    transaction.execute(which.values(frozen_from=dict(document)))


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
