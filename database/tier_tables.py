"""Tables around tiers: the history of every customer's, and the scores of a model that is only tried out."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Row


class TierChangeRow(Row):
    """A customer was given another tier than before; rows are added and never changed.

    The key lets a rescoring that is repeated count a change once.
    """

    __tablename__ = "tier_changes"
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    operation_id: Mapped[str] = mapped_column(primary_key=True)
    """The rescoring that gave it."""
    time: Mapped[datetime]
    """What the rescoring was as of."""
    from_tier: Mapped[str | None]
    """Null for the first tier of a customer."""
    to_tier: Mapped[str]
    value: Mapped[float]
    """What the scheme measured: a probability, or minor units."""
    tier_scheme: Mapped[int]
    model_id: Mapped[str]
    __table_args__ = (Index(None, "time", "customer_id"),)


class ShadowScoreRow(Row):
    """What a model that does not answer says of a customer; the rows of one run at a time."""

    __tablename__ = "shadow_scores"
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    operation_id: Mapped[str] = mapped_column(primary_key=True)
    """The run that wrote it; it pins model and as-of time."""
    purchase_90: Mapped[float]
    spend_minor: Mapped[int]
