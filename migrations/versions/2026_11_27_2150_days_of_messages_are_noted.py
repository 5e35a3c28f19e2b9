"""Days of which messages come or go are noted, so that reports count these and no others.

Revision: 0085
After: 0075
"""

import sqlalchemy as sa
from alembic import op

revision = "0085"
down_revision = "0075"
branch_labels = None
depends_on = None

# Who adds knows nothing of what others add at the same time: the day is counted whole. Whoever takes away a customer's
# last message of a day, kind and channel knows that there is one customer less.
NOTE = """
CREATE FUNCTION note_messages() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' THEN
        INSERT INTO uncounted_messages (day)
        SELECT DISTINCT (time AT TIME ZONE 'UTC')::date FROM added WHERE event_type IN (6, 7);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO uncounted_messages (day)
        SELECT DISTINCT (time AT TIME ZONE 'UTC')::date FROM gone WHERE event_type IN (6, 7);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO uncounted_messages (day, event_type, channel, messages, customers)
        SELECT day, nullif(event_type, left_over), CASE WHEN left_over IS NULL THEN channel END, sum(messages), count(*)
        FROM (
            SELECT customer_id, (time AT TIME ZONE 'UTC')::date AS day, event_type,
              coalesce(upper(channel), 'UNKNOWN') AS channel, count(*) AS messages
            FROM gone WHERE event_type IN (6, 7) GROUP BY 1, 2, 3, 4
        ) AS less
        CROSS JOIN LATERAL (SELECT (
            SELECT event_type FROM events WHERE events.customer_id = less.customer_id
              AND time >= day::timestamp AT TIME ZONE 'UTC' AND time < (day + 1)::timestamp AT TIME ZONE 'UTC'
              AND events.event_type = less.event_type AND coalesce(upper(events.channel), 'UNKNOWN') = less.channel
            LIMIT 1
        ) AS left_over) AS others
        GROUP BY 1, 2, 3;
    END IF;
    RETURN NULL;
END
$$
"""
TRIGGERS = """
CREATE TRIGGER note_added AFTER INSERT ON events REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION note_messages();
CREATE TRIGGER note_changed AFTER UPDATE ON events REFERENCING OLD TABLE AS gone NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION note_messages();
CREATE TRIGGER note_gone AFTER DELETE ON events REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION note_messages();
"""


def upgrade() -> None:
    op.create_table(
        "counted_messages",
        *_place(nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "event_type", "channel", name=op.f("pk_counted_messages")),
    )
    op.create_table(
        "uncounted_messages",
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        *_place(nullable=True),
        sa.Column("messages", sa.BigInteger(), nullable=True),
        sa.Column("customers", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_uncounted_messages")),
    )
    op.create_index(op.f("ix_uncounted_messages_day"), "uncounted_messages", ["day"])
    op.execute(NOTE)
    for trigger in TRIGGERS.split(";")[:-1]:
        op.execute(trigger)


def downgrade() -> None:
    for trigger in ("note_gone", "note_changed", "note_added"):
        op.execute(f"DROP TRIGGER {trigger} ON events")
    op.execute("DROP FUNCTION note_messages")
    for table in ("uncounted_messages", "counted_messages"):
        op.drop_table(table)


def _place(*, nullable: bool) -> "list[sa.Column[object]]":
    return [
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("event_type", sa.SmallInteger(), nullable=nullable),
        sa.Column("channel", sa.Text(), nullable=nullable),
    ]
