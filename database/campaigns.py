"""Campaigns as rows, their frozen audiences, and their counters."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from database.session import Snapshot, Transaction, changed_rows, driver_connection
from database.tables import AudienceRow, CampaignRow, ScoreRow

FRESH = {"populate_existing": True}
FREEZE = text("""
INSERT INTO audiences (campaign_id, customer_id, tier, tier_scheme, model_id, purchase_90, spend_minor)
SELECT :campaign_id, scores.customer_id, scores.tier, tier_scheme, model_id, purchase_90, spend_minor
FROM scores JOIN customers USING (customer_id)
JOIN unnest(CAST(:tiers AS text[]), CAST(:channels AS text[]), CAST(:needs_consent AS boolean[]))
  AS offers (tier, channel, needs_consent) ON offers.tier = scores.tier
WHERE NOT offers.needs_consent OR EXISTS (
  SELECT FROM unnest(consented_channels) AS consented WHERE lower(consented) = lower(offers.channel)
)
ON CONFLICT DO NOTHING
""")

NEXT_MEMBERS = """
SELECT customer_id, tier FROM audiences WHERE campaign_id = %s AND customer_id > %s ORDER BY customer_id LIMIT %s
"""


class OfferedTier(NamedTuple):
    """Who is in an audience: customers of a tier, and whether only those who agreed to the channel."""

    tier: str
    channel: str
    needs_consent: bool


class AudienceMember(NamedTuple):
    """One customer of a frozen audience."""

    customer_id: str
    tier: str


def add(transaction: Transaction, campaign_id: str, values: Mapping[str, Any], now: datetime) -> bool:
    """A new draft; False when the id is taken, which changes nothing."""
    new = insert(CampaignRow).values(
        campaign_id=campaign_id, state="DRAFT", create_time=now, update_time=now, **values
    )  # fmt: skip
    added = new.on_conflict_do_nothing(index_elements=["campaign_id"]).returning(CampaignRow.campaign_id)
    return transaction.execute(added).one_or_none() is not None


def get(snapshot: Snapshot, campaign_id: str) -> CampaignRow | None:
    """One campaign."""
    query = select(CampaignRow).where(CampaignRow.campaign_id == campaign_id)
    return snapshot.scalars(query.execution_options(**FRESH)).one_or_none()


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


def change(transaction: Transaction, campaign_id: str, values: Mapping[str, Any], now: datetime) -> None:
    """Set columns, as a new revision."""
    which = update(CampaignRow).where(CampaignRow.campaign_id == campaign_id)
    transaction.execute(which.values(revision=CampaignRow.revision + 1, update_time=now, **values))


def remove(transaction: Transaction, campaign_id: str) -> None:
    """Delete a campaign that never had an audience."""
    transaction.execute(delete(CampaignRow).where(CampaignRow.campaign_id == campaign_id))


def tiers_assigned(snapshot: Snapshot) -> bool:
    """Whether any stored score has a tier."""
    return snapshot.execute(select(select(ScoreRow).where(ScoreRow.tier.is_not(None)).exists())).scalar_one()


def freeze(transaction: Transaction, campaign_id: str, offered: list[OfferedTier]) -> int:
    """Write down the audience from the scores as they stand, with what each decision is made from; its size.

    Doing it again adds those who have come to fit since and changes nobody who is in.
    """
    tiers, channels, needs_consent = map(list, zip(*offered, strict=True))
    transaction.execute(
        FREEZE, {"campaign_id": campaign_id, "tiers": tiers, "channels": channels, "needs_consent": needs_consent}
    )
    query = select(func.count()).where(AudienceRow.campaign_id == campaign_id)
    return transaction.execute(query).scalar_one()


def next_members(snapshot: Snapshot, campaign_id: str, *, after: str, limit: int) -> list[AudienceMember]:
    """The customers of the audience that follow the cursor, by customer_id."""
    rows = driver_connection(snapshot).execute(NEXT_MEMBERS, (campaign_id, after, limit)).fetchall()
    return [AudienceMember(str(customer_id), str(tier)) for customer_id, tier in rows]


def audience_sizes(snapshot: Snapshot, campaign_id: str) -> dict[str, int]:
    """Customers of the frozen audience in each tier."""
    query = select(AudienceRow.tier, func.count()).where(AudienceRow.campaign_id == campaign_id)
    return dict(snapshot.execute(query.group_by(AudienceRow.tier)).all())


def count_issued(transaction: Transaction, campaign_id: str, count: int) -> None:
    """Add to the counter, in the transaction that issues."""
    which = update(CampaignRow).where(CampaignRow.campaign_id == campaign_id)
    transaction.execute(which.values(issued_count=CampaignRow.issued_count + count))


def count_redeemed(transaction: Transaction, campaign_id: str, *, discount_minor: int) -> bool:
    """Use one redemption of an active campaign; False when it is not active or its limit is used up.

    One guarded statement: however many call at once, the counter never passes the limit.
    """
    left = or_(CampaignRow.redemption_limit.is_(None), CampaignRow.redeemed_count < CampaignRow.redemption_limit)
    used = transaction.execute(
        update(CampaignRow)
        .where(CampaignRow.campaign_id == campaign_id, CampaignRow.state == "ACTIVE", left)
        .values(
            redeemed_count=CampaignRow.redeemed_count + 1,
            discounted_minor=CampaignRow.discounted_minor + discount_minor,
        )
    )
    return changed_rows(used) == 1
