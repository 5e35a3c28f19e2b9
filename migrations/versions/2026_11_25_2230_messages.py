"""What was handed over to channels, customer by customer, and counted by the hour.

Revision: 0037
After: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("claim_time", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("settle_time", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("campaign_id", "customer_id", name=op.f("pk_messages")),
    )
    op.create_index(
        op.f("ix_messages_campaign_id_state_customer_id"), "messages", ["campaign_id", "state", "customer_id"]
    )
    op.create_index(op.f("ix_messages_customer_id"), "messages", ["customer_id"])
    op.create_table(
        "message_counts",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("hour", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "channel", "state", "hour", name=op.f("pk_message_counts")),
    )


def downgrade() -> None:
    op.drop_table("message_counts")
    op.drop_table("messages")
