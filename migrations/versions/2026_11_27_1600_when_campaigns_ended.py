"""When each campaign ended: one that was ended early is counted until a week after that.

Revision: 0073
After: 0067
"""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0067"
branch_labels = None
depends_on = None

# Of those that were ended before, the audit log says when.
OF_BEFORE = """
UPDATE campaigns SET finish_time = audit_log.time FROM audit_log
WHERE campaigns.state = 'ENDED' AND audit_log.action = 'campaigns.end' AND audit_log.outcome = 'OK'
  AND audit_log.object_name = 'campaigns/' || campaigns.campaign_id
"""


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("finish_time", sa.DateTime(timezone=True), nullable=True))
    op.execute(OF_BEFORE)


def downgrade() -> None:
    op.drop_column("campaigns", "finish_time")
