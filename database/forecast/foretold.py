"""The ledger of forecasts: written when an audience is frozen, closed once when the campaign is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from database.forecast.tables import ForecastRow
from database.session import Snapshot, Transaction, changed_rows
from database.terms.tables import CampaignRow

TOLD = ("value", "low", "high", "raw")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """One number of one tier."""

    tier: str
    quantity: str
    value: float
    low: float
    high: float
    raw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of it; `actual` is None where nobody can know."""

    tier: str
    quantity: str
    actual: float | None
    actual_error: float | None


def keep(transaction: Transaction, campaign_id: str, foretold: Sequence[Foretold], now: datetime) -> None:
    """Write it down; a launch that is taken up again foretells again."""
    if not foretold:
        return
    rows = [
        {
            "campaign_id": campaign_id, "tier": each.tier, "quantity": each.quantity, "create_time": now,
            **{name: getattr(each, name) for name in TOLD},
        }
        for each in foretold
    ]  # fmt: skip
    new = insert(ForecastRow).values(rows)
    again = new.on_conflict_do_update(
        index_elements=["campaign_id", "tier", "quantity"],
        set_={name: new.excluded[name] for name in (*TOLD, "create_time")},
        where=ForecastRow.close_time.is_(None),
    )
    transaction.execute(again)


def of_campaign(snapshot: Snapshot, campaign_id: str) -> list[ForecastRow]:
    """By tier and quantity."""
    query = select(ForecastRow).where(ForecastRow.campaign_id == campaign_id)
    ordered = query.order_by(ForecastRow.tier, ForecastRow.quantity)
    return list(snapshot.scalars(ordered))


def due(snapshot: Snapshot, before: datetime) -> list[str]:
    """Campaigns that are ended, whose time was over before then, and whose forecast is still open."""
    query = select(CampaignRow.campaign_id).where(CampaignRow.end_time < before, CampaignRow.state == "ENDED")
    still = select(ForecastRow).where(
        ForecastRow.campaign_id == CampaignRow.campaign_id, ForecastRow.close_time.is_(None)
    )
    return list(snapshot.scalars(query.where(still.exists()).order_by(CampaignRow.campaign_id)))


def close(
    transaction: Transaction, campaign_id: str, measured: Sequence[Measured], *, teaches: bool, now: datetime
) -> bool:
    """Write down what came; False when that was done before, which changes nothing."""
    closed = 0
    for each in measured:
        which = update(ForecastRow).where(
            ForecastRow.campaign_id == campaign_id, ForecastRow.tier == each.tier,
            ForecastRow.quantity == each.quantity, ForecastRow.close_time.is_(None),
        )  # fmt: skip
        values = {"actual": each.actual, "actual_error": each.actual_error, "teaches": teaches, "close_time": now}
        closed += changed_rows(transaction.execute(which.values(values)))
    return closed > 0


def lessons(snapshot: Snapshot, *, campaigns: int) -> list[ForecastRow]:
    """What the last campaigns teach, the latest first."""
    latest = (
        select(ForecastRow.campaign_id)
        .where(ForecastRow.teaches)
        .group_by(ForecastRow.campaign_id, ForecastRow.close_time)
        .order_by(ForecastRow.close_time.desc(), ForecastRow.campaign_id)
        .limit(campaigns)
    )
    query = select(ForecastRow).where(ForecastRow.campaign_id.in_(latest))
    order = (ForecastRow.close_time.desc(), ForecastRow.campaign_id, ForecastRow.tier, ForecastRow.quantity)
    return list(snapshot.scalars(query.order_by(*order)))
