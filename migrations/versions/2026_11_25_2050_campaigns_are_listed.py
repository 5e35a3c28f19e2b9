"""Campaigns are listed by state, by name and by their end, and the live ones by themselves.

Revision: 0032
After: 0031
"""

import sqlalchemy as sa
from alembic import op

from migrations.indexes import make_beside_writers

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
    with op.get_context().autocommit_block():
        for name, (columns, which) in INDEXES.items():
            make_beside_writers(name, "campaigns", columns, postgresql_where=which)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="campaigns")
