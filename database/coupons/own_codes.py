"""Codes that a shop brings along: taken in for a campaign, and turned into coupons in the place of new codes."""

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl
from sqlalchemy import FromClause, func, select

from database.copying import copy_frame
from database.coupons import chunks
from database.coupons.chunks import WITHOUT, Chunk, Terms
from database.coupons.tables import OwnCodeRow
from database.session import Snapshot, Transaction, driver_connection

STAGED = pl.Schema(
    {
        "row_number": pl.Int64(),
        "code": pl.String(),
        "customer_id": pl.String(),
        "field": pl.String(),
        "reason": pl.String(),
    }
)
"""A row as it came, from 1; with a field and a reason where it cannot be taken in."""
# Two imports of the same codes side by side would not see each other's.
ALONE = "SELECT pg_advisory_xact_lock(hashtext('own codes'))"
STAGE = """
CREATE TEMPORARY TABLE own_code_stage (row_number bigint, code text, customer_id text, field text, reason text)
ON COMMIT DROP
"""
REPEATED = """
UPDATE own_code_stage AS stage SET field = %s, reason = %s
FROM (
  SELECT row_number, min(row_number) OVER (PARTITION BY {column}) AS first FROM own_code_stage
  WHERE reason IS NULL AND {column} IS NOT NULL
) AS seen
WHERE stage.row_number = seen.row_number AND seen.row_number > seen.first
"""
REPEATED_CODE, REPEATED_CUSTOMER = (REPEATED.format(column=column) for column in ("code", "customer_id"))
UNKNOWN_CUSTOMER = """
UPDATE own_code_stage AS stage SET field = 'customer', reason = 'CUSTOMER_NOT_FOUND'
WHERE reason IS NULL AND customer_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM customers WHERE customers.customer_id = stage.customer_id)
"""
KNOWN = """
DELETE FROM own_code_stage AS stage USING own_codes AS own
WHERE stage.reason IS NULL AND own.code = stage.code AND own.campaign_id = %s
  AND own.customer_id IS NOT DISTINCT FROM stage.customer_id
"""
# Codes on their way from the one table into the other are seen in the first or in the second.
TAKEN = """
UPDATE own_code_stage AS stage SET field = 'code', reason = 'CODE_TAKEN'
FROM {table} AS other WHERE other.code = stage.code AND stage.reason IS NULL
"""
TAKEN_FROM_OWN, TAKEN_FROM_COUPONS = (TAKEN.format(table=table) for table in ("own_codes", "coupons"))
HAS_ANOTHER = """
UPDATE own_code_stage AS stage SET field = 'customer', reason = 'CUSTOMER_HAS_CODE'
FROM own_codes AS own
WHERE own.campaign_id = %s AND own.customer_id = stage.customer_id AND stage.reason IS NULL
"""
ADD = """
INSERT INTO own_codes (code, campaign_id, customer_id)
SELECT code, %s, customer_id FROM own_code_stage WHERE reason IS NULL ORDER BY row_number
"""
REJECTED = "SELECT count(*) FROM own_code_stage WHERE reason IS NOT NULL"
REJECTIONS = """
SELECT row_number, field, reason FROM own_code_stage WHERE reason IS NOT NULL ORDER BY row_number LIMIT %s
"""
LEFT = "SELECT count(*) FROM own_codes WHERE campaign_id = %s"
ANY = "SELECT EXISTS (SELECT FROM own_codes WHERE campaign_id = %s)"
REMOVE = "DELETE FROM own_codes WHERE campaign_id = %s"
INTO_COUPONS = """
INSERT INTO coupons (code, campaign_id, customer_id, tier, channel, discount, state, issue_time)
SELECT code, %(campaign)s, customer_id, tier, channel, discount, 'ISSUED', %(issue_time)s
"""
GIVE_NAMED = f"""
WITH members AS (SELECT customer_id, tier, channel, discount {WITHOUT}), given AS (
  DELETE FROM own_codes USING members
  WHERE own_codes.campaign_id = %(campaign)s AND own_codes.customer_id = members.customer_id
  RETURNING own_codes.code, members.*
)
{INTO_COUPONS} FROM given ON CONFLICT (code) DO NOTHING
"""  # noqa: S608 - made of constants
GIVE_NEXT = f"""
WITH members AS (
  SELECT customer_id, tier, channel, discount, row_number() OVER (ORDER BY customer_id) AS turn {WITHOUT}
), next AS (
  SELECT code, row_number() OVER (ORDER BY place) AS turn FROM (
    SELECT code, place FROM own_codes WHERE campaign_id = %(campaign)s AND customer_id IS NULL
    ORDER BY place LIMIT (SELECT count(*) FROM members)
  ) AS waiting
), given AS (
  DELETE FROM own_codes USING next WHERE own_codes.code = next.code RETURNING next.code, next.turn
)
{INTO_COUPONS} FROM members JOIN given USING (turn) ON CONFLICT (code) DO NOTHING
"""  # noqa: S608 - made of constants


class Rejection(NamedTuple):
    """A row that was not taken in."""

    row_number: int
    """From 1."""
    field: str
    """code or customer."""
    reason: str


class Waiting(NamedTuple):
    """Codes that a campaign has before its launch."""

    unnamed: int
    """For whoever is next."""
    named: int
    """For one customer each."""
    within: int
    """Of those, for customers whom the campaign would reach."""


class Added(NamedTuple):
    """What became of rows."""

    imported: int
    known: int
    """That were taken in before."""
    rejected: int
    rejections: list[Rejection]
    """The first of them."""


def add(transaction: Transaction, campaign_id: str, batches: Iterable[pl.DataFrame], *, told: int) -> Added:
    """Take in batches of STAGED for a campaign, and judge the rows that have no reason yet; one batch is in memory.

    At most `told` rejections are told.
    """
    connection = driver_connection(transaction)
    connection.execute(ALONE)
    connection.execute(STAGE)
    for batch in batches:
        copy_frame(connection, "own_code_stage", batch)
    connection.execute("ANALYZE own_code_stage")
    connection.execute(REPEATED_CODE, ("code", "REPEATED_CODE"))
    connection.execute(REPEATED_CUSTOMER, ("customer", "REPEATED_CUSTOMER"))
    connection.execute(UNKNOWN_CUSTOMER)
    known = connection.execute(KNOWN, (campaign_id,)).rowcount
    connection.execute(TAKEN_FROM_OWN)
    connection.execute(TAKEN_FROM_COUPONS)
    connection.execute(HAS_ANOTHER, (campaign_id,))
    imported = connection.execute(ADD, (campaign_id,)).rowcount
    rejections = [
        Rejection(int(str(number)), str(field), str(reason))
        for number, field, reason in connection.execute(REJECTIONS, (told,))
    ]
    counted = connection.execute(REJECTED).fetchone()
    assert counted is not None, "an aggregate has one row"
    connection.execute("DROP TABLE own_code_stage")
    return Added(imported, known, int(str(counted[0])), rejections)


def any_left(snapshot: Snapshot, campaign_id: str) -> bool:
    """Whether a campaign has codes that nobody got yet."""
    found = driver_connection(snapshot).execute(ANY, (campaign_id,)).fetchone()
    return found is not None and bool(found[0])


def waiting(snapshot: Snapshot, campaign_id: str, members: FromClause) -> Waiting:
    """Codes of a campaign beside its candidates, as in `database.forecast.prospects`."""
    if not any_left(snapshot, campaign_id):
        return Waiting(0, 0, 0)
    own = select(OwnCodeRow).where(OwnCodeRow.campaign_id == campaign_id).subquery("own")
    reached = members.c.exclusion.is_(None) & (members.c.customer_id == own.c.customer_id)
    counts = select(
        func.count().filter(own.c.customer_id.is_(None)),
        func.count(own.c.customer_id),
        func.count(members.c.customer_id),
    )
    return Waiting(*snapshot.execute(counts.select_from(own.outerjoin(members, reached))).one())


def left(snapshot: Snapshot, campaign_id: str) -> int:
    """How many codes a campaign has that nobody got."""
    found = driver_connection(snapshot).execute(LEFT, (campaign_id,)).fetchone()
    assert found is not None, "an aggregate has one row"
    return int(str(found[0]))


def remove(transaction: Transaction, campaign_id: str) -> int:
    """Delete codes of a campaign that nobody got, so that they can be taken in for another; how many."""
    return driver_connection(transaction).execute(REMOVE, (campaign_id,)).rowcount


def give(transaction: Transaction, terms: Terms, chunk: Chunk) -> int:
    """Turn codes into coupons of customers of the chunk who have none: first their own, then whichever is next.

    How many coupons are new.
    """
    values = chunks.values_of(terms, chunk) | {"issue_time": terms.issue_time}
    connection = driver_connection(transaction)
    return sum(connection.execute(statement, values).rowcount for statement in (GIVE_NAMED, GIVE_NEXT))
