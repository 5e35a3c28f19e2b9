"""Codes that a shop brings along."""

from sqlalchemy import ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import CampaignRow, Row


class OwnCodeRow(Row):
    """A code that a campaign's launch gives out in the place of a new one; giving it out takes it away from here."""

    __tablename__ = "own_codes"
    code: Mapped[str] = mapped_column(primary_key=True)
    """Normalised, as it is looked up."""
    campaign_id: Mapped[str] = mapped_column(ForeignKey(CampaignRow.campaign_id, ondelete="CASCADE"))
    customer_id: Mapped[str | None]
    """For whom it is; null for whoever comes first."""
    place: Mapped[int] = mapped_column(Identity())
    """First come, first given out."""
    __table_args__ = (
        Index(None, "campaign_id", "place"),
        Index("uq_own_codes_customer_id_campaign_id", "customer_id", "campaign_id", unique=True),
    )
