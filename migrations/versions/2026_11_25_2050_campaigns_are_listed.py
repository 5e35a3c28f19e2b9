"""Campaigns are listed by state, by name and by their end, and the live ones by themselves.

Revision: 0032
After: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

LIVE = sa.text("state IN ('LAUNCHING', 'ACTIVE', 'PAUSED')")
INDEXES = {
    "ix_campaigns_state_create_time_campaign_id": (["state", "create_time", "campaign_id"], None),
    "ix_campaigns_display_name_campaign_id": (["display_name", "campaign_id"], None),
    "ix_campaigns_end_time_campaign_id": (["end_time", "campaign_id"], None),
    "ix_campaigns_live": (["end_time", "campaign_id"], LIVE),
}


def upgrade() -> None:
    """Beside the writers, and so not in one transaction: each index is made unless it is there."""
    with op.get_context().autocommit_block():
        for name, (columns, which) in INDEXES.items():
            op.create_index(
                name, "campaigns", columns, postgresql_where=which, postgresql_concurrently=True, if_not_exists=True
            )


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="campaigns")
