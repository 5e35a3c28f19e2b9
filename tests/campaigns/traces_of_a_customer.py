"""Where a customer is named in the database, whatever wrote it there."""

from collections.abc import Iterator

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, Column, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from tierwise.v1 import customer_pb2

from database.every_table import METADATA

WHO = "anna-4711"
SPEAKING = (Text, JSONB, BYTEA, LargeBinary, ARRAY)
"""Types of columns that could hold a name."""


def speaking() -> Iterator[tuple[Table, "Column[object]"]]:
    for table in METADATA.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, SPEAKING):
                yield table, column


def found(database_url: str) -> set[str]:
    """table.column wherever the customer is named."""
    places = set()
    with psycopg.connect(database_url) as connection:
        for table, column in speaking():
            where = (
                "position(convert_to(%s, 'UTF8') in {column}) > 0"
                if isinstance(column.type, BYTEA | LargeBinary)
                else "position(%s in {column}::text) > 0"
            )
            query = sql.SQL("SELECT 1 FROM {table} WHERE " + where + " LIMIT 1").format(
                table=sql.Identifier(table.name), column=sql.Identifier(column.name)
            )
            if connection.execute(query, (WHO,)).fetchone():
                places.add(f"{table.name}.{column.name}")
    return places


def plant(database_url: str) -> None:
    """Traces that no use case of today leaves, in every place that erasure says it treats."""
    name = f"customers/{WHO}"
    answer = customer_pb2.Customer(name=name).SerializeToString()
    other = customer_pb2.Customer(name=f"customers/{WHO}2").SerializeToString()
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO imports VALUES ('one', 'events', 'till.csv', 'FINISHED', '{}')")
        connection.execute("INSERT INTO rejected_rows VALUES ('one', 1, 'DUPLICATE', %s)", (Jsonb({"Card": WHO}),))
        for method, response in (("Update", answer), ("Other", other)):
            connection.execute("INSERT INTO requests VALUES (%s, 'r', '', %s)", (method, response))
        connection.execute(
            "INSERT INTO operations (operation_id, kind, state, request, cursor, error, why, response) "
            "VALUES ('old', 'BUILD_SEGMENT', 'SUCCEEDED', %s, %s, %s, %s, %s)",
            (Jsonb({"who": WHO}), WHO, f"there is no {name}", Jsonb({"facts": name}), Jsonb({"list": [name]})),
        )
        connection.execute("INSERT INTO outbox (task, arguments) VALUES ('gone', %s)", (Jsonb({"who": WHO}),))
        connection.execute("INSERT INTO segments (segment_id, display_name, rule) VALUES ('all', 'All', '{}')")
        connection.execute("INSERT INTO segment_members VALUES ('all', 1, %s)", (WHO,))
        connection.execute(
            "INSERT INTO reservations (reservation_id, code, campaign_id, order_id, order_minor, discount_minor,"
            " currency, shard, state, reserve_time, expire_time) SELECT 'held', code, campaign_id, %s, 5, 1, 'GBP', 0,"
            " 'RELEASED', now(), now() FROM coupons WHERE customer_id = %s",
            (f"order-of-{WHO}", WHO),
        )
        connection.execute(
            "INSERT INTO redemptions (redemption_id, code, campaign_id, customer_id, order_id, order_minor,"
            " discount_minor, currency, redeem_time) SELECT 'used', code, campaign_id, customer_id, %s, 500, 50, 'GBP',"
            " now() FROM coupons WHERE customer_id = %s",
            (f"order-of-{WHO}", WHO),
        )
