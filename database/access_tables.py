"""Tables that say who may come in, and who guesses."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from database.tables import NOW, Row


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
