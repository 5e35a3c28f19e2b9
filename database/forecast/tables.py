"""What campaigns were foretold to do, what they did, and what they taught of whom an offer changes."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from database.row import NOW, Row
from database.terms.tables import CampaignRow


class ForecastRow(Row):
    """One number that was foretold of one tier when its audience was frozen, beside what came of it."""

    __tablename__ = "forecasts"
    campaign_id: Mapped[str] = mapped_column(ForeignKey(CampaignRow.campaign_id), primary_key=True)
    tier: Mapped[str] = mapped_column(primary_key=True)
    quantity: Mapped[str] = mapped_column(primary_key=True)
    """REDEMPTIONS, DISCOUNTS or REVENUE; the last two in minor units."""
    value: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    raw: Mapped[float]
    """Before what past campaigns taught."""
    actual: Mapped[float | None]
    """Null while the campaign lasts, and for revenue where nobody was held out."""
    actual_error: Mapped[float | None]
    """Standard error of `actual`, where it is itself an estimate."""
    teaches: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the next forecast learns from it: only from a campaign that ran to its end."""
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    close_time: Mapped[datetime | None]
    """When the actual was measured."""
    __table_args__ = (Index("ix_forecasts_open", "campaign_id", postgresql_where=text("close_time IS NULL")),)


class UpliftRow(Row):
    """What one campaign taught, by those whom it held out; written once. Chances are of an order within it."""

    __tablename__ = "uplifts"
    campaign_id: Mapped[str] = mapped_column(ForeignKey(CampaignRow.campaign_id), primary_key=True)
    model: Mapped[str | None]
    """JSON of `scoring.uplift.model`; its levels of texts are of fifty customers each. Null if nothing was learned."""
    learner: Mapped[str | None]
    reason: Mapped[str]
    """Why that learner was chosen, or why nothing could be learned."""
    customers: Mapped[int]
    effect: Mapped[float | None]
    """Chance per customer."""
    effect_low: Mapped[float | None]
    effect_high: Mapped[float | None]
    qini: Mapped[float | None]
    """Orders per 1,000 customers, out of fold."""
    qini_low: Mapped[float | None]
    qini_high: Mapped[float | None]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW, index=True)
