"""The table of what ended campaigns taught of whom an offer changes."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import NOW, CampaignRow, Row


class UpliftRow(Row):
    """What one campaign taught, by those whom it held out; written once. Chances are of an order within it."""

    __tablename__ = "uplifts"
    campaign_id: Mapped[str] = mapped_column(ForeignKey(CampaignRow.campaign_id), primary_key=True)
    model: Mapped[str | None]
    """JSON of `scoring.uplift`; its levels of texts are of fifty customers each. Null where nothing was learned."""
    learner: Mapped[str | None]
    reason: Mapped[str]
    """Why that learner was chosen, or why nothing could be learned."""
    customers: Mapped[int] = mapped_column(BigInteger)
    effect: Mapped[float | None]
    """Chance per customer."""
    effect_low: Mapped[float | None]
    effect_high: Mapped[float | None]
    qini: Mapped[float | None]
    """Orders per 1,000 customers, out of fold."""
    qini_low: Mapped[float | None]
    qini_high: Mapped[float | None]
    create_time: Mapped[datetime] = mapped_column(server_default=NOW, index=True)
