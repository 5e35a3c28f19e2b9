"""Versions of the thresholds, and the history of every customer's tier."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from database.row import NOW, Row


class TierSchemeRow(Row):
    """A version of the thresholds that turn a measure into high, mid and low."""

    __tablename__ = "tier_schemes"
    version: Mapped[int] = mapped_column(Identity(), primary_key=True)
    measure: Mapped[str]
    method: Mapped[str]
    """ABSOLUTE (thresholds on the measure) or QUANTILE (shares from the top, turned into thresholds by rescoring)."""
    parameters: Mapped[dict[str, Any]]
    thresholds: Mapped[dict[str, Any] | None]
    margin: Mapped[float] = mapped_column(server_default=text("0"))
    grace_days: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    active: Mapped[bool]
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (Index("uq_tier_schemes_active", "active", unique=True, postgresql_where=text("active")),)


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
