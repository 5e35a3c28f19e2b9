"""What rules may ask of each customer, and saved segments with their members.

Revision: 0002
After: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


# A refresh rewrites every row of this table; until it is vacuumed, counting pays for what is left behind.
VACUUM_SOON = """
ALTER TABLE customer_facts SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)
"""


def upgrade() -> None:
    op.create_table(
        "customer_facts",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("as_of", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("purchase_30", sa.Double(), nullable=True),
        sa.Column("purchase_60", sa.Double(), nullable=True),
        sa.Column("purchase_90", sa.Double(), nullable=True),
        sa.Column("churn", sa.Double(), nullable=True),
        sa.Column("returned_share", sa.Double(), nullable=True),
        sa.Column("average_rating", sa.Double(), nullable=True),
        sa.Column("expected_spend", sa.BigInteger(), nullable=True),
        sa.Column("spend", sa.BigInteger(), nullable=True),
        sa.Column("spend_30", sa.BigInteger(), nullable=True),
        sa.Column("spend_90", sa.BigInteger(), nullable=True),
        sa.Column("spend_365", sa.BigInteger(), nullable=True),
        sa.Column("average_order", sa.BigInteger(), nullable=True),
        sa.Column("first_purchase_time", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_purchase_time", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("customer_since", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("days_since_score", sa.Integer(), nullable=True),
        sa.Column("orders", sa.Integer(), nullable=True),
        sa.Column("orders_30", sa.Integer(), nullable=True),
        sa.Column("orders_90", sa.Integer(), nullable=True),
        sa.Column("orders_365", sa.Integer(), nullable=True),
        sa.Column("days_since_purchase", sa.Integer(), nullable=True),
        sa.Column("views_30", sa.Integer(), nullable=True),
        sa.Column("carts_30", sa.Integer(), nullable=True),
        sa.Column("days_since_view", sa.Integer(), nullable=True),
        sa.Column("days_since_cart", sa.Integer(), nullable=True),
        sa.Column("days_since_seen", sa.Integer(), nullable=True),
        sa.Column("reviews", sa.Integer(), nullable=True),
        sa.Column("days_as_customer", sa.Integer(), nullable=True),
        sa.Column("coupons_issued", sa.Integer(), nullable=True),
        sa.Column("coupons_redeemed", sa.Integer(), nullable=True),
        sa.Column("days_since_coupon", sa.Integer(), nullable=True),
        sa.Column("days_since_redemption", sa.Integer(), nullable=True),
        sa.Column("campaigns_30", sa.Integer(), nullable=True),
        sa.Column("messages_30", sa.Integer(), nullable=True),
        sa.Column("days_since_message", sa.Integer(), nullable=True),
        sa.Column("has_bought", sa.Boolean(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("preferred_channel", sa.Text(), nullable=True),
        sa.Column("last_category", sa.Text(), nullable=True),
        sa.Column("consented_channels", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("campaigns", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_facts")),
    )
    op.execute(VACUUM_SOON)
    op.create_table(
        "segments",
        sa.Column("segment_id", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("rule_revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("build", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("started_build", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=True),
        sa.Column("built_revision", sa.BigInteger(), nullable=True),
        sa.Column("member_count", sa.BigInteger(), nullable=True),
        sa.Column("build_seconds", sa.Double(), nullable=True),
        sa.Column("built_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("create_time", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("update_time", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("segment_id", name=op.f("pk_segments")),
    )
    op.create_index(op.f("ix_segments_create_time_segment_id"), "segments", ["create_time", "segment_id"], unique=False)
    op.create_table(
        "segment_members",
        sa.Column("segment_id", sa.Text(), nullable=False),
        sa.Column("build", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.segment_id"], name=op.f("fk_segment_members_segment_id")),
        sa.PrimaryKeyConstraint("segment_id", "build", "customer_id", name=op.f("pk_segment_members")),
    )
    op.create_index(op.f("ix_segment_members_customer_id"), "segment_members", ["customer_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_segment_members_customer_id"), table_name="segment_members")
    op.drop_table("segment_members")
    op.drop_index(op.f("ix_segments_create_time_segment_id"), table_name="segments")
    op.drop_table("segments")
    op.drop_table("customer_facts")
