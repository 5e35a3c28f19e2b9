"""Which campaigns ran to their end: only they teach the forecast and the budget guard.

Revision: 0035
After: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

# Of those that were ended before, the audit log says from which state, and when.
OF_BEFORE = """
UPDATE campaigns SET ran_to_its_end = true FROM audit_log
WHERE campaigns.state = 'ENDED' AND audit_log.action = 'campaigns.end' AND audit_log.outcome = 'OK'
  AND audit_log.object_name = 'campaigns/' || campaigns.campaign_id AND audit_log.before ->> 'state' = 'ACTIVE'
  AND audit_log.time >= campaigns.end_time
"""


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("ran_to_its_end", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(OF_BEFORE)


def downgrade() -> None:
    op.drop_column("campaigns", "ran_to_its_end")
