"""What coupons that are out may cost is told from counts, and reports say when they are made anew.

Revision: 0087
After: 0086
"""

import sqlalchemy as sa
from alembic import op

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
NOTE = """
CREATE FUNCTION note_withdrawn() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO withdrawn_coupons (campaign_id, code) VALUES (NEW.campaign_id, NEW.code) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$
"""
# An erasure gives a coupon a pseudonym and ends it; nothing else gives it another customer.
TRIGGER = """
CREATE TRIGGER note_withdrawn AFTER UPDATE ON coupons FOR EACH ROW
WHEN (NEW.state = 'BLOCKED' AND OLD.state <> 'BLOCKED' OR NEW.customer_id <> OLD.customer_id)
EXECUTE FUNCTION note_withdrawn()
"""


def upgrade() -> None:
    op.create_table(
        "withdrawn_coupons",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "code", name=op.f("pk_withdrawn_coupons")),
    )
    op.execute(NOTE)
    op.execute(TRIGGER)
    for name in ("spend_minor", "used_count", "used_spend_minor"):
        op.add_column("counted_groups", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("counted_groups", sa.Column("used_buyers", sa.Float(), server_default="0", nullable=False))
    op.add_column("counted_groups", sa.Column("first_expire_time", TIME, nullable=True))
    op.add_column("counted_campaigns", sa.Column("used_until", TIME, nullable=True))
    op.add_column("counted_campaigns", sa.Column("count_seconds", sa.Float(), server_default="0", nullable=False))
    op.add_column("report_views", sa.Column("due_time", TIME, nullable=True))


def downgrade() -> None:
    op.drop_column("report_views", "due_time")
    for name in ("count_seconds", "used_until"):
        op.drop_column("counted_campaigns", name)
    for name in ("first_expire_time", "used_buyers", "used_spend_minor", "used_count", "spend_minor"):
        op.drop_column("counted_groups", name)
    op.execute("DROP TRIGGER note_withdrawn ON coupons")
    op.execute("DROP FUNCTION note_withdrawn")
    op.drop_table("withdrawn_coupons")
