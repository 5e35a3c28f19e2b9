"""What an erasure does to each table. A test walks all of them and fails for a column that stands in no list here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Text, any_, delete, func, literal, select, text, update
from sqlalchemy.orm import InstrumentedAttribute

from database.audiences.tables import AudienceRow, CustomerFactsRow, ExclusionRow, SegmentMemberRow
from database.audit.tables import SubjectRow
from database.coupons.tables import CouponRow, MessageRow, OwnCodeRow, RedemptionRow, ReservationRow
from database.customers.tables import CustomerRow
from database.customers.tombstones import HASH
from database.customers.traces import length_of, number_of
from database.events.tables import CustomerStateRow, EventRow, RejectedRow
from database.models.tables import ScoreHistoryRow, ScoreRow, ShadowScoreRow
from database.row import Row
from database.session import Snapshot, Transaction, changed_rows, driver_connection
from database.terms.tables import CampaignRow
from database.tiers.tables import TierChangeRow
from database.work.tables import OperationRow, OutboxRow, RequestRow

GONE: tuple[type[Row], ...] = (
    EventRow, CustomerStateRow, ScoreRow, ShadowScoreRow, ScoreHistoryRow, TierChangeRow, CustomerFactsRow,
    SegmentMemberRow, ExclusionRow, OwnCodeRow, CustomerRow,
)  # fmt: skip
"""Their rows about the customer are deleted."""
BOOKS: tuple[type[Row], ...] = (AudienceRow, CouponRow, RedemptionRow, MessageRow)
"""Their rows keep their sums, under a pseudonym."""
CLEARED: tuple[InstrumentedAttribute[Any], ...] = (AudienceRow.inputs,)
"""Of those, what is known of the person and no sum needs."""
FORGOTTEN_LAST: tuple[type[Row], ...] = (SubjectRow,)
"""The audit trail still needs it for the line about the erasure itself, and lets it go by `subjects.forget`."""
ORDERS: tuple[InstrumentedAttribute[str], ...] = (RedemptionRow.order_id, ReservationRow.order_id)
"""The shop's own key of an order leads to the person, so the row's own key takes its place."""
TRACES: tuple[InstrumentedAttribute[Any], ...] = (
    RejectedRow.content, RequestRow.response, RequestRow.named, OperationRow.request, OperationRow.response,
    OperationRow.cursor, OperationRow.error, OperationRow.why, OutboxRow.arguments,
)  # fmt: skip
"""What was written down on the way and may name the customer, or did."""
# As every import does: the customer before the state, which is deleted first.
LOCK_CUSTOMER = "SELECT FROM customers WHERE customer_id = %s FOR UPDATE"
# A chunk of a launch or of a hand-over that is under way read of the customer already, and locked its operation first:
# what it gives them is found once it is over, and the next one finds them gone.
WAIT_FOR_CHUNKS = """
SELECT FROM operations
WHERE state = 'RUNNING' AND kind IN ('LAUNCH_CAMPAIGN', 'HAND_OVER_COUPONS') AND EXISTS (
  SELECT FROM audiences WHERE campaign_id = request ->> 'campaign_id' AND customer_id = %s
) ORDER BY operation_id FOR UPDATE
"""
# As every till does: the coupon first. Whoever is at one has committed when the statements after this one look.
LOCK_COUPONS = "SELECT code FROM coupons WHERE customer_id = %s ORDER BY code FOR UPDATE"
CLOSE_BOOKS: Mapping[str, str] = {
    "reservations": """
UPDATE reservations SET order_id = 'erased-' || reservation_id WHERE code = ANY(%(codes)s)
""",
    "redemptions": """
UPDATE redemptions SET order_id = 'erased-' || redemption_id, customer_id = %(pseudonym)s WHERE code = ANY(%(codes)s)
""",
    # A till that waits here comes with a time of before: even then an unused code is over. A used one may be given
    # back, but only later.
    "coupons": """
UPDATE coupons SET customer_id = %(pseudonym)s,
  close_time = least(close_time, CASE state WHEN 'REDEEMED' THEN %(now)s ELSE issue_time END)
WHERE code = ANY(%(codes)s)
""",
    # Else the coupon would be one that nobody was written of yet.
    "messages": """
UPDATE messages SET customer_id = %(pseudonym)s WHERE customer_id = %(customer_id)s
""",
}
# Audiences have no index by customer and are the largest table after years: each campaign looks up its own by key.
EVERY_CAMPAIGN = select(CampaignRow.campaign_id).scalar_subquery()
# Under a pseudonym they would still be given a code, by a launch that comes to them later.
LEAVE_LAUNCHES = """
DELETE FROM audiences AS member USING campaigns
WHERE member.customer_id = %s AND campaigns.campaign_id = member.campaign_id
  AND activate_time IS NULL AND state <> 'ENDED' AND NOT EXISTS (
    SELECT FROM coupons WHERE coupons.campaign_id = member.campaign_id AND coupons.customer_id = member.customer_id
  )
"""
# An answer names a customer by a whole string, which protobuf writes after its length, or by the name of an event.
WIPE_ANSWERS = b"""
DELETE FROM requests WHERE (named @> ARRAY[%(number)s::bigint] OR named IS NULL AND response IS NOT NULL)
  AND (position(%(field)s::bytea in response) > 0 OR position(%(parent)s::bytea in response) > 0)
"""
# Most operations of years are erasures, and one of these names its own customer only.
WIPE_TRACES: Mapping[str, str] = {
    "rejected_rows": """
DELETE FROM rejected_rows WHERE values_of(content) @> ARRAY[hashtextextended(%(customer_id)s, 0)]
  AND EXISTS (SELECT FROM jsonb_each_text(content) WHERE %(customer_id)s = ANY (ids_said(value)))
""",
    "operations": """
UPDATE operations SET cursor = nullif(cursor, %(customer_id)s), error = replace(error, %(name)s, %(pseudonym)s),
  why = replace(replace(why::text, %(quoted_id)s, %(quoted_pseudonym)s), %(quoted_name)s, %(quoted_pseudonym)s)::jsonb,
  request = replace(replace(request::text, %(quoted_id)s, %(quoted_pseudonym)s), %(quoted_name)s, %(quoted_pseudonym)s)
    ::jsonb,
  response = replace(replace(response::text, %(quoted_id)s, %(quoted_pseudonym)s), %(quoted_name)s,
    %(quoted_pseudonym)s)::jsonb
WHERE state <> 'RUNNING' AND (kind <> 'ERASE_CUSTOMER' OR request ->> 'customer_id' = %(customer_id)s) AND (
  cursor = %(customer_id)s OR position(%(name)s in error) > 0
  OR position(%(quoted_id)s in why::text) > 0 OR position(%(quoted_name)s in why::text) > 0
  OR position(%(quoted_id)s in request::text) > 0 OR position(%(quoted_name)s in request::text) > 0
  OR position(%(quoted_id)s in response::text) > 0 OR position(%(quoted_name)s in response::text) > 0
)
""",
    "outbox": """
DELETE FROM outbox
WHERE position(%(quoted_id)s in arguments::text) > 0 OR position(%(quoted_name)s in arguments::text) > 0
""",
}
DROP_REJECTED = (
    b"""
DELETE FROM rejected_rows WHERE import_id = %s AND EXISTS (SELECT FROM erased_customers) AND EXISTS (
  SELECT FROM (SELECT unnest(ids_said(value)) AS customer_id FROM jsonb_each_text(content)) AS named
  WHERE customer_id IS NOT NULL AND """
    + HASH
    + b""" IN (SELECT id_hash FROM erased_customers)
)
"""
)
# A launch or a hand-over may be held for weeks and is not waited for: each chunk reads anew, and finds the pseudonym.
STILL_AT_WORK = """
SELECT EXISTS (
  SELECT FROM operations
  WHERE state = 'RUNNING' AND create_time <= %s
    AND kind NOT IN ('ERASE_CUSTOMER', 'LAUNCH_CAMPAIGN', 'HAND_OVER_COUPONS')
)
"""
STEP_BACK = """
UPDATE operations SET cursor = coalesce((
  SELECT max(customer_id) FROM audiences WHERE campaign_id = request ->> 'campaign_id' AND customer_id < cursor
), '') WHERE state = 'RUNNING' AND kind IN ('LAUNCH_CAMPAIGN', 'HAND_OVER_COUPONS') AND cursor = %(customer_id)s
"""
"""Held work stands after the customer: after the one before, it gives nothing twice."""


def erase(transaction: Transaction, customer_id: str, *, pseudonym: str, now: datetime) -> dict[str, int]:
    """Delete what is about the customer only, and give the books a pseudonym; rows touched, by table.

    The customer's codes are over for everybody, and launches under way give out no others. Doing it
    again takes what came since, with a pseudonym of its own.
    """
    connection = driver_connection(transaction)
    connection.execute(LOCK_CUSTOMER, (customer_id,))
    connection.execute(WAIT_FOR_CHUNKS, (customer_id,))
    codes = [code for (code,) in connection.execute(LOCK_COUPONS, (customer_id,)).fetchall()]
    # Before the books are closed: then no coupon would be the customer's, nor keep its place in the audience.
    left = connection.execute(LEAVE_LAUNCHES, (customer_id,)).rowcount
    known = {"codes": codes, "customer_id": customer_id, "pseudonym": pseudonym, "now": now}
    touched = {
        table: connection.execute(statement.encode(), known).rowcount for table, statement in CLOSE_BOOKS.items()
    }
    which = update(AudienceRow).where(
        AudienceRow.campaign_id == any_(func.array(EVERY_CAMPAIGN)), AudienceRow.customer_id == customer_id
    )
    cleared = {each.key: None for each in CLEARED}
    renamed = which.values(customer_id=pseudonym, **cleared)
    touched["audiences"] = left + changed_rows(
        transaction.execute(renamed, execution_options={"synchronize_session": False})
    )
    return touched | delete_about(transaction, [customer_id])


def delete_about(transaction: Transaction, customer_ids: Sequence[str]) -> dict[str, int]:
    """Delete what is about these customers only; rows, by table."""
    deleted = {}
    for row in GONE:
        which = delete(row).where(row.__table__.c.customer_id == any_(literal(customer_ids, ARRAY(Text))))
        deleted[str(row.__tablename__)] = changed_rows(transaction.execute(which))
    return deleted


def wipe_answers(transaction: Transaction, customer_id: str) -> dict[str, int]:
    """Delete the answers that name the customer, so that no repeated request gets them; rows, by table."""
    encoded = f"customers/{customer_id}".encode()
    facts = {"field": length_of(encoded) + encoded, "parent": encoded + b"/", "number": number_of(customer_id)}
    deleted = driver_connection(transaction).execute(WIPE_ANSWERS, facts).rowcount
    return {str(RequestRow.__tablename__): deleted}


def wipe_traces(transaction: Transaction, customer_id: str, *, pseudonym: str) -> dict[str, int]:
    """Take the customer out of what was written down on the way; rows touched, by table."""
    facts = _spellings(transaction, customer_id, pseudonym)
    connection = driver_connection(transaction)
    connection.execute(STEP_BACK.encode(), facts)
    return wipe_answers(transaction, customer_id) | {
        table: connection.execute(statement.encode(), facts).rowcount for table, statement in WIPE_TRACES.items()
    }


def drop_rejected(transaction: Transaction, import_id: str) -> None:
    """Delete the rows of a file that name a customer who was erased before."""
    driver_connection(transaction).execute(DROP_REJECTED, (import_id,))


def bulk_work_since_before(snapshot: Snapshot, operation_id: str) -> bool:
    """Whether bulk work is under way that began no later than this operation and may still write of the customer."""
    began = snapshot.execute(select(OperationRow.create_time).where(OperationRow.operation_id == operation_id)).scalar()
    row = driver_connection(snapshot).execute(STILL_AT_WORK, (began,)).fetchone()
    return bool(row and row[0])


def _spellings(snapshot: Snapshot, customer_id: str, pseudonym: str) -> dict[str, Any]:
    """The ways in which rows write the customer down."""
    name = f"customers/{customer_id}"
    quote = text("SELECT to_jsonb(CAST(:value AS text))::text")
    quoted = {
        key: snapshot.execute(quote, {"value": value}).scalar_one()
        for key, value in (("quoted_id", customer_id), ("quoted_name", name), ("quoted_pseudonym", pseudonym))
    }
    return {"customer_id": customer_id, "name": name, "pseudonym": pseudonym, **quoted}
