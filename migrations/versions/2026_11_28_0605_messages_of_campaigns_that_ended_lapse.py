"""Messages that waited when their campaign ended, before such lapsed, are told to have lapsed.

Revision: 0092
After: 0090
"""

from alembic import op

revision = "0092"
down_revision = "0090"
branch_labels = None
depends_on = None

LAPSE = """
WITH lapsed AS (
  UPDATE messages SET state = 'LAPSED', settle_time = now()
  FROM campaigns WHERE campaigns.campaign_id = messages.campaign_id AND campaigns.state = 'ENDED'
    AND messages.state = 'WAITING'
  RETURNING messages.campaign_id, channel
)
INSERT INTO message_counts (campaign_id, channel, state, hour, count)
SELECT campaign_id, channel, 'LAPSED', date_trunc('hour', now(), 'UTC'), count(*) FROM lapsed
GROUP BY campaign_id, channel
ON CONFLICT (campaign_id, channel, state, hour) DO UPDATE SET count = message_counts.count + excluded.count
"""


def upgrade() -> None:
    op.execute(LAPSE)


def downgrade() -> None:
    """They stay: nobody sends them."""
