"""A code is good until its campaign ends, whenever that is; one whose customer was erased says since when it is not.

Processes of before know no other end of a code than its own, so they are stopped meanwhile.

Revision: 0083
After: 0082
"""

import sqlalchemy as sa
from alembic import op

from migrations.readers import drop_column

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
# Only an erasure ended a code before its campaign.
ERASED = """
UPDATE coupons SET close_time = expire_time FROM campaigns
WHERE campaigns.campaign_id = coupons.campaign_id AND expire_time < end_time
"""
ENDS = """
UPDATE coupons SET expire_time = least(close_time, end_time) FROM campaigns
WHERE campaigns.campaign_id = coupons.campaign_id
"""


def upgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    op.add_column("coupons", sa.Column("close_time", TIME, nullable=True))
    op.execute(ERASED)
    drop_column("coupons", "expire_time")
    drop_column("counted_groups", "first_expire_time")


def downgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    op.add_column("counted_groups", sa.Column("first_expire_time", TIME, nullable=True))
    op.add_column("coupons", sa.Column("expire_time", TIME, nullable=True))
    op.execute(ENDS)
    op.alter_column("coupons", "expire_time", nullable=False)
    op.drop_column("coupons", "close_time")
