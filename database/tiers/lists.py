"""Customers side by side: pages of them by what people look for."""

from dataclasses import dataclass

from sqlalchemy import Select, select, text

from database.customers.known import KnownCustomer, known
from database.customers.tables import CustomerRow
from database.models.tables import ScoreRow
from database.session import Snapshot

BY_BYTES = text("customers.customer_id USING ~<~")
LAST_SYMBOL = "\U0010ffff"
"""The last of all by its bytes, and no id's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which customers; what is empty leaves all. Each is found by an index of its own."""

    id_prefix: str = ""
    tier: str | None = None
    country: str = ""
    """As it is stored."""


EVERY = Sought()


def page(snapshot: Snapshot, sought: Sought = EVERY, *, after: str | None, limit: int) -> list[KnownCustomer]:
    """By customer_id; the next page is `after` the last customer of this one."""
    return [known(row) for row in snapshot.scalars(asking(sought, after=after, limit=limit))]


def asking(sought: Sought, *, after: str | None, limit: int) -> Select[CustomerRow]:
    """Ids that begin alike stand together by their bytes only: a collation may pass over hyphens."""
    ident = CustomerRow.customer_id
    query = select(CustomerRow).limit(limit)
    if sought.tier is not None:
        query = query.join(ScoreRow, ScoreRow.customer_id == ident).where(ScoreRow.tier == sought.tier)
    if sought.country:
        query = query.where(CustomerRow.country == sought.country)
    if not sought.id_prefix:
        query = query.order_by(ident)
        return query if after is None else query.where(ident > after)
    until = sought.id_prefix + LAST_SYMBOL
    query = query.where(ident.op("~>=~")(sought.id_prefix), ident.op("~<~")(until)).order_by(BY_BYTES)
    return query if after is None else query.where(ident.op("~>~")(after))
