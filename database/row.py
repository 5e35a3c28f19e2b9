"""The base of all rows, which are named after the value they hold: CampaignRow holds a Campaign."""

from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from sqlalchemy import BigInteger, MetaData, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
NOW = text("now()")


class Dataclass(Protocol):
    """Of values; typing has no name for it."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


Value = TypeVar("Value", bound=Dataclass)


class Row(DeclarativeBase):
    """The base of all rows: strings are text, times carry their zone, integers are 64 bits wide.

    A row that is read again says what is there; nothing is written through one.
    """

    __mapper_args__ = {"always_refresh": True}
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {
        str: Text,
        int: BigInteger,
        datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
        bytes: BYTEA,
    }

    @classmethod
    def column_names(cls) -> str:
        """Its columns, for a plain statement: * would also bring those of a later version, which this one knows not."""
        return ", ".join(f"{cls.__tablename__}.{column.name}" for column in cls.__table__.columns)

    def columns(self) -> dict[str, Any]:
        """The content by the names of the columns."""
        return {column.key: getattr(self, column.key) for column in self.__table__.columns}

    def held(self, kind: type[Value]) -> Value:
        """The value of this kind, each of whose fields is a column."""
        return kind(**{name: getattr(self, name) for name in kind.__dataclass_fields__})
