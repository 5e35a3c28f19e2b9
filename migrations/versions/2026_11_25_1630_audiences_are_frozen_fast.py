"""Audiences are frozen without looking for their campaign at each row, and codes that were taken are counted.

Revision: 0010
After: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("fk_audiences_campaign_id", "audiences", type_="foreignkey")
    count = sa.Column("collision_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    op.add_column("campaigns", count)


def downgrade() -> None:
    op.drop_column("campaigns", "collision_count")
    op.create_foreign_key("fk_audiences_campaign_id", "audiences", "campaigns", ["campaign_id"], ["campaign_id"])
