"""What ended campaigns taught of whom an offer changes: kept once for each campaign."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import RowMapping, select, text
from sqlalchemy.dialects.postgresql import insert

from database.audiences.facts import facts_before
from database.audiences.tables import CustomerFactsRow
from database.forecast.tables import ForecastRow, UpliftRow
from database.session import Snapshot, Transaction
from database.terms.tables import CampaignRow
from events.event import EventType

FROZEN = ("tier", "purchase_90", "expected_spend")
"""Of the score at the launch; what else scores say is known as of today only."""
COUNTED = (
    "orders", "orders_30", "orders_90", "orders_365", "spend", "spend_30", "spend_90", "spend_365", "average_order",
    "returned_share", "days_since_purchase", "days_since_seen", "days_since_view", "days_since_cart", "views_30",
    "carts_30", "reviews", "average_rating", "days_as_customer", "coupons_issued", "coupons_redeemed",
    "days_since_coupon", "days_since_redemption", "campaigns_30", "messages_30", "on_site_responses",
    "email_responses", "sms_responses", "push_responses", "country", "last_category",
)  # fmt: skip
"""Facts that can be counted as of any time."""
FEATURES = (*FROZEN, *COUNTED)
CHUNK = 2_000
LATEST = (
    select(UpliftRow.campaign_id)
    .join(CampaignRow, CampaignRow.campaign_id == UpliftRow.campaign_id)
    .where(UpliftRow.model.is_not(None))
    .order_by(CampaignRow.end_time.desc(), CampaignRow.campaign_id)
    .limit(1)
)
"""By its end: several are learned from at once, and older ones may come later."""
MEMBERS = text("""
SELECT customer_id, arm <> :holdout AS treated, tier, nullif(purchase_90, 'NaN') AS purchase_90,
  spend_minor AS expected_spend, EXISTS (
    SELECT 1 FROM events WHERE events.customer_id = audiences.customer_id AND event_type = :purchase
      AND time >= :since AND time < :until
  ) AS bought
FROM audiences WHERE campaign_id = :campaign_id
ORDER BY hashtext(customer_id), customer_id LIMIT :most
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplift:
    """As it is kept."""

    campaign_id: str
    model: str | None
    learner: str | None
    reason: str
    customers: int
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    qini: float | None = None
    qini_low: float | None = None
    qini_high: float | None = None


def members(
    snapshot: Snapshot, campaign_id: str, *, holdout: str, since: datetime, until: datetime, currency: str, most: int
) -> pl.DataFrame:
    """Up to so many of a frozen audience, drawn by a hash: `treated`, whether they `bought`, and FEATURES as of then.

    The audience is its own evidence of who was treated: whoever is in it counts in the group that was drawn.
    """
    asked = {
        "campaign_id": campaign_id, "holdout": holdout, "since": since, "until": until, "most": most,
        "purchase": int(EventType.PURCHASE),
    }  # fmt: skip
    found = frame(snapshot.execute(MEMBERS, asked).mappings())
    if found.is_empty():
        return found
    parts = [
        frame(facts_before(snapshot, ids, since, currency=currency, names=COUNTED))
        for ids in (found["customer_id"][at : at + CHUNK].to_list() for at in range(0, len(found), CHUNK))
    ]
    known = pl.concat([part for part in parts if len(part)], how="vertical_relaxed")
    return found.join(known, on="customer_id", how="inner", maintain_order="left")


def features(snapshot: Snapshot, customer_ids: Sequence[str]) -> pl.DataFrame:
    """FEATURES of these customers as the last refresh of the facts left them; who has none is not there."""
    columns = [CustomerFactsRow.__table__.c[name] for name in FEATURES]
    query = select(*columns).where(CustomerFactsRow.customer_id.in_(customer_ids))
    return frame(snapshot.execute(query).mappings())


def due(snapshot: Snapshot) -> list[str]:
    """Campaigns whose forecast was closed, with a holdout, of which nothing was learned yet; the latest first."""
    closed = select(ForecastRow).where(
        ForecastRow.campaign_id == CampaignRow.campaign_id, ForecastRow.close_time.is_not(None)
    )
    learned = select(UpliftRow).where(UpliftRow.campaign_id == CampaignRow.campaign_id)
    query = select(CampaignRow.campaign_id).where(
        CampaignRow.ran_to_its_end, CampaignRow.held_out_count > 0, closed.exists(), ~learned.exists()
    )
    return list(snapshot.scalars(query.order_by(CampaignRow.end_time.desc(), CampaignRow.campaign_id)))


def keep(transaction: Transaction, learned: Uplift, now: datetime) -> bool:
    """Write it down; False when that was done before, which changes nothing."""
    new = insert(UpliftRow).values(**asdict(learned), create_time=now)
    added = new.on_conflict_do_nothing(index_elements=["campaign_id"]).returning(UpliftRow.campaign_id)
    return transaction.execute(added).one_or_none() is not None


def of_campaign(snapshot: Snapshot, campaign_id: str) -> Uplift | None:
    """What a campaign taught."""
    return _maybe(snapshot.scalars(select(UpliftRow).where(UpliftRow.campaign_id == campaign_id)).one_or_none())


def latest(snapshot: Snapshot) -> Uplift | None:
    """Of the last campaign that taught anything."""
    query = select(UpliftRow).where(UpliftRow.campaign_id == LATEST.scalar_subquery())
    return _maybe(snapshot.scalars(query).one_or_none())


def latest_campaign(snapshot: Snapshot) -> str | None:
    """The last campaign that taught anything."""
    return snapshot.scalars(LATEST).one_or_none()


def frame(rows: Iterable[RowMapping]) -> pl.DataFrame:
    """Rows as a table; a column of which nothing is known has no type."""
    return pl.DataFrame([dict(row) for row in rows], infer_schema_length=None)


def _maybe(row: UpliftRow | None) -> Uplift | None:
    return None if row is None else row.held(Uplift)
