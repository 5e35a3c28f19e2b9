"""Who may come in, who guesses, and the people who sign in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from database.row import NOW, Row


class ApiKeyRow(Row):
    """A key that a program sends to say who it is; of the key itself only a hash is here."""

    __tablename__ = "api_keys"
    key_id: Mapped[str] = mapped_column(primary_key=True)
    """Stands in the key in the clear, so that the row is found by it."""
    name: Mapped[str]
    role: Mapped[str]
    secret_hash: Mapped[bytes]
    """SHA-256 of the whole key."""
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    expire_time: Mapped[datetime | None]
    revoke_time: Mapped[datetime | None]
    last_use_time: Mapped[datetime | None]
    """To the minute."""


class GuessRow(Row):
    """A caller who tried codes that do not exist."""

    __tablename__ = "guesses"
    caller: Mapped[str] = mapped_column(primary_key=True)
    paid_until: Mapped[datetime]
    """Each try costs time; when this moment has come, all of them are paid."""


class StaffRow(Row):
    """Somebody who works for the shop."""

    __tablename__ = "staff"
    name: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    password_hash: Mapped[str | None]
    """Null for who signs in through the identity provider only."""
    active: Mapped[bool]
    failed_count: Mapped[int]
    """Wrong passwords since the last right one, from browsers in which nobody signed in under this name before."""
    locked_until: Mapped[datetime | None]
    """To those browsers."""
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
    update_time: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (CheckConstraint("failed_count >= 0", name="failed"),)


class StaffSessionRow(Row):
    """A browser in which somebody is signed in; the browser holds the token, we its hash."""

    __tablename__ = "staff_sessions"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    """SHA-256: the token has 256 random bits, so nothing slower is needed."""
    name: Mapped[str] = mapped_column(ForeignKey(StaffRow.name, ondelete="CASCADE"))
    create_time: Mapped[datetime]
    expire_time: Mapped[datetime]
    __table_args__ = (Index(None, "name"), Index(None, "expire_time"))


class StaffBrowserRow(Row):
    """A browser in which somebody signed in with a password; it holds the token, we its hash. It lets nobody in."""

    __tablename__ = "staff_browsers"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    """SHA-256."""
    name: Mapped[str] = mapped_column(ForeignKey(StaffRow.name, ondelete="CASCADE"), primary_key=True)
    """Several people may use one browser."""
    failed_count: Mapped[int]
    """Wrong passwords from there since the last right one."""
    locked_until: Mapped[datetime | None]
    expire_time: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("failed_count >= 0", name="failed"),
        Index(None, "name"),
        Index(None, "expire_time"),
    )


class StaffIdentityRow(Row):
    """Whose account it is to the identity provider."""

    __tablename__ = "staff_identities"
    identity: Mapped[str] = mapped_column(primary_key=True)
    """Issuer#subject, which stay when somebody's address changes."""
    name: Mapped[str] = mapped_column(ForeignKey(StaffRow.name, ondelete="CASCADE"), unique=True)
    create_time: Mapped[datetime] = mapped_column(server_default=NOW)
