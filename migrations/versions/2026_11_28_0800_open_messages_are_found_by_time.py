"""Messages that are not settled are found by their time and by their batch, however many wait.

Revision: 0094
After: 0092
"""

import sqlalchemy as sa
from alembic import op

from migrations.indexes import make_beside_writers

revision = "0094"
down_revision = "0092"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('SENDING', 'WAITING')")
BY_TIME, OF_BATCH = "ix_messages_open", "ix_messages_open_batch"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        by_time = ["campaign_id", "channel", "state", "claim_time"]
        make_beside_writers(BY_TIME, "messages", by_time, postgresql_where=OPEN)
        make_beside_writers(OF_BATCH, "messages", ["campaign_id", "batch"], postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_index(OF_BATCH, table_name="messages")
    op.drop_index(BY_TIME, table_name="messages")
