"""The channel of a customer is chosen when the audience is frozen; facts count responses by channel.

Revision: 0005
After: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
RESPONSES = tuple(f"{channel}_responses" for channel in ("on_site", "email", "sms", "push"))


def upgrade() -> None:
    """Audiences that were frozen before keep the one channel that their tier was offered."""
    op.add_column("campaigns", sa.Column("channel_choice", sa.Text(), server_default="ORDER", nullable=False))
    for name in RESPONSES:
        op.add_column("customer_facts", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("audiences", sa.Column("channel", sa.Text(), server_default="ON_SITE", nullable=False))
    op.add_column("audiences", sa.Column("channel_reason", sa.Text(), server_default="ORDER", nullable=False))
    op.execute(
        "UPDATE audiences SET channel = campaigns.offers -> audiences.tier ->> 'channel' FROM campaigns "
        "WHERE campaigns.campaign_id = audiences.campaign_id"
    )


def downgrade() -> None:
    op.drop_column("audiences", "channel_reason")
    op.drop_column("audiences", "channel")
    for name in RESPONSES:
        op.drop_column("customer_facts", name)
    op.drop_column("campaigns", "channel_choice")
