"""The last stored score of each customer, written in bulk and read one at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import polars as pl
from psycopg import sql
from sqlalchemy import func, select, text

from database.copying import copy_frame
from database.customers.tables import CustomerRow
from database.models.tables import ScoreRow
from database.session import Snapshot, Transaction, driver_connection

COLUMNS = (
    "customer_id", "model_id", "as_of", "purchase_30", "purchase_60", "purchase_90", "churn", "spend_minor",
    "spend_low_minor", "spend_high_minor", "expected_orders", "currency",
)  # fmt: skip
STAGED = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
STAGE = sql.SQL("CREATE TEMPORARY TABLE score_stage ON COMMIT DROP AS SELECT {} FROM scores LIMIT 0").format(STAGED)
MERGE = sql.SQL("""
INSERT INTO scores ({staged}, operation_id, update_time) SELECT {staged}, %s, %s FROM score_stage
ON CONFLICT (customer_id) DO UPDATE SET ({rest}) = ({new}) WHERE scores.operation_id <> excluded.operation_id
""").format(
    staged=STAGED,
    rest=sql.SQL(", ").join(map(sql.Identifier, (*COLUMNS[1:], "operation_id", "update_time"))),
    new=sql.SQL(", ").join(sql.Identifier("excluded", name) for name in (*COLUMNS[1:], "operation_id", "update_time")),
)

TWENTIETHS = 20
CHANCES = text("""
SELECT least(floor(purchase_90 * :bins), :bins - 1)::integer, count(*) FROM scores
WHERE operation_id = :operation_id AND purchase_90 <> 'NaN' GROUP BY 1
""")

PASSED_OVER = text("""
SELECT count(*) FROM customers LEFT JOIN scores USING (customer_id)
WHERE customers.create_time < :begun AND scores.operation_id IS DISTINCT FROM :operation_id
""")


class Scored(Protocol):
    """What the network says of one customer."""

    @property
    def customer_id(self) -> str: ...
    @property
    def model_id(self) -> str: ...
    @property
    def as_of(self) -> datetime: ...
    @property
    def purchase_30(self) -> float: ...
    @property
    def purchase_60(self) -> float: ...
    @property
    def purchase_90(self) -> float: ...
    @property
    def churn(self) -> float: ...
    @property
    def spend_minor(self) -> int: ...
    @property
    def spend_low_minor(self) -> int: ...
    @property
    def spend_high_minor(self) -> int: ...
    @property
    def expected_orders(self) -> float: ...
    @property
    def currency(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredScore:
    """A score as it was last stored."""

    customer_id: str
    model_id: str
    as_of: datetime
    purchase_30: float
    purchase_60: float
    purchase_90: float
    churn: float
    spend_minor: int
    spend_low_minor: int
    spend_high_minor: int
    expected_orders: float | None
    """None in a score that was stored before there was such a number."""
    currency: str
    operation_id: str
    """The rescoring that wrote it."""
    tier: str | None
    """None until the first rescoring that met the customer is over."""
    tier_scheme: int | None
    """Version of the thresholds that gave the tier."""
    tier_model_id: str | None
    """The model whose score gave the tier; another one than `model_id` while a rescoring is under way."""
    tier_since: datetime | None
    below_since: datetime | None
    """As-of time of the first rescoring in a row that found the measure below the tier's margin."""
    update_time: datetime


def store(transaction: Transaction, scores: Sequence[Scored], *, operation_id: str, now: datetime) -> int:
    """Keep one score a customer; returns how many rows changed. An operation writes each once, and no tier."""
    if not scores:
        return 0
    frame = _frame(scores)
    connection = driver_connection(transaction)
    connection.execute(STAGE)
    copy_frame(connection, "score_stage", frame)
    return connection.execute(MERGE, (operation_id, now)).rowcount


def get(snapshot: Snapshot, customer_id: str) -> StoredScore | None:
    """The last score of a customer."""
    row = snapshot.get(ScoreRow, customer_id)
    return None if row is None else row.held(StoredScore)


def among(snapshot: Snapshot, customer_ids: Collection[str]) -> dict[str, StoredScore]:
    """The last scores of some customers, by customer_id; who was never scored is missing."""
    query = select(ScoreRow).where(ScoreRow.customer_id.in_(customer_ids))
    return {row.customer_id: row.held(StoredScore) for row in snapshot.scalars(query)}


def next_customers(snapshot: Snapshot, *, after: str | None, limit: int) -> list[str]:
    """The customers that follow the cursor of a bulk run, by customer_id."""
    query = select(CustomerRow.customer_id).order_by(CustomerRow.customer_id).limit(limit)
    return list(snapshot.scalars(query if after is None else query.where(CustomerRow.customer_id > after)))


def some_customers(snapshot: Snapshot, *, limit: int) -> list[str]:
    """Customers drawn by a hash of their ids, so that they are the same ones tomorrow."""
    drawn = func.hashtext(CustomerRow.customer_id)
    return list(snapshot.scalars(select(CustomerRow.customer_id).order_by(drawn, CustomerRow.customer_id).limit(limit)))


def count_customers(snapshot: Snapshot) -> int:
    """How many customers a bulk run will meet."""
    return snapshot.execute(select(func.count()).select_from(CustomerRow)).scalar_one()


def count_passed_over(snapshot: Snapshot, operation_id: str, *, begun: datetime) -> int:
    """How many customers were there when a rescoring that met all began, and have no score of it."""
    asked = {"begun": begun, "operation_id": operation_id}
    return int(snapshot.execute(PASSED_OVER, asked).scalar_one())


def made_by(snapshot: Snapshot) -> set[str]:
    """The models that made the stored scores."""
    return set(snapshot.scalars(select(ScoreRow.model_id).distinct()))


def chances(snapshot: Snapshot, operation_id: str) -> list[int]:
    """How many scores of a rescoring lie in each twentieth of the probability to buy within 90 days."""
    rows = snapshot.execute(CHANCES, {"operation_id": operation_id, "bins": TWENTIETHS})
    found: dict[int, int] = dict(rows.all())
    return [found.get(place, 0) for place in range(TWENTIETHS)]


def _frame(scores: Sequence[Scored]) -> pl.DataFrame:
    measured = {name: [getattr(score, name) for score in scores] for name in COLUMNS}
    return pl.DataFrame(measured).with_columns(pl.col("as_of").dt.convert_time_zone("UTC"))


def scored_currency(snapshot: Snapshot) -> str | None:
    """Of what stored scores expect to be spent; None before the first score."""
    return snapshot.scalars(select(ScoreRow.currency).order_by(ScoreRow.customer_id).limit(1)).one_or_none()
